"""Questions people ask of the graph, by name.

What comes in: a `ComplianceGraph` and node ids (see `find.resolve` for the short ids people type).
What goes out: sorted tuples and frozen rows. Unknown nodes raise KeyError.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import networkx

from compliance_graph.graph.build import NODE_KINDS, RELATIONS, ComplianceGraph
from compliance_graph.model import ROUTE_RELATIONSHIPS

MAX_PATHS = 20
# Nodes everything hangs on: a way through them says nothing about how two things are related.
_HUBS = ("client", "framework")


@dataclass(frozen=True, slots=True)
class Basis:
    """One declaration that a control bears on a requirement.

    `declared_on` is the node that bears it (an ancestor, where a route covers its descendants).
    `set` names the jointly sufficient set of which the control is a member; empty: it stands alone.
    """

    control: str
    requirement: str
    declared_on: str
    relationship: str
    rationale: str
    set: str = ""

    @property
    def is_route(self) -> bool:
        """True if the control covers the requirement alone or as a member of a declared set."""
        return bool(self.set) or self.relationship in ROUTE_RELATIONSHIPS


@dataclass(frozen=True, slots=True)
class Backing:
    """The evidence behind one control of a requirement: types it asks for, records on hand."""

    control: str
    types: tuple[str, ...]
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What rests on one evidence record. `sole` are the controls no other record supports."""

    controls: tuple[str, ...]
    sole: tuple[str, ...]
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a path. `forward` is False if the path goes against the edge's direction."""

    source: str
    relation: str
    target: str
    forward: bool
    attributes: Mapping[str, str]


# ---------------------------------------------------------------- requirements and controls


def lineage(graph: ComplianceGraph, node: str) -> list[str]:
    """A requirement or objective and its ancestors, nearest first."""
    line = [node]
    while True:
        above = graph.into(line[-1], "has-objective") or graph.into(line[-1], "contains")
        if not above or graph.kind(above[0]) not in ("requirement", "objective"):
            return line
        line.append(above[0])


def _declared(graph: ComplianceGraph, on: str, requirement: str) -> Iterator[Basis]:
    for control, _, data in graph.nx.in_edges(on, data=True):
        if data["relation"] == "satisfies":
            yield Basis(
                control,
                requirement,
                on,
                data["relationship"],
                data.get("rationale", ""),
                data.get("set", ""),
            )


def controls_for(graph: ComplianceGraph, requirement: str) -> tuple[Basis, ...]:
    """Which controls satisfy a requirement, and how far: its own declarations, and the routes of
    its ancestors, which cover it too."""
    found = list(_declared(graph, requirement, requirement))
    for above in lineage(graph, requirement)[1:]:
        found += [basis for basis in _declared(graph, above, requirement) if basis.is_route]
    return tuple(sorted(found, key=lambda b: (b.control, b.declared_on, b.relationship, b.set)))


def routes_for(graph: ComplianceGraph, requirement: str) -> tuple[tuple[str, ...], ...]:
    """The routes to a requirement: tuples of controls that together cover it. A set with a member
    the library does not have is no route."""
    alone: set[tuple[str, ...]] = set()
    sets: dict[str, set[str]] = {}
    sizes: dict[str, int] = {}
    for on in lineage(graph, requirement):
        for control, _, data in graph.nx.in_edges(on, data=True):
            if data["relation"] != "satisfies":
                continue
            if "set" in data:
                sets.setdefault(data["set"], set()).add(control)
                sizes[data["set"]] = int(data["set_size"])
            elif data["relationship"] in ROUTE_RELATIONSHIPS:
                alone.add((control,))
    whole = {tuple(sorted(held)) for name, held in sets.items() if len(held) == sizes[name]}
    return tuple(sorted(alone | whole, key=lambda route: (len(route), route)))


def requirements_of(graph: ComplianceGraph, control: str) -> tuple[Basis, ...]:
    """Which requirements of which frameworks a control carries, as declared."""
    found = [
        Basis(
            control,
            target,
            target,
            data["relationship"],
            data.get("rationale", ""),
            data.get("set", ""),
        )
        for _, target, data in graph.nx.out_edges(control, data=True)
        if data["relation"] == "satisfies"
    ]
    return tuple(sorted(found, key=lambda b: (b.requirement, b.relationship, b.set)))


def without_route(graph: ComplianceGraph, framework: str | None = None) -> tuple[str, ...]:
    """Leaf requirements and objectives no route covers, own or of an ancestor. `framework` is a
    framework node. Each node is seen once: a covered node is not descended into."""
    roots = [framework] if framework is not None else graph.of_kind("framework")
    stack = [child for root in roots for child in graph.out(root, "contains")]
    found = []
    while stack:
        node = stack.pop()
        if _covered(graph, node):
            continue
        below = graph.out(node, "contains") + graph.out(node, "has-objective")
        if below:
            stack.extend(below)
        else:
            found.append(node)
    return tuple(sorted(found))


