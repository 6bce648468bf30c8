"""`graph export|path|stats`: the graph everyone can see, check and query."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compliance_graph.cli.common import (
    as_of_option,
    emit,
    fail,
    format_option,
    library_option,
    open_client,
    open_library,
    output_option,
)
from compliance_graph.terminal import escape

if TYPE_CHECKING:
    from compliance_graph.graph import ComplianceGraph

FORMATS = ("graphml", "gexf", "json", "dot", "mermaid")
_ENDINGS = {
    ".graphml": "graphml",
    ".gexf": "gexf",
    ".json": "json",
    ".dot": "dot",
    ".mmd": "mermaid",
}


def _build(library_folder: Path | None, client: Path | None, form: str = "text") -> ComplianceGraph:
    from compliance_graph.graph import build

    library = open_library(library_folder, form)
    return build(library, open_client(client, library, form) if client else None)


@click.group()
def graph() -> None:
    """Export, query and measure the graph.

    \b
    Example:
      compliance-graph graph export clients/acme -o acme.graphml
      compliance-graph graph stats clients/acme
    """


@graph.command("export")
@click.argument("client", type=click.Path(path_type=Path), required=False)
@click.option("--format", "form", type=click.Choice(FORMATS),
              help="Format [by the file's ending, else json].")  # fmt: skip
@click.option("--around", metavar="NODE", help="Only what is near this node.")
@click.option("--hops", type=click.IntRange(1, 6), default=2, help="How near [2].")
@library_option
@output_option
def export_graph(
    client: Path | None,
    form: str | None,
    around: str | None,
    hops: int,
    library_folder: Path | None,
    target: str,
) -> None:
    """Write the graph of the library, and of a client if one is named.

    \b
    Example:
      compliance-graph graph export clients/acme -o acme.graphml
      compliance-graph graph export --around iam-02 --format mermaid
    """
    from compliance_graph.graph import NotInGraph, export, neighbourhood, resolve

    whole = _build(library_folder, client)
    if around is not None:
        try:
            whole = neighbourhood(whole, resolve(whole, around), hops)
        except NotInGraph as error:
            fail("CG301", str(error), "text", error.hint)
    emit(target, export(whole, form or _ENDINGS.get(Path(target).suffix, "json")))


@graph.command("path")
@click.argument("a")
@click.argument("b")
@click.option("--client", type=click.Path(path_type=Path), help="Include this client.")
@as_of_option
@library_option
@format_option("text", "json")
@output_option
def find_path(
    a: str,
    b: str,
    client: Path | None,
    as_of: date,
    library_folder: Path | None,
    form: str,
    target: str,
) -> None:
    """How two things are connected: the shortest way.

    \b
    Example:
      compliance-graph graph path mfa-report "ftc-safeguards:314.4(c)(5)"
    """
    from compliance_graph.graph import NotInGraph, path, resolve
    from compliance_graph.output.shapes import dumps, head

    whole = _build(library_folder, client, form)
    try:
        ends = resolve(whole, a, as_of), resolve(whole, b, as_of)
    except NotInGraph as error:
        fail("CG301", str(error), form, error.hint)
    steps = path(whole, *ends)
    if form == "json":
        found = None if steps is None else [
            {"from": s.source, "relation": s.relation, "to": s.target, "forward": s.forward}
            for s in steps
        ]  # fmt: skip
        return emit(target, dumps({**head(as_of), "from": ends[0], "to": ends[1], "path": found}))
    if steps is None:
        return emit(target, f"{ends[0]} and {ends[1]} are not connected\n")
    lines = [ends[0]]
    for step in steps:
        arrow = f"-{step.relation}->" if step.forward else f"<-{step.relation}-"
        lines.append(f"  {arrow} {step.target}")
    return emit(target, "\n".join(escape(line) for line in lines) + "\n")


@graph.command("stats")
@click.argument("client", type=click.Path(path_type=Path), required=False)
@as_of_option
@library_option
@format_option("text", "json")
@output_option
def graph_stats(
    client: Path | None, as_of: date, library_folder: Path | None, form: str, target: str
) -> None:
    """Counts of nodes and edges, and what has no route or no use.

    \b
    Example:
      compliance-graph graph stats clients/acme
    """
    from compliance_graph.graph import stats
    from compliance_graph.output.shapes import dumps, head

    counts = stats(_build(library_folder, client, form))
    if form == "json":
        return emit(target, dumps({**head(as_of), **counts}))
    lines = []
    for name, value in counts.items():
        if isinstance(value, dict):
            lines.append(f"{name}:")
            lines += [f"  {key:<18}{number:>7,}" for key, number in value.items() if number]
        else:
            lines.append(f"{name.replace('_', ' ')}: {value:,}")
    return emit(target, "\n".join(lines) + "\n")
