"""`document KIND CLIENT -o FILE`: a document for a client, in the format of the file's ending."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from compliance_graph.cli.common import (
    Stop,
    as_of_option,
    client_argument,
    emit,
    fail,
    library_option,
    open_client,
    open_library,
)

KINDS = ("wisp", "gap-report")
FORMS = ("docx", "html", "md")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@client_argument
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    metavar="FILE",
    help="Write here; the ending (.docx, .html, .md) is the format; - is Markdown.",
)
@as_of_option
@library_option
def document(
    kind: str, client: Path, target: str, as_of: date, library_folder: Path | None
) -> None:
    """Write a document for a client.

    \b
    Example:
      compliance-graph document wisp clients/acme -o wisp.docx
      compliance-graph document gap-report clients/acme -o gaps.html
    """
    from compliance_graph import __version__
    from compliance_graph.analysis.report import SelectionError, gap_report
    from compliance_graph.output.documents import DocumentError, build, render

    form = "md" if target == "-" else Path(target).suffix.lstrip(".").lower()
    if form not in FORMS:
        fail("usage", f'"{target}" has no known ending', "text", "use .docx, .html or .md")
    library = open_library(library_folder)
    held = open_client(client, library)
    try:
        report = gap_report(library, held, as_of)
        content = render(build(kind, report, __version__), form)
    except SelectionError as error:
        raise Stop("CG304", str(error), hint=error.hint) from None
    except DocumentError as error:
        raise Stop("CG513", str(error), hint=error.hint) from None
    emit(target, content)
