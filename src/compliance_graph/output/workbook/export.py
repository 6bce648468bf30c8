"""`matrix export`: the control matrix workbook of a gap report."""

from __future__ import annotations

from compliance_graph.analysis.report import GapReport
from compliance_graph.output.workbook.crosswalk import crosswalk
from compliance_graph.output.workbook.exposure import risks, vendors
from compliance_graph.output.workbook.front import cover, summary
from compliance_graph.output.workbook.grid import Page, Sheet
from compliance_graph.output.workbook.material import gather
from compliance_graph.output.workbook.matrix import matrix
from compliance_graph.output.workbook.registers import (
    evidence_register,
    evidence_requests,
    open_items,
    shared_responsibility,
)
from compliance_graph.output.workbook.requirements import framework_sheets
from compliance_graph.output.workbook.sidecar import choices, meta_rows
from compliance_graph.output.workbook.write import Look, write


def export(report: GapReport, version: str, client_copy: bool = False) -> bytes:
    """The workbook as bytes; the same report gives the same bytes.

    `version` is the product's. A client copy leaves every internal note out. Raises ExportError
    where a text is too long for a cell, naming sheet, cell and record.
    """
    material = gather(report, version, client_copy)
    client = report.client
    sheets: list[Sheet] = [matrix(material), *framework_sheets(material), open_items(material)]
    sheets += [evidence_register(material), evidence_requests(material)]
    if client.providers or any(record.provider for record in client.controls.values()):
        sheets.append(shared_responsibility(material))
    if len(report.frameworks) > 1:
        sheets.append(crosswalk(material))
    if client.risks:
        sheets.append(risks(material))
    if client.vendors:
        sheets.append(vendors(material))
    counts = summary(material, {sheet.name: sheet for sheet in sheets})
    pages: list[Page] = [cover(material, [counts, *sheets]), counts]
    look = Look(
        title=f"Control matrix of {client.name}",
        client=client.legal_name or client.name,
        as_of=report.as_of,
        footer=client.branding.get("marking", "") or client.branding.get("footer", ""),
        brand=client.branding.get("colour", ""),
        us_paper=client.locale.endswith(("US", "CA", "MX")),
    )
    return write(pages, sheets, choices(material), meta_rows(material, sheets), look)
