"""Makes text safe to print: control and direction characters become visible escapes.

What comes in: any text, also hostile. What goes out: one line of text that cannot move the
cursor, recolour the screen, forge a second line or turn the reading direction. Knows nothing of
compliance. Every text from data that reaches a terminal goes through here.
"""

from __future__ import annotations

import re

# C0 with tab and line ends, DEL, C1; the line and paragraph separators; marks, embeddings,
# overrides and isolates of the bidirectional algorithm; zero width space and byte order mark;
# surrogates and non-characters; interlinear marks; invisible tag characters.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _visible(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escape(text: str, newlines: bool = False) -> str:
    """The text as one printable line: each unsafe character as `\\x1b`, `\\u202e`, `\\n`.

    With `newlines` line feeds stay: for whole blocks whose parts from data were escaped before.
    """
    if newlines:
        return "\n".join(_UNSAFE.sub(_visible, line) for line in text.split("\n"))
    return _UNSAFE.sub(_visible, text)


def _json(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT:  # these lay the document out; inside of strings they are escaped
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def escape_json(document: str) -> str:
    """A JSON document with the same meaning and no unsafe character in it.

    Such characters can stand only inside strings, where a `\\u` escape means the same.
    """
    return _UNSAFE.sub(_json, document)
