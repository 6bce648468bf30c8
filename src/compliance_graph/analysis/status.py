"""The verdict on every requirement of one catalog for one client on one day.

What comes in: control states, mapping index, records, facts. What goes out: an `Assessment` with
one `Verdict` per node. The rules and their numbers are those of docs/semantics.md; nothing else
in the product decides a status.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from compliance_graph import rules
from compliance_graph.analysis.index import MappingIndex, Route
from compliance_graph.analysis.records import Records
from compliance_graph.analysis.states import ControlState, States, Value
from compliance_graph.dates import add
from compliance_graph.facts import FactBase
from compliance_graph.model import Catalog, Condition, Decision, Finding, Requirement

_STATUS_RANK = {"not-assessed": 0, "not-met": 1, "partial": 2, "met": 3}
_ASSURANCE_RANK = {"claimed": 0, "evidenced": 1, "verified": 2}


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


class Assessment:
    """Verdicts on all nodes of a catalog. `verdicts` is in catalog order."""

    def __init__(self, states: States, catalog: Catalog) -> None:
        self.states = states
        self.catalog = catalog
        self.as_of = states.as_of
        self.client = states.client
        self.library = states.library
        self.index = MappingIndex(states.library, catalog)
        self.records = Records(states.library, states.client, catalog, states.as_of)
        self.facts = FactBase(states.library, states.client.facts, states.as_of)
        computed: dict[str, Verdict] = {}
        for node in reversed(list(catalog.requirements.values())):
            computed[node.id] = self._node(node, computed) if node.members else self._leaf(node)
        self.verdicts: dict[str, Verdict] = {key: computed[key] for key in catalog.requirements}

    # ------------------------------------------------------------ leaves

    def _leaf(self, node: Requirement) -> Verdict:
        mapped = self.index.mapped(node)
        outcomes = self._outcomes(node)
        undecided = tuple(dict.fromkeys(f for _, o in outcomes for f in o.undecided))
        if any(outcome.truth is False for _, outcome in outcomes):
            return Verdict(
                node.id,
                "not-applicable",
                "condition",
                ready=True,
                met_of=(0, 0),
                assessed_of=(0, 0),
                controls=mapped,
                conditions=outcomes,
            )
        derived = self._derived(node, mapped)
        verdict = self._with_records(node, derived)
        if verdict.status == "not-applicable":
            counts = ((0, 0), (0, 0))
        else:
            counts = ((int(verdict.status == "met"), 1), (int(verdict.status != "not-assessed"), 1))
        return _replace(
            verdict,
            met_of=counts[0],
            assessed_of=counts[1],
            conditions=outcomes,
            undecided=undecided,
            ready=verdict.status == "not-applicable" or self._ready(verdict),
        )

    def _ready(self, verdict: Verdict) -> bool:
        blocking = any(gap.kind in ("overdue", "conflict") for gap in verdict.gaps)
        return (
            verdict.status == "met"
            and verdict.assurance in ("evidenced", "verified")
            and not blocking
            and not verdict.assumed
        )

    def _outcomes(self, node: Requirement) -> tuple[tuple[Condition, rules.Outcome], ...]:
        found = [
            (condition, rules.evaluate(condition.rule, self.facts, _no_regime))
            for condition in node.conditions
        ]
        for item in self.index.lineage(node):
            if not item.in_force or any(span.holds(self.as_of) for span in item.in_force):
                continue
            rule = {"fact": "as_of", "gte": item.in_force[0].start.isoformat()}
            citation = item.in_force[0].citation or item.citation
            condition = Condition(item.id, rule, "the text binds on this date", citation)
            leaf = rules.Leaf("as_of", "gte", item.in_force[0].start, self.as_of, False)
            found.append((condition, rules.Outcome(False, (leaf,), ())))
        return tuple(found)

    def _derived(self, node: Requirement, mapped: tuple[str, ...]) -> Verdict:
        """Rules 1, 3, 4 and 6: the status that follows from the controls alone."""
        alternative = self._alternative(node)
        na_counts = node.na == "by-fact"
        views = tuple(
            self._view(node, route, alternative is not None, na_counts)
            for route in self.index.routes(node)
        )
        values = {c: self.states[c].value(alternative is not None) for c in mapped}
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
            elif self._act_open(node, views, values):
                status = "partial"
            else:
                status, lapsed = "not-met", True
        chosen = self._best(node, complete) or _nearest(views)
        firmest = max(complete, key=_firmness, default=None)
        assurance = firmest.assurance if firmest else None
        verdict = Verdict(
            node.id,
            status,
            "routes",
            assurance=assurance,
            assured_by=self._assured_by(firmest) if assurance == "verified" and firmest else "",
            controls=mapped,
            routes=views,
            chosen=chosen,
            decision=alternative,
            assumed=status == "met"
            and chosen is not None
            and any(self.states[c].assumed for c in chosen.route.controls),
        )
        verdict = _replace(verdict, gaps=self._gaps(node, verdict, values, lapsed))
        return self._addressed(node, verdict)

    def _act_open(
        self, node: Requirement, views: tuple[RouteView, ...], values: dict[str, Value]
    ) -> bool:
        """Rule 6: the act is on record on some route, or nobody has said whether it was done.
        Without any route, a control that helps may show the act."""
        if views or node.recurrence is None:
            return any(view.current or view.silent for view in views)
        return any(
            value in ("implemented", "partial")
            and self.states[control].current(node.recurrence, self.as_of)
            for control, value in values.items()
        )

    def _addressed(self, node: Requirement, derived: Verdict) -> Verdict:
        """Rule 4: a documented decision meets an addressable specification (45 CFR 164.306(d)(3)).
        Where the controls meet it as well, the better of the two counts."""
        decision = self._documented(node)
        if decision is None:
            return derived
        held = self._linked(decision)
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
        best = max(derived.assurance or "claimed", assurance, key=_ASSURANCE_RANK.__getitem__)
        kept = documented if self._ready(documented) and not self._ready(derived) else derived
        return _replace(kept, assurance=best, assured_by=derived.assured_by)

    def _documented(self, node: Requirement) -> Decision | None:
        """The decision on an addressable specification, or on the one whose objective this is; one
        with evidence first, then the nearest and newest."""
        found: list[Decision] = []
        for item in self.index.lineage(node):
            if item.kind != "addressable":
                break
            found.extend(self.records.decided(item.id, "addressable"))
        return max(found, key=self._linked, default=None)

    def _linked(self, decision: Decision) -> bool:
        """True if final, intact evidence not dated in the future is linked to a decision."""
        records = [self.client.evidence.get(name) for name in decision.evidence]
        return any(
            record is not None
            and record.state == "final"
            and record.date <= self.as_of
            and record.integrity not in ("tampered", "missing")
            for record in records
        )

    def _alternative(self, node: Requirement) -> Decision | None:
        """Rule 4: the record that lets an `alternative` count as implemented here."""
        if node.alternative is None:
            return None
        asked = node.alternative.record
        for item in self.index.lineage(node):
            for decision in self.records.decided(item.id, "alternative"):
                recorded = not asked or decision.record or decision.evidence
                if recorded and decision.approver == node.alternative.approver:
                    return decision
        return None

    def _view(
        self, node: Requirement, route: Route, alternative_counts: bool, na_counts: bool
    ) -> RouteView:
        values = tuple((c, self.states[c].value(alternative_counts)) for c in route.controls)
        in_place = [c for c, value in values if value == "implemented"]
        dropped = tuple(
            c for c, value in values if value == "not-applicable" and na_counts and in_place
        )
        complete = bool(in_place) and len(in_place) + len(dropped) == len(values)
        assurance = min(
            (self._assurance(self.states[c]) for c in in_place),
            key=_ASSURANCE_RANK.__getitem__,
            default=None,
        )
        kept = {c: value for c, value in values if c not in dropped}
        periodic = [c for c in kept if self.states[c].control.recurrence is not None]
        deciding = periodic or list(kept)  # rule 6: periodic members decide, if there are any
        recurrence = node.recurrence
        done = {
            c: recurrence is None or self.states[c].current(recurrence, self.as_of)
            for c in deciding
        }
        current = all(done.values())
        silent = not current and all(done[c] or kept[c] is None for c in deciding)
        return RouteView(route, values, dropped, complete, current, silent, assurance)

    def _best(self, node: Requirement, views: list[RouteView]) -> RouteView | None:
        """The complete route with evidence and nothing overdue, then the best assured, then the
        first by its controls, so that the order of declarations does not matter."""
        ordered = sorted(views, key=lambda view: sorted(view.route.controls))
        return max(
            ordered,
            key=lambda view: (
                _firmness(view) > 0 and not any(self._overdue(node, view)),
                _firmness(view),
            ),
            default=None,
        )

    def _assurance(self, state: ControlState) -> str:
        if state.tampered or state.assumed:
            return "claimed"
        if state.machine_tested and state.evidenced:
            return "verified"
        return "evidenced" if state.evidenced else "claimed"

    def _assured_by(self, view: RouteView) -> str:
        tests = sorted({t for c in view.route.controls for t in self.states[c].machine_tested})
        return "machine-tested (" + ", ".join(tests) + ")"

    # ------------------------------------------------------------ gaps

    def _gaps(
        self, node: Requirement, verdict: Verdict, values: dict[str, Value], lapsed: bool
    ) -> tuple[Gap, ...]:
        gaps: list[Gap] = []
        if not verdict.routes:
            gaps.append(Gap("unmapped", None, "no control in the library covers it"))
        if lapsed and node.recurrence is not None:
            acts = [self.states[c].last_act for r in verdict.routes for c in r.route.controls]
            last = max((act for act in acts if act), default=None)
            when = f"last done {last}" if last else "no record that it was done"
            gaps.append(Gap("overdue", None, f"due every {node.recurrence.text}: {when}"))
        if verdict.status == "not-assessed":
            gaps.append(Gap("unassessed", None, "nobody has assessed a control that bears on it"))
        members = verdict.chosen.route.controls if verdict.chosen else ()
        for control in dict.fromkeys([*members, *values]):
            if control in members:
                gaps.extend(self._member_gaps(node, verdict, control, values[control]))
            gaps.extend(self._doubts(control))
        if verdict.status == "met" and verdict.chosen:
            gaps.extend(self._overdue(node, verdict.chosen))
        if node.kind == "addressable" and verdict.status not in ("met", "not-assessed"):
            gaps.append(
                Gap("decision", None, "neither implemented nor a documented decision on record")
            )
        return tuple(dict.fromkeys(gaps))

    def _member_gaps(
        self, node: Requirement, verdict: Verdict, control: str, value: Value
    ) -> Iterable[Gap]:
        state = self.states[control]
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
            yield Gap("control", control, _describe(state))
        if state.provider_problem:
            yield Gap("documentation", control, state.provider_problem)
        if value in ("implemented", "partial") and not state.evidenced:
            yield Gap("evidence", control, self._evidence_detail(state))

    def _evidence_detail(self, state: ControlState) -> str:
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
        names = {k: t.title for k, t in self.library.evidence_types.items()}
        asked = [names.get(kind, kind) for kind in need.all_of]
        if need.any_of:
            asked.append(" or ".join(names.get(kind, kind) for kind in need.any_of))
        return "missing: " + "; ".join(asked) if asked else "missing: no evidence on record"

    def _doubts(self, control: str) -> Iterable[Gap]:
        state = self.states[control]
        for record in state.failed:
            yield Gap("conflict", control, f"check {record.id} of {record.date} failed")
        for name in state.tampered:
            yield Gap("evidence", control, f"{name} is tampered")
            yield Gap("conflict", control, f"{name} was changed since it was recorded")

    def _overdue(
        self, node: Requirement, view: RouteView, found: date | None = None
    ) -> Iterable[Gap]:
        """Rule 6 where the act is not itself the requirement: not ready, status unchanged. `found`
        is the day of a satisfied finding, on which the acts were up to date."""
        for control in view.route.controls:
            if control in view.dropped:
                continue
            state = self.states[control]
            last = max((day for day in (state.shown_act, found) if day), default=None)
            recurrences = (state.control.recurrence, None if node.performance else node.recurrence)
            for recurrence in recurrences:
                if recurrence is not None and last and add(last, recurrence) < self.as_of:
                    yield Gap("overdue", control, f"due every {recurrence.text}: last done {last}")
                    break

    # ------------------------------------------------------------ findings and decisions

    def _with_records(self, node: Requirement, derived: Verdict) -> Verdict:
        """Rules 3 and 5: findings and n/a decisions over what the controls say."""
        lineage = self.index.lineage(node)
        decision = self._na_decision(node, lineage)
        held = self._holding(node, lineage)
        if held is not None:
            return self._not_satisfied(derived, held)
        finding = self._positive(node, lineage)
        if finding is not None and finding.verdict == "not-applicable" and node.na == "never":
            finding = None
        if decision is not None and (finding is None or finding.date < (decision.date or date.min)):
            return _replace(
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
            return _replace(
                derived,
                status="not-applicable",
                basis="finding",
                assurance=None,
                finding=finding,
                gaps=(),
                assumed=False,
            )
        return self._satisfied(node, derived, finding)

    def _na_decision(self, node: Requirement, lineage: list[Requirement]) -> Decision | None:
        if node.na != "approved":
            return None
        found = [self.records.decision(item.id, "not-applicable") for item in lineage]
        valid = [d for d in found if d is not None]
        return max(valid, key=lambda d: d.date or date.min, default=None)

    def _holding(self, node: Requirement, lineage: list[Requirement]) -> Finding | None:
        """A not-satisfied finding on exactly this node that no newer positive one has lifted."""
        own = self.records.newest(node.id)
        if own is None or own.verdict != "not-satisfied":
            return None
        for item in lineage[1:]:
            above = self.records.newest(item.id)
            if above and above.verdict != "not-satisfied" and above.date > own.date:
                return None
        return own

    def _positive(self, node: Requirement, lineage: list[Requirement]) -> Finding | None:
        """The newest positive finding of the node and its ancestors; none if a newer
        not-satisfied stands between it and the node."""
        newest = [f for f in (self.records.newest(item.id) for item in lineage) if f is not None]
        if not newest:
            return None
        last = max(f.date for f in newest)
        return next((f for f in newest if f.date == last and f.verdict != "not-satisfied"), None)

    def _not_satisfied(self, derived: Verdict, finding: Finding) -> Verdict:
        gaps = list(derived.gaps)
        detail = f"found not satisfied on {finding.date}"
        gaps.append(Gap("control", None, detail + (f": {finding.note}" if finding.note else "")))
        if derived.status == "met":
            gaps.append(
                Gap("conflict", None, f"{detail}, but the control records say it is in place")
            )
        return _replace(
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

    def _satisfied(self, node: Requirement, derived: Verdict, finding: Finding) -> Verdict:
        states = [self.states[c] for c in derived.controls]
        downgrade = max(
            (s.changed for s in states if self._is_down(node, s) and s.changed), default=None
        )
        lapsed = (
            node.performance
            and node.recurrence is not None
            and add(finding.date, node.recurrence) < self.as_of
        )
        yields = downgrade is not None and downgrade > finding.date
        if derived.status != "met" and (yields or lapsed):
            reason = f"satisfied finding of {finding.date} does not outlive "
            reason += f"the change of {downgrade}" if yields else "the lapsed act"
            return _replace(
                derived,
                finding=finding,
                gaps=tuple(dict.fromkeys([*derived.gaps, Gap("conflict", None, reason)])),
            )
        gaps = [gap for gap in derived.gaps if gap.kind == "conflict" or "tampered" in gap.detail]
        if self._contradicts(node, derived):
            detail = (
                f"found satisfied on {finding.date}, but the control records say {derived.status}"
            )
            gaps.append(Gap("conflict", None, detail))
        gaps.extend(self._overdue_since(node, derived, finding))
        tampered = any(state.tampered for state in states)
        who = finding.assessor or "an assessor"
        outside = finding.on_behalf_of in ("third-party", "customer", "regulator")
        side = "independent" if outside else "self"
        return _replace(
            derived,
            status="met",
            basis="finding",
            assurance="claimed" if tampered else "verified",
            assured_by=f"found by {who}, {side}",
            finding=finding,
            gaps=tuple(gaps),
            assumed=False,
        )

    def _contradicts(self, node: Requirement, derived: Verdict) -> bool:
        """True if the records say that something is not in place; what nobody has assessed says
        nothing against a finding."""
        if derived.status != "partial":
            return derived.status == "not-met"
        counts = self._alternative(node) is not None
        values = [self.states[control].value(counts) for control in derived.controls]
        return any(value not in ("implemented", None) for value in values)

    def _overdue_since(
        self, node: Requirement, derived: Verdict, finding: Finding
    ) -> tuple[Gap, ...]:
        """Acts that lapsed since a satisfied finding, unless some route is free of them."""
        if derived.status != "met" or self._documented(node) is not None:
            return ()
        late = [
            tuple(self._overdue(node, view, finding.date))
            for view in derived.routes
            if view.complete and (view.current or not node.performance)
        ]
        return min(late, key=len, default=())

    def _is_down(self, node: Requirement, state: ControlState) -> bool:
        return state.value(self._alternative(node) is not None) != "implemented"

    # ------------------------------------------------------------ nodes

    def _node(self, node: Requirement, done: dict[str, Verdict]) -> Verdict:
        """Rule 2: children and objectives combined by the node's logic."""
        members = [done[name] for name in node.members]
        used = [verdict for verdict in members if verdict.status != "not-applicable"]
        controls = tuple(sorted({c for verdict in members for c in verdict.controls}))
        conditions = self._outcomes(node)
        undecided = tuple(dict.fromkeys(f for verdict in members for f in verdict.undecided))
        held = self._holding(node, self.index.lineage(node))
        if not used:
            verdict = Verdict(
                node.id,
                "not-applicable",
                "members",
                ready=True,
                met_of=(0, 0),
                assessed_of=(0, 0),
                controls=controls,
                conditions=conditions,
            )
            off = any(outcome.truth is False for _, outcome in conditions)
            return verdict if held is None or off else self._not_satisfied(verdict, held)
        wanted = used
        if node.logic != "all":
            count = 1 if node.logic == "any" else int(node.logic)
            wanted = sorted(used, key=_merit, reverse=True)[:count]
        status = _combine(verdict.status for verdict in wanted)
        sound = [v for v in used if v.status == "met" and v.ready]
        ready = status == "met" and len(sound) >= len(wanted)
        shown = sorted(sound, key=_merit, reverse=True)[: len(wanted)] if ready else wanted
        gaps = tuple(dict.fromkeys(gap for verdict in shown for gap in verdict.gaps))
        assurance = None
        if status == "met":
            assurance = min(
                (v.assurance or "claimed" for v in wanted), key=_ASSURANCE_RANK.__getitem__
            )
        verdict = Verdict(
            node.id,
            status,
            "members",
            assurance=assurance,
            assured_by="; ".join(dict.fromkeys(v.assured_by for v in wanted if v.assured_by)),
            ready=ready,
            met_of=(sum(v.status == "met" for v in used), len(used)),
            assessed_of=(sum(v.status != "not-assessed" for v in used), len(used)),
            gaps=gaps,
            controls=controls,
            conditions=conditions,
            undecided=undecided,
            assumed=status == "met" and any(v.assumed for v in shown),
        )
        return verdict if held is None else self._not_satisfied(verdict, held)


