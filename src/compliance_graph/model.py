"""Frozen records of the library and of a client: what the YAML files say, and nothing more.

What comes in: values the loader has already checked. What goes out: immutable records, each with
the `Source` it was read from. No record computes a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

Day = date  # records have fields called date, which would hide the type

ROUTE_RELATIONSHIPS = frozenset({"equivalent-to", "equal-to", "superset-of"})
RELATIONSHIPS = ("equivalent-to", "equal-to", "superset-of", "subset-of", "intersects-with")
ELEMENT_KINDS = ("cloud-service", "endpoint-group", "network", "site", "system")
CONTROL_STATUSES = (
    "implemented",
    "partial",
    "planned",
    "alternative",
    "not-applicable",
    "not-implemented",
)
STATUSES = ("met", "partial", "not-met", "not-applicable", "not-assessed")
ASSURANCES = ("claimed", "evidenced", "verified")
GAP_KINDS = (
    "control",
    "evidence",
    "documentation",
    "overdue",
    "decision",
    "unmapped",
    "conflict",
    "unassessed",
)


class Source(NamedTuple):
    """Where a record stands: path relative to its root, line and column from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that silences codes on some lines of one file, with the reason given."""

    source: Source
    codes: tuple[str, ...]
    lines: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Duration:
    """An ISO 8601 duration in whole years, months and days (weeks are days)."""

    text: str
    months: int
    days: int


@dataclass(frozen=True, slots=True)
class Span:
    """A span in which a text binds: from (inclusive) until (exclusive; None: still in force)."""

    start: Day
    until: Day | None = None
    citation: str = ""
    note: str = ""

    def holds(self, day: Day) -> bool:
        """True if the span contains the day."""
        return self.start <= day and (self.until is None or day < self.until)


# ---------------------------------------------------------------- library


@dataclass(frozen=True, slots=True)
class AlternativeRule:
    """Who may approve an alternative to a requirement and which record the text asks for."""

    approver: str
    record: str = ""
    when: str = ""
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A node of a catalog. Objectives are nodes too, with `is_objective` set.

    `na` and `alternative` are already inherited from the nearest ancestor that states them, then
    from the catalog. `conditions` are the `when` rules of the node and its ancestors, outermost
    first: the duty binds while all of them hold.
    """

    id: str
    title: str
    statement: str
    citation: str
    source: Source
    parent: str | None
    children: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    is_objective: bool = False
    assessable: bool = False
    logic: str | int = "all"  # "all", "any", or the number of an at_least
    section: str = ""
    kind: str = "required"
    binding: str = ""
    law: str = ""
    tiers: tuple[str, ...] = ()
    na: str = "approved"
    alternative: AlternativeRule | None = None
    conditions: tuple[Condition, ...] = ()
    weight: int | None = None
    poam: str = ""
    poam_citation: str = ""
    partial_points: int | None = None
    parameters: tuple[tuple[str, str, str], ...] = ()  # id, label, value fixed by the scheme
    recurrence: Duration | None = None
    performance: bool = False
    deadline: str = ""
    retention: str = ""
    assess: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    typical_evidence: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    automatic_fail: bool = False
    same_as: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    in_force: tuple[Span, ...] = ()
    aliases: tuple[str, ...] = ()
    guidance: str = ""
    note: str = ""

    @property
    def members(self) -> tuple[str, ...]:
        """Ids of the objectives and children whose statuses make this node's status."""
        return self.objectives + self.children


@dataclass(frozen=True, slots=True)
class Condition:
    """The `when` rule of a duty: on which node it stands, the rule, its words and citation."""

    requirement: str
    rule: Mapping[str, Any]
    text: str
    citation: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """One edition of a framework with its requirements in file order (parents before children)."""

    id: str
    edition: str
    title: str
    kind: str
    source: Source
    requirements: Mapping[str, Requirement]
    citation: str = ""
    url: str = ""
    revision: str = ""
    publisher: str = ""
    jurisdiction: str = ""
    rights: str = ""
    in_force: tuple[Span, ...] = ()
    supersedes: str = ""
    tiers: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # id, title, tiers it includes
    scheme: str = "none"
    verdicts: Mapping[str, str] = field(default_factory=dict)
    last_checked: Day | None = None
    uncertainties: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    note: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """(framework id, edition)."""
        return (self.id, self.edition)

    def holds(self, day: Day) -> bool:
        """True if this edition is in force on the day; without spans it always is."""
        return not self.in_force or any(span.holds(day) for span in self.in_force)

    def roots(self) -> tuple[Requirement, ...]:
        """The requirements without a parent, in file order."""
        return tuple(r for r in self.requirements.values() if r.parent is None)


@dataclass(frozen=True, slots=True)
class EvidenceNeed:
    """Which evidence types prove a control: every one of all_of and, if any, one of any_of."""

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()

    @property
    def types(self) -> tuple[str, ...]:
        """All types named, without repeats."""
        return tuple(dict.fromkeys(self.all_of + self.any_of))


