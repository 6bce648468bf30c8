"""The state of each control at a client on a day, and what its evidence is worth.

What comes in: library, client, date, whether planned dates count as kept. What goes out: one
`ControlState` per control, judged on every scope element of its kind, with its evidence. No
requirement is looked at here; `status.py` does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from compliance_graph.dates import add
from compliance_graph.model import (
    Client,
    Control,
    ControlRecord,
    Duration,
    Element,
    EvidenceRecord,
    Library,
)

# Values of a control for a requirement: "implemented", "partial", "absent" (assessed, not in
# place), "not-applicable", or None (not assessed).
Value = str | None

_RANK = {"not-implemented": 0, "planned": 1, "partial": 2, "alternative": 3, "implemented": 4}


@dataclass(frozen=True, slots=True)
class Part:
    """A control on one scope element (None: the organization).

    `status` is what counts at the date; `stated` is what the record says. `changed` is the
    latest known day on which something took the control away; None if no day is known.
    """

    element: str | None
    stated: str | None
    status: str | None
    reason: str = ""
    changed: date | None = None


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One evidence record seen from one control: what it is worth at the date.

    `worth`: valid, stale, draft, wrong-type, tampered, missing, failed, inconclusive, future.
    """

    record: EvidenceRecord
    worth: str
    fresh_until: date | None


@dataclass(frozen=True, slots=True)
class ControlState:
    """A control at a client on a day."""

    control: Control
    record: ControlRecord | None
    parts: tuple[Part, ...]
    exhibits: tuple[Exhibit, ...] = ()
    evidenced: bool = False
    machine_tested: tuple[str, ...] = ()
    failed: tuple[EvidenceRecord, ...] = ()
    tampered: tuple[str, ...] = ()
    provider_problem: str = ""
    assumed: bool = False
    shown_act: date | None = None
    last_act: date | None = None
    changed: date | None = None

    def value(self, alternative_counts: bool) -> Value:
        """The control as one value: the AND over its parts; n/a parts drop out.

        A fresh failed check caps it at partial.
        """
        seen = [_reading(part.status, alternative_counts) for part in self.parts]
        used = [item for item in seen if item != "not-applicable"]
        if not used:
            return "not-applicable" if seen else None
        if "absent" in used:
            return "absent"
        if all(item is None for item in used):
            return None
        if all(item == "implemented" for item in used):
            return "partial" if self.failed else "implemented"
        return "partial"

    def current(self, recurrence: Duration, as_of: date) -> bool:
        """True if the act was last done within one recurrence before the date."""
        return self.last_act is not None and add(self.last_act, recurrence) >= as_of


def _reading(status: str | None, alternative_counts: bool) -> Value:
    if status is None or status in ("implemented", "partial", "not-applicable"):
        return status
    if status == "alternative" and alternative_counts:
        return "implemented"
    return "absent"


