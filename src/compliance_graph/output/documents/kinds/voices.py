"""Which voice a control may speak in at a client: in place, stated, planned, or not at all.

What comes in: a `ControlState`, the report date, what is known of the requirement. What goes out:
a `Said`. This is the one place that turns a state into words in a plan; the rules are those of
"Honest on paper": a control that is not in place never reads as if it were.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from compliance_graph.analysis.states import ControlState
from compliance_graph.model import Decision
from compliance_graph.output.documents.kinds.words import PLURALS, Words, listed
from compliance_graph.output.documents.model import Paragraph, runs


@dataclass(frozen=True, slots=True)
class Said:
    """What may be said of a control: voice (implementation, representation, plan, open, none) and
    the paragraphs. An open control has none: it is counted and left to the gap report; "none" is
    a control that does not apply."""

    voice: str
    paragraphs: tuple[Paragraph, ...] = ()


def say(
    words: Words,
    state: ControlState,
    alternative: Decision | None = None,
    doubt: str = "",
) -> Said:
    """What a plan may say of a control.

    `alternative` is the approved decision that lets an alternative count. `doubt` is why evidence
    does not settle the matter (an assessor found otherwise); then nothing is said to be in place,
    only what management states.
    """
    if state.value(False) == "implemented":
        return _in_place(words, state, doubt)
    if alternative is not None and state.value(True) == "implemented":
        return _in_place(words, state, doubt, alternative)
    if state.value(False) == "not-applicable":
        return Said("none")
    due = planned_for(state, words.as_of)
    if due is None:
        return Said("open")
    owner = words.owner(state.control, state.record)
    begun = "complete" if state.value(True) == "partial" else "in place"
    text = f"to be {begun} by {words.day(due)}. Responsible: {owner}."
    return Said("plan", (Paragraph(runs(text), "plan"),))


def planned_for(state: ControlState, as_of: date) -> date | None:
    """The day a control is planned for, if that day is still ahead; a missed date is no plan."""
    record = state.record
    if record is None:
        return None
    due = record.due or record.since
    return due if due is not None and due > as_of else None


def _in_place(words: Words, state: ControlState, doubt: str, by: Decision | None = None) -> Said:
    record = state.record
    since = words.day(record.since) if record and record.since else ""
    when = f"since {since}" if since else "(start date not recorded)"
    how = ""
    if by is not None:
        how = (
            f" by an alternative measure approved by {words.person(by.approver)} on "
            f"{words.day(by.date)}"
        )
    valid = [item.record for item in state.exhibits if item.worth == "valid"]
    scope = _where(words, state)
    if state.evidenced and not state.tampered and not doubt:
        voice = "implementation"
        proof = listed([words.evidence(item) for item in valid])
        first = f"{when}{scope}{how}; evidence {proof}."
    else:
        voice = "representation"
        why = doubt or _no_proof(words, state)
        first = f"that this is in place {when}{scope}{how}; {why}."
    made = [Paragraph(runs(first), voice)]
    if record is not None and record.origination != "organization":
        provider = words.client.providers.get(record.provider)
        if provider is not None:
            shared = "together with" if record.origination == "shared" else "by"
            made.append(Paragraph(runs(f"Carried out {shared} {provider.title}."), voice, "more"))
    if record is not None and record.narrative:
        for n, part in enumerate(record.narrative.split("\n\n")):
            lead = "As described by management: " if n == 0 else ""
            made.append(Paragraph(runs(lead + part.strip()), voice, "more"))
    return Said(voice, tuple(made))


def _where(words: Words, state: ControlState) -> str:
    """On which scope elements, where the control is judged on them."""
    elements = words.client.elements
    names = [
        part.element for part in state.parts if part.element and part.status != "not-applicable"
    ]
    if not names:
        return ""
    kind = state.control.per
    if len(names) > 2 and len(names) == sum(
        e.kind == kind and e.in_scope for e in elements.values()
    ):
        return f" on all {len(names)} {PLURALS[kind]} in scope"
    return f" on {listed([elements[n].title if n in elements else n for n in names])}"


def _no_proof(words: Words, state: ControlState) -> str:
    """Why a statement stands without proof."""
    if state.tampered:
        return "the evidence on file was changed after it was recorded and does not count"
    old = [item for item in state.exhibits if item.worth == "stale"]
    if old:
        last = old[-1]
        return (
            f"no current evidence is on file (the last is {words.evidence(last.record)},"
            f" current until {words.day(last.fresh_until)})"
        )
    return "no current evidence is on file"
