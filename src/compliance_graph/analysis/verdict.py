"""What a verdict is: the records every reader of an assessment sees, and their orders.

What comes in: nothing. What goes out: `Verdict`, `RouteView`, `Gap`, and the rank of statuses and
assurances (rule 8: not-assessed, not-met, partial, met; claimed, evidenced, verified).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from compliance_graph import rules
from compliance_graph.analysis.index import Route
from compliance_graph.analysis.states import ControlState, Value
from compliance_graph.model import Condition, Decision, Finding

__all__ = ["Gap", "RouteView", "Verdict", "replace"]

STATUS_RANK = {"not-assessed": 0, "not-met": 1, "partial": 2, "met": 3}
ASSURANCE_RANK = {"claimed": 0, "evidenced": 1, "verified": 2}


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that stands between a requirement and being ready."""

    kind: str
    control: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route as it stands at the client: what each member counts as for this requirement."""

    route: Route
    values: tuple[tuple[str, Value], ...]
    dropped: tuple[str, ...]
    complete: bool
    current: bool
    silent: bool  # the act is missing only of controls nobody has assessed
    assurance: str | None

    @property
    def open_members(self) -> tuple[str, ...]:
        """Members that are not in place."""
        return tuple(
            control
            for control, value in self.values
            if value != "implemented" and control not in self.dropped
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one node.

    `basis` says what decided: condition, decision, finding, routes, members. `met_of` and
    `assessed_of` are (how many, of how many) over the members that are not n/a.
    """

    id: str
    status: str
    basis: str
    assurance: str | None = None
    assured_by: str = ""
    ready: bool = False
    met_of: tuple[int, int] = (0, 1)
    assessed_of: tuple[int, int] = (0, 1)
    gaps: tuple[Gap, ...] = ()
    controls: tuple[str, ...] = ()
    routes: tuple[RouteView, ...] = ()
    chosen: RouteView | None = None
    finding: Finding | None = None
    decision: Decision | None = None
    conditions: tuple[tuple[Condition, rules.Outcome], ...] = ()
    undecided: tuple[str, ...] = ()
    assumed: bool = False


def is_ready(verdict: Verdict) -> bool:
    """Met with at least evidenced proof, nothing overdue, in conflict or assumed."""
    blocking = any(gap.kind in ("overdue", "conflict") for gap in verdict.gaps)
    return (
        verdict.status == "met"
        and verdict.assurance in ("evidenced", "verified")
        and not blocking
        and not verdict.assumed
    )


def control_assurance(state: ControlState) -> str:
    """What the proof of one implemented control is worth."""
    if state.tampered or state.assumed:
        return "claimed"
    if state.machine_tested and state.evidenced:
        return "verified"
    return "evidenced" if state.evidenced else "claimed"


def combine(statuses: Iterable[str]) -> str:
    """Rule 2 for `all`: one not met fails the node; all or nothing for met and not-assessed."""
    seen = set(statuses)
    if "not-met" in seen:
        return "not-met"
    if seen == {"met"}:
        return "met"
    if seen == {"not-assessed"}:
        return "not-assessed"
    return "partial"


def merit(verdict: Verdict) -> tuple[int, int, bool]:
    """The order in which `any` and `at_least` take the best members."""
    return (
        STATUS_RANK[verdict.status],
        ASSURANCE_RANK.get(verdict.assurance or "claimed", 0),
        verdict.ready,
    )


def firmness(view: RouteView) -> int:
    """The rank of a route's assurance."""
    return ASSURANCE_RANK[view.assurance or "claimed"]


def nearest(views: tuple[RouteView, ...]) -> RouteView | None:
    """The route with the fewest members still open, then the shortest, then by its controls."""
    return min(
        views,
        key=lambda v: (len(v.open_members), len(v.values), sorted(v.route.controls)),
        default=None,
    )
