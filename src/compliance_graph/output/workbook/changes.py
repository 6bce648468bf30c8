"""What somebody changed in an exported workbook: a list, nothing is written.

What comes in: the workbook's bytes, client and library. What goes out: changes of the Control
matrix against the base values that travel in the workbook, and faults as values, each with sheet
and cell. Rows are found by control id, columns by heading, the sheet by its headings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from compliance_graph.model import CONTROL_STATUSES, Client, ControlRecord, Library
from compliance_graph.output.workbook.front import letters
from compliance_graph.output.workbook.grid import CONTROL_MATRIX, META, WorkbookError
from compliance_graph.output.workbook.matrix import KEY, NOT_ASSESSED, PER_ELEMENT, STATUS
from compliance_graph.output.workbook.reader import (
    ErrorCell,
    FormulaCell,
    Rows,
    read_back,
)
from compliance_graph.output.workbook.sidecar import FORMAT

READ_FIELDS = ("status", "owner", "narrative", "due")  # and where.<element>
_HEADER_WITHIN = 20  # rows somebody may have put above the header


@dataclass(frozen=True, slots=True)
class Change:
    """One changed field: `old` at export, `new` in the workbook, `current` in the client's files.

    Days are ISO text; empty text is nothing. Where `current` differs from `old`, both sides
    changed and a person must choose.
    """

    cell: str
    control: str
    field: str
    old: str
    new: str
    current: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that cannot be used: where (such as `Control matrix!F31`), what kind, what to do."""

    cell: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class _Base:
    """What the workbook knows of its own export."""

    keys: tuple[str, ...]
    fields: dict[str, str]  # heading: field
    values: dict[tuple[str, str], str]  # (control, field): text at export


def changes(
    content: bytes, client: Client, library: Library
) -> tuple[tuple[Change, ...], tuple[Fault, ...]]:
    """The edits of status, owner, narrative and due on the Control matrix, in sheet order.

    Raises WorkbookError if the file is no workbook of ours.
    """
    sheets = read_back(content, only=(CONTROL_MATRIX, META))
    if CONTROL_MATRIX not in sheets or META not in sheets:
        sheets = read_back(content)  # renamed: look at all sheets
    base = _base(sheets.get(META, {}))
    name, top, columns = _find(sheets, base)
    reader = _Reader(client, library, base, name, columns)
    reader.read(sheets[name], top)
    return tuple(reader.changes), tuple(reader.faults)


def _base(rows: Rows) -> _Base:
    keys: list[str] = []
    fields: dict[str, str] = {}
    values: dict[tuple[str, str], str] = {}
    heads: dict[str, str] = {}
    for cells in rows.values():
        match [str(cell) if cell is not None else "" for cell in cells]:
            case ["head", name, value]:
                heads[name] = value
            case ["column", sheet, heading, field] if sheet == CONTROL_MATRIX:
                fields[heading] = field
            case ["row", sheet, key] if sheet == CONTROL_MATRIX:
                keys.append(key)
            case ["base", sheet, key, field, value] if sheet == CONTROL_MATRIX:
                values[key, field] = value
    if heads.get("format") != FORMAT:
        raise WorkbookError(
            "the workbook does not carry the base values of an export; "
            "export a new one and edit that"
        )
    return _Base(tuple(keys), fields, values)


def _find(sheets: dict[str, Rows], base: _Base) -> tuple[str, int, dict[str, list[int]]]:
    """The sheet with the matrix, its header row, and the columns each heading stands in."""
    names = sorted((name for name in sheets if name != META), key=lambda n: n != CONTROL_MATRIX)
    judged = {heading for heading, field in base.fields.items() if _is_read(field)}
    best: tuple[int, str, int] = (0, "", 0)
    for name in names:
        for number in sorted(sheets[name])[:_HEADER_WITHIN]:
            cells = sheets[name][number]
            if KEY in cells and STATUS in cells:
                score = len(judged.intersection(c for c in cells if isinstance(c, str)))
                if score > best[0]:
                    best = (score, name, number)
    if not best[0]:
        raise WorkbookError(
            f'no sheet has the headings "{KEY}" and "{STATUS}" of the control matrix'
        )
    columns: dict[str, list[int]] = {}
    for n, cell in enumerate(sheets[best[1]][best[2]]):
        if isinstance(cell, str):
            columns.setdefault(cell, []).append(n)
    return best[1], best[2], columns


def _is_read(field: str) -> bool:
    return field in READ_FIELDS or field.startswith("where.")


