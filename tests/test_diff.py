"""Two editions side by side, and what the change does to a client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from compliance_graph.analysis.diff import diff
from compliance_graph.cli import run
from compliance_graph.library_path import shipped_library
from compliance_graph.loader import load_library
from compliance_graph.output.shapes import schema

DAY = "2026-11-21"
LIBRARY = {
    "frameworks/demo-1.yaml": """\
format: 1
id: demo
edition: "1"
title: Demo rules, first edition
kind: standard
source: {citation: Demo 1}
in_force: [{from: 2020-01-01, until: 2026-01-01}]
requirements:
- {id: "1", title: Access, statement: Keep access to those who need it., questions: [Q1]}
- {id: "2", title: Testing, statement: Test once a year., citation: page 4}
- {id: "3", title: Fax, statement: Guard the fax machine.}
- {id: "4", title: Doors, statement: Lock the doors., citation: page 9}
- {id: "5", title: Keys, statement: Count the keys.}
- {id: "6", title: Windows, statement: Close the windows.}
""",
    "frameworks/demo-2.yaml": """\
format: 1
id: demo
edition: "2"
title: Demo rules
kind: standard
source: {citation: Demo 2}
in_force: [{from: 2026-01-01, until: 2026-06-01}]
supersedes: "1"
requirements:
- {id: "1", title: Access, statement: Keep access to those who need it., questions: [Q1, Q2],
   automatic_fail: true, replaces: ["1"]}
- {id: "2", title: Testing, statement: Test every quarter., citation: page 5, replaces: ["2"]}
- {id: "7", title: Doors, statement: Lock the doors., citation: page 11, replaces: ["4"]}
- {id: "5", title: Keys, statement: Count the keys.}
- {id: "6", title: Windows, statement: Close the windows., replaces: ["6"]}
- {id: "8", title: Backups, statement: Keep backups.}
""",
    "frameworks/demo-3.yaml": """\
format: 1
id: demo
edition: "3"
title: Demo rules
kind: standard
source: {citation: Demo 3}
in_force: [{from: 2026-06-01}]
supersedes: "2"
requirements:
- {id: "9", title: Doors, statement: Lock the doors., replaces: ["7"]}
""",
    "frameworks/other-1.yaml": """\
format: 1
id: other
edition: "1"
title: Other
kind: standard
source: {citation: Other}
requirements: [{id: "1", title: One, statement: Do one.}]
""",
    "controls/demo.yaml": """\
controls:
- {id: acc-01, title: Access reviews, domain: access}
- {id: tst-01, title: Tests, domain: testing}
- {id: tst-02, title: Quarterly tests, domain: testing}
- {id: phy-01, title: Locks, domain: physical}
""",
    "controls/mappings/demo-1.yaml": """\
framework: demo
edition: "1"
mappings:
- {requirement: "1", control: acc-01, relationship: equal-to, rationale: r}
- {requirement: "2", control: tst-01, relationship: equal-to, rationale: r}
- {requirement: "4", control: phy-01, relationship: equal-to, rationale: r}
""",
    "controls/mappings/demo-2.yaml": """\
framework: demo
edition: "2"
mappings:
- {requirement: "1", control: acc-01, relationship: equal-to, rationale: r}
- {requirement: "2", control: tst-02, relationship: equal-to, rationale: r}
- {requirement: "7", control: phy-01, relationship: equal-to, rationale: r}
""",
}
CLIENT = {
    "client.yaml": "name: Example\nfacts: {}\ntargets: [demo]\n",
    "controls.yaml": """\
controls:
  acc-01: {status: implemented, since: 2024-01-10}
  tst-01: {status: implemented, since: 2024-01-10}
  tst-02: {status: not-implemented}
  phy-01: {status: implemented, since: 2024-01-10}
""",
    "findings.yaml": """\
findings:
- {id: f-1, on: "demo@1:4", verdict: satisfied, date: 2025-05-01}
- {id: f-2, on: "demo@1:5", verdict: not-satisfied, date: 2025-05-01}
- {id: f-3, on: "demo@1:6", verdict: not-satisfied, date: 2025-05-01}
- {id: f-4, on: "demo@2:8", verdict: satisfied, date: 2026-02-01}
""",
    "decisions.yaml": """\
decisions:
- {id: d-1, on: "demo@1:3", kind: not-applicable, justification: No fax., approver: owner,
   date: 2025-03-01}
