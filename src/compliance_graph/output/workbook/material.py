"""What the sheets of a workbook have in common, gathered once from a gap report.

What comes in: a `GapReport`. What goes out: which controls are shown, what each meets, the open
items and the evidence to ask for. Statuses are taken from the report as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from compliance_graph.analysis.report import FrameworkReport, GapReport
from compliance_graph.analysis.verdict import Gap, Verdict
from compliance_graph.model import GAP_KINDS, RELATIONSHIPS, Control

_RELATION_ORDER = (*RELATIONSHIPS[:3], "jointly-sufficient", *RELATIONSHIPS[3:])
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", "-"))


@dataclass(frozen=True, slots=True)
class Bearing:
    """One control's bearing on one requirement of a framework in the report."""

    requirement: str
    relationship: str
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An open item: one gap with all counted requirements it stands in the way of.

    `requirements` are (index of the framework in the report, requirement id).
    """

    key: str
    gap: Gap
    requirements: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """Evidence to ask for: any one of `types`, for these controls, and why."""

    supplier: str
    types: tuple[str, ...]
    controls: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """Everything the sheets are made from."""

    report: GapReport
    version: str
    client_copy: bool
    sheets: tuple[str, ...]  # name of the sheet of each framework
    nodes: tuple[dict[str, Verdict], ...]  # per framework: verdicts of all rows and objectives
    controls: tuple[Control, ...]
    bearings: dict[str, tuple[tuple[Bearing, ...], ...]]  # control: per framework
    items: tuple[Item, ...]
    requests: tuple[Request, ...]


def gather(report: GapReport, version: str, client_copy: bool) -> Material:
    """Collect the material of a workbook."""
    nodes = tuple(_nodes(framework) for framework in report.frameworks)
    bearings = _bearings(report, nodes)
    shown = sorted(
        (report.library.controls[name] for name in {*bearings, *report.client.controls}),
        key=lambda control: (control.domain, control.id),
    )
    return Material(
        report=report,
        version=version,
        client_copy=client_copy,
        sheets=_sheet_names(report),
        nodes=nodes,
        controls=tuple(shown),
        bearings=bearings,
        items=_items(report, nodes),
        requests=_requests(report, nodes),
    )


def _nodes(framework: FrameworkReport) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    for row in framework.rows:
        found[row.requirement.id] = row.verdict
        for objective, verdict in row.objectives:
            found[objective.id] = verdict
    return found


def _sheet_names(report: GapReport) -> tuple[str, ...]:
    """Sheet names Excel accepts: at most 31 characters, unique without regard to case."""
    names: list[str] = []
    for framework in report.frameworks:
        base = f"{framework.catalog.id} {framework.catalog.edition}".translate(_FORBIDDEN)[:31]
        name, number = base, 2
        while name.lower() in {other.lower() for other in names}:
            name = f"{base[:27]} ({number})"
            number += 1
        names.append(name)
    return tuple(names)


def _bearings(
    report: GapReport, nodes: tuple[dict[str, Verdict], ...]
) -> dict[str, tuple[tuple[Bearing, ...], ...]]:
    """Which requirements in scope each control is mapped to, strongest relationship first."""
    found: dict[str, list[list[Bearing]]] = {}
    for index, framework in enumerate(report.frameworks):
        mappings = framework.assessment.index
        for requirement in nodes[index]:
            mine: dict[str, list[Bearing]] = {}
            for entry in mappings.entries_on.get(requirement, ()):
                mine.setdefault(entry.control, []).append(Bearing(requirement, entry.relationship))
            for route in mappings.routes_on.get(requirement, ()):
                if route.relationship != "jointly-sufficient":
                    continue
                for control in route.controls:
                    partners = tuple(name for name in route.controls if name != control)
                    mine.setdefault(control, []).append(
                        Bearing(requirement, route.relationship, partners)
                    )
            for control, entries in mine.items():
                lists = found.setdefault(control, [[] for _ in report.frameworks])
                lists[index].extend(dict.fromkeys(entries))
    rank = {word: n for n, word in enumerate(_RELATION_ORDER)}
    return {
        control: tuple(
            tuple(sorted(entries, key=lambda b: rank[b.relationship])) for entries in lists
        )
        for control, lists in sorted(found.items())
    }


def own_gaps(
    framework: FrameworkReport, verdict: Verdict, nodes: dict[str, Verdict]
) -> tuple[Gap, ...]:
    """The gaps of a node that none of its parts in scope already has."""
    members = framework.catalog.requirements[verdict.id].members
    below = {gap for name in members if name in nodes for gap in nodes[name].gaps}
    return tuple(gap for gap in verdict.gaps if gap not in below)


def _items(report: GapReport, nodes: tuple[dict[str, Verdict], ...]) -> tuple[Item, ...]:
    """Each gap once, with the nodes it belongs to: the deepest ones that have it.

    A gap below a counted requirement is an item only if the counted one has it too: an option
    that another option of an `any` makes unnecessary is no open item.
    """
    places: dict[Gap, dict[tuple[int, str], None]] = {}
    for index, framework in enumerate(report.frameworks):
        known = nodes[index]
        for row in framework.rows:
            if row.requirement.assessable:
                for gap in row.verdict.gaps:
                    for name in _deepest(framework, known, row.verdict, gap):
                        places.setdefault(gap, {})[index, name] = None
            else:
                for gap in own_gaps(framework, row.verdict, known):
                    if row.requirement.members:
                        places.setdefault(gap, {})[index, row.requirement.id] = None
    return _numbered(report, places)


def _deepest(
    framework: FrameworkReport, nodes: dict[str, Verdict], verdict: Verdict, gap: Gap
) -> list[str]:
    waiting, found = [verdict], []
    while waiting:
        node = waiting.pop()
        members = framework.catalog.requirements[node.id].members
        below = [nodes[m] for m in members if m in nodes and gap in nodes[m].gaps]
        if below:
            waiting.extend(reversed(below))
        else:
            found.append(node.id)
    return found


def _numbered(
    report: GapReport, places: dict[Gap, dict[tuple[int, str], None]]
) -> tuple[Item, ...]:
    controls = report.library.controls

    def order(gap: Gap) -> tuple[bool, str, str, int, tuple[int, str], str]:
        control = controls.get(gap.control or "")
        first = min(places[gap])
        domain, name = (control.domain, control.id) if control else ("", "")
        kind = GAP_KINDS.index(gap.kind)
        return (control is None, domain, name, kind, (0, "") if control else first, gap.detail)

    items, seen = [], dict[str, int]()
    for gap in sorted(places, key=order):
        index, requirement = min(places[gap])
        about = gap.control or f"{report.frameworks[index].catalog.id}:{requirement}"
        key = f"{gap.kind}:{about}"
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            key += f"#{seen[key]}"
        items.append(Item(key, gap, tuple(sorted(places[gap], key=lambda p: p[0]))))
    return tuple(items)


def _requests(report: GapReport, nodes: tuple[dict[str, Verdict], ...]) -> tuple[Request, ...]:
    """The evidence that the evidence gaps of the report ask for, by supplier and type."""
    wanting = {
        gap.control
        for verdicts in nodes
        for verdict in verdicts.values()
        for gap in verdict.gaps
        if gap.kind == "evidence" and gap.control
    }
    wanted: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for control in sorted(wanting):
        for types in _missing_types(report, control):
            wanted.setdefault(types, {})[control] = _reasons(report, control, types)
    requests = []
    for types, found in wanted.items():
        kind = report.library.evidence_types.get(types[0])
        reasons = dict.fromkeys(words for control in sorted(found) for words in found[control])
        requests.append(
            Request(kind.supplier if kind else "", types, tuple(sorted(found)), tuple(reasons))
        )
    return tuple(sorted(requests, key=lambda r: (r.supplier, r.types)))


def _missing_types(report: GapReport, control: str) -> list[tuple[str, ...]]:
    """Sets of types of which any one would do: each needed type, then the any-of set."""
    state = report.states[control]
    places = [part.element for part in state.parts if part.status != "not-applicable"]
    valid = [e.record for e in state.exhibits if e.worth == "valid"]

    def covered(types: tuple[str, ...]) -> bool:
        return all(
            any(
                record.type in types
                and (not record.elements or place is None or place in record.elements)
                for record in valid
            )
            for place in places
        )

    need = state.control.evidence
    groups: list[tuple[str, ...]] = [(kind,) for kind in need.all_of]
    if need.any_of:
        groups.append(need.any_of)
    return [types for types in groups if not covered(types)]


def _reasons(report: GapReport, control: str, types: tuple[str, ...]) -> list[str]:
    words = []
    for exhibit in report.states[control].exhibits:
        if exhibit.record.type not in types or exhibit.worth == "valid":
            continue
        if exhibit.worth == "stale":
            words.append(f"{exhibit.record.id} is stale since {exhibit.fresh_until}")
        else:
            words.append(f"{exhibit.record.id}: {exhibit.worth}")
    return words or ["none on record"]
