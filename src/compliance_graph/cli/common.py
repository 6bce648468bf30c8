"""What the commands share: options, loading with faults shown, results written."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from compliance_graph.client import load_client
from compliance_graph.dates import to_date
from compliance_graph.diagnostics import Diagnostic, diagnostic, has_fatal, ordered
from compliance_graph.library_path import shipped_library
from compliance_graph.loader import load_library
from compliance_graph.model import Client, Library
from compliance_graph.terminal import escape

F = TypeVar("F", bound=Callable[..., Any])


class Stop(click.ClickException):
    """A command cannot go on: a stable code, a message, where, and what to do next."""

    exit_code = 2

    def __init__(
        self,
        code: str,
        message: str,
        *,
        form: str = "text",
        hint: str = "",
        where: tuple[str, int, int] = ("", 0, 0),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.form = form
        self.hint = hint
        self.where = where

    def show(self, file: Any = None) -> None:
        """Print the error: to stderr, and as JSON to stdout if the command was asked for JSON."""
        if self.form == "json":
            from compliance_graph.output.shapes import dumps, error

            click.echo(dumps(error(self.code, self.message, *self.where, hint=self.hint)), nl=False)
        path, line, column = self.where
        place = f"{path}:{line}:{column}: " if path else ""
        click.echo(escape(f"{place}error[{self.code}] {self.message}"), err=True)
        if self.hint:
            click.echo(f"  hint: {escape(self.hint)}", err=True)


class Day(click.ParamType[date]):
    """A date YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        """The date, or a usage error."""
        if isinstance(value, date):
            return value
        day = to_date(value)
        if day is None:
            self.fail(f'"{escape(str(value))}" is not a date YYYY-MM-DD', param, ctx)
        return day


def today() -> date:
    """The only look at a clock in the product."""
    return date.today()


def as_of_option(function: F) -> F:
    """`--as-of DATE`, default today."""
    return click.option(
        "--as-of", type=Day(), default=today, metavar="DATE", help="The date asked about [today]."
    )(function)


def library_option(function: F) -> F:
    """`--library DIR`, default the shipped library."""
    return click.option(
        "--library",
        "library_folder",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Use this library instead of the shipped one.",
    )(function)


def format_option(*forms: str) -> Callable[[F], F]:
    """`--format`, default the first form."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], help=f"Output [{forms[0]}]."
    )


def output_option(function: F) -> F:
    """`-o FILE`, - is stdout."""
    return click.option(
        "-o", "--output", "target", default="-", metavar="FILE", help="Write here; - is stdout."
    )(function)


def client_argument(function: F) -> F:
    """CLIENT, a client folder."""
    return click.argument("client", type=click.Path(path_type=Path))(function)


def open_library(folder: Path | None, form: str = "text") -> Library:
    """Load a library; fatal faults are printed and stop with exit 2."""
    from compliance_graph.checks import fatal_library

    root = folder or shipped_library()
    library, found = load_library(root)
    found = [*found, *fatal_library(library)]
    if folder is not None and not library.catalogs and not library.controls and not found:
        found.append(diagnostic("CG101", ("frameworks", 1, 1), "the folder holds no library"))
    stop_on_faults(prefixed(found, str(folder) if folder else "library"), form)
    return library


def open_client(folder: Path, library: Library, form: str = "text") -> Client:
    """Load a client; fatal faults are printed and stop with exit 2, others are only printed."""
    client, found = load_client(folder, library)
    found = prefixed(found, str(folder))
    stop_on_faults(found, form)
    if client is None:
        raise Stop("CG101", "the client cannot be read", form=form, where=(str(folder), 1, 1))
    show([d for d in found if d.severity != "info"])
    return client


def prefixed(found: Iterable[Diagnostic], prefix: str) -> list[Diagnostic]:
    """Diagnostics with their paths under the folder the user named."""
    from dataclasses import replace

    base = prefix.rstrip("/") + "/" if prefix else ""
    return [
        replace(
            d,
            path=(base + d.path if not d.path.startswith(base) or not base else d.path).rstrip("/"),
            related=tuple(replace(r, path=base + r.path) for r in d.related),
        )
        for d in found
    ]


def stop_on_faults(found: Iterable[Diagnostic], form: str) -> None:
    """Print the diagnostics and stop if any of them is fatal."""
    diagnostics = ordered(found)
    if not has_fatal(diagnostics):
        return
    fatal = [d for d in diagnostics if d.fatal]
    first = fatal[0]
    show(fatal[1:])
    raise Stop(
        first.code,
        first.message,
        form=form,
        hint=first.hint,
        where=(first.path, first.line, first.column),
    )


def show(found: Iterable[Diagnostic]) -> None:
    """Print diagnostics to stderr, one per line with its hint."""
    for item in ordered(found):
        click.echo(escape(str(item)), err=True)
        if item.hint:
            click.echo(f"  hint: {escape(item.hint)}", err=True)
        for place in item.related:
            where = f"{place.path}:{place.line}:{place.column}: {place.message}"
            click.echo(f"  see:  {escape(where)}", err=True)


def emit(target: str, content: str | bytes) -> None:
    """Write a result to a file, or to stdout for "-".

    A reader of stdout that has gone away (`... | head`) is no fault: the command goes on in
    silence, so that its exit code is still the right one.
    """
    if target != "-":
        save(Path(target), content.encode() if isinstance(content, str) else content)
        return
    try:
        if isinstance(content, bytes):
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            click.echo(content, nl=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(line: str) -> None:
    """Write one line to stdout."""
    emit("-", line + "\n")


def save(path: Path, data: bytes) -> None:
    """Write a file through the one writer; a fault stops with exit 2."""
    from compliance_graph.storage import WriteError, write

    try:
        write(path, data)
    except WriteError as error:
        raise Stop("CG115", error.reason, where=(str(path), 1, 1)) from None


def fail(code: str, message: str, form: str, hint: str = "") -> NoReturn:
    """Stop with exit 2."""
    raise Stop(code, message, form=form, hint=hint)
