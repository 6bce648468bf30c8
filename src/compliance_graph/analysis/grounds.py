"""What a verdict on one catalog rests on: states, mappings, records and facts of one client.

What comes in: control states and a catalog. What goes out: `Grounds`, read by the rules in
routes.py, gaps.py and overrides.py; it looks things up and decides no status.
"""

from __future__ import annotations

from datetime import date

from compliance_graph import rules
from compliance_graph.analysis.index import MappingIndex
from compliance_graph.analysis.records import Records
from compliance_graph.analysis.states import States
from compliance_graph.facts import FactBase
from compliance_graph.model import Catalog, Condition, Decision, Requirement


class Grounds:
    """States, mapping index, records and facts, for one catalog and client on one day."""

    def __init__(self, states: States, catalog: Catalog) -> None:
        self.states = states
        self.catalog = catalog
        self.as_of = states.as_of
        self.client = states.client
        self.library = states.library
        self.index = MappingIndex(states.library, catalog)
        self.records = Records(states.library, states.client, catalog, states.as_of)
        self.facts = FactBase(states.library, states.client.facts, states.as_of)

    def outcomes(self, node: Requirement) -> tuple[tuple[Condition, rules.Outcome], ...]:
        """The conditions of a duty with their outcomes; a text not in force is one more."""
        found = [
            (condition, rules.evaluate(condition.rule, self.facts, no_regime))
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

    def documented(self, node: Requirement) -> Decision | None:
        """The decision on an addressable specification, or on the one whose objective this is; one
        with evidence first, then the nearest and newest."""
        found: list[Decision] = []
        for item in self.index.lineage(node):
            if item.kind != "addressable":
                break
            found.extend(self.records.decided(item.id, "addressable"))
        return max(found, key=self.linked, default=None)

    def linked(self, decision: Decision) -> bool:
        """True if final, intact evidence not dated in the future is linked to a decision."""
        records = [self.client.evidence.get(name) for name in decision.evidence]
        return any(
            record is not None
            and record.state == "final"
            and record.date <= self.as_of
            and record.integrity not in ("tampered", "missing")
            for record in records
        )

    def alternative(self, node: Requirement) -> Decision | None:
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

    def na_decision(self, node: Requirement) -> Decision | None:
        """Rule 3: the newest approved decision that a node or an ancestor is not applicable."""
        valid = [d for d in self._decided_away(node) if not d.control]
        return max(valid, key=lambda d: d.date or date.min, default=None)

    def may_drop(self, node: Requirement, control: str) -> bool:
        """Rules 1 and 3: whether a justified n/a control may drop out of a set here: where n/a
        follows from facts, or by an approved decision that names the control."""
        if node.na == "by-fact":
            return True
        return any(d.control == control for d in self._decided_away(node))

    def _decided_away(self, node: Requirement) -> list[Decision]:
        if node.na != "approved":
            return []
        return [
            decision
            for item in self.index.lineage(node)
            for decision in self.records.decided(item.id, "not-applicable")
        ]


def no_regime(name: str) -> rules.Outcome:
    """Conditions of requirements do not refer to regimes: unknown."""
    return rules.Outcome(None, (), ())
