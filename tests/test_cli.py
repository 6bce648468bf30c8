"""The command line as scripts see it: exit codes, JSON shapes, places of errors, whole files."""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import click
import jsonschema
import pytest

from compliance_graph.cli import COMMANDS, cli, run
from compliance_graph.codes import CODES
from compliance_graph.output.shapes import SCHEMAS as OUTPUTS
from compliance_graph.output.shapes import schema as output_schema
from compliance_graph.validate import SCHEMAS as KINDS

ROOT = Path(__file__).resolve().parent.parent
DAY = "2026-11-21"

LIBRARY = {
    "frameworks/demo-1.yaml": """\
format: 1
id: demo
edition: "1"
title: Demo rules, first edition
kind: law
source: {citation: "Demo Act s. 1"}
in_force: [{from: 2020-01-01, until: 2026-01-01}]
requirements:
- {id: "1", title: Access, statement: "Keep access to those who need it.", citation: "s. 1"}
""",
    "frameworks/demo-2.yaml": """\
format: 1
id: demo
edition: "2"
title: Demo rules
kind: law
source: {citation: "Demo Act s. 1"}
in_force: [{from: 2026-01-01}]
supersedes: "1"
tiers: [{id: basic, title: Basic}, {id: more, title: More, includes: [basic]}]
requirements:
- {id: "1", title: Access, statement: "Keep access to those who need it.", citation: "s. 1",
   tiers: [basic], aliases: ["one"]}
- id: "2"
  title: Testing
  statement: "Test what protects the data."
  citation: "s. 2"
  logic: any
  tiers: [basic]
  children:
  - {id: "2(a)", title: By machine, statement: "Scan every quarter.", citation: "s. 2(a)"}
  - {id: "2(b)", title: By hand, statement: "Have a tester try.", citation: "s. 2(b)"}
- id: "3"
  title: Plan
  statement: "Keep a plan."
  citation: "s. 3"
  tiers: [more]
  na: approved
  objectives: [{id: "3[a]", statement: "a plan exists"}, {id: "3[b]", statement: "it is kept"}]
- id: "4"
  title: Large firms
  statement: "Report every year."
  citation: "s. 4"
  tiers: [more]
  when: {fact: headcount, gte: 50}
  when_text: 50 people or more
- {id: "5", title: Locks, statement: "Lock the doors.", citation: "s. 5", tiers: [more],
   alternative: {approver: owner}}
""",
    "frameworks/facts/facts.yaml": """\
facts:
- {id: headcount, type: int, ask: How many people work for you?, minimum: 0}
- {id: keeps_records, type: bool, ask: Do you keep records of people?}
- {id: sells, type: set, values: [food, tools], ask: What do you sell?}
- {id: revenue, type: money, ask: What was the revenue last year?}
""",
    "frameworks/regimes/regimes.yaml": """\
regimes:
- id: demo-act
  title: Demo Act
  kind: law
  citation: [Demo Act s. 1]
  rule: {fact: keeps_records, is: true}
  clauses: [{fact: keeps_records, citation: Demo Act s. 1(2), text: it binds who keeps records}]
  frameworks: [{framework: demo, tier: basic}]
  tiers:
  - {id: large, when: {fact: headcount, gte: 50}, frameworks: [{framework: demo, tier: more}]}
  duties:
  - {id: report, title: Yearly report, citation: s. 4, when: {fact: headcount, gte: 50}}
- id: food-act
  title: Food Act
  kind: law
  citation: [Food Act s. 1]
  rule: {fact: sells, has: food}
""",
    "controls/demo.yaml": """\
controls:
- {id: acc-01, title: Access reviews, domain: access, per: cloud-service,
   evidence: {any_of: [access-review]}, effort: {hours: [1, 4]}, cost: {per_year: [0, 100]}}
- {id: pol-01, title: A plan, domain: policy, recurrence: P1Y, good: {general: "A short one."}}
- {id: pol-02, title: The plan is kept, domain: policy}
- {id: tst-01, title: Scans, domain: testing, prerequisites: [acc-01],
   evidence: {all_of: [scan-report]}}
- {id: tst-02, title: Testers, domain: testing}
- {id: phy-01, title: Locks, domain: physical}
- {id: rep-01, title: Report, domain: policy}
""",
    "controls/mappings/demo-1.yaml": """\
framework: demo
edition: "1"
mappings:
- {requirement: "1", control: acc-01, relationship: superset-of, rationale: "reviews"}
""",
    "controls/mappings/demo-2.yaml": """\
framework: demo
edition: "2"
mappings:
- {requirement: "1", control: acc-01, relationship: superset-of, rationale: "reviews"}
- {requirement: "1", control: pol-01, relationship: intersects-with, rationale: "says who"}
- {requirement: "2(a)", control: tst-01, relationship: equal-to, rationale: "scans"}
- {requirement: "2(b)", control: tst-02, relationship: equal-to, rationale: "tries"}
- {requirement: "4", control: rep-01, relationship: equal-to, rationale: "reports"}
- {requirement: "5", control: phy-01, relationship: equal-to, rationale: "locks"}
jointly_sufficient:
- {requirement: "3", controls: [pol-01, pol-02], rationale: "a plan that is kept"}
""",
    "evidence/types.yaml": """\
evidence_types:
- {id: access-review, title: Access review record, fresh_for: P90D}
- {id: scan-report, title: Report of a scan}
""",
}
CLIENT = {
    "client.yaml": """\
name: Müller & Söhne
facts:
  headcount: {value: 12, stated_by: owner, date: 2026-11-02}
  keeps_records: true
  revenue: {amount: 100000, currency: EUR}
targets: [{framework: demo, tier: more, why: the bank asks}]
scope:
- {id: mail, kind: cloud-service}
- {id: books, kind: cloud-service}
roles:
  owner: {title: Owner, holders: [{name: A. Müller, from: 2020-01-01}]}
providers:
- id: msp
  title: IT firm
  contract: {reference: c-1, date: 2026-01-01}
  attestation: {kind: report, date: 2026-01-01, valid_until: 2027-01-01}
  responsibilities: [{control: tst-01, status: implemented}]
""",
    "controls.yaml": """\
controls:
  acc-01: {where: {mail: implemented, books: not-implemented}, owner: owner}
  pol-01: {status: implemented, since: 2026-02-01, performed: 2026-02-01}
  pol-02: {status: planned, due: 2027-01-01}
  tst-01: {status: implemented, origination: inherited, provider: msp}
  phy-01: {status: alternative, justification: a guard}
""",
    "decisions.yaml": """\
decisions:
- {on: "demo:5", kind: alternative, justification: a guard, approver: owner, date: 2026-03-01}
""",
    "findings.yaml": """\
findings:
- {on: "demo:3[a]", verdict: satisfied, date: 2026-05-01, method: examine, assessor: B. Weiß}
""",
    "evidence.yaml": """\
evidence:
- {id: ev-1, type: access-review, reference: in the safe, date: 2026-09-01, controls: [acc-01],
   state: final}
- {id: ev-2, type: scan-report, reference: in the safe, date: 2026-09-01, controls: [tst-01],
   state: final}
""",
}


