"""One sheet per framework: every requirement in scope with its verdict, objectives below it."""

from __future__ import annotations

from compliance_graph.analysis.report import FrameworkReport, Row
from compliance_graph.analysis.states import Exhibit
from compliance_graph.analysis.verdict import Verdict
from compliance_graph.model import Requirement
from compliance_graph.output.workbook import words
from compliance_graph.output.workbook.grid import (
    CONTROL_MATRIX,
    EVIDENCE,
    Cell,
    Column,
    Line,
    Link,
    Sheet,
    table,
)
from compliance_graph.output.workbook.material import Material, own_gaps

REQUIREMENT, STATUS, READY, COUNTED = "Requirement", "Status", "Ready", "Counted"

_STEPS = 6
_RECORDS = 12  # shown per requirement; the register has them all, and a row has its limits

COLUMNS = (
    Column(REQUIREMENT, 20, "id"),
    Column("Section", 18, optional=True),
    Column("Title", 26),
    Column("What it asks (our words)", 50),
    Column("Binding", 12),
    Column("Tier", 8, optional=True),
    Column("Weight", 8, "centre", optional=True),
    Column("POA&M", 10, optional=True),
    Column("Questions", 10, optional=True),
    Column(STATUS, 15, "status"),
    Column("In the scheme's words", 15),
    Column("Assurance", 11, "status"),
    Column(READY, 8, "status"),
    Column("Parts met", 9, "centre"),
    Column(COUNTED, 9, "centre"),
    Column("Controls", 40),
    Column("Evidence", 32),
    Column("Gaps", 46),
    Column("Next step", 32),
    Column("Why (conditions, findings, decisions)", 32, optional=True),
    Column("Citation", 20),
)


def framework_sheets(material: Material) -> list[Sheet]:
    """The sheets of all frameworks of the report, in its order."""
    return [_sheet(material, index) for index in range(len(material.report.frameworks))]


def _sheet(material: Material, index: int) -> Sheet:
    framework = material.report.frameworks[index]
    lines = []
    for row in framework.rows:
        lines.append(_line(material, index, row.requirement, row.verdict, row))
        for node, verdict in row.objectives:
            lines.append(_line(material, index, node, verdict, row))
    tiers = f", tier {', '.join(framework.tiers)}" if framework.tiers else ""
    catalog = framework.catalog
    purpose = f"{catalog.title}, edition {catalog.edition}{tiers}: requirement by requirement."
    return table(material.sheets[index], purpose, COLUMNS, lines)


def _line(material: Material, index: int, node: Requirement, verdict: Verdict, row: Row) -> Line:
    framework = material.report.frameworks[index]
    gaps = own_gaps(framework, verdict, material.nodes[index])
    below = len(verdict.gaps) - len(gaps)
    shown = [words.gap_text(gap) for gap in gaps]
    if below:
        shown.append(f"{below} in the parts below")
    steps = list(dict.fromkeys(words.next_step(gap, material.report.library) for gap in gaps))
    if len(steps) > _STEPS:
        steps[_STEPS - 1 :] = [f"and {len(steps) - _STEPS + 1} more; see Open items"]
    counted = node.assessable and not node.is_objective
    met, of = verdict.met_of
    controls = _ordered(node, verdict)
    cells: tuple[Cell, ...] = (
        Link(node.id, CONTROL_MATRIX, controls[0]) if controls else node.id,
        node.section,
        node.title if not node.is_objective else "Objective",
        node.statement,
        node.binding or node.kind,
        ", ".join(node.tiers),
        node.weight,
        node.poam,
        ", ".join(node.questions),
        verdict.status,
        framework.catalog.verdicts.get(verdict.status, verdict.status),
        verdict.assurance or "",
        words.yes_no(verdict.ready),
        f"{met} of {of}" if node.members else "",
        words.yes_no(counted),
        _controls(material, framework, node),
        _evidence(material, node, verdict),
        "\n".join(shown),
        "\n".join(steps),
        words.why_text(verdict),
        node.citation,
    )
    depth = row.depth + (1 if node.is_objective else 0)
    style = "part" if node.is_objective else ("group" if node.members and not counted else "")
    return Line(node.id, cells, style, indent=min(depth, 4), level=1 if node.is_objective else 0)


def _ordered(node: Requirement, verdict: Verdict) -> list[str]:
    """The mapped controls of a leaf, those of the nearest route first; none for other nodes."""
    if node.members:
        return []
    chosen = verdict.chosen.route.controls if verdict.chosen else ()
    return list(dict.fromkeys([*(c for c in chosen if c in verdict.controls), *verdict.controls]))


def _controls(material: Material, framework: FrameworkReport, node: Requirement) -> str:
    """The routes of a leaf, then what else bears on it, each control with what it counts as."""
    if node.members:
        return ""
    states = material.report.states

    def word(control: str) -> str:
        return f"{control} ({words.value_word(states[control])})"

    lines: dict[str, None] = {}
    routed: set[str] = set()
    for route in framework.assessment.index.routes(node):
        above = f", by {route.declared_on}" if route.declared_on != node.id else ""
        lines[f"{route.relationship}{above}: {' + '.join(map(word, route.controls))}"] = None
        routed.update(route.controls)
    for entry in framework.assessment.index.entries_on.get(node.id, ()):
        if entry.control not in routed:
            lines[f"{entry.relationship}: {word(entry.control)}"] = None
    return "\n".join(lines)


def _evidence(material: Material, node: Requirement, verdict: Verdict) -> Cell:
    """The records of the mapped controls with date and worth; leaves only."""
    if node.members:
        return ""
    exhibits = [
        (name, exhibit)
        for name in verdict.controls
        for exhibit in material.report.states[name].exhibits
    ]
    if not exhibits:
        return ""
    found: dict[str, list[tuple[str, Exhibit]]] = {}
    for name, exhibit in exhibits:
        found.setdefault(exhibit.record.id, []).append((name, exhibit))
    lines = []
    for record, uses in list(found.items())[:_RECORDS]:
        first = uses[0][1]
        until = f", fresh until {first.fresh_until}" if first.fresh_until else ""
        lines.append(f"{record} of {first.record.date}: {words.worth_text(uses)}{until}")
    if len(found) > _RECORDS:
        lines.append(f"and {len(found) - _RECORDS} more records of these controls")
    return Link("\n".join(lines), EVIDENCE, exhibits[0][1].record.id)
