"""The crosswalk a control library induces: the pairs it makes, refuses, and what they say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from compliance_graph.analysis.crosswalk import THRESHOLD, Crosswalk, crosswalk
from compliance_graph.cli import run
from compliance_graph.library_path import shipped_library
from compliance_graph.loader import load_library
from compliance_graph.model import Library
from compliance_graph.output.shapes import schema

DAY = "2026-11-21"
Mapping = tuple[str, str, str]  # requirement, control, relationship
Joint = tuple[str, list[str]]


def requirement(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "title": f"Title {name}", "statement": f"Do {name}.", **more}


def write(
    root: Path,
    a: Sequence[Mapping | Joint],
    b: Sequence[Mapping | Joint],
    *,
    nodes_a: Sequence[dict[str, object]] | None = None,
    nodes_b: Sequence[dict[str, object]] | None = None,
    published: Sequence[dict[str, str]] = (),
) -> Path:
    """A library of two frameworks `a` and `b`; JSON is YAML, so the files hold JSON."""
    controls = sorted({c for m in (*a, *b) for c in (m[1] if len(m) == 2 else [m[1]])})
    files: dict[str, object] = {
        "controls/all.yaml": {
            "controls": [{"id": c, "title": c, "domain": "all"} for c in controls]
        }
    }
    for name, mappings, nodes in (("a", a, nodes_a), ("b", b, nodes_b)):
        ids = dict.fromkeys(m[0] for m in mappings)
        files[f"frameworks/{name}-1.yaml"] = {
            "format": 1,
            "id": name,
            "edition": "1",
            "title": name,
            "kind": "standard",
            "source": {"citation": f"Standard {name}"},
            "requirements": nodes or [requirement(i) for i in ids],
        }
        files[f"controls/mappings/{name}-1.yaml"] = {
            "framework": name,
            "edition": "1",
            "mappings": [
                {"requirement": m[0], "control": m[1], "relationship": m[2], "rationale": "r"}
                for m in mappings
                if len(m) == 3
            ],
            "jointly_sufficient": [
                {"requirement": m[0], "controls": m[1], "rationale": "r"}
                for m in mappings
                if len(m) == 2
            ],
        }
    if published:
        files["frameworks/mappings/a-b.yaml"] = {
            "a": "a",
            "b": "b",
            "source": {"citation": "Table 1"},
            "pairs": list(published),
        }
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(json.dumps(content))
    return root


def induced(root: Path) -> Crosswalk:
    library, found = load_library(root)
    assert [d for d in found if d.fatal] == []
    return crosswalk(library, library.catalogs["a", "1"], library.catalogs["b", "1"])


def pairs(found: Crosswalk) -> dict[tuple[str, str], str]:
    return {(p.a, p.b): p.relationship for p in found.pairs}


# ---------------------------------------------------------------- the relation


@pytest.mark.parametrize(
    ("to_a", "to_b", "follows"),
    [
        ("equal-to", "equal-to", "equal-to"),
        ("equivalent-to", "equal-to", "equal-to"),
        ("equal-to", "superset-of", "superset-of"),
        ("equal-to", "subset-of", "subset-of"),
        ("superset-of", "equal-to", "subset-of"),
        ("subset-of", "equal-to", "superset-of"),
        ("superset-of", "subset-of", "subset-of"),
        ("subset-of", "superset-of", "superset-of"),
        ("superset-of", "superset-of", "intersects-with"),
        ("subset-of", "subset-of", "intersects-with"),
        ("superset-of", "intersects-with", None),
        ("intersects-with", "equal-to", None),
        ("intersects-with", "intersects-with", None),
    ],
)
def test_one_shared_control(tmp_path: Path, to_a: str, to_b: str, follows: str | None) -> None:
    found = induced(write(tmp_path, [("1", "c", to_a)], [("x", "c", to_b)]))
    assert pairs(found) == ({("1", "x"): follows} if follows else {})


def test_subset_by_one_control_and_superset_by_another_is_equal(tmp_path: Path) -> None:
    found = induced(
        write(
            tmp_path,
            [("1", "c", "superset-of"), ("1", "d", "subset-of")],
            [("x", "c", "subset-of"), ("x", "d", "superset-of")],
        )
    )
    assert pairs(found) == {("1", "x"): "equal-to"}
    assert found.pairs[0].controls == ("c", "d")


def test_a_set_whose_members_all_lie_inside(tmp_path: Path) -> None:
    inside: list[Mapping | Joint] = [("x", "c", "subset-of"), ("x", "d", "subset-of")]
    found = induced(write(tmp_path, [("1", ["c", "d"])], inside))
    assert pairs(found) == {("1", "x"): "subset-of"}
    found = induced(write(tmp_path / "less", [("1", ["c", "d", "e"])], inside))
    assert pairs(found) == {("1", "x"): "intersects-with"}  # of e nothing is known


def test_a_control_that_is_part_of_two_requirements_lies_inside_neither(tmp_path: Path) -> None:
    found = induced(
        write(
            tmp_path,
            [("1", "c", "superset-of")],
            [("x", "c", "subset-of"), ("y", "c", "subset-of")],
        )
    )
    assert pairs(found) == {("1", "x"): "intersects-with", ("1", "y"): "intersects-with"}


# ---------------------------------------------------------------- restraint


def hub(count: int, prefix: str, control: str = "hub") -> list[Mapping]:
    return [(f"{prefix}{n}", control, "superset-of") for n in range(count)]


def test_a_hub_links_nothing_and_a_specific_control_still_does(tmp_path: Path) -> None:
    found = induced(
        write(
            tmp_path,
            [*hub(12, "a"), ("a3", "c", "superset-of")],
            [*hub(12, "b"), ("b7", "c", "superset-of")],
        )
    )
    assert list(pairs(found)) == [("a3", "b7")]
    assert found.pairs[0].controls == ("c", "hub")
    assert found.dropped == 12 * 12 - 1


@pytest.mark.parametrize(("count", "kept"), [(5, 25), (6, 0)])
def test_where_the_threshold_stands(tmp_path: Path, count: int, kept: int) -> None:
    found = induced(write(tmp_path, hub(count, "a"), hub(count, "b")))
    assert len(found.pairs) == kept
    assert found.dropped == count * count - kept


def test_one_broad_requirement_meets_many_narrow_ones(tmp_path: Path) -> None:
    """Breadth on one side only is how a short rule meets a long catalog; it is no hub."""
    found = induced(write(tmp_path, hub(1, "a"), hub(20, "b")))
    assert len(found.pairs) == 20


def test_the_weight_is_the_lesser_share_over_both_counts(tmp_path: Path) -> None:
    found = induced(
        write(
            tmp_path,
            [("1", ["c", "d", "e"]), ("2", "c", "superset-of")],
            [("x", "c", "subset-of"), ("y", "d", "equal-to"), ("z", "d", "equal-to")],
        )
    )
    weights = {(p.a, p.b): p.weight for p in found.pairs}
    assert weights == {
        ("1", "x"): Fraction(1, 6),  # a third of 1, half of x; c bears on 2 and 1
        ("1", "y"): Fraction(1, 6),  # a third of 1, all of y; d bears on 1 and 2
        ("1", "z"): Fraction(1, 6),
        ("2", "x"): Fraction(1, 4),  # all of 2, half of x
    }


def test_tiers_that_repeat_one_another_do_not_make_a_hub(tmp_path: Path) -> None:
    mappings: list[Mapping | Joint] = [*hub(10, "a")]
    nodes = [requirement(f"a{n}", tiers=["L1" if n < 5 else "L2"]) for n in range(10)]
    found = induced(write(tmp_path, mappings, hub(5, "b"), nodes_a=nodes))
    assert len(found.pairs) == 50
    assert induced(write(tmp_path / "flat", mappings, hub(5, "b"))).pairs == ()


# ---------------------------------------------------------------- levels


def test_objectives_stand_for_their_requirement(tmp_path: Path) -> None:
    objectives = [{"id": f"1[{n}]", "statement": f"part {n} is done"} for n in "abcd"]
    found = induced(
        write(
            tmp_path,
            [("1[a]", "c", "superset-of"), ("1[b]", "c", "superset-of")],
            [("x", "c", "equal-to")],
            nodes_a=[requirement("1", objectives=objectives)],
        )
    )
    assert pairs(found) == {("1", "x"): "intersects-with"}
    assert found.pairs[0].weight == Fraction(1, 2)  # two of four objectives


def test_all_objectives_covered_is_the_requirement_covered(tmp_path: Path) -> None:
    objectives = [{"id": f"1[{n}]", "statement": f"part {n} is done"} for n in "ab"]
    found = induced(
        write(
            tmp_path,
            [("1[a]", "c", "superset-of"), ("1[b]", "c", "superset-of")],
            [("x", "c", "equal-to")],
            nodes_a=[requirement("1", objectives=objectives)],
        )
    )
    assert pairs(found) == {("1", "x"): "subset-of"}


STANDARD = [requirement("1", assessable=True, children=[requirement("1(a)"), requirement("1(b)")])]


def test_a_part_says_it_better_than_the_whole(tmp_path: Path) -> None:
    found = induced(
        write(tmp_path, [("1(a)", "c", "superset-of")], [("x", "c", "equal-to")], nodes_a=STANDARD)
    )
    assert pairs(found) == {("1(a)", "x"): "subset-of"}


def test_the_whole_stands_where_it_gathers_several_parts(tmp_path: Path) -> None:
    found = induced(
        write(
            tmp_path,
            [("1(a)", "c", "superset-of"), ("1(b)", "d", "superset-of")],
            [("x", "c", "subset-of"), ("x", "d", "subset-of")],
            nodes_a=STANDARD,
        )
    )
    assert set(pairs(found)) == {("1", "x"), ("1(a)", "x"), ("1(b)", "x")}


def test_a_heading_passes_on_routes_but_not_parts(tmp_path: Path) -> None:
    nodes = [requirement("1", children=[requirement("1(a)"), requirement("1(b)")])]
    found = induced(
        write(tmp_path, [("1", "c", "equal-to")], [("x", "c", "equal-to")], nodes_a=nodes)
    )
    assert pairs(found) == {("1(a)", "x"): "subset-of", ("1(b)", "x"): "subset-of"}
    found = induced(
        write(tmp_path / "part", [("1", "c", "subset-of")], [("x", "c", "equal-to")], nodes_a=nodes)
    )
    assert found.pairs == ()


# ---------------------------------------------------------------- published pairs


def test_a_published_pair_stands_without_a_control_and_says_its_relation(tmp_path: Path) -> None:
    published = [
        {"a": "1", "b": "y", "relationship": "subset-of"},
        {"a": "2", "b": "x", "relationship": "equivalent-to"},
    ]
    root = write(
        tmp_path,
        [("1", "c", "superset-of"), ("2", "d", "superset-of")],
        [("x", "d", "superset-of"), ("y", "e", "superset-of")],
        published=published,
    )
    found = induced(root)
    assert pairs(found) == {("1", "y"): "subset-of", ("2", "x"): "equal-to"}
    assert [(p.controls, p.published) for p in found.pairs] == [
        ((), ("Table 1",)),
        (("d",), ("Table 1",)),
    ]
    library, _ = load_library(root)
    back = crosswalk(library, library.catalogs["b", "1"], library.catalogs["a", "1"])
    assert pairs(back) == {("x", "2"): "equal-to", ("y", "1"): "superset-of"}


# ---------------------------------------------------------------- the shipped library


@pytest.fixture(scope="module")
def shipped() -> Library:
    return load_library(shipped_library())[0]


def current(library: Library, a: str, b: str) -> Crosswalk:
    one, two = library.editions(a)[-1], library.editions(b)[-1]
    return crosswalk(library, one, two)


KNOWN = [
    ("cmmc", "IA.L2-3.5.3", "ftc-safeguards", "314.4(c)(5)"),
    ("cmmc", "SC.L2-3.13.16", "ftc-safeguards", "314.4(c)(3)"),
    ("cmmc", "RA.L2-3.11.1", "ftc-safeguards", "314.4(b)"),
    ("cmmc", "IR.L2-3.6.1", "ftc-safeguards", "314.4(h)"),
    ("cmmc", "MP.L2-3.8.3", "ftc-safeguards", "314.4(c)(6)(i)"),
    ("hipaa", "164.312(a)(2)(iv)", "ftc-safeguards", "314.4(c)(3)"),
    ("hipaa", "164.312(a)(2)(iii)", "cmmc", "AC.L2-3.1.11"),
    ("hipaa", "164.310(d)(2)(i)", "cmmc", "MP.L2-3.8.3"),
    ("hipaa", "164.312(b)", "iso27001", "A.8.15"),
    ("cmmc", "IA.L2-3.5.3", "iso27001", "A.8.5"),
    ("cmmc", "AU.L2-3.3.7", "iso27001", "A.8.17"),
]


@pytest.mark.parametrize(("a", "one", "b", "two"), KNOWN)
def test_well_known_pairs_are_found(shipped: Library, a: str, one: str, b: str, two: str) -> None:
    assert (one, two) in pairs(current(shipped, a, b))


STRANGERS = [
    ("cmmc", "IA.L2-3.5.3", "ftc-safeguards", "314.4(c)(6)(i)"),  # sign-in and disposal
    ("cmmc", "PE.L2-3.10.3", "ftc-safeguards", "314.4(c)(3)"),  # visitors and encryption
    ("cmmc", "AU.L2-3.3.7", "iso27001", "A.6.1"),  # clocks and screening
    ("hipaa", "164.312(a)(2)(iv)", "iso27001", "A.6.3"),  # encryption and training
    ("hipaa", "164.308(a)(2)", "cmmc", "SI.L2-3.14.2"),  # the official and malware
]


@pytest.mark.parametrize(("a", "one", "b", "two"), STRANGERS)
def test_strangers_are_not_paired(shipped: Library, a: str, one: str, b: str, two: str) -> None:
    assert (one, two) not in pairs(current(shipped, a, b))


def test_no_two_frameworks_are_linked_wholesale(shipped: Library) -> None:
    """Of all pairs there could be, few are made; one requirement does not meet a whole catalog."""
    names = sorted({key[0] for key in shipped.catalogs} - {"gdpr", "uk-gdpr"})
    for number, a in enumerate(names):
        for b in names[number + 1 :]:
            found = current(shipped, a, b)
            size = [sum(r.assessable for r in c.requirements.values()) for c in (found.a, found.b)]
            assert len(found.pairs) * 20 < size[0] * size[1], (a, b)
            for name in found.a.requirements:
                assert sum(p.a == name for p in found.pairs) * 3 < len(found.b.requirements)


def test_level_one_finds_its_level_two(shipped: Library) -> None:
    """32 CFR 170.15(c)(1) Table 1: each Level 1 requirement and the NIST SP 800-171 one it is."""
    held = (Path(__file__).parent / "crosswalk" / "cmmc-l1-l2.csv").read_text().split()[1:]
    table = {(a, b) for a, b in (line.split(",") for line in held)}
    assert len(table) == 17
    found = pairs(current(shipped, "cmmc", "cmmc"))
    assert table <= found.keys()
    between = [key for key in found if ".L1-" in key[0] and ".L2-" in key[1]]
    assert len(between) <= 3 * len(table)


# ---------------------------------------------------------------- the command


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(
        tmp_path,
        [("1", "c", "equal-to"), ("2", "d", "equal-to")],
        [("x", "c", "equal-to"), ("y", "e", "equal-to")],
    )
    common = ["frameworks", "crosswalk", "a", "b@1", "--library", str(root), "--as-of", DAY]
    assert run([*common, "--format", "json"]) == 0
    shape = json.loads(capsys.readouterr().out)
    jsonschema.Draft7Validator(schema("frameworks-crosswalk")).validate(shape)
    assert (shape["version"], shape["as_of"], shape["a"], shape["b"]) == (1, DAY, "a", "b")
    assert shape["threshold"] == round(float(THRESHOLD), 4)
    (pair,) = shape["pairs"]
    assert (pair["a"], pair["b"], pair["controls"]) == ("1", "x", ["c"])
    assert pair["relationship"] == "equal-to"
    assert run([*common, "--format", "csv"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.startswith("a framework,a,a title,relationship,b framework")
    assert row == "a@1,1,Title 1,equal-to,b@1,x,Title x,c,1.0,"
    assert run([*common, "-o", str(tmp_path / "out.txt")]) == 0
    text = (tmp_path / "out.txt").read_text()
    assert "1  Title 1\n  asks the same as x  Title x\n    shared: c c\n" in text
    assert "a@1: 1 of 2 assessable requirements have a counterpart." in text


def test_an_unknown_framework_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, [("1", "c", "equal-to")], [("x", "c", "equal-to")])
    line = ["frameworks", "crosswalk", "a", "c", "--library", str(root), "--format", "json"]
    assert run(line) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "CG304"


def test_same_bytes_again(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["frameworks", "crosswalk", "hipaa", "cmmc", "--as-of", DAY, "--format", "json"]
    assert run(line) == 0
    first = capsys.readouterr().out
    assert run(line) == 0
    assert capsys.readouterr().out == first
