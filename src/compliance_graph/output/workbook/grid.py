"""A workbook as plain values, before any library writes it.

What comes in: rows of text, numbers and days. What goes out: `Sheet` records (tables with a
header in row 1) and `Page` records (free layout). Nothing here knows XlsxWriter or openpyxl.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

MAX_TEXT = 32_767  # characters of one cell, by the file format (counted in UTF-16)
MAX_HEIGHT = 409.0  # points of one row

CONTROL_MATRIX = "Control matrix"
OPEN_ITEMS = "Open items"
EVIDENCE = "Evidence register"
REQUESTS = "Evidence requests"
RESPONSIBILITY = "Shared responsibility"
CROSSWALK = "Crosswalk"
COVER = "Cover"
SUMMARY = "Summary"
RISKS = "Risks"
VENDORS = "Vendors"
LISTS = "Lists"
META = "_meta"


class WorkbookError(Exception):
    """A workbook cannot be written or read. The message is for the user."""


class ExportError(WorkbookError):
    """A value cannot stand in a workbook; the message names sheet, cell and record."""


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads to the row with that key on another sheet.

    Written as plain text where there is no such row, and where it takes more than one line:
    LibreOffice shows a linked cell on one line only.
    """

    text: str
    sheet: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of our own with the value it has today, so that a viewer without a calculation
    engine shows the same number."""

    text: str
    value: int | float | str


Cell = str | int | float | date | Link | Formula | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    `kind`: text, id, status, centre, date, number. `field` is what an import calls the column;
    empty: not imported. `choices` names a list of the Lists sheet. An `optional` column is left
    out where no row has anything in it.
    """

    title: str
    width: float
    kind: str = "text"
    field: str = ""
    choices: str = ""
    editable: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table. `style`: empty, group or part. `locked` are column titles that are not
    to be filled in on this row, though the column is."""

    key: str
    cells: tuple[Cell, ...]
    style: str = ""
    indent: int = 0
    level: int = 0
    locked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: header in row 1, one line per row from row 2. `frozen` counts columns from the
    left that stay in sight; `pages` is how many pages wide it prints."""

    name: str
    purpose: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    frozen: int = 1
    pages: int = 1
    large_paper: bool = True

    def column(self, title: str) -> int:
        """Index of a column by its title. Raises ValueError."""
        return [column.title for column in self.columns].index(title)


@dataclass(frozen=True, slots=True)
class Put:
    """One placed cell of a page; `across` more columns to the right are merged with it."""

    row: int
    column: int
    value: Cell
    style: str = "text"
    across: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of cells of the same page: stacked bars or columns.

    `series` holds (title cell, first value cell, last value cell, colour), cells as (row, column);
    `labels` are the first and last cell of the category names.
    """

    kind: str
    title: str
    at: tuple[int, int]
    labels: tuple[tuple[int, int], tuple[int, int]]
    series: tuple[tuple[tuple[int, int], tuple[int, int], tuple[int, int], str], ...]
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet of free layout. `names` are defined names: name to (row, column)."""

    name: str
    purpose: str
    widths: tuple[float, ...]
    puts: tuple[Put, ...]
    charts: tuple[Chart, ...] = ()
    names: tuple[tuple[str, int, int], ...] = ()
    landscape: bool = True


def table(
    name: str,
    purpose: str,
    columns: Iterable[Column],
    lines: Iterable[Line],
    *,
    frozen: int = 1,
    pages: int = 1,
    large_paper: bool = True,
) -> Sheet:
    """A sheet without the optional columns that would be empty; a table without rows says so."""
    columns, lines = tuple(columns), tuple(lines)
    keep = [
        n
        for n, column in enumerate(columns)
        if not column.optional or any(line.cells[n] not in ("", None) for line in lines)
    ]
    kept = tuple(columns[n] for n in keep)
    slim = tuple(replace(line, cells=tuple(line.cells[n] for n in keep)) for line in lines)
    if not slim:
        slim = (Line("", ("none", *[None] * (len(kept) - 1)), style="part"),)
    return Sheet(name, purpose, kept, slim, frozen, pages, large_paper)


# ---------------------------------------------------------------- how tall a row must be

# Advance widths of Calibri (and its metric twin Carlito) in thousandths of the font size.
_WIDTHS = dict.fromkeys("abdhnopqu", 527) | {
    "c": 423, "e": 498, "f": 305, "g": 471, "i": 229, "j": 239, "k": 455, "l": 229, "m": 799,
    "r": 349, "s": 391, "t": 335, "v": 452, "w": 715, "x": 433, "y": 453, "z": 395, " ": 226,
    ".": 252, ",": 250, ";": 268, ":": 268, "-": 306, "(": 303, ")": 303, "[": 307, "]": 307,
    "/": 386, "'": 221, "I": 252, "J": 319, "M": 855, "W": 890, "%": 715, "@": 894, "_": 498,
}  # fmt: skip
_CAPITAL, _DIGIT, _OTHER, _WIDE = 590, 507, 600, 1000
_PIXELS_PER_UNIT = 7.0  # one unit of column width at the default font
_PIXELS_PER_EM = 10 * 96 / 72  # text is set in 10 points
LINE_POINTS = 12.75


def _text_width(text: str) -> float:
    """Width of a text in pixels, 10 points."""
    total = 0
    for character in text:
        known = _WIDTHS.get(character)
        if known is not None:
            total += known
        elif character.isdigit():
            total += _DIGIT
        elif character < "\x80":
            total += _CAPITAL
        else:
            total += _WIDE if character >= "\u2e80" else _OTHER
    return total * _PIXELS_PER_EM / 1000


@lru_cache(maxsize=20_000)
def line_count(text: str, width: float, scale: float = 1.0) -> int:
    """How many lines a text takes when wrapped in a column; `scale` is font size / 10 points.

    Breaks at spaces only, so that a viewer that also breaks at hyphens needs no more room.
    """
    room = (width * _PIXELS_PER_UNIT - 4) / scale * 0.97
    if "\n" not in text and len(text) * 5 < room:
        return 1
    lines = 0
    space = _text_width(" ")
    for paragraph in text.split("\n"):
        used = 0.0
        lines += 1
        for word in paragraph.split(" "):
            size = _text_width(word)
            if used and used + space + size > room:
                lines += 1
                used = 0.0
            else:
                used += space if used else 0.0
            if size > room:
                lines += int(size // room)
                size %= room
            used += size
    return lines


def height(lines: int) -> float:
    """Row height in points for that many lines of 10-point text."""
    return min(MAX_HEIGHT, lines * LINE_POINTS + 3)
