"""The JSON shapes of DESIGN section 8, version 1, as plain mappings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from compliance_graph.analysis.explain import explain, summary
from compliance_graph.analysis.index import MappingIndex
from compliance_graph.analysis.report import FrameworkReport, GapReport, Row
from compliance_graph.analysis.scope import Reason, RegimeResult, Scope, jsonable
from compliance_graph.analysis.status import Assessment
from compliance_graph.analysis.verdict import Verdict
from compliance_graph.model import Catalog, Client, Control, Library, Requirement, Span
from compliance_graph.terminal import escape_json
from compliance_graph.validate import SCHEMA_FOLDER

Shape = dict[str, Any]
VERSION = 1
# The outputs that have a JSON Schema, under schemas/output/.
SCHEMAS = (
    "scope",
    "gap",
    "explain",
    "check",
    "frameworks-list",
    "frameworks-show",
    "frameworks-crosswalk",
    "frameworks-diff",
    "controls-list",
    "controls-show",
    "error",
)


def schema(name: str) -> Shape:
    """The JSON Schema (draft-07) of a command's JSON. Raises KeyError for an unknown name."""
    if name not in SCHEMAS:
        raise KeyError(name)
    file = SCHEMA_FOLDER / "output" / f"{name}.schema.json"
    loaded: Shape = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def dumps(shape: Any) -> str:
    """JSON text with a final newline; keys in the order built, so the bytes are the same."""
    return escape_json(json.dumps(shape, indent=2, ensure_ascii=False)) + "\n"


def head(as_of: date) -> Shape:
    """What every JSON object begins with."""
    return {"version": VERSION, "as_of": as_of.isoformat()}


def error(
    code: str, message: str, path: str = "", line: int = 0, column: int = 0, hint: str = ""
) -> Shape:
    """The shape of an error (exit 2)."""
    body: Shape = {"code": code, "message": message}
    body.update(path=path or None, line=line or None, column=column or None, hint=hint or None)
    return {"version": VERSION, "error": body}


def scope_shape(scope: Scope, client: Client) -> Shape:
    """`scope`: every regime with its verdict and reasons, and the next questions."""
    return {
        **head(scope.as_of),
        "client": client.name,
        "regimes": [_regime(result) for result in scope.results],
        "next_questions": [
            {
                "fact": q.fact,
                "question": q.question,
                "help": q.help,
                "trap": q.trap,
                "decides": list(q.decides),
                "refines": list(q.refines),
            }
            for q in scope.questions
        ],
    }


def _regime(result: RegimeResult) -> Shape:
    regime = result.regime
    return {
        "regime": regime.id,
        "title": regime.title,
        "frameworks": [{"framework": f, "tier": t} for f, t in result.frameworks],
        "verdict": result.verdict,
        "tiers": list(result.tiers),
        "undecided_tiers": list(result.undecided_tiers),
        "kind": regime.kind,
        "status": regime.status,
        "authority": regime.authority,
        "citation": list(regime.citation),
        "because": [_reason(reason) for reason in result.because],
        "undecided": list(result.undecided),
        "duties": [
            {
                "id": duty.duty.id,
                "title": duty.duty.title,
                "verdict": duty.verdict,
                "citation": duty.duty.citation,
                "because": [_reason(reason) for reason in duty.because],
                "undecided": list(duty.undecided),
            }
            for duty in result.duties
        ],
        "near": list(result.near),
        "confidence": regime.confidence,
        "last_checked": regime.last_checked.isoformat() if regime.last_checked else None,
    }


def _reason(reason: Reason) -> Shape:
    return {
        "citation": reason.citation,
        "fact": reason.fact,
        "value": jsonable(reason.value),
        "text": reason.text,
        "stated_by": reason.stated_by or None,
        "source": reason.source or None,
    }


def gap_shape(report: GapReport) -> Shape:
    """`gap`: frameworks with counts and every requirement in scope."""
    return {
        **head(report.as_of),
        "client": report.client.name,
        "assume_plan": report.assume_plan,
        "undetermined": list(report.undetermined),
        "not_in_force": list(report.not_in_force),
        "frameworks": [_framework(item) for item in report.frameworks],
    }