def _covered(graph: ComplianceGraph, node: str) -> bool:
    """True if a control alone, or a whole jointly sufficient set, stands on exactly this node."""
    sizes: dict[str, int] = {}
    held: Counter[str] = Counter()
    for _, _, data in graph.nx.in_edges(node, data=True):
        if data["relation"] == "satisfies" and data["relationship"] in ROUTE_RELATIONSHIPS:
            return True
        if "set" in data:
            held[data["set"]] += 1
            sizes[data["set"]] = int(data["set_size"])
    return any(held[name] == size for name, size in sizes.items())


def unused(graph: ComplianceGraph, kind: str) -> tuple[str, ...]:
    """Controls that satisfy nothing, or evidence types no control asks for. Raises ValueError for
    any other kind."""
    if kind == "control":
        return tuple(n for n in graph.of_kind(kind) if not graph.out(n, "satisfies"))
    if kind == "evidence-type":
        return tuple(n for n in graph.of_kind(kind) if not graph.into(n, "requires-evidence"))
    raise ValueError(kind)


# ---------------------------------------------------------------- evidence and providers


def _supporting(graph: ComplianceGraph, control: str) -> list[str]:
    found = set(graph.into(control, "supports"))
    for record in graph.into(control, "implements"):
        found.update(graph.into(record, "supports"))
    return sorted(found)


def evidence_for(graph: ComplianceGraph, requirement: str) -> tuple[Backing, ...]:
    """The evidence a requirement rests on: per control the types asked for and the records held."""
    controls = dict.fromkeys(basis.control for basis in controls_for(graph, requirement))
    return tuple(
        Backing(
            control,
            tuple(graph.out(control, "requires-evidence")),
            tuple(_supporting(graph, control)),
        )
        for control in controls
    )


def impact_of(graph: ComplianceGraph, evidence: str) -> Impact:
    """What a record of evidence carries: controls, and through them declared requirements."""
    controls: set[str] = set()
    for node in graph.out(evidence, "supports"):
        if graph.kind(node) == "implementation":
            controls.update(graph.out(node, "implements"))
        elif graph.kind(node) == "control":
            controls.add(node)
    sole = [control for control in controls if _supporting(graph, control) == [evidence]]
    requirements = {target for control in controls for target in graph.out(control, "satisfies")}
    direct = graph.out(evidence, "supports")
    requirements.update(n for n in direct if graph.kind(n) in ("requirement", "objective"))
    return Impact(tuple(sorted(controls)), tuple(sorted(sole)), tuple(sorted(requirements)))


def provided_by(graph: ComplianceGraph, vendor: str) -> Mapping[str, tuple[str, ...]]:
    """What rests on a vendor: `systems`, `controls`, and the `requirements` those carry."""
    systems, controls = set(), set()
    for node in graph.out(vendor, "provides"):
        if graph.kind(node) == "system":
            systems.add(node)
        elif graph.kind(node) == "implementation":
            controls.update(graph.out(node, "implements"))
        else:
            controls.add(node)
    carried = {target for control in controls for target in graph.out(control, "satisfies")}
    return {
        "systems": tuple(sorted(systems)),
        "controls": tuple(sorted(controls)),
        "requirements": tuple(sorted(carried)),
    }


# ---------------------------------------------------------------- order


def _ordering(graph: ComplianceGraph) -> Any:
    """Controls and their prerequisites only, in sorted order."""
    made = networkx.DiGraph()
    made.add_nodes_from(graph.of_kind("control"))
    made.add_edges_from(
        (a, b) for a, b, r in graph.nx.edges(data="relation") if r == "prerequisite-of"
    )
    return made


def cycles(graph: ComplianceGraph) -> tuple[tuple[str, ...], ...]:
    """One cycle of prerequisites for each group of controls that wait for one another."""
    order = _ordering(graph)
    found = []
    for group in networkx.strongly_connected_components(order):
        inner = order.subgraph(group)
        if len(group) > 1 or inner.number_of_edges():
            plain = networkx.DiGraph(sorted(inner.edges))  # a subgraph view has no stable order
            ring = [a for a, _ in networkx.find_cycle(plain, min(group))]
            start = ring.index(min(ring))
            found.append(tuple(ring[start:] + ring[:start]))
    return tuple(sorted(found))


def prerequisite_order(
    graph: ComplianceGraph, controls: Iterable[str] | None = None
) -> tuple[str, ...]:
    """Controls (all, or those given) so that prerequisites come first, else by id. Controls that
    wait for one another stand together, by id: a cycle never hides the rest of the order."""
    whole = networkx.condensation(_ordering(graph))
    first = {number: min(data["members"]) for number, data in whole.nodes(data=True)}
    ordered = [
        control
        for number in networkx.lexicographical_topological_sort(whole, key=first.__getitem__)
        for control in sorted(whole.nodes[number]["members"])
    ]
    wanted = set(ordered if controls is None else controls)
    return tuple(control for control in ordered if control in wanted)


