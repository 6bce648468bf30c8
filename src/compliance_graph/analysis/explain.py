"""The derivation of one verdict, as a tree a reader can follow to the line that made it so.

What comes in: an assessment and a node. What goes out: nested plain mappings
`{relation, ..., because: [...]}`, ready for JSON or for indented text.
"""

from __future__ import annotations

from typing import Any

from compliance_graph.analysis.scope import describe, jsonable
from compliance_graph.analysis.states import ControlState
from compliance_graph.analysis.status import Assessment
from compliance_graph.analysis.verdict import RouteView, Verdict
from compliance_graph.model import Decision, Finding, Requirement

Tree = dict[str, Any]
# What a control counts as for one requirement, in words.
WORDS = {
    "implemented": "in place",
    "partial": "partly in place",
    "absent": "not in place",
    "not-applicable": "not applicable",
    None: "not assessed",
}


def explain(assessment: Assessment, requirement: str) -> Tree:
    """The derivation of a requirement or objective. Raises KeyError for an unknown id."""
    node = assessment.catalog.requirements[requirement]
    verdict = assessment.verdicts[requirement]
    return {
        "id": f"{assessment.catalog.id}:{node.id}",
        "edition": assessment.catalog.edition,
        "title": node.title,
        "citation": node.citation,
        "status": verdict.status,
        "assurance": verdict.assurance,
        "assured_by": verdict.assured_by or None,
        "ready": verdict.ready,
        "source": str(node.source),
        "because": because(assessment, node, verdict),
    }


def because(assessment: Assessment, node: Requirement, verdict: Verdict) -> list[Tree]:
    """The direct reasons of a verdict, each with its own reasons below it."""
    tree: list[Tree] = []
    tree.extend(_conditions(verdict))
    if verdict.finding is not None:
        tree.append(_finding(verdict.finding))
    if verdict.decision is not None:
        tree.append(_decision(verdict.decision))
    if node.members:
        tree.extend(
            {
                "relation": "has-objective" if member in node.objectives else "contains",
                "id": member,
                "title": assessment.catalog.requirements[member].title,
                "status": assessment.verdicts[member].status,
                "assurance": assessment.verdicts[member].assurance,
                "because": because(
                    assessment,
                    assessment.catalog.requirements[member],
                    assessment.verdicts[member],
                ),
            }
            for member in node.members
        )
        return tree
    if verdict.basis == "condition":
        return tree
    tree.extend(_route(assessment, verdict, view) for view in verdict.routes)
    routed = {control for view in verdict.routes for control in view.route.controls}
    for line in assessment.index.entries_on.get(node.id, ()):
        if line.control not in routed:
            state = assessment.states[line.control]
            tree.append(
                {
                    "relation": line.relationship,
                    "rationale": line.rationale,
                    "source": str(line.source),
                    "because": [_control(state, state.value(verdict.decision is not None))],
                }
            )
    return tree


def summary(verdict: Verdict) -> list[Tree]:
    """The reasons of a verdict in one level, for tables and the `gap` JSON."""
    found: list[Tree] = _conditions(verdict)
    if verdict.finding is not None:
        found.append(_finding(verdict.finding))
    if verdict.decision is not None:
        found.append(_decision(verdict.decision))
    view = verdict.chosen
    if view is not None:
        for control, value in view.values:
            dropped = " (drops out: not applicable here)" if control in view.dropped else ""
            found.append(
                {
                    "relation": view.route.relationship,
                    "control": control,
                    "counts_as": WORDS[value],
                    "text": f"{control} is {WORDS[value]}{dropped}",
                    "source": str(view.route.declaration.source),
                }
            )
    if verdict.basis == "members":
        met, of = verdict.met_of
        found.append({"relation": "contains", "text": f"{met} of {of} parts met"})
    return found


def _conditions(verdict: Verdict) -> list[Tree]:
    found = []
    for condition, outcome in verdict.conditions:
        words = {True: "binds", False: "does not bind", None: "undetermined"}[outcome.truth]
        found.append(
            {
                "relation": "condition",
                "on": condition.requirement,
                "verdict": words,
                "text": f"{words}: {condition.text}" if condition.text else words,
                "citation": condition.citation,
                "because": [
                    {
                        "relation": "fact",
                        "fact": leaf.fact,
                        "value": jsonable(leaf.value),
                        "text": describe(leaf)
                        if leaf.truth is not None
                        else f"{leaf.fact} is unknown",
                    }
                    for leaf in outcome.because
                ],
            }
        )
    return found


def _finding(finding: Finding) -> Tree:
    who = f" by {finding.assessor}" if finding.assessor else ""
    return {
        "relation": "finding",
        "id": finding.id,
        "verdict": finding.verdict,
        "date": finding.date.isoformat(),
        "method": list(finding.methods),
        "on": finding.requirement,
        "text": f"found {finding.verdict} on {finding.date}{who}",
        "note": finding.note,
        "source": str(finding.source),
    }


def _decision(decision: Decision) -> Tree:
    return {
        "relation": "decision",
        "id": decision.id,
        "kind": decision.kind,
        "approver": decision.approver,
        "date": decision.date.isoformat() if decision.date else None,
        "text": f"decided {decision.kind} on {decision.date} by {decision.approver}: "
        f"{decision.justification}",
        "source": str(decision.source),
    }


def _route(assessment: Assessment, verdict: Verdict, view: RouteView) -> Tree:
    return {
        "relation": view.route.relationship,
        "declared_on": view.route.declared_on,
        "rationale": view.route.declaration.rationale,
        "complete": view.complete,
        "chosen": view is verdict.chosen,
        "source": str(view.route.declaration.source),
        "because": [
            {
                **_control(assessment.states[control], value),
                **({"dropped": True} if control in view.dropped else {}),
            }
            for control, value in view.values
        ],
    }


def _control(state: ControlState, value: str | None) -> Tree:
    record = state.record
    tree: Tree = {
        "relation": "control",
        "id": state.control.id,
        "title": state.control.title,
        "status": _said(state),
        "counts_as": WORDS[value],
        "source": str(record.source) if record else None,
        "because": [],
    }
    if record is None:
        tree["text"] = "no record: nobody has assessed it"
        return tree
    for part in state.parts:
        tree["because"].append(
            {
                "relation": "implementation",
                "element": part.element,
                "stated": part.stated,
                "status": part.status or "not-assessed",
                "reason": part.reason,
                "since": record.since.isoformat() if record.since else None,
            }
        )
    if record.origination != "organization":
        tree["because"].append(
            {
                "relation": "provides",
                "provider": record.provider,
                "origination": record.origination,
                "text": state.provider_problem or "the provider record stands",
            }
        )
    for exhibit in state.exhibits:
        tree["because"].append(
            {
                "relation": "evidence",
                "id": exhibit.record.id,
                "type": exhibit.record.type,
                "date": exhibit.record.date.isoformat(),
                "worth": exhibit.worth,
                "fresh_until": exhibit.fresh_until.isoformat() if exhibit.fresh_until else None,
                "source": str(exhibit.record.source),
            }
        )
    return tree


def _said(state: ControlState) -> str:
    """The control's own status at the date; "mixed" if its scope elements differ."""
    seen = {part.status or "not-assessed" for part in state.parts}
    return seen.pop() if len(seen) == 1 else "mixed"
