"""The verdicts agree with the naive oracle and keep the promises of docs/semantics.md."""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import oracle, strategies
from tests.strategies import AS_OF, HERE

from compliance_graph.analysis.states import States
from compliance_graph.analysis.status import Assessment
from compliance_graph.client import load_client
from compliance_graph.graph import build
from compliance_graph.loader import load_library
from compliance_graph.model import ControlRecord, EvidenceRecord

ORDER = oracle.ORDER
ASSURANCE = oracle.ASSURANCE


def runs(count):
    """Reproducible runs of hypothesis: the same cases every time, however slow the machine."""
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def assess(library, client, assume_plan=False, day=AS_OF):
    """{node: Verdict} of the product for the newest edition."""
    states = States(library, client, day, assume_plan)
    return Assessment(states, library.catalogs["demo", "2"]).verdicts


def in_short(found):
    return {name: (v.status, v.assurance, v.ready) for name, v in found.items()}


def judged(library, client, assume_plan=False, day=AS_OF):
    """The oracle's verdicts for the newest edition."""
    return oracle.verdicts(build(library, client), "framework:demo@2", day, assume_plan)


# ---------------------------------------------------------------- agreement


@runs(600)
@given(strategies.cases())
def test_product_and_oracle_agree(case):
    library, client = case
    for day in (AS_OF - timedelta(days=150), AS_OF, AS_OF + timedelta(days=300)):
        for plan in (False, True):
            found = in_short(assess(library, client, plan, day))
            assert found == judged(library, client, plan, day), (day, plan)


@runs(40)
@given(strategies.cases())
def test_product_and_oracle_agree_on_files(case):
    library, client = case
    with tempfile.TemporaryDirectory() as name:
        strategies.write_library(library, Path(name) / "library")
        strategies.write_client(client, Path(name) / "client")
        read, found = load_library(Path(name) / "library")
        assert [d for d in found if d.fatal] == []
        theirs, found = load_client(Path(name) / "client", read)
    assert [d for d in found if d.fatal] == []
    from_files = in_short(assess(read, theirs))
    assert from_files == judged(read, theirs)
    assert from_files == in_short(assess(library, client))


# ---------------------------------------------------------------- promises


def not_lower(before, after):
    """Rule 8: no status, assurance or ready went down; n/a stays what it was."""
    for name, (status, assurance, ready) in before.items():
        new_status, new_assurance, new_ready = after[name]
        if "not-applicable" in (status, new_status):
            assert status == new_status, name
            continue
        assert ORDER.index(new_status) >= ORDER.index(status), name
        assert ASSURANCE.index(new_assurance) >= ASSURANCE.index(assurance), name
        assert new_ready >= ready, name


def without_na(library, client):
    """Controls no part of which was n/a."""
    states = States(library, client, AS_OF)
    return [
        name
        for name in library.controls
        if all(part.status != "not-applicable" for part in states[name].parts)
    ]


@runs(400)
@given(strategies.cases(), st.data())
def test_implementing_a_control_never_lowers_anything(case, data):
    library, client = case
    open_to_it = without_na(library, client)
    if not open_to_it:
        return
    name = data.draw(st.sampled_from(open_to_it))
    record = ControlRecord(name, "implemented", HERE, performed=AS_OF)
    better = replace(client, controls={**client.controls, name: record})
    not_lower(in_short(assess(library, client)), in_short(assess(library, better)))


@runs(400)
@given(strategies.cases(), st.data())
def test_adding_valid_evidence_never_lowers_anything(case, data):
    library, client = case
    name = data.draw(st.sampled_from(list(library.controls)))
    kind = data.draw(st.sampled_from(library.controls[name].evidence.types or ("lasting",)))
    own = data.draw(st.sampled_from(["ev-new", "none"]))  # decisions may already refer to "none"
    day = data.draw(strategies.past)
    result = data.draw(st.sampled_from(["", "pass"]))
    record = EvidenceRecord(
        own, kind, day, HERE, controls=(name,), state="final", result=result, integrity="intact"
    )
    fresh = kind == "lasting" or (AS_OF - day).days <= 90
    if not fresh:
        return
    better = replace(client, evidence={**client.evidence, own: record})
    not_lower(in_short(assess(library, client)), in_short(assess(library, better)))


