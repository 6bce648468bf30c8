"""`scope`: which regimes bind a client, at which tier, with which duties, and why."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from compliance_graph.cli.common import (
    as_of_option,
    client_argument,
    emit,
    fail,
    format_option,
    library_option,
    open_client,
    open_library,
    output_option,
)
from compliance_graph.model import FactValue, Library, Source


@click.command()
@client_argument
@click.option("--set", "changes", multiple=True, metavar="FACT=VALUE",
              help="What if: answer as though this fact were stated. May be repeated.")  # fmt: skip
@as_of_option
@library_option
@format_option("text", "json", "md")
@output_option
def scope(
    client: Path,
    changes: tuple[str, ...],
    as_of: date,
    library_folder: Path | None,
    form: str,
    target: str,
) -> None:
    """Which regimes bind a client, and why.

    \b
    Example:
      compliance-graph scope clients/acme --as-of 2026-11-21
      compliance-graph scope clients/acme --set consumer_records=5200
    """
    from compliance_graph.analysis.scope import scope as decide
    from compliance_graph.output.shapes import dumps, scope_shape
    from compliance_graph.output.text import scope_markdown, scope_text

    library = open_library(library_folder, form)
    held = open_client(client, library, form)
    facts = {**held.facts, **dict(_change(library, change, form) for change in changes)}
    result = decide(library, facts, as_of)
    before = decide(library, held.facts, as_of) if changes else None
    if form == "json":
        emit(target, dumps(scope_shape(result, held)))
    elif form == "md":
        emit(target, scope_markdown(result, held, before))
    else:
        emit(target, scope_text(result, held, before))


def _change(library: Library, change: str, form: str) -> tuple[str, FactValue]:
    """A fact=value of the command line as a stated fact. The value is read as YAML."""
    from compliance_graph.facts import normalise
    from compliance_graph.yamlfile import YamlError, parse

    name, equals, text = change.partition("=")
    if not equals or not name:
        fail("CG207", f'"{change}" is not fact=value', form, "write for example headcount=12")
    parsed = parse(text)
    if isinstance(parsed, YamlError):
        raw = None if text in ("", "null", "unknown") else text
    else:
        raw = None if parsed.data == "unknown" else parsed.data
    value, faults = normalise(library, name, raw)
    for code, message, hint in faults:
        fail(code, message, form, hint)
    return name, FactValue(value, Source("--set", 1, 1), stated_by="what if")
