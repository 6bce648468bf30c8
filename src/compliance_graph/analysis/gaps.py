"""What stands between a leaf and being ready, in words (gap kinds of DESIGN section 5).

What comes in: `Grounds`, a leaf and its derived verdict. What goes out: `Gap` records.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from compliance_graph.analysis.grounds import Grounds
from compliance_graph.analysis.states import ControlState, Value
from compliance_graph.analysis.verdict import Gap, RouteView, Verdict
from compliance_graph.dates import add
from compliance_graph.model import Requirement


def find_gaps(
    grounds: Grounds, node: Requirement, verdict: Verdict, values: dict[str, Value], lapsed: bool
) -> tuple[Gap, ...]:
    gaps: list[Gap] = []
    if not verdict.routes:
        gaps.append(Gap("unmapped", None, "no control in the library covers it"))
    if lapsed and node.recurrence is not None:
        acts = [grounds.states[c].last_act for r in verdict.routes for c in r.route.controls]
        last = max((act for act in acts if act), default=None)
        when = f"last done {last}" if last else "no record that it was done"
        gaps.append(Gap("overdue", None, f"due every {node.recurrence.text}: {when}"))
    if verdict.status == "not-assessed":
        gaps.append(Gap("unassessed", None, "nobody has assessed a control that bears on it"))
    members = verdict.chosen.route.controls if verdict.chosen else ()
    for control in dict.fromkeys([*members, *values]):
        if control in members:
            gaps.extend(_member_gaps(grounds, node, verdict, control, values[control]))
        gaps.extend(_doubts(grounds, control))
    if verdict.status == "met" and verdict.chosen:
        gaps.extend(overdue(grounds, node, verdict.chosen))
    if node.kind == "addressable" and verdict.status not in ("met", "not-assessed"):
        gaps.append(
            Gap("decision", None, "neither implemented nor a documented decision on record")
        )
    return tuple(dict.fromkeys(gaps))


def _member_gaps(
    grounds: Grounds, node: Requirement, verdict: Verdict, control: str, value: Value
) -> Iterable[Gap]:
    state = grounds.states[control]
    dropped = verdict.chosen.dropped if verdict.chosen else ()
    if value == "not-applicable":
        if control not in dropped:
            need = {
                "never": "this requirement is never n/a",
                "by-fact": "no fact makes this requirement n/a",
                "approved": "an approved decision is needed to make it n/a",
            }[node.na]
            yield Gap("decision", control, f"recorded as not applicable, but {need}")
        return
    if value is None:
        if verdict.status != "not-assessed":
            yield Gap("unassessed", control, "not assessed")
        return
    if value != "implemented":
        if any(part.status == "alternative" for part in state.parts) and not verdict.decision:
            asked = node.alternative
            need = (
                f"needs the approval of {asked.approver}"
                + (f": {asked.record}" if asked.record else "")
                if asked
                else "no alternative is allowed here"
            )
            yield Gap("decision", control, f"recorded as alternative; {need}")
        yield Gap("control", control, describe(state))
    if state.provider_problem:
        yield Gap("documentation", control, state.provider_problem)
    if value in ("implemented", "partial") and not state.evidenced:
        yield Gap("evidence", control, _evidence_detail(grounds, state))


def _evidence_detail(grounds: Grounds, state: ControlState) -> str:
    """Which evidence is missing, stale, tampered, draft or of the wrong type."""
    words = []
    for exhibit in state.exhibits:
        record = exhibit.record
        if exhibit.worth == "stale":
            words.append(f"{record.id} is stale since {exhibit.fresh_until}")
        elif exhibit.worth in ("draft", "tampered"):
            words.append(f"{record.id} is {exhibit.worth}")
        elif exhibit.worth == "missing":
            words.append(f"the file of {record.id} is missing")
        elif exhibit.worth == "wrong-type":
            words.append(f"{record.id} is of a type the control does not ask for")
    if words:
        return "; ".join(words)
    need = state.control.evidence
    names = {k: t.title for k, t in grounds.library.evidence_types.items()}
    asked = [names.get(kind, kind) for kind in need.all_of]
    if need.any_of:
        asked.append(" or ".join(names.get(kind, kind) for kind in need.any_of))
    return "missing: " + "; ".join(asked) if asked else "missing: no evidence on record"


def _doubts(grounds: Grounds, control: str) -> Iterable[Gap]:
    state = grounds.states[control]
    for record in state.failed:
        yield Gap("conflict", control, f"check {record.id} of {record.date} failed")
    for name in state.tampered:
        yield Gap("evidence", control, f"{name} is tampered")
        yield Gap("conflict", control, f"{name} was changed since it was recorded")


def overdue(
    grounds: Grounds, node: Requirement, view: RouteView, found: date | None = None
) -> Iterable[Gap]:
    """Rule 6 where the act is not itself the requirement: not ready, status unchanged. `found`
    is the day of a satisfied finding, on which the acts were up to date."""
    for control in view.route.controls:
        if control in view.dropped:
            continue
        state = grounds.states[control]
        last = max((day for day in (state.shown_act, found) if day), default=None)
        recurrences = (state.control.recurrence, None if node.performance else node.recurrence)
        for recurrence in recurrences:
            if recurrence is not None and last and add(last, recurrence) < grounds.as_of:
                yield Gap("overdue", control, f"due every {recurrence.text}: last done {last}")
                break


def describe(state: ControlState) -> str:
    """Where a control is not in place, in words."""
    words = []
    for part in state.parts:
        if part.status in ("implemented", "not-applicable"):
            continue
        name = f"{part.element}: " if part.element else ""
        said = part.status or "not assessed"
        reason = f" ({part.reason})" if part.reason and part.reason != "not assessed" else ""
        words.append(f"{name}{said}{reason}")
    if not words and state.failed:
        words.append("implemented, but a check failed")
    if state.record and state.record.due:
        words.append(f"due {state.record.due}")
    return "; ".join(words)
