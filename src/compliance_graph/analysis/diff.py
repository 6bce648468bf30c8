"""What changed between two editions of a framework, and what that does to a client.

What comes in: two catalogs of one framework; for a client also its records and a day. What goes
out: requirements added, removed, moved and changed, and per client the statuses under both editions
and which findings and decisions follow. A requirement continues an older one if `replaces` says so
(rule 7 of docs/semantics.md); one that only has the same id is compared with it, but records do not
move along.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from compliance_graph.analysis.records import Records
from compliance_graph.analysis.states import States
from compliance_graph.analysis.status import Assessment
from compliance_graph.analysis.verdict import Verdict
from compliance_graph.model import Catalog, Client, Decision, Finding, Library, Requirement

# What a requirement asks and how it is judged. Citations and our notes change with every edition
# without changing a duty, and are left out.
FIELDS = (
    "title", "statement", "kind", "binding", "law", "tiers", "assessable", "logic", "na",
    "alternative", "conditions", "weight", "poam", "partial_points", "parameters", "recurrence",
    "performance", "deadline", "retention", "questions", "automatic_fail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, with its value in the first and in the second edition as JSON would show it."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """A requirement of the first edition and one that continues it in the second.

    `declared`: `replaces` says so, so records move. Objectives are nodes of their own.
    """

    before: Requirement
    after: Requirement
    declared: bool
    fields: tuple[FieldChange, ...]

    @property
    def moved(self) -> bool:
        """True if it stands under another id now."""
        return self.before.id != self.after.id


@dataclass(frozen=True, slots=True)
class EditionDiff:
    """Two editions side by side. `kept` are all pairs that continue, `unchanged` how many of them
    say the same under the same id."""

    before: Catalog
    after: Catalog
    added: tuple[Requirement, ...]
    removed: tuple[Requirement, ...]
    kept: tuple[Change, ...]

    @property
    def changed(self) -> tuple[Change, ...]:
        """Pairs with a field that differs."""
        return tuple(change for change in self.kept if change.fields)

    @property
    def moved(self) -> tuple[Change, ...]:
        """Pairs under different ids."""
        return tuple(change for change in self.kept if change.moved)

    @property
    def undeclared(self) -> tuple[Change, ...]:
        """Pairs by id alone: nobody declared that the new one continues the old."""
        return tuple(change for change in self.kept if not change.declared)

    @property
    def unchanged(self) -> int:
        """How many pairs say the same under the same id."""
        return sum(not change.fields and not change.moved for change in self.kept)


def diff(library: Library, before: Catalog, after: Catalog) -> EditionDiff:
    """Compare two editions of one framework. Raises ValueError for two frameworks."""
    if before.id != after.id:
        raise ValueError(f"{before.id} and {after.id} are two frameworks")
    links = _links(library, before, after)
    same = [
        (name, name, False)
        for name in before.requirements
        if name in after.requirements
        and name not in {old for old, _ in links}
        and name not in {new for _, new in links}
    ]
    order = {name: number for number, name in enumerate(after.requirements)}
    pairs = sorted(
        [*((old, new, True) for old, new in links), *same], key=lambda p: (order[p[1]], p[0])
    )
    kept = []
    for old, new, declared in pairs:
        one, two = before.requirements[old], after.requirements[new]
        kept.append(Change(one, two, declared, _fields(one, two)))
    olds, news = {c.before.id for c in kept}, {c.after.id for c in kept}
    return EditionDiff(
        before,
        after,
        added=tuple(node for name, node in after.requirements.items() if name not in news),
        removed=tuple(node for name, node in before.requirements.items() if name not in olds),
        kept=tuple(kept),
    )


def _links(library: Library, before: Catalog, after: Catalog) -> set[tuple[str, str]]:
    """(id before, id after) along declared successors, over editions in between too; asked the
    other way round, the same links backward."""
    found = _forward(library, before, after)
    if found is not None:
        return found
    back = _forward(library, after, before)
    return {(new, old) for old, new in back or ()}


def _forward(library: Library, before: Catalog, after: Catalog) -> set[tuple[str, str]] | None:
    """The links from an edition to a later one; None if it is no later one."""
    if before.key == after.key:
        return {(name, name) for name in before.requirements}
    links = {(name, name) for name in before.requirements}
    current, seen = before, {before.edition}
    while current.key != after.key:
        following = next(
            (c for c in library.editions(before.id) if c.supersedes == current.edition), None
        )
        if following is None or following.edition in seen:
            return None
        seen.add(following.edition)
        links = {
            (first, node.id)
            for first, name in links
            for node in following.requirements.values()
            if name in node.replaces
        }
        current = following
    return links


def _fields(one: Requirement, two: Requirement) -> tuple[FieldChange, ...]:
    shown = ((name, _shown(one, name), _shown(two, name)) for name in FIELDS)
    return tuple(FieldChange(name, a, b) for name, a, b in shown if a != b)


def _shown(node: Requirement, name: str) -> Any:
    """A field as JSON shows it; white space in text does not count."""
    value = getattr(node, name)
    if name == "conditions":
        return [c.text or c.citation for c in node.conditions]
    if name == "recurrence":
        return node.recurrence.text if node.recurrence else None
    if name == "alternative":
        rule = node.alternative
        return {"approver": rule.approver, "record": rule.record or None} if rule else None
    if isinstance(value, tuple):
        return [list(item) if isinstance(item, tuple) else item for item in value]
    return " ".join(value.split()) if isinstance(value, str) else value


# ---------------------------------------------------------------- a client


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A requirement concerned and its verdict under each edition; None: not in that edition."""

    before: str | None
    after: str | None
    verdict_before: Verdict | None
    verdict_after: Verdict | None

    @property
    def differs(self) -> bool:
        """True if the status is another one, or stands on one side only."""
        one, two = self.verdict_before, self.verdict_after
        return one is None or two is None or (one.status, one.ready) != (two.status, two.ready)