class _Reader:
    def __init__(
        self,
        client: Client,
        library: Library,
        base: _Base,
        sheet: str,
        columns: dict[str, list[int]],
    ) -> None:
        self.client = client
        self.library = library
        self.base = base
        self.sheet = sheet
        self.key = columns[KEY][0]
        self.changes: list[Change] = []
        self.faults: list[Fault] = []
        self.columns: list[tuple[int, str]] = []
        self._head = columns

    def read(self, rows: Rows, top: int) -> None:
        """Compare every row below the header."""
        self._locate(top)
        below = {number: cells for number, cells in rows.items() if number > top}
        places: dict[str, list[int]] = {}
        for number, key in self._keys(below):
            places.setdefault(key, []).append(number)
        for key, numbers in places.items():
            if len(numbers) > 1:
                for number in numbers:
                    self._fault(
                        number,
                        self.key,
                        "duplicate-key",
                        f"{key} stands in {len(numbers)} rows; keep one",
                    )
            elif key not in self.library.controls or key not in self.base.keys:
                message = (
                    f"{key} is not a row of this export; add the control in the client's files"
                )
                self._fault(numbers[0], self.key, "unknown-key", message)
            else:
                self._row(numbers[0], key, below[numbers[0]])
        for key in self.base.keys:
            if key not in places:
                self._fault(
                    top, self.key, "lost-row", f"the row of {key} is gone; nothing of it is changed"
                )

    def _locate(self, top: int) -> None:
        for heading, field in self.base.fields.items():
            if not _is_read(field):
                continue
            at = self._head.get(heading, [])
            if len(at) == 1:
                self.columns.append((at[0], field))
            elif at:
                self._fault(
                    top,
                    at[1],
                    "duplicate-heading",
                    f'"{heading}" heads {len(at)} columns; rename yours',
                )
            else:
                self._fault(
                    top, self.key, "lost-column", f'the column "{heading}" is gone; it is not read'
                )
        self.columns.sort()

    def _keys(self, rows: Rows) -> Iterator[tuple[int, str]]:
        for number, cells in rows.items():
            key = cells[self.key] if len(cells) > self.key else None
            if isinstance(key, str) and key.strip():
                yield number, key.strip()
            elif key is not None:
                self._fault(
                    number,
                    self.key,
                    "key-not-text",
                    "the control id is not text; write it as exported",
                )
            elif any(len(cells) > n and cells[n] is not None for n, _ in self.columns):
                self._fault(number, self.key, "missing-key", "the row has values but no control id")

    def _row(self, number: int, key: str, cells: tuple[Any, ...]) -> None:
        record = self.client.controls.get(key)
        for n, field in self.columns:
            old = self.base.values.get((key, field), "")
            try:
                new = _text(cells[n] if len(cells) > n else None, field, old, self.client)
            except _UnusableError as error:
                self._fault(number, n, error.kind, f"{key}: {error}")
                continue
            if _same(new, old):
                continue
            now = current(record, field)
            if field.startswith("where.") and not old:
                message = f"{key} is not judged on {field.partition('.')[2]}; leave the cell empty"
                self._fault(number, n, "not-judged-here", message)
            elif not _same(new, now):
                place = self._place(number, n)
                self.changes.append(Change(place, key, field, old, new, now))

    def _place(self, number: int, n: int) -> str:
        return f"{self.sheet}!{letters(n)}{number}"

    def _fault(self, number: int, n: int, kind: str, message: str) -> None:
        self.faults.append(Fault(self._place(number, n), kind, message))


class _UnusableError(Exception):
    """A cell whose content cannot be taken: the kind of fault and a message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def _text(value: Any, field: str, old: str, client: Client) -> str:
    """A cell as text for comparison. Raises _UnusableError."""
    if isinstance(value, FormulaCell):
        raise _UnusableError("formula", f"a formula stands in place of the {field}")
    if isinstance(value, ErrorCell):
        raise _UnusableError("error-value", f"the cell shows {value.text}")
    if field == "due":
        return _day(value)
    if value is not None and not isinstance(value, str):
        raise _UnusableError("not-text", f"{value} is not text; format the cell as text")
    text = value or ""
    if field == "narrative":
        return text
    text = text.strip()
    if field == "status" or field.startswith("where."):
        return _status(text, field, old)
    if text and client.roles and text not in client.roles:
        known = ", ".join(sorted(client.roles))
        message = f'"{text[:80]}" is not a role of the client; one of: {known}'
        raise _UnusableError("unknown-owner", message)
    return text


def _status(text: str, field: str, old: str) -> str:
    if not text and not old:
        return ""
    words = [*CONTROL_STATUSES, NOT_ASSESSED]
    if field == "status":
        words.append(PER_ELEMENT)
    if text.lower() in words:
        return text.lower()
    said = f'"{text[:80]}" is not a status' if text else "the status is empty"
    raise _UnusableError("unknown-status", f"{said}; one of: {', '.join(words)}")


def _day(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        raise _UnusableError("date-as-text", f'"{value[:80]}" is text, not a date')
    raise _UnusableError("not-a-date", f"{value} is not a date")


def current(record: ControlRecord | None, field: str) -> str:
    """What the client's files say of a field now, in the words of the workbook."""
    if field == "status":
        if record is None:
            return NOT_ASSESSED
        return record.status or (PER_ELEMENT if record.where else NOT_ASSESSED)
    if record is None:
        return NOT_ASSESSED if field.startswith("where.") else ""
    if field.startswith("where."):
        return record.where.get(field.partition(".")[2], record.status) or NOT_ASSESSED
    if field == "due":
        return record.due.isoformat() if record.due else ""
    return {"owner": record.owner, "narrative": record.narrative}[field]


def _same(a: str, b: str) -> bool:
    """Equal but for line ends and spaces at the end of lines, which programs change on saving."""
    return _plain(a) == _plain(b)


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).rstrip("\n")
