"""How cells look: one format per combination of properties, made when first used."""

from __future__ import annotations

from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

FONT = "Calibri"
BRAND = "#1F3A5F"
INPUT_HEAD = "#7A5C00"
INPUT_FILL = "#FFFBE6"
LOCKED_FILL = "#E9EBEE"
GROUP_FILL = "#E8EDF3"
GRID = "#C9CED6"
LINK = "#1155AA"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

# Word: fill and ink. Always beside the word itself, never instead of it.
WORDS = {
    "met": ("#CDE9D4", "#0B5A2A"),
    "implemented": ("#CDE9D4", "#0B5A2A"),
    "valid": ("#CDE9D4", "#0B5A2A"),
    "verified": ("#CDE9D4", "#0B5A2A"),
    "evidenced": ("#DDF0E2", "#0B5A2A"),
    "yes": ("#DDF0E2", "#0B5A2A"),
    "partial": ("#FFE9A8", "#614700"),
    "claimed": ("#FFF3CF", "#614700"),
    "stale": ("#FFE9A8", "#614700"),
    "draft": ("#FFF3CF", "#614700"),
    "alternative": ("#D9EEF0", "#0E4F57"),
    "planned": ("#D9E6F7", "#174A80"),
    "not-met": ("#F8CDC6", "#86190F"),
    "not-implemented": ("#F8CDC6", "#86190F"),
    "not in place": ("#F8CDC6", "#86190F"),
    "tampered": ("#F8CDC6", "#86190F"),
    "missing": ("#F8CDC6", "#86190F"),
    "failed": ("#F8CDC6", "#86190F"),
    "no row": ("#F8CDC6", "#86190F"),
    "no": ("#FFFFFF", "#86190F"),
    "not-applicable": ("#E3E6EA", "#3C434C"),
    "not-assessed": ("#E7E1F3", "#47307A"),
}


class Styles:
    """The formats of one workbook, by their properties."""

    def __init__(self, book: Workbook, brand: str) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}
        self._cells: dict[tuple[object, ...], Format] = {}
        self.brand = brand or BRAND

    def make(self, **properties: Any) -> Format:
        """The format with exactly these properties, in 10-point type unless said otherwise."""
        key = tuple(sorted(properties.items()))
        made = self._made.get(key)
        if made is None:
            base = {"font_name": FONT, "font_size": 10, "valign": "top"}
            made = self._made[key] = self._book.add_format({**base, **properties})
        return made

    def cell(
        self,
        kind: str,
        style: str,
        indent: int,
        *,
        editable: bool,
        locked: bool,
        link: bool,
        quoted: bool,
    ) -> Format:
        """The format of a table cell. `quoted` marks text a program could take for a formula."""
        key = (kind, style, indent, editable, locked, link, quoted)
        made = self._cells.get(key)
        if made is not None:
            return made
        look: dict[str, Any] = {"border": 1, "border_color": GRID, "text_wrap": True}
        if kind == "date":
            look |= {"num_format": "yyyy-mm-dd", "align": "left"}
        elif kind in ("centre", "number", "status"):
            look["align"] = "center"
        if kind == "id" and indent:
            look |= {"indent": indent, "align": "left"}
        if locked:
            look["bg_color"] = LOCKED_FILL
        elif editable:
            look["bg_color"] = INPUT_FILL
        elif style == "group":
            look["bg_color"] = GROUP_FILL
        if style == "group" or (kind == "id" and style != "part"):
            look["bold"] = True
        if style == "part":
            look["font_color"] = "#4A4F57"
        if link:
            look["font_color"] = LINK
        if quoted:
            look["quote_prefix"] = True
        made = self._cells[key] = self.make(**look)
        return made

    def head(self, editable: bool) -> Format:
        """The format of a heading: columns to fill in have their own colour."""
        return self.make(
            bold=True,
            font_color="#FFFFFF",
            bg_color=INPUT_HEAD if editable else self.brand,
            text_wrap=True,
            valign="vcenter",
            border=1,
            border_color=GRID,
        )

    def page(self, style: str, quoted: bool) -> Format:
        """The format of a cell of the cover or the summary."""
        look = self._page_looks()[style]
        if quoted:
            look["quote_prefix"] = True
        return self.make(**look)

    def _page_looks(self) -> dict[str, dict[str, Any]]:
        box = {"border": 1, "border_color": GRID}
        cell = {**box, "text_wrap": True}
        middle = {"valign": "vcenter"}
        brand = {"bold": True, "font_color": self.brand, **middle}
        bar = {"bold": True, "font_size": 12, "font_color": "#FFFFFF", "bg_color": self.brand}
        return {
            "title": {**brand, "font_size": 20},
            "subtitle": {"font_size": 14, "font_color": "#3C434C", **middle},
            "heading": {**bar, **middle},
            "head": {**cell, "bold": True, "bg_color": GROUP_FILL, "align": "center", **middle},
            "label": {**cell, "bold": True},
            "link": {**cell, "bold": True, "font_color": LINK},
            "status": {**cell, "bold": True},
            "text": cell,
            "date": {**box, "num_format": "yyyy-mm-dd", "align": "left", "bold": True},
            "number": {**box, "num_format": "0", "align": "center"},
            "centre": {**box, "align": "center"},
            "note": {"italic": True, "text_wrap": True, "font_color": "#3C434C"},
        }

    def word(self, word: str) -> Format:
        """The conditional format of a status word."""
        fill, ink = WORDS[word]
        key = (("word", word),)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._book.add_format({"bg_color": fill, "font_color": ink})
        return made

    def overdue(self) -> Format:
        """The conditional format of a due date that has passed."""
        key = (("word", "overdue"),)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._book.add_format({"bold": True, "font_color": "#B3261E"})
        return made
