"""The gap analysis of one client: which frameworks, which rows, which counts.

What comes in: library, client, date and what was asked for. What goes out: a `GapReport` every
writer and command reads. Counts are of assessable requirements in scope; nothing is computed
twice and nothing is decided in a writer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from compliance_graph.analysis.scope import Scope, scope
from compliance_graph.analysis.states import States
from compliance_graph.analysis.status import Assessment
from compliance_graph.analysis.verdict import Verdict
from compliance_graph.model import STATUSES, Catalog, Client, Library, Requirement


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement in scope with its verdict. Objectives are reached through `objectives`."""

    requirement: Requirement
    verdict: Verdict
    objectives: tuple[tuple[Requirement, Verdict], ...]
    depth: int


@dataclass(frozen=True, slots=True)
class FrameworkReport:
    """The rows of one framework. `total` is the number of assessable requirements in scope.

    `counts` has every status; `ready` counts met and ready ones, so ready / (total less n/a) is
    the share that would survive an audit today. `applicability` is applies, targeted, asked or
    undetermined.
    """

    catalog: Catalog
    tiers: tuple[str, ...]
    applicability: str
    why: tuple[str, ...]
    rows: tuple[Row, ...]
    total: int
    counts: dict[str, int]
    ready: int
    assessment: Assessment

    @property
    def applicable(self) -> int:
        """Assessable requirements in scope less those not applicable."""
        return self.total - self.counts["not-applicable"]

    def counted(self) -> tuple[Row, ...]:
        """The rows that are counted."""
        return tuple(row for row in self.rows if row.requirement.assessable)


@dataclass(frozen=True, slots=True)
class GapReport:
    """A gap analysis. `undetermined` are the regimes nobody can decide yet; `not_in_force` are the
    frameworks that bind or are wanted but have no edition in force on the date."""

    library: Library
    client: Client
    as_of: date
    assume_plan: bool
    scope: Scope
    undetermined: tuple[str, ...]
    frameworks: tuple[FrameworkReport, ...]
    states: States
    not_in_force: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A framework asked for on the command line."""

    framework: str
    edition: str | None = None


class SelectionError(Exception):
    """What was asked for is not in the library: code CG304 and a message for the user."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def gap_report(
    library: Library,
    client: Client,
    as_of: date,
    wanted: Iterable[Wanted] = (),
    tier: str | None = None,
    assume_plan: bool = False,
) -> GapReport:
    """Analyse the frameworks asked for, else all that a binding regime or a target names.

    Raises SelectionError for a framework, edition or tier the library does not have, or that is
    not in force on the date.
    """
    asked = list(wanted)
    scoped = scope(library, client.facts, as_of)
    states = States(library, client, as_of, assume_plan)
    reports = [
        _framework(states, catalog, tiers, applicability, why)
        for catalog, tiers, applicability, why in select(library, client, scoped, asked, tier)
    ]
    return GapReport(
        library=library,
        client=client,
        as_of=as_of,
        assume_plan=assume_plan,
        scope=scoped,
        undetermined=tuple(result.regime.id for result in scoped.undetermined()),
        frameworks=tuple(reports),
        states=states,
        not_in_force=() if asked else _not_in_force(library, client, scoped),
    )


Selection = tuple[Catalog, tuple[str, ...], str, tuple[str, ...]]


def select(
    library: Library,
    client: Client,
    scoped: Scope,
    wanted: Iterable[Wanted] = (),
    tier: str | None = None,
) -> list[Selection]:
    """The catalogs to analyse, each with tiers, how it applies, and why; in order of id."""
    brought = _brought(client, scoped)
    chosen: dict[tuple[str, str | None], dict[str | None, None]] = {}
    asked = list(wanted)
    if asked:
        for item in asked:
            found = [t for (name, _), ts in brought.items() if name == item.framework for t in ts]
            chosen[(item.framework, item.edition)] = dict.fromkeys(found)
    else:
        for (framework, edition), named in brought.items():
            if edition is None and library.edition_at(framework, scoped.as_of) is None:
                continue  # no catalog (shown by `scope`) or none in force (shown in the report)
            chosen[(framework, edition)] = dict.fromkeys(named)
    selections: list[Selection] = []
    if tier is not None and not asked:
        books = [edition_of(library, name, edition, scoped.as_of) for name, edition in chosen]
        if not any(tier in tiers_of(catalog) for catalog in books):
            raise SelectionError(f'no framework of this client has a tier "{tier}"')
    for (framework, edition), tiers_found in sorted(
        chosen.items(), key=lambda item: (item[0][0], item[0][1] or "")
    ):
        catalog = edition_of(library, framework, edition, scoped.as_of)
        tiers: list[str] = [t for t in tiers_found if t is not None]
        if None in tiers_found:
            tiers.clear()  # one regime or target asks for the whole framework
        known = tiers_of(catalog)
        if tier is not None and (asked or tier in known):
            tiers = [tier]
        for name in tiers:
            if name not in known:
                words = ", ".join(known) or "none"
                raise SelectionError(f'{framework} has no tier "{name}"', f"its tiers: {words}")
        why = [
            w for (name, _), found in brought.items() if name == framework for w in found.values()
        ]
        selections.append(
            (catalog, tuple(tiers), _applicability(client, scoped, framework), tuple(why))
        )
    return selections


