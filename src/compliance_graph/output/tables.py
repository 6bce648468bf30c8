"""Plain tables: any list of rows as CSV, Markdown or aligned text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from compliance_graph.terminal import escape

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """Column names and rows of text, all of the same length."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def to_csv(table: Table) -> str:
    """CSV with CR LF line ends; a cell a spreadsheet would run as a formula is prefixed with '."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([inert(cell) for cell in row])
    return stream.getvalue()


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def to_markdown(table: Table) -> str:
    """A Markdown table; text that looks like markup stays text."""
    lines = [
        "| " + " | ".join(map(markdown, table.columns)) + " |",
        "|" + " --- |" * len(table.columns),
    ]
    lines += ["| " + " | ".join(map(markdown, row)) + " |" for row in table.rows]
    return "\n".join(lines) + "\n"


def markdown(text: str) -> str:
    """Text made safe for one line of Markdown."""
    text = " ".join(escape(text, newlines=True).split())
    for mark in "\\`*_{}[]<>|#":
        text = text.replace(mark, "\\" + mark)
    return text


def to_text(table: Table, widths: Sequence[int] = ()) -> str:
    """Aligned columns for a terminal; the last column is not cut."""
    cells = [table.columns, *table.rows]
    size = [max(len(row[n]) for row in cells) for n in range(len(table.columns))]
    for n, limit in enumerate(widths):
        size[n] = min(size[n], limit)
    lines = []
    for row in cells:
        parts = [cell[: size[n]].ljust(size[n]) for n, cell in enumerate(row[:-1])]
        lines.append("  ".join([*parts, row[-1]]).rstrip())
    return "\n".join(lines) + "\n"
