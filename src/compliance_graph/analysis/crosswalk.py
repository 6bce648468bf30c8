"""The crosswalk between two catalogs that the control library induces.

What comes in: library and two catalogs. What goes out: pairs of requirements with the controls they
share, the set relation those controls imply, and how strong the link is. No client is looked at.
docs/crosswalk.md explains and measures it.

*What a control bears on.* The requirement its mapping names, an objective standing for its
requirement; and, if that is a part of an assessable requirement (an implementation specification
of a HIPAA standard), the whole as well. A route on a node above assessable requirements counts for
each of them; a partial mapping up there for none, as it does not say which of them it helps.
`intersects-with` carries no weight.

*Share* of a control in a requirement: 1 if it covers it; for a member of a jointly sufficient set
of k controls 1/k; for `subset-of` one half, as nobody says how large the part is; for mappings on
some of its parts the same, times the part's share of the requirement. The largest claim counts.

*Specificity.* A control that bears on n requirements of A and m of B could stand for n x m pairs,
and says little of each. So a shared control gives a pair min(share in a, share in b) / (n x m), and
a pair is kept if its controls give at least `THRESHOLD` together, or if a published pair of the
library names it. One control that covers 5 requirements on both sides still links; 6 on both sides
do not. Wholes that are only reached through their parts are not counted in n. Where a catalog has
tiers, n is the most requirements of any one tier: tiers repeat one another (CMMC Level 1 asks what
Level 2 asks again), and nobody answers for a duty twice.

*Level.* A pair of wholes stands beside the pairs of their parts only if it rests on more controls
than any one of them; otherwise the part says it better.

*Relation.* Sets are what has to be done. For a control c that carries weight in a and in b:

    c to a          c to b          follows
    covers          inside          a within c within b: a subset-of b
    inside          covers          b within c within a: a superset-of b
    both            both            a = c = b: a equal-to b
    covers          covers          no more than intersects-with: both lie in c, perhaps apart
    inside          inside          intersects-with: c lies in both

`superset-of` covers, `subset-of` is inside, `equal-to` and `equivalent-to` are both. But a control
that is subset-of two requirements of a framework has a part in each and so lies inside neither; it
counts as overlapping only. A set counts where one control does not: if every member of a jointly
sufficient set of a lies inside b, a does. Over all shared controls, subset and superset together
are equal-to. A published pair says its own relation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from compliance_graph.analysis.index import MappingIndex
from compliance_graph.model import Catalog, Library, Requirement

THRESHOLD = Fraction(1, 30)
PART = Fraction(1, 2)  # the share of a subset-of mapping
_EXACT = ("equal-to", "equivalent-to")
_INVERSE = {"subset-of": "superset-of", "superset-of": "subset-of"}


@dataclass(frozen=True, slots=True)
class Bearing:
    """How a control stands to a requirement: its share, and what is known of the sets."""

    share: Fraction = Fraction(0)
    covers: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two requirements, the controls they share (the strongest first) and what follows.

    `weight` is between 0 and the number of controls; `published` holds the citations of published
    pairs, and is empty for a pair that only the control library induces.
    """

    a: str
    b: str
    controls: tuple[str, ...]
    relationship: str
    weight: Fraction
    published: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """The pairs of two catalogs in catalog order, and how many were too weak to keep."""

    a: Catalog
    b: Catalog
    pairs: tuple[Pair, ...]
    dropped: int


