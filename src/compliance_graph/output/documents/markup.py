"""The Markdown subset of prose templates: text to blocks.

Known: paragraphs, `# headings` (one to three #), `- ` and `1. ` lists, `**strong**`, `` `code` ``,
`[words](#anchor)` and `[words](https://...)`. A paragraph that begins with `@policy`,
`@implementation`, `@representation`, `@plan` or `@open` speaks in that voice; one that begins
with `@small` or `@lead` has that look. Values from data arrive wrapped by `templates.py` and are
unwrapped only after all marks are read, so no value is ever markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from compliance_graph.output.documents.model import (
    VOICE_LABELS,
    Block,
    Bullets,
    Heading,
    Paragraph,
    Run,
    Runs,
    slug,
)
from compliance_graph.output.templates import CLOSE, FOLDER, OPEN, render

_INLINE = re.compile(
    r"\*\*(?P<strong>.+?)\*\*|`(?P<code>[^`]+)`"
    r"|\[(?P<words>[^\]]+)\]\((?P<to>#[a-z][a-z0-9-]*|https://[^\s()\ue000]+)\)"
)
_VALUE = re.compile(f"{OPEN}([0-9a-f]*){CLOSE}")
_ITEM = re.compile(r"(?:(-)|[0-9]{1,3}\.) +(.*)", re.DOTALL)
_HEADING = re.compile(r"(#{1,3}) +(.*)", re.DOTALL)
_MARK = re.compile(r"@([a-z]+) +(.*)", re.DOTALL)
_LOOKS = ("small", "lead")


def prose(
    name: str, data: Mapping[str, Any], folder: Path = FOLDER, under: str = ""
) -> list[Block]:
    """The blocks of a prose template; `under` goes in front of the anchors of its headings.

    Raises TemplateFault.
    """
    return list(parse(render(name, data, folder, prose=True), under))


def parse(text: str, under: str = "") -> Iterator[Block]:
    """Blocks of text in the subset; paragraphs without any text are left out."""
    for chunk in re.split(r"\n[ ]*\n", text.strip("\n")):
        lines = [line.strip() for line in chunk.split("\n") if line.strip()]
        while lines:
            block, lines = _block(lines, under)
            if block is not None:
                yield block


def _block(lines: list[str], under: str) -> tuple[Block | None, list[str]]:
    heading = _HEADING.match(lines[0])
    if heading:
        words = "".join(run.text for run in inline(heading[2]))
        return Heading(len(heading[1]), words, slug(under, words)), lines[1:]
    if _ITEM.match(lines[0]):
        return _list(lines)
    taken = [lines[0]]
    for line in lines[1:]:
        if _ITEM.match(line) or _HEADING.match(line):
            break
        taken.append(line)
    return _paragraph(" ".join(taken)), lines[len(taken) :]


def _paragraph(text: str) -> Paragraph | None:
    voice = look = ""
    mark = _MARK.match(text)
    if mark and (mark[1] in VOICE_LABELS or mark[1] in _LOOKS):
        voice = mark[1] if mark[1] in VOICE_LABELS else ""
        look = mark[1] if mark[1] in _LOOKS else ""
        text = mark[2]
    content = inline(text)
    if not "".join(run.text for run in content).strip():
        return None
    return Paragraph(content, voice, look)


def _list(lines: list[str]) -> tuple[Block, list[str]]:
    items: list[list[str]] = []
    ordered = not lines[0].startswith("-")
    rest = 0
    for rest, line in enumerate(lines):
        item = _ITEM.match(line)
        if item and (item[1] is None) == ordered:
            items.append([item[2]])
        elif item or _HEADING.match(line):
            return Bullets(tuple(inline(" ".join(i)) for i in items), ordered), lines[rest:]
        else:
            items[-1].append(line)
    return Bullets(tuple(inline(" ".join(item)) for item in items), ordered), []


def inline(text: str) -> Runs:
    """Runs of one line of text."""
    found: list[Run] = []
    at = 0
    for match in _INLINE.finditer(text):
        found.append(Run(_unwrapped(text[at : match.start()])))
        if match["strong"] is not None:
            found.append(Run(_unwrapped(match["strong"]), "strong"))
        elif match["code"] is not None:
            found.append(Run(_unwrapped(match["code"]), "code"))
        else:
            found.append(Run(_unwrapped(match["words"]), link=match["to"]))
        at = match.end()
    found.append(Run(_unwrapped(text[at:])))
    return tuple(run for run in found if run.text)


def _unwrapped(text: str) -> str:
    return _VALUE.sub(lambda match: bytes.fromhex(match[1]).decode(), text)