class States:
    """All control states of a client at a date, computed when first asked for."""

    def __init__(
        self, library: Library, client: Client, as_of: date, assume_plan: bool = False
    ) -> None:
        self.library = library
        self.client = client
        self.as_of = as_of
        self.assume_plan = assume_plan
        self._states: dict[str, ControlState] = {}
        self._by_control: dict[str, list[EvidenceRecord]] = {}
        for record in sorted(client.evidence.values(), key=lambda e: (e.date, e.id)):
            for control in record.controls:
                self._by_control.setdefault(control, []).append(record)

    def __getitem__(self, control_id: str) -> ControlState:
        """The state of a control of the library. Raises KeyError for an unknown id."""
        state = self._states.get(control_id)
        if state is None:
            state = self._states[control_id] = self._state(self.library.controls[control_id])
        return state

    # ------------------------------------------------------------ implementation

    def elements(
        self, control: Control, record: ControlRecord | None
    ) -> Sequence[Element | str | None]:
        """What the control is judged on: in-scope elements of its kind, else what `where` names,
        else the organization as a whole."""
        if control.per == "organization":
            return [None]
        declared = [e for e in self.client.elements.values() if e.kind == control.per]
        if declared:
            return [e for e in declared if e.in_scope] or [None]
        if record is not None and record.where:
            return sorted(record.where)
        return [None]

    def _state(self, control: Control) -> ControlState:
        record = self.client.controls.get(control.id)
        problem = self._provider_problem(record)
        parts = tuple(
            self._part(record, element, problem) for element in self.elements(control, record)
        )
        exhibits = tuple(
            self._exhibit(control, item) for item in self._by_control.get(control.id, ())
        )
        failed, passed = _checks(exhibits)
        places = [part.element for part in parts if part.status != "not-applicable"]
        acts = [
            item.record.date
            for item in exhibits
            if item.worth in ("valid", "stale") and item.record.result in ("", "pass")
        ]
        if record is not None and record.performed and record.performed <= self.as_of:
            acts.append(record.performed)
        shown = max(acts, default=None)
        if record is not None and record.since and record.since <= self.as_of:
            acts.append(record.since)
        changes = [day for day in _days_lost(parts) if day <= self.as_of]
        changes += [item.date for item in failed]
        return ControlState(
            control=control,
            record=record,
            parts=parts,
            exhibits=exhibits,
            evidenced=_satisfied(control, exhibits, places),
            machine_tested=_covering(passed, places),
            failed=failed,
            tampered=tuple(e.record.id for e in exhibits if e.worth == "tampered"),
            provider_problem=problem,
            assumed=any(part.reason == "assumed" for part in parts),
            shown_act=shown,
            last_act=max(acts, default=None),
            changed=max(changes, default=None),
        )

    def _part(
        self, record: ControlRecord | None, element: Element | str | None, problem: str
    ) -> Part:
        name = element.id if isinstance(element, Element) else element
        added = element.since if isinstance(element, Element) else None
        if record is None:
            return Part(name, None, None, "not assessed", added)
        stated = record.status
        if name is not None and name in record.where:
            stated = record.where[name]
        changed = max((day for day in (record.since, added) if day), default=None)
        if stated is None:
            return Part(name, None, None, "not assessed", added)
        if stated == "not-applicable" and not record.justification:
            return Part(name, stated, None, "not applicable without a justification", changed)
        status, reason = stated, ""
        if record.since is not None and record.since > self.as_of and stated != "planned":
            word = "not applicable" if stated == "not-applicable" else "in place"
            status, reason = "not-implemented", f"{word} only from {record.since}"
            changed = added
        if status == "not-applicable":
            return Part(name, stated, status, "", changed)
        if record.origination != "organization" and status in (
            "implemented",
            "partial",
            "alternative",
        ):
            status, reason, changed = self._halves(record, status, problem, changed)
        if (
            self.assume_plan
            and status in ("planned", "partial", "not-implemented")
            and record.due is not None
            and record.due <= self.as_of
        ):
            status, reason = "implemented", "assumed"
        return Part(name, stated, status, reason, changed)

    def _halves(
        self, record: ControlRecord, status: str, problem: str, changed: date | None
    ) -> tuple[str, str, date | None]:
        """The lower of the client's and the provider's half; nothing without a provider record."""
        provider = self.client.providers.get(record.provider)
        if problem or provider is None:
            lapsed = [
                add_one(day)
                for day in (
                    provider.attestation_until if provider else None,
                    provider.contract_until if provider else None,
                )
                if day is not None and day < self.as_of
            ]
            days = [day for day in (changed, *lapsed) if day]
            return "not-implemented", problem, max(days, default=None)
        row = provider.responsibilities[record.control].status
        if row == "not-applicable":
            if record.origination == "shared":
                return status, "", changed
            row = "not-implemented"
        if _RANK[row] < _RANK[status]:
            return row, f"{provider.title} reports {row}", changed
        return status, "", changed

    def _provider_problem(self, record: ControlRecord | None) -> str:
        """Why an inherited or shared control does not stand; empty if it does."""
        if record is None or record.origination == "organization":
            return ""
        if not record.provider:
            return "no provider is named"
        provider = self.client.providers.get(record.provider)
        if provider is None:
            return f"no provider record for {record.provider}"
        day = self.as_of
        if not provider.has_contract:
            return f"no contract with {provider.title} is recorded"
        if provider.contract_date and provider.contract_date > day:
            return f"the contract with {provider.title} begins {provider.contract_date}"
        if provider.contract_until and provider.contract_until < day:
            return f"the contract with {provider.title} ended {provider.contract_until}"
        if record.control not in provider.responsibilities:
            return f"{provider.title} has no responsibility row for {record.control}"
        if provider.attestation_until is None:
            return f"no attestation of {provider.title} is recorded"
        if provider.attestation_from and provider.attestation_from > day:
            return f"the attestation of {provider.title} begins {provider.attestation_from}"
        if provider.attestation_until < day:
            return f"the attestation of {provider.title} ended {provider.attestation_until}"
        return ""

    # ------------------------------------------------------------ evidence

    def _exhibit(self, control: Control, record: EvidenceRecord) -> Exhibit:
        kind = self.library.evidence_types.get(record.type)
        fresh_until = add(record.date, kind.fresh_for) if kind and kind.fresh_for else None
        return Exhibit(record, self._worth(control, record, fresh_until), fresh_until)

    def _worth(self, control: Control, record: EvidenceRecord, fresh_until: date | None) -> str:
        if record.date > self.as_of:
            return "future"
        if record.integrity in ("tampered", "missing"):
            return record.integrity
        if record.result in ("fail", "inconclusive"):
            stale = fresh_until is not None and fresh_until < self.as_of
            return "stale" if stale else ("failed" if record.result == "fail" else "inconclusive")
        if record.type not in self.library.evidence_types:
            return "wrong-type"
        if control.evidence.types and record.type not in control.evidence.types:
            return "wrong-type"
        if record.state != "final":
            return "draft"
        if fresh_until is not None and fresh_until < self.as_of:
            return "stale"
        return "valid"


