"""The two hidden sheets: choices for drop-downs, and the base values an import compares with."""

from __future__ import annotations

from datetime import date

from compliance_graph.model import CONTROL_STATUSES
from compliance_graph.output.workbook.grid import CONTROL_MATRIX, LISTS, META, Cell, Link, Sheet
from compliance_graph.output.workbook.material import Material
from compliance_graph.output.workbook.matrix import NOT_ASSESSED, PER_ELEMENT

FORMAT = "1"


def choices(material: Material) -> dict[str, tuple[str, ...]]:
    """The lists behind the drop-downs, by name; an empty list offers no drop-down."""
    client = material.report.client
    return {
        "status": (*CONTROL_STATUSES, NOT_ASSESSED),
        "record status": (*CONTROL_STATUSES, NOT_ASSESSED, PER_ELEMENT),
        "origination": ("organization", "inherited", "shared"),
        "owner": tuple(sorted(client.roles)),
        "provider": tuple(sorted(client.providers)),
        "item status": ("open", "in progress", "done", "risk accepted"),
    }


def base_text(value: Cell) -> str:
    """A cell's value as the text kept for comparison: days in ISO form, nothing as empty."""
    if isinstance(value, Link):
        return value.text
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def meta_rows(material: Material, sheets: list[Sheet]) -> list[tuple[str, ...]]:
    """The rows of the _meta sheet, first cell the kind of row.

    head: name, value. framework: id, edition, sheet. sheet: name, heading of its key column.
    column: sheet, heading, field. row: sheet, key. base: sheet, key, field, value. Only fields an
    import reads have base values; an empty one is not written.
    """
    report = material.report
    rows: list[tuple[str, ...]] = [
        ("head", "format", FORMAT),
        ("head", "product", material.version),
        ("head", "as_of", report.as_of.isoformat()),
        ("head", "library", report.library.digest),
        ("head", "client", report.client.digest),
        ("head", "client_copy", "yes" if material.client_copy else "no"),
    ]
    for framework, name in zip(report.frameworks, material.sheets, strict=True):
        rows.append(("framework", framework.catalog.id, framework.catalog.edition, name))
    for sheet in sheets:
        rows.append(("sheet", sheet.name, sheet.columns[0].title))
        if sheet.name != CONTROL_MATRIX:
            continue
        fields = [(n, column) for n, column in enumerate(sheet.columns) if column.field]
        rows += [("column", sheet.name, column.title, column.field) for _, column in fields]
        for line in sheet.lines:
            if not line.key:
                continue
            rows.append(("row", sheet.name, line.key))
            for n, column in fields:
                text = base_text(line.cells[n])
                if text:
                    rows.append(("base", sheet.name, line.key, column.field, text))
    return rows


HIDDEN = (LISTS, META)