@dataclass(frozen=True, slots=True)
class Control:
    """What an organisation does. `per` is the kind of scope element it is judged on."""

    id: str
    title: str
    domain: str
    source: Source
    objective: str = ""
    good: Mapping[str, str] = field(default_factory=dict)
    per: str = "organization"
    csf: str = ""
    type: str = ""
    owner: str = ""
    effort: tuple[int, int] | None = None  # hours, low and high
    effort_basis: str = ""
    cost: tuple[int, int] | None = None  # USD per year, low and high
    cost_basis: str = ""
    prerequisites: tuple[str, ...] = ()
    evidence: EvidenceNeed = EvidenceNeed()
    policy: str = ""
    test: tuple[str, ...] = ()
    recurrence: Duration | None = None
    aliases: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceType:
    """A kind of artefact and how long it stays fresh (None: it does not go stale)."""

    id: str
    title: str
    source: Source
    fresh_for: Duration | None = None
    artefact: str = ""
    origin: tuple[str, ...] = ()
    population: str = ""
    period: str = ""
    supplier: str = ""
    shows: str = ""
    worthless: str = ""
    sensitive: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class MappingEntry:
    """One control mapped to one requirement of one edition, with the relationship word."""

    framework: str
    edition: str
    requirement: str
    control: str
    relationship: str
    rationale: str
    source: Source

    @property
    def is_route(self) -> bool:
        """True if the control alone covers the requirement."""
        return self.relationship in ROUTE_RELATIONSHIPS


@dataclass(frozen=True, slots=True)
class SufficientSet:
    """Controls that together cover a requirement."""

    framework: str
    edition: str
    requirement: str
    controls: tuple[str, ...]
    rationale: str
    source: Source