class Bearings:
    """What every control bears on in one catalog, and how many requirements that makes."""

    def __init__(self, library: Library, catalog: Catalog) -> None:
        self.catalog = catalog
        self.nodes = catalog.requirements
        self.by_control: dict[str, dict[str, Bearing]] = {}
        self.routes: dict[str, list[tuple[str, ...]]] = {}
        self._parts: dict[tuple[str, str], dict[str, Fraction]] = {}
        self._named: dict[str, dict[str, None]] = {}
        index = MappingIndex(library, catalog)
        for name, routes in index.routes_on.items():
            for route in routes:
                alone = len(route.controls) == 1
                share = Fraction(1, len(route.controls))
                exact = route.relationship in _EXACT
                for control in route.controls:
                    self._put(name, control, Bearing(share, covers=alone, inside=exact))
                if not self.nodes[name].is_objective:
                    for node in (name, *self._below(name)):
                        self.routes.setdefault(node, []).append(route.controls)
        for name, entries in index.entries_on.items():
            for entry in entries:
                if entry.relationship == "subset-of" and not self._below(name):
                    self._put(name, entry.control, Bearing(PART, inside=True))
        self._fold()
        self.count = {control: self._most(names) for control, names in self._named.items()}

    def known(self, name: str) -> str | None:
        """The requirement an id or alias stands for, an objective standing for its own; or None."""
        if name not in self.nodes:
            name = next((node.id for node in self.nodes.values() if name in node.aliases), "")
        return self._own(name) if name else None

    def whole(self, name: str) -> str:
        """The assessable requirement a requirement is part of; itself if there is none."""
        return next((n.id for n in self._line(name) if n.assessable), name)

    def _own(self, name: str) -> str:
        """The requirement a node is or belongs to as an objective."""
        return next(n.id for n in self._line(name) if not n.is_objective)

    def _line(self, name: str) -> Iterator[Requirement]:
        """The node and its ancestors, nearest first."""
        node = self.nodes[name]
        yield node
        while node.parent is not None:
            node = self.nodes[node.parent]
            yield node

    def _below(self, name: str) -> list[str]:
        """The assessable requirements under a node that is not one itself."""
        node = self.nodes[name]
        if node.assessable:
            return []
        return [
            found
            for member in node.members
            for found in ([member] if self.nodes[member].assessable else self._below(member))
        ]

    def _leaves(self, name: str) -> list[str]:
        members = self.nodes[name].members
        return [leaf for member in members for leaf in self._leaves(member)] if members else [name]

    def _put(self, name: str, control: str, bearing: Bearing) -> None:
        """Count a claim for the node and the whole it is a part of, or for those below it."""
        below = self._below(name)
        exact = bearing.inside and len(below) == 1  # equal to a heading over one requirement
        for node in below:
            self._claim(node, control, Bearing(bearing.share, bearing.covers, exact))
        own = self._own(name)
        self._named.setdefault(control, {}).update(dict.fromkeys(below or [own]))
        if below:
            return
        for unit in dict.fromkeys((own, self.whole(own))):
            if unit == name:
                self._claim(unit, control, bearing)
                continue
            parts = self._parts.setdefault((unit, control), {})
            for leaf in self._leaves(name):
                parts[leaf] = max(parts.get(leaf, Fraction(0)), bearing.share)
            if bearing.inside:
                self._claim(unit, control, Bearing(inside=True))

    def _claim(self, name: str, control: str, bearing: Bearing) -> None:
        held = self.by_control.setdefault(control, {}).get(name, Bearing())
        self.by_control[control][name] = Bearing(
            max(held.share, bearing.share),
            held.covers or bearing.covers,
            held.inside or bearing.inside,
        )

    def _fold(self) -> None:
        """Parts to wholes; and no control that bears on two requirements lies inside one, unless
        it is declared equal to it."""
        for (unit, control), parts in self._parts.items():
            leaves = self._leaves(unit)
            covers = all(parts.get(leaf) == 1 for leaf in leaves)
            share = sum(parts.values(), Fraction(0)) / len(leaves)
            self._claim(unit, control, Bearing(share, covers=covers))
        for held in self.by_control.values():
            for name, bearing in held.items():
                if bearing.inside and not bearing.covers and not self._only(name, held):
                    held[name] = Bearing(bearing.share)

    def _only(self, name: str, held: Iterable[str]) -> bool:
        """True if everything held is the requirement, a part of it or a whole it is part of."""
        up = {node.id for node in self._line(name)}
        return all(other in up or name in {n.id for n in self._line(other)} for other in held)

    def _most(self, names: Iterable[str]) -> int:
        """How many of the requirements one tier asks for at most; those without a tier always."""
        nodes = [self.nodes[name] for name in names]
        tiers = Counter(tier for node in nodes for tier in node.tiers)
        return sum(not node.tiers for node in nodes) + max(tiers.values(), default=0)


