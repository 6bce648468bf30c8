"""`frameworks`, `controls`, `schema`: the library without opening YAML."""

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
    open_library,
    output_option,
)
from compliance_graph.cli.crosswalk import crosswalk, diff
from compliance_graph.output.shapes import (
    control_shape,
    controls_shape,
    dumps,
    framework_shape,
    frameworks_shape,
)
from compliance_graph.output.tables import Table, to_csv, to_text
from compliance_graph.terminal import escape
from compliance_graph.validate import nearest


@click.group()
def frameworks() -> None:
    """List, show and compare the frameworks of the library.

    \b
    Example:
      compliance-graph frameworks list
      compliance-graph frameworks show ftc-safeguards
      compliance-graph frameworks crosswalk hipaa iso27001
    """


frameworks.add_command(crosswalk)
frameworks.add_command(diff)


@frameworks.command("list")
@as_of_option
@library_option
@format_option("text", "json", "csv")
@output_option
def list_frameworks(as_of: date, library_folder: Path | None, form: str, target: str) -> None:
    """Every framework and edition in the library.

    \b
    Example:
      compliance-graph frameworks list
    """
    shape = frameworks_shape(open_library(library_folder, form), as_of)
    if form == "json":
        return emit(target, dumps(shape))
    rows = tuple(
        (
            f"{c['id']}@{c['edition']}",
            str(c["requirements"]),
            str(c["objectives"]),
            c["in_force_from"] or "",
            c["kind"],
            escape(c["title"]),
        )
        for c in shape["frameworks"]
    )
    names = ("framework", "requirements", "objectives", "in force from", "kind", "title")
    return emit(
        target, to_csv(Table(names, rows)) if form == "csv" else to_text(Table(names, rows))
    )


@frameworks.command("show")
@click.argument("name", metavar="ID[@EDITION][:REQUIREMENT]")
@as_of_option
@library_option
@format_option("text", "json")
@output_option
def show_framework(
    name: str, as_of: date, library_folder: Path | None, form: str, target: str
) -> None:
    """One framework with its sources, or one requirement with the controls that meet it.

    \b
    Example:
      compliance-graph frameworks show ftc-safeguards
      compliance-graph frameworks show "ftc-safeguards:314.4(c)(5)"
    """
    from compliance_graph.output.text import framework_text

    library = open_library(library_folder, form)
    qualified, _, only = name.partition(":")
    framework, _, edition = qualified.partition("@")
    try:
        catalog = edition_of(library, framework, edition or None, as_of)
    except SelectionError as error:
        raise Stop("CG304", str(error), form=form, hint=error.hint) from None
    if only and only not in catalog.requirements:
        alias = next((r.id for r in catalog.requirements.values() if only in r.aliases), None)
        if alias is None:
            hint = nearest(only, list(catalog.requirements))
            fail("CG301", f'{framework} has no requirement "{only}"', form, hint)
        only = alias
    if only and catalog.requirements[only].is_objective:
        only = catalog.requirements[only].parent or only
    shape = framework_shape(library, catalog, as_of, only or None)
    return emit(target, dumps(shape) if form == "json" else framework_text(shape, bool(only)))


@click.group()
def controls() -> None:
    """List and show the controls of the library.

    \b
    Example:
      compliance-graph controls list --domain identity
      compliance-graph controls show iam-02
    """


@controls.command("list")
@click.option("--domain", help="Only this domain.")
@as_of_option
@library_option
@format_option("text", "json", "csv")
@output_option
def list_controls(
    domain: str | None, as_of: date, library_folder: Path | None, form: str, target: str
) -> None:
    """Every control of the library.

    \b
    Example:
      compliance-graph controls list --domain identity
    """
    library = open_library(library_folder, form)
    domains = sorted({c.domain for c in library.controls.values()})
    if domain is not None and domain not in domains:
        fail("usage", f'no domain "{domain}"', form, "one of: " + ", ".join(domains))
    chosen = [c for c in library.controls.values() if domain in (None, c.domain)]
    shape = controls_shape(chosen, as_of)
    if form == "json":
        return emit(target, dumps(shape))
    rows = tuple(
        (c["id"], c["domain"], c["per"], c["owner"] or "", escape(c["title"]))
        for c in shape["controls"]
    )
    table = Table(("control", "domain", "judged per", "owner", "title"), rows)
    return emit(target, to_csv(table) if form == "csv" else to_text(table))


@controls.command("show")
@click.argument("name", metavar="ID")
@as_of_option
@library_option
@format_option("text", "json")
@output_option
def show_control(
    name: str, as_of: date, library_folder: Path | None, form: str, target: str
) -> None:
    """One control, with every requirement it meets.

    \b
    Example:
      compliance-graph controls show iam-02
    """
    from compliance_graph.output.text import control_text

    library = open_library(library_folder, form)
    if name not in library.controls:
        fail("CG302", f'unknown control "{name}"', form, nearest(name, list(library.controls)))
    shape = control_shape(library, library.controls[name], as_of)
    return emit(target, dumps(shape) if form == "json" else control_text(shape))


@click.command()
@click.argument("name", metavar="NAME", required=False)
@output_option
def schema(name: str | None, target: str) -> None:
    """Print the JSON Schema of a file kind.

    Without NAME, list the names. Names ending in -json are the shapes of command output.

    \b
    Example:
      compliance-graph schema client
      compliance-graph schema gap-json
    """
    from compliance_graph.output import shapes
    from compliance_graph.validate import SCHEMAS
    from compliance_graph.validate import schema as load

    outputs = {f"{output}-json": output for output in shapes.SCHEMAS}
    names = [*SCHEMAS, *outputs]
    if name is None:
        return emit(target, "\n".join(names) + "\n")
    if name not in names:  # a command's own name stands for its JSON: gap, "frameworks list"
        name = next((n for n in outputs if n == f"{name.replace(' ', '-')}-json"), name)
    if name not in names:
        fail("usage", f'no schema "{name}"', "text", nearest(name, names))
    return emit(target, dumps(shapes.schema(outputs[name]) if name in outputs else load(name)))