@runs(250)
@given(strategies.cases(), st.integers(0, 2**16))
def test_the_order_of_files_and_records_never_matters(case, seed):
    library, client = case
    shuffler = random.Random(seed)

    def shuffled(items):
        items = list(items)
        shuffler.shuffle(items)
        return tuple(items)

    other_library = replace(
        library,
        catalogs=dict(shuffled(library.catalogs.items())),
        controls=dict(shuffled(library.controls.items())),
        mappings=shuffled(library.mappings),
        sets=tuple(replace(s, controls=shuffled(s.controls)) for s in shuffled(library.sets)),
    )
    other_client = replace(
        client,
        elements=dict(shuffled(client.elements.items())),
        controls=dict(shuffled(client.controls.items())),
        evidence=dict(shuffled(client.evidence.items())),
        findings=shuffled(client.findings),
        decisions=shuffled(client.decisions),
    )
    before, after = assess(library, client), assess(other_library, other_client)
    assert in_short(before) == in_short(after)
    for name, verdict in before.items():
        assert {(g.kind, g.control) for g in verdict.gaps} == {
            (g.kind, g.control) for g in after[name].gaps
        }, name


@runs(200)
@given(strategies.cases(empty=True))
def test_nothing_is_green_on_nothing(case):
    library, client = case
    for name, verdict in assess(library, client).items():
        assert verdict.status in ("not-assessed", "not-applicable"), name
        assert not (verdict.status == "not-assessed" and verdict.ready)
        if verdict.status == "not-applicable":
            node = library.catalogs["demo", "2"].requirements[name]
            assert switched_off(library, client, node)


def switched_off(library, client, node):
    judge = oracle.Oracle(build(library, client), "framework:demo@2", AS_OF, False)
    kind = "objective" if node.is_objective else "requirement"
    below = judge.members(f"{kind}:demo@2:{node.id}")
    nodes = library.catalogs["demo", "2"].requirements
    return judge.switched_off(f"{kind}:demo@2:{node.id}") or (
        bool(below)
        and all(switched_off(library, client, nodes[n.partition("@2:")[2]]) for n in below)
    )


@runs(250)
@given(strategies.cases())
def test_parents_agree_with_their_members(case):
    library, client = case
    found = assess(library, client)
    for node in library.catalogs["demo", "2"].requirements.values():
        if not node.members or found[node.id].basis == "finding":
            continue
        members = [found[name] for name in node.members]
        used = [m for m in members if m.status != "not-applicable"]
        verdict = found[node.id]
        assert verdict.met_of == (sum(m.status == "met" for m in used), len(used))
        assert verdict.assessed_of == (sum(m.status != "not-assessed" for m in used), len(used))
        needed = {"all": len(used), "any": 1}.get(node.logic, node.logic)
        enough = min(needed, len(used))
        assert (verdict.status == "not-applicable") == (not used)
        if used:
            assert (verdict.status == "met") == (verdict.met_of[0] >= enough)
            assert verdict.ready == (sum(m.status == "met" and m.ready for m in used) >= enough)
        if node.logic == "all" and used:
            assert (verdict.status == "not-met") == any(m.status == "not-met" for m in used)


@runs(250)
@given(strategies.cases(plain=True), st.booleans())
def test_prerequisites_and_recurrence_never_change_a_status(case, assume_plan):
    library, client = case
    stripped = {
        name: replace(control, prerequisites=(), recurrence=None)
        for name, control in library.controls.items()
    }
    before = assess(library, client, assume_plan)
    after = assess(replace(library, controls=stripped), client, assume_plan)
    assert {k: (v.status, v.assurance) for k, v in before.items()} == {
        k: (v.status, v.assurance) for k, v in after.items()
    }


@runs(200)
@given(strategies.cases())
def test_prerequisites_change_nothing_at_all(case):
    library, client = case
    bare = {name: replace(c, prerequisites=()) for name, c in library.controls.items()}
    assert assess(library, client) == assess(replace(library, controls=bare), client)


@runs(200)
@given(strategies.cases())
def test_an_assumed_plan_is_never_ready_and_a_plan_never_lowers(case):
    library, client = case
    plain, planned = assess(library, client), assess(library, client, assume_plan=True)
    for name, verdict in planned.items():
        if verdict.assumed:
            assert not verdict.ready
            assert verdict.status == "met"
        assert (
            ORDER.index(plain[name].status) <= ORDER.index(verdict.status)
            if (verdict.status in ORDER and plain[name].status in ORDER)
            else plain[name].status == verdict.status
        )
