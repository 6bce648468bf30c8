"""The document model: what a document says, in blocks, before any file format.

What comes in: words chosen by a document kind. What goes out: frozen blocks that every writer
prints the same way. A writer decides nothing; all text in a block is plain text, never markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from compliance_graph.terminal import escape

# The word that opens a paragraph of each voice; it is part of the sentence that follows.
VOICE_LABELS = {
    "policy": "Policy:",
    "implementation": "In place",
    "representation": "Management states",
    "plan": "Planned:",
    "open": "Open:",
}
RUN_STYLES = ("plain", "strong", "code", "quiet", "good", "warn", "bad", "none")
_ANCHOR = re.compile(r"[a-z][a-z0-9-]*\Z")
_LINK = re.compile(r"(#[a-z][a-z0-9-]*|https://[^\s\"'<>]+)\Z")


def clean(text: str) -> str:
    """Text that every format can carry: line ends as \\n, tabs as spaces, control and direction
    characters and other invisible ones as visible escapes such as \\x1b."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return escape(text, newlines=True)


def slug(*parts: str) -> str:
    """A stable anchor of the parts: "314.4(c)(5)" gives "x-314-4-c-5" if it begins with a digit."""
    text = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
    return text if text[:1].isalpha() else f"x-{text}"


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one style. `link` is "#anchor" of this document or an https address."""

    text: str
    style: str = "plain"
    link: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))
        if self.style not in RUN_STYLES or (self.link and not _LINK.match(self.link)):
            raise ValueError(f"not a style or link: {self.style!r} {self.link!r}")


Runs = tuple[Run, ...]


def runs(*parts: str | Run) -> Runs:
    """Runs of plain texts and ready runs; empty ones are left out."""
    made = (part if isinstance(part, Run) else Run(part) for part in parts)
    return tuple(run for run in made if run.text)


def strong(text: str) -> Run:
    """A run in bold."""
    return Run(text, "strong")


def link(text: str, anchor: str) -> Run:
    """A run that leads to an anchor of this document."""
    return Run(text, link=f"#{anchor}")


def plain(content: Runs) -> str:
    """The text of runs."""
    return "".join(run.text for run in content)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 3; those of level 1 and 2 stand in the contents."""

    kind: ClassVar[str] = "heading"
    level: int
    text: str
    anchor: str
    number: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))
        if not _ANCHOR.match(self.anchor):
            raise ValueError(f"not an anchor: {self.anchor!r}")

    @property
    def full(self) -> str:
        """Number and text as printed."""
        return f"{self.number} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. With a voice, the writer puts the word of the voice in front of the runs.

    look: "" or "small" (notes), "lead" (opening), "basis" (what a text of law asks), "more" (goes
    on with the voice of the paragraph before, without repeating its word).
    """

    kind: ClassVar[str] = "paragraph"
    runs: Runs
    voice: str = ""
    look: str = ""

    @property
    def label(self) -> str:
        """The word of the voice, if the paragraph opens with it."""
        return VOICE_LABELS[self.voice] if self.voice and self.look != "more" else ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of items, numbered if `ordered`."""

    kind: ClassVar[str] = "list"
    items: tuple[Runs, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title and its share of the width (any positive number)."""

    title: str
    width: int


@dataclass(frozen=True, slots=True)
class Row:
    """One runs value per column; a group row has one that spans the table."""

    cells: tuple[Runs, ...]
    group: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a repeating header row. `blank`: rows are lines to be filled in by hand."""

    kind: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str
    blank: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "caption", clean(self.caption))
        for row in self.rows:
            if len(row.cells) != (1 if row.group else len(self.columns)):
                raise ValueError(f"row of another width in table {self.caption!r}")


