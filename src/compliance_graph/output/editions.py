"""What changed between two editions, and what it does to a client, as JSON and text."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from datetime import date
from typing import Any

from compliance_graph.analysis.diff import (
    Change,
    ClientDiff,
    EditionDiff,
    RecordMove,
    StatusChange,
)
from compliance_graph.analysis.verdict import Verdict
from compliance_graph.model import Finding, Requirement
from compliance_graph.output.shapes import Shape, head
from compliance_graph.terminal import escape

_WIDTH = 100


def shape(found: EditionDiff, as_of: date, effect: ClientDiff | None = None) -> Shape:
    """`frameworks diff`: `changed` and `moved` may name the same pair; `client` is null without
    one."""
    return {
        **head(as_of),
        "framework": found.before.id,
        "before": found.before.edition,
        "after": found.after.edition,
        "added": [_node(node) for node in found.added],
        "removed": [_node(node) for node in found.removed],
        "changed": [_change(change) for change in found.changed],
        "moved": [
            {"before": c.before.id, "after": c.after.id, "title": c.after.title}
            for c in found.moved
        ],
        "undeclared": [c.after.id for c in found.undeclared],
        "unchanged": found.unchanged,
        "client": None if effect is None else _client(effect),
    }


def _node(node: Requirement) -> Shape:
    return {
        "id": node.id,
        "title": node.title,
        "statement": node.statement,
        "assessable": node.assessable,
        "objective": node.is_objective,
    }


def _change(change: Change) -> Shape:
    return {
        "before": change.before.id,
        "after": change.after.id,
        "title": change.after.title,
        "declared": change.declared,
        "fields": [{"field": f.field, "before": f.before, "after": f.after} for f in change.fields],
    }


def _client(effect: ClientDiff) -> Shape:
    return {
        "name": effect.client.name,
        "statuses": [
            {
                "before": row.before,
                "after": row.after,
                "status_before": _status(row.verdict_before),
                "status_after": _status(row.verdict_after),
                "ready_before": _ready(row.verdict_before),
                "ready_after": _ready(row.verdict_after),
                "differs": row.differs,
            }
            for row in effect.statuses
        ],
        "records": [
            {
                "kind": _kind(move),
                "id": move.record.id,
                "on": list(move.on),
                "to": list(move.to),
                "moves": bool(move.to),
                "why": move.why or None,
                "source": str(move.record.source),
            }
            for move in effect.records
        ],
    }


def _status(verdict: Verdict | None) -> str | None:
    return verdict.status if verdict else None


def _ready(verdict: Verdict | None) -> bool | None:
    return verdict.ready if verdict else None


def _kind(move: RecordMove) -> str:
    """finding, or the kind of a decision."""
    return "finding" if isinstance(move.record, Finding) else move.record.kind


def to_text(found: EditionDiff, effect: ClientDiff | None = None) -> str:
    """For a terminal: what is new and gone first, then what reads differently."""
    name = found.before.id
    lines = [
        f"{name}@{found.before.edition} to {name}@{found.after.edition}",
        "",
        f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed, "
        f"{len(found.moved)} under another id, {found.unchanged} unchanged.",
    ]
    for title, nodes in (("Added", found.added), ("Removed", found.removed)):
        lines += _section(title, nodes)
        for node in nodes:
            lines.append(f"{node.id}  {node.title}".rstrip())
            lines += _wrap(node.statement)
    lines += _section("Under another id", found.moved)
    lines += [f"{c.before.id} -> {c.after.id}  {c.after.title}".rstrip() for c in found.moved]
    lines += _section("Changed", found.changed)
    for change in found.changed:
        lines.append(f"{_ids(change.before.id, change.after.id)}  {change.after.title}".rstrip())
        for item in change.fields:
            lines += _wrap(f"{item.field.replace('_', ' ')}: {_value(item.before)}")
            lines += _wrap(f"-> {_value(item.after)}")
    lines += _section("Same id, not declared to continue: records do not move", found.undeclared)
    lines += [f"{c.after.id}  {c.after.title}".rstrip() for c in found.undeclared]
    if effect is not None:
        lines += _effect(effect)
    return "\n".join(escape(line) for line in lines) + "\n"


def _section(title: str, items: Any) -> list[str]:
    heading = f"{title} ({len(items)})"
    return ["", heading, "-" * len(heading)] if items else []


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="      ")


def _ids(before: str | None, after: str | None) -> str:
    if before is None or after is None or before == after:
        return str(after or before)
    return f"{before} -> {after}"


def _value(value: Any) -> str:
    if value in (None, "", []):
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _effect(effect: ClientDiff) -> Iterator[str]:
    """What the change does to the client."""
    found = effect.diff
    heading = f"For {effect.client.name}, as of {effect.as_of}"
    yield from ("", heading, "=" * len(heading), "")
    yield from textwrap.wrap(
        "Control records and evidence belong to controls and count under both editions; findings "
        "and decisions belong to a requirement of one edition and move only to its declared "
        "successor.",
        _WIDTH,
    )
    differing = [row for row in effect.statuses if row.differs]
    same = len(effect.statuses) - len(differing)
    yield from _section("Judged differently", differing)
    for row in differing:
        was = _words(row.verdict_before, found.before.edition)
        now = _words(row.verdict_after, found.after.edition)
        yield f"{_ids(row.before, row.after)}  {_title(found, row)}".rstrip()
        yield f"    {was} -> {now}"
    yield ""
    yield f"Concerned by the change and judged the same: {same}."
    for title, moves in (
        ("Records that do not move", [m for m in effect.records if not m.to]),
        ("Records that move", [m for m in effect.records if m.to]),
    ):
        yield from _section(title, moves)
        for move in moves:
            yield from _move(move)
    if not effect.records:
        yield "No finding or decision of this client counts under the first edition."


def _words(verdict: Verdict | None, edition: str) -> str:
    if verdict is None:
        return f"not in {edition}"
    ready = "" if verdict.ready or verdict.status != "met" else ", not ready"
    return f"{verdict.status}{ready}"


def _title(found: EditionDiff, row: StatusChange) -> str:
    if row.after is not None:
        return found.after.requirements[row.after].title
    return found.before.requirements[row.before].title if row.before is not None else ""


def _move(move: RecordMove) -> Iterator[str]:
    name = f"{_kind(move)} {move.record.id}".rstrip()
    where = ", ".join(move.on)
    yield f"{name} on {where} <{move.record.source}>"
    if move.why:
        yield from _wrap(f"why: {move.why}")
    elif move.to != move.on:
        yield from _wrap(f"counts for {', '.join(move.to)}")