""",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return write(tmp_path / "library", LIBRARY)


@pytest.fixture
def client(tmp_path: Path) -> Path:
    return write(tmp_path / "client", CLIENT)


def shaped(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    assert run(["frameworks", "diff", *map(str, arguments), "--format", "json"]) == 0
    shape = json.loads(capsys.readouterr().out)
    jsonschema.Draft7Validator(schema("frameworks-diff")).validate(shape)
    return shape


def test_added_removed_changed_moved(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shape = shaped(capsys, "demo@1", "demo@2", "--library", library, "--as-of", DAY)
    assert (shape["framework"], shape["before"], shape["after"]) == ("demo", "1", "2")
    assert [r["id"] for r in shape["added"]] == ["8"]
    assert [r["id"] for r in shape["removed"]] == ["3"]
    assert [(r["before"], r["after"]) for r in shape["moved"]] == [("4", "7")]
    fields = {r["after"]: r["fields"] for r in shape["changed"]}
    assert fields == {
        "1": [
            {"field": "questions", "before": ["Q1"], "after": ["Q1", "Q2"]},
            {"field": "automatic_fail", "before": False, "after": True},
        ],
        "2": [
            {"field": "statement", "before": "Test once a year.", "after": "Test every quarter."}
        ],
    }
    assert shape["undeclared"] == ["5"]
    assert shape["unchanged"] == 2  # 5 and 6; another page number is no change
    assert shape["client"] is None


def test_over_an_edition_in_between_and_backward(library: Path) -> None:
    loaded, _ = load_library(library)
    one, two, three = (loaded.catalogs["demo", edition] for edition in "123")
    found = diff(loaded, one, three)
    assert [(c.before.id, c.after.id, c.declared) for c in found.kept] == [("4", "9", True)]
    assert [node.id for node in found.removed] == ["1", "2", "3", "5", "6"]
    back = diff(loaded, two, one)
    assert [(c.before.id, c.after.id) for c in back.moved] == [("7", "4")]
    assert [node.id for node in back.added] == ["3"]
    same = diff(loaded, two, two)
    assert (same.added, same.removed, same.changed, same.unchanged) == ((), (), (), 6)


def test_what_it_does_to_a_client(
    library: Path, client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ("demo@1", "demo@2", "--library", library, "--client", client, "--as-of", DAY)
    effect = shaped(capsys, *line)["client"]
    assert effect["name"] == "Example"
    rows = {
        (r["before"], r["after"]): (r["status_before"], r["status_after"], r["differs"])
        for r in effect["statuses"]
    }
    assert rows == {
        ("1", "1"): ("met", "met", False),
        ("2", "2"): ("met", "not-met", True),
        ("4", "7"): ("met", "met", False),
        ("5", "5"): ("not-met", "not-assessed", True),
        (None, "8"): (None, "met", True),
        ("3", None): ("not-applicable", None, True),
    }  # 6 is neither changed nor judged differently
    moves = {r["id"]: (r["kind"], r["on"], r["to"], r["moves"]) for r in effect["records"]}
    assert moves == {
        "f-1": ("finding", ["4"], ["7"], True),
        "f-2": ("finding", ["5"], [], False),
        "f-3": ("finding", ["6"], ["6"], True),
        "d-1": ("not-applicable", ["3"], [], False),
    }  # f-4 belongs to the second edition already
    assert all(bool(r["why"]) != r["moves"] for r in effect["records"])


def test_text(library: Path, client: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["demo@1", "demo@2", "--library", str(library), "--client", str(client)]
    assert run(["frameworks", "diff", *line, "--as-of", DAY]) == 0
    text = capsys.readouterr().out
    assert "1 added, 1 removed, 2 changed, 1 under another id, 2 unchanged." in text
    assert "4 -> 7  Doors" in text
    assert "2  Testing\n    met, not ready -> not-met\n" in text
    assert "3  Fax\n    not-applicable -> not in 2\n" in text
    assert "Records that do not move (2)" in text
    assert "finding f-2 on 5 <findings.yaml:3>" in text
    assert "Records that move (2)" in text


def test_two_frameworks_are_refused(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["frameworks", "diff", "demo@1", "other@1", "--library", str(library)]) == 2
    assert "frameworks crosswalk demo other" in capsys.readouterr().err
    assert run(["frameworks", "diff", "demo@1", "demo@4", "--library", str(library)]) == 2
    assert "its editions: 1, 2, 3" in capsys.readouterr().err


def test_cyber_essentials(capsys: pytest.CaptureFixture[str]) -> None:
    """3.3 brought the first automatic fails of the scheme, and took no requirement away."""
    line = ("cyber-essentials@3.2", "cyber-essentials@3.3", "--as-of", DAY)
    shape = shaped(capsys, *line)
    assert shape["removed"] == []
    fails = [
        change["after"]
        for change in shape["changed"]
        for field in change["fields"]
        if field["field"] == "automatic_fail" and field["after"]
    ]
    library, _ = load_library(shipped_library())
    current = library.catalogs["cyber-essentials", "3.3"].requirements.values()
    assert fails == [node.id for node in current if node.automatic_fail]
    assert {"CE.3.4", "CE.3.5"} <= set(fails)


def test_show_prints_sources_and_controls(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = library / "frameworks" / "demo-1.yaml"
    path.write_text(
        path.read_text().replace(
            "in_force:",
            'last_checked: "2026-11-20"\nrights: Ours.\nuncertainties: [The page is not certain.]\n'
            "in_force:",
        )
    )
    common = ["--library", str(library), "--as-of", DAY]
    assert run(["frameworks", "show", "demo@1", *common]) == 0
    text = capsys.readouterr().out
    for line in (
        "Source: Demo 1",
        "Rights: Ours.",
        "In force from 2020-01-01 until 2026-01-01",
        "Last checked: 2026-11-20",
        "Uncertain: The page is not certain.",
    ):
        assert line + "\n" in text
    assert run(["frameworks", "show", "demo@2:7", *common]) == 0
    text = capsys.readouterr().out
    assert "Continues: 4\n" in text
    assert "- phy-01 Locks (equal-to): r\n" in text
    assert run(["frameworks", "show", "demo@2:7", *common, "--format", "json"]) == 0
    (item,) = json.loads(capsys.readouterr().out)["requirements"]
    (control,) = item["controls"]
    assert (control["control"], control["on"], control["relationship"]) == (
        "phy-01", "7", "equal-to",
    )  # fmt: skip
    assert run(["frameworks", "show", "demo@2:8", *common]) == 0
    assert "No control of the library bears on it." in capsys.readouterr().out
