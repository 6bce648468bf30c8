"""Findings and decisions that speak of one catalog on a day.

What comes in: library, client, catalog, date. What goes out: per requirement the findings and
the valid decisions that count, moved from earlier editions along declared successors only, and
remarks on those that do not count. Rule numbers are those of docs/semantics.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from compliance_graph.model import Catalog, Client, Decision, Finding, Library, Source


@dataclass(frozen=True, slots=True)
class Remark:
    """A record that is not used as it stands: which diagnostic code, where, and why."""

    code: str
    source: Source
    message: str


class Records:
    """The findings and decisions of a client on the requirements of one catalog."""

    def __init__(self, library: Library, client: Client, catalog: Catalog, as_of: date) -> None:
        self.library = library
        self.catalog = catalog
        self.as_of = as_of
        self.remarks: list[Remark] = []
        self.findings: dict[str, list[Finding]] = defaultdict(list)
        self._decisions: dict[str, list[Decision]] = defaultdict(list)
        for finding in client.findings:
            if finding.framework == catalog.id:
                self._add_finding(finding)
        for decision in client.decisions:
            if decision.framework == catalog.id:
                self._add_decision(decision)
        for held in self.findings.values():
            held.sort(key=lambda f: (f.date, f.id))

    def newest(self, requirement: str) -> Finding | None:
        """The newest finding on exactly this node; the worse of two on one date."""
        held = self.findings.get(requirement)
        if not held:
            return None
        last = held[-1].date
        rank = {"not-satisfied": 0, "not-applicable": 1, "satisfied": 2}
        return min((f for f in held if f.date == last), key=lambda f: (rank[f.verdict], f.id))

    def contradictory(self, requirement: str) -> tuple[Finding, Finding] | None:
        """Two different verdicts on one node and date, if the newest ones differ."""
        held = self.findings.get(requirement)
        if not held:
            return None
        last = [f for f in held if f.date == held[-1].date]
        for other in last[1:]:
            if other.verdict != last[0].verdict:
                return last[0], other
        return None

    def decision(self, requirement: str, kind: str) -> Decision | None:
        """The newest valid decision of a kind on exactly this node."""
        return next(iter(self.decided(requirement, kind)), None)

    def decided(self, requirement: str, kind: str) -> list[Decision]:
        """All valid decisions of a kind on exactly this node, newest first."""
        held = [d for d in self._decisions.get(requirement, ()) if d.kind == kind]
        return sorted(held, key=lambda d: (d.date or date.min, d.id), reverse=True)

    def decisions(self) -> Iterator[tuple[str, Decision]]:
        """Every valid decision with the requirement it counts for."""
        for requirement, held in self._decisions.items():
            for decision in held:
                yield requirement, decision

    # ------------------------------------------------------------ taking records in

    def _add_finding(self, finding: Finding) -> None:
        if finding.date > self.as_of:
            return self._remark(
                "CG506", finding.source, f"finding of {finding.date} is not used yet"
            )
        if finding.expires is not None and finding.expires < self.as_of:
            return None
        for requirement in self._home(finding.edition, finding.date, finding):
            self.findings[requirement].append(finding)
        return None

    def _add_decision(self, decision: Decision) -> None:
        missing = [
            name
            for name, value in (
                ("approver", decision.approver),
                ("date", decision.date),
                ("justification", decision.justification),
            )
            if not value
        ]
        if decision.kind == "addressable" and not decision.measure:
            missing.append("measure")
        if missing or decision.date is None:
            words = ", ".join(missing)
            return self._remark("CG507", decision.source, f"decision without {words} is not used")
        if decision.date > self.as_of:
            return self._remark(
                "CG506", decision.source, f"decision of {decision.date} is not used yet"
            )
        if decision.expires is not None and decision.expires < self.as_of:
            return None
        for requirement in self._home(decision.edition, decision.date, decision):
            node = self.catalog.requirements[requirement]
            if decision.kind == "not-applicable" and node.na != "approved":
                message = f"{self.catalog.id}:{requirement} cannot be decided away (n/a: {node.na})"
                self._remark("CG508", decision.source, message)
                continue
            self._decisions[requirement].append(decision)
        return None

    def _remark(self, code: str, source: Source, message: str) -> None:
        self.remarks.append(Remark(code, source, message))

    def _home(self, edition: str | None, made: date, record: Finding | Decision) -> list[str]:
        """The requirements of this catalog a record speaks of (rule 7: editions)."""
        owner = self._edition(edition, made)
        if owner == self.catalog.edition:
            if record.requirement in self.catalog.requirements:
                return [record.requirement]
            owner = None
        names = [record.requirement]
        for catalog in self._successors(owner) if owner is not None else ():
            names = [
                node.id
                for node in catalog.requirements.values()
                if any(name in node.replaces for name in names)
            ]
            if catalog.edition == self.catalog.edition:
                if names:
                    return names
                break
        message = f"record on {record.requirement} belongs to edition {owner or 'unknown'}"
        self._remark("CG510", record.source, message)
        return []

    def _edition(self, edition: str | None, made: date) -> str | None:
        """The edition a record belongs to: the one it names, else the one in force at its date;
        a framework with one edition has no other to belong to."""
        if edition is not None:
            return edition
        editions = self.library.editions(self.catalog.id)
        if len(editions) == 1:
            return editions[0].edition
        owner = self.library.edition_at(self.catalog.id, made)
        return owner.edition if owner else None

    def _successors(self, edition: str) -> Iterator[Catalog]:
        """The editions that follow one another from the given one, by `supersedes`."""
        current, seen = edition, {edition}
        while True:
            following = next(
                (c for c in self.library.editions(self.catalog.id) if c.supersedes == current), None
            )
            if following is None or following.edition in seen:
                return
            yield following
            current = following.edition
            seen.add(current)