def _combine(statuses: Iterable[str]) -> str:
    """Rule 2 for `all`: one not met fails the node; all or nothing for met and not-assessed."""
    seen = set(statuses)
    if "not-met" in seen:
        return "not-met"
    if seen == {"met"}:
        return "met"
    if seen == {"not-assessed"}:
        return "not-assessed"
    return "partial"


def _merit(verdict: Verdict) -> tuple[int, int, bool]:
    return (
        _STATUS_RANK[verdict.status],
        _ASSURANCE_RANK.get(verdict.assurance or "claimed", 0),
        verdict.ready,
    )


def _firmness(view: RouteView) -> int:
    """The rank of a route's assurance."""
    return _ASSURANCE_RANK[view.assurance or "claimed"]


def _nearest(views: tuple[RouteView, ...]) -> RouteView | None:
    """The route with the fewest members still open, then the shortest, then by its controls."""
    return min(
        views,
        key=lambda v: (len(v.open_members), len(v.values), sorted(v.route.controls)),
        default=None,
    )


def _describe(state: ControlState) -> str:
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


def _no_regime(name: str) -> rules.Outcome:
    return rules.Outcome(None, (), ())


def _replace(verdict: Verdict, **changes: object) -> Verdict:
    from dataclasses import replace

    return replace(verdict, **changes)  # type: ignore[arg-type]
