"""The first two sheets: what this workbook is, and the counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from compliance_graph.model import GAP_KINDS, STATUSES
from compliance_graph.output.workbook import words
from compliance_graph.output.workbook.grid import (
    COVER,
    OPEN_ITEMS,
    SUMMARY,
    Cell,
    Chart,
    Formula,
    Link,
    Page,
    Put,
    Sheet,
)
from compliance_graph.output.workbook.material import Material
from compliance_graph.output.workbook.registers import KIND, OWNER, item_owner
from compliance_graph.output.workbook.requirements import COUNTED, READY, STATUS

COLOURS = {
    "met": "#5BA874",
    "partial": "#E8B93A",
    "not-met": "#C8513F",
    "not-applicable": "#B9C0C8",
    "not-assessed": "#8D7BB5",
}
DISCLAIMER = (
    "This workbook states what the client's records show on the date above. It is not an audit "
    "opinion, a certification or legal advice, and it claims nothing beyond those records. Not "
    "assessed means that nobody has said anything yet."
)
CLIENT_COPY = "Client copy: internal notes are left out."
WORKING_COPY = "Working copy: it contains internal notes. Do not send it to the client."
ASSUMED = "Planned dates count as kept. This is not the present state."
HOW_TO_EDIT = (
    "Yellow columns are yours to fill in, above all on the Control matrix: status, owner, "
    "narrative, dates, justification. White columns follow from the records; what you type there "
    "is not read back.",
    "A control judged on several scope elements has one column for each. Status is what counts for "
    "every element that has no word of its own in the records; elements you leave alone follow it.",
    "Where a cell offers a list, choose from it. Write dates as dates, not as text. Do not put "
    "formulas into yellow cells.",
    "You may sort, filter, hide and add columns and rename sheets. Leave the control ids in the "
    "first column as they are: rows are found again by them.",
    "A requirement's status is never typed: it follows from the controls and their evidence, once, "
    "for every framework. Correct the control and ask for a new workbook.",
    "Links lead to the row as it stood when the workbook was made; after sorting, search for the "
    "id.",
)


@dataclass(slots=True)
class _Draft:
    """Cells placed so far; `row` is the next free row."""

    row: int = 0
    puts: list[Put] = field(default_factory=list)

    def add(self, column: int, value: Cell, style: str = "text", across: int = 0) -> None:
        self.puts.append(Put(self.row, column, value, style, across))


def cover(material: Material, sheets: Sequence[Sheet | Page]) -> Page:
    """The cover: who, when, which editions, how to read and edit it, what it rests on."""
    report, draft = material.report, _Draft(1)
    client = report.client
    draft.add(1, "Control matrix and gap analysis", "title", 1)
    draft.row += 1
    draft.add(1, client.legal_name or client.name, "subtitle", 1)
    draft.row += 2
    day_row = _particulars(material, draft)
    draft.row += 1
    draft.add(1, DISCLAIMER, "note", 1)
    draft.row += 2
    _frameworks(material, draft)
    _section(draft, "Sheets", [(Link(s.name, s.name), s.purpose) for s in sheets], "link")
    _section(
        draft, "How to edit", [(str(n), text) for n, text in enumerate(HOW_TO_EDIT, 1)], "centre"
    )
    _section(draft, "Status of a requirement", list(words.STATUS_MEANING.items()), "status")
    _section(draft, "Assurance (of what is met)", list(words.ASSURANCE_MEANING.items()), "status")
    _section(
        draft, "How a control relates to a requirement", list(words.RELATIONSHIP_MEANING.items())
    )
    gaps = [(kind, words.GAP_MEANING[kind]) for kind in GAP_KINDS]
    _section(draft, "Kinds of open items", gaps)
    origin: list[tuple[Cell, str]] = [
        ("Library", f"SHA-256 {report.library.digest}"),
        ("Client files", f"SHA-256 {client.digest}"),
        ("Made with", f"compliance-graph {material.version}"),
    ]
    _section(draft, "What it was made from", origin)
    purpose = "This sheet."
    return Page(
        COVER,
        purpose,
        (2, 26, 104),
        tuple(draft.puts),
        names=(("as_of", day_row, 2),),
        landscape=False,
    )


def _particulars(material: Material, draft: _Draft) -> int:
    """Who and when; the row the date stands in."""
    report, client = material.report, material.report.client
    facts: list[tuple[str, Cell]] = []
    if client.legal_name and client.legal_name != client.name:
        facts.append(("Client", client.name))
    day_row = draft.row + len(facts)
    facts.append(("As of", report.as_of))
    for label, value in (
        ("Prepared by", client.branding.get("prepared_by", "")),
        ("Marking", client.branding.get("marking", "")),
        ("Copy", CLIENT_COPY if material.client_copy else WORKING_COPY),
        ("Scope", client.scope_statement),
        ("WHAT IF", ASSUMED if report.assume_plan else ""),
    ):
        if value:
            facts.append((label, value))
    for label, fact in facts:
        draft.add(1, label, "label")
        draft.add(2, fact, "date" if label == "As of" else "text")
        draft.row += 1
    return day_row


def _section(
    draft: _Draft, title: str, rows: Sequence[tuple[Cell, str]], style: str = "label"
) -> None:
    draft.add(1, title, "heading", 1)
    draft.row += 1
    for label, text in rows:
        draft.add(1, label, style)
        draft.add(2, text)
        draft.row += 1
    draft.row += 1


def _frameworks(material: Material, draft: _Draft) -> None:
    report = material.report
    rows: list[tuple[Cell, str]] = []
    for framework, sheet in zip(report.frameworks, material.sheets, strict=True):
        catalog = framework.catalog
        tiers = f", tier {', '.join(framework.tiers)}" if framework.tiers else ""
        lines = [f"{catalog.title}, edition {catalog.edition}{tiers}."]
        lines += [f"Source: {catalog.citation}"] if catalog.citation else []
        lines += [f"In this workbook because: {'; '.join(framework.why)}."] if framework.why else []
        if framework.applicability == "undetermined":
            lines.append("Whether it binds is not decided: facts are missing.")
        lines += [f"Rights: {catalog.rights}"] if catalog.rights else []
        rows.append((Link(sheet, sheet), "\n".join(lines)))
    _section(draft, "Frameworks and editions", rows, "link")


# ---------------------------------------------------------------- summary


def summary(material: Material, sheets: dict[str, Sheet]) -> Page:
    """Counts per framework and open items by owner and kind: formulas over the sheets, each with
    the value the report has."""
    report, draft = material.report, _Draft(1)
    draft.add(1, f"Summary on {report.as_of}", "title", 9)
    draft.row += 1
    draft.add(1, report.client.legal_name or report.client.name, "subtitle", 9)
    draft.row += 2
    if report.assume_plan:
        draft.add(1, f"WHAT IF: {ASSUMED}", "note", 9)
        draft.row += 2
    drawn = [*_counts(material, sheets, draft), *_open(material, sheets, draft)]
    size = (548, min(480, max((chart.size[1] for chart in drawn), default=0)))
    charts = [replace(chart, at=(draft.row, 1 + 5 * n), size=size) for n, chart in enumerate(drawn)]
    if charts:
        draft.row += size[1] // 20 + 2
    _undetermined(material, draft)
    purpose = "Counts per framework with their denominators, and open items by owner and kind."
    widths = (2, 34, 11, 11, 11, 11, 13, 13, 13, 12, 12, 14)
    return Page(SUMMARY, purpose, widths, tuple(draft.puts), tuple(charts))


def _counts(material: Material, sheets: dict[str, Sheet], draft: _Draft) -> list[Chart]:
    report = material.report
    draft.add(
        1, f"Requirements by status on {report.as_of} (counted requirements only)", "heading", 10
    )
    draft.row += 1
    heads = ["Framework", "Counted", *STATUSES, "Applicable", "Met", "Ready", "Ready of applicable"]
    heads[8] = "Met of applicable"
    for column, text in enumerate(heads):
        draft.add(1 + column, text, "head")
    head = draft.row
    draft.row += 1
    for framework, name in zip(report.frameworks, material.sheets, strict=True):
        where = {
            "status": reference(sheets[name], STATUS),
            "ready": reference(sheets[name], READY),
            "counted": reference(sheets[name], COUNTED),
        }
        _count_row(draft, name, where, framework.counts, framework.total, framework.ready)
        draft.row += 1
    last = draft.row - 1
    text = (
        "Applicable = counted less not applicable. Met = status met on any assurance. Ready = met, "
        "evidenced or verified, nothing overdue or contradicted: what the records can prove today."
    )
    draft.add(1, text, "note", 10)
    draft.row += 2
    if not report.frameworks:
        return []
    series = tuple(
        ((head, 3 + n), (head + 1, 3 + n), (last, 3 + n), COLOURS[status])
        for n, status in enumerate(STATUSES)
    )
    chart = Chart(
        "bar_stacked",
        f"Requirements by status on {report.as_of}: shares, labelled with counts",
        (0, 0),
        ((head + 1, 1), (last, 1)),
        series,
        (0, 110 + 60 * len(report.frameworks)),
    )
    return [chart]


def _count_row(
    draft: _Draft,
    name: str,
    where: dict[str, str],
    counts: dict[str, int],
    total: int,
    ready: int,
) -> None:
    row = draft.row + 1  # as in a formula
    draft.add(1, Link(name, name), "link")
    draft.add(2, Formula(f'=COUNTIF({where["counted"]},"yes")', total), "number")
    for n, status in enumerate(STATUSES):
        text = f'=COUNTIFS({where["status"]},"{status}",{where["counted"]},"yes")'
        draft.add(3 + n, Formula(text, counts[status]), "number")
    applicable = total - counts["not-applicable"]
    draft.add(8, Formula(f"=C{row}-G{row}", applicable), "number")
    met = f"{counts['met']} of {applicable}"
    draft.add(9, Formula(f'=D{row}&" of "&I{row}', met), "centre")
    text = f'=COUNTIFS({where["status"]},"met",{where["ready"]},"yes",{where["counted"]},"yes")'
    draft.add(10, Formula(text, ready), "number")
    share = f"{ready} of {applicable}" + (
        f" ({_percent(ready, applicable)}%)" if applicable else ""
    )
    text = f'=K{row}&" of "&I{row}&IF(I{row}=0,""," ("&INT(100*K{row}/I{row})&"%)")'
    draft.add(11, Formula(text, share), "centre")


def _percent(part: int, whole: int) -> int:
    """Whole percent, rounded down: nothing is shown as better than it is."""
    return 100 * part // whole


def reference(sheet: Sheet, title: str) -> str:
    """The data cells of a column of a table, as a formula writes them."""
    letter = letters(sheet.column(title))
    name = sheet.name.replace("'", "''")
    return f"'{name}'!${letter}$2:${letter}${len(sheet.lines) + 1}"


def letters(column: int) -> str:
    """The letters of a column counted from 0: A, B, … Z, AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _undetermined(material: Material, draft: _Draft) -> None:
    scope = material.report.scope
    if not scope.undetermined():
        return
    draft.add(
        1, "Not decided: regimes that could bind, and the facts that would decide", "heading", 10
    )
    draft.row += 1
    for result in scope.undetermined():
        facts = ", ".join(result.undecided) or "see the scope report"
        draft.add(1, result.regime.title, "label")
        draft.add(2, f"needs: {facts}", "text", 9)
        draft.row += 1
    draft.row += 1


