"""Reads a workbook that came from outside, defensively, with openpyxl.

What comes in: bytes. What goes out: the filled cells of every sheet. Before openpyxl sees
anything, the archive is unpacked part by part and counted, every XML part is walked for document
type declarations, macros and links to other files are refused, and so are sheets whose filled
cells reach too far. The limits stand below and in the messages.
"""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any
from xml.parsers import expat

import openpyxl

from compliance_graph.output.workbook.grid import WorkbookError

MAX_FILE = 32 << 20  # bytes of the file itself
MAX_BYTES = 64 << 20  # bytes that come out of it
MAX_PARTS = 2_000
MAX_SHEETS = 100
MAX_ROWS = 200_000
MAX_COLUMNS = 2_000
MAX_GRID = 20_000_000  # rows that are there times the widest column in use
_BLOCK = 1 << 16
_DOCTYPES = tuple("<!DOCTYPE".encode(name) for name in ("ascii", "utf-16-le", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class FormulaCell:
    """A cell that holds a formula instead of a value."""

    text: str


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that holds an error such as #REF!."""

    text: str


Rows = dict[int, tuple[Any, ...]]


def read_back(content: bytes, only: tuple[str, ...] = ()) -> dict[str, Rows]:
    """The filled rows of every sheet, hidden ones too: row number (from 1) to its cells.

    With `only`, just those of the named sheets that there are.

    A cell is None, text, number, bool, date (datetime if it has a time), FormulaCell or
    ErrorCell. Trailing empty cells are left off. Raises WorkbookError.
    """
    rows, columns = _inspect(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # features openpyxl does not keep are not needed here
            book = openpyxl.load_workbook(BytesIO(content), read_only=True, keep_links=False)
            if not book.worksheets:
                raise WorkbookError("the file is not a workbook: it has no sheet")
            if len(book.worksheets) > MAX_SHEETS:
                raise WorkbookError(f"the workbook has more than {MAX_SHEETS} sheets")
            wanted = [s for s in book.worksheets if not only or s.title in only]
            found = {sheet.title: _rows(sheet, rows, columns) for sheet in wanted}
            book.close()
            return found
    except WorkbookError:
        raise
    except Exception as error:  # broken files raise nearly anything: KeyError, zlib.error, ...
        raise WorkbookError(
            f"the file is not a workbook that can be read ({type(error).__name__})"
        ) from None


def _rows(sheet: Any, rows: int, columns: int) -> Rows:
    sheet.reset_dimensions()  # what a file says about its own size is not believed
    found: Rows = {}
    for number, cells in enumerate(sheet.iter_rows(max_row=rows, max_col=columns), 1):
        values = [_value(cell) for cell in cells]
        while values and values[-1] is None:
            values.pop()
        if values:
            found[number] = tuple(values)
    return found


def _value(cell: Any) -> Any:
    value = cell.value
    if value is None or value == "":
        return None
    if cell.data_type == "f":
        return FormulaCell(str(getattr(value, "text", value)))
    if cell.data_type == "e":
        return ErrorCell(str(value))
    if isinstance(value, str):
        return value.replace("_x000D_\n", "\n").replace("\r\n", "\n")
    if isinstance(value, datetime) and value == datetime(value.year, value.month, value.day):
        return date(value.year, value.month, value.day)
    return value


# ---------------------------------------------------------------- before openpyxl


def _inspect(content: bytes) -> tuple[int, int]:
    """Check the archive; (last row, last column) that holds a value anywhere, at least (1, 1)."""
    if len(content) > MAX_FILE:
        raise WorkbookError(f"the file is larger than {MAX_FILE >> 20} MB")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _parts(archive)
    except WorkbookError:
        raise
    except expat.ExpatError as error:
        raise WorkbookError(f"the file is damaged: {error}") from None
    except Exception as error:  # zipfile and zlib raise many kinds for damaged archives
        raise WorkbookError(f"the file is not a workbook (.xlsx): {type(error).__name__}") from None


def _parts(archive: zipfile.ZipFile) -> tuple[int, int]:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise WorkbookError(f"the file has more than {MAX_PARTS:,} parts")
    names = {part.filename.lower() for part in parts}
    if len(names) < len(parts) or len({part.header_offset for part in parts}) < len(parts):
        raise WorkbookError("two parts of the file have the same name or place")
    _refuse_active(names)
    total, walk = 0, _Walk()
    for part in parts:
        if part.flag_bits & 1:
            raise WorkbookError("the file is encrypted; save it without a password")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise WorkbookError("the file is compressed in a way workbooks do not use")
        total = _part(archive, part, total, walk)
    return walk.finish()


def _refuse_active(names: set[str]) -> None:
    if any(n.endswith("vbaproject.bin") or "/macrosheets/" in n or "/activex/" in n for n in names):
        raise WorkbookError("the workbook contains macros; save it as .xlsx without them")
    if any(name.startswith("xl/externallinks/") for name in names):
        raise WorkbookError("the workbook links to other files; break the links and save it again")


def _part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, total: int, walk: _Walk) -> int:
    """Unpack one part, counting what really comes out; the new total."""
    name = part.filename.lower()
    parser = walk.parser() if name.endswith((".xml", ".rels")) else None
    tail = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            total += len(block)
            if total > MAX_BYTES:
                raise WorkbookError(f"more than {MAX_BYTES >> 20} MB come out of the file")
            if parser is not None:
                parser.Parse(block, False)
                if name == "[content_types].xml" and b"macroenabled" in (tail + block).lower():
                    raise WorkbookError(
                        "the workbook contains macros; save it as .xlsx without them"
                    )
            elif any(mark in tail + block for mark in _DOCTYPES):
                raise WorkbookError("a part of the file declares a document type (DTD)")
            tail = block[-32:]
    if parser is not None:
        parser.Parse(b"", True)
    return total


class _Walk:
    """Walks all XML parts: refuses document types and measures how far filled cells reach."""

    def __init__(self) -> None:
        self.rows = self.columns = 1
        self.count = 0
        self._row = self._column = 0

    def parser(self) -> expat.XMLParserType:
        """A parser for the next part."""
        self._row = self._column = 0
        made = expat.ParserCreate()
        made.StartDoctypeDeclHandler = self._doctype

        def root(name: str, attributes: dict[str, str]) -> None:
            # only sheets are measured; their parts may have any name
            sheet = name.rpartition(":")[2] == "worksheet"
            made.StartElementHandler = self._start if sheet else None

        made.StartElementHandler = root
        return made

    def finish(self) -> tuple[int, int]:
        if self.count * self.columns > MAX_GRID:
            raise WorkbookError("the sheets are too large: too many rows for so many columns")
        return self.rows, self.columns

    def _doctype(self, *_: object) -> None:
        raise WorkbookError("a part of the file declares a document type (DTD)")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._cell(attributes.get("r", ""))
        elif tag in ("v", "is"):
            self._filled()
        elif tag == "row":
            self.count += 1
            number = attributes.get("r", "")
            known = number.isascii() and number.isdigit() and len(number) < 9
            self._row = int(number) if known else self._row + 1
            self._column = 0

    def _cell(self, address: str) -> None:
        letters = address.rstrip("0123456789")
        if not letters:
            self._column += 1
            return
        digits = address[len(letters) :]
        self._column = _column_number(letters)
        if digits:
            self._row = int(digits[:9])

    def _filled(self) -> None:
        if self._row > MAX_ROWS or self._column > MAX_COLUMNS:
            raise WorkbookError(
                f"a cell is filled in row {self._row:,}, column {self._column:,}; at most "
                f"{MAX_ROWS:,} rows and {MAX_COLUMNS:,} columns are read"
            )
        self.rows = max(self.rows, self._row)
        self.columns = max(self.columns, self._column)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + ord(letter) - 64
    return number