def crosswalk(
    library: Library, a: Catalog, b: Catalog, threshold: Fraction = THRESHOLD
) -> Crosswalk:
    """The pairs the library induces between two catalogs. A catalog with itself gives each pair of
    different requirements once."""
    left = Bearings(library, a)
    right = left if a.key == b.key else Bearings(library, b)
    place = {name: number for number, name in enumerate(a.requirements)}
    there = {name: number for number, name in enumerate(b.requirements)}
    shared = _shared(left, right)
    published = _published(library, left, right)
    if a.key == b.key:
        shared = {key: gives for key, gives in shared.items() if place[key[0]] < there[key[1]]}
        published = {key: said for key, said in published.items() if place[key[0]] < there[key[1]]}
    strong = {key for key, gives in shared.items() if sum(gives.values()) >= threshold}
    said_better = _said_better(left, right, shared, strong)
    pairs = []
    for key in sorted(
        (strong - said_better) | published.keys(), key=lambda k: (place[k[0]], there[k[1]])
    ):
        gives = shared.get(key, {})
        named = published.get(key, [])
        relation = named[0][0] if named else _relation(left, right, key, gives)
        controls = tuple(sorted(gives, key=lambda c: (-gives[c], c)))
        citations = tuple(dict.fromkeys(citation for _, citation in named))
        pairs.append(Pair(*key, controls, relation, sum(gives.values(), Fraction(0)), citations))
    dropped = len(shared.keys() - strong - published.keys())
    return Crosswalk(a, b, tuple(pairs), dropped)


Shared = dict[tuple[str, str], dict[str, Fraction]]


def _said_better(
    left: Bearings, right: Bearings, shared: Shared, strong: set[tuple[str, str]]
) -> set[tuple[str, str]]:
    """The pairs of wholes that rest on no control more than one pair of their parts does."""
    found = set()
    for a, b in strong:
        for wider in ((left.whole(a), b), (a, right.whole(b)), (left.whole(a), right.whole(b))):
            if wider != (a, b) and shared.get(wider, {}).keys() == shared[a, b].keys():
                found.add(wider)
    return found


def _shared(left: Bearings, right: Bearings) -> Shared:
    """What every shared control gives every pair."""
    found: Shared = {}
    for control in sorted(left.by_control.keys() & right.by_control.keys()):
        here, there = left.by_control[control], right.by_control[control]
        many = left.count[control] * right.count[control]
        for a, mine in here.items():
            for b, theirs in there.items():
                gives = min(mine.share, theirs.share) / many
                found.setdefault((a, b), {})[control] = gives
    return found


def _relation(left: Bearings, right: Bearings, pair: tuple[str, str], shared: Iterable[str]) -> str:
    a, b = pair
    subset = superset = False
    for control in shared:
        here, there = left.by_control[control][a], right.by_control[control][b]
        subset = subset or (here.covers and there.inside)
        superset = superset or (here.inside and there.covers)
    subset = subset or _within(left, a, right, b)
    superset = superset or _within(right, b, left, a)
    if subset and superset:
        return "equal-to"
    return "subset-of" if subset else "superset-of" if superset else "intersects-with"


def _within(one: Bearings, a: str, other: Bearings, b: str) -> bool:
    """True if every member of one jointly sufficient set of a lies inside b."""

    def inside(control: str) -> bool:
        bearing = other.by_control.get(control, {}).get(b)
        return bearing is not None and bearing.inside

    return any(all(map(inside, route)) for route in one.routes.get(a, ()))


def _published(
    library: Library, left: Bearings, right: Bearings
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """(relationship, citation) of the published pairs, folded; read in either direction."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for pair in library.crosswalk:
        word = "equal-to" if pair.relationship in _EXACT else pair.relationship
        for one, two, said in ((pair.a, pair.b, word), (pair.b, pair.a, _INVERSE.get(word, word))):
            for a in _end(left, one):
                for b in _end(right, two):
                    found.setdefault((a, b), []).append((said, pair.citation))
    return found


def _end(bearings: Bearings, qualified: str) -> Iterator[str]:
    framework, _, name = qualified.partition(":")
    framework, _, edition = framework.partition("@")
    catalog = bearings.catalog
    if framework == catalog.id and edition in ("", catalog.edition):
        home = bearings.known(name)
        if home is not None:
            yield home
