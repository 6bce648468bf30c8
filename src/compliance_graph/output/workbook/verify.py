"""Reads an exported workbook again and compares it with the report it was made from."""

from __future__ import annotations

from compliance_graph.analysis.report import FrameworkReport, GapReport
from compliance_graph.model import STATUSES
from compliance_graph.output.workbook.grid import CONTROL_MATRIX, EVIDENCE, OPEN_ITEMS
from compliance_graph.output.workbook.material import Material, gather
from compliance_graph.output.workbook.matrix import KEY, STATUS, stated
from compliance_graph.output.workbook.reader import Rows, read_back
from compliance_graph.output.workbook.requirements import COUNTED, READY, REQUIREMENT

Table = dict[str, dict[str, object]]  # key: heading: value


def verify(content: bytes, report: GapReport) -> tuple[str, ...]:
    """What does not agree between workbook and report; empty if every status and id is found
    again. Raises WorkbookError if the bytes are not a readable workbook."""
    sheets = read_back(content)
    material = gather(report, "", False)
    problems = []
    for name, framework in zip(material.sheets, report.frameworks, strict=True):
        problems += _framework(name, _table(sheets.get(name, {}), REQUIREMENT), framework)
    problems += _controls(_table(sheets.get(CONTROL_MATRIX, {}), KEY), material)
    wanted = {
        OPEN_ITEMS: ("Item", [item.key for item in material.items]),
        EVIDENCE: ("Record", list(report.client.evidence)),
    }
    for name, (heading, keys) in wanted.items():
        found = _table(sheets.get(name, {}), heading)
        problems += [f"{name}: {key} is missing" for key in keys if key not in found]
    return tuple(problems)


def _table(rows: Rows, key: str) -> Table:
    """A sheet by the value in its key column; the header is in row 1."""
    heads = rows.get(1, ())
    if key not in heads:
        return {}
    at = heads.index(key)
    found: Table = {}
    for number, cells in rows.items():
        if number > 1 and len(cells) > at and isinstance(cells[at], str):
            found[cells[at]] = {str(h): c for h, c in zip(heads, cells, strict=False)}
    return found


def _framework(name: str, found: Table, framework: FrameworkReport) -> list[str]:
    problems = []
    for row in framework.rows:
        for node, verdict in [(row.requirement, row.verdict), *row.objectives]:
            cells = found.get(node.id)
            if cells is None:
                problems.append(f"{name}: {node.id} is missing")
                continue
            ready = "yes" if verdict.ready else "no"
            wanted = ((STATUS, verdict.status), ("Assurance", verdict.assurance), (READY, ready))
            problems += [
                f"{name}: {node.id}: {heading} is {cells.get(heading)}, the report says {value}"
                for heading, value in wanted
                if cells.get(heading) != value
            ]
    counted = [cells for cells in found.values() if cells.get(COUNTED) == "yes"]
    for status in STATUSES:
        number = sum(cells.get(STATUS) == status for cells in counted)
        if number != framework.counts[status]:
            problems.append(
                f"{name}: {number} {status}, the report counts {framework.counts[status]}"
            )
    return problems


def _controls(found: Table, material: Material) -> list[str]:
    problems = []
    for control in material.controls:
        cells = found.get(control.id)
        wanted = stated(material.report.states[control.id])
        if cells is None:
            problems.append(f"{CONTROL_MATRIX}: {control.id} is missing")
        elif cells.get(STATUS) != wanted:
            said = cells.get(STATUS)
            problems.append(f"{CONTROL_MATRIX}: {control.id} is {said}, the record says {wanted}")
    return problems
