"""Faults in data files, as values.

What comes in: codes and places. What goes out: sorted, rendered text. A diagnostic is never an
exception and never a compliance result: a gap is a result, a diagnostic is a fault in the files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from compliance_graph.codes import CODES, Code, Severity

__all__ = [
    "CODES",
    "Code",
    "Diagnostic",
    "Related",
    "Severity",
    "diagnostic",
    "has_fatal",
    "ordered",
]


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a diagnostic: path, line and column count from 1."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault: where (path, line and column from 1), which code, what was found, what to do."""

    path: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    related: tuple[Related, ...] = ()

    @property
    def severity(self) -> Severity:
        """`error`, `warning` or `info`, fixed by the code."""
        return CODES[self.code].severity

    @property
    def fatal(self) -> bool:
        """True where a command that needs this file cannot go on (exit 2)."""
        return CODES[self.code].fatal

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}:{self.column}: {self.severity}[{self.code}] {self.message}"
        return text


def diagnostic(
    code: str,
    where: tuple[str, int, int],
    message: str,
    hint: str = "",
    related: tuple[Related, ...] = (),
) -> Diagnostic:
    """Make a diagnostic; `where` is (path, line, column). Raises KeyError for an unknown code."""
    if code not in CODES:
        raise KeyError(code)
    path, line, column = where
    return Diagnostic(path, line, column, code, message, hint or CODES[code].remedy, related)


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sort by path, line, column, code, message and the rest; drop exact repeats."""
    return sorted(dict.fromkeys(diagnostics), key=astuple)


def has_fatal(diagnostics: Iterable[Diagnostic]) -> bool:
    """True if any diagnostic stops the commands that need the data."""
    return any(d.fatal for d in diagnostics)
