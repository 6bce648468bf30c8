"""`matrix export`: the control matrix workbook."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from compliance_graph.cli.common import (
    Stop,
    as_of_option,
    client_argument,
    emit,
    library_option,
    open_client,
    open_library,
)


@click.group()
def matrix() -> None:
    """The control matrix workbook.

    \b
    Example:
      compliance-graph matrix export clients/acme -o matrix.xlsx
    """


@matrix.command("export")
@client_argument
@click.option("-o", "--output", "target", required=True, metavar="FILE.xlsx", help="Write here.")
@click.option("--client-copy", is_flag=True, help="Leave internal notes out.")
@as_of_option
@library_option
def export_matrix(
    client: Path, target: str, client_copy: bool, as_of: date, library_folder: Path | None
) -> None:
    """Write the control matrix workbook.

    \b
    Example:
      compliance-graph matrix export clients/acme -o matrix.xlsx
    """
    from compliance_graph import __version__
    from compliance_graph.analysis.report import SelectionError, gap_report
    from compliance_graph.output.workbook import WorkbookError, export

    if target != "-" and Path(target).suffix.lower() != ".xlsx":
        raise Stop("usage", f'"{target}" does not end in .xlsx', hint="the matrix is a workbook")
    library = open_library(library_folder)
    held = open_client(client, library)
    try:
        report = gap_report(library, held, as_of)
        content = export(report, __version__, client_copy)
    except SelectionError as error:
        raise Stop("CG304", str(error), hint=error.hint) from None
    except WorkbookError as error:
        raise Stop("CG513", str(error)) from None
    emit(target, content)
