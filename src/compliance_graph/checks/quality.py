"""What a reader of the library would miss: routes, uses, citations, statements, reasons.

What comes in: a library. What goes out: warnings CG309 to CG311 and CG401 to CG404.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance_graph.analysis.index import MappingIndex
from compliance_graph.diagnostics import Diagnostic, Related, diagnostic
from compliance_graph.model import Catalog, Library, Requirement

# A definition asks for nothing, and nobody has to do what is optional.
_WITHOUT_ROUTE = ("definition", "optional")


def requirements_without_route(library: Library) -> Iterator[Diagnostic]:
    """Leaves that no control or set can meet, unless a sibling can stand in (logic any)."""
    for catalog in library.catalogs.values():
        index = MappingIndex(library, catalog)
        if catalog.requirements and not index.routes_on:
            message = f"no route leads to any requirement of {catalog.id}@{catalog.edition}"
            hint = "add controls/mappings/ for it"
            yield diagnostic("CG309", catalog.source, message, hint)
            continue
        reachable = _reachable(catalog, index)
        pending = [node.id for node in reversed(catalog.roots())]
        seen: set[str] = set()
        while pending:
            node = catalog.requirements[pending.pop()]
            if node.id in seen or reachable[node.id] or node.kind in _WITHOUT_ROUTE:
                continue
            seen.add(node.id)
            pending.extend(reversed(node.members))
            if not node.members:
                message = f"no route leads to {catalog.id}:{node.id}"
                yield diagnostic("CG309", node.source, message)


def _reachable(catalog: Catalog, index: MappingIndex) -> dict[str, bool]:
    """For every node whether it could be met by controls; members are decided before their node."""
    reachable: dict[str, bool] = {}
    for node in _bottom_up(catalog):
        if index.routes(node):
            reachable[node.id] = True
            continue
        counted = [m for m in node.members if catalog.requirements[m].kind not in _WITHOUT_ROUTE]
        good = sum(reachable.get(member, False) for member in counted)
        needed = {"all": len(counted), "any": 1}.get(str(node.logic), node.logic)
        reachable[node.id] = bool(counted) and good >= int(needed)
    return reachable


def _bottom_up(catalog: Catalog) -> list[Requirement]:
    """Members before their node; an id that stands twice (a fault of its own) is met once."""
    order: dict[str, None] = {}
    pending = [node.id for node in catalog.roots()]
    while pending:
        name = pending.pop()
        if name not in order:
            order[name] = None
            pending.extend(catalog.requirements[name].members)
    return [catalog.requirements[name] for name in reversed(order)]


def unused_controls(library: Library) -> Iterator[Diagnostic]:
    """Controls that meet nothing and that no control in use needs first."""
    used = {entry.control for entry in library.mappings}
    used.update(control for joint in library.sets for control in joint.controls)
    pending = sorted(used)
    while pending:
        control = library.controls.get(pending.pop())
        for needed in control.prerequisites if control else ():
            if needed not in used:
                used.add(needed)
                pending.append(needed)
    for control in library.controls.values():
        if control.id not in used:
            yield diagnostic("CG310", control.source, f"control {control.id} meets no requirement")


def unused_evidence_types(library: Library) -> Iterator[Diagnostic]:
    """Evidence types that no control asks for."""
    used = {kind for control in library.controls.values() for kind in control.evidence.types}
    for kind in library.evidence_types.values():
        if kind.id not in used:
            yield diagnostic("CG311", kind.source, f"no control asks for evidence type {kind.id}")


def citations(library: Library) -> Iterator[Diagnostic]:
    """Requirements that do not say where their source says it."""
    for catalog in library.catalogs.values():
        for node in catalog.requirements.values():
            if not node.is_objective and not node.citation:
                yield diagnostic("CG401", node.source, f"{catalog.id}:{node.id} has no citation")


def statements(library: Library) -> Iterator[Diagnostic]:
    """Statements that repeat their title or another statement of the same catalog."""
    for catalog in library.catalogs.values():
        first: dict[str, Requirement] = {}
        for node in catalog.requirements.values():
            words = _words(node.statement)
            if words == _words(node.title):
                message = f"the statement of {node.id} only repeats its title"
                yield diagnostic("CG402", node.source, message)
                continue
            held = first.setdefault(words, node)
            if held is node or node.id in held.same_as or held.id in node.same_as:
                continue
            message = f"the statement of {node.id} repeats that of {held.id}"
            related = (Related(*held.source, f"{held.id} is here"),)
            yield diagnostic("CG402", node.source, message, related=related)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def rationales(library: Library) -> Iterator[Diagnostic]:
    """Mappings and jointly sufficient sets without a reason."""
    for entry in library.mappings:
        if not entry.rationale:
            message = f"mapping of {entry.control} to {entry.framework}:{entry.requirement}"
            yield diagnostic("CG404", entry.source, f"{message} gives no rationale")
    for joint in library.sets:
        if not joint.rationale:
            message = f"jointly sufficient set for {joint.framework}:{joint.requirement}"
            yield diagnostic("CG404", joint.source, f"{message} gives no rationale")
