"""Faults that only the whole library, or a whole client, can show.

What comes in: records that were read. What goes out: diagnostics; nothing is printed, changed or
judged. Each check is a pure function for one concern, and the lists below say which ones run.
Faults of a single file are found by the loader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from compliance_graph.checks import identity, programme, quality, references
from compliance_graph.diagnostics import Diagnostic, ordered
from compliance_graph.ignores import settle
from compliance_graph.model import Client, Library

__all__ = ["check_client", "check_library", "fatal_library", "settle"]

# What every command needs: references that lead nowhere, and definitions without an answer.
FATAL: tuple[Callable[[Library], Iterator[Diagnostic]], ...] = (
    references.mappings,
    references.evidence_types,
    references.prerequisites,
    references.catalogs,
    references.rules_and_duties,
    references.crosswalks,
    identity.cycles,
    identity.editions,
    identity.contradictory_mappings,
)
LIBRARY: tuple[Callable[[Library], Iterator[Diagnostic]], ...] = (
    *FATAL,
    references.regimes,
    identity.look_alikes,
    quality.requirements_without_route,
    quality.unused_controls,
    quality.unused_evidence_types,
    quality.citations,
    quality.statements,
    quality.rationales,
)
CLIENT: tuple[Callable[[Client, Library, date], Iterator[Diagnostic]], ...] = (
    programme.contradictory_verdicts,
    programme.unjustified,
    programme.providers,
    programme.unused_records,
    programme.future_evidence,
    programme.misfitting_evidence,
    programme.unhashed_files,
    programme.dates,
    programme.facts,
    programme.references,
    programme.look_alikes,
)


def fatal_library(library: Library) -> list[Diagnostic]:
    """The faults of a whole library that stop every command; cheap enough to run on each load."""
    return ordered(item for check in FATAL for item in check(library) if item.fatal)


def check_library(library: Library) -> list[Diagnostic]:
    """Every fault of a whole library, `fatal_library` included; ignore comments not yet applied."""
    return ordered(item for check in LIBRARY for item in check(library))


def check_client(client: Client, library: Library, as_of: date) -> list[Diagnostic]:
    """Every fault of a whole client at a date; ignore comments not yet applied."""
    return ordered(item for check in CLIENT for item in check(client, library, as_of))