def _days_lost(parts: tuple[Part, ...]) -> list[date]:
    """Known days on which parts went away; n/a ones speak only where the whole control is n/a."""
    lost = [p for p in parts if p.status not in ("implemented", "not-applicable")]
    if not lost:
        lost = [p for p in parts if p.status == "not-applicable"]
    return [p.changed for p in lost if p.changed]


def add_one(day: date) -> date:
    """The next day; the last day of the calendar stays."""
    return add(day, Duration("P1D", 0, 1))


def _checks(
    exhibits: Iterable[Exhibit],
) -> tuple[tuple[EvidenceRecord, ...], list[EvidenceRecord]]:
    """The newest results of each check: those that failed and are fresh, those that passed."""
    newest: dict[tuple[str, str, tuple[str, ...]], Exhibit] = {}
    for item in exhibits:  # sorted by date: later ones replace earlier ones
        if item.record.result not in ("pass", "fail") or item.worth in (
            "future",
            "tampered",
            "missing",
        ):
            continue
        key = (item.record.type, item.record.check, item.record.elements)
        held = newest.get(key)
        if held is None or held.record.date < item.record.date or item.record.result == "fail":
            newest[key] = item
    failed = tuple(item.record for item in newest.values() if item.worth == "failed")
    passed = [item.record for item in newest.values() if item.worth == "valid"]
    return failed, passed


def _satisfied(control: Control, exhibits: Iterable[Exhibit], elements: list[str | None]) -> bool:
    """True if valid records satisfy the evidence need on every element."""
    valid = [item.record for item in exhibits if item.worth == "valid"]
    need = control.evidence
    for element in elements:
        held = {r.type for r in valid if not r.elements or element is None or element in r.elements}
        if not held:
            return False
        if any(kind not in held for kind in need.all_of):
            return False
        if need.any_of and not held.intersection(need.any_of):
            return False
    return bool(elements)


def _covering(passed: list[EvidenceRecord], elements: list[str | None]) -> tuple[str, ...]:
    """Ids of passed checks, if together they cover every element; else nothing."""
    for element in elements:
        if not any(not r.elements or element is None or element in r.elements for r in passed):
            return ()
    return tuple(record.id for record in passed) if elements else ()