@dataclass(frozen=True, slots=True)
class KeyValue:
    """Labels with their values, kept together; `title` may be empty."""

    kind: ClassVar[str] = "keyvalue"
    pairs: tuple[tuple[str, Runs], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Callout:
    """A framed remark; tone "note" or "warn"."""

    kind: ClassVar[str] = "callout"
    title: str
    paragraphs: tuple[Runs, ...]
    tone: str = "note"


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins a page."""

    kind: ClassVar[str] = "pagebreak"


@dataclass(frozen=True, slots=True)
class Contents:
    """The table of contents stands here."""

    kind: ClassVar[str] = "contents"
    title: str = "Contents"


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    """Lines to be signed by hand; nothing can be filled in beforehand."""

    kind: ClassVar[str] = "signature"
    party: str
    labels: tuple[str, ...] = ("Name", "Title", "Signature", "Date")

    def __post_init__(self) -> None:
        object.__setattr__(self, "party", clean(self.party))


Block = (
    Heading
    | Paragraph
    | Bullets
    | Table
    | KeyValue
    | Callout
    | PageBreak
    | Contents
    | SignatureBlock
)


@dataclass(frozen=True, slots=True)
class Meta:
    """What stands on the cover, in headers and in the file's properties.

    `colour` is RRGGBB or empty. `facts` are the lines of the cover table.
    """

    document: str
    title: str
    client: str
    locale: str
    as_of: date
    status: str
    prepared_by: str
    marking: str
    footer: str
    colour: str
    facts: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        for name in ("title", "client", "status", "prepared_by", "marking", "footer"):
            object.__setattr__(self, name, clean(getattr(self, name)))
        facts = tuple((clean(label), clean(value)) for label, value in self.facts)
        object.__setattr__(self, "facts", facts)
        if self.colour and not re.match(r"[0-9A-Fa-f]{6}\Z", self.colour):
            raise ValueError(f"not a colour: {self.colour!r}")


@dataclass(frozen=True, slots=True)
class Document:
    """A document. Raises ValueError for an anchor that stands twice or a link that leads "
    "nowhere."""

    meta: Meta
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for heading in self.headings():
            if heading.anchor in seen:
                raise ValueError(f"anchor {heading.anchor!r} stands twice")
            seen.add(heading.anchor)
        for run in all_runs(self.blocks):
            if run.link.startswith("#") and run.link[1:] not in seen:
                raise ValueError(f"link {run.link!r} leads nowhere")

    def headings(self, deepest: int = 9) -> list[Heading]:
        """The headings down to a level, in order."""
        return [b for b in self.blocks if isinstance(b, Heading) and b.level <= deepest]


def all_runs(blocks: Iterable[Block]) -> Iterator[Run]:
    """Every run of the blocks, in order of printing."""
    for block in blocks:
        match block:
            case Paragraph():
                yield from block.runs
            case Bullets():
                for item in block.items:
                    yield from item
            case Table():
                for row in block.rows:
                    for cell in row.cells:
                        yield from cell
            case KeyValue():
                for _, value in block.pairs:
                    yield from value
            case Callout():
                for content in block.paragraphs:
                    yield from content
            case _:
                continue


def block_texts(block: Block) -> Iterator[str]:
    """Every text of a block, in order of printing, labels of voices and columns included."""
    match block:
        case Heading():
            yield block.full
        case Paragraph():
            yield block.label
            yield from (run.text for run in block.runs)
        case Table():
            yield block.caption
            yield from (column.title for column in block.columns)
            yield from (run.text for row in block.rows for cell in row.cells for run in cell)
        case KeyValue():
            yield block.title
            for label, value in block.pairs:
                yield label
                yield from (run.text for run in value)
        case Callout():
            yield block.title
            yield from (run.text for content in block.paragraphs for run in content)
        case Bullets():
            yield from (run.text for item in block.items for run in item)
        case SignatureBlock():
            yield block.party
            yield from block.labels
        case Contents():
            yield block.title
        case PageBreak():
            return


def texts(document: Document) -> Iterator[str]:
    """Every text of a document that a reader must find again in each format, in order."""
    meta = document.meta
    yield from (meta.title, meta.client, meta.status)
    for label, value in meta.facts:
        yield label
        yield value
    for block in document.blocks:
        yield from block_texts(block)
        if isinstance(block, Contents):
            yield from (heading.full for heading in document.headings(2))
