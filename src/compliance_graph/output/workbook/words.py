"""The words a workbook uses for what the records and verdicts say. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from compliance_graph.analysis.explain import summary
from compliance_graph.analysis.states import ControlState, Exhibit
from compliance_graph.analysis.verdict import Gap, Verdict
from compliance_graph.model import Client, Library

STATUS_MEANING = {
    "met": "A complete route of controls is in place, or an assessor found it satisfied.",
    "partial": "Something that bears on it is in place, but no complete route.",
    "not-met": "Controls that bear on it were assessed and none of them is in place.",
    "not-applicable": "It does not bind here: by a fact, an approved decision or a finding.",
    "not-assessed": "Nobody has said anything yet. This is not a pass.",
}
ASSURANCE_MEANING = {
    "claimed": "Management says so; no sufficient evidence is on record.",
    "evidenced": "Final, fresh evidence of the right type is on record.",
    "verified": "A machine test or an assessor confirmed it (the sheet says which).",
}
RELATIONSHIP_MEANING = {
    "equal-to": "The control and the requirement ask for the same thing, in the same words.",
    "equivalent-to": "The control and the requirement ask for the same thing.",
    "superset-of": "The control covers all of the requirement and more.",
    "jointly-sufficient": "The control covers the requirement together with the others named.",
    "subset-of": "The control covers a part of the requirement; parts never add up to met.",
    "intersects-with": "The control helps; it does not cover the requirement.",
}
GAP_MEANING = {
    "control": "a control is not in place, or only in part",
    "evidence": "evidence is missing, stale, in draft or changed",
    "documentation": "a provider record is incomplete",
    "overdue": "a periodic act has lapsed",
    "decision": "an approval or a documented decision is missing",
    "unmapped": "the library knows no control that covers it",
    "conflict": "two records contradict each other",
    "unassessed": "nobody has assessed it",
}
SUPPLIERS = {
    "business": "The firm (business side)",
    "it": "IT or the IT provider",
    "provider": "The service provider concerned",
    "vciso": "Security adviser",
}
UNOWNED = "no owner named"


def value_word(state: ControlState) -> str:
    """What a control counts as on the date, in one word or two."""
    value = state.value(False)
    if value == "absent":
        used = any(part.status == "alternative" for part in state.parts)
        return "alternative" if used else "not in place"
    return value or "not-assessed"


def value_reason(state: ControlState) -> str:
    """Why a control counts as it does, where that is not plain from the record."""
    words = [
        f"{part.element + ': ' if part.element else ''}{part.reason}"
        for part in state.parts
        if part.reason
    ]
    if (
        words
        and all(word.endswith("not assessed") for word in words)
        and len(words) == len(state.parts)
    ):
        words = []
    if value_word(state) == "alternative":
        words.append(
            "an alternative counts only where the requirement allows it and it is approved"
        )
    words += [f"check {record.id} of {record.date} failed" for record in state.failed]
    words += [f"{name} was changed since it was recorded" for name in state.tampered]
    return "\n".join(dict.fromkeys(words))


def open_parts(state: ControlState) -> str:
    """Where a control is not in place: "laptops: planned; phones: not-assessed"."""
    return "; ".join(
        f"{part.element + ': ' if part.element else ''}{part.status or 'not-assessed'}"
        + (f" ({part.reason})" if part.reason not in ("", "not assessed") else "")
        for part in state.parts
        if part.status not in ("implemented", "not-applicable")
    )


def assurance_word(state: ControlState) -> str:
    """How well the control's own claim is supported (docs/semantics.md, assurance)."""
    if state.value(False) not in ("implemented", "partial"):
        return ""
    if state.tampered or state.assumed or not state.evidenced:
        return "claimed"
    return "verified" if state.machine_tested else "evidenced"


def role_title(client: Client, role: str) -> str:
    """The title of a role of the client; the id where no such role is declared."""
    return client.roles[role].title if role in client.roles else role


def provider_title(client: Client, provider: str) -> str:
    """The title of a provider; the id where no such provider is declared."""
    return client.providers[provider].title if provider in client.providers else provider


def owner_text(client: Client, role: str, day: date) -> str:
    """Role and holder on the day, such as "Qualified Individual: Ana Ruiz"."""
    if not role:
        return UNOWNED
    known = client.roles.get(role)
    if known is None:
        return role
    holder = known.holder_at(day)
    return f"{known.title}: {holder.name if holder else 'vacant'}"


def hours(effort: tuple[int, int] | None) -> str:
    """A range of hours."""
    if effort is None:
        return ""
    low, high = effort
    return f"{low} h" if low == high else f"{low} to {high} h"


def why_text(verdict: Verdict) -> str:
    """Conditions, findings and decisions behind a verdict; the controls have their own column."""
    found = [
        item
        for item in summary(verdict)
        if item["relation"] in ("condition", "finding", "decision")
    ]
    lines = []
    for item in found:
        if item["relation"] == "condition" and item["verdict"] == "binds":
            continue
        facts = "; ".join(leaf["text"] for leaf in item.get("because", ()))
        cited = f" ({item['citation']})" if item.get("citation") else ""
        lines.append(item["text"] + cited + (f" [{facts}]" if facts else ""))
    if verdict.undecided:
        lines.append("depends on unknown facts: " + ", ".join(verdict.undecided))
    if verdict.assured_by and verdict.assurance == "verified":
        lines.append(verdict.assured_by)
    if verdict.assumed:
        lines.append("assumes that planned dates are kept")
    return "\n".join(dict.fromkeys(lines))


def gap_text(gap: Gap) -> str:
    """A gap in one line."""
    return f"{gap.kind}: {gap.control + ': ' if gap.control else ''}{gap.detail}"


def next_step(gap: Gap, library: Library) -> str:
    """What would close a gap, as an instruction. The order of work is not decided here."""
    control = library.controls.get(gap.control or "")
    name = f"{control.id} {control.title}" if control else "the requirement"
    return {
        "control": f"Put in place: {name}" if control else "Correct what the finding names",
        "evidence": f"Collect evidence for {name}",
        "documentation": f"Complete the provider record for {name}",
        "overdue": f"Do it again and record the date: {name}",
        "decision": f"Record the decision with approver and date: {name}",
        "unmapped": "Decide how it is met; the library has no control for it",
        "conflict": f"Find out which record is right: {name}",
        "unassessed": f"Assess {name}",
    }[gap.kind]


def yes_no(value: bool | None) -> str:
    """yes, no, or unknown."""
    return "unknown" if value is None else ("yes" if value else "no")


def worth_text(uses: Sequence[tuple[str, Exhibit]]) -> str:
    """What one record is worth for each control: "valid for iam-03; wrong-type for iam-04"."""
    groups: dict[str, list[str]] = {}
    for control, exhibit in uses:
        groups.setdefault(exhibit.worth, []).append(control)
    return "; ".join(f"{worth} for {', '.join(names)}" for worth, names in groups.items())