def _framework(report: FrameworkReport) -> Shape:
    return {
        "framework": report.catalog.id,
        "edition": report.catalog.edition,
        "title": report.catalog.title,
        "tiers": list(report.tiers),
        "applicability": report.applicability,
        "why": list(report.why),
        "total": report.total,
        "counts": dict(report.counts),
        "ready": report.ready,
        "score": None,
        "requirements": [_row(row) for row in report.rows],
    }


def _row(row: Row) -> Shape:
    node = row.requirement
    shape = {
        "id": node.id,
        "title": node.title,
        "citation": node.citation,
        "assessable": node.assessable,
        **verdict_shape(row.verdict),
    }
    if row.objectives:
        shape["objectives"] = [
            {"id": o.id, "statement": o.statement, **verdict_shape(v)} for o, v in row.objectives
        ]
    return shape


def verdict_shape(verdict: Verdict) -> Shape:
    """One verdict: `met_of` and `assessed_of` are [how many, of how many]."""
    return {
        "status": verdict.status,
        "assurance": verdict.assurance,
        "assured_by": verdict.assured_by or None,
        "ready": verdict.ready,
        "basis": verdict.basis,
        "met_of": list(verdict.met_of),
        "assessed_of": list(verdict.assessed_of),
        "controls": list(verdict.controls),
        "gaps": [{"kind": g.kind, "control": g.control, "detail": g.detail} for g in verdict.gaps],
        "undecided": list(verdict.undecided),
        "because": summary(verdict),
    }


def explain_shape(assessment: Assessment, requirement: str) -> Shape:
    """`explain`: the derivation tree of one verdict."""
    return {**head(assessment.as_of), **explain(assessment, requirement)}


def frameworks_shape(library: Library, as_of: date) -> Shape:
    """`frameworks list`."""
    return {
        **head(as_of),
        "frameworks": [
            {
                "id": c.id,
                "edition": c.edition,
                "title": c.title,
                "kind": c.kind,
                "in_force_from": c.in_force[0].start.isoformat() if c.in_force else None,
                "requirements": sum(not r.is_objective for r in c.requirements.values()),
                "objectives": sum(r.is_objective for r in c.requirements.values()),
            }
            for c in library.catalogs.values()
        ],
    }


def framework_shape(
    library: Library, catalog: Catalog, as_of: date, only: str | None = None
) -> Shape:
    """`frameworks show ID[:REQ]`; of one requirement also the controls that bear on it."""
    nodes = [r for r in catalog.requirements.values() if not r.is_objective]
    if only is not None:
        nodes = [r for r in nodes if r.id == only]
    shape = {
        **head(as_of),
        "framework": catalog.id,
        "edition": catalog.edition,
        "title": catalog.title,
        "kind": catalog.kind,
        "publisher": catalog.publisher or None,
        "jurisdiction": catalog.jurisdiction or None,
        "citation": catalog.citation or None,
        "url": catalog.url or None,
        "revision": catalog.revision or None,
        "rights": catalog.rights or None,
        "in_force": _spans(catalog.in_force),
        "supersedes": catalog.supersedes or None,
        "tiers": [{"id": i, "title": title} for i, title, _ in catalog.tiers],
        "last_checked": catalog.last_checked.isoformat() if catalog.last_checked else None,
        "uncertainties": list(catalog.uncertainties),
        "history": list(catalog.history),
        "note": catalog.note or None,
        "requirements": [_requirement(catalog, node) for node in nodes],
    }
    if only is not None:
        shape["requirements"][0]["controls"] = _met_by(library, catalog, only)
    return shape


def _spans(spans: Iterable[Span]) -> list[Shape]:
    return [
        {
            "from": span.start.isoformat(),
            "until": span.until.isoformat() if span.until else None,
            "citation": span.citation or None,
            "note": span.note or None,
        }
        for span in spans
    ]


