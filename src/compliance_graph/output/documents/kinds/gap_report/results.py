"""Results by framework, all gaps, what is only claimed, and the appendix."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from compliance_graph.analysis.report import FrameworkReport
from compliance_graph.analysis.report import Row as ReportRow
from compliance_graph.output.documents.kinds.gap_report.view import View, status_run
from compliance_graph.output.documents.kinds.words import STATUS_WORDS, count
from compliance_graph.output.documents.model import (
    Block,
    Column,
    Heading,
    Paragraph,
    Row,
    Run,
    Runs,
    Table,
    runs,
    slug,
    strong,
)

_MOST = 8  # controls named in one cell of the appendix
_ORDER = ("met", "partial", "not-met", "not-assessed", "not-applicable")

# What lets a requirement drop out of the count.
_WHY_NOT = {
    "condition": "by fact",
    "decision": "by decision",
    "finding": "by finding",
    "members": "all its parts n/a",
}


def by_framework(view: View) -> list[Block]:
    """One table of counts per framework and section of its catalog."""
    blocks: list[Block] = []
    for n, item in enumerate(view.report.frameworks, 1):
        blocks.append(
            Heading(
                2,
                item.catalog.title,
                slug("results", item.catalog.id, item.catalog.edition),
                f"2.{n}",
            )
        )
        share = f"{item.ready} of {item.applicable} applicable requirements"
        text = (
            f"{share} are ready on {view.words.day(view.report.as_of)}; "
            f"{item.counts['not-applicable']} of"
            f" {item.total} counted do not apply."
        )
        blocks += [Paragraph(runs(text)), _counts(item)]
    return blocks


def _counts(item: FrameworkReport) -> Table:
    sections: dict[str, list[ReportRow]] = {}
    for row in item.counted():
        sections.setdefault(row.requirement.section or "All requirements", []).append(row)
    rows = [_count_row(name, held) for name, held in sections.items()]
    if len(sections) > 1:
        rows.append(_count_row("Total", list(item.counted()), total=True))
    columns = (
        Column("Section", 36),
        Column("Ready, of applicable", 13),
        *(Column(STATUS_WORDS[s][0], 10) for s in _ORDER),
    )
    return Table(columns, tuple(rows), f"Counted requirements: {item.catalog.title}")


def _count_row(name: str, held: list[ReportRow], total: bool = False) -> Row:
    tally = [sum(row.verdict.status == status for row in held) for status in _ORDER]
    ready = sum(row.verdict.status == "met" and row.verdict.ready for row in held)
    applicable = len(held) - tally[-1]
    cells = [name, f"{ready} of {applicable}", *map(str, tally)]
    return Row(tuple(runs(strong(cell) if total else cell) for cell in cells))


# ---------------------------------------------------------------- all gaps


def all_gaps(view: View) -> list[Block]:
    """Every requirement that is not ready, by framework and section, with its gaps."""
    blocks = view.prose("gaps")
    columns = (Column("Requirement", 32), Column("Status", 13), Column("Gaps", 55))
    for n, item in enumerate(view.report.frameworks, 1):
        held = [
            r
            for r in item.counted()
            if r.verdict.status != "not-applicable" and not r.verdict.ready
        ]
        anchor = slug("gaps", item.catalog.id, item.catalog.edition)
        blocks.append(Heading(2, item.catalog.title, anchor, f"4.{n}"))
        if not held:
            blocks.append(
                Paragraph(
                    runs(
                        f"No gap: {item.ready} of {item.applicable} applicable requirements are "
                        "ready."
                    )
                )
            )
            continue
        rows = list(_grouped(held, lambda row: _gap_row(view, row)))
        caption = (
            f"{count(len(held), 'requirement')} not ready, of {item.applicable} applicable: "
            f"{item.catalog.title}"
        )
        blocks.append(Table(columns, tuple(rows), caption))
    return blocks


def _gap_row(view: View, row: ReportRow) -> Row:
    gaps = view.gap_words(row) or ["no detail on record"]
    return Row(
        (_named(row), (status_run(row.verdict.status),), runs("\n".join(f"• {g}" for g in gaps)))
    )


def _named(row: ReportRow) -> Runs:
    return runs(strong(row.requirement.id), f"\n{row.requirement.title}")


def _grouped(held: Iterable[ReportRow], make: Callable[[ReportRow], Row]) -> Iterable[Row]:
    section = None
    for row in held:
        if row.requirement.section != section and row.requirement.section:
            section = row.requirement.section
            yield Row((runs(section),), group=True)
        yield make(row)


# ---------------------------------------------------------------- claimed


def claimed(view: View) -> list[Block]:
    """Requirements that are met by statements alone."""
    blocks = view.prose("claimed")
    rows = []
    for item in view.report.frameworks:
        held = [
            r
            for r in item.counted()
            if r.verdict.status == "met" and r.verdict.assurance == "claimed"
        ]
        if held:
            rows.append(Row((runs(item.catalog.title),), group=True))
        for row in held:
            needs = [
                view.words.titled(g.detail)
                for g in row.verdict.gaps
                if g.kind in ("evidence", "conflict")
            ]
            words = "\n".join(f"• {g}" for g in dict.fromkeys(needs)) or "no evidence is linked"
            rows.append(Row((_named(row), runs(words))))
    if not rows:
        return [Paragraph(runs("No requirement is met by statements alone."))]
    columns = (
        Column("Requirement", 38),
        Column("Evidence that is missing or no longer current", 62),
    )
    return [*blocks, Table(columns, tuple(rows), "Met, but only claimed")]


# ---------------------------------------------------------------- appendix


def appendix(view: View) -> list[Block]:
    """Every requirement in scope with its verdict."""
    blocks = view.prose("appendix")
    columns = (
        Column("Id", 14),
        Column("Title", 26),
        Column("Status", 13),
        Column("Assurance", 14),
        Column("Controls it rests on", 33),
    )
    for item in view.report.frameworks:
        anchor = slug("all", item.catalog.id, item.catalog.edition)
        blocks.append(Heading(2, f"{item.catalog.title}, edition {item.catalog.edition}", anchor))
        rows = _grouped(item.rows, lambda row: _full_row(view, row))
        caption = f"{item.total} counted requirements and their parts: {item.catalog.title}"
        blocks.append(Table(columns, tuple(rows), caption))
    return blocks


def _full_row(view: View, row: ReportRow) -> Row:
    node, verdict = row.requirement, row.verdict
    name = runs(strong(node.id)) if node.assessable else runs(Run(node.id, "quiet"))
    chosen = verdict.chosen
    if chosen is not None:
        names = [view.words.control(name) for name in chosen.route.controls]
        more = (
            f"; and {len(names) - _MOST} more, which `explain` lists" if len(names) > _MOST else ""
        )
        controls = "; ".join(names[:_MOST]) + more
    elif verdict.status == "not-applicable":
        controls = "none needed"
    elif node.members:
        controls = f"its parts: {verdict.met_of[0]} of {verdict.met_of[1]} met"
    else:
        controls = "no control in the library covers it"
    assurance = view.assurance(row) or (
        "none" if verdict.status != "not-applicable" else _WHY_NOT[verdict.basis]
    )
    return Row(
        (name, runs(node.title), (status_run(verdict.status),), runs(assurance), runs(controls))
    )
