"""A document as a Word file (Office Open XML), byte for byte the same for the same input.

What comes in: a `Document`. What goes out: the bytes of a .docx. The parts are written whole as
text, tables too: building them cell by cell through an object model is slower by orders of
magnitude. Nothing is decided here. After writing, every text is looked for in the result.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable

from compliance_graph.output.documents import docx_parts as parts
from compliance_graph.output.documents.check import require
from compliance_graph.output.documents.docx_parts import escape
from compliance_graph.output.documents.model import (
    Block,
    Bullets,
    Callout,
    Contents,
    Document,
    Heading,
    KeyValue,
    PageBreak,
    Paragraph,
    Row,
    Run,
    Runs,
    SignatureBlock,
    Table,
    plain,
)

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SPLIT_ABOVE = 1800  # characters; a longer row may break over pages, or it could not be set
_TONES = {
    "good": parts.GOOD,
    "warn": parts.WARN,
    "bad": parts.BAD,
    "none": parts.NONE,
}


def write(document: Document) -> bytes:
    """The bytes of a .docx file. Raises LostText if a text of the model is not in it."""
    files = _Writer(document).files()
    require(document, read_text(files["word/document.xml"]), "docx")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        # The content types stand first, as readers expect; the rest in order of name.
        for name in sorted(files, key=lambda n: (n != "[Content_Types].xml", n)):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o600 << 16
            archive.writestr(info, files[name])
    return stream.getvalue()


def read_text(xml: str) -> str:
    """The text of a main part: paragraphs, breaks and tabs as white space."""
    spaced = re.sub(r"</w:p>|<w:br/>|<w:tab/>", "<w:t>\n</w:t>", xml)
    found = re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", spaced)
    text = "".join(found)
    for mark, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(mark, character)
    return text


def bookmark(anchor: str) -> str:
    """A bookmark name of at most 40 characters for an anchor; the same for the same anchor."""
    name = anchor.replace("-", "_")
    if len(name) <= 40:
        return name
    return name[:31] + "_" + hashlib.sha256(anchor.encode()).hexdigest()[:8]


class _Writer:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.meta = document.meta
        self.page = parts.page(self.meta.locale)
        self.colour = parts.dark(self.meta.colour)
        self.links: dict[str, str] = {}  # address to relationship id
        self.lists = 0
        self.tables = 0
        self.marks = 0
        self.leads = False  # a framed block follows
        self.answered = False  # a paragraph in another voice than policy follows
        self.breaks = False  # the next paragraph begins a page

    def files(self) -> dict[str, str]:
        """All parts of the package by name."""
        body = "".join(self._cover())
        blocks = self.document.blocks
        for block, following in zip(blocks, (*blocks[1:], None), strict=True):
            self.leads = isinstance(following, (Table, KeyValue, Callout))
            self.answered = isinstance(following, Paragraph) and following.voice not in (
                "",
                "policy",
            )
            body += self._block(block)
        return {
            **parts.fixed(self.meta, self.colour, self.page, self.lists, self.links),
            "word/document.xml": parts.document(body, self.page),
        }

    # ------------------------------------------------------------ cover

    def _cover(self) -> Iterable[str]:
        meta = self.meta
        yield self._p(meta.title, "Title")
        yield self._p(meta.client, "CoverClient")
        yield self._p(meta.status, "Subtitle")
        pairs = tuple((label, (Run(value),)) for label, value in meta.facts)
        yield self._keyvalue(KeyValue(pairs), width=7000)
        self.breaks = True

    # ------------------------------------------------------------ blocks

    def _block(self, block: Block) -> str:
        match block:
            case Heading():
                return self._heading(block)
            case Paragraph():
                return self._paragraph(block)
            case Bullets():
                return self._bullets(block)
            case Table():
                return self._table(block)
            case KeyValue():
                return self._keyvalue(block)
            case Callout():
                return self._callout(block)
            case Contents():
                return self._contents(block)
            case SignatureBlock():
                return self._signature(block)
            case PageBreak():
                self.breaks = True
                return ""

    def _p(self, content: str | Runs, style: str, extra: str = "", before: str = "") -> str:
        """A paragraph. `extra` are properties after the style; `before` is XML before the runs."""
        if self.breaks:
            kept = "<w:keepNext/>" if extra.startswith("<w:keepNext/>") else ""
            extra = f"{kept}<w:pageBreakBefore/>{extra[len(kept) :]}"  # in the order of the schema
            self.breaks = False
        inner = self._runs((Run(content),) if isinstance(content, str) else content)
        return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{extra}</w:pPr>{before}{inner}</w:p>'

    def _heading(self, block: Heading) -> str:
        self.marks += 1
        name = bookmark(block.anchor)
        start = f'<w:bookmarkStart w:id="{self.marks}" w:name="{name}"/>'
        end = f'<w:bookmarkEnd w:id="{self.marks}"/>'
        made = self._p(block.full, f"Heading{block.level}", before=start)
        return made.removesuffix("</w:p>") + end + "</w:p>"

    def _paragraph(self, block: Paragraph) -> str:
        if block.voice:
            style = "Voice" + block.voice.capitalize()
            if not block.label:
                return self._p(block.runs, style)
            keep = "<w:keepNext/>" if block.voice == "policy" and self.answered else ""
            before = (
                f'<w:r><w:rPr><w:rStyle w:val="{style}Word"/></w:rPr>{_t(block.label + " ")}</w:r>'
            )
            return self._p(block.runs, style, keep, before)
        style = {"": "BodyText", "small": "Small", "lead": "Lead", "basis": "Basis"}[block.look]
        # What introduces the next block stays with it.
        text = plain(block.runs)
        opens = "<w:keepNext/>" if text.endswith(":") or (self.leads and len(text) < 400) else ""
        return self._p(block.runs, style, opens)

    def _bullets(self, block: Bullets) -> str:
        if not block.ordered:
            return "".join(self._p(item, "ListBullet") for item in block.items)
        self.lists += 1
        number = parts.FIRST_ORDERED + self.lists - 1
        extra = f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>'
        return "".join(self._p(item, "ListNumber", extra) for item in block.items)

    def _callout(self, block: Callout) -> str:
        style = "CalloutWarn" if block.tone == "warn" else "CalloutNote"
        keep = "<w:keepNext/>"
        made = [self._p((Run(block.title, "strong"),), style, keep)]
        last = len(block.paragraphs) - 1
        for n, content in enumerate(block.paragraphs):
            made.append(self._p(content, style, keep if n < last else ""))
        return "".join(made) + '<w:p><w:pPr><w:pStyle w:val="Gap"/></w:pPr></w:p>'

    def _contents(self, block: Contents) -> str:
        """The contents as a field whose result is already there: linked entries."""
        made = [self._p(block.title, "TOCHeading")]
        entries = self.document.headings(2)
        begin = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">'
            ' TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
        end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        for n, heading in enumerate(entries):
            target = bookmark(heading.anchor)
            text = f"<w:r>{_t(heading.full)}</w:r>"
            made.append(
                f'<w:p><w:pPr><w:pStyle w:val="TOC{heading.level}"/></w:pPr>'
                f"{begin if n == 0 else ''}"
                f'<w:hyperlink w:anchor="{target}" w:history="1">{text}</w:hyperlink>'
                f"{end if n == len(entries) - 1 else ''}</w:p>"
            )
        return "".join(made)

    # ------------------------------------------------------------ tables

    def _table(self, block: Table) -> str:
        self.tables += 1
        caption = self._caption(block.caption)
        widths = parts.widths([column.width for column in block.columns], self.page.text_width)
        head = "".join(
            _cell(self._p((Run(column.title),), "TableHead"), width, shade=self.colour)
            for column, width in zip(block.columns, widths, strict=True)
        )
        rows = [f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"]
        for row in block.rows:
            rows.append(self._row(row, widths, block.blank))
        return caption + _tbl("DataTable", widths, rows, block.caption) + _after()

    def _caption(self, text: str) -> str:
        number = (
            '<w:r><w:t xml:space="preserve">Table </w:t></w:r>'
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
            '<w:r><w:instrText xml:space="preserve"> SEQ Table \\* ARABIC </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
            f"<w:r><w:t>{self.tables}</w:t></w:r>"
            '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
            '<w:r><w:t xml:space="preserve">. </w:t></w:r>'
        )
        return self._p(text, "Caption", before=number)

    def _row(self, row: Row, widths: list[int], blank: bool) -> str:
        long = max((len(plain(cell)) for cell in row.cells), default=0) > _SPLIT_ABOVE
        properties = "" if long else "<w:cantSplit/>"
        if blank:
            properties += '<w:trHeight w:val="440" w:hRule="atLeast"/>'
        if row.group:
            cell = self._p(row.cells[0], "TableGroup")
            inner = _cell(cell, sum(widths), shade="E8ECF1", span=len(widths))
        else:
            inner = "".join(
                _cell(self._p(content, "TableText"), width)
                for content, width in zip(row.cells, widths, strict=True)
            )
        return f"<w:tr><w:trPr>{properties}</w:trPr>{inner}</w:tr>"

    def _keyvalue(self, block: KeyValue, width: int = 0) -> str:
        title = self._p(block.title, "KeyTitle") if block.title else ""
        if not title and self.breaks:
            title = self._p("", "Gap")
        widths = parts.widths([22, 78], width or self.page.text_width)
        last = len(block.pairs) - 1
        rows = []
        for n, (label, value) in enumerate(block.pairs):
            keep = "<w:keepNext/>" if n < last else ""
            cells = _cell(self._p(label, "KeyLabel", keep), widths[0], shade="F3F5F8")
            cells += _cell(self._p(value, "TableText", keep), widths[1])
            split = "" if len(plain(value)) > _SPLIT_ABOVE else "<w:cantSplit/>"
            rows.append(f"<w:tr><w:trPr>{split}</w:trPr>{cells}</w:tr>")
        return title + _tbl("DataTable", widths, rows, block.title) + _after()

    def _signature(self, block: SignatureBlock) -> str:
        widths = parts.widths([20, 80], self.page.text_width - 2400)
        rows = []
        for label in block.labels:
            cells = _cell(self._p(label, "KeyLabel", "<w:keepNext/>"), widths[0], bare=True)
            line = self._p("", "TableText", "<w:keepNext/>")
            cells += _cell(line, widths[1], bare=True, line=True)
            height = '<w:trHeight w:val="560" w:hRule="atLeast"/>'
            rows.append(f"<w:tr><w:trPr><w:cantSplit/>{height}</w:trPr>{cells}</w:tr>")
        title = self._p(block.party, "KeyTitle")
        return title + _tbl("SignTable", widths, rows, block.party) + _after()

    # ------------------------------------------------------------ runs

    def _runs(self, content: Runs) -> str:
        return "".join(self._run(run) for run in content)

    def _run(self, run: Run) -> str:
        styles = {"strong": "Strong", "code": "Code", "quiet": "Quiet"}
        properties = ""
        if run.link:
            properties = '<w:rStyle w:val="Hyperlink"/>'
        elif run.style in styles:
            properties = f'<w:rStyle w:val="{styles[run.style]}"/>'
        elif run.style in _TONES:
            fill, colour = _TONES[run.style]
            properties = (
                f'<w:b/><w:color w:val="{colour}"/><w:shd w:val="clear" w:color="auto" '
                f'w:fill="{fill}"/>'
            )
        if _right_to_left(run.text):
            properties += "<w:rtl/>"
        made = f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}{_t(run.text)}</w:r>"
        if run.link.startswith("#"):
            return (
                f'<w:hyperlink w:anchor="{bookmark(run.link[1:])}" w:history="1">'
                f"{made}</w:hyperlink>"
            )
        if run.link:
            name = self.links.setdefault(run.link, f"rIdLink{len(self.links) + 1}")
            return f'<w:hyperlink r:id="{name}" w:history="1">{made}</w:hyperlink>'
        return made


def _t(text: str) -> str:
    """Text elements of a run; line ends become breaks."""
    lines = [f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n")]
    return "<w:br/>".join(lines)


def _right_to_left(text: str) -> bool:
    """True if the first letter with a direction reads from right to left."""
    if text.isascii():
        return False
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def _cell(
    content: str, width: int, shade: str = "", span: int = 1, bare: bool = False, line: bool = False
) -> str:
    properties = f'<w:tcW w:w="{width}" w:type="dxa"/>'
    if span > 1:
        properties += f'<w:gridSpan w:val="{span}"/>'
    if line:
        properties += (
            '<w:tcBorders><w:bottom w:val="single" w:sz="6" w:space="0" w:color="444444"/>'
            "</w:tcBorders>"
        )
    if shade:
        properties += f'<w:shd w:val="clear" w:color="auto" w:fill="{shade}"/>'
    if bare:
        properties += '<w:vAlign w:val="bottom"/>'
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def _tbl(style: str, widths: list[int], rows: list[str], caption: str) -> str:
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    named = f'<w:tblCaption w:val="{escape(caption)}"/>' if caption else ""
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="0420" w:firstRow="1" w:lastRow="0"'
        f' w:firstColumn="0" w:lastColumn="0" w:noHBand="0" w:noVBand="1"/>{named}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _after() -> str:
    """A small gap after a table; two tables in a row would otherwise become one."""
    return '<w:p><w:pPr><w:pStyle w:val="Gap"/></w:pPr></w:p>'
