"""The graph: what is in it, what it answers, and what leaves it as bytes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from datetime import date

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import strategies
from tests.test_verdicts import runs

from compliance_graph import graph as graphs
from compliance_graph.model import (
    Catalog,
    Client,
    Control,
    ControlRecord,
    EvidenceNeed,
    EvidenceRecord,
    EvidenceType,
    Library,
    MappingEntry,
    Provider,
    Requirement,
    Responsibility,
    Source,
    Span,
    SufficientSet,
)

HERE = Source("demo.yaml", 3, 1)


def node(own, parent=None, **more):
    return Requirement(own, f"Title {own}", f"Do {own}.", "s. 1", HERE, parent, **more)


def catalog(edition="1", **more):
    nodes = {
        "1": node("1", children=("1(a)", "1(b)")),
        "1(a)": node("1(a)", "1"),
        "1(b)": node("1(b)", "1", objectives=("1(b)[x]",)),
        "1(b)[x]": node("1(b)[x]", "1(b)", is_objective=True),
        "2": node("2", aliases=("two",)),
    }
    return Catalog("demo", edition, "Demo rules", "law", HERE, nodes, **more)


@pytest.fixture
def library():
    other = Catalog("rules", "3.10", "Other rules", "standard", HERE, {"A": node("A")})
    controls = [
        Control("pol-01", "Policy", "policy", HERE, evidence=EvidenceNeed(all_of=("policy",))),
        Control("iam-02", "Sign-in", "access", HERE, prerequisites=("pol-01",), aliases=("mfa",)),
        Control("iam-03", "Reviews", "access", HERE, prerequisites=("iam-02",)),
        Control("net-01", "Unused", "network", HERE),
    ]
    return Library(
        "",
        {c.key: c for c in (catalog(), other)},
        {c.id: c for c in controls},
        {
            "policy": EvidenceType("policy", "Signed policy", HERE),
            "log": EvidenceType("log", "Log", HERE),
        },
        (
            MappingEntry("demo", "1", "1(a)", "iam-02", "superset-of", "covers it", HERE),
            MappingEntry("demo", "1", "2", "iam-03", "subset-of", "a part", HERE),
            MappingEntry("rules", "3.10", "A", "iam-02", "equal-to", "the same", HERE),
        ),
        (SufficientSet("demo", "1", "1(b)", ("pol-01", "iam-03"), "together", HERE),),
    )


@pytest.fixture
def client():
    provider = Provider(
        "msp", "MSP", HERE, responsibilities={"iam-02": Responsibility("iam-02", "implemented")}
    )
    return Client(
        "Example Tax",
        "",
        HERE,
        {},
        providers={"msp": provider},
        controls={"iam-02": ControlRecord("iam-02", "implemented", HERE, provider="msp")},
        evidence={
            "ev-1": EvidenceRecord("ev-1", "log", date(2026, 1, 1), HERE, controls=("iam-02",)),
            "ev-2": EvidenceRecord(
                "ev-2", "log", date(2026, 1, 1), HERE, controls=("iam-02", "iam-03")
            ),
        },
        risks=({"id": "r-1", "title": "Phishing", "controls": ["iam-02"]},),
        vendors=({"id": "msp", "title": "MSP Ltd", "criticality": "high"},),
    )


@pytest.fixture
def graph(library, client):
    return graphs.build(library, client)


def edges(graph):
    return {(a, data["relation"], b) for a, b, data in graph.nx.edges(data=True)}


def test_nodes_and_edges_are_those_of_the_design(graph):
    assert edges(graph) >= {
        ("framework:demo@1", "contains", "requirement:demo@1:1"),
        ("requirement:demo@1:1(b)", "has-objective", "objective:demo@1:1(b)[x]"),
        ("control:iam-02", "satisfies", "requirement:demo@1:1(a)"),
        ("control:pol-01", "requires-evidence", "evidence-type:policy"),
        ("control:pol-01", "prerequisite-of", "control:iam-02"),
        ("implementation:iam-02", "implements", "control:iam-02"),
        ("evidence:ev-1", "supports", "implementation:iam-02"),
        ("evidence:ev-2", "supports", "control:iam-03"),
        ("implementation:iam-02", "mitigates", "risk:r-1"),
        ("vendor:msp", "provides", "implementation:iam-02"),
        ("client:example-tax", "contains", "evidence:ev-1"),
    }
    assert {kind for _, kind in graph.nx.nodes(data="kind")} <= set(graphs.NODE_KINDS)
    assert {relation for _, relation, _ in edges(graph)} <= set(graphs.RELATIONS)
    assert graph.nx.nodes["vendor:msp"]["criticality"] == "high"


def test_members_of_a_set_carry_its_id(graph):
    data = graph.nx["control:pol-01"]["requirement:demo@1:1(b)"]["satisfies"]
    assert data["set"] == "demo@1:1(b)#1"
    assert data["relationship"] == "jointly-sufficient"
    assert data["rationale"] == "together"


def test_a_set_with_an_unknown_member_is_no_route(library):
    joint = SufficientSet("demo", "1", "2", ("iam-02", "gone-01"), "together", HERE)
    graph = graphs.build(replace(library, sets=(joint,)))
    assert graphs.routes_for(graph, "requirement:demo@1:2") == ()
    assert "requirement:demo@1:2" in graphs.without_route(graph)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iam-02", "control:iam-02"),
        ("mfa", "control:iam-02"),
        ("control:mfa", "control:iam-02"),
        ("ev-1", "evidence:ev-1"),
        ("demo", "framework:demo@1"),
        ("demo:1(a)", "requirement:demo@1:1(a)"),
        ("demo@1:1(b)[x]", "objective:demo@1:1(b)[x]"),
        ("demo:two", "requirement:demo@1:2"),
        ("requirement:demo:2", "requirement:demo@1:2"),
        ("rules@3.10:A", "requirement:rules@3.10:A"),
        ("implementation:iam-02", "implementation:iam-02"),
    ],
)
def test_short_ids(graph, text, expected):
    assert graphs.resolve(graph, text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("iam-022", "iam-02"),
        ("demo:1(bb)", "1(b)"),
        ("dema:1", "demo"),
        ("control:iam-022", "iam-02"),
    ],
)
def test_what_is_not_there_is_refused_with_a_hint(graph, text, hint):
    with pytest.raises(graphs.NotInGraph) as caught:
        graphs.resolve(graph, text)
    assert hint in caught.value.hint


def test_an_id_that_means_two_things_is_refused(graph, client, library):
    both = replace(client, risks=({"id": "msp", "title": "The MSP fails"},))
    with pytest.raises(graphs.Ambiguous, match="several"):
        graphs.resolve(graphs.build(library, both), "msp")


def test_without_an_edition_the_one_in_force_is_meant(library):
    old = catalog("1", in_force=(Span(date(2020, 1, 1), date(2026, 1, 1)),))
    new = catalog("2", in_force=(Span(date(2026, 1, 1)),))
    graph = graphs.build(replace(library, catalogs={c.key: c for c in (old, new)}))
    assert graphs.resolve(graph, "demo:2", date(2025, 1, 1)) == "requirement:demo@1:2"
    assert graphs.resolve(graph, "demo:2") == "requirement:demo@2:2"


def test_controls_for_a_requirement_include_routes_from_above(graph):
    found = graphs.controls_for(graph, "objective:demo@1:1(b)[x]")
    assert [(b.control, b.declared_on, b.is_route) for b in found] == [
        ("control:iam-03", "requirement:demo@1:1(b)", True),
        ("control:pol-01", "requirement:demo@1:1(b)", True),
    ]
    assert graphs.routes_for(graph, "objective:demo@1:1(b)[x]") == (
        ("control:iam-03", "control:pol-01"),
    )
    assert [b.is_route for b in graphs.controls_for(graph, "requirement:demo@1:2")] == [False]


def test_requirements_of_a_control_cross_frameworks(graph):
    carried = [b.requirement for b in graphs.requirements_of(graph, "control:iam-02")]
    assert carried == ["requirement:demo@1:1(a)", "requirement:rules@3.10:A"]


def test_evidence_behind_a_requirement_and_impact_of_a_record(graph):
    backing = graphs.evidence_for(graph, "requirement:demo@1:1(a)")
    assert [b.records for b in backing] == [("evidence:ev-1", "evidence:ev-2")]
    impact = graphs.impact_of(graph, "evidence:ev-2")
    assert impact.controls == ("control:iam-02", "control:iam-03")
    assert impact.sole == ("control:iam-03",)
    assert "requirement:rules@3.10:A" in impact.requirements
    assert graphs.provided_by(graph, "vendor:msp")["controls"] == ("control:iam-02",)


def test_what_has_no_route_and_what_is_unused(graph):
    assert graphs.without_route(graph) == ("requirement:demo@1:2",)
    assert graphs.without_route(graph, "framework:rules@3.10") == ()
    assert graphs.unused(graph, "control") == ("control:net-01",)
    assert graphs.unused(graph, "evidence-type") == ("evidence-type:log",)


def test_prerequisites_come_first_and_cycles_hide_nothing(library):
    graph = graphs.build(library)
    order = graphs.prerequisite_order(graph)
    assert (
        order.index("control:pol-01")
        < order.index("control:iam-02")
        < order.index("control:iam-03")
    )
    assert graphs.prerequisites_of(graph, "control:iam-03") == ("control:pol-01", "control:iam-02")
    assert graphs.cycles(graph) == ()
    looped = replace(library.controls["pol-01"], prerequisites=("iam-03",))
    graph = graphs.build(replace(library, controls={**library.controls, "pol-01": looped}))
    assert graphs.cycles(graph) == (("control:iam-02", "control:iam-03", "control:pol-01"),)
    assert set(graphs.prerequisite_order(graph)) == set(graph.of_kind("control"))


def test_paths_are_short_and_directed_where_they_can_be(graph):
    steps = graphs.path(graph, "evidence:ev-1", "requirement:rules@3.10:A")
    assert [(s.relation, s.forward) for s in steps] == [
        ("supports", True),
        ("implements", True),
        ("satisfies", True),
    ]
    back = graphs.path(graph, "requirement:rules@3.10:A", "evidence:ev-1")
    assert [s.forward for s in back] == [False, False, False]
    around = graphs.path(graph, "requirement:demo@1:1(a)", "requirement:rules@3.10:A")
    assert [s.target for s in around] == ["control:iam-02", "requirement:rules@3.10:A"]
    assert graphs.path(graph, "control:iam-02", "control:iam-02") == []


def test_no_path_is_none_and_unknown_nodes_are_errors(graph):
    assert graphs.path(graph, "control:net-01", "control:iam-02") is None
    with pytest.raises(KeyError):
        graphs.path(graph, "control:iam-02", "control:nowhere")


def test_many_shortest_paths_are_cut_off():
    """30 layers of two controls: 2**30 shortest paths, of which 20 are asked for."""
    controls = {"c-0": Control("c-0", "c", "d", HERE)}
    last = ("c-0",)
    for layer in range(1, 31):
        names = (f"c-{layer}a", f"c-{layer}b")
        controls |= {n: Control(n, n, "d", HERE, prerequisites=last) for n in names}
        last = names
    controls["end"] = Control("end", "end", "d", HERE, prerequisites=last)
    graph = graphs.build(Library("", {}, controls, {}, (), ()))
    assert len(graphs.paths(graph, "control:c-0", "control:end")) == 20


def test_neighbourhood_stops_at_hubs(graph):
    near = graphs.neighbourhood(graph, "requirement:demo@1:1(a)", 2)
    assert "control:iam-02" in near.nx
    assert "requirement:demo@1:1" in near.nx
    assert "control:net-01" not in near.nx


def test_stats_count_every_node_and_edge(graph):
    found = graphs.stats(graph)
    assert sum(found["nodes"].values()) == found["total"]["nodes"] == graph.nx.number_of_nodes()
    assert sum(found["edges"].values()) == found["total"]["edges"] == graph.nx.number_of_edges()
    assert (found["without_route"], found["unused_controls"]) == (1, 1)


# ---------------------------------------------------------------- exports

HOSTILE = '"]-->x["\'<b>&amp;]]>\\" %%{init: {}}%% `a` #quot; \n end; }\x00\x0b\ud800\uffff'


def reread(graph):
    return {
        "graphml": networkx.read_graphml(
            io.BytesIO(graphs.export(graph, "graphml")), force_multigraph=True
        ),
        "gexf": networkx.read_gexf(io.BytesIO(graphs.export(graph, "gexf"))),
        "json": networkx.node_link_graph(json.loads(graphs.export(graph, "json")), edges="edges"),
    }


def test_exports_read_back_whole(graph):
    for form, again in reread(graph).items():
        assert set(again.nodes) == set(graph.nx.nodes), form
        assert again.number_of_edges() == graph.nx.number_of_edges(), form
        titles = dict(again.nodes(data="title"))
        assert titles["control:iam-02"] == "Sign-in", form


def test_hostile_text_stays_text(library):
    control = replace(library.controls["iam-02"], title=HOSTILE)
    graph = graphs.build(replace(library, controls={**library.controls, "iam-02": control}))
    for form, again in reread(graph).items():
        assert set(again.nodes) == set(graph.nx.nodes), form
        assert "<b>&amp;" in again.nodes["control:iam-02"]["title"], form
    plain = graphs.build(library)
    for form in ("dot", "mermaid"):
        hostile, harmless = graphs.export(graph, form).decode(), graphs.export(plain, form).decode()
        assert len(hostile.splitlines()) == len(harmless.splitlines()), form
    line = next(x for x in graphs.export(graph, "dot").decode().split("\n") if "-->x[" in x)
    assert line.replace("\\\\", "").replace('\\"', "").count('"') == 4
    line = next(x for x in graphs.export(graph, "mermaid").decode().split("\n") if "init" in x)
    assert line.count('"') == 2
    assert not set("<>`%{}\\'").intersection(line)


def test_an_unknown_format_is_an_error(graph):
    with pytest.raises(ValueError, match="graphml"):
        graphs.export(graph, "png")


def test_exports_do_not_depend_on_the_hash_seed():
    program = """