def prerequisites_of(graph: ComplianceGraph, control: str) -> tuple[str, ...]:
    """Everything that comes before a control, directly or not, in order."""
    before = networkx.ancestors(_ordering(graph), control)
    return prerequisite_order(graph, before)


# ---------------------------------------------------------------- paths


def path(graph: ComplianceGraph, a: str, b: str) -> list[Step] | None:
    """A shortest path between two nodes; None if there is none, empty if they are the same."""
    return next(iter(paths(graph, a, b, 1)), None)


def paths(graph: ComplianceGraph, a: str, b: str, limit: int = MAX_PATHS) -> list[list[Step]]:
    """Up to `limit` shortest paths: along the edges, else against them, else in any direction; the
    client and framework nodes are stepped through only if there is no other way."""
    for views in ("out", "in", "any"):
        for hubs in (False, True):
            around = _Around(graph, views, frozenset() if hubs else _hubs(graph, a, b))
            found = list(islice(around.shortest(a, b), max(limit, 0)))
            if found:
                return [_steps(graph, line) for line in found]
    return []


def _hubs(graph: ComplianceGraph, *ends: str) -> frozenset[str]:
    return frozenset(graph.of_kind(*_HUBS)).difference(ends)


class _Around:
    """Neighbours of a node in sorted order, in one direction or any, some nodes left out."""

    def __init__(self, graph: ComplianceGraph, view: str, without: frozenset[str]) -> None:
        self._graph = graph.nx
        self._view = view
        self._without = without

    def neighbours(self, node: str) -> list[str]:
        found: set[str] = set()
        if self._view in ("out", "any"):
            found.update(self._graph.successors(node))
        if self._view in ("in", "any"):
            found.update(self._graph.predecessors(node))
        return sorted(found - self._without)

    def shortest(self, a: str, b: str) -> Iterator[list[str]]:
        """Shortest paths from a to b in order of their nodes: one search from a that keeps every
        predecessor, then a walk back from b that cannot run into a dead end."""
        for end in (a, b):
            if end not in self._graph:
                raise KeyError(end)
        before: dict[str, list[str]] = {a: []}
        distance = {a: 0}
        level = [a]
        while level and b not in distance:
            following: list[str] = []
            for node in level:
                for other in self.neighbours(node):
                    if other not in distance:
                        distance[other] = distance[node] + 1
                        before[other] = []
                        following.append(other)
                    if distance[other] == distance[node] + 1:
                        before[other].append(node)
            level = following
        if b not in distance:
            return
        stack = [(b, [b])]
        while stack:
            node, line = stack.pop()
            if node == a:
                yield line[::-1]
            stack.extend((up, [*line, up]) for up in reversed(before[node]))


def _steps(graph: ComplianceGraph, line: list[str]) -> list[Step]:
    steps = []
    for a, b in pairwise(line):
        forward = graph.nx.has_edge(a, b)
        source, target = (a, b) if forward else (b, a)
        key = min(graph.nx[source][target])
        data = dict(graph.nx[source][target][key])
        steps.append(Step(a, data.pop("relation"), b, forward, data))
    return steps


# ---------------------------------------------------------------- the whole


def neighbourhood(graph: ComplianceGraph, node: str, hops: int = 1) -> ComplianceGraph:
    """The part of the graph within some edges of a node, direction aside; the client and framework
    nodes are shown but not stepped through."""
    around = _Around(graph, "any", frozenset())
    stop = _hubs(graph, node)
    seen, level = {node}, [node]
    for _ in range(hops):
        level = [n for at in level if at not in stop for n in around.neighbours(at)]
        level = sorted(set(level) - seen)
        seen.update(level)
    part = networkx.MultiDiGraph()
    part.add_nodes_from((n, data) for n, data in graph.nx.nodes(data=True) if n in seen)
    part.add_edges_from(
        (a, b, key, data)
        for a, b, key, data in graph.nx.edges(keys=True, data=True)
        if a in seen and b in seen
    )
    records = {n: record for n, record in graph.records.items() if n in seen}
    return ComplianceGraph(part, graph.library, graph.client, records)


def stats(graph: ComplianceGraph) -> dict[str, Any]:
    """Counts: nodes and edges by kind, requirements without a route, unused controls and evidence
    types, groups of controls in a cycle, loose parts."""
    kinds = Counter(kind for _, kind in graph.nx.nodes(data="kind"))
    relations = Counter(r for _, _, r in graph.nx.edges(data="relation"))
    return {
        "nodes": {kind: kinds[kind] for kind in NODE_KINDS},
        "edges": {relation: relations[relation] for relation in RELATIONS},
        "total": {"nodes": graph.nx.number_of_nodes(), "edges": graph.nx.number_of_edges()},
        "without_route": len(without_route(graph)),
        "unused_controls": len(unused(graph, "control")),
        "unused_evidence_types": len(unused(graph, "evidence-type")),
        "prerequisite_cycles": len(cycles(graph)),
        "parts": networkx.number_weakly_connected_components(graph.nx),
    }
