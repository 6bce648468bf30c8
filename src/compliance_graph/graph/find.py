"""The node a person means by a short id: `iam-02`, `ev-012`, `ftc-safeguards:314.4(c)(5)`.

What comes in: text. What goes out: a node id, or an error that says what to write instead. Ids are
never matched by likeness; likeness only makes the hint.
"""

from __future__ import annotations

from datetime import date

from compliance_graph.graph.build import NODE_KINDS, ComplianceGraph, requirement_node
from compliance_graph.model import Catalog
from compliance_graph.validate import nearest

# What a bare id may mean. An implementation bears the id of its control, which is meant first.
_BARE = ("control", "evidence", "evidence-type", "system", "vendor", "risk", "client")


class NotInGraph(Exception):
    """The text names no node; `hint` says what may have been meant."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Ambiguous(NotInGraph):
    """The text names several nodes; `hint` lists them."""


def resolve(graph: ComplianceGraph, text: str, as_of: date | None = None) -> str:
    """The node a text means: a full node id, a bare id, `framework[@edition]`, or
    `framework[@edition]:requirement`, aliases included. Without an edition it is the one in force
    on `as_of`, else the newest that has the requirement.

    Raises NotInGraph or Ambiguous.
    """
    if text in graph.nx:
        return text
    kind, colon, rest = text.partition(":")
    if colon and kind in NODE_KINDS:
        if kind in ("requirement", "objective", "framework"):
            text = rest
        else:
            return _known(graph, f"{kind}:{_alias(graph, rest)}", text)
    if ":" in text:
        return _requirement(graph, text, as_of)
    bare = _alias(graph, text)
    found = [f"{kind}:{bare}" for kind in _BARE if f"{kind}:{bare}" in graph.nx]
    framework, _, edition = text.partition("@")
    editions = _editions(graph, framework, edition, as_of)
    if editions:
        found.append(f"framework:{editions[0].id}@{editions[0].edition}")
    if len(found) > 1:
        raise Ambiguous(f'"{text}" could be several things', "write one of: " + ", ".join(found))
    return found[0] if found else _known(graph, "", text)


def _alias(graph: ComplianceGraph, name: str) -> str:
    if name in graph.library.controls:
        return name
    return next((c.id for c in graph.library.controls.values() if name in c.aliases), name)


def _known(graph: ComplianceGraph, node: str, text: str) -> str:
    if node in graph.nx:
        return node
    names = {full.partition(":")[2] for full in graph.nx}
    bare = text.rpartition(":")[2]
    raise NotInGraph(f'the graph has no "{text}"', nearest(bare, sorted(names)))


def _editions(
    graph: ComplianceGraph, framework: str, edition: str, as_of: date | None
) -> list[Catalog]:
    """The editions meant, best first."""
    library = graph.library
    editions = list(reversed(library.editions(framework)))
    if edition:
        return [catalog for catalog in editions if catalog.edition == edition]
    current = library.edition_at(framework, as_of) if as_of else None
    return sorted(editions, key=lambda catalog: catalog is not current) if current else editions


def _requirement(graph: ComplianceGraph, text: str, as_of: date | None) -> str:
    framework, _, name = text.partition(":")
    framework, _, edition = framework.partition("@")
    editions = _editions(graph, framework, edition, as_of)
    for catalog in editions:
        item = catalog.requirements.get(name)
        if item is None:
            matches = (r for r in catalog.requirements.values() if name in r.aliases)
            item = next(matches, None)
        if item is not None:
            return requirement_node(catalog, item)
    if not editions:
        known = sorted({catalog.id for catalog in graph.library.catalogs.values()})
        raise NotInGraph(f'unknown framework in "{text}"', nearest(framework, known))
    hint = nearest(name, list(editions[0].requirements))
    raise NotInGraph(f'{framework} has no requirement "{name}"', hint)
