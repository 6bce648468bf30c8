"""Reads the YAML files of a folder: bytes, subset, schema, all faults of all files in one run.

What comes in: a folder. What goes out: `DataFile` records (plain data, places, digest) and
diagnostics. It knows file kinds by name but builds no records.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance_graph.dates import to_date
from compliance_graph.diagnostics import Diagnostic, diagnostic
from compliance_graph.ignores import scan
from compliance_graph.model import Ignore, Source
from compliance_graph.validate import violations
from compliance_graph.yamlfile import Parsed, YamlError, locate, parse, read_bytes

MAX_FILES = 5_000
MODELINE = re.compile(rb"# yaml-language-server: \$schema=(\S+)\r?\n")
# Ids are compared letter by letter, so only ASCII: \Z and no \w, which take other scripts.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._()\[\]/+-]{0,119}\Z")


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file that was read and follows its schema. `path` is relative to its root."""

    path: str
    kind: str
    data: Any
    parsed: Parsed
    digest: str
    modeline: str
    ignores: tuple[Ignore, ...] = ()

    def source(self, *route: Any) -> Source:
        """The place of the item at a route."""
        return Source(self.path, *locate(self.parsed.place, route))


def yaml_files(folder: Path) -> list[Path]:
    """YAML files directly in a folder, sorted by name; hidden and backup files are not data."""
    if not folder.is_dir():
        return []
    found = [
        path
        for path in folder.iterdir()
        if path.suffix in (".yaml", ".yml") and not path.name.startswith(".")
    ]
    return sorted(found, key=lambda path: path.name)


def read(path: Path, relative: str, kind: str) -> tuple[DataFile | None, list[Diagnostic]]:
    """Read one file of a kind. The file is None if it cannot be used at all."""
    if not _stays_inside(path, path.parents[relative.count("/")]):
        message = "is a link that leads out of the folder"
        return None, [diagnostic("CG114", (relative, 1, 1), message)]
    content = read_bytes(path)
    if isinstance(content, YamlError):
        return None, [_from_error(content, relative)]
    parsed = parse(content)
    if isinstance(parsed, YamlError):
        return None, [_from_error(parsed, relative)]
    found = violations(kind, parsed, relative)
    digest = hashlib.sha256(content).hexdigest()
    match = MODELINE.match(content)
    modeline = match.group(1).decode("utf-8", "replace") if match else ""
    if found:
        return None, found
    ignores, faults = scan(content, relative)
    return DataFile(relative, kind, parsed.data, parsed, digest, modeline, ignores), faults


def _stays_inside(path: Path, root: Path) -> bool:
    """False for a link out of the root: faults quote a file, and that one may hold secrets."""
    base = os.path.realpath(root)
    return os.path.commonpath([base, os.path.realpath(path)]) == base


def _from_error(error: YamlError, relative: str) -> Diagnostic:
    return diagnostic(error.code, (relative, error.line, error.column), error.message, error.hint)


def text(value: Any) -> str:
    """An id or short text as text: whole numbers, true and false read back as they were written."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def texts(values: Any) -> tuple[str, ...]:
    """A list of ids as text."""
    return tuple(map(text, values)) if values else ()


def day(file: DataFile, route: tuple[Any, ...], value: Any, found: list[Diagnostic]) -> Any:
    """A date, or None with a diagnostic if the text is not a calendar day."""
    if value is None:
        return None
    parsed = to_date(value)
    if parsed is None:
        found.append(
            diagnostic("CG204", file.source(*route), f'"{value}" is not a day of the calendar')
        )
    return parsed


def good_id(file: DataFile, route: tuple[Any, ...], value: Any, found: list[Diagnostic]) -> str:
    """An id as text, with a diagnostic if it has other than the plain ASCII id characters."""
    result = text(value)
    if not ID.match(result):
        shown = result[:80].encode("unicode_escape").decode("ascii")
        found.append(diagnostic("CG205", file.source(*route), f'"{shown}" is not a well-formed id'))
    return result


def digest_of(files: list[DataFile]) -> str:
    """One SHA-256 over the paths and contents of the files, whatever their order."""
    total = hashlib.sha256()
    for file in sorted(files, key=lambda f: f.path):
        total.update(f"{file.path}\0{file.digest}\n".encode())
    return total.hexdigest()