class Answer(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Answer]


def lay_out(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "library", LIBRARY)


@pytest.fixture
def client(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "client", CLIENT)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the command line in process; whatever happens there is no traceback."""

    def do(*arguments: object) -> Answer:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Answer(code, out, err)

    return do


def process(
    *arguments: object, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "compliance_graph", *map(str, arguments)],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **(environment or {})},
        check=False,
        timeout=60,
    )


@cache
def validator(name: str) -> jsonschema.Draft7Validator:
    """The published schema, closed: a key it does not describe is a fault of the schema."""
    held = copy.deepcopy(output_schema(name))
    jsonschema.Draft7Validator.check_schema(held)

    def close(part: Any) -> None:
        if isinstance(part, dict):
            if "properties" in part:
                part.setdefault("additionalProperties", False)
            for value in part.values():
                close(value)
        elif isinstance(part, list):
            for value in part:
                close(value)

    close(held)
    return jsonschema.Draft7Validator(held)


def shaped(name: str, text: str) -> Any:
    """The JSON document, held against its schema."""
    document = json.loads(text)
    faults = [
        f"{list(e.absolute_path)}: {e.message}" for e in validator(name).iter_errors(document)
    ]
    assert faults == []
    return document


def tree(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, as the words a user types."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from tree(inner, (*path, name))


def command_of(path: tuple[str, ...]) -> click.Command:
    command: click.Command | None = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    return command


EVERY = list(tree(cli))
LEAVES = [path for path in EVERY if not isinstance(command_of(path), click.Group)]


def words_of(arguments: Sequence[str]) -> tuple[str, ...]:
    """The words at the front of a command line that name the command."""
    return max((path for path in EVERY if tuple(arguments[: len(path)]) == path), key=len)


# ---------------------------------------------------------------- help


@pytest.mark.parametrize("path", EVERY, ids=lambda path: " ".join(path) or "itself")
def test_help_says_what_a_command_does_and_gives_an_example_that_parses(
    call: Call, path: tuple[str, ...]
) -> None:
    answer = call(*path, "--help")
    assert answer.code == 0
    assert answer.err == ""
    examples = re.findall(
        r"^ +compliance-graph (.+)$", answer.out.split("Example:")[1], re.MULTILINE
    )
    assert examples
    for example in examples:
        words = shlex.split(example.split(" > ")[0])
        name = words_of(words)
        assert name[: len(path)] == path
        # parses the rest, runs nothing; an unknown option or a missing argument raises
        command_of(name).make_context(name[-1], words[len(name) :])


def test_the_list_of_commands_is_that_of_the_commands_themselves(call: Call) -> None:
    for name, (_, line) in COMMANDS.items():
        assert command_of((name,)).get_short_help_str(limit=200) == line
        assert line in call("--help").out


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: " ".join(path) or "itself")
def test_an_unknown_option_is_bad_usage(call: Call, path: tuple[str, ...]) -> None:
    answer = call(*path, "--nonsense")
    assert answer.code == 2
    assert answer.out == ""
    assert "--nonsense" in answer.err


def test_an_unknown_command_suggests_one(call: Call) -> None:
    answer = call("scop")
    assert answer.code == 2
    assert 'did you mean "scope"?' in answer.err


def test_no_command_at_all_shows_the_help(call: Call) -> None:
    answer = call()
    assert answer.code == 2
    assert "Commands:" in answer.out + answer.err


def test_version(call: Call) -> None:
    assert re.fullmatch(r"compliance-graph \d+\.\d+\.\d+\n", call("--version").out)


# ---------------------------------------------------------------- JSON


def test_scope_json(call: Call, library: Path, client: Path) -> None:
    answer = call("scope", client, "--library", library, "--as-of", DAY, "--format", "json")
    assert answer.code == 0
    shape = shaped("scope", answer.out)
    assert (shape["version"], shape["as_of"], shape["client"]) == (1, DAY, "Müller & Söhne")
    demo, food = shape["regimes"]
    assert demo["verdict"] == "applies"
    assert demo["frameworks"] == [{"framework": "demo", "tier": "basic"}]
    assert demo["because"][0]["fact"] == "keeps_records"
    assert demo["because"][0]["citation"] == "Demo Act s. 1(2)"
    assert demo["because"][0]["source"] == "client.yaml:4"
    assert demo["duties"][0]["verdict"] == "does-not-apply"
    assert (food["verdict"], food["undecided"]) == ("undetermined", ["sells"])
    assert shape["next_questions"][0]["fact"] == "sells"
    assert shape["next_questions"][0]["decides"] == ["food-act"]


def test_scope_what_if_answers_as_though_the_fact_were_stated(
    call: Call, library: Path, client: Path
) -> None:
    common = ("scope", client, "--library", library, "--as-of", DAY, "--format", "json")
    before = (client / "client.yaml").read_bytes()
    shape = shaped("scope", call(*common, "--set", "headcount=50", "--set", "sells=[food]").out)
    demo, food = shape["regimes"]
    assert demo["tiers"] == ["large"]
    assert demo["duties"][0]["verdict"] == "applies"
    assert food["verdict"] == "applies"
    shape = shaped("scope", call(*common, "--set", "keeps_records=unknown").out)
    assert shape["regimes"][0]["verdict"] == "undetermined"
    assert (client / "client.yaml").read_bytes() == before


def test_gap_json(call: Call, library: Path, client: Path) -> None:
    answer = call("gap", client, "--library", library, "--as-of", DAY, "--format", "json")
    assert answer.code == 0
    shape = shaped("gap", answer.out)
    assert shape["undetermined"] == ["food-act"]
    (demo,) = shape["frameworks"]
    assert (demo["framework"], demo["edition"], demo["applicability"]) == ("demo", "2", "applies")
    statuses = {row["id"]: row["status"] for row in demo["requirements"]}
    assert statuses == {
        "1": "partial",
        "2": "met",
        "2(a)": "met",
        "2(b)": "not-assessed",
        "3": "partial",
        "4": "not-applicable",
        "5": "met",
    }
    assert demo["counts"] == {
        "met": 2, "partial": 2, "not-met": 0, "not-applicable": 1, "not-assessed": 0
    }  # fmt: skip
    assert demo["total"] == sum(demo["counts"].values())
    assert demo["ready"] <= demo["counts"]["met"]
    assert demo["score"] is None
    assert [o["id"] for o in demo["requirements"][4]["objectives"]] == ["3[a]", "3[b]"]


def test_assume_plan_is_marked_and_changes_nothing_but_what_is_planned(
    call: Call, library: Path, client: Path
) -> None:
    common = ("gap", client, "--library", library, "--as-of", "2027-01-01", "--format", "json")
    found = []
    for options in ((), ("--assume-plan",)):
        shape = shaped("gap", call(*common, *options).out)
        assert shape["assume_plan"] is bool(options)
        rows = shape["frameworks"][0]["requirements"]
        found.append({row["id"]: (row["status"], row["assurance"]) for row in rows})
    assert found[0].pop("3") == ("partial", None)
    assert found[1].pop("3") == ("met", "claimed")
    assert found[0] == found[1]
    assert "ASSUMED" in call(*common[:-2], "--assume-plan").out


@pytest.mark.parametrize("requirement", ["1", "2", "2(a)", "3", "3[a]", "4", "5", "one"])
def test_explain_json(call: Call, library: Path, client: Path, requirement: str) -> None:
    common = ("--library", library, "--as-of", DAY, "--format", "json")
    answer = call("explain", client, f"demo:{requirement}", *common)
    assert answer.code == 0
    shape = shaped("explain", answer.out)
    assert shape["id"] == f"demo:{'1' if requirement == 'one' else requirement}"
    assert shape["edition"] == "2"
    assert shape["because"]
    rows = json.loads(call("gap", client, *common).out)["frameworks"][0]["requirements"]
    for row in rows:
        if row["id"] == requirement:
            assert (shape["status"], shape["assurance"]) == (row["status"], row["assurance"])


def test_explain_takes_the_edition_named(call: Call, library: Path, client: Path) -> None:
    common = ("--library", library, "--as-of", DAY, "--format", "json")
    shape = shaped("explain", call("explain", client, "demo@1:1", *common).out)
    assert shape["edition"] == "1"


def test_check_json(call: Call, library: Path, client: Path) -> None:
    common = ("--library", library, "--as-of", DAY, "--format", "json")
    answer = call("check", client, *common)
    shape = shaped("check", answer.out)
    assert (answer.code, shape["errors"]) == (0, 0)
    text = (client / "controls.yaml").read_text(encoding="utf-8")
    (client / "controls.yaml").write_text(text.replace("pol-01", "pol-1"), encoding="utf-8")
    answer = call("check", client, *common)
    assert answer.code == 1
    shape = shaped("check", answer.out)
    (fault,) = [d for d in shape["diagnostics"] if d["severity"] == "error"]
    assert (fault["code"], fault["line"], fault["column"]) == ("CG302", 3, 3)
    assert fault["path"] == f"{client}/controls.yaml"
    assert "pol-01" in fault["hint"]


def test_check_reports_duplicates_with_the_first_place(call: Call, library: Path) -> None:
    path = library / "controls" / "demo.yaml"
    path.write_text(path.read_text() + "- {id: acc-01, title: Again, domain: access}\n")
    answer = call("check", "--library", library, "--as-of", DAY, "--format", "json")
    shape = shaped("check", answer.out)
    (fault,) = [d for d in shape["diagnostics"] if d["code"] == "CG305"]
    assert [r["line"] for r in fault["related"]] == [2]


def test_frameworks_json(call: Call, library: Path) -> None:
    common = ("--library", library, "--as-of", DAY, "--format", "json")
    shape = shaped("frameworks-list", call("frameworks", "list", *common).out)
    found = [(f["id"], f["edition"], f["in_force_from"]) for f in shape["frameworks"]]
    assert found == [("demo", "1", "2020-01-01"), ("demo", "2", "2026-01-01")]
    assert [(f["requirements"], f["objectives"]) for f in shape["frameworks"]] == [(1, 0), (7, 2)]
    shape = shaped("frameworks-show", call("frameworks", "show", "demo", *common).out)
    assert shape["edition"] == "2"
    assert [(r["id"], r["parent"]) for r in shape["requirements"]][:3] == [
        ("1", None), ("2", None), ("2(a)", "2")
    ]  # fmt: skip
    for name in ("demo:3", "demo@2:3", "demo:3[a]"):
        shape = shaped("frameworks-show", call("frameworks", "show", name, *common).out)
        assert [r["id"] for r in shape["requirements"]] == ["3"]
        assert [o["id"] for o in shape["requirements"][0]["objectives"]] == ["3[a]", "3[b]"]
    shape = shaped("frameworks-show", call("frameworks", "show", "demo@1", *common).out)
    assert shape["edition"] == "1"
    shape = shaped("frameworks-show", call("frameworks", "show", "demo:one", *common).out)
    assert [r["id"] for r in shape["requirements"]] == ["1"]


def test_controls_json(call: Call, library: Path) -> None:
    common = ("--library", library, "--as-of", DAY, "--format", "json")
    shape = shaped("controls-list", call("controls", "list", *common).out)
    assert [c["id"] for c in shape["controls"]] == sorted(c["id"] for c in shape["controls"])
    assert len(shape["controls"]) == 7
    shape = shaped("controls-list", call("controls", "list", "--domain", "policy", *common).out)
    assert {c["domain"] for c in shape["controls"]} == {"policy"}
    shape = shaped("controls-show", call("controls", "show", "pol-01", *common).out)
    bears = [(s["requirement"], s["edition"], s["relationship"]) for s in shape["satisfies"]]
    assert bears == [("demo:1", "2", "intersects-with"), ("demo:3", "2", "jointly-sufficient")]
    assert shape["satisfies"][1]["with"] == ["pol-02"]
    shaped("controls-show", call("controls", "show", "acc-01", *common).out)


def test_the_json_of_the_shipped_library_follows_its_schemas(call: Call) -> None:
    common = ("--as-of", DAY, "--format", "json")
    shape = shaped("frameworks-list", call("frameworks", "list", *common).out)
    for framework in shape["frameworks"]:
        name = f"{framework['id']}@{framework['edition']}"
        shaped("frameworks-show", call("frameworks", "show", name, *common).out)
    shape = shaped("controls-list", call("controls", "list", *common).out)
    for control in shape["controls"][::25]:
        shaped("controls-show", call("controls", "show", control["id"], *common).out)


@pytest.mark.parametrize("name", [*KINDS, *(f"{name}-json" for name in OUTPUTS)])
def test_schema_prints_a_draft_07_schema(call: Call, name: str) -> None:
    answer = call("schema", name)
    assert answer.code == 0
    schema = json.loads(answer.out)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)
    assert name in call("schema").out.split("\n")


def test_schema_of_an_unknown_name_suggests_one(call: Call) -> None:
    answer = call("schema", "gaps-json")
    assert answer.code == 2
    assert answer.out == ""
    assert 'did you mean "gap-json"?' in answer.err


def test_explain_code(call: Call) -> None:
    answer = call("explain-code", "cg301")
    assert answer.code == 0
    assert answer.out.startswith("CG301: Unknown requirement (error)\n")
    answer = call("explain-code", "CG3O1")
    assert answer.code == 2
    assert answer.out == ""


# ---------------------------------------------------------------- graph


@pytest.mark.parametrize("form", ["graphml", "gexf", "json", "dot", "mermaid"])
def test_graph_export(call: Call, library: Path, client: Path, tmp_path: Path, form: str) -> None:
    answer = call("graph", "export", client, "--library", library, "--format", form)
    assert answer.code == 0
    assert "acc-01" in answer.out
    ending = {"mermaid": "mmd"}.get(form, form)
    target = tmp_path / f"graph.{ending}"
    assert call("graph", "export", client, "--library", library, "-o", target).code == 0
    assert target.read_text(encoding="utf-8") == answer.out
    near = call("graph", "export", "--library", library, "--format", form, "--around", "pol-01",
                "--hops", 1)  # fmt: skip
    assert near.code == 0
    assert "tst-02" not in near.out


def test_graph_path_and_stats(call: Call, library: Path, client: Path) -> None:
    common = ("--library", library, "--as-of", DAY)
    answer = call("graph", "path", "acc-01", "demo:1", *common, "--format", "json")
    assert answer.code == 0
    shape = json.loads(answer.out)
    assert (shape["version"], shape["as_of"]) == (1, DAY)
    assert [step["relation"] for step in shape["path"]] == ["satisfies"]
    assert "acc-01" in call("graph", "path", "acc-01", "demo:1", *common).out
    answer = call("graph", "path", "acc-1", "demo:1", *common, "--format", "json")
    assert answer.code == 2
    assert "acc-01" in shaped("error", answer.out)["error"]["hint"]
    answer = call("graph", "stats", client, *common, "--format", "json")
    assert answer.code == 0
    shape = json.loads(answer.out)
    assert (shape["version"], shape["as_of"]) == (1, DAY)
    assert shape["nodes"]
    assert call("graph", "stats", client, *common).code == 0


# ---------------------------------------------------------------- init, completion, documents


def test_init_starts_a_folder_that_checks_clean_and_never_overwrites(
    call: Call, library: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    name = 'Quote " and \\ and é'
    assert call("init", folder, "--name", name, "--library", library).code == 0
    assert "client.yaml" in {path.name for path in folder.iterdir()}
    assert call("check", folder, "--library", library, "--as-of", DAY).code == 0
    answer = call("scope", folder, "--library", library, "--as-of", DAY, "--format", "json")
    assert shaped("scope", answer.out)["client"] == name
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    answer = call("init", folder, "--library", library)
    assert answer.code == 2
    assert "not empty" in answer.err
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_init_of_the_shipped_library_checks_clean(call: Call, tmp_path: Path) -> None:
    assert call("init", tmp_path / "new").code == 0
    answer = call("scope", tmp_path / "new", "--as-of", DAY, "--format", "json")
    assert answer.code == 0
    assert shaped("scope", answer.out)["next_questions"]


def test_init_refuses_a_name_that_would_not_be_read_again(
    call: Call, library: Path, tmp_path: Path
) -> None:
    answer = call("init", tmp_path / "new", "--name", "two\nlines\x1b", "--library", library)
    assert answer.code == 2
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(call: Call, shell: str) -> None:
    answer = call("completion", shell)
    assert answer.code == 0
    assert "compliance-graph" in answer.out


@pytest.mark.parametrize("kind", ["wisp", "gap-report"])
@pytest.mark.parametrize("ending", ["docx", "html", "md"])
def test_document(
    call: Call, library: Path, client: Path, tmp_path: Path, kind: str, ending: str
) -> None:
    target = tmp_path / f"paper.{ending}"
    common = (client, "--library", library, "--as-of", DAY)
    answer = call("document", kind, *common, "-o", target)
    if kind == "wisp":  # 16 CFR 314 asks for it, and this library does not have it
        assert answer.code == 2
        assert re.search(r"error\[CG\d{3}\] .*ftc-safeguards", answer.err)
        assert not target.exists()
        return
    assert answer.code == 0
    first = target.read_bytes()
    assert len(first) > 500
    assert call("document", kind, *common, "-o", target).code == 0
    assert target.read_bytes() == first


def test_document_of_an_unknown_ending_writes_nothing(
    call: Call, library: Path, client: Path, tmp_path: Path
) -> None:
    target = tmp_path / "paper.txt"
    answer = call("document", "gap-report", client, "--library", library, "-o", target)
    assert answer.code == 2
    assert ".docx" in answer.err
    assert not target.exists()


@pytest.mark.parametrize("ending", ["docx", "html", "md"])
def test_the_wisp_of_a_sample_client(call: Call, tmp_path: Path, ending: str) -> None:
    client = ROOT / "src" / "compliance_graph" / "samples" / "lone-star-tax"
    target = tmp_path / f"wisp.{ending}"
    assert call("document", "wisp", client, "--as-of", DAY, "-o", target).code == 0
    first = target.read_bytes()
    assert len(first) > 5000
    assert call("document", "wisp", client, "--as-of", DAY, "-o", target).code == 0
    assert target.read_bytes() == first


def test_a_document_to_stdout_is_markdown(call: Call, library: Path, client: Path) -> None:
    answer = call("document", "gap-report", client, "--library", library, "--as-of", DAY, "-o", "-")
    assert answer.code == 0
    assert answer.out.startswith("# ") or "\n# " in answer.out


def test_matrix_export(call: Call, library: Path, client: Path, tmp_path: Path) -> None:
    target = tmp_path / "matrix.xlsx"
    common = ("matrix", "export", client, "--library", library, "--as-of", DAY, "-o", target)
    assert call(*common).code == 0
    first = target.read_bytes()
    assert first.startswith(b"PK")
    assert call(*common).code == 0
    assert target.read_bytes() == first


# ---------------------------------------------------------------- errors


def bad_calls(library: Path, client: Path) -> dict[str, tuple[object, ...]]:
    """Calls that cannot go on, by what is wrong with them."""
    lib = ("--library", library)
    return {
        "unknown framework": ("gap", client, *lib, "-f", "dmo"),
        "unknown edition": ("gap", client, *lib, "-f", "demo@9"),
        "unknown tier": ("gap", client, *lib, "-f", "demo", "--tier", "gold"),
        "unknown status": ("gap", client, *lib, "--fail-on", "red"),
        "percentage": ("gap", client, *lib, "--fail-under", "101"),
        "no client": ("gap", client / "nowhere", *lib),
        "no library": ("gap", client, "--library", library / "nowhere"),
        "not a library": ("gap", client, "--library", client),
        "a date that is none": ("gap", client, *lib, "--as-of", "2026-02-30"),
        "option without value": ("gap", client, *lib, "--as-of"),
        "no edition in force": ("gap", client, *lib, "-f", "demo", "--as-of", "2019-01-01"),
        "unknown requirement": ("explain", client, "demo:77", *lib),
        "not qualified": ("explain", client, "1", *lib),
        "explain another framework": ("explain", client, "dmo:1", *lib),
        "unknown fact": ("scope", client, *lib, "--set", "headcont=3"),
        "fact of another type": ("scope", client, *lib, "--set", "headcount=many"),
        "fact without a value": ("scope", client, *lib, "--set", "headcount"),
        "show an unknown framework": ("frameworks", "show", "dmo", *lib),
        "show an unknown requirement": ("frameworks", "show", "demo:77", *lib),
        "show an unknown control": ("controls", "show", "acc-1", *lib),
        "unknown domain": ("controls", "list", "--domain", "acces", *lib),
        "unknown node": ("graph", "path", "acc-01", "nowhere", *lib),
        "check with a bad option": ("check", client, *lib, "--wrong"),
    }


@pytest.mark.parametrize("what", list(bad_calls(Path(), Path())))
def test_exit_2_prints_the_error_as_json_and_writes_nothing(
    call: Call, library: Path, client: Path, tmp_path: Path, what: str
) -> None:
    arguments = bad_calls(library, client)[what]
    fresh, held = tmp_path / "fresh.json", tmp_path / "held.json"
    held.write_text("as it was")
    for target in (fresh, held):
        tail = () if what == "option without value" else ("-o", target)
        answer = call(*arguments[:2], "--format", "json", *tail, *arguments[2:])
        assert answer.code == 2
        error = shaped("error", answer.out)["error"]
        assert error["message"]
        assert error["code"] in ("usage", *CODES)
        assert error["message"].split("\n")[0] in answer.err
    assert not fresh.exists()
    assert held.read_text() == "as it was"
    assert call(*arguments).code == 2, "and so without --format json"


def test_a_fault_in_the_files_is_reported_with_its_place(
    call: Call, library: Path, client: Path
) -> None:
    (client / "controls.yaml").write_text("controls:\n  acc-01: {status: done}\n")
    answer = call("gap", client, "--library", library, "--format", "json", "--as-of", DAY)
    assert answer.code == 2
    error = shaped("error", answer.out)["error"]
    place = (error["path"], error["line"], error["column"], error["code"])
    assert place == (f"{client}/controls.yaml", 2, 12, "CG201")
    assert f"{client}/controls.yaml:2:12: error[CG201]" in answer.err


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("controls/mappings/demo-2.yaml", "control: tst-01", "control: tst-1", "CG302"),
        ("controls/mappings/demo-2.yaml", 'requirement: "2(a)"', 'requirement: "2(c)"', "CG301"),
        ("controls/mappings/demo-2.yaml", "framework: demo", "framework: dmo", "CG304"),
        ("controls/mappings/demo-2.yaml", "[pol-01, pol-02]", "[pol-01, pol-3]", "CG302"),
        ("controls/demo.yaml", "any_of: [access-review]", "any_of: [access-revue]", "CG303"),
        ("controls/demo.yaml", "prerequisites: [acc-01]", "prerequisites: [acc-9]", "CG302"),
    ],
)
def test_a_library_with_dangling_ids_is_not_used(
    call: Call, library: Path, client: Path, name: str, old: str, new: str, code: str
) -> None:
    path = library / name
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))
    answer = call("gap", client, "--library", library, "--as-of", DAY, "--format", "json")
    assert answer.code == 2
    error = shaped("error", answer.out)["error"]
    assert (error["code"], error["path"]) == (code, f"{library}/{name}")
    assert call("check", "--library", library, "--as-of", DAY).code == 1


def test_output_into_a_missing_folder_is_refused(
    call: Call, library: Path, client: Path, tmp_path: Path
) -> None:
    target = tmp_path / "nowhere" / "gap.json"
    common = ("gap", client, "--library", library, "--as-of", DAY)
    answer = call(*common, "--format", "json", "-o", target)
    assert answer.code == 2
    assert str(target) in answer.err
    assert not target.parent.exists()
    answer = call(*common, "-o", tmp_path)
    assert answer.code == 2
    assert not list(tmp_path.glob(".*"))


def test_output_to_a_file_is_what_stdout_gets(
    call: Call, library: Path, client: Path, tmp_path: Path
) -> None:
    for form in ("text", "json", "csv", "md", "sarif", "junit"):
        common = ("gap", client, "--library", library, "--as-of", DAY, "--format", form)
        target = tmp_path / form
        answer = call(*common, "-o", target)
        assert (answer.code, answer.out) == (0, "")
        assert target.read_bytes().decode() == call(*common, "-o", "-").out


def test_a_bug_is_said_to_be_one(
    call: Call, library: Path, client: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("boom \x1b[31m")

    monkeypatch.setattr("compliance_graph.analysis.scope.scope", broken)
    monkeypatch.delenv("COMPLIANCE_GRAPH_DEBUG", raising=False)
    answer = call("scope", client, "--library", library)
    assert answer.code == 70
    assert "bug in compliance-graph: RuntimeError: boom \\x1b[31m" in answer.err


# ---------------------------------------------------------------- gates


def test_gates(call: Call, library: Path, client: Path) -> None:
    common = ("gap", client, "--library", library, "--as-of", DAY, "--format", "json")
    plain = call(*common)
    assert plain.code == 0
    for options, code in (
        (("--fail-on", "not-met"), 0),
        (("--fail-on", "not-met,partial"), 1),
        (("--fail-on", "met"), 1),
        (("--fail-under", "0"), 0),
        (("--fail-under", "100"), 1),
        (("--fail-on", "not-met", "--fail-under", "100"), 1),
    ):
        answer = call(*common, *options)
        assert answer.code == code, options
        assert answer.out == plain.out, "a gate changes the exit code, not the result"
        assert ("gate failed" in answer.err) is bool(code)


def test_fail_under_compares_ready_with_what_is_applicable(
    call: Call, library: Path, client: Path
) -> None:
    common = ("gap", client, "--library", library, "--as-of", DAY)
    (demo,) = json.loads(call(*common, "--format", "json").out)["frameworks"]
    share = 100 * demo["ready"] / (demo["total"] - demo["counts"]["not-applicable"])
    assert 0 < share < 100
    assert call(*common, "--fail-under", share - 0.1).code == 0
    assert call(*common, "--fail-under", share + 0.1).code == 1


def test_a_gate_never_passes_on_nothing(call: Call, library: Path, client: Path) -> None:
    """Nothing bound, nothing assessed: a build must not turn green."""
    (client / "client.yaml").write_text("name: Nobody\nfacts: {}\n")
    for name in ("controls", "decisions", "findings", "evidence"):
        (client / f"{name}.yaml").unlink()
    common = ("gap", client, "--library", library, "--as-of", DAY)
    assert call(*common).code == 0
    for options in (("--fail-on", "not-met"), ("--fail-under", "0"), ("--fail-under", "50")):
        answer = call(*common, *options)
        assert answer.code == 1, options
        assert "nothing was analysed" in answer.err
        answer = call(*common, "-f", "demo", *options)
        assert answer.code == 1, options
        assert "gate failed: demo@2" in answer.err


def test_check_strict_fails_on_warnings(call: Call, library: Path) -> None:
    plain = call("check", "--library", library, "--as-of", DAY)
    strict = call("check", "--library", library, "--as-of", DAY, "--strict")
    assert "warning[" in plain.out
    assert (plain.code, strict.code) == (0, 1)


def test_check_takes_libraries_clients_and_folders_of_clients(
    call: Call, library: Path, client: Path
) -> None:
    (client / "controls.yaml").write_text("controls: 7\n")
    for path in (client, client.parent):
        answer = call("check", path, "--library", library, "--as-of", DAY)
        assert answer.code == 1
        assert "client/controls.yaml:1:1: error[CG201]" in answer.out
    assert call("check", library, "--as-of", DAY).code == 0
    assert call("check", client.parent / "nowhere", "--as-of", DAY).code == 1


# ---------------------------------------------------------------- terminals and pipes


NASTY = "a\x1b[31m\u202eb\x07\u2028c"


@pytest.mark.parametrize(
    "arguments",
    [
        ("gap", NASTY),
        ("check", NASTY),
        ("gap", "client", "-f", NASTY),
        ("gap", "client", "--tier", NASTY),
        ("gap", "client", "--fail-on", NASTY),
        ("gap", "client", "--as-of", NASTY),
        ("gap", "client", "--format", NASTY),
        ("explain", "client", f"demo:{NASTY}"),
        ("explain", "client", NASTY),
        ("scope", "client", "--set", f"{NASTY}=1"),
        ("scope", "client", "--set", f"headcount={NASTY}"),
        ("frameworks", "show", NASTY),
        ("frameworks", "show", f"demo:{NASTY}"),
        ("controls", "show", NASTY),
        ("controls", "list", "--domain", NASTY),
        ("graph", "path", NASTY, "acc-01"),
        ("graph", "export", "--around", NASTY),
        ("explain-code", NASTY),
        ("schema", NASTY),
        ("completion", NASTY),
        ("document", "gap-report", "client", "-o", NASTY),
        ("gap", "client", "-o", f"{NASTY}/x"),
        ("init", "new", "--name", NASTY),
        (NASTY,),
        ("gap", "client", f"--{NASTY}"),
    ],
    ids=lambda arguments: " ".join(arguments).encode("unicode_escape").decode(),
)  # fmt: skip
@pytest.mark.parametrize("form", ["text", "json"])
def test_what_a_user_or_a_file_says_cannot_steer_the_terminal(
    call: Call, library: Path, client: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], form: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(client.parent)
    name = words_of(arguments)
    options: tuple[str, ...] = ()
    if any("--library" in parameter.opts for parameter in command_of(name).params):
        options += ("--library", "library")
    if form == "json":
        options += ("--format", "json")
    answer = call(*name, *options, *arguments[len(name) :])
    assert answer.code in (1, 2)
    for character in NASTY:
        if not character.isprintable():
            assert character not in answer.out + answer.err
    assert re.search(r"Usage|\\x1b|\\u001b", answer.out + answer.err)


def test_a_file_name_cannot_steer_the_terminal(call: Call, library: Path) -> None:
    (library / "controls" / f"{NASTY}.yaml").write_text("controls: [")
    for form in ("text", "json", "sarif", "github"):
        answer = call("check", "--library", library, "--as-of", DAY, "--format", form)
        assert answer.code == 1
        assert "\x1b" not in answer.out
        assert "\u202e" not in answer.out


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=["latin-1", "ascii", "C"],
)
def test_names_outside_of_ascii_in_any_environment(
    library: Path, client: Path, environment: dict[str, str]
) -> None:
    for form in ("text", "json", "csv"):
        result = process(
            "gap", client, "--library", library, "--as-of", DAY, "--format", form,
            environment=environment,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        text = result.stdout.decode("utf-8")
        assert form == "csv" or "Müller & Söhne" in text
        assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_a_reader_that_goes_away_is_no_fault(form: str) -> None:
    """`compliance-graph controls list | head -1` ends quietly and not as a failed gate."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    child = subprocess.Popen(
        [sys.executable, "-m", "compliance_graph", "controls", "list", "--format", form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    assert child.wait(timeout=60) == 0
    assert err == b""


def test_the_same_input_gives_the_same_bytes_in_another_process_and_folder(
    library: Path, client: Path
) -> None:
    for command in (
        ("scope", client, "--format", "json"),
        ("gap", client, "--format", "json"),
        ("gap", client, "--format", "sarif"),
        ("explain", client, "demo:3"),
    ):
        answers = {
            process(*command, "--library", library, "--as-of", DAY,
                    environment={"PYTHONHASHSEED": seed}).stdout
            for seed in ("1", "2")
        }  # fmt: skip
        assert len(answers) == 1
        assert len(answers.pop()) > 100


def test_a_process_ends_with_the_codes_of_the_manual(library: Path, client: Path) -> None:
    common = (client, "--library", library, "--as-of", DAY)
    assert process("gap", *common).returncode == 0
    assert process("gap", *common, "--fail-on", "partial").returncode == 1
    result = process("gap", *common, "-f", "nothing")
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"Traceback" not in result.stderr


# ---------------------------------------------------------------- what is loaded


HEAVY = {
    "networkx", "openpyxl", "xlsxwriter", "docx", "lxml", "jinja2", "jsonschema", "jsonschema_rs",
    "ruamel", "rich",
}  # fmt: skip


def loaded(*arguments: object) -> set[str]:
    """The top-level modules a command has loaded when it ends."""
    script = (
        "import sys; from compliance_graph.cli import run; code = run(sys.argv[1:]);"
        "names = sorted({name.partition('.')[0] for name in sys.modules});"
        "print(code, *names, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    code, *names = result.stderr.splitlines()[-1].split()
    assert code == "0"
    return set(names)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("gap", "--help")])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert loaded(*arguments) & HEAVY == set()


def test_the_list_of_commands_reads_no_yaml() -> None:
    assert "yaml" not in loaded("--help")


@pytest.mark.parametrize("form", ["text", "json"])
def test_gap_loads_no_graph_and_no_writer(library: Path, client: Path, form: str) -> None:
    names = loaded("gap", client, "--library", library, "--as-of", DAY, "--format", form)
    assert names & HEAVY <= {"jsonschema_rs"}


def test_every_code_a_command_stops_with_is_explained() -> None:
    """A user who meets error[CG...] finds it with `explain-code`."""
    for path in (ROOT / "src" / "compliance_graph").rglob("*.py"):
        for code in re.findall(r'"(CG\d{3})"', path.read_text(encoding="utf-8")):
            assert code in CODES, path
