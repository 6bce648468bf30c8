"""Findings and not-applicable decisions over what the controls say (rules 3 and 5).

What comes in: `Grounds`, a node and its derived verdict. What goes out: the verdict that counts.
"""

from __future__ import annotations

from datetime import date

from compliance_graph.analysis.gaps import overdue
from compliance_graph.analysis.grounds import Grounds
from compliance_graph.analysis.states import ControlState
from compliance_graph.analysis.verdict import Gap, Verdict, replace
from compliance_graph.dates import add
from compliance_graph.model import Finding, Requirement


def apply_records(grounds: Grounds, node: Requirement, derived: Verdict) -> Verdict:
    """Rules 3 and 5: findings and n/a decisions over what the controls say."""
    lineage = grounds.index.lineage(node)
    decision = grounds.na_decision(node)
    held = holding(grounds, node, lineage)
    if held is not None:
        return not_satisfied(derived, held)
    finding = _positive(grounds, node, lineage)
    if finding is not None and finding.verdict == "not-applicable":
        found_on = [item for item in lineage if grounds.records.newest(item.id) is finding]
        if any(item.na == "never" for item in (node, *found_on)):
            finding = None  # nobody can find away what binds everybody, nor a part of it
    if decision is not None and (finding is None or finding.date < (decision.date or date.min)):
        return replace(
            derived,
            status="not-applicable",
            basis="decision",
            assurance=None,
            decision=decision,
            gaps=(),
            assumed=False,
        )
    if finding is None:
        return derived
    if finding.verdict == "not-applicable":
        return replace(
            derived,
            status="not-applicable",
            basis="finding",
            assurance=None,
            finding=finding,
            gaps=(),
            assumed=False,
        )
    return _satisfied(grounds, node, derived, finding)


def holding(grounds: Grounds, node: Requirement, lineage: list[Requirement]) -> Finding | None:
    """A not-satisfied finding on exactly this node that no newer positive one has lifted."""
    own = grounds.records.newest(node.id)
    if own is None or own.verdict != "not-satisfied":
        return None
    for item in lineage[1:]:
        above = grounds.records.newest(item.id)
        if above and above.verdict != "not-satisfied" and above.date > own.date:
            return None
    return own


def _positive(grounds: Grounds, node: Requirement, lineage: list[Requirement]) -> Finding | None:
    """The newest positive finding of the node and its ancestors; none if a newer
    not-satisfied stands between it and the node."""
    newest = [f for f in (grounds.records.newest(item.id) for item in lineage) if f is not None]
    if not newest:
        return None
    last = max(f.date for f in newest)
    return next((f for f in newest if f.date == last and f.verdict != "not-satisfied"), None)


def not_satisfied(derived: Verdict, finding: Finding) -> Verdict:
    gaps = list(derived.gaps)
    detail = f"found not satisfied on {finding.date}"
    gaps.append(Gap("control", None, detail + (f": {finding.note}" if finding.note else "")))
    if derived.status == "met":
        gaps.append(Gap("conflict", None, f"{detail}, but the control records say it is in place"))
    return replace(
        derived,
        status="not-met",
        basis="finding",
        assurance=None,
        assured_by="",
        ready=False,
        finding=finding,
        gaps=tuple(dict.fromkeys(gaps)),
        assumed=False,
    )


def _satisfied(grounds: Grounds, node: Requirement, derived: Verdict, finding: Finding) -> Verdict:
    states = [grounds.states[c] for c in derived.controls]
    downgrade = max(
        (s.changed for s in states if _is_down(grounds, node, s) and s.changed), default=None
    )
    lapsed = (
        node.performance
        and node.recurrence is not None
        and add(finding.date, node.recurrence) < grounds.as_of
    )
    yields = downgrade is not None and downgrade > finding.date
    if derived.status != "met" and (yields or lapsed):
        reason = f"satisfied finding of {finding.date} does not outlive "
        reason += f"the change of {downgrade}" if yields else "the lapsed act"
        return replace(
            derived,
            finding=finding,
            gaps=tuple(dict.fromkeys([*derived.gaps, Gap("conflict", None, reason)])),
        )
    gaps = [gap for gap in derived.gaps if gap.kind == "conflict" or "tampered" in gap.detail]
    if _contradicts(grounds, node, derived):
        detail = f"found satisfied on {finding.date}, but the control records say {derived.status}"
        gaps.append(Gap("conflict", None, detail))
    gaps.extend(_overdue_since(grounds, node, derived, finding))
    tampered = any(state.tampered for state in states)
    who = finding.assessor or "an assessor"
    outside = finding.on_behalf_of in ("third-party", "customer", "regulator")
    side = "independent" if outside else "self"
    return replace(
        derived,
        status="met",
        basis="finding",
        assurance="claimed" if tampered else "verified",
        assured_by=f"found by {who}, {side}",
        finding=finding,
        gaps=tuple(gaps),
        assumed=False,
    )


def _contradicts(grounds: Grounds, node: Requirement, derived: Verdict) -> bool:
    """True if the records say that something is not in place; what nobody has assessed says
    nothing against a finding."""
    if derived.status != "partial":
        return derived.status == "not-met"
    counts = grounds.alternative(node) is not None
    values = [grounds.states[control].value(counts) for control in derived.controls]
    return any(value not in ("implemented", None) for value in values)


def _overdue_since(
    grounds: Grounds, node: Requirement, derived: Verdict, finding: Finding
) -> tuple[Gap, ...]:
    """Acts that lapsed since a satisfied finding, unless some route is free of them."""
    if derived.status != "met" or grounds.documented(node) is not None:
        return ()
    late = [
        tuple(overdue(grounds, node, view, finding.date))
        for view in derived.routes
        if view.complete and (view.current or not node.performance)
    ]
    return min(late, key=len, default=())


def _is_down(grounds: Grounds, node: Requirement, state: ControlState) -> bool:
    return state.value(grounds.alternative(node) is not None) != "implemented"
