"""`demo [DIR]`: the sample clients and every output for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click

from compliance_graph.analysis.report import GapReport, gap_report
from compliance_graph.cli.common import Day, Stop, save, say
from compliance_graph.cli.modelines import moved, write_schemas
from compliance_graph.client import load_client
from compliance_graph.library_path import samples, shipped_library
from compliance_graph.loader import load_library
from compliance_graph.model import Client, Library
from compliance_graph.output.gaps import share
from compliance_graph.storage import WriteError, make_folder
from compliance_graph.terminal import escape

SAMPLES_AS_OF = date(2026, 11, 21)  # the day the sample records were written for
MARKER = ".compliance-graph-demo"
EXAMPLE = "lone-star-tax"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="demo", metavar="[DIR]")
@click.option("--as-of", type=Day(), default=SAMPLES_AS_OF, metavar="DATE",
              help=f"The date asked about [{SAMPLES_AS_OF}, the date of the samples].")  # fmt: skip
def demo(folder: Path, as_of: date) -> None:
    """Write the sample clients and every output for them.

    Running it again writes the outputs anew and leaves client files you have changed alone.

    \b
    Example:
      compliance-graph demo demo
    """
    _prepare(folder)
    library, _ = load_library(shipped_library())
    sources = sorted(path for path in samples().iterdir() if (path / "client.yaml").is_file())
    say(f"Sample clients, as of {as_of} (the library: {_counts(library)})")
    for source in sources:
        kept = _copy(source, folder / "clients" / source.name)
        client, found = load_client(folder / "clients" / source.name, library)
        if client is None or any(d.fatal for d in found):
            where = (str(folder / "clients" / source.name), 1, 1)
            hint = "run `compliance-graph check` on it"
            raise Stop("CG201", "was changed and cannot be read", hint=hint, where=where)
        report = gap_report(library, client, as_of)
        for name, content in _outputs(library, client, report):
            save_into(folder / "outputs" / source.name, name, content)
        say("")
        for line in _summary(report):
            say(escape(line))
        if kept:
            say(f"  kept as you changed them: {', '.join(kept)}")
    say("")
    say(f"Look at: {escape(str(folder / 'outputs'))} (Word, HTML, Excel, JSON, graph)")
    say(f"Edit:    {escape(str(folder / 'clients'))} (YAML), then run demo again, or e.g.")
    say(f"  compliance-graph gap {escape(str(folder / 'clients' / EXAMPLE))}")


def _prepare(folder: Path) -> None:
    foreign = folder.exists() and not (folder / MARKER).exists()
    if foreign and (not folder.is_dir() or any(folder.iterdir())):
        where, hint = (str(folder), 1, 1), "name a new folder"
        raise Stop("CG115", "exists and is not a demo folder", hint=hint, where=where)
    save_into(folder, MARKER, b"Made by compliance-graph demo.\n")


def save_into(folder: Path, name: str, content: bytes) -> None:
    """Write a file into a folder that is made if needed."""
    path = folder / name
    try:
        make_folder(path.parent)
    except WriteError as error:
        raise Stop("CG115", error.reason, where=(str(path.parent), 1, 1)) from None
    save(path, content)


def _copy(source: Path, target: Path) -> list[str]:
    """Copy a sample; files that are there already and differ are the user's and stay."""
    kept = []
    for path in sorted(
        p for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    ):
        relative = path.relative_to(source)
        there = target / relative
        content = moved(path.read_bytes())
        if not there.exists():
            save_into(target, str(relative), content)
        elif there.read_bytes() != content:
            kept.append(str(relative))
    write_schemas(target)
    return kept


def _outputs(library: Library, client: Client, report: GapReport) -> Iterator[tuple[str, bytes]]:
    """Every output for one client: (file name, content)."""
    from compliance_graph import __version__
    from compliance_graph.graph import build as build_graph
    from compliance_graph.graph import export as export_graph
    from compliance_graph.output import gaps, gates
    from compliance_graph.output.documents import build, render
    from compliance_graph.output.shapes import dumps, explain_shape, gap_shape, scope_shape
    from compliance_graph.output.text import explain_text, scope_markdown, scope_text
    from compliance_graph.output.workbook import export as export_workbook

    yield "scope.txt", scope_text(report.scope, client).encode()
    yield "scope.md", scope_markdown(report.scope, client).encode()
    yield "scope.json", dumps(scope_shape(report.scope, client)).encode()
    yield "gap.txt", gaps.to_text(report).encode()
    yield "gap.json", dumps(gap_shape(report)).encode()
    yield "gap.csv", gaps.to_csv(report).encode()
    yield "gap.sarif", gates.to_sarif(report, "").encode()
    for item in report.frameworks:
        row = next(
            (r for r in item.counted() if r.verdict.status not in ("met", "not-applicable")), None
        )
        if row is not None:
            shape = explain_shape(item.assessment, row.requirement.id)
            yield f"explain-{item.catalog.id}.txt", explain_text(shape).encode()
    kinds = ["gap-report"] if report.frameworks else []
    if any(item.catalog.id == "ftc-safeguards" for item in report.frameworks):
        kinds.insert(0, "wisp")
    for kind in kinds:
        document = build(kind, report, __version__)
        for form in ("docx", "html", "md"):
            yield f"{kind}.{form}", render(document, form)
    if report.frameworks:
        yield "control-matrix.xlsx", export_workbook(report, __version__, False)
    graph = build_graph(library, client)
    yield "graph.graphml", export_graph(graph, "graphml")
    yield "graph.json", export_graph(graph, "json")


def _counts(library: Library) -> str:
    requirements = sum(
        not r.is_objective for c in library.catalogs.values() for r in c.requirements.values()
    )
    return (
        f"{len(library.catalogs)} framework editions, {requirements} requirements, "
        f"{len(library.controls)} controls"
    )


def _summary(report: GapReport) -> Iterator[str]:
    """What a consultant could read aloud."""
    yield report.client.name
    binding = [f"{r.regime.title}" for r in report.scope.binding()]
    yield f"  binds: {'; '.join(binding) or 'nothing is established yet'}"
    if report.undetermined:
        count = len(report.undetermined)
        yield f"  undetermined: {count} regime{'' if count == 1 else 's'}; ask first:"
        for question in report.scope.questions[:3]:
            yield f"    {question.question}"
    for item in report.frameworks:
        counts = item.counts
        yield (
            f"  {item.catalog.title}: {share(counts['met'], item.applicable)} applicable met, "
            f"{item.ready} of them ready with evidence; {counts['partial']} partial, "
            f"{counts['not-met']} not met, {counts['not-assessed']} not assessed, "
            f"{counts['not-applicable']} of {item.total} not applicable"
        )
