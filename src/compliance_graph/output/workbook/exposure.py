"""The client's own risk and vendor registers, as recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compliance_graph.dates import to_date
from compliance_graph.output.workbook import words
from compliance_graph.output.workbook.grid import (
    CONTROL_MATRIX,
    RISKS,
    VENDORS,
    Cell,
    Column,
    Line,
    Link,
    Sheet,
    table,
)
from compliance_graph.output.workbook.material import Material


def risks(material: Material) -> Sheet:
    """The client's risk register."""
    columns = (
        Column("Risk", 12, "id"),
        Column("Title", 30),
        Column("Scenario", 44),
        Column("Category", 16, optional=True),
        Column("Asset", 16, optional=True),
        Column("Threat", 22, optional=True),
        Column("Vulnerability", 22, optional=True),
        Column("Owner", 26),
        Column("Inherent (likelihood x impact)", 14, "centre"),
        Column("Residual (likelihood x impact)", 14, "centre"),
        Column("Treatment", 12),
        Column("Controls", 22),
        Column("Actions", 40),
        Column("Status", 12),
        Column("Accepted", 22, optional=True),
        Column("Recorded", 11, "date"),
        Column("Next review", 11, "date"),
        *([] if material.client_copy else [Column("Internal note", 28, optional=True)]),
    )
    lines = [_risk(material, row) for row in material.report.client.risks]
    return table(RISKS, "The risk register as recorded.", columns, lines)


def _risk(material: Material, row: Mapping[str, Any]) -> Line:
    controls = [str(name) for name in row.get("controls") or ()]
    actions = [
        action["text"]
        + (f" (due {action['due']})" if action.get("due") else "")
        + (
            f" [{words.role_title(material.report.client, action['owner'])}]"
            if action.get("owner")
            else ""
        )
        for action in row.get("actions") or ()
    ]
    accepted = row.get("accepted_by", "")
    if row.get("accepted_until"):
        accepted += f" until {row['accepted_until']}"
    note: list[Cell] = [] if material.client_copy else [row.get("note", "")]
    cells: list[Cell] = [
        row["id"],
        row["title"],
        row.get("scenario", ""),
        row.get("category", ""),
        row.get("asset", ""),
        row.get("threat", ""),
        row.get("vulnerability", ""),
        words.owner_text(material.report.client, row.get("owner", ""), material.report.as_of),
        _product(row.get("inherent")),
        _product(row.get("residual")),
        row.get("treatment", ""),
        Link(", ".join(controls), CONTROL_MATRIX, controls[0]) if controls else "",
        "\n".join(actions),
        row.get("status", ""),
        accepted,
        to_date(row.get("date")),
        to_date(row.get("review")),
        *note,
    ]
    return Line(row["id"], tuple(cells))


def _product(score: Mapping[str, int] | None) -> str:
    if not score:
        return ""
    likelihood, impact = score["likelihood"], score["impact"]
    return f"{likelihood} x {impact} = {likelihood * impact}"


def vendors(material: Material) -> Sheet:
    """The client's vendors."""
    columns = (
        Column("Vendor", 14, "id"),
        Column("Name", 26),
        Column("Service", 30),
        Column("Data", 26),
        Column("Criticality", 11),
        Column("Contract date", 11, "date"),
        Column("Safeguards clause", 11),
        Column("Last review", 11, "date"),
        Column("Attestation", 26, optional=True),
        Column("Provider record", 16, optional=True),
        Column("Owner", 28),
        *([] if material.client_copy else [Column("Internal note", 28, optional=True)]),
    )
    client = material.report.client
    lines = []
    for row in client.vendors:
        note: list[Cell] = [] if material.client_copy else [row.get("note", "")]
        cells: list[Cell] = [
            row["id"],
            row["title"],
            row.get("service", ""),
            ", ".join(row.get("data") or ()),
            row.get("criticality", ""),
            to_date(row.get("contract_date")),
            words.yes_no(row.get("safeguards_clause")),
            to_date(row.get("last_review")),
            row.get("attestation", ""),
            row.get("provider", ""),
            words.owner_text(client, row.get("owner", ""), material.report.as_of),
            *note,
        ]
        lines.append(Line(row["id"], tuple(cells)))
    return table(VENDORS, "Vendors as recorded.", columns, lines)
