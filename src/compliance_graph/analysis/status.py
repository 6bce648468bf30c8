"""The verdict on every requirement of one catalog for one client on one day.

What comes in: control states and a catalog. What goes out: an `Assessment` with one `Verdict` per
node. The rules and their numbers are those of docs/semantics.md; only this module, routes.py and
overrides.py decide a status.
"""

from __future__ import annotations

from compliance_graph.analysis.grounds import Grounds
from compliance_graph.analysis.overrides import apply_records, holding, not_satisfied
from compliance_graph.analysis.routes import derive
from compliance_graph.analysis.states import States
from compliance_graph.analysis.verdict import (
    ASSURANCE_RANK,
    Verdict,
    combine,
    is_ready,
    merit,
    replace,
)
from compliance_graph.model import Catalog, Requirement


class Assessment(Grounds):
    """Verdicts on all nodes of a catalog. `verdicts` is in catalog order."""

    def __init__(self, states: States, catalog: Catalog) -> None:
        super().__init__(states, catalog)
        computed: dict[str, Verdict] = {}
        for node in reversed(list(catalog.requirements.values())):
            computed[node.id] = _node(self, node, computed) if node.members else _leaf(self, node)
        self.verdicts: dict[str, Verdict] = {key: computed[key] for key in catalog.requirements}


def _leaf(grounds: Grounds, node: Requirement) -> Verdict:
    mapped = grounds.index.mapped(node)
    outcomes = grounds.outcomes(node)
    undecided = tuple(dict.fromkeys(f for _, o in outcomes for f in o.undecided))
    if any(outcome.truth is False for _, outcome in outcomes):
        return Verdict(
            node.id,
            "not-applicable",
            "condition",
            ready=True,
            met_of=(0, 0),
            assessed_of=(0, 0),
            controls=mapped,
            conditions=outcomes,
        )
    derived = derive(grounds, node, mapped)
    verdict = apply_records(grounds, node, derived)
    if verdict.status == "not-applicable":
        counts = ((0, 0), (0, 0))
    else:
        counts = ((int(verdict.status == "met"), 1), (int(verdict.status != "not-assessed"), 1))
    return replace(
        verdict,
        met_of=counts[0],
        assessed_of=counts[1],
        conditions=outcomes,
        undecided=undecided,
        ready=verdict.status == "not-applicable" or is_ready(verdict),
    )


def _node(grounds: Grounds, node: Requirement, done: dict[str, Verdict]) -> Verdict:
    """Rule 2: children and objectives combined by the node's logic."""
    members = [done[name] for name in node.members]
    used = [verdict for verdict in members if verdict.status != "not-applicable"]
    controls = tuple(sorted({c for verdict in members for c in verdict.controls}))
    conditions = grounds.outcomes(node)
    undecided = tuple(dict.fromkeys(f for verdict in members for f in verdict.undecided))
    held = holding(grounds, node, grounds.index.lineage(node))
    if not used:
        verdict = Verdict(
            node.id,
            "not-applicable",
            "members",
            ready=True,
            met_of=(0, 0),
            assessed_of=(0, 0),
            controls=controls,
            conditions=conditions,
        )
        off = any(outcome.truth is False for _, outcome in conditions)
        return verdict if held is None or off else not_satisfied(verdict, held)
    wanted = used
    if node.logic != "all":
        count = 1 if node.logic == "any" else int(node.logic)
        wanted = sorted(used, key=merit, reverse=True)[:count]
    status = combine(verdict.status for verdict in wanted)
    sound = [v for v in used if v.status == "met" and v.ready]
    ready = status == "met" and len(sound) >= len(wanted)
    shown = sorted(sound, key=merit, reverse=True)[: len(wanted)] if ready else wanted
    gaps = tuple(dict.fromkeys(gap for verdict in shown for gap in verdict.gaps))
    assurance = None
    if status == "met":
        assurance = min((v.assurance or "claimed" for v in wanted), key=ASSURANCE_RANK.__getitem__)
    verdict = Verdict(
        node.id,
        status,
        "members",
        assurance=assurance,
        assured_by="; ".join(dict.fromkeys(v.assured_by for v in wanted if v.assured_by)),
        ready=ready,
        met_of=(sum(v.status == "met" for v in used), len(used)),
        assessed_of=(sum(v.status != "not-assessed" for v in used), len(used)),
        gaps=gaps,
        controls=controls,
        conditions=conditions,
        undecided=undecided,
        assumed=status == "met" and any(v.assumed for v in shown),
    )
    return verdict if held is None else not_satisfied(verdict, held)
