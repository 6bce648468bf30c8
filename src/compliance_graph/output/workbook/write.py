"""Writes sheets and pages with XlsxWriter. Text from data is only ever written as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from compliance_graph.output.workbook.front import letters
from compliance_graph.output.workbook.grid import (
    LISTS,
    MAX_TEXT,
    META,
    Cell,
    Chart,
    Column,
    ExportError,
    Formula,
    Line,
    Link,
    Page,
    Put,
    Sheet,
    height,
    line_count,
)
from compliance_graph.output.workbook.styles import FORMULA_STARTS, WORDS, Styles

# Characters an XML file cannot hold. The loader refuses them; here they become visible.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LETTER, _TABLOID, _A4, _A3 = 1, 3, 9, 8
_MAX_LINKS = 65_530  # per sheet, by the file format
_NARROW = {"title": 2.0, "subtitle": 1.4, "heading": 1.2}


@dataclass(frozen=True, slots=True)
class Look:
    """What stands around the cells: texts of header and footer, colour, paper."""

    title: str
    client: str
    as_of: date
    footer: str
    brand: str
    us_paper: bool


@dataclass(slots=True)
class _State:
    """Where each row of each table stands, and how many links a sheet has."""

    rows: Mapping[tuple[str, str], int]
    names: frozenset[str]
    links: dict[str, int] = field(default_factory=dict)


def write(
    pages: Sequence[Page],
    sheets: Sequence[Sheet],
    lists: Mapping[str, tuple[str, ...]],
    meta: Sequence[tuple[str, ...]],
    look: Look,
) -> bytes:
    """The bytes of a workbook: pages, tables, hidden lists, very hidden _meta.

    Same input, same bytes. Raises ExportError where a value does not fit into a cell.
    """
    target = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(target, options)
    created = datetime(look.as_of.year, look.as_of.month, look.as_of.day)
    book.set_properties({"title": look.title, "subject": f"As of {look.as_of}", "created": created})
    styles = Styles(book, look.brand)
    rows = {
        (sheet.name, line.key): n
        for sheet in sheets
        for n, line in enumerate(sheet.lines, 1)
        if line.key
    }
    state = _State(rows, frozenset([s.name for s in sheets] + [p.name for p in pages]))
    items: list[Page | Sheet] = [*pages, *sheets]
    made = [(item, book.add_worksheet(item.name)) for item in items]
    ranges = _lists(book.add_worksheet(LISTS), lists)
    base = book.add_worksheet(META)
    for item, sheet in made:
        if isinstance(item, Page):
            _page(book, sheet, item, styles, state)
        else:
            _table(sheet, item, styles, state, ranges)
        _paper(sheet, item, look)
    _meta(base, meta)  # last, so that text that is too long is reported where a person sees it
    made[0][1].activate()
    book.close()
    return target.getvalue()


# ---------------------------------------------------------------- single cells


def _text(value: str) -> str:
    """Text with line feeds as the only line ends and without unwritable characters."""
    if value.isprintable():
        return value
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWRITABLE.sub("\ufffd", value)


def _fits(text: str) -> bool:
    return len(text) * 2 <= MAX_TEXT or len(text.encode("utf-16-le", "replace")) // 2 <= MAX_TEXT


def _place(sheet: str, row: int, column: int) -> str:
    return f"{sheet}!{letters(column)}{row + 1}"


def _put(
    sheet: Worksheet, at: tuple[int, int], value: Cell, style: Format, state: _State, about: str
) -> None:
    """Write one cell. Raises ExportError with the place for text that is too long."""
    row, column = at
    if value is None or value == "":
        sheet.write_blank(row, column, None, style)
        return
    if isinstance(value, str | Link):
        text = _text(value if isinstance(value, str) else value.text)
        if not _fits(text):
            place = _place(sheet.name, row, column)
            raise ExportError(
                f"{place} ({about}): {len(text):,} characters do not fit; "
                f"a cell holds at most {MAX_TEXT:,}"
            )
        target = _target(value, state) if isinstance(value, Link) else ""
        if target and state.links.get(sheet.name, 0) < _MAX_LINKS:
            state.links[sheet.name] = state.links.get(sheet.name, 0) + 1
            code = sheet.write_url(row, column, target, style, text)
        else:
            code = sheet.write_string(row, column, text, style)
    elif isinstance(value, Formula):
        code = sheet.write_formula(row, column, value.text, style, value.value)
    elif isinstance(value, date):
        code = sheet.write_datetime(
            row, column, datetime(value.year, value.month, value.day), style
        )
    else:
        code = sheet.write_number(row, column, value, style)
    if code:
        place = _place(sheet.name, row, column)
        raise ExportError(f"{place} ({about}): cannot be written (code {code})")


def _target(link: Link, state: _State) -> str:
    """The address a link leads to; empty if there is no such row."""
    row = state.rows.get((link.sheet, link.key)) if link.key else 0
    if row is None or link.sheet not in state.names:
        return ""
    name = link.sheet.replace("'", "''")
    return f"internal:'{name}'!A{row + 1}"


def _quoted(value: Cell) -> bool:
    text = value.text if isinstance(value, Link) else value
    return isinstance(text, str) and text.startswith(FORMULA_STARTS)


# ---------------------------------------------------------------- tables


def _table(
    sheet: Worksheet, table: Sheet, styles: Styles, state: _State, ranges: Mapping[str, str]
) -> None:
    last = len(table.lines)
    for n, column in enumerate(table.columns):
        sheet.set_column(n, n, column.width)
        _put(sheet, (0, n), column.title, styles.head(column.editable), state, "heading")
    heads = max(line_count(c.title, c.width - 2, 1.05) for c in table.columns)
    sheet.set_row(0, height(heads) + 6)
    for row, line in enumerate(table.lines, 1):
        _line(sheet, row, line, table.columns, styles, state)
    sheet.set_tab_color("#D9A400" if any(c.field for c in table.columns) else styles.brand)
    sheet.freeze_panes(1, table.frozen)
    sheet.autofilter(0, 0, last, len(table.columns) - 1)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0, table.frozen - 1)
    sheet.outline_settings(symbols_below=False)
    _words(sheet, table, styles)
    for n, column in enumerate(table.columns):
        _rules(sheet, n, last, column, styles, ranges)


def _line(
    sheet: Worksheet, row: int, line: Line, columns: Sequence[Column], styles: Styles, state: _State
) -> None:
    tallest = 1
    for n, (column, value) in enumerate(zip(columns, line.cells, strict=True)):
        locked = column.title in line.locked
        text = value.text if isinstance(value, Link) else value if isinstance(value, str) else ""
        room = column.width - (1.5 * line.indent if n == 0 else 0)
        scale = 1.06 if line.style == "group" or column.kind == "id" else 1.0
        lines = line_count(text, room, scale) if text else 1
        tallest = max(tallest, lines)
        if isinstance(value, Link) and (lines > 1 or not _target(value, state)):
            value = text
        style = styles.cell(
            column.kind,
            line.style,
            line.indent if n == 0 else 0,
            editable=column.editable,
            locked=locked,
            link=isinstance(value, Link),
            quoted=_quoted(value),
        )
        _put(sheet, (row, n), value, style, state, f"{line.key}, {column.title}")
    options = {"level": line.level} if line.level else {}
    sheet.set_row(row, height(tallest), None, options)


def _words(sheet: Worksheet, table: Sheet, styles: Styles) -> None:
    """One conditional format per status word, over all columns it stands in or can be chosen in."""
    areas: dict[str, list[str]] = {}
    for n, column in enumerate(table.columns):
        if column.kind != "status":
            continue
        used = {line.cells[n] for line in table.lines if isinstance(line.cells[n], str)}
        area = f"{letters(n)}2:{letters(n)}{len(table.lines) + 1}"
        for word in WORDS:
            if column.editable or word in used:
                areas.setdefault(word, []).append(area)
    for word, ranges in areas.items():
        rule = {
            "type": "cell",
            "criteria": "==",
            "value": f'"{word}"',
            "format": styles.word(word),
            "multi_range": " ".join(ranges),
        }
        sheet.conditional_format(ranges[0], rule)


def _rules(
    sheet: Worksheet,
    n: int,
    last: int,
    column: Column,
    styles: Styles,
    ranges: Mapping[str, str],
) -> None:
    """What one column alone has: the rule for days gone by, its drop-down."""
    if column.title == "Due":
        letter = letters(n)
        rule = {
            "type": "formula",
            "criteria": f"=AND(ISNUMBER(${letter}2),${letter}2<as_of)",
            "format": styles.overdue(),
        }
        sheet.conditional_format(1, n, last, n, rule)
    if column.choices and ranges.get(column.choices):
        sheet.data_validation(
            1, n, last, n,
            {"validate": "list", "source": ranges[column.choices], "error_title": column.title[:32],
             "error_message": "Choose one of the words of the list."},
        )  # fmt: skip
    elif column.kind == "date" and column.editable:
        sheet.data_validation(
            1, n, last, n,
            {"validate": "date", "criteria": ">=", "value": date(1990, 1, 1),
             "error_title": column.title[:32],
             "error_message": "Write a date, such as 2026-12-31."},
        )  # fmt: skip


# ---------------------------------------------------------------- pages


def _page(book: Any, sheet: Worksheet, page: Page, styles: Styles, state: _State) -> None:
    for n, width in enumerate(page.widths):
        sheet.set_column(n, n, width)
    sheet.hide_gridlines(2)
    sheet.set_tab_color("#3C434C")
    tallest: dict[int, float] = {}
    for put in page.puts:
        style = styles.page(put.style, _quoted(put.value))
        if put.across:
            sheet.merge_range(put.row, put.column, put.row, put.column + put.across, "", style)
        _put(sheet, (put.row, put.column), put.value, style, state, page.name)
        tallest[put.row] = max(tallest.get(put.row, 0.0), _height(page, put))
        if put.style == "status" and isinstance(put.value, str) and put.value in WORDS:
            rule = {
                "type": "cell",
                "criteria": "==",
                "value": f'"{put.value}"',
                "format": styles.word(put.value),
            }
            sheet.conditional_format(put.row, put.column, put.row, put.column, rule)
    for row, points in sorted(tallest.items()):
        sheet.set_row(row, points)
    for chart in page.charts:
        _chart(book, sheet, page, chart)
    quoted = page.name.replace("'", "''")
    for name, row, column in page.names:
        book.define_name(name, f"='{quoted}'!${letters(column)}${row + 1}")


def _height(page: Page, put: Put) -> float:
    text = put.value.text if isinstance(put.value, Link) else put.value
    scale = _NARROW.get(put.style, 1.0)
    if put.style in _NARROW:
        return height(1) * scale + 3
    if not isinstance(text, str):
        return height(1)
    width = sum(page.widths[put.column : put.column + put.across + 1])
    bold = 1.07 if put.style in ("label", "link", "head", "status") else 1.0
    return height(line_count(text, width, bold))


def _chart(book: Any, sheet: Worksheet, page: Page, chart: Chart) -> None:
    stacked = chart.kind == "bar_stacked"
    drawn = book.add_chart({"type": "bar", **({"subtype": "percent_stacked"} if stacked else {})})
    labels = [page.name, *chart.labels[0], *chart.labels[1]]
    for title, first, last, colour in chart.series:
        drawn.add_series(
            {
                "name": [page.name, *title],
                "categories": labels,
                "values": [page.name, *first, *last],
                "fill": {"color": colour or "#4C6A92"},
                "gap": 60,
                "data_labels": {"value": True, "num_format": "0;;", "font": {"size": 9}},
            }
        )
    drawn.set_title(
        {"name": chart.title, "name_font": {"size": 11, "bold": True}, "overlay": False}
    )
    drawn.set_y_axis({"reverse": True, "num_font": {"size": 9}, "line": {"none": True}})
    drawn.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    drawn.set_legend({"position": "bottom"} if stacked else {"none": True})
    drawn.set_size({"width": chart.size[0], "height": chart.size[1]})
    sheet.insert_chart(chart.at[0], chart.at[1], drawn, {"description": chart.title})


# ---------------------------------------------------------------- hidden sheets and paper


def _lists(sheet: Worksheet, lists: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Write the choices; the range of each list that has any, as a formula names it."""
    ranges = {}
    for n, (name, words) in enumerate(lists.items()):
        sheet.write_string(0, n, name)
        for row, word in enumerate(words, 1):
            sheet.write_string(row, n, _text(word))
        if words:
            ranges[name] = f"={LISTS}!${letters(n)}$2:${letters(n)}${len(words) + 1}"
    sheet.hide()
    return ranges


def _meta(sheet: Worksheet, rows: Sequence[tuple[str, ...]]) -> None:
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            if sheet.write_string(row, column, _text(text)):
                raise ExportError(f"{_place(META, row, column)}: text does not fit into a cell")
    sheet.very_hidden()


def _paper(sheet: Worksheet, item: Page | Sheet, look: Look) -> None:
    large = isinstance(item, Sheet) and item.large_paper
    if look.us_paper:
        sheet.set_paper(_TABLOID if large else _LETTER)
    else:
        sheet.set_paper(_A3 if large else _A4)
    if isinstance(item, Sheet) or item.landscape:
        sheet.set_landscape()
    sheet.fit_to_pages(item.pages if isinstance(item, Sheet) else 1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    left, right = _header_text(look.client), _header_text(f"As of {look.as_of}")
    sheet.set_header(f"&L{left}&C&A&R{right}"[:255])
    sheet.set_footer(f"&L{_header_text(look.footer)}&RPage &P of &N"[:255])


def _header_text(text: str) -> str:
    """Text for a header or footer, where & begins a code; cut to what the format allows."""
    return _text(text)[:80].replace("&", "&&")
