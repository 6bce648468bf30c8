"""The status of a leaf from its controls alone (rules 1, 3, 4 and 6).

What comes in: `Grounds` and a leaf. What goes out: a `Verdict` before any finding is heard.
"""

from __future__ import annotations

from compliance_graph.analysis.gaps import find_gaps, overdue
from compliance_graph.analysis.grounds import Grounds
from compliance_graph.analysis.index import Route
from compliance_graph.analysis.states import Value
from compliance_graph.analysis.verdict import (
    ASSURANCE_RANK,
    Gap,
    RouteView,
    Verdict,
    control_assurance,
    firmness,
    is_ready,
    nearest,
    replace,
)
from compliance_graph.model import Requirement


def derive(grounds: Grounds, node: Requirement, mapped: tuple[str, ...]) -> Verdict:
    """Rules 1, 3, 4 and 6: the status that follows from the controls alone."""
    alternative = grounds.alternative(node)
    views = tuple(
        _view(grounds, node, route, alternative is not None) for route in grounds.index.routes(node)
    )
    values = {c: grounds.states[c].value(alternative is not None) for c in mapped}
    if any(value in ("implemented", "partial") for value in values.values()):
        status = "partial"
    elif any(value is not None for value in values.values()):
        status = "not-met"
    else:
        status = "not-assessed"
    complete = [view for view in views if view.complete]
    lapsed = False
    if complete:
        status = "met"
    if node.performance and node.recurrence is not None and status in ("met", "partial"):
        complete = [view for view in complete if view.current]
        if complete:
            status = "met"
        elif _act_open(grounds, node, views, values):
            status = "partial"
        else:
            status, lapsed = "not-met", True
    chosen = _best(grounds, node, complete) or nearest(views)
    firmest = max(complete, key=firmness, default=None)
    assurance = firmest.assurance if firmest else None
    verdict = Verdict(
        node.id,
        status,
        "routes",
        assurance=assurance,
        assured_by=_assured_by(grounds, firmest) if assurance == "verified" and firmest else "",
        controls=mapped,
        routes=views,
        chosen=chosen,
        decision=alternative,
        assumed=status == "met"
        and chosen is not None
        and any(grounds.states[c].assumed for c in chosen.route.controls),
    )
    verdict = replace(verdict, gaps=find_gaps(grounds, node, verdict, values, lapsed))
    return _addressed(grounds, node, verdict)


def _act_open(
    grounds: Grounds, node: Requirement, views: tuple[RouteView, ...], values: dict[str, Value]
) -> bool:
    """Rule 6: the act is on record on some route, or nobody has said whether it was done.
    Without any route, a control that helps may show the act."""
    if views or node.recurrence is None:
        return any(view.current or view.silent for view in views)
    return any(
        value in ("implemented", "partial")
        and grounds.states[control].current(node.recurrence, grounds.as_of)
        for control, value in values.items()
    )


def _addressed(grounds: Grounds, node: Requirement, derived: Verdict) -> Verdict:
    """Rule 4: a documented decision meets an addressable specification (45 CFR 164.306(d)(3)).
    Where the controls meet it as well, the better of the two counts."""
    decision = grounds.documented(node)
    if decision is None:
        return derived
    held = grounds.linked(decision)
    assurance = "evidenced" if held else "claimed"
    gaps = [gap for gap in derived.gaps if gap.kind == "conflict"]
    if not held:
        gaps.append(Gap("evidence", None, "no evidence is linked to the decision"))
    documented = Verdict(
        node.id,
        "met",
        "decision",
        assurance=assurance,
        controls=derived.controls,
        routes=derived.routes,
        decision=decision,
        gaps=tuple(gaps),
    )
    if derived.status != "met":
        return documented
    best = max(derived.assurance or "claimed", assurance, key=ASSURANCE_RANK.__getitem__)
    kept = documented if is_ready(documented) and not is_ready(derived) else derived
    return replace(kept, assurance=best, assured_by=derived.assured_by)


def _view(grounds: Grounds, node: Requirement, route: Route, alternative_counts: bool) -> RouteView:
    values = tuple((c, grounds.states[c].value(alternative_counts)) for c in route.controls)
    in_place = [c for c, value in values if value == "implemented"]
    dropped = tuple(
        c
        for c, value in values
        if value == "not-applicable" and in_place and grounds.may_drop(node, c)
    )
    complete = bool(in_place) and len(in_place) + len(dropped) == len(values)
    assurance = min(
        (control_assurance(grounds.states[c]) for c in in_place),
        key=ASSURANCE_RANK.__getitem__,
        default=None,
    )
    kept = {c: value for c, value in values if c not in dropped}
    periodic = [c for c in kept if grounds.states[c].control.recurrence is not None]
    deciding = periodic or list(kept)  # rule 6: periodic members decide, if there are any
    recurrence = node.recurrence
    done = {
        c: recurrence is None or grounds.states[c].current(recurrence, grounds.as_of)
        for c in deciding
    }
    current = all(done.values())
    silent = not current and all(done[c] or kept[c] is None for c in deciding)
    return RouteView(route, values, dropped, complete, current, silent, assurance)


def _best(grounds: Grounds, node: Requirement, views: list[RouteView]) -> RouteView | None:
    """The complete route with evidence and nothing overdue, then the best assured, then the
    first by its controls, so that the order of declarations does not matter."""
    ordered = sorted(views, key=lambda view: sorted(view.route.controls))
    return max(
        ordered,
        key=lambda view: (
            firmness(view) > 0 and not any(overdue(grounds, node, view)),
            firmness(view),
        ),
        default=None,
    )


def _assured_by(grounds: Grounds, view: RouteView) -> str:
    tests = sorted({t for c in view.route.controls for t in grounds.states[c].machine_tested})
    return "machine-tested (" + ", ".join(tests) + ")"
