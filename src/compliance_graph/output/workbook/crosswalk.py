"""The crosswalk between the frameworks of a report that shared controls induce.

Two requirements are paired only where a declared route of each (one covering control, or one
jointly sufficient set) has a control in common. Partial mappings pair nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from compliance_graph.analysis.index import Route
from compliance_graph.model import Catalog
from compliance_graph.output.workbook.grid import (
    CONTROL_MATRIX,
    CROSSWALK,
    Cell,
    Column,
    Line,
    Link,
    Sheet,
    table,
)
from compliance_graph.output.workbook.material import Material

COLUMNS = (
    Column("From", 20, "id"),
    Column("From framework", 18),
    Column("Title", 30),
    Column("Status", 15, "status"),
    Column("To", 20, "id"),
    Column("To framework", 18),
    Column("Title there", 30),
    Column("Status there", 15, "status"),
    Column("Shared controls", 26),
    Column("How they share", 50),
)
PURPOSE = (
    "Requirements of different frameworks that the same control covers: one piece of work, several "
    "requirements. Derived from the declared routes only; not a statement by a publisher."
)


def crosswalk(material: Material) -> Sheet:
    """The crosswalk sheet: one row per pair of requirements, in catalog order."""
    lines = [
        line
        for left, right in combinations(range(len(material.report.frameworks)), 2)
        for line in _pairs(material, left, right)
    ]
    return table(CROSSWALK, PURPOSE, COLUMNS, lines)


def _routes(material: Material, index: int) -> dict[str, list[Route]]:
    declared = material.report.frameworks[index].assessment.index.routes_on
    return {name: declared[name] for name in material.nodes[index] if name in declared}


def _pairs(material: Material, left: int, right: int) -> Iterator[Line]:
    theirs: dict[str, list[tuple[str, Route]]] = {}
    for name, routes in _routes(material, right).items():
        for route in routes:
            for control in route.controls:
                theirs.setdefault(control, []).append((name, route))
    order = {name: n for n, name in enumerate(material.nodes[right])}
    for name, routes in _routes(material, left).items():
        shared: dict[str, dict[str, None]] = {}
        words: dict[str, dict[str, None]] = {}
        for route in routes:
            for control in route.controls:
                for other, there in theirs.get(control, ()):
                    shared.setdefault(other, {})[control] = None
                    words.setdefault(other, {})[_how(control, route, there)] = None
        for other in sorted(shared, key=order.__getitem__):
            yield _line(
                material, (left, name), (right, other), list(shared[other]), list(words[other])
            )


def _how(control: str, here: Route, there: Route) -> str:
    def side(route: Route) -> str:
        partners = [name for name in route.controls if name != control]
        return route.relationship + (f" (with {', '.join(partners)})" if partners else "")

    return f"{control}: {side(here)} / {side(there)}"


def _line(
    material: Material,
    a: tuple[int, str],
    b: tuple[int, str],
    controls: list[str],
    words: list[str],
) -> Line:
    cells: list[Cell] = []
    for index, name in (a, b):
        framework = material.report.frameworks[index]
        cells += [
            Link(name, material.sheets[index], name),
            f"{framework.catalog.id} {framework.catalog.edition}",
            _title(framework.catalog, name),
            material.nodes[index][name].status,
        ]
    cells.append(Link(", ".join(controls), CONTROL_MATRIX, controls[0]))
    cells.append("\n".join(words))
    return Line(f"{a[1]} / {b[1]}", tuple(cells))


def _title(catalog: Catalog, name: str) -> str:
    """The title of a requirement; for an objective that of the requirement it belongs to."""
    node = catalog.requirements[name]
    if node.title or node.parent is None:
        return node.title
    return f"Objective of: {catalog.requirements[node.parent].title}"
