"""Text to plain data with a place for every key and item; knows nothing of compliance.

What comes in: bytes or text of one YAML file. What goes out: `Parsed` (plain dicts, lists, text,
whole numbers, true/false/null, and a parallel tree of places) or a `YamlError` value. What YAML
means is decided here and only here: a plain subset without anchors, aliases, tags, merge keys,
duplicate keys or second documents. Plain scalars become true, false, null or a whole number;
everything else stays the text that was written, so `3.10`, `NO`, `08` and dates are never changed.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # libyaml is not in every build of pyyaml; the pure loader has the same events
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_BYTES = 8 * 1024 * 1024
MAX_VALUES = 1_000_000
MAX_DEPTH = 40
MAX_DIGITS = 15

# A place is (line, column, children), counted from 0. Children of a mapping:
# {key: (key line, key column, place of the value)}; of a sequence: a list of places; of a
# scalar: None.
Place = tuple[int, int, Any]

_INT = re.compile(r"(?:0|-?[1-9][0-9]*)\Z", re.ASCII)  # only what reads back as it was written
# C0 but tab, LF, CR LF; DEL; C1 (with NEL); surrogates; U+FFFE/F; line and paragraph separators;
# bidirectional overrides and isolates; a byte order mark inside the text. A lone CR ends a line for
# YAML but not for most tools, so it could hide a key in what looks like a comment.
_BAD = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029"
    "\u202a-\u202e\u2066-\u2069\ufeff]"
)
_PLAIN = bytes([9, 10, *range(32, 127)])  # CR is looked at: it may stand alone
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: .*)?$", re.MULTILINE)
_SEPARATORS = (",", ":", "[", "{", "\n", "- ", "-\t")
_NUMBERS = frozenset("-0123456789")


@dataclass(frozen=True, slots=True)
class YamlError:
    """Why a file was refused: code, message, hint and place (line and column from 1)."""

    code: str
    line: int
    column: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """Plain data and the tree of places beside it."""

    data: Any
    place: Place


class _Refused(Exception):
    def __init__(self, code: str, mark: Any, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.error = YamlError(code, mark.line + 1, mark.column + 1, message, hint)


def read_bytes(path: Path) -> bytes | YamlError:
    """Read a regular file of at most MAX_BYTES; any fault is a `YamlError` value."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return YamlError("CG101", 1, 1, f"cannot be read: {error.strerror or error}")
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return YamlError("CG101", 1, 1, "is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return YamlError("CG101", 1, 1, f"cannot be read: {error.strerror or error}")
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        return YamlError("CG102", 1, 1, f"is larger than {MAX_BYTES} bytes")
    return content


def parse(content: bytes | str) -> Parsed | YamlError:
    """Parse one document of the YAML subset. Never raises on data."""
    if isinstance(content, bytes):
        decoded = _decode(content)
        if isinstance(decoded, YamlError):
            return decoded
        text = decoded
    else:
        text = content.removeprefix("\ufeff")
        if len(text) > MAX_BYTES:
            return YamlError("CG102", 1, 1, f"is larger than {MAX_BYTES} bytes")
    # Every value stands after one of these; a text no longer than the limit cannot hold more.
    if len(text) > MAX_VALUES and sum(map(text.count, _SEPARATORS)) > MAX_VALUES:
        return YamlError("CG102", 1, 1, f"holds more than {MAX_VALUES} values")
    bad = _bad(text)
    if bad:
        line, column = position(text, bad.start())
        message = f"character U+{ord(bad.group()):04X} is not allowed"
        return YamlError("CG104", line, column, message)
    conflict = _CONFLICT.search(text) if "<<<<<<<" in text else None
    if conflict:
        line, column = position(text, conflict.start())
        return YamlError("CG111", line, column, "unresolved merge conflict")
    if text.startswith("version https://git-lfs"):
        return YamlError("CG103", 1, 1, "is a git LFS pointer, not the file itself")
    try:
        return _document(text)
    except _Refused as refused:
        return refused.error
    except yaml.YAMLError as error:
        return _syntax(error, text)
    except (ValueError, RecursionError, OverflowError) as error:
        return YamlError("CG110", 1, 1, f"not readable as YAML: {type(error).__name__}")


def _bad(text: str) -> re.Match[str] | None:
    """The first character that is not allowed. Plain ASCII, nearly all of a file, is put aside
    first, because that is ten times faster than the pattern."""
    rest = text.encode("utf-8", "surrogatepass").translate(None, _PLAIN)
    if not rest or not _BAD.search(rest.decode("utf-8", "surrogatepass")):
        return None
    return _BAD.search(text)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column (from 1) of a character offset; only LF ends a line, CR LF counts once."""
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return line, column


def locate(place: Place, route: tuple[Any, ...]) -> tuple[int, int]:
    """Line and column (from 1) of the item at `route`; the nearest known ancestor if it is gone.

    For a mapping entry the place is that of its key: that is where a reader looks.
    """
    line, column, children = place
    for step in route:
        if isinstance(children, dict) and step in children:
            line, column, place = children[step]
        elif isinstance(children, list) and isinstance(step, int) and step < len(children):
            place = children[step]
            line, column = place[0], place[1]
        else:
            break
        children = place[2]
    return line + 1, column + 1


def scalar_spans(text: str) -> list[tuple[int, int]]:
    """Where the scalars of a text that parses stand: (first, one past last) character offsets."""
    spans = []
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.ScalarEvent):
            first: Any = event.start_mark
            last: Any = event.end_mark
            spans.append((first.index, last.index))
    return spans


def _decode(content: bytes) -> str | YamlError:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return YamlError("CG103", 1, 1, "is UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:  # its object and offset leave out the byte order mark
        before = error.object[: error.start].decode("utf-8", "replace")
        line, column = position(before, len(before))
        return YamlError("CG103", line, column, "is not UTF-8 text")


def _syntax(error: yaml.YAMLError, text: str) -> YamlError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or "not readable as YAML"
    if mark is None:
        return YamlError("CG110", 1, 1, str(problem).split("\n", 1)[0])
    line, column = mark.line + 1, mark.column + 1
    last = position(text, len(text))
    if line > last[0]:  # libyaml puts the end of the text on a line of its own
        line, column = last
    return YamlError("CG110", line, column, str(problem))


def _document(text: str) -> Parsed | YamlError:
    loader = _Loader(text)
    get: Any = loader.get_event
    try:
        get()  # stream start
        event = get()
        if type(event) is yaml.StreamEndEvent:
            return YamlError("CG109", 1, 1, "is empty")
        event = get()
        data, place = _node(event, get, 1)
        get()  # document end
        event = get()
        if type(event) is not yaml.StreamEndEvent:
            raise _Refused("CG108", event.start_mark, "a second document begins here")
        if data is None:
            return YamlError("CG109", 1, 1, "is empty")
        return Parsed(data, place)
    finally:
        loader.dispose()


def _scalar(event: Any) -> Any:
    value = event.value
    if event.tag is not None:
        raise _Refused("CG107", event.start_mark, f"tag {event.tag} is not allowed")
    if event.anchor is not None:
        raise _Refused("CG106", event.start_mark, f"anchor &{event.anchor} is not allowed")
    if event.implicit[0]:  # a plain scalar
        if not value:
            return None
        if value[0] in _NUMBERS:
            if len(value) <= MAX_DIGITS and _INT.match(value):
                return int(value)
        elif value == "true":
            return True
        elif value == "false":
            return False
        elif value == "null" or value == "~":
            return None
    elif event.style == '"' and _BAD.search(value):
        found = _BAD.search(value)
        code = ord(found.group()) if found else 0
        raise _Refused("CG104", event.start_mark, f"character U+{code:04X} is not allowed")
    return value


def _node(event: Any, get: Any, depth: int) -> tuple[Any, Place]:
    kind = type(event)
    mark = event.start_mark
    line, column = mark.line, mark.column
    if kind is yaml.ScalarEvent:
        return _scalar(event), (line, column, None)
    if kind is yaml.AliasEvent:
        raise _Refused("CG106", mark, f"alias *{event.anchor} is not allowed")
    if event.anchor is not None:
        raise _Refused("CG106", mark, f"anchor &{event.anchor} is not allowed")
    if event.tag is not None:
        raise _Refused("CG107", mark, f"tag {event.tag} is not allowed")
    if depth > MAX_DEPTH:
        raise _Refused("CG112", mark, f"nested deeper than {MAX_DEPTH}")
    if kind is yaml.SequenceStartEvent:
        items: list[Any] = []
        places: list[Place] = []
        while True:
            event = get()
            if type(event) is yaml.SequenceEndEvent:
                return items, (line, column, places)
            if type(event) is yaml.ScalarEvent:
                item_mark: Any = event.start_mark
                items.append(_scalar(event))
                places.append((item_mark.line, item_mark.column, None))
                continue
            value, place = _node(event, get, depth + 1)
            items.append(value)
            places.append(place)
    mapping: dict[str, Any] = {}
    children: dict[str, tuple[int, int, Place]] = {}
    while True:
        event = get()
        if type(event) is yaml.MappingEndEvent:
            return mapping, (line, column, children)
        if type(event) is not yaml.ScalarEvent:
            raise _Refused("CG105", event.start_mark, "a key must be text")
        key_mark: Any = event.start_mark
        if event.anchor is not None or event.tag is not None or event.style == '"':
            _scalar(event)
        key = event.value
        if key == "<<":
            raise _Refused("CG106", key_mark, "merge key << is not allowed")
        if key in mapping:
            first = children[key]
            raise _Refused(
                "CG113",
                key_mark,
                f'key "{key[:60]}" stands twice in this mapping (first on line {first[0] + 1})',
            )
        event = get()
        if type(event) is yaml.ScalarEvent:
            value_mark: Any = event.start_mark
            mapping[key] = _scalar(event)
            children[key] = (
                key_mark.line,
                key_mark.column,
                (value_mark.line, value_mark.column, None),
            )
            continue
        mapping[key], place = _node(event, get, depth + 1)
        children[key] = (key_mark.line, key_mark.column, place)
