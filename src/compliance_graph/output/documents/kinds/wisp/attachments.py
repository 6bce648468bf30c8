"""Attachments A to F of a WISP, filled from the registers."""

from __future__ import annotations

import re

from compliance_graph.model import Holder
from compliance_graph.output.documents.kinds.wisp.plan import Plan
from compliance_graph.output.documents.kinds.wisp.program import prose
from compliance_graph.output.documents.kinds.wisp.registers import NOT_RECORDED, missing
from compliance_graph.output.documents.kinds.words import ELEMENT_KINDS
from compliance_graph.output.documents.model import (
    Block,
    Bullets,
    Column,
    Row,
    SignatureBlock,
    Table,
    runs,
    strong,
)

# How a sentence begins, in the policies of the control library, that tells each person what to do.
_PERSONAL = re.compile(
    r"(Staff|Everyone|Users|All users|All staff|Each user|Nobody|Every employee)\b"
)


def all_of(plan: Plan) -> tuple[tuple[str, str, list[Block]], ...]:
    """Letter, title and content of each attachment."""
    return (
        ("A", "Record retention", _retention(plan)),
        ("B", "Rules of behavior", _rules(plan)),
        ("C", "Breach procedures and contacts", _breach(plan)),
        ("D", "Acknowledgement by staff", _acknowledgement(plan)),
        ("E", "Hardware inventory", _hardware(plan)),
        ("F", "People authorized for customer information", _people(plan)),
    )


def _retention(plan: Plan) -> list[Block]:
    blocks = prose("attachment-a", plan)
    kinds = plan.client.information
    if not kinds:
        return [*blocks, missing(plan, "No retention schedule is recorded.")]
    rows = tuple(
        Row(
            (
                runs(str(kind["kind"])),
                runs(str(kind.get("where") or NOT_RECORDED)),
                runs(str(kind.get("retention") or "Open: not recorded")),
            )
        )
        for kind in kinds
    )
    columns = (
        Column("Kind of information", 32),
        Column("Where it is kept", 34),
        Column("How long it is kept", 34),
    )
    return [*blocks, Table(columns, rows, "Retention schedule")]


def _rules(plan: Plan) -> list[Block]:
    """The sentences of the printed policies that speak to each person."""
    printed = {*plan.home, *plan.further}
    items = []
    for name in plan.report.library.controls:
        if name in printed:
            control = plan.control(name)
            found = [s for s in re.split(r"(?<=[.!?]) +", control.policy) if _PERSONAL.match(s)]
            if found:
                items.append(runs(strong(f"{control.title}. "), " ".join(found)))
    if not items:
        return [missing(plan, "No rule for staff is in force under this plan yet.")]
    return [*prose("attachment-b", plan), Bullets(tuple(items), ordered=True)]


def _breach(plan: Plan) -> list[Block]:
    blocks = prose("attachment-c", plan)
    rows = []
    for role in plan.client.roles.values():
        holder = role.holder_at(plan.report.as_of)
        if holder is not None:
            contact = ", ".join(part for part in (holder.phone, holder.email) if part)
            rows.append(
                Row((runs(strong(role.title)), runs(holder.name), runs(contact or NOT_RECORDED)))
            )
    for provider in plan.client.providers.values():
        name = runs(strong(provider.title))
        rows.append(
            Row(
                (
                    name,
                    runs(provider.service or NOT_RECORDED),
                    runs(provider.contact or NOT_RECORDED),
                )
            )
        )
    if not rows:
        return [*blocks, missing(plan, "No contact for an incident is recorded.")]
    columns = (Column("Who", 34), Column("Name or service", 33), Column("Contact", 33))
    return [*blocks, Table(columns, tuple(rows), "Contacts for an incident")]


def _acknowledgement(plan: Plan) -> list[Block]:
    labels = ("Name", "Position", "Signature", "Date")
    return [*prose("attachment-d", plan), SignatureBlock("Employee or contractor", labels)]


def _hardware(plan: Plan) -> list[Block]:
    elements = [
        e
        for e in plan.client.elements.values()
        if e.in_scope
        and (e.kind in ("endpoint-group", "network") or (e.kind == "system" and e.location))
    ]
    blocks = prose("attachment-e", plan)
    if not elements:
        return [*blocks, missing(plan, "No hardware is recorded.")]
    rows = tuple(
        Row(
            (
                runs(strong(e.title)),
                runs(ELEMENT_KINDS[e.kind]),
                runs(e.location or NOT_RECORDED),
                runs(NOT_RECORDED if e.count is None else str(e.count)),
                runs(e.data or NOT_RECORDED),
            )
        )
        for e in elements
    )
    columns = (
        Column("Device or group", 26),
        Column("Kind", 17),
        Column("Location", 20),
        Column("Number", 13),
        Column("Customer information on it", 24),
    )
    return [*blocks, Table(columns, rows, "Hardware that holds or reaches customer information")]


def _people(plan: Plan) -> list[Block]:
    """The holders of roles, one line each, and empty lines for everybody else."""
    held: dict[str, tuple[list[str], list[Holder]]] = {}
    for role in plan.client.roles.values():
        holder = role.holder_at(plan.report.as_of)
        if holder is not None:
            titles, terms = held.setdefault(holder.name, ([], []))
            titles.append(role.title)
            terms.append(holder)
    rows = []
    for name, (titles, terms) in held.items():
        starts = [term.start for term in terms if term.start]
        added = plan.words.short(min(starts)) if starts else NOT_RECORDED
        rows.append(Row((runs(strong(name)), runs(", ".join(titles)), (), runs(added), ())))
    rows += [Row(((), (), (), (), ())) for _ in range(8)]
    columns = (
        Column("Name", 25),
        Column("Role", 25),
        Column("Access (to be filled in)", 22),
        Column("Added", 14),
        Column("Removed", 14),
    )
    caption = "People authorized for customer information; empty lines are to be filled in by hand"
    return [*prose("attachment-f", plan), Table(columns, tuple(rows), caption, blank=True)]