@dataclass(frozen=True, slots=True)
class RecordMove:
    """A finding or decision that counts under the first edition, and where it counts under the
    second: nowhere, if `to` is empty, and then `why`."""

    record: Finding | Decision
    on: tuple[str, ...]
    to: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class ClientDiff:
    """What changing the edition does to one client on one day. `statuses` are the assessable
    requirements concerned: added, removed, moved, changed, or judged differently."""

    client: Client
    as_of: date
    diff: EditionDiff
    statuses: tuple[StatusChange, ...]
    records: tuple[RecordMove, ...]


def client_diff(library: Library, client: Client, found: EditionDiff, as_of: date) -> ClientDiff:
    """Judge the client under both editions on one day. Controls and evidence hang on controls, so
    they count under either; findings and decisions hang on requirements and may not."""
    states = States(library, client, as_of)
    before = Assessment(states, found.before).verdicts
    after = Assessment(states, found.after).verdicts
    return ClientDiff(
        client,
        as_of,
        found,
        tuple(_statuses(found, before, after)),
        tuple(_records(library, client, found, as_of)),
    )


def _statuses(
    found: EditionDiff, before: dict[str, Verdict], after: dict[str, Verdict]
) -> Iterator[StatusChange]:
    concerned = _concerned(found)
    for change in found.kept:
        if not (change.before.assessable or change.after.assessable):
            continue
        one, two = change.before.id, change.after.id
        row = StatusChange(one, two, before[one], after[two])
        if row.differs or {("before", one), ("after", two)} & concerned:
            yield row
    for node in found.added:
        if node.assessable:
            yield StatusChange(None, node.id, None, after[node.id])
    for node in found.removed:
        if node.assessable:
            yield StatusChange(node.id, None, before[node.id], None)


def _concerned(found: EditionDiff) -> set[tuple[str, str]]:
    """The nodes that something happened to, and the nodes above them."""
    touched = [("before", found.before, node) for node in found.removed]
    touched += [("after", found.after, node) for node in found.added]
    for change in found.kept:
        if change.fields or change.moved:
            touched.append(("before", found.before, change.before))
            touched.append(("after", found.after, change.after))
    concerned = set()
    for side, catalog, item in touched:
        node: Requirement | None = item
        while node is not None:
            concerned.add((side, node.id))
            node = catalog.requirements[node.parent] if node.parent else None
    return concerned


def _records(
    library: Library, client: Client, found: EditionDiff, as_of: date
) -> Iterator[RecordMove]:
    old = _counted(Records(library, client, found.before, as_of))
    later = Records(library, client, found.after, as_of)
    new = _counted(later)
    why = {remark.source: remark.message for remark in later.remarks}
    held: list[Finding | Decision] = [*client.findings, *client.decisions]
    for record in held:
        on = old.get(record.source, [])
        if record.framework == found.before.id and on:
            to = new.get(record.source, [])
            other = why.get(record.source, "nothing there is declared to continue it")
            yield RecordMove(record, tuple(on), tuple(to), "" if to else other)


def _counted(records: Records) -> dict[Any, list[str]]:
    """By the place of a record, the requirements it counts for."""
    found: dict[Any, list[str]] = {}
    for requirement, held in records.findings.items():
        for finding in held:
            found.setdefault(finding.source, []).append(requirement)
    for requirement, decision in records.decisions():
        found.setdefault(decision.source, []).append(requirement)
    return {place: sorted(names) for place, names in found.items()}
