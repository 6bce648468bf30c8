"""Faults in the records of one client, held against the library and a date.

What comes in: client, library, date. What goes out: diagnostics CG209, CG306, CG308, CG317 and
CG5xx. A gap is not a fault: nothing here says whether a requirement is met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from compliance_graph.analysis.records import Records, Remark
from compliance_graph.analysis.states import States
from compliance_graph.checks.identity import twins
from compliance_graph.diagnostics import Diagnostic, Related, diagnostic
from compliance_graph.model import Catalog, Client, FactValue, Library, Source
from compliance_graph.validate import nearest


def contradictory_verdicts(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Two verdicts on one requirement and date, or two results of one check and date (CG501)."""
    said: dict[tuple[Any, ...], tuple[str, Source]] = {}
    for finding in client.findings:
        edition = finding.edition
        if edition is None:
            catalog = library.edition_at(finding.framework, finding.date)
            edition = catalog.edition if catalog else None
        key = (finding.framework, edition, finding.requirement, finding.date)
        what = f"{finding.framework}:{finding.requirement} on {finding.date}"
        yield from _against(said, key, finding.verdict, what, finding.source)
    results = [e for e in client.evidence.values() if e.result in ("pass", "fail")]
    for record in results:
        scope = (record.type, record.check, record.controls, record.elements)
        what = f"check {record.check or record.type} on {record.date}"
        yield from _against(said, (*scope, record.date), record.result, what, record.source)


def _against(
    said: dict[tuple[Any, ...], tuple[str, Source]],
    key: tuple[Any, ...],
    verdict: str,
    what: str,
    source: Source,
) -> Iterator[Diagnostic]:
    first = said.setdefault(key, (verdict, source))
    if first[0] != verdict:
        related = (Related(*first[1], f"{first[0]} here"),)
        message = f"{what} is both {first[0]} and {verdict}; the worse one is used"
        yield diagnostic("CG501", source, message, related=related)


