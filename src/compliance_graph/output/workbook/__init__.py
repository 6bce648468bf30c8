"""The control matrix workbook: `export` writes it, `verify` and `changes` read it back."""

from compliance_graph.output.workbook.changes import Change, Fault, changes
from compliance_graph.output.workbook.export import export
from compliance_graph.output.workbook.grid import ExportError, WorkbookError
from compliance_graph.output.workbook.reader import (
    ErrorCell,
    FormulaCell,
    read_back,
)
from compliance_graph.output.workbook.verify import verify

__all__ = [
    "Change",
    "ErrorCell",
    "ExportError",
    "Fault",
    "FormulaCell",
    "WorkbookError",
    "changes",
    "export",
    "read_back",
    "verify",
]
