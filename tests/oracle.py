"""The verdicts of docs/semantics.md computed the naive way, to hold the product against.

Written from the text of the rules over the networkx graph (edges for structure and mappings, the
client's records behind the nodes). It recurses, it recomputes, it keeps no state; it shares no code
with the analysis. Rule numbers are those of docs/semantics.md.
"""

from __future__ import annotations

from datetime import date, timedelta

from compliance_graph.dates import add
from compliance_graph.graph import ComplianceGraph

ORDER = ("not-assessed", "not-met", "partial", "met")
ASSURANCE = (None, "claimed", "evidenced", "verified")
ROUTES = ("equivalent-to", "equal-to", "superset-of")
POSITIVE = ("satisfied", "not-applicable")


def verdicts(graph, framework, as_of, assume_plan=False):
    """{requirement id: (status, assurance, ready)} of every node under a framework node."""
    oracle = Oracle(graph, framework, as_of, assume_plan)
    nodes = []

    def collect(node):
        nodes.append(node)
        for member in oracle.members(node):
            collect(member)

    for root in graph.out(framework, "contains"):
        collect(root)
    return {graph.records[node].id: oracle.verdict(node) for node in nodes}


class Oracle:
    def __init__(self, graph: ComplianceGraph, framework: str, as_of: date, assume_plan: bool):
        self.graph = graph
        self.framework = framework
        self.catalog = graph.records[framework]
        self.client = graph.client
        self.day = as_of
        self.assume_plan = assume_plan

    # ---------------------------------------------------------------- structure, read off edges

    def members(self, node):
        return self.graph.out(node, "has-objective") + self.graph.out(node, "contains")

    def parent(self, node):
        above = self.graph.into(node, "contains") + self.graph.into(node, "has-objective")
        return None if above[0] == self.framework else above[0]

    def line(self, node):
        """The node, its parent, ... up to the root."""
        above = self.parent(node)
        return [node] if above is None else [node, *self.line(above)]

    def edges_to(self, node):
        return [
            (control, data)
            for control, _, data in self.graph.nx.in_edges(node, data=True)
            if data["relation"] == "satisfies"
        ]

    def routes(self, node):
        """Rule 1: single full mappings and whole sets, of the node and everything above it."""
        found, sets, sizes = [], {}, {}
        for above in self.line(node):
            for control, data in self.edges_to(above):
                if "set" in data:
                    sets.setdefault(data["set"], []).append(control)
                    sizes[data["set"]] = int(data["set_size"])
                elif data["relationship"] in ROUTES:
                    found.append([control])
        return found + [sets[name] for name in sets if len(sets[name]) == sizes[name]]

    def mapped(self, node):
        own = [control for control, data in self.edges_to(node) if "set" not in data]
        return set(own).union(*map(set, self.routes(node)))

    # ---------------------------------------------------------------- one control

    def parts(self, control):
        """[(element or None, status that counts, day it went away)] of a control."""
        per = self.graph.records[control].per
        record = self.client.controls.get(control.removeprefix("control:"))
        of_kind = [e for e in self.client.elements.values() if e.kind == per]
        places = [(e.id, e.since) for e in of_kind if e.in_scope]
        if not of_kind and per != "organization" and record:
            places = [(name, None) for name in record.where]
        if per == "organization" or not places:
            places = [(None, None)]
        return [(e, *self.part(control, record, e, added)) for e, added in places]

    def part(self, control, record, element, added):
        said = None
        if record:
            said = record.where.get(element, record.status) if element else record.status
        if said is None:
            return None, added
        known = [day for day in (record.since, added) if day]
        since = max(known) if known else None
        if said == "not-applicable" and not record.justification:
            return None, since
        if record.since and record.since > self.day and said != "planned":
            counts, since = "not-implemented", added
        elif said == "not-applicable":
            return said, since
        else:
            counts = said
        if record.origination in ("inherited", "shared") and counts in (
            "implemented",
            "partial",
            "alternative",
        ):
            counts, since = self.lower_half(record, counts, since)
        kept = self.assume_plan and record.due and record.due <= self.day
        if kept and counts in ("planned", "partial", "not-implemented"):
            return "assumed", since
        return counts, since

    def lower_half(self, record, own, since):
        provider = self.client.providers.get(record.provider)
        if provider is None:
            return "not-implemented", since
        row = provider.responsibilities.get(record.control)
        contract = provider.has_contract and self.spans(
            provider.contract_date, provider.contract_until
        )
        attested = provider.attestation_until is not None and self.spans(
            provider.attestation_from, provider.attestation_until
        )
        if not (contract and attested and row):
            ends = [provider.attestation_until, provider.contract_until]
            gone = [end + timedelta(days=1) for end in ends if end and end < self.day]
            days = [day for day in [since, *gone] if day]
            return "not-implemented", max(days) if days else None
        theirs = row.status
        if theirs == "not-applicable":
            theirs = own if record.origination == "shared" else "not-implemented"
        scale = ["not-implemented", "planned", "partial", "alternative", "implemented"]
        return min(own, theirs, key=scale.index), since

    def spans(self, start, end):
        return (start is None or start <= self.day) and (end is None or end >= self.day)

    def value(self, control, alternative_counts):
        """Rule 2 over the parts, then the cap of a fresh failed check."""
        readings = []
        for _, status, _ in self.parts(control):
            stands = status == "alternative" and alternative_counts
            if status in ("implemented", "assumed") or stands:
                readings.append("met")
            elif status in ("partial", "not-applicable"):
                readings.append(status)
            else:
                readings.append("not-assessed" if status is None else "not-met")
        result = roll_up_all(readings)
        return "partial" if result == "met" and self.failed(control) else result

    def went_away(self, control):
        """The latest known day on which something took the control away."""
        parts = self.parts(control)
        down = [p for p in parts if p[1] not in ("implemented", "assumed", "not-applicable")]
        if not down:
            down = [p for p in parts if p[1] == "not-applicable"]
        days = [day for _, _, day in down if day and day <= self.day]
        days += [check.date for check in self.failed(control)]
        return max(days) if days else None

    # ---------------------------------------------------------------- evidence of one control

    def evidence(self, control):
        """Records that name the control and are not from the future."""
        nodes = set(self.graph.into(control, "supports"))
        for implementation in self.graph.into(control, "implements"):
            nodes |= set(self.graph.into(implementation, "supports"))
        records = [self.graph.records[node] for node in sorted(nodes)]
        return [record for record in records if record.date <= self.day]

    def intact(self, record):
        return record.integrity not in ("tampered", "missing")

    def fresh(self, record):
        kind = self.graph.records.get(f"evidence-type:{record.type}")
        return not (kind and kind.fresh_for) or add(record.date, kind.fresh_for) >= self.day

    def needs(self, control):
        """{evidence type: words of the edge} a control asks for."""
        edges = self.graph.nx.out_edges(control, data=True)
        return {
            kind.removeprefix("evidence-type:"): data["need"]
            for _, kind, data in edges
            if data["relation"] == "requires-evidence"
        }

    def right_type(self, control, record):
        needs = self.needs(control)
        known = f"evidence-type:{record.type}" in self.graph.nx
        return known and (not needs or record.type in needs)

    def proves(self, control, record):
        """Final, right type, intact, and not a check that failed or decided nothing."""
        return (
            self.intact(record)
            and record.result in ("", "pass")
            and record.state == "final"
            and self.right_type(control, record)
        )

    def valid(self, control, record):
        return self.proves(control, record) and self.fresh(record)

    def failed(self, control):
        """Fresh failed checks that no newer passing result of the same check answers."""
        checks = [r for r in self.evidence(control) if self.intact(r)]

        def same(a, b):
            return (a.type, a.check, a.elements) == (b.type, b.check, b.elements)

        return [
            fail
            for fail in checks
            if fail.result == "fail"
            and self.fresh(fail)
            and not any(
                other.result == "pass" and same(fail, other) and other.date > fail.date
                for other in checks
            )
        ]

    def passed(self, control):
        """Valid passing checks that no failure of the same check of that day or later overrules."""
        checks = [r for r in self.evidence(control) if self.intact(r)]
        return [
            ok
            for ok in checks
            if ok.result == "pass"
            and self.valid(control, ok)
            and not any(
                (other.type, other.check, other.elements) == (ok.type, ok.check, ok.elements)
                and other.result == "fail"
                and other.date >= ok.date
                for other in checks
            )
        ]

    def places(self, control):
        return [e for e, status, _ in self.parts(control) if status != "not-applicable"]

    def covers(self, record, element):
        return element is None or not record.elements or element in record.elements

    def control_assurance(self, control):
        if any(r.integrity == "tampered" for r in self.evidence(control)):
            return "claimed"
        if any(status == "assumed" for _, status, _ in self.parts(control)):
            return "claimed"
        needs = self.needs(control)
        all_of = {kind for kind, words in needs.items() if "all-of" in words}
        any_of = {kind for kind, words in needs.items() if "any-of" in words}
        valid = [r for r in self.evidence(control) if self.valid(control, r)]
        tested = True
        for place in self.places(control):
            held = {r.type for r in valid if self.covers(r, place)}
            if not held or not all_of <= held or (any_of and not any_of & held):
                return "claimed"
            tested = tested and any(self.covers(r, place) for r in self.passed(control))
        return "verified" if tested else "evidenced"

    def doubtful(self, node):
        """A conflict: a failed check or tampered evidence on any control that bears on the node."""
        return any(self.failed(c) for c in self.mapped(node)) or self.any_tampered(node)

    def any_tampered(self, node):
        return any(
            record.integrity == "tampered"
            for control in self.mapped(node)
            for record in self.evidence(control)
        )

    # ---------------------------------------------------------------- periodic acts (rule 6)

    def acts(self, control, with_since):
        days = [r.date for r in self.evidence(control) if self.proves(control, r)]
        record = self.client.controls.get(control.removeprefix("control:"))
        if record:
            days += [record.performed] if record.performed else []
            days += [record.since] if with_since and record.since else []
        return [day for day in days if day <= self.day]

    def current(self, control, recurrence):
        return any(add(day, recurrence) >= self.day for day in self.acts(control, True))

    def deciding(self, node, route):
        """The members whose act counts: those with a recurrence of their own, if any."""
        kept = self.kept(node, route)
        periodic = [c for c in kept if self.graph.records[c].recurrence]
        return periodic or kept

    def overdue(self, node, route, seen):
        """Rule 6 where the act is not itself the requirement; `seen` are days of findings."""
        requirement = self.graph.records[node]
        for control in self.kept(node, route):
            days = self.acts(control, False) + seen
            own = self.graph.records[control].recurrence
            wanted = [own, None if requirement.performance else requirement.recurrence]
            for recurrence in wanted:
                if recurrence and days and add(max(days), recurrence) < self.day:
                    return True
        return False

    # ---------------------------------------------------------------- leaf from controls

    def kept(self, node, route):
        """The route less the justified n/a members that may drop out."""
        counts = self.alternative(node)
        values = {control: self.value(control, counts) for control in route}
        if "met" not in values.values():
            return list(route)
        na = self.graph.records[node].na
        named = {d.control for d in self.decided_away(node)} if na == "approved" else set()
        return [
            control
            for control in route
            if values[control] != "not-applicable" or not (na == "by-fact" or control in named)
        ]

    def from_controls(self, node, seen):
        """(status, assurance, ready) by rules 1, 3, 4 and 6; `seen` as in `overdue`."""
        requirement = self.graph.records[node]
        counts = self.alternative(node)
        routes = self.routes(node)
        complete = [
            route
            for route in routes
            if all(self.value(c, counts) == "met" for c in self.kept(node, route))
        ]
        values = [self.value(control, counts) for control in self.mapped(node)]
        if complete:
            status = "met"
        elif "met" in values or "partial" in values:
            status = "partial"
        elif any(value != "not-assessed" for value in values):
            status = "not-met"
        else:
            status = "not-assessed"
        if requirement.performance and requirement.recurrence and status in ("met", "partial"):
            complete, status = self.performed(node, routes, complete)
        if status != "met":
            return status, None, False
        worth = {tuple(r): self.route_assurance(node, r) for r in complete}
        best = max(worth.values(), key=ASSURANCE.index)
        ready = any(
            worth[tuple(r)] != "claimed" and not self.overdue(node, r, seen) for r in complete
        )
        return status, best, ready and not self.doubtful(node)

    def performed(self, node, routes, complete):
        """Rule 6 where the act is the requirement: (routes still complete, status)."""
        requirement, counts = self.graph.records[node], self.alternative(node)

        def done(controls):
            return all(self.current(c, requirement.recurrence) for c in controls)

        complete = [r for r in complete if done(self.deciding(node, r))]
        if complete:
            return complete, "met"
        open_acts = [self.deciding(node, r) for r in routes]
        if any(done(controls) for controls in open_acts):
            return [], "partial"
        for controls in open_acts:
            missing = [c for c in controls if not done([c])]
            if all(self.value(c, counts) == "not-assessed" for c in missing):
                return [], "partial"  # nobody has said whether the act was done
        helping = [c for c in self.mapped(node) if self.value(c, counts) in ("met", "partial")]
        if not routes and any(done([c]) for c in helping):
            return [], "partial"
        return [], "not-met"

    def route_assurance(self, node, route):
        kept = self.kept(node, route)
        return min((self.control_assurance(c) for c in kept), key=ASSURANCE.index)

    # ---------------------------------------------------------------- decisions and findings

    def decisions(self, node, kind):
        """Complete decisions of a kind on exactly this node that hold on the day."""
        return [
            d
            for d in self.client.decisions
            if d.kind == kind
            and d.approver
            and d.justification
            and d.date
            and d.date <= self.day
            and (d.expires is None or d.expires >= self.day)
            and (kind != "addressable" or d.measure)
            and (kind != "not-applicable" or self.graph.records[node].na == "approved")
            and node in self.homes(d, d.date)
        ]

    def homes(self, record, made):
        """Rule 7: the nodes of this catalog a record speaks of."""
        if record.framework != self.catalog.id:
            return []
        editions = self.graph.library.editions(record.framework)
        if record.edition is not None:
            owners = [c for c in editions if c.edition == record.edition]
        elif len(editions) == 1:
            owners = editions
        else:
            owners = [c for c in editions if c.holds(made)][-1:]
        if not owners or record.requirement not in owners[0].requirements:
            return []
        kind = "objective" if owners[0].requirements[record.requirement].is_objective else ""
        name = f"{owners[0].id}@{owners[0].edition}:{record.requirement}"
        return self.successors(f"{kind or 'requirement'}:{name}")

    def successors(self, node):
        """Nodes of this catalog at the end of declared successions from a node."""
        data = self.graph.nx.nodes[node]
        if data["edition"] == self.catalog.edition:
            return [node]
        newer = [
            a
            for a, _, edge in self.graph.nx.in_edges(node, data=True)
            if edge["relation"] == "maps-to" and edge["relationship"] == "replaces"
        ]
        return [home for other in newer for home in self.successors(other)]

    def finding(self, node):
        """The newest finding on exactly this node, the worse of two of one day."""
        found = [
            f
            for f in self.client.findings
            if f.date <= self.day
            and (f.expires is None or f.expires >= self.day)
            and node in self.homes(f, f.date)
        ]
        last = [f for f in found if f.date == max(f.date for f in found)]
        for verdict in ("not-satisfied", "not-applicable", "satisfied"):
            for finding in last:
                if finding.verdict == verdict:
                    return finding
        return None

    def alternative(self, node):
        """Rule 4: whether `alternative` counts as implemented here."""
        rule = self.graph.records[node].alternative
        return rule is not None and any(
            d.approver == rule.approver and (not rule.record or d.record or d.evidence)
            for above in self.line(node)
            for d in self.decisions(above, "alternative")
        )

    def documented(self, node):
        """Rule 4, addressable: what a documented decision gives, or None."""
        found = []
        for above in self.line(node):
            if self.graph.records[above].kind != "addressable":
                break
            for decision in self.decisions(above, "addressable"):
                linked = [self.client.evidence.get(name) for name in decision.evidence]
                held = any(
                    r and r.state == "final" and r.date <= self.day and self.intact(r)
                    for r in linked
                )
                ready = bool(held) and not self.doubtful(node)
                found.append(("met", "evidenced" if held else "claimed", ready))
        return max(found, default=None, key=lambda v: ASSURANCE.index(v[1]))

    def held_down(self, node):
        own = self.finding(node)
        if own is None or own.verdict != "not-satisfied":
            return False
        above = [self.finding(n) for n in self.line(node)[1:]]
        return not any(f and f.verdict in POSITIVE and f.date > own.date for f in above)

    def lifting(self, node):
        """The positive finding that decides a leaf, if the newest of its line is one."""
        found = [f for f in map(self.finding, self.line(node)) if f]
        last = [f for f in found if f.date == max(f.date for f in found)]
        positive = [f for f in last if f.verdict in POSITIVE]
        if not positive:
            return None
        found_on = [n for n in self.line(node) if self.finding(n) is positive[0]]
        bound = any(self.graph.records[n].na == "never" for n in [node, *found_on])
        exempt = positive[0].verdict == "not-applicable"
        return None if exempt and bound else positive[0]

    # ---------------------------------------------------------------- verdicts

    def switched_off(self, node):
        """A duty whose condition is false, or a text that does not bind on the day."""
        for above in self.line(node):
            requirement = self.graph.records[above]
            spans = requirement.in_force
            if spans and not any(
                s.start <= self.day and not (s.until and s.until <= self.day) for s in spans
            ):
                return True
        conditions = self.graph.records[node].conditions
        return any(kleene(c.rule, self.client.facts) is False for c in conditions)

    def leaf(self, node):
        if self.switched_off(node):
            return "not-applicable", None, True
        if self.held_down(node):
            return "not-met", None, False
        positive = self.lifting(node)
        if self.graph.records[node].na == "approved":
            decided = [d for d in self.decided_away(node) if not d.control]
            if decided and not (positive and positive.date >= max(d.date for d in decided)):
                return "not-applicable", None, True
        derived = self.derived(node, [])
        if positive is None:
            return derived
        if positive.verdict == "not-applicable":
            return "not-applicable", None, True
        return self.satisfied(node, positive, derived)

    def decided_away(self, node):
        return [d for n in self.line(node) for d in self.decisions(n, "not-applicable")]

    def derived(self, node, seen):
        result = self.from_controls(node, seen)
        if self.graph.records[node].kind == "addressable":
            documented = self.documented(node)
            if documented and result[0] != "met":
                return documented
            if documented:
                best = max(result[1], documented[1], key=ASSURANCE.index)
                return "met", best, result[2] or documented[2]
        return result

    def satisfied(self, node, finding, derived):
        """Rule 5: a satisfied finding over what the controls say."""
        requirement = self.graph.records[node]
        counts = self.alternative(node)
        if derived[0] != "met":
            for control in self.mapped(node):
                day = self.went_away(control)
                if self.value(control, counts) != "met" and day and day > finding.date:
                    return derived
            act = requirement.performance and requirement.recurrence
            if act and add(finding.date, requirement.recurrence) < self.day:
                return derived
        if self.any_tampered(node):
            return "met", "claimed", False
        values = [self.value(control, counts) for control in self.mapped(node)]
        against = any(v in ("not-met", "partial", "not-applicable") for v in values)
        contradicted = derived[0] == "not-met" or (derived[0] == "partial" and against)
        overdue = False
        if derived[0] == "met" and self.documented(node) is None:
            overdue = all(
                self.overdue(node, route, [finding.date]) for route in self.complete_routes(node)
            )
        conflict = contradicted or self.doubtful(node)
        return "met", "verified", not conflict and not overdue

    def complete_routes(self, node):
        counts = self.alternative(node)
        complete = [
            route
            for route in self.routes(node)
            if all(self.value(c, counts) == "met" for c in self.kept(node, route))
        ]
        requirement = self.graph.records[node]
        if requirement.performance and requirement.recurrence:
            return self.performed(node, self.routes(node), complete)[0]
        return complete

    def verdict(self, node):
        members = self.members(node)
        if not members:
            return self.leaf(node)
        if self.switched_off(node):
            return "not-applicable", None, True
        if self.held_down(node):
            return "not-met", None, False
        found = [self.verdict(member) for member in members]
        used = [v for v in found if v[0] != "not-applicable"]
        if not used:
            return "not-applicable", None, True
        logic = self.graph.records[node].logic
        count = {"all": len(used), "any": 1}.get(logic, logic)
        count = min(count, len(used))
        best = sorted((ORDER.index(v[0]) for v in used), reverse=True)[:count]
        status = roll_up_all([ORDER[rank] for rank in best])
        if status != "met":
            return status, None, False
        met = [v for v in used if v[0] == "met"]
        worth = sorted((ASSURANCE.index(v[1]) for v in met), reverse=True)
        ready = sum(v[2] for v in met) >= count
        return "met", ASSURANCE[worth[count - 1]], ready


def roll_up_all(statuses):
    """Rule 2 for `all`."""
    used = [status for status in statuses if status != "not-applicable"]
    if not used:
        return "not-applicable"
    if "not-met" in used:
        return "not-met"
    if all(status == "met" for status in used):
        return "met"
    if all(status == "not-assessed" for status in used):
        return "not-assessed"
    return "partial"


def kleene(rule, facts):
    """Three-valued truth of the small rules the tests use: all, any, not, is, lt, gte."""
    if "not" in rule:
        inner = kleene(rule["not"], facts)
        return None if inner is None else not inner
    for word, deciding in (("all", False), ("any", True)):
        if word in rule:
            parts = [kleene(part, facts) for part in rule[word]]
            if deciding in parts:
                return deciding
            return None if None in parts else not deciding
    stated = facts.get(rule["fact"])
    if stated is None or stated.value is None:
        return None
    if "is" in rule:
        return stated.value == rule["is"]
    return stated.value < rule["lt"] if "lt" in rule else stated.value >= rule["gte"]