@dataclass(frozen=True, slots=True)
class CrosswalkPair:
    """A published relation between requirements of two frameworks (`a` and `b` are qualified)."""

    a: str
    b: str
    relationship: str
    citation: str
    source: Source
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A question of the vocabulary: type is bool, int, money, enum, set or date."""

    id: str
    type: str
    ask: str
    source: Source
    values: tuple[str, ...] = ()
    trap: str = ""
    help: str = ""
    cost: str = "easy"
    unit: str = ""
    group: str = ""
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class DerivedFact:
    """A fact computed from others: by a rule, or as a money view in another currency."""

    id: str
    type: str
    source: Source
    rule: Mapping[str, Any] | None = None
    convert_from: str = ""
    convert_to: str = ""


@dataclass(frozen=True, slots=True)
class FrameworkTier:
    """A (framework, tier) pair a regime brings, under an optional rule."""

    framework: str
    tier: str | None = None
    when: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RegimeTier:
    """A tier of a regime and the rule that switches it on."""

    id: str
    when: Mapping[str, Any]
    title: str = ""
    citation: str = ""
    text: str = ""
    frameworks: tuple[FrameworkTier, ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """A part of a regime that binds only under a condition (None: always)."""

    id: str
    title: str
    citation: str = ""
    text: str = ""
    when: Mapping[str, Any] | None = None
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Regime:
    """Something that can bind a client: a law, a contract, a policy, guidance or a proposal."""

    id: str
    title: str
    kind: str
    citation: tuple[str, ...]
    rule: Mapping[str, Any]
    source: Source
    jurisdiction: str = ""
    authority: str = ""
    in_force: tuple[Span, ...] = ()
    status: str = "in-force"
    status_note: str = ""
    clauses: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # fact: citation, text
    frameworks: tuple[FrameworkTier, ...] = ()
    tiers: tuple[RegimeTier, ...] = ()
    duties: tuple[Duty, ...] = ()
    exemptions: tuple[str, ...] = ()
    thresholds: tuple[tuple[str, int, str, str], ...] = ()  # fact, at, text, citation
    safe_harbours: tuple[tuple[str, str, str], ...] = ()  # title, citation, effect
    penalty: str = ""
    notes: tuple[str, ...] = ()
    confidence: str = ""
    last_checked: Day | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """Everything the library folder says, by id. `catalogs` is keyed by (framework, edition)."""

    root: str
    catalogs: Mapping[tuple[str, str], Catalog]
    controls: Mapping[str, Control]
    evidence_types: Mapping[str, EvidenceType]
    mappings: tuple[MappingEntry, ...]
    sets: tuple[SufficientSet, ...]
    crosswalk: tuple[CrosswalkPair, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    derived: Mapping[str, DerivedFact] = field(default_factory=dict)
    rates: Mapping[str, str] = field(default_factory=dict)  # currency: USD per unit, decimal text
    regimes: Mapping[str, Regime] = field(default_factory=dict)
    digest: str = ""
    ignores: tuple[Ignore, ...] = ()

    def editions(self, framework: str) -> list[Catalog]:
        """All editions of a framework, oldest first."""
        found = [c for c in self.catalogs.values() if c.id == framework]
        return sorted(
            found, key=lambda c: (c.in_force[0].start if c.in_force else Day.min, c.edition)
        )

    def edition_at(self, framework: str, day: Day) -> Catalog | None:
        """The edition in force on a day: the latest begun, if two are."""
        found = [c for c in self.editions(framework) if c.holds(day)]
        return found[-1] if found else None


# ---------------------------------------------------------------- client


@dataclass(frozen=True, slots=True)
class FactValue:
    """What a client states of one fact. value None: unknown. Sets are frozensets of text."""

    value: Any
    source: Source
    stated_by: str = ""
    date: Day | None = None
    origin: str = ""
    verified: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """A scope element: a cloud service, endpoint group, network, site or system."""

    id: str
    kind: str
    title: str
    source: Source
    description: str = ""
    in_scope: bool = True
    out_of_scope_reason: str = ""
    tags: tuple[str, ...] = ()
    provider: str = ""
    since: Day | None = None
    location: str = ""
    count: int | None = None
    data: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a role, and from when until when."""

    name: str
    title: str = ""
    start: Day | None = None
    until: Day | None = None
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the client and its dated holders."""

    id: str
    title: str
    source: Source
    responsibilities: str = ""
    holders: tuple[Holder, ...] = ()

    def holder_at(self, day: Day) -> Holder | None:
        """The holder on a day; the last named if several overlap; None if vacant."""
        found = [
            h
            for h in self.holders
            if (h.start is None or h.start <= day) and (h.until is None or day <= h.until)
        ]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Responsibility:
    """A provider's row of the responsibility matrix for one control."""

    control: str
    status: str
    provider_does: str = ""
    client_does: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider with contract, attestation and responsibility matrix."""

    id: str
    title: str
    source: Source
    service: str = ""
    kind: str = "other"
    has_contract: bool = False
    contract_reference: str = ""
    contract_date: Day | None = None
    contract_until: Day | None = None
    safeguards_clause: bool | None = None
    attestation_kind: str = ""
    attestation_from: Day | None = None
    attestation_until: Day | None = None
    attestation_reference: str = ""
    responsibilities: Mapping[str, Responsibility] = field(default_factory=dict)
    contact: str = ""
    last_review: Day | None = None


@dataclass(frozen=True, slots=True)
class ControlRecord:
    """What a client says of one control. status None: only `where` speaks."""

    control: str
    status: str | None
    source: Source
    where: Mapping[str, str] = field(default_factory=dict)
    origination: str = "organization"
    provider: str = ""
    owner: str = ""
    narrative: str = ""
    since: Day | None = None
    due: Day | None = None
    performed: Day | None = None
    justification: str = ""
    approver: str = ""
    note: str = ""
    waiting_on: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on a requirement: not-applicable, alternative, addressable or risk-accepted.

    `control`: a not-applicable decision on one member of a set only, not on the requirement.
    """

    id: str
    framework: str
    edition: str | None
    requirement: str
    kind: str
    source: Source
    justification: str = ""
    measure: str = ""
    record: str = ""
    approver: str = ""
    date: Day | None = None
    expires: Day | None = None
    evidence: tuple[str, ...] = ()
    control: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """An assessor's verdict on a requirement or objective."""

    id: str
    framework: str
    edition: str | None
    requirement: str
    verdict: str
    date: Day
    source: Source
    expires: Day | None = None
    partial: bool = False
    methods: tuple[str, ...] = ()
    note: str = ""
    assessor: str = ""
    on_behalf_of: str = ""
    engagement: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """One artefact a client holds. `integrity`: intact, tampered, missing, unchecked."""

    id: str
    type: str
    date: Day
    source: Source
    title: str = ""
    file: str = ""
    reference: str = ""
    sha256: str = ""
    collected_by: str = ""
    controls: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    state: str = "draft"
    result: str = ""
    check: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    integrity: str = "unchecked"


@dataclass(frozen=True, slots=True)
class Target:
    """A framework (and tier) wanted though nothing binds."""

    framework: str
    edition: str | None
    tier: str | None
    why: str
    source: Source


@dataclass(frozen=True, slots=True)
class Client:
    """Everything a client folder says. Registers that need no evaluation stay plain mappings."""

    name: str
    root: str
    source: Source
    facts: Mapping[str, FactValue]
    legal_name: str = ""
    locale: str = "en-US"
    address: str = ""
    description: str = ""
    scope_statement: str = ""
    targets: tuple[Target, ...] = ()
    elements: Mapping[str, Element] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    contracts: tuple[Mapping[str, Any], ...] = ()
    engagements: tuple[Mapping[str, Any], ...] = ()
    information: tuple[Mapping[str, Any], ...] = ()
    branding: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, ControlRecord] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    findings: tuple[Finding, ...] = ()
    evidence: Mapping[str, EvidenceRecord] = field(default_factory=dict)
    risks: tuple[Mapping[str, Any], ...] = ()
    vendors: tuple[Mapping[str, Any], ...] = ()
    incidents: tuple[Mapping[str, Any], ...] = ()
    digest: str = ""
    ignores: tuple[Ignore, ...] = ()
