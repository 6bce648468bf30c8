"""The control matrix: controls by rows, frameworks and scope elements by columns."""

from __future__ import annotations

from compliance_graph.analysis.states import ControlState
from compliance_graph.model import Control
from compliance_graph.output.workbook import words
from compliance_graph.output.workbook.grid import (
    CONTROL_MATRIX,
    EVIDENCE,
    RESPONSIBILITY,
    Cell,
    Column,
    Line,
    Link,
    Sheet,
    table,
)
from compliance_graph.output.workbook.material import Material

KEY, STATUS = "Control", "Status"
PER_ELEMENT = "per-element"  # shown for a record that speaks only of scope elements
NOT_ASSESSED = "not-assessed"
_NAMED = 4
PURPOSE = (
    "Every control that bears on these frameworks or has a record: what it meets, its status, who "
    "owns it, what proves it. This is the sheet to edit."
)


def elements(material: Material) -> tuple[str, ...]:
    """The scope elements that some shown control is judged on, in the client's order."""
    states = material.report.states
    found = {
        part.element
        for control in material.controls
        for part in states[control.id].parts
        if part.element is not None
    }
    declared = [name for name in material.report.client.elements if name in found]
    return (*declared, *sorted(found.difference(declared)))


def element_title(material: Material, element: str) -> str:
    """The heading of an element's column: title and id, so that headings are unique."""
    known = material.report.client.elements.get(element)
    return f"{known.title} [{element}]" if known and known.title != element else f"[{element}]"


def matrix(material: Material) -> Sheet:
    """The control matrix sheet."""
    places = elements(material)
    columns = _columns(material, places)
    lines = [_line(material, control, places, columns) for control in material.controls]
    return table(CONTROL_MATRIX, PURPOSE, columns, lines, frozen=2, pages=2)


def _columns(material: Material, places: tuple[str, ...]) -> list[Column]:
    meets = [
        Column(f"Meets {framework.catalog.id} {framework.catalog.edition}", 38)
        for framework in material.report.frameworks
    ]
    judged = [
        Column(element_title(material, name), 13.5, "status", f"where.{name}", "status", True)
        for name in places
    ]
    note = [] if material.client_copy else [Column("Internal note", 30, optional=True)]
    return [
        Column(KEY, 10, "id"),
        Column("Title", 26),
        Column("Domain", 14),
        *meets,
        Column(STATUS, 15, "status", "status", "record status", True),
        *judged,
        Column("Counts today as", 15, "status"),
        Column("Why", 28, optional=True),
        Column("Assurance", 11, "status"),
        Column("Origination", 13, "text", "origination", "origination", True),
        Column("Provider", 16, "text", "provider", "provider", True),
        Column("Owner role", 16, "text", "owner", "owner", True),
        Column("Owner today", 24),
        Column("Usual owner", 12),
        Column("Narrative", 56, "text", "narrative", "", True),
        Column("Since", 11, "date", "since", "", True),
        Column("Due", 11, "date", "due", "", True),
        Column("Effort (planning estimate)", 13),
        Column("Justification", 30, "text", "justification", "", True),
        Column("Evidence", 26),
        *note,
        Column("Reviewer", 16, "text", "", "", True),
        Column("Review date", 11, "date", "", "", True),
        Column("Review comment", 30, "text", "", "", True),
    ]


def _line(
    material: Material, control: Control, places: tuple[str, ...], columns: list[Column]
) -> Line:
    report = material.report
    state = report.states[control.id]
    record = state.record
    parts = {part.element: part for part in state.parts}
    statuses: list[Cell] = [
        (parts[name].stated or NOT_ASSESSED) if name in parts else None for name in places
    ]
    offset = 4 + len(report.frameworks)
    locked = frozenset(
        columns[offset + n].title for n, name in enumerate(places) if name not in parts
    )
    note: list[Cell] = [] if material.client_copy else [record.note if record else ""]
    cells: list[Cell] = [
        control.id,
        control.title,
        control.domain,
        *(_meets(material, control.id, index) for index in range(len(report.frameworks))),
        stated(state),
        *statuses,
        words.value_word(state),
        words.value_reason(state),
        words.assurance_word(state),
        record.origination if record else "",
        Link(record.provider, RESPONSIBILITY, f"{record.provider}/{control.id}")
        if record and record.provider
        else "",
        record.owner if record else "",
        words.owner_text(report.client, record.owner if record else "", report.as_of),
        control.owner,
        record.narrative if record else "",
        record.since if record else None,
        record.due if record else None,
        words.hours(control.effort),
        record.justification if record else "",
        _evidence(state),
        *note,
        "",
        None,
        "",
    ]
    cells[0] = _first(material, control.id)
    return Line(control.id, tuple(cells), locked=locked)


def stated(state: ControlState) -> str:
    """The plain status of the record: its word, per-element, or not-assessed."""
    record = state.record
    if record is None:
        return NOT_ASSESSED
    return record.status or (PER_ELEMENT if record.where else NOT_ASSESSED)


def _meets(material: Material, control: str, index: int) -> str:
    """The requirements a control meets, one line per relationship."""
    bearings = material.bearings.get(control)
    entries = bearings[index] if bearings else ()
    if not entries:
        return ""
    groups: dict[str, list[str]] = {}
    for entry in entries:
        word = entry.relationship
        if entry.partners:
            word += f" (with {_some(entry.partners)})"
        groups.setdefault(word, []).append(entry.requirement)
    return "\n".join(f"{word}: {', '.join(ids)}" for word, ids in groups.items())


def _some(names: tuple[str, ...]) -> str:
    """A few names, and how many more; the framework's sheet has them all."""
    if len(names) <= _NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _first(material: Material, control: str) -> Cell:
    """The control's id, leading to the first requirement it meets."""
    for index, entries in enumerate(material.bearings.get(control, ())):
        if entries:
            return Link(control, material.sheets[index], entries[0].requirement)
    return control


def _evidence(state: ControlState) -> Cell:
    if not state.exhibits:
        return ""
    text = "\n".join(f"{e.record.id} ({e.record.date}, {e.worth})" for e in state.exhibits)
    return Link(text, EVIDENCE, state.exhibits[0].record.id)
