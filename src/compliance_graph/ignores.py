"""Comments that silence a diagnostic: `# cg: ignore[CG309] because <reason>`.

What comes in: the content of one file. What goes out: `Ignore` records and diagnostics for
comments that cannot be used; later, the diagnostics that are left. A comment counts for its own
line, or, if it stands alone, for the next line with data. A reason is required; codes that stop a
command cannot be ignored. libyaml drops comments, so the lines are looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from compliance_graph.codes import CODES
from compliance_graph.diagnostics import Diagnostic, diagnostic
from compliance_graph.model import Ignore, Source
from compliance_graph.yamlfile import position, scalar_spans

MARK = b"cg: ignore"
_COMMENT = re.compile(
    r"(?:^|(?<=[ \t]))#[ \t]*cg: ignore(?:\[([^\]\n]*)\])?([^\r\n]*)", re.MULTILINE
)
_REASON = re.compile(r"[ \t]+because[ \t]+(\S.*?)[ \t]*\Z")
_CODE = re.compile(r"CG[0-9]{3}\Z", re.ASCII)


def scan(content: bytes, path: str) -> tuple[tuple[Ignore, ...], list[Diagnostic]]:
    """The ignore comments of a file that was read, and what is wrong with the unusable ones."""
    if MARK not in content:
        return (), []
    text = content.decode("utf-8-sig")
    lines = text.split("\n")
    spans = scalar_spans(text)
    ignores: list[Ignore] = []
    found: list[Diagnostic] = []
    for match in _COMMENT.finditer(text):
        if any(start <= match.start() < end for start, end in spans):
            continue  # text of a value, not a comment
        line, column = position(text, match.start())
        source = Source(path, line, column)
        codes = tuple(code.strip() for code in (match[1] or "").split(","))
        reason = _REASON.match(match[2])
        problem = _problem(codes, reason is not None)
        if problem or reason is None:
            found.append(diagnostic("CG116", source, problem))
        else:
            ignores.append(Ignore(source, codes, _covered(lines, line), reason[1]))
    return tuple(ignores), found


def _problem(codes: tuple[str, ...], has_reason: bool) -> str:
    for code in codes:
        if not _CODE.match(code) or code not in CODES:
            return f'"{code[:20]}" is not a code' if code else "no code is named"
        if CODES[code].fatal:
            return f"{code} stops every command that needs the file and cannot be ignored"
    return "" if has_reason else "the reason is missing"


def _covered(lines: list[str], line: int) -> tuple[int, ...]:
    """The comment's own line and, if nothing else stands on it, the next line with data."""
    if not lines[line - 1].lstrip(" \t").startswith("#"):
        return (line,)
    for number in range(line, len(lines)):
        stripped = lines[number].strip()
        if stripped and not stripped.startswith("#"):
            return line, number + 1
    return (line,)


def settle(found: Iterable[Diagnostic], ignores: Iterable[Ignore]) -> list[Diagnostic]:
    """The diagnostics that no comment silences, and a CG117 for every code ignored for nothing.

    Give it everything that was found in the files, from reading and from the checks.
    """
    silencing: dict[tuple[str, int, str], list[Ignore]] = {}
    held = list(ignores)
    for ignore in held:
        for line in ignore.lines:
            for code in ignore.codes:
                silencing.setdefault((ignore.source.path, line, code), []).append(ignore)
    used: set[tuple[Source, str]] = set()
    left: list[Diagnostic] = []
    for item in found:
        by = silencing.get((item.path, item.line, item.code), ())
        used.update((ignore.source, item.code) for ignore in by)
        if not by or item.fatal:
            left.append(item)
    return left + list(_unused(held, used))


def _unused(ignores: Iterable[Ignore], used: set[tuple[Source, str]]) -> Iterator[Diagnostic]:
    for ignore in ignores:
        for code in dict.fromkeys(ignore.codes):
            if (ignore.source, code) not in used:
                yield diagnostic("CG117", ignore.source, f"{code} is not reported here")
