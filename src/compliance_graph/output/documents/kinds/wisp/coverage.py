"""The coverage tables of a WISP: where each clause and each section of Pub 5708 is dealt with."""

from __future__ import annotations

from compliance_graph.analysis.report import FrameworkReport
from compliance_graph.model import Requirement
from compliance_graph.output.documents.kinds.wisp.plan import NUMBERS, Plan
from compliance_graph.output.documents.model import (
    Block,
    Column,
    Heading,
    Paragraph,
    Row,
    Run,
    Runs,
    Table,
    link,
    runs,
)

# Sections that deal with a clause besides the place where its measures stand, by how the id begins.
_CLAUSES = (
    ("314.3", ("purpose",)),
    ("314.4(a)", ("people",)),
    ("314.4(b)", ("risk",)),
    ("314.4(c)(2)", ("inventory", "attachment-e")),
    ("314.4(c)(6)", ("attachment-a",)),
    ("314.4(e)", ("training",)),
    ("314.4(f)", ("providers",)),
    ("314.4(g)", ("review",)),
    ("314.4(h)", ("response", "attachment-c")),
    ("314.4(j)", ("notification", "attachment-c")),
)
_PUBLICATION = (
    ("5708.1.", ("purpose",)),
    ("5708.2.", ("people",)),
    ("5708.3.", ("risk",)),
    ("5708.4.", ("inventory", "attachment-e")),
    ("5708.6.1", ("adoption",)),
    ("5708.6.", ("review", "review-log")),
    ("5708.7.1", ("attachment-a",)),
    ("5708.7.2", ("attachment-b",)),
    ("5708.7.3", ("attachment-c",)),
    ("5708.7.4", ("attachment-d",)),
    ("5708.7.5", ("attachment-e",)),
    ("5708.7.6", ("attachment-f",)),
    ("5708.5.32", ("training",)),
    ("5708.5.1", ("attachment-a",)),
)
_PARTS = {"training": "incidents", "response": "incidents", "notification": "incidents"}
_NAMES = {"adoption": "Adoption", "review-log": "Review log"}


def tables(plan: Plan) -> list[Block]:
    """The table of the rule, and that of Pub 5708 where the library has it."""
    number = NUMBERS["coverage"]
    text = (
        "The tables say where this plan deals with each clause and which measures it names for it."
        " They say nothing about how well a measure works; that is for the gap report."
    )
    blocks: list[Block] = [
        Paragraph(runs(text)),
        Heading(2, "16 CFR 314.3 and 314.4, clause by clause", "coverage-rule", f"{number}.1"),
        _rule(plan),
    ]
    if plan.guidance is not None:
        table = _publication(plan, plan.guidance)
        if table is not None:
            title = "IRS Publication 5708, section by section"
            blocks += [Heading(2, title, "coverage-5708", f"{number}.2"), table]
    return blocks


def _rule(plan: Plan) -> Table:
    rows = []
    sections = {clause.node.id: clause for clause in plan.clauses}
    verdicts = plan.rule.assessment.verdicts
    current = None
    for row in plan.rule.rows:
        node = row.requirement
        current = sections.get(node.id, current if node.parent else None)
        where = _places(_CLAUSES, node.id)
        if current is not None and _under(plan, node, current.node):
            where = [link(f"Section {current.number}", current.anchor), *where]
        where = where or [link(place_name("safeguards"), "safeguards")]
        names = plan.rests_on(plan.rule, node)
        if verdicts[node.id].status == "not-applicable":
            measures = runs(
                "Not required of this firm", *([f". {_titles(plan, names)}"] if names else [])
            )
        else:
            nothing = (
                "Named for its paragraphs below" if node.children else "Open: see the gap report"
            )
            measures = runs(_titles(plan, names) or nothing)
        rows.append(Row((runs(node.id), runs(node.title), _joined(where), measures)))
    columns = (
        Column("Clause", 16),
        Column("Title", 25),
        Column("Where in this plan", 22),
        Column("Measures named for it", 37),
    )
    return Table(columns, tuple(rows), "Where each clause of 16 CFR 314.3 and 314.4 is dealt with")


def _under(plan: Plan, node: Requirement, top: Requirement) -> bool:
    nodes = plan.rule.catalog.requirements
    at: Requirement | None = node
    while at is not None:
        if at.id == top.id:
            return True
        at = nodes[at.parent] if at.parent else None
    return False


def _publication(plan: Plan, guidance: FrameworkReport) -> Table | None:
    rows = []
    section = ""
    for row in guidance.rows:
        node = row.requirement
        if not node.id.startswith("5708."):
            continue
        if node.section != section:
            section = node.section
            rows.append(Row((runs(section),), group=True))
        names = plan.rests_on(guidance, node)
        where = _places(_PUBLICATION, node.id)
        seen = dict.fromkeys(plan.section_of(name) for name in names)
        where += [link(f"Section {number}", anchor) for number, anchor in list(seen)[:4]]
        measures = runs(
            _titles(plan, names) or "Text of this plan" if where else "Open: see the gap report"
        )
        if not where:
            where = [Run("Not dealt with yet")]
        rows.append(Row((runs(node.id), runs(node.title), _joined(where), measures)))
    columns = (
        Column("Item", 11),
        Column("Title", 29),
        Column("Where in this plan", 23),
        Column("Measures named for it", 37),
    )
    return (
        Table(columns, tuple(rows), "Where each section of IRS Pub 5708 is dealt with")
        if rows
        else None
    )


def _places(table: tuple[tuple[str, tuple[str, ...]], ...], node: str) -> list[Run]:
    for start, anchors in table:
        if node == start or (
            node.startswith(start) and (start[-1] in ".)" or node[len(start)] in "(.[")
        ):
            return [link(place_name(anchor), anchor) for anchor in anchors]
    return []


def place_name(anchor: str) -> str:
    """How a section is called in a reference."""
    if anchor.startswith("attachment-"):
        return f"Attachment {anchor[-1].upper()}"
    if anchor in _NAMES:
        return _NAMES[anchor]
    if anchor in _PARTS:
        order = list(_PARTS).index(anchor) + 1
        return f"Section {NUMBERS[_PARTS[anchor]]}.{order}"
    return f"Section {NUMBERS[anchor]}"


def _joined(places: list[Run]) -> Runs:
    made: list[Run] = []
    for place in dict.fromkeys(places):
        if made:
            made.append(Run(", "))
        made.append(place)
    return tuple(made)


def _titles(plan: Plan, names: tuple[str, ...]) -> str:
    return "; ".join(plan.control(name).title for name in names)
