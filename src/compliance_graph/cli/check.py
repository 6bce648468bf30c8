"""`check` and `explain-code`: every fault in library and clients, and what the codes mean."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from compliance_graph.cli.common import (
    as_of_option,
    emit,
    fail,
    format_option,
    library_option,
    output_option,
    prefixed,
)
from compliance_graph.diagnostics import CODES, Diagnostic, ordered
from compliance_graph.library_path import shipped_library


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
@as_of_option
@library_option
@format_option("text", "json", "sarif", "github")
@output_option
def check(
    paths: tuple[Path, ...],
    strict: bool,
    as_of: date,
    library_folder: Path | None,
    form: str,
    target: str,
) -> int:
    """Report every fault in the data files.

    Each PATH is a client folder, a folder of client folders, or a library folder; the library in
    use is always checked as well. Exit 1 if there is an error.

    \b
    Example:
      compliance-graph check clients/acme
      compliance-graph check --library my-library --format github
    """
    from compliance_graph.checks import check_client, check_library, settle
    from compliance_graph.client import load_client
    from compliance_graph.loader import load_library
    from compliance_graph.output.diagnostics import render

    folders = [library_folder] if library_folder else []
    clients: list[Path] = []
    for path in paths:
        kind = _kind(path)
        if kind == "library":
            folders.append(path)
        elif kind == "clients":
            clients += sorted(p.parent for p in path.glob("*/client.yaml"))
        else:
            clients.append(path)
    root = folders[0] if folders else shipped_library()
    found: list[Diagnostic] = []
    library, faults = load_library(root)
    faults = settle([*faults, *check_library(library)], library.ignores)
    found += prefixed(faults, str(folders[0]) if folders else "library")
    for folder in folders[1:]:
        other, faults = load_library(folder)
        faults = settle([*faults, *check_library(other)], other.ignores)
        found += prefixed(faults, str(folder))
    for folder in clients:
        client, faults = load_client(folder, library)
        if client is not None:
            faults = settle([*faults, *check_client(client, library, as_of)], client.ignores)
        found += prefixed(faults, str(folder))
    result = ordered(found)
    emit(target, render(result, form, as_of))
    bad = [d for d in result if d.severity == "error" or (strict and d.severity == "warning")]
    return 1 if bad else 0


def _kind(path: Path) -> str:
    if (path / "client.yaml").exists():
        return "client"
    if (path / "frameworks").is_dir() or (path / "controls").is_dir():
        return "library"
    if path.is_dir() and any(path.glob("*/client.yaml")):
        return "clients"
    return "client"


@click.command("explain-code")
@click.argument("code")
def explain_code(code: str) -> None:
    """Explain a diagnostic code.

    \b
    Example:
      compliance-graph explain-code CG301
    """
    from compliance_graph.codes import explain
    from compliance_graph.validate import nearest

    name = code.upper()
    if name not in CODES:
        fail("usage", f'no code "{code}"', "text", nearest(name, list(CODES)))
    emit("-", explain(name))
