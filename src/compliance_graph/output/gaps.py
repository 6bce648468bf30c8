"""The gap analysis as text, CSV and Markdown. Every percentage has its denominator and date."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from compliance_graph.analysis.report import FrameworkReport, GapReport, Row
from compliance_graph.analysis.verdict import Gap
from compliance_graph.output.tables import Table, markdown
from compliance_graph.output.tables import to_csv as table_csv
from compliance_graph.output.tables import to_markdown as table_markdown
from compliance_graph.terminal import escape

_WIDTH = 100
ORDER = ("not-met", "partial", "not-assessed", "met", "not-applicable")


def share(count: int, of: int) -> str:
    """ "9 of 38 (24 %)"; no percentage of nothing."""
    return f"{count} of {of}" + (f" ({100 * count // of} %)" if of else "")


def headline(item: FrameworkReport, report: GapReport) -> str:
    """The counts of one framework in one sentence, with denominators and date."""
    parts = [f"{item.counts[status]} {status}" for status in ORDER if item.counts[status]]
    return (
        f"{item.total} requirements in scope on {report.as_of}: {', '.join(parts)}. "
        f"Ready: {share(item.ready, item.applicable)} applicable."
    )


def describe(report: GapReport, gap: Gap) -> str:
    """A gap in words; a control id never stands without its title."""
    if gap.control is None:
        return f"{gap.kind}: {gap.detail}"
    title = report.library.controls[gap.control].title
    return f"{gap.kind}: {gap.control} {title}: {gap.detail}"


def warnings(report: GapReport) -> list[str]:
    """What must be read before the numbers."""
    found = []
    if report.assume_plan:
        found.append("ASSUMED: planned dates are counted as kept. Not a statement of fact.")
    if report.undetermined:
        titles = "; ".join(report.library.regimes[name].title for name in report.undetermined)
        found.append(f"undetermined (`scope` names the facts needed): {titles}")
    for name in report.not_in_force:
        found.append(f"{name}: no edition of the library is in force on {report.as_of}")
    if not report.frameworks:
        found.append("No framework of the library binds this client or is targeted.")
    return found


def to_text(report: GapReport) -> str:
    """For a terminal: what is open first; what is met is counted, not listed."""
    lines = [f"Gap analysis of {report.client.name}, as of {report.as_of}", ""]
    for line in warnings(report):
        lines += textwrap.wrap("! " + line, _WIDTH, subsequent_indent="  ")
    for item in report.frameworks:
        lines += ["", *_title(item), headline(item, report), ""]
        for row in item.counted():
            if row.verdict.status in ("met", "not-applicable") and row.verdict.ready:
                continue
            lines.extend(_row(report, row))
        ready = sum(r.verdict.ready for r in item.counted())
        lines.append(f"  Not listed: {ready} ready or not applicable.")
    return "\n".join(escape(line) for line in lines) + "\n"


def _title(item: FrameworkReport) -> list[str]:
    name = f"{item.catalog.title} ({item.catalog.id}@{item.catalog.edition})"
    tiers = f", tiers {', '.join(item.tiers)}" if item.tiers else ""
    lines = [name + tiers, "=" * min(len(name + tiers), _WIDTH)]
    reasons = item.why or ("asked for; no fact says that it binds",)
    return lines + [f"{item.applicability}: {reason}" for reason in reasons]


def _row(report: GapReport, row: Row) -> Iterator[str]:
    verdict, node = row.verdict, row.requirement
    shown = verdict.status if verdict.status != "met" else f"met, {verdict.assurance}, not ready"
    assumed = " ASSUMED" if verdict.assumed else ""
    yield f"  {node.id:<16} {shown}{assumed}: {node.title}"
    for fact in verdict.undecided:
        yield f"      undetermined: depends on {fact}, which is unknown"
    for gap in verdict.gaps:
        yield from textwrap.wrap(
            describe(report, gap), _WIDTH, initial_indent="      - ", subsequent_indent="        "
        )


def table(report: GapReport) -> Table:
    """One row for each requirement in scope."""
    columns = (
        "framework", "edition", "requirement", "title", "counted", "status", "assurance",
        "ready", "met of", "assessed of", "controls", "gaps", "citation", "as of",
    )  # fmt: skip
    rows = tuple(
        (
            item.catalog.id,
            item.catalog.edition,
            row.requirement.id,
            row.requirement.title,
            "yes" if row.requirement.assessable else "no",
            row.verdict.status,
            row.verdict.assurance or "",
            "yes" if row.verdict.ready else "no",
            "{} of {}".format(*row.verdict.met_of),
            "{} of {}".format(*row.verdict.assessed_of),
            " ".join(row.verdict.controls),
            "; ".join(describe(report, gap) for gap in row.verdict.gaps),
            row.requirement.citation,
            report.as_of.isoformat(),
        )
        for item in report.frameworks
        for row in item.rows
    )
    return Table(columns, rows)


def to_csv(report: GapReport) -> str:
    """Every requirement in scope as CSV."""
    return table_csv(table(report))


def to_markdown(report: GapReport) -> str:
    """For a pull request: counts, then what is not ready."""
    lines = [f"# Gap analysis of {markdown(report.client.name)}", "", f"As of {report.as_of}.", ""]
    lines += [f"> {markdown(line)}" for line in warnings(report)]
    for item in report.frameworks:
        name = f"{item.catalog.title} ({item.catalog.id}@{item.catalog.edition})"
        lines += ["", f"## {markdown(name)}", "", headline(item, report), ""]
        open_rows = [row for row in item.counted() if not row.verdict.ready]
        rows = tuple(
            (
                row.requirement.id,
                row.requirement.title,
                row.verdict.status,
                row.verdict.assurance or "",
                "; ".join(describe(report, gap) for gap in row.verdict.gaps),
            )
            for row in open_rows
        )
        if rows:
            columns = ("requirement", "title", "status", "assurance", "gaps")
            lines.append(table_markdown(Table(columns, rows)))
    return "\n".join(lines) + "\n"
