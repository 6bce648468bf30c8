"""The checks as a whole: cycles and chains at any size, damaged libraries, ignore comments.

What each code means stands in tests/codes.
"""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_graph.checks import check_client, check_library, fatal_library, settle
from compliance_graph.checks.identity import MAX_CHAIN, components, find_cycles, twins
from compliance_graph.client import load_client
from compliance_graph.diagnostics import Diagnostic
from compliance_graph.ignores import scan
from compliance_graph.library_path import shipped_library
from compliance_graph.loader import load_library
from compliance_graph.model import Library, Source

AS_OF = date(2026, 11, 21)
BASE = Path(__file__).resolve().parent / "codes" / "base"
HERE = Source("f.yaml", 1, 1)


def library_with(tmp_path: Path, name: str, text: str) -> tuple[Library, list[Diagnostic]]:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return load_library(tmp_path)


# ---------------------------------------------------------------- cycles

GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefghx"), max_size=4), max_size=8
)


@given(GRAPHS)
@settings(derandomize=True, deadline=None, max_examples=500)
def test_one_true_cycle_is_found_for_every_knot(edges: dict[str, list[str]]) -> None:
    graph = nx.DiGraph([(a, b) for a, after in edges.items() for b in after if b in edges])
    graph.add_nodes_from(edges)
    knots = [
        knot
        for knot in nx.strongly_connected_components(graph)
        if len(knot) > 1 or any(graph.has_edge(n, n) for n in knot)
    ]
    found = list(find_cycles(edges))
    assert sorted(min(cycle) for cycle in found) == sorted(
        min(cycle) for cycle in found for knot in knots if set(cycle) <= knot
    )
    assert len(found) == len(knots)
    for cycle in found:
        assert cycle[0] == min(cycle)
        assert len(set(cycle)) == len(cycle)
        for one, two in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
            assert two in edges[one]


@given(GRAPHS)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_components_are_those_of_networkx_and_come_bottom_up(edges: dict[str, list[str]]) -> None:
    graph = nx.DiGraph([(a, b) for a, after in edges.items() for b in after if b in edges])
    graph.add_nodes_from(edges)
    found = [frozenset(knot) for knot in components(edges)]
    assert set(found) == {frozenset(k) for k in nx.strongly_connected_components(graph)}
    order = {node: at for at, knot in enumerate(found) for node in knot}
    assert all(order[b] <= order[a] for a, b in graph.edges)


@pytest.mark.parametrize("close", [False, True])
def test_a_chain_of_twenty_thousand_prerequisites_is_followed_quickly(
    close: bool, tmp_path: Path
) -> None:
    size = 20_000
    rows = [
        f"- {{id: c-{n}, title: C, domain: d, prerequisites: [c-{n + 1}]}}\n" for n in range(size)
    ]
    last = "[c-0]" if close else "[]"
    rows.append(f"- {{id: c-{size}, title: C, domain: d, prerequisites: {last}}}\n")
    library, _ = library_with(tmp_path, "controls/c.yaml", "controls:\n" + "".join(rows))
    started = time.perf_counter()
    found = [item for item in fatal_library(library) if item.code == "CG307"]
    assert time.perf_counter() - started < 5
    assert len(found) == close
    assert all(len(item.message) < 200 for item in found)


def test_ten_thousand_small_rounds_are_all_found_quickly() -> None:
    edges = {f"a{n}": [f"b{n}", f"a{n + 1}"] for n in range(10_000)}
    edges |= {f"b{n}": [f"a{n}"] for n in range(10_000)}
    started = time.perf_counter()
    assert len(list(find_cycles(edges))) == 10_000
    assert time.perf_counter() - started < 5


def test_the_longest_chain_of_regimes_that_is_allowed_can_be_decided(tmp_path: Path) -> None:
    from compliance_graph.analysis.scope import scope

    def regimes(count: int) -> str:
        rows = [
            f"- {{id: r{n}, title: R, kind: law, citation: [A], rule: {{ref: r{n + 1}}}}}\n"
            for n in range(count)
        ]
        end = (
            f"- {{id: r{count}, title: R, kind: law, citation: [A], rule: {{fact: a, is: true}}}}\n"
        )
        return "regimes:\n" + "".join(rows) + end

    library, _ = library_with(tmp_path / "good", "frameworks/regimes/r.yaml", regimes(MAX_CHAIN))
    assert fatal_library(library) == []
    assert len(scope(library, {}, AS_OF).results) == MAX_CHAIN + 1
    library, _ = library_with(tmp_path / "bad", "frameworks/regimes/r.yaml", regimes(5_000))
    assert [item.code for item in fatal_library(library)] == ["CG112"]


# ---------------------------------------------------------------- damaged libraries


def test_a_requirement_that_stands_inside_itself_does_not_hang(tmp_path: Path) -> None:
    text = """
format: 1
id: demo
edition: 1
title: D
kind: law
requirements:
- {id: 1, title: A, statement: B, children: [{id: 1, title: C, statement: D}]}
- {id: 2, title: A, statement: E, children: [{id: 3, title: F, statement: G, children: [{id: 2,
   title: H, statement: I}]}]}
"""
    library, found = library_with(tmp_path, "frameworks/demo-1.yaml", text)
    assert [item.code for item in found if item.fatal] == ["CG305", "CG305"]
    assert all(item.line > 1 for item in check_library(library))


