"""A document as Markdown (CommonMark with tables); text from data is never markup.

What comes in: a `Document`. What goes out: UTF-8 bytes.
"""

from __future__ import annotations

import re

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
    Run,
    Runs,
    SignatureBlock,
    Table,
)

_MARKS = re.compile(r"[\\`*_{}\[\]<>|#~&!$]")
_OPENING = re.compile(r"^(|[0-9]+(?=[.)](?:\s|$)))([-+=.)])")  # "- x" and "1. x", but not "1.1 x"


def write(document: Document) -> bytes:
    """The bytes of a .md file."""
    meta = document.meta
    made = [f"# {text(meta.title)}", f"**{text(meta.client)}**", text(meta.status)]
    made.append(_pairs([(label, (Run(value),)) for label, value in meta.facts]))
    made += [_block(document, block) for block in document.blocks]
    return ("\n\n".join(part for part in made if part) + "\n").encode()


def read_text(markdown: str) -> str:
    """The text of Markdown made here, for the check: marks and anchors taken away."""
    lines = [line for line in markdown.split("\n") if not re.fullmatch(r"\|( --- \|)+", line)]
    flat = "\n".join(lines)
    flat = re.sub(r'<a id="[a-z0-9-]+"></a>', "", flat)
    flat = re.sub(r"(?<!\\)\]\((#[a-z0-9-]+|https://[^)]*)\)", "", flat)
    flat = re.sub(r"(?m)^ *(#+ |> ?|- |[0-9]+\. )+", "", flat).replace("<br>", "\n")
    flat = re.sub(r"(?<!\\)((?:\\\\)*)[*`\[|]+", r"\1", flat)
    return re.sub(r"\\(.)", r"\1", flat)


def text(content: str) -> str:
    """Text made safe for one line of Markdown; line ends become spaces."""
    flat = _MARKS.sub(r"\\\g<0>", " ".join(content.split("\n")))
    return _OPENING.sub(r"\1\\\2", flat)


def _runs(content: Runs) -> str:
    return "".join(map(_run, content))


def _run(run: Run) -> str:
    lines = [_MARKS.sub(r"\\\g<0>", line) for line in run.text.split("\n")]
    made = "<br>".join(lines)
    if run.link:
        return f"[{made}]({run.link})"
    if run.style in ("strong", "good", "warn", "bad") and made.strip():
        ends = len(made) - len(made.rstrip())
        return f"**{made.strip()}**{' ' * ends}"
    return made


def _block(document: Document, block: Block) -> str:
    match block:
        case Heading():
            return f'<a id="{block.anchor}"></a>\n\n{"#" * (block.level + 1)} {text(block.full)}'
        case Paragraph():
            if not block.voice:
                return _opened(_runs(block.runs))
            label = f"**{block.label}** " if block.label else ""
            return f"> {label}{_opened(_runs(block.runs)) if not label else _runs(block.runs)}"
        case Bullets():
            marks = (f"{n}." if block.ordered else "-" for n in range(1, len(block.items) + 1))
            return "\n".join(f"{m} {_runs(i)}" for m, i in zip(marks, block.items, strict=True))
        case Table():
            return _table(block)
        case KeyValue():
            title = f"**{text(block.title)}**\n\n" if block.title else ""
            return title + _pairs(list(block.pairs))
        case Callout():
            lines = [f"**{text(block.title)}**", *(_opened(_runs(p)) for p in block.paragraphs)]
            return "\n>\n".join(f"> {line}" for line in lines)
        case Contents():
            entries = [
                f"{'  ' * (h.level - 1)}- [{text(h.full)}](#{h.anchor})"
                for h in document.headings(2)
            ]
            return f"## {text(block.title)}\n\n" + "\n".join(entries)
        case SignatureBlock():
            rows = [f"| {text(label)} | |" for label in block.labels]
            return "\n".join([f"**{text(block.party)}**\n", "| | |", "| --- | --- |", *rows])
        case PageBreak():
            return ""


def _opened(line: str) -> str:
    """A line whose first characters cannot begin a list or a heading."""
    return _OPENING.sub(r"\1\\\2", line)


def _pairs(pairs: list[tuple[str, Runs]]) -> str:
    rows = [f"| **{text(label)}** | {_runs(value)} |" for label, value in pairs]
    return "\n".join(["| | |", "| --- | --- |", *rows])


def _table(block: Table) -> str:
    lines = [f"**{text(block.caption)}**\n"]
    lines.append("| " + " | ".join(text(column.title) for column in block.columns) + " |")
    lines.append("|" + " --- |" * len(block.columns))
    for row in block.rows:
        if row.group:
            lines.append(
                f"| **{text(''.join(r.text for r in row.cells[0]))}** |"
                + " |" * (len(block.columns) - 1)
            )
        else:
            lines.append("| " + " | ".join(map(_runs, row.cells)) + " |")
    return "\n".join(lines)
