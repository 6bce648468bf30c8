"""Ids that could be taken for each other, and definitions that contradict or need themselves.

What comes in: a library. What goes out: diagnostics CG112, CG306, CG307, CG312, CG313.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from compliance_graph import rules
from compliance_graph.diagnostics import Diagnostic, Related, diagnostic
from compliance_graph.model import Catalog, Library, MappingEntry, Source, Span

MAX_CHAIN = 50
_CONFUSABLE = str.maketrans({"0": "o", "O": "o", "1": "l", "I": "l", "|": "l"})


# ---------------------------------------------------------------- look-alike ids


def look_alikes(library: Library) -> Iterator[Diagnostic]:
    """Ids of one kind that differ only in case, or in 0 and O, 1 and l and I."""
    yield from twins("control", ((c.id, c.source) for c in library.controls.values()))
    yield from twins("evidence type", ((t.id, t.source) for t in library.evidence_types.values()))
    yield from twins("framework", {c.id: c.source for c in library.catalogs.values()}.items())
    yield from twins("regime", ((r.id, r.source) for r in library.regimes.values()))
    for catalog in library.catalogs.values():
        ids = ((node.id, node.source) for node in catalog.requirements.values())
        yield from twins(f"requirement of {catalog.id}", ids)


def twins(what: str, ids: Iterable[tuple[str, Source]]) -> Iterator[Diagnostic]:
    """CG306 for every id that looks like an earlier one; ids are ASCII by their grammar."""
    seen: dict[tuple[str, str], tuple[str, Source]] = {}
    for name, source in ids:
        keys = (("case", name.casefold()), ("shape", name.translate(_CONFUSABLE).casefold()))
        first = next((seen[key] for key in keys if key in seen and seen[key][0] != name), None)
        if first:
            message = f'{what} "{name}" looks like "{first[0]}"'
            related = (Related(*first[1], f'"{first[0]}" is here'),)
            yield diagnostic("CG306", source, message, related=related)
        for key in keys:
            seen.setdefault(key, (name, source))


# ---------------------------------------------------------------- cycles


def cycles(library: Library) -> Iterator[Diagnostic]:
    """Prerequisites, regimes and derived facts that rest on themselves; chains without end."""
    controls = {c.id: list(c.prerequisites) for c in library.controls.values()}
    for cycle in find_cycles(controls):
        source = library.controls[cycle[0]].source
        yield diagnostic("CG307", source, "prerequisites go round: " + _round(cycle))
    regimes = {r.id: _names(r.rule, "ref") for r in library.regimes.values()}
    for cycle in find_cycles(regimes):
        source = library.regimes[cycle[0]].source
        yield diagnostic("CG307", source, "regimes go round: " + _round(cycle))
    facts = {d.id: _names(d.rule or {"all": []}, "fact") for d in library.derived.values()}
    for cycle in find_cycles(facts):
        source = library.derived[cycle[0]].source
        yield diagnostic("CG307", source, "derived facts go round: " + _round(cycle))
    yield from _long_chains("regime", regimes, {r.id: r.source for r in library.regimes.values()})
    yield from _long_chains("fact", facts, {d.id: d.source for d in library.derived.values()})
    older = {(c.id, c.edition): [(c.id, c.supersedes)] for c in library.catalogs.values()}
    named = {f"{a}@{b}": [f"{c}@{d}" for c, d in after] for (a, b), after in older.items()}
    for cycle in find_cycles(named):
        framework, _, edition = cycle[0].partition("@")
        source = library.catalogs[(framework, edition)].source
        yield diagnostic("CG307", source, "editions supersede each other: " + _round(cycle))


def _names(rule: Mapping[str, object], kind: str) -> list[str]:
    return [name for found, name in rules.facts_of(rule) if found == kind]


def _round(cycle: Sequence[str]) -> str:
    shown = [*cycle[:10], "..."] if len(cycle) > 10 else list(cycle)
    return " -> ".join([*shown, cycle[0]])


def find_cycles(edges: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """One cycle of every knot of nodes that reach each other, beginning with its least name.

    Linear in nodes and edges; nothing here recurses, for chains may be long.
    """
    for knot in sorted(sorted(knot) for knot in components(edges)):
        members = set(knot)
        if len(knot) == 1 and knot[0] not in edges.get(knot[0], ()):
            continue
        path, at = [knot[0]], {knot[0]: 0}
        while True:
            following = min(n for n in edges[path[-1]] if n in members)
            if following in at:
                cycle = path[at[following] :]
                first = cycle.index(min(cycle))
                yield cycle[first:] + cycle[:first]
                break
            at[following] = len(path)
            path.append(following)


def components(edges: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Strongly connected components, those reached last first (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    held: set[str] = set()
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        held.add(root)
        while work:
            node, successors = work[-1]
            ahead = (name for name in successors if name in edges)
            deeper = next((name for name in ahead if name not in index or name in held), None)
            if deeper is not None:
                if deeper in index:
                    low[node] = min(low[node], index[deeper])
                    continue
                index[deeper] = low[deeper] = len(index)
                stack.append(deeper)
                held.add(deeper)
                work.append((deeper, iter(edges[deeper])))
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                component = [stack.pop()]
                while component[-1] != node:
                    component.append(stack.pop())
                held.difference_update(component)
                yield component


def _long_chains(
    what: str, edges: Mapping[str, Sequence[str]], sources: Mapping[str, Source]
) -> Iterator[Diagnostic]:
    """Definitions that rest on each other further than they can be followed (CG112)."""
    depth: dict[str, int] = {}
    for knot in components(edges):  # what a node rests on comes before it
        below = max((depth.get(n, 0) for node in knot for n in edges[node]), default=0)
        for node in knot:
            depth[node] = below + 1
        if below == MAX_CHAIN + 1:
            message = f"{what} {knot[0]} rests on a chain of more than {MAX_CHAIN} others"
            yield diagnostic("CG112", sources[knot[0]], message, "name the facts themselves")


# ---------------------------------------------------------------- editions and mappings


def editions(library: Library) -> Iterator[Diagnostic]:
    """Two editions of one framework in force on one day (CG312)."""
    for framework in sorted({key[0] for key in library.catalogs}):
        held = library.editions(framework)
        for at, catalog in enumerate(held):
            for other in held[at + 1 :]:
                day = _common_day(catalog, other)
                if day is not None:
                    when = f"on {day}" if day > date.min else "at all times"
                    both = f"{framework}@{other.edition} and @{catalog.edition}"
                    message = f"{both} are both in force {when}"
                    related = (Related(*catalog.source, f"edition {catalog.edition}"),)
                    yield diagnostic("CG312", other.source, message, related=related)


def _common_day(a: Catalog, b: Catalog) -> date | None:
    """The first day on which both are in force; one without spans always is."""
    always = (Span(date.min),)
    days = [
        max(one.start, two.start)
        for one in a.in_force or always
        for two in b.in_force or always
        if (one.until is None or two.start < one.until)
        and (two.until is None or one.start < two.until)
    ]
    return min(days, default=None)


def contradictory_mappings(library: Library) -> Iterator[Diagnostic]:
    """One control and one requirement with two relationships, or said twice (CG313, CG305)."""
    first: dict[tuple[str, str, str, str], MappingEntry] = {}
    for entry in library.mappings:
        key = (entry.framework, entry.edition, entry.requirement, entry.control)
        held = first.setdefault(key, entry)
        if held is entry:
            continue
        related = (Related(*held.source, f"{held.relationship} here"),)
        what = f"{entry.control} on {entry.framework}:{entry.requirement}"
        if held.relationship == entry.relationship:
            message = f"mapping of {what} stands twice"
            yield diagnostic("CG305", entry.source, message, related=related)
        else:
            message = f"{what} is both {held.relationship} and {entry.relationship}"
            yield diagnostic("CG313", entry.source, message, related=related)