import hashlib
from compliance_graph import graph as g
from compliance_graph.dates import to_duration
from compliance_graph.model import *
h = Source("a.yaml", 1, 1)
before = [tuple(f"c-{m}" for m in range(n)) for n in range(9)]
controls = {f"c-{n}": Control(f"c-{n}", "t", "d", h, prerequisites=before[n]) for n in range(9)}
made = g.build(Library("", {}, controls, {}, (), ()))
print([hashlib.sha256(g.export(made, f)).hexdigest() for f in g.FORMATS])
print(g.stats(made), g.prerequisite_order(made), g.paths(made, "control:c-0", "control:c-8"))
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(p for p in sys.path if p)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


@runs(60)
@given(strategies.cases(), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_change_the_bytes(case, order):
    library, client = case

    def mixed(items):
        items = list(items)
        order.shuffle(items)
        return tuple(items)

    other = replace(
        library,
        controls=dict(mixed(library.controls.items())),
        mappings=mixed(library.mappings),
        sets=mixed(library.sets),
    )
    theirs = replace(
        client,
        evidence=dict(mixed(client.evidence.items())),
        elements=dict(mixed(client.elements.items())),
        decisions=mixed(client.decisions),
    )
    for form in graphs.FORMATS:
        expected = graphs.export(graphs.build(library, client), form)
        assert graphs.export(graphs.build(other, theirs), form) == expected
