"""`frameworks crosswalk` and `frameworks diff`: two frameworks, or two editions of one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from compliance_graph.analysis.report import SelectionError, edition_of
from compliance_graph.cli.common import (
    Stop,
    as_of_option,
    emit,
    fail,
    format_option,
    library_option,
    open_client,
    open_library,
    output_option,
)
from compliance_graph.model import Catalog, Library


@click.command()
@click.argument("a", metavar="A[@EDITION]")
@click.argument("b", metavar="B[@EDITION]")
@as_of_option
@library_option
@format_option("text", "json", "csv")
@output_option
def crosswalk(
    a: str, b: str, as_of: date, library_folder: Path | None, form: str, target: str
) -> None:
    """The crosswalk the control library induces between two frameworks.

    Two requirements are paired if the controls they share carry real weight in both; the relation
    is what those controls imply. docs/crosswalk.md says how.

    \b
    Example:
      compliance-graph frameworks crosswalk hipaa iso27001
      compliance-graph frameworks crosswalk cmmc ftc-safeguards --format csv -o crosswalk.csv
    """
    from compliance_graph.analysis.crosswalk import crosswalk as induced
    from compliance_graph.output import crosswalk as output
    from compliance_graph.output.shapes import dumps

    library = open_library(library_folder, form)
    found = induced(library, _catalog(library, a, as_of, form), _catalog(library, b, as_of, form))
    if form == "json":
        return emit(target, dumps(output.shape(found, as_of)))
    return emit(target, output.to_csv(found) if form == "csv" else output.to_text(found, library))


@click.command()
@click.argument("before", metavar="ID@EDITION")
@click.argument("after", metavar="ID@EDITION")
@click.option("--client", type=click.Path(path_type=Path), metavar="CLIENT",
              help="Also say what the change does to this client.")  # fmt: skip
@as_of_option
@library_option
@format_option("text", "json")
@output_option
def diff(
    before: str,
    after: str,
    client: Path | None,
    as_of: date,
    library_folder: Path | None,
    form: str,
    target: str,
) -> None:
    """What changed between two editions of a framework.

    With --client: the statuses under both editions, and which findings and decisions follow.

    \b
    Example:
      compliance-graph frameworks diff cyber-essentials@3.2 cyber-essentials@3.3
      compliance-graph frameworks diff cyber-essentials@3.2 cyber-essentials@3.3 --client acme
    """
    from compliance_graph.analysis.diff import client_diff
    from compliance_graph.analysis.diff import diff as compare
    from compliance_graph.output import editions
    from compliance_graph.output.shapes import dumps

    library = open_library(library_folder, form)
    one, two = (_catalog(library, name, as_of, form) for name in (before, after))
    if one.id != two.id:
        hint = f"for two frameworks: compliance-graph frameworks crosswalk {one.id} {two.id}"
        fail("usage", f"{one.id} and {two.id} are two frameworks, not two editions", form, hint)
    found = compare(library, one, two)
    effect = None
    if client is not None:
        effect = client_diff(library, open_client(client, library, form), found, as_of)
    if form == "json":
        return emit(target, dumps(editions.shape(found, as_of, effect)))
    return emit(target, editions.to_text(found, effect))


def _catalog(library: Library, name: str, as_of: date, form: str) -> Catalog:
    """The catalog of an id with or without @edition; anything else stops with exit 2."""
    framework, _, edition = name.partition("@")
    try:
        return edition_of(library, framework, edition or None, as_of)
    except SelectionError as error:
        raise Stop("CG304", str(error), form=form, hint=error.hint) from None
