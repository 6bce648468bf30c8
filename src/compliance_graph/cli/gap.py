"""`gap` and `explain`: the gap analysis of a client and the derivation of one verdict."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from compliance_graph.analysis.report import GapReport, SelectionError, Wanted, gap_report
from compliance_graph.cli.common import (
    Stop,
    as_of_option,
    client_argument,
    emit,
    fail,
    format_option,
    library_option,
    open_client,
    open_library,
    output_option,
)
from compliance_graph.model import STATUSES


@click.command()
@client_argument
@click.option("-f", "--framework", "frameworks", multiple=True, metavar="ID[@EDITION]",
              help="Only this framework. May be repeated.")  # fmt: skip
@click.option("--tier", metavar="T", help="Only this tier of the framework.")
@click.option("--fail-on", metavar="STATUS,...", help="Exit 1 if any requirement has this status.")
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PCT",
              help="Exit 1 if ready / (total less n/a) is under this percentage.")  # fmt: skip
@click.option("--assume-plan", is_flag=True,
              help="Count planned dates as kept, marked as assumed.")  # fmt: skip
@as_of_option
@library_option
@format_option("text", "json", "csv", "md", "sarif", "junit")
@output_option
def gap(
    client: Path,
    frameworks: tuple[str, ...],
    tier: str | None,
    fail_on: str | None,
    fail_under: float | None,
    assume_plan: bool,
    as_of: date,
    library_folder: Path | None,
    form: str,
    target: str,
) -> int:
    """Gap analysis of a client.

    \b
    Example:
      compliance-graph gap clients/acme
      compliance-graph gap clients/acme -f ftc-safeguards --fail-on not-met,not-assessed
    """
    unwanted = _statuses(fail_on, form)
    library = open_library(library_folder, form)
    held = open_client(client, library, form)
    wanted = [_wanted(item) for item in frameworks]
    try:
        report = gap_report(library, held, as_of, wanted, tier, assume_plan)
    except SelectionError as error:
        raise Stop("CG304", str(error), form=form, hint=error.hint) from None
    emit(target, _render(report, form, str(client)))
    gated = bool(unwanted) or fail_under is not None
    reasons = _failures(report, unwanted, fail_under) if gated else []
    for reason in reasons:
        click.echo(f"gate failed: {reason}", err=True)
    return 1 if reasons else 0


def _wanted(text: str) -> Wanted:
    name, _, edition = text.partition("@")
    return Wanted(name, edition or None)


def _statuses(text: str | None, form: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    for status in found:
        if status not in STATUSES:
            fail("usage", f'unknown status "{status}"', form, "one of: " + ", ".join(STATUSES))
    return found


def _render(report: GapReport, form: str, prefix: str) -> str:
    from compliance_graph.output import gaps

    if form == "json":
        from compliance_graph.output.shapes import dumps, gap_shape

        return dumps(gap_shape(report))
    if form in ("sarif", "junit"):
        from compliance_graph.output import gates

        return gates.to_sarif(report, prefix) if form == "sarif" else gates.to_junit(report)
    return {"text": gaps.to_text, "csv": gaps.to_csv, "md": gaps.to_markdown}[form](report)


def _failures(report: GapReport, unwanted: tuple[str, ...], under: float | None) -> list[str]:
    """Why a gate fails. Nothing analysed, nothing applicable or nothing assessed never passes."""
    if not report.frameworks:
        return ["no framework binds or is targeted, so nothing was analysed"]
    reasons = [f"{name}: no edition in force" for name in report.not_in_force]
    for item in report.frameworks:
        name = f"{item.catalog.id}@{item.catalog.edition}"
        if item.applicable == 0:
            reasons.append(f"{name}: no applicable requirement in scope")
            continue
        for status in unwanted:
            count = item.counts[status]
            if count:
                reasons.append(f"{name}: {count} of {item.total} {status} on {report.as_of}")
        if under is not None and item.ready * 100 < under * item.applicable:
            share = f"{item.ready} of {item.applicable} ready"
            reasons.append(f"{name}: {share} on {report.as_of}, under {under:g} %")
        if item.counts["not-assessed"] == item.applicable and not reasons:
            reasons.append(f"{name}: nothing is assessed")
    return reasons


@click.command()
@client_argument
@click.argument("requirement")
@as_of_option
@library_option
@format_option("text", "json")
@output_option
def explain(
    client: Path,
    requirement: str,
    as_of: date,
    library_folder: Path | None,
    form: str,
    target: str,
) -> None:
    """The derivation of one verdict.

    \b
    Example:
      compliance-graph explain clients/acme "ftc-safeguards:314.4(c)(5)"
    """
    from compliance_graph.analysis.report import edition_of
    from compliance_graph.analysis.states import States
    from compliance_graph.analysis.status import Assessment
    from compliance_graph.output.shapes import dumps, explain_shape
    from compliance_graph.output.text import explain_text

    library = open_library(library_folder, form)
    held = open_client(client, library, form)
    qualified, colon, name = requirement.partition(":")
    if not colon:
        hint = 'write it as framework:requirement, such as "ftc-safeguards:314.4(a)"'
        fail("CG301", f'"{requirement}" is not a qualified id', form, hint)
    wanted = _wanted(qualified)
    try:
        catalog = edition_of(library, wanted.framework, wanted.edition, as_of)
    except SelectionError as error:
        raise Stop("CG304", str(error), form=form, hint=error.hint) from None
    node = catalog.requirements.get(name) or next(
        (r for r in catalog.requirements.values() if name in r.aliases), None
    )
    if node is None:
        from compliance_graph.validate import nearest

        hint = nearest(name, list(catalog.requirements))
        fail("CG301", f'{catalog.id}@{catalog.edition} has no requirement "{name}"', form, hint)
    shape = explain_shape(Assessment(States(library, held, as_of), catalog), node.id)
    emit(target, dumps(shape) if form == "json" else explain_text(shape))