def test_an_empty_library_has_no_faults() -> None:
    assert check_library(Library("", {}, {}, {}, (), ())) == []


def test_the_order_of_files_does_not_change_what_is_found(tmp_path: Path) -> None:
    rows = [
        "- {id: a-1, title: A, domain: d, prerequisites: [b-1]}\n",
        "- {id: b-1, title: B, domain: d}\n",
    ]
    texts = []
    for name, (first, second) in (("x", ("1", "2")), ("y", ("2", "1"))):
        folder = tmp_path / name / "controls"
        folder.mkdir(parents=True)
        (folder / f"{first}.yaml").write_text("controls:\n" + rows[0])
        (folder / f"{second}.yaml").write_text("controls:\n" + rows[1])
        library, _ = load_library(tmp_path / name)
        texts.append(sorted((d.code, d.message) for d in check_library(library)))
    assert texts[0] == texts[1]
    assert texts[0]


def test_the_shipped_library_has_no_errors() -> None:
    library, found = load_library(shipped_library())
    faults = settle([*found, *check_library(library)], library.ignores)
    assert [str(item) for item in faults if item.severity == "error"] == []


def test_a_day_at_either_end_of_the_calendar_is_checked_like_any_other() -> None:
    library, _ = load_library(BASE)
    client, _ = load_client(BASE / "client", library)
    assert client is not None
    assert check_client(client, library, date.min) == []
    assert check_client(client, library, date.max) == []


# ---------------------------------------------------------------- look-alikes


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("A.5.1", "a.5.1", True),
        ("a-0", "a-O", True),
        ("a-0", "a-o", True),
        ("a-1", "a-l", True),
        ("a-1", "a-I", True),
        ("a-I", "a-l", True),
        ("a-I", "a-i", True),
        ("a-1", "a-i", False),
        ("164.308(a)(1)(i)", "164.308(a)(1)(ii)", False),
        ("5.1", "5.10", False),
        ("a-1", "a-1", False),
    ],
)
def test_what_counts_as_a_look_alike(one: str, two: str, alike: bool) -> None:
    for pair in ((one, two), (two, one)):
        assert bool(list(twins("id", [(name, HERE) for name in pair]))) is alike


# ---------------------------------------------------------------- ignore comments


def lines_of(text: str) -> list[tuple[int, ...]]:
    return [ignore.lines for ignore in scan(text.encode(), "f.yaml")[0]]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a: 1 # cg: ignore[CG310] because x\n", [(1,)]),
        ("# cg: ignore[CG310] because x\na: 1\n", [(1, 2)]),
        ("# cg: ignore[CG310] because x\n# more\n\na: 1\n", [(1, 4)]),
        ("a: 1\n# cg: ignore[CG310] because x\n", [(2,)]),
        ("a: 1\r\n# cg: ignore[CG310] because x\r\nb: 1\r\n", [(2, 3)]),
        ("\ufeff# cg: ignore[CG310] because x\na: 1\n", [(1, 2)]),
        ("a: 'x # cg: ignore[CG310] because x'\n", []),
        ("a: 'x#cg: ignore[CG310] because x'\n", []),
        ("a: |\n  # cg: ignore[CG310] because x\nb: 1 # cg: ignore[CG404] because y\n", [(3,)]),
        ("a: é😀 # cg: ignore[CG310] because x\n", [(1,)]),
    ],
)
def test_a_comment_counts_for_its_own_line_or_the_next_with_data(
    text: str, lines: list[tuple[int, ...]]
) -> None:
    assert lines_of(text) == lines


def test_one_comment_may_name_several_codes_and_keeps_its_reason() -> None:
    ignores, found = scan(b"a: 1 # cg: ignore[CG310, CG404] because we wait  \n", "f.yaml")
    assert found == []
    assert ignores[0].codes == ("CG310", "CG404")
    assert ignores[0].reason == "we wait"


def test_settle_takes_away_what_is_ignored_and_names_what_is_not_used() -> None:
    ignores, _ = scan(b"a: 1 # cg: ignore[CG310, CG404] because we wait\n", "f.yaml")
    here = Diagnostic("f.yaml", 1, 1, "CG310", "m")
    elsewhere = Diagnostic("g.yaml", 1, 1, "CG310", "m")
    fatal = Diagnostic("f.yaml", 1, 1, "CG302", "m")
    left = settle([here, elsewhere, fatal], ignores)
    assert left[:2] == [elsewhere, fatal]
    assert [(item.code, item.line, item.column) for item in left[2:]] == [("CG117", 1, 6)]
    assert "CG404" in left[2].message


@given(st.text(st.sampled_from("# cg:ignore[]CG310,\n\r'|x-because"), max_size=60))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_any_text_that_reads_can_be_scanned(text: str) -> None:
    from compliance_graph.yamlfile import Parsed, parse

    content = f"# cg: ignore\n{text}".encode()
    if isinstance(parse(content), Parsed):
        ignores, found = scan(content, "f.yaml")
        assert len(found) >= 1  # the first line names no code
        assert all(ignore.reason and ignore.codes for ignore in ignores)