def unjustified(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Controls said to be not applicable without a word why (CG502)."""
    for record in client.controls.values():
        claims = (record.status, *record.where.values())
        if "not-applicable" in claims and not record.justification:
            message = f"{record.control} is not applicable without a justification"
            yield diagnostic("CG502", record.source, message)


def providers(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Inherited and shared controls whose provider record does not stand at the date (CG503)."""
    states = States(library, client, as_of)
    for name, record in client.controls.items():
        if record.origination != "organization":
            problem = states[name].provider_problem
            if problem:
                message = f"{name} is {record.origination}, but {problem}"
                yield diagnostic("CG503", record.source, message)


def unused_records(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Findings and decisions that do not count as they stand (CG506, CG507, CG508, CG510)."""
    named = {finding.framework for finding in client.findings}
    named.update(decision.framework for decision in client.decisions)
    for framework in sorted(named):
        evaluated = _evaluated(client, library, framework, as_of)
        remarks = [Records(library, client, catalog, as_of).remarks for catalog in evaluated]
        for remark in dict.fromkeys(remark for held in remarks for remark in held):
            if remark.code != "CG510" or _everywhere(remark, remarks):
                yield diagnostic(remark.code, remark.source, remark.message)


def _evaluated(client: Client, library: Library, framework: str, as_of: date) -> list[Catalog]:
    """The editions a report looks at: those targeted by name, and the one in force or newest."""
    editions = library.editions(framework)
    named = {t.edition for t in client.targets if t.framework == framework}
    current = library.edition_at(framework, as_of) or editions[-1]
    return [c for c in editions if c is current or c.edition in named]


def _everywhere(remark: Remark, remarks: list[list[Remark]]) -> bool:
    """True if a record is left out in every edition looked at."""
    return all(
        any(other.code == remark.code and other.source == remark.source for other in held)
        for held in remarks
    )


def future_evidence(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Evidence dated after the day asked about (CG506)."""
    for record in client.evidence.values():
        if record.date > as_of:
            message = f"evidence {record.id} of {record.date} is not used yet"
            yield diagnostic("CG506", record.source, message)


def misfitting_evidence(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Evidence of a type that a control it names does not ask for (CG509)."""
    for record in client.evidence.values():
        for name in record.controls:
            wanted = library.controls[name].evidence.types if name in library.controls else ()
            if wanted and record.type not in wanted:
                message = f"{name} does not ask for evidence of type {record.type}"
                hint = f"{name} asks for " + ", ".join(wanted)
                yield diagnostic("CG509", record.source, message, hint)


def unhashed_files(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Evidence files that nothing holds to what was collected (CG512)."""
    for record in client.evidence.values():
        if record.file and not record.sha256:
            message = f"evidence {record.id} names a file and no sha256"
            yield diagnostic("CG512", record.source, message)


def dates(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Pairs of dates in the wrong order (CG511)."""
    for what, source, early, first, late, last in _pairs(client):
        if first is not None and last is not None and last < first:
            message = f"{what}: {late} {last} lies before {early} {first}"
            yield diagnostic("CG511", source, message)


def _pairs(
    client: Client,
) -> Iterator[tuple[str, Source, str, date | None, str, date | None]]:
    """(what, place, earlier word, earlier day, later word, later day)."""
    for record in client.controls.values():
        what = record.control
        if record.status not in ("implemented", "partial", "alternative"):
            # what is still to come cannot stand since a day after it is due
            yield what, record.source, "since", record.since, "due", record.due
        yield what, record.source, "since", record.since, "performed", record.performed
    for decision in client.decisions:
        what = f"decision on {decision.requirement}"
        yield what, decision.source, "date", decision.date, "expires", decision.expires
    for finding in client.findings:
        what = f"finding on {finding.requirement}"
        yield what, finding.source, "date", finding.date, "expires", finding.expires
    for provider in client.providers.values():
        what = f"contract with {provider.id}"
        ends = provider.contract_date, "until", provider.contract_until
        yield what, provider.source, "date", *ends
        what = f"attestation of {provider.id}"
        until = provider.attestation_until
        yield what, provider.source, "from", provider.attestation_from, "until", until
    for role in client.roles.values():
        for holder in role.holders:
            yield f"role {role.id}", role.source, "from", holder.start, "until", holder.until


# ---------------------------------------------------------------- facts


# If the first is answered no, none of the others can be yes, some or more than zero: that follows
# from the words of the vocabulary (a person on file makes personal data, and so on).
_NEEDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "personal_data",
        (
            "consumer_records",
            "special_category_data",
            "monitors_individuals_in",
            "pi_resident_states",
            "healthcare_provider",
            "health_plan",
            "phi_for_covered_entity",
            "phi_for_business_associate",
        ),
    ),
    ("health_plan", ("health_plan_participants",)),
)


def facts(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Facts that cannot both be true (CG209)."""
    for gate, others in _NEEDS:
        stated = client.facts.get(gate)
        if stated is None or stated.value is not False:
            continue
        for other in others:
            held = client.facts.get(other)
            # true, a count above zero, or a set with members; amounts and texts do not occur here
            if held is not None and held.value:
                yield _contradiction(gate, stated, other, held)
    part, whole = client.facts.get("headcount"), client.facts.get("headcount_with_contractors")
    few = part.value if part else None
    many = whole.value if whole else None
    # the second question adds people to those of the first
    if part and whole and isinstance(few, int) and isinstance(many, int) and many < few:
        yield _contradiction("headcount", part, "headcount_with_contractors", whole)


def _contradiction(one: str, a: FactValue, other: str, b: FactValue) -> Diagnostic:
    message = f"{other} is {_plain(b.value)}, but {one} is {_plain(a.value)}"
    related = (Related(*a.source, f"{one} is here"),)
    return diagnostic("CG209", b.source, message, related=related)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


# ---------------------------------------------------------------- references and ids


def references(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Providers of scope elements, evidence of decisions and engagements of findings (CG317)."""
    for element in client.elements.values():
        if element.provider and client.providers and element.provider not in client.providers:
            hint = nearest(element.provider, list(client.providers))
            message = f'unknown provider "{element.provider}"'
            yield diagnostic("CG308", element.source, message, hint)
    for decision in client.decisions:
        for name in decision.evidence:
            if name not in client.evidence:
                hint = nearest(name, list(client.evidence))
                yield diagnostic("CG317", decision.source, f'unknown evidence "{name}"', hint)
    known = [str(engagement["id"]) for engagement in client.engagements]
    for finding in client.findings:
        if finding.engagement and finding.engagement not in known:
            hint = nearest(finding.engagement, known)
            message = f'unknown engagement "{finding.engagement}"'
            yield diagnostic("CG317", finding.source, message, hint)


def look_alikes(client: Client, library: Library, as_of: date) -> Iterator[Diagnostic]:
    """Ids of one kind that are easily taken for each other (CG306)."""
    kinds: tuple[tuple[str, Iterable[Any]], ...] = (
        ("scope element", client.elements.values()),
        ("provider", client.providers.values()),
        ("role", client.roles.values()),
        ("evidence", client.evidence.values()),
    )
    for what, records in kinds:
        yield from twins(what, ((record.id, record.source) for record in records))
