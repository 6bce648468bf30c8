"""Which controls bear on each requirement of one catalog: routes and other mappings.

What comes in: library and catalog. What goes out: for every leaf its routes (own and inherited
from ancestors) and its mapped controls. No client is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

from compliance_graph.model import Catalog, Library, MappingEntry, Requirement, SufficientSet


@dataclass(frozen=True, slots=True)
class Route:
    """Controls that together cover a requirement, and the declaration that says so."""

    controls: tuple[str, ...]
    declared_on: str
    relationship: str
    declaration: MappingEntry | SufficientSet


class MappingIndex:
    """Routes and mapped controls of one catalog."""

    def __init__(self, library: Library, catalog: Catalog) -> None:
        self.catalog = catalog
        self.routes_on: dict[str, list[Route]] = {}
        self.entries_on: dict[str, list[MappingEntry]] = {}
        for entry in library.mappings:
            if (
                entry.framework,
                entry.edition,
            ) == catalog.key and entry.control in library.controls:
                self.entries_on.setdefault(entry.requirement, []).append(entry)
                if entry.is_route:
                    route = Route((entry.control,), entry.requirement, entry.relationship, entry)
                    self.routes_on.setdefault(entry.requirement, []).append(route)
        for joint in library.sets:
            known = all(control in library.controls for control in joint.controls)
            if (joint.framework, joint.edition) == catalog.key and known:
                route = Route(joint.controls, joint.requirement, "jointly-sufficient", joint)
                self.routes_on.setdefault(joint.requirement, []).append(route)

    def lineage(self, requirement: Requirement) -> list[Requirement]:
        """The node and its ancestors, nearest first."""
        line = [requirement]
        while line[-1].parent is not None:
            line.append(self.catalog.requirements[line[-1].parent])
        return line

    def routes(self, requirement: Requirement) -> list[Route]:
        """Routes of the node and of its ancestors: an ancestor's route covers its descendants."""
        return [
            route for node in self.lineage(requirement) for route in self.routes_on.get(node.id, ())
        ]

    def mapped(self, requirement: Requirement) -> tuple[str, ...]:
        """Controls that bear on a node: its own mappings of any kind, and every member of its
        routes. An ancestor's partial mapping does not say which descendant it helps."""
        own = [entry.control for entry in self.entries_on.get(requirement.id, ())]
        members = [control for route in self.routes(requirement) for control in route.controls]
        return tuple(sorted(dict.fromkeys([*own, *members])))