def tiers_of(catalog: Catalog) -> list[str]:
    """The tiers a catalog declares, else those its requirements name."""
    return [name for name, _, _ in catalog.tiers] or sorted(
        {t for node in catalog.requirements.values() for t in node.tiers}
    )


def _not_in_force(library: Library, client: Client, scoped: Scope) -> tuple[str, ...]:
    return tuple(
        sorted(
            framework
            for framework, edition in _brought(client, scoped)
            if edition is None
            and library.editions(framework)
            and library.edition_at(framework, scoped.as_of) is None
        )
    )


def edition_of(library: Library, framework: str, edition: str | None, as_of: date) -> Catalog:
    """The edition named, else the one in force on the date. Raises SelectionError."""
    editions = library.editions(framework)
    if not editions:
        known = ", ".join(sorted({key[0] for key in library.catalogs})) or "none"
        raise SelectionError(f'unknown framework "{framework}"', f"the library has: {known}")
    if edition is not None:
        for catalog in editions:
            if catalog.edition == edition:
                return catalog
        known = ", ".join(catalog.edition for catalog in editions)
        raise SelectionError(f'{framework} has no edition "{edition}"', f"its editions: {known}")
    current = library.edition_at(framework, as_of)
    if current is None:
        known = ", ".join(f"{framework}@{catalog.edition}" for catalog in editions)
        raise SelectionError(
            f"no edition of {framework} is in force on {as_of}", f"name one: {known}"
        )
    return current


def _brought(client: Client, scoped: Scope) -> dict[tuple[str, str | None], dict[str | None, str]]:
    """(framework, edition) to {tier: why} from binding regimes and targets."""
    brought: dict[tuple[str, str | None], dict[str | None, str]] = {}
    for result in scoped.binding():
        for framework, tier in result.frameworks:
            words = f"{result.regime.title} ({result.regime.id})"
            brought.setdefault((framework, None), {}).setdefault(tier, words)
    for target in client.targets:
        words = f"targeted by the client{': ' + target.why if target.why else ''}"
        brought.setdefault((target.framework, target.edition), {}).setdefault(target.tier, words)
    return brought


def _applicability(client: Client, scoped: Scope, framework: str) -> str:
    """applies, targeted, undetermined (a regime that may bind brings it) or asked."""
    if any(name == framework for r in scoped.binding() for name, _ in r.frameworks):
        return "applies"
    if any(target.framework == framework for target in client.targets):
        return "targeted"
    open_pairs = {name for r in scoped.undetermined() for name, _ in r.possible}
    return "undetermined" if framework in open_pairs else "asked"


def in_tiers(catalog: Catalog, node: Requirement, tiers: tuple[str, ...]) -> bool:
    """True if the node belongs to one of the tiers, or to a tier that one of them includes."""
    if not tiers or not node.tiers:
        return True
    wanted = set(tiers)
    grown = True
    while grown:
        more = {i for name, _, includes in catalog.tiers if name in wanted for i in includes}
        grown = not more <= wanted
        wanted |= more
    return bool(wanted.intersection(node.tiers))


def _framework(
    states: States,
    catalog: Catalog,
    tiers: tuple[str, ...],
    applicability: str,
    why: tuple[str, ...],
) -> FrameworkReport:
    assessment = Assessment(states, catalog)
    nodes = catalog.requirements
    depth: dict[str, int] = {}
    rows = []
    for node in nodes.values():
        depth[node.id] = depth[node.parent] + 1 if node.parent else 0
        if node.is_objective or not in_tiers(catalog, node, tiers):
            continue
        objectives = tuple((nodes[o], assessment.verdicts[o]) for o in node.objectives)
        rows.append(Row(node, assessment.verdicts[node.id], objectives, depth[node.id]))
    counted = [row for row in rows if row.requirement.assessable]
    counts = {status: sum(row.verdict.status == status for row in counted) for status in STATUSES}
    ready = sum(row.verdict.status == "met" and row.verdict.ready for row in counted)
    return FrameworkReport(
        catalog, tiers, applicability, why, tuple(rows), len(counted), counts, ready, assessment
    )
