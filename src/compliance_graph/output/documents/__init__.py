"""Documents for a client: `build` a document of a kind, `render` it in a form.

A kind decides words and order; statuses come from the report and are never changed here.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from compliance_graph.analysis.report import GapReport
from compliance_graph.output.documents.model import Document

# kind: the module under `kinds` whose build(report, version) makes it
_MODULES = {"wisp": "wisp", "gap-report": "gap_report"}
KINDS = tuple(_MODULES)
FORMS = ("docx", "html", "md")


class DocumentError(ValueError):
    """A document cannot be made: a message for the user and, if there is one, a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def build(kind: str, report: GapReport, version: str = "") -> Document:
    """A document of a kind from a gap analysis.

    `version` is the version of this package for the generation stamp; by default its own.
    Raises DocumentError for an unknown kind or a report the kind cannot be made from.
    """
    if kind not in _MODULES:
        raise DocumentError(f'unknown document kind "{kind}"', f"one of: {', '.join(KINDS)}")
    if not version:
        from compliance_graph import __version__ as version
    module = import_module(f"compliance_graph.output.documents.kinds.{_MODULES[kind]}")
    return cast(Callable[[GapReport, str], Document], module.build)(report, version)


def render(document: Document, form: str) -> bytes:
    """The document as docx, html or md. Raises DocumentError for another form."""
    if form not in FORMS:
        raise DocumentError(f'unknown form "{form}"', f"one of: {', '.join(FORMS)}")
    name = {"md": "markdown"}.get(form, form)
    module = import_module(f"compliance_graph.output.documents.{name}")
    return cast(Callable[[Document], bytes], module.write)(document)