def _open(material: Material, sheets: dict[str, Sheet], draft: _Draft) -> list[Chart]:
    items = sheets[OPEN_ITEMS]
    owners: dict[str, int] = {}
    kinds: dict[str, int] = {}
    for item in material.items:
        owner = item_owner(material, item)
        owners[owner] = owners.get(owner, 0) + 1
        kinds[item.gap.kind] = kinds.get(item.gap.kind, 0) + 1
    day = material.report.as_of
    draft.add(1, f"Open items on {day}: {len(material.items)}", "heading", 10)
    draft.row += 1
    top = draft.row
    for column, text in ((1, "Owner"), (2, "Open items"), (4, "Kind"), (6, "Open items")):
        draft.puts.append(Put(top, column, text, "head", 1 if column == 4 else 0))
    ranked = sorted(owners.items(), key=lambda item: (item[0] == words.UNOWNED, -item[1], item[0]))
    for n, (owner, count) in enumerate(ranked):
        cell = f"$B{top + n + 2}"
        text = f"=SUMPRODUCT(--({reference(items, OWNER)}={cell}))"
        draft.puts.append(Put(top + 1 + n, 1, owner, "label"))
        draft.puts.append(Put(top + 1 + n, 2, Formula(text, count), "number"))
    shown = [kind for kind in GAP_KINDS if kind in kinds]
    for n, kind in enumerate(shown):
        text = f'=COUNTIF({reference(items, KIND)},"{kind}")'
        draft.puts.append(Put(top + 1 + n, 4, kind, "label", 1))
        draft.puts.append(Put(top + 1 + n, 6, Formula(text, kinds[kind]), "number"))
        draft.puts.append(Put(top + 1 + n, 7, words.GAP_MEANING[kind], "text", 4))
    draft.row = top + 2 + max(len(ranked), len(shown), 1)
    if not ranked:
        return []
    cells = ((top + 1, 1), (top + len(ranked), 1))
    series = (((top, 2), (top + 1, 2), (top + len(ranked), 2), ""),)
    size = (0, 90 + 26 * len(ranked))
    return [Chart("bar", f"Open items by owner on {day}", (0, 0), cells, series, size)]
