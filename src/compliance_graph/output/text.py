"""Scope, derivations and library entries as text for a terminal or a file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from compliance_graph.analysis.scope import RegimeResult, Scope
from compliance_graph.model import Client
from compliance_graph.output.tables import Table, markdown, to_markdown
from compliance_graph.terminal import escape

_WIDTH = 100


def _lines(lines: list[str]) -> str:
    return "\n".join(escape(line) for line in lines) + "\n"


def _wrap(text: str, indent: str, mark: str = "") -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent + mark, subsequent_indent=indent + " " * len(mark)
    )


# ---------------------------------------------------------------- scope


def scope_text(scope: Scope, client: Client, before: Scope | None = None) -> str:
    """What binds, what is undetermined, what to ask next; what changed, for a what-if."""
    lines = [f"Scope of {client.name}, as of {scope.as_of}"]
    if before is not None:
        lines += ["", "What if: changes against the stated facts", *_changes(before, scope)]
    for verdict, title in (
        ("applies", "Applies"),
        ("undetermined", "Undetermined: more facts are needed"),
    ):
        results = [r for r in scope.results if r.verdict == verdict]
        if results:
            lines += ["", title, "-" * len(title)]
        for result in results:
            lines.extend(_regime(result))
    other = [r.regime.title for r in scope.results if r.verdict == "does-not-apply"]
    if other:
        lines += ["", *_wrap("Does not apply: " + "; ".join(other), "")]
    if scope.questions:
        lines += ["", "Next questions, the most useful first", "-" * 37]
        for number, question in enumerate(scope.questions[:7], 1):
            goal = ", ".join(question.decides) or "details of " + ", ".join(question.refines)
            lines += _wrap(
                f"{question.question} [{question.fact}; decides {goal}]", "", f"{number}. "
            )
        if len(scope.questions) > 7:
            lines.append(f"   and {len(scope.questions) - 7} more (--format json lists all)")
    lines += ["", "Not legal advice; confirm with counsel."]
    return _lines(lines)


def _changes(before: Scope, after: Scope) -> list[str]:
    lines = []
    for old, new in zip(before.results, after.results, strict=True):
        if old.verdict != new.verdict:
            lines.append(f"  {new.regime.title}: {old.verdict} -> {new.verdict}")
        elif old.tiers != new.tiers:
            was, now = ", ".join(old.tiers) or "no tier", ", ".join(new.tiers) or "no tier"
            lines.append(f"  {new.regime.title}: {was} -> {now}")
        for a, b in zip(old.duties, new.duties, strict=False):
            if a.verdict != b.verdict:
                lines.append(f"    {b.duty.title}: {a.verdict} -> {b.verdict}")
    return lines or ["  nothing changes"]


def _regime(result: RegimeResult) -> Iterator[str]:
    regime = result.regime
    tiers = f"; tier {', '.join(result.tiers)}" if result.tiers else ""
    yield f"{regime.title} ({regime.id}; {regime.kind}{tiers})"
    for reason in result.because:
        said = f", stated by {reason.stated_by}" if reason.stated_by else ""
        yield from _wrap(f"because {reason.text} [{reason.citation}{said}]", "    ")
    if result.undecided:
        yield from _wrap("needs: " + ", ".join(result.undecided), "    ")
    for duty in result.duties:
        if duty.verdict == "does-not-apply":
            why = "; ".join(reason.text for reason in duty.because)
            yield from _wrap(
                f"does not bind: {duty.duty.title} [{duty.duty.citation}]: {why}", "    "
            )
        elif duty.verdict == "undetermined" and duty.undecided != result.undecided:
            needs = ", ".join(duty.undecided)
            yield from _wrap(f"undetermined: {duty.duty.title} (needs {needs})", "    ")
    for words in result.near:
        yield from _wrap(f"near a threshold: {words}", "    ")


def scope_markdown(scope: Scope, client: Client, before: Scope | None = None) -> str:
    """The same for the client file."""
    lines = [f"# Scope of {markdown(client.name)}", "", f"As of {scope.as_of}.", ""]
    if before is not None:
        lines += [
            "## What if",
            "",
            *(f"- {markdown(c.strip())}" for c in _changes(before, scope)),
            "",
        ]
    rows = tuple(
        (
            result.regime.title,
            result.verdict,
            ", ".join(result.tiers),
            "; ".join(f"{reason.text} [{reason.citation}]" for reason in result.because),
            ", ".join(result.undecided),
        )
        for result in scope.results
    )
    lines.append(to_markdown(Table(("regime", "verdict", "tier", "because", "needs"), rows)))
    if scope.questions:
        lines += ["## Next questions", ""]
        lines += [f"{n}. {markdown(q.question)}" for n, q in enumerate(scope.questions, 1)]
    return "\n".join([*lines, "", "Not legal advice; confirm with counsel."]) + "\n"


# ---------------------------------------------------------------- explain


def explain_text(shape: dict[str, Any]) -> str:
    """A derivation tree, indented; each line ends with the place it comes from."""
    assurance = f", {shape['assurance']}" if shape["assurance"] else ""
    by = f" ({shape['assured_by']})" if shape["assurance"] == "verified" else ""
    lines = [
        f"{shape['id']} {shape['title']}".rstrip(),
        f"{shape['status']}{assurance}{by}{'' if shape['ready'] else ', not ready'}"
        f" on {shape['as_of']} [{shape['citation'] or shape['source']}]",
    ]
    for reason in shape["because"]:
        lines.extend(_reason(reason, 1))
    return _lines(lines)


def _reason(reason: dict[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    text = _words(reason)
    place = f"  <{reason['source']}>" if reason.get("source") else ""
    yield from _wrap(text + place, indent, "<- ")
    if reason.get("rationale"):
        yield from _wrap(f"why: {reason['rationale']}", indent + "   ")
    for below in reason.get("because", ()):
        yield from _reason(below, depth + 1)


def _words(reason: dict[str, Any]) -> str:
    relation = reason["relation"]
    if "text" in reason and relation not in ("control", "provides"):
        return f"{relation}: {reason['text']}"
    if relation == "control":
        dropped = ", drops out" if reason.get("dropped") else ""
        name = f"control {reason['id']} {reason['title']}"
        return f"{name}: {reason['status']}, counts as {reason['counts_as']}{dropped}"
    if relation == "implementation":
        where = f"on {reason['element']}: " if reason["element"] else ""
        since = f", since {reason['since']}" if reason["since"] else ""
        why = f" ({reason['reason']})" if reason["reason"] else ""
        return f"{where}{reason['status']}{since}{why}"
    if relation == "evidence":
        until = f", fresh until {reason['fresh_until']}" if reason["fresh_until"] else ""
        name = f"evidence {reason['id']} ({reason['type']}) of {reason['date']}"
        return f"{name}: {reason['worth']}{until}"
    if relation == "provides":
        return f"{reason['origination']} from {reason['provider']}: {reason['text']}"
    if "complete" in reason:
        state = "complete" if reason["complete"] else "not complete"
        chosen = ", decides" if reason["chosen"] else ""
        return f"{relation} route declared on {reason['declared_on']}: {state}{chosen}"
    name = f"{reason.get('id', '')} {reason.get('title', '')}".strip()
    assurance = f", {reason['assurance']}" if reason.get("assurance") else ""
    return f"{relation} {name}: {reason.get('status', '')}{assurance}"


# ---------------------------------------------------------------- library


def framework_text(shape: dict[str, Any], whole: bool) -> str:
    """A framework as an outline with its sources, or one requirement with everything known of it
    and the controls that bear on it."""
    name = f"{shape['title']} ({shape['framework']}@{shape['edition']})"
    lines = [name, "=" * min(len(name), _WIDTH)]
    if whole:
        for item in shape["requirements"]:
            lines += ["", *_requirement(item)]
        return _lines(lines)
    lines += [*_sources(shape), ""]
    depth: dict[str, int] = {}
    section = None
    for item in shape["requirements"]:
        depth[item["id"]] = depth.get(item["parent"], -1) + 1
        if item["section"] and item["section"] != section:
            section = item["section"]
            lines += ["", section]
        lines.append(f"{'  ' * depth[item['id']]}{item['id']}  {item['title']}")
    return _lines(lines)


def _sources(shape: dict[str, Any]) -> Iterator[str]:
    """Where a catalog comes from, since when it binds, and what is not certain about it."""
    for label, key in (
        ("Source", "citation"), ("Revision", "revision"), ("Publisher", "publisher"),
        ("Jurisdiction", "jurisdiction"), ("Read at", "url"), ("Rights", "rights"),
    ):  # fmt: skip
        if shape[key]:
            yield from _wrap(f"{label}: {shape[key]}", "")
    yield from _in_force(shape["in_force"], "")
    if shape["supersedes"]:
        yield f"Supersedes: edition {shape['supersedes']}"
    if shape["tiers"]:
        words = "; ".join(f"{t['id']} {t['title']}" for t in shape["tiers"])
        yield from _wrap(f"Tiers: {words}", "")
    yield f"Last checked: {shape['last_checked'] or 'no date recorded'}"
    if not shape["uncertainties"]:
        yield "Known uncertainties: none recorded"
    for words in shape["uncertainties"]:
        yield from _wrap(f"Uncertain: {words}", "")
    for words in shape["history"]:
        yield from _wrap(f"History: {words}", "")
    if shape["note"]:
        yield from _wrap(f"Note: {shape['note']}", "")


def _in_force(spans: list[dict[str, Any]], indent: str) -> Iterator[str]:
    for span in spans:
        until = f" until {span['until']}" if span["until"] else ""
        source = f" [{span['citation']}]" if span["citation"] else ""
        note = f": {span['note']}" if span["note"] else ""
        yield from _wrap(f"In force from {span['from']}{until}{source}{note}", indent)


def _requirement(item: dict[str, Any]) -> Iterator[str]:
    yield f"{item['id']}  {item['title']}"
    yield from _wrap(item["statement"], "  ")
    yield ""
    for label, key in (
        ("Citation", "citation"), ("Part of", "parent"), ("Kind", "kind"), ("Binding", "binding"),
        ("Law", "law"), ("Not applicable", "na"), ("Weight", "weight"),
        ("Partial credit, points lost", "partial_points"), ("Recurrence", "recurrence"),
        ("Deadline", "deadline"), ("Retention", "retention"), ("Guidance", "guidance"),
        ("Note", "note"),
    ):  # fmt: skip
        if item[key] is not None and item[key] != "":
            yield from _wrap(f"{label}: {item[key]}", "  ")
    for label, key in (
        ("Tiers", "tiers"), ("Questions", "questions"), ("Says the same as", "same_as"),
        ("Continues", "replaces"), ("Also known as", "aliases"),
    ):  # fmt: skip
        if item[key]:
            yield from _wrap(f"{label}: {', '.join(item[key])}", "  ")
    yield from _in_force(item["in_force"], "  ")
    yield from _rules(item)
    for condition in item["conditions"]:
        yield from _wrap(f"Binds only if: {condition}", "  ")
    for objective in item["objectives"]:
        yield from _wrap(f"{objective['id']}: {objective['statement']}", "  ", "- ")
    for method, steps in item["assess"].items():
        for step in steps:
            yield from _wrap(f"{method}: {step}", "  ", "- ")
    if item["typical_evidence"]:
        yield from _wrap("Typical evidence: " + ", ".join(item["typical_evidence"]), "  ")
    yield ""
    none = "No control of the library bears on it."
    yield "Controls that bear on it:" if item["controls"] else none
    for control in item["controls"]:
        with_ = f" with {', '.join(control['with'])}" if control["with"] else ""
        on = f", on {control['on']}" if control["on"] != item["id"] else ""
        name = f"{control['control']} {control['title']}"
        words = f"{name} ({control['relationship']}{with_}{on}): {control['rationale']}"
        yield from _wrap(words, "  ", "- ")


def _rules(item: dict[str, Any]) -> Iterator[str]:
    """How the scheme judges it: POA&M, automatic fail, performance, parameters, alternative."""
    if item["poam"]:
        source = f" [{item['poam_citation']}]" if item["poam_citation"] else ""
        yield from _wrap(f"POA&M: {item['poam']}{source}", "  ")
    if item["automatic_fail"]:
        yield "  Automatic fail if not met"
    if item["performance"]:
        yield "  The act itself is the requirement: a lapse is not met"
    if item["logic"] != "all":
        many = "one" if item["logic"] == "any" else f"at least {item['logic']}"
        yield f"  Met by {many} of its parts"
    for one in item["parameters"]:
        value = one["value"] or "set by the organization"
        yield from _wrap(f"Parameter {one['id']}, {one['label']}: {value}", "  ")
    rule = item["alternative"]
    if rule is not None:
        parts = [f"approved by {rule['approver']}"]
        parts += [f"record: {rule['record']}"] if rule["record"] else []
        parts += [f"when {rule['when']}"] if rule["when"] else []
        source = f" [{rule['citation']}]" if rule["citation"] else ""
        yield from _wrap(f"Alternative allowed: {'; '.join(parts)}{source}", "  ")


def control_text(shape: dict[str, Any]) -> str:
    """A control with every requirement it bears on."""
    lines = [f"{shape['id']}  {shape['title']}", ""]
    for label, key in (
        ("Objective", "objective"), ("Policy", "policy"), ("Judged per", "per"),
        ("Usual owner", "owner"), ("Recurrence", "recurrence"), ("Note", "note"),
    ):  # fmt: skip
        if shape[key]:
            lines += _wrap(f"{label}: {shape[key]}", "")
    if shape["effort_hours"]:
        lines.append("Effort: {} to {} hours".format(*shape["effort_hours"]))
    if shape["cost_usd_per_year"]:
        lines.append("Cost: {} to {} USD a year".format(*shape["cost_usd_per_year"]))
    for product, text in shape["good"].items():
        lines += _wrap(f"Good ({product}): {text}", "")
    lines += [line for step in shape["test"] for line in _wrap(f"Test: {step}", "")]
    need = shape["evidence"]
    for label, key in (("any of", "any_of"), ("all of", "all_of")):
        if need[key]:
            lines += _wrap(f"Evidence, {label}: {', '.join(need[key])}", "")
    lines += ["", f"Bears on {len(shape['satisfies'])} requirements:"]
    for item in shape["satisfies"]:
        with_ = f" with {', '.join(item['with'])}" if item.get("with") else ""
        lines += _wrap(
            f"{item['requirement']} ({item['relationship']}{with_}): {item['rationale']}",
            "  ",
            "- ",
        )
    return _lines(lines)