def _met_by(library: Library, catalog: Catalog, name: str) -> list[Shape]:
    """The controls declared on a requirement, its objectives and parts, and the routes of the
    nodes above it, which cover it too. `on` is the node the declaration stands on."""
    index = MappingIndex(library, catalog)
    nodes = catalog.requirements
    below, todo = [], [name]
    while todo:
        below.append(todo.pop(0))
        todo = [*nodes[below[-1]].members, *todo]
    above = [node.id for node in index.lineage(nodes[name])[1:]]
    found: list[Shape] = []
    for on in (*below, *above):
        for entry in index.entries_on.get(on, ()):
            if on in above and not entry.is_route:
                continue
            found.append(
                {
                    "control": entry.control,
                    "title": library.controls[entry.control].title,
                    "on": on,
                    "relationship": entry.relationship,
                    "with": [],
                    "rationale": entry.rationale,
                }
            )
        for route in index.routes_on.get(on, ()):
            if route.relationship == "jointly-sufficient":
                found += [
                    {
                        "control": control,
                        "title": library.controls[control].title,
                        "on": on,
                        "relationship": route.relationship,
                        "with": [other for other in route.controls if other != control],
                        "rationale": route.declaration.rationale,
                    }
                    for control in route.controls
                ]
    return found


def _requirement(catalog: Catalog, node: Requirement) -> Shape:
    alternative = node.alternative
    return {
        "id": node.id,
        "parent": node.parent,
        "title": node.title,
        "statement": node.statement,
        "citation": node.citation,
        "section": node.section or None,
        "kind": node.kind,
        "binding": node.binding,
        "law": node.law or None,
        "tiers": list(node.tiers),
        "assessable": node.assessable,
        "logic": node.logic,
        "na": node.na,
        "alternative": (
            {
                "approver": alternative.approver,
                "record": alternative.record or None,
                "when": alternative.when or None,
                "citation": alternative.citation or None,
            }
            if alternative
            else None
        ),
        "weight": node.weight,
        "poam": node.poam or None,
        "poam_citation": node.poam_citation or None,
        "partial_points": node.partial_points,
        "parameters": [
            {"id": name, "label": label, "value": value or None}
            for name, label, value in node.parameters
        ],
        "recurrence": node.recurrence.text if node.recurrence else None,
        "performance": node.performance,
        "deadline": node.deadline or None,
        "retention": node.retention or None,
        "conditions": [c.text or c.citation for c in node.conditions],
        "objectives": [
            {"id": o, "statement": catalog.requirements[o].statement} for o in node.objectives
        ],
        "assess": {method: list(steps) for method, steps in node.assess.items()},
        "typical_evidence": list(node.typical_evidence),
        "questions": list(node.questions),
        "automatic_fail": node.automatic_fail,
        "same_as": list(node.same_as),
        "replaces": list(node.replaces),
        "in_force": _spans(node.in_force),
        "aliases": list(node.aliases),
        "guidance": node.guidance or None,
        "note": node.note or None,
    }


def controls_shape(controls: Iterable[Control], as_of: date) -> Shape:
    """`controls list`."""
    return {
        **head(as_of),
        "controls": [
            {
                "id": c.id,
                "title": c.title,
                "domain": c.domain,
                "per": c.per,
                "type": c.type or None,
                "owner": c.owner or None,
            }
            for c in controls
        ],
    }


def control_shape(library: Library, control: Control, as_of: date) -> Shape:
    """`controls show ID`: the control and every requirement it bears on."""
    satisfies: list[Shape] = [
        {
            "requirement": f"{m.framework}:{m.requirement}",
            "edition": m.edition,
            "relationship": m.relationship,
            "rationale": m.rationale,
        }
        for m in library.mappings
        if m.control == control.id
    ]
    satisfies += [
        {
            "requirement": f"{s.framework}:{s.requirement}",
            "edition": s.edition,
            "relationship": "jointly-sufficient",
            "rationale": s.rationale,
            "with": [c for c in s.controls if c != control.id],
        }
        for s in library.sets
        if control.id in s.controls
    ]
    return {
        **head(as_of),
        "id": control.id,
        "title": control.title,
        "domain": control.domain,
        "objective": control.objective,
        "good": dict(control.good),
        "per": control.per,
        "csf": control.csf or None,
        "type": control.type or None,
        "owner": control.owner or None,
        "effort_hours": list(control.effort) if control.effort else None,
        "cost_usd_per_year": list(control.cost) if control.cost else None,
        "prerequisites": list(control.prerequisites),
        "evidence": {
            "any_of": list(control.evidence.any_of),
            "all_of": list(control.evidence.all_of),
        },
        "policy": control.policy,
        "test": list(control.test),
        "recurrence": control.recurrence.text if control.recurrence else None,
        "note": control.note or None,
        "satisfies": satisfies,
    }
