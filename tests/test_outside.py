"""The program as somebody sees it who has read only DESIGN.md.

Small libraries, small clients, the command line: nothing else of the package is used. Most
commands run in this process, for speed; those that ask for an environment of their own run in a
process of their own.
"""

import contextlib
import functools
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import networkx as nx
import pytest
import yaml

from compliance_graph.cli import run as command_line

HERE = Path(__file__).parent
ROOT = HERE.parent
DAY = "2026-06-01"
STATUSES = ["met", "partial", "not-met", "not-applicable", "not-assessed"]


# ---------------------------------------------------------------- running and writing


def run(*args, cwd=None, **env):
    """Run a command: exit code and output. A traceback or a bug of ours is never all right."""
    done = _apart(args, cwd, env) if env else _here(args, cwd)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert done.returncode in (0, 1, 2), done.stderr.decode()
    return done


def _here(args, cwd):
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        contextlib.chdir(cwd or "."),
    ):
        code = command_line([str(arg) for arg in args])
    out.flush(), err.flush()
    return SimpleNamespace(
        returncode=code, stdout=out.buffer.getvalue(), stderr=err.buffer.getvalue()
    )


def _apart(args, cwd, env):
    command = [sys.executable, "-m", "compliance_graph", *map(str, args)]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", **env}
    return subprocess.run(command, capture_output=True, cwd=cwd, env=env, check=False, timeout=60)


def answer(*args, code=0, **kwargs):
    done = run(*args, "--format", "json", **kwargs)
    assert done.returncode == code, (
        done.returncode,
        done.stdout.decode()[:500],
        done.stderr.decode(),
    )
    return json.loads(done.stdout)


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (
        data if isinstance(data, str) else yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    )
    path.write_text(text, encoding="utf-8", newline="")
    return path


def requirement(data):
    full = {"title": f"Title {data['id']}", "statement": f"Do {data['id']}.", **data}
    if "children" in data:
        full["children"] = [requirement(child) for child in data["children"]]
    if "objectives" in data:
        full["objectives"] = [{"statement": f"{o['id']} is done", **o} for o in data["objectives"]]
    return full


def mapping(line):
    req, relationship, control = line.split()
    return {
        "requirement": req,
        "control": control,
        "relationship": relationship,
        "rationale": "It does.",
    }


def library(folder, case, edition="1", **catalog):
    """Write a library of DESIGN.md section 3's least shape."""
    put(
        folder / f"frameworks/demo-{edition}.yaml",
        {
            "format": 1,
            "id": "demo",
            "edition": edition,
            "title": "Demo rules",
            "kind": case.get("kind", "law"),
            "source": {"citation": "Demo Act s. 1"},
            **catalog,
            "requirements": [requirement(r) for r in case["requirements"]],
        },
    )
    put(
        folder / "controls/demo.yaml",
        {
            "controls": [
                {"title": c["id"], "domain": "demo", **c} for c in case.get("controls", [])
            ],
        },
    )
    put(
        folder / f"controls/mappings/demo-{edition}.yaml",
        {
            "framework": "demo",
            "edition": edition,
            "mappings": [mapping(line) for line in case.get("mappings", "").splitlines()],
            "jointly_sufficient": [
                {"requirement": r, "controls": c, "rationale": "Together they do."}
                for r, c in case.get("jointly_sufficient", {}).items()
            ],
        },
    )
    if "evidence_types" in case:
        put(
            folder / "evidence/types.yaml",
            {"evidence_types": [{"title": t["id"], **t} for t in case["evidence_types"]]},
        )
    return folder


def client(folder, case):
    """Write a client of section 4's least shape."""
    facts = case.get("facts", {})
    extra = {k: case[k] for k in ("scope", "providers", "roles") if k in case}
    put(
        folder / "client.yaml",
        {"name": "Example", "facts": facts, "targets": case.get("targets", ["demo"]), **extra},
    )
    records = case.get("records") or {c: {"status": s} for c, s in case.get("status", {}).items()}
    if records:
        put(folder / "controls.yaml", {"controls": records})
    for name in ("decisions", "findings", "evidence"):
        if name in case:
            put(folder / f"{name}.yaml", {name: case[name]})
    for name, text in case.get("files", {}).items():
        put(folder / name, text)
    return folder


def flat(framework):
    rows = {}
    for row in framework["requirements"]:
        rows[row["id"]] = row
        rows |= {o["id"]: o for o in row.get("objectives", [])}
    return rows


# ---------------------------------------------------------------- section 5, case by case


def cases():
    return yaml.load((HERE / "outside/verdicts.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)[
        "cases"
    ]


def plain(value):
    """The cases are read as text; numbers, booleans and null come back where the JSON has them."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return {"true": True, "false": False, "null": None}.get(
        value, int(value) if value.isdigit() and len(value) < 9 else value
    )


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Every case once through `gap`, by name."""
    done = {}
    for case in cases():
        folder = tmp_path_factory.mktemp("case")
        raw = {
            k: v
            if k in ("mappings", "requirements", "controls", "jointly_sufficient")
            else plain(v)
            for k, v in case.items()
        }
        raw["requirements"] = [typed(r) for r in case["requirements"]]
        library(folder / "lib", raw)
        client(folder / "client", raw)
        args = [
            "gap",
            folder / "client",
            "--library",
            folder / "lib",
            "--as-of",
            DAY,
            *case.get("args", []),
        ]
        done[case["name"]] = answer(*args)
    return done


def typed(req):
    out = {}
    for key, value in req.items():
        if key in ("children",):
            out[key] = [typed(child) for child in value]
        elif key in ("id", "objectives"):
            out[key] = value
        else:
            out[key] = plain(value)
    return out


EXPECTED = [(case["name"], rid, want) for case in cases() for rid, want in case["expect"].items()]


@pytest.mark.parametrize(
    ("name", "rid", "want"), EXPECTED, ids=[f"{n}: {r}" for n, r, _ in EXPECTED]
)
def test_verdict(verdicts, name, rid, want):
    row = flat(verdicts[name]["frameworks"][0])[rid]
    kinds = {gap["kind"] for gap in row["gaps"]}
    want = plain(want)
    got = {key: row[key] for key in want if key in row and key != "gaps"}
    assert got == {k: v for k, v in want.items() if k not in ("gaps", "has", "lacks")}, row["gaps"]
    if "gaps" in want:
        assert kinds == set(want["gaps"]), row["gaps"]
    assert kinds >= set(want.get("has", [])), row["gaps"]
    assert not kinds & set(want.get("lacks", [])), row["gaps"]


@pytest.mark.parametrize("case", cases(), ids=[c["name"] for c in cases()])
def test_counts(verdicts, case):
    got = verdicts[case["name"]]
    assert got["version"] == 1
    assert got["as_of"] == DAY
    assert got["undetermined"] == []
    (framework,) = got["frameworks"]
    counts = framework["counts"]
    assert sorted(counts) == sorted(STATUSES)
    assert sum(counts.values()) == framework["total"]
    assessable = [r for r in framework["requirements"] if r["assessable"]]
    assert len(assessable) == framework["total"]
    assert {s: sum(r["status"] == s for r in assessable) for s in STATUSES} == counts
    assert framework["ready"] == sum(r["ready"] for r in assessable if r["status"] == "met")
    for row in framework["requirements"]:
        assert row["status"] == "met" or row["assurance"] is None
        assert (row["status"] == "met") == (
            row["assurance"] in ("claimed", "evidenced", "verified")
        )
        assert not row["ready"] or row["status"] in ("met", "not-applicable")
        if row["status"] == "met" and row["assurance"] == "claimed":
            assert not row["ready"]
    if "total" in case:
        assert framework["total"] == int(case["total"])
    if "counts" in case:
        assert counts == plain(case["counts"])


# ---------------------------------------------------------------- a small world for the commands

WORLD = {
    "requirements": [
        {"id": "1", "title": "Access", "citation": "s. 1"},
        {"id": "2", "logic": "any", "children": [{"id": "2(a)"}, {"id": "2(b)"}]},
        {"id": "3", "na": "never", "objectives": [{"id": "3[a]"}]},
    ],
    "controls": [
        {
            "id": "acc-01",
            "per": "cloud-service",
            "evidence": {"any_of": ["access-review", "hr-list"]},
        },
        {"id": "pol-01"},
        {"id": "pol-02"},
    ],
    "mappings": "1 superset-of acc-01",
    "jointly_sufficient": {"3[a]": ["pol-01", "pol-02"]},
    "evidence_types": [{"id": "access-review", "fresh_for": "P90D"}, {"id": "hr-list"}],
    "facts": {
        "headcount": 12,
        "financial_activities": ["tax_preparation"],
        "consumer_records": {"value": 3100, "stated_by": "owner", "date": "2026-05-02"},
    },
    "records": {
        "acc-01": {
            "status": "implemented",
            "since": "2026-01-10",
            "owner": "it-provider",
            "narrative": "…",
        },
        "pol-01": {"status": "implemented"},
        "pol-02": {"status": "planned", "due": "2026-05-01"},
    },
    "evidence": [
        {
            "id": "ev-1",
            "type": "access-review",
            "date": "2026-05-01",
            "controls": ["acc-01"],
            "state": "final",
        }
    ],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    library(folder / "lib", WORLD)
    client(folder / "acme", WORLD)
    return folder


def here(world, *args, **kwargs):
    """A command in the small world, with names relative to it, as a script would write them."""
    return answer(*args, "--library", "lib", cwd=world, **kwargs)


def error_of(world, *args):
    got = here(world, *args, code=2)
    assert sorted(got) == ["error", "version"]
    assert got["version"] == 1
    assert sorted(got["error"]) == ["code", "column", "hint", "line", "message", "path"]
    assert got["error"]["message"]
    assert got["error"]["code"]
    return got["error"]


# ---------------------------------------------------------------- section 8: keys and types

KEYS = [  # command, and dotted keys with the type that stands there ([] is every item)
    (
        ["frameworks", "list"],
        {
            "frameworks[].id": str,
            "frameworks[].edition": str,
            "frameworks[].title": str,
            "frameworks[].kind": str,
            "frameworks[].requirements": int,
            "frameworks[].objectives": int,
            "frameworks[].in_force_from": (str, type(None)),
        },
    ),
    (
        ["frameworks", "show", "demo"],
        {
            "framework": str,
            "edition": str,
            "requirements[].id": str,
            "requirements[].parent": (str, type(None)),
            "requirements[].title": str,
            "requirements[].statement": str,
            "requirements[].citation": str,
            "requirements[].kind": str,
            "requirements[].tiers": list,
            "requirements[].assessable": bool,
            "requirements[].weight": (int, type(None)),
            "requirements[].objectives": list,
            "requirements[].questions": list,
            "requirements[].aliases": list,
            "requirements[].poam": object,
        },
    ),
    (
        ["controls", "list"],
        {"controls[].id": str, "controls[].title": str, "controls[].domain": str},
    ),
    (
        ["controls", "show", "acc-01"],
        {
            "id": str,
            "satisfies[].requirement": str,
            "satisfies[].relationship": str,
            "satisfies[].rationale": str,
        },
    ),
    (["scope", "acme"], {"client": str, "regimes": list, "next_questions": list}),
    (
        ["gap", "acme"],
        {
            "client": str,
            "undetermined": list,
            "frameworks[].framework": str,
            "frameworks[].edition": str,
            "frameworks[].tiers": list,
            "frameworks[].applicability": object,
            "frameworks[].total": int,
            "frameworks[].counts.met": int,
            "frameworks[].ready": int,
            "frameworks[].score": (int, type(None)),
            "frameworks[].requirements[].id": str,
            "frameworks[].requirements[].title": str,
            "frameworks[].requirements[].status": str,
            "frameworks[].requirements[].assurance": (str, type(None)),
            "frameworks[].requirements[].met_of": list,
            "frameworks[].requirements[].assessed_of": list,
            "frameworks[].requirements[].controls[]": str,
            "frameworks[].requirements[].gaps[].kind": str,
            "frameworks[].requirements[].gaps[].control": (str, type(None)),
            "frameworks[].requirements[].gaps[].detail": str,
            "frameworks[].requirements[].because": list,
        },
    ),
    (
        ["explain", "acme", "demo:1"],
        {
            "id": str,
            "status": str,
            "assurance": (str, type(None)),
            "assured_by": (str, type(None)),
            "because[].relation": str,
            "because[].because": list,
        },
    ),
    (
        ["check"],
        {
            "errors": int,
            "warnings": int,
            "diagnostics[].path": str,
            "diagnostics[].line": int,
            "diagnostics[].column": int,
            "diagnostics[].severity": str,
            "diagnostics[].code": str,
            "diagnostics[].message": str,
            "diagnostics[].hint": str,
            "diagnostics[].related": list,
        },
    ),
    (
        ["graph", "stats", "acme"],
        {"nodes.requirement": int, "nodes.control": int, "edges.satisfies": int},
    ),
    (["graph", "path", "demo:1", "hr-list"], {"path": list}),
]


def values(data, path):
    if not path:
        return [data]
    key, _, rest = path.partition(".")
    name, many, _ = key.partition("[]")
    found = data[name]
    return [v for item in found for v in values(item, rest)] if many else values(found, rest)


@pytest.mark.parametrize(("args", "keys"), KEYS, ids=[" ".join(a) for a, _ in KEYS])
def test_json_has_the_keys_of_the_page(world, args, keys):
    got = here(world, *args, "--as-of", DAY)
    assert got["version"] == 1
    assert got["as_of"] == DAY
    for path, kind in keys.items():
        for value in values(got, path):
            assert isinstance(value, kind), (path, value)
            assert kind is not int or not isinstance(value, bool), path


def test_assured_by_is_null_where_nobody_assured(world):
    assert here(world, "explain", "acme", "demo:3", "--as-of", DAY)["assured_by"] is None


def test_explain_goes_from_requirement_to_evidence(world):
    got = here(world, "explain", "acme", "demo:1", "--as-of", DAY)
    text = json.dumps(got)
    for word in ("superset-of", "acc-01", "It does.", "ev-1"):
        assert word in text, word
    assert here(world, "explain", "acme", "demo@1:3[a]", "--as-of", DAY)["status"] == "partial"


# ---------------------------------------------------------------- exit codes and errors

BAD = {  # what a hasty user types; every one exits 2 with a JSON error
    "no such client": (["gap", "nowhere"], "nowhere"),
    "no such framework": (["gap", "acme", "-f", "nope"], None),
    "no such edition": (["gap", "acme", "-f", "demo@9"], None),
    "no such tier": (["gap", "acme", "-f", "demo", "--tier", "T9"], None),
    "no such status": (["gap", "acme", "--fail-on", "bogus"], None),
    "percentage too high": (["gap", "acme", "--fail-under", "101"], None),
    "not a date": (["gap", "acme", "--as-of", "2026-13-01"], None),
    "a client is missing": (["gap"], None),
    "unwritable": (["gap", "acme", "-o", "no/such/folder/x.json"], "no/such/folder/x.json"),
    "no such requirement": (["explain", "acme", "demo:99"], None),
    "not qualified": (["explain", "acme", "99"], None),
    "no such control": (["controls", "show", "acc-1"], None),
    "no such requirement shown": (["frameworks", "show", "demo:99"], None),
    "no such node": (["graph", "path", "demo:1", "zzz"], None),
    "unknown option": (["gap", "acme", "--bogus"], None),
    "what-if of no fact": (["scope", "acme", "--set", "headcount"], None),
}


@pytest.mark.parametrize(("args", "path"), BAD.values(), ids=BAD)
def test_bad_usage_is_exit_2_with_a_json_error(world, args, path):
    error = error_of(world, *args)
    assert path is None or (error["path"] or "").startswith(path)


def test_a_missing_library_is_named_once(world):
    got = answer("gap", "acme", "--library", "nolib", cwd=world, code=2)
    assert got["error"]["path"] == "nolib"


def test_a_typing_slip_gets_a_suggestion(world):
    assert "acc-01" in error_of(world, "controls", "show", "acc-1")["hint"]


def test_the_workbook_is_never_written_under_another_ending(world):
    assert (
        run("matrix", "export", "acme", "-o", "m.csv", "--library", "lib", cwd=world).returncode
        == 2
    )
    assert not (world / "m.csv").exists()


def test_no_command_shows_help_not_an_error(world):
    done = run(cwd=world)
    assert done.returncode == 2
    assert b"error:" not in done.stderr
    assert b"Commands:" in done.stderr


GATES = [
    ([], 0),
    (["--fail-on", "not-met"], 0),
    (["--fail-on", "partial"], 1),
    (["--fail-on", "met,not-met"], 1),
    (["--fail-on", "not-applicable"], 0),
    (["--fail-under", "33"], 0),
    (["--fail-under", "34"], 1),
    (["--fail-under", "100"], 1),
    (["--fail-under", "0"], 0),
]


@pytest.mark.parametrize(("args", "code"), GATES, ids=[" ".join(a) or "none" for a, _ in GATES])
def test_gates(world, args, code):
    """One of three requirements is ready, one partial, one not assessed."""
    got = here(world, "gap", "acme", "--as-of", DAY, *args, code=code)
    (framework,) = got["frameworks"]
    assert (framework["total"], framework["ready"]) == (3, 1)
    assert framework["counts"] == {
        "met": 1,
        "partial": 1,
        "not-met": 0,
        "not-applicable": 0,
        "not-assessed": 1,
    }


def test_sarif_and_junit_are_what_their_readers_expect(world):
    args = ["gap", "acme", "--library", "lib", "--as-of", DAY]
    sarif = json.loads(run(*args, "--format", "sarif", cwd=world).stdout)
    assert sarif["version"] == "2.1.0"
    assert sarif["runs"][0]["tool"]["driver"]["name"] == "compliance-graph"
    rules = {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]}
    for result in sarif["runs"][0]["results"]:
        assert result["ruleId"] in rules
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        assert result["locations"]
    (suite,) = ElementTree.fromstring(run(*args, "--format", "junit", cwd=world).stdout).iter(
        "testsuite"
    )
    kinds = [child.tag for case in suite.iter("testcase") for child in case]
    assert int(suite.get("tests")) == len(list(suite.iter("testcase"))) == 3
    for name in ("failure", "error", "skipped"):
        assert int(suite.get(name + ("s" if name != "skipped" else ""))) == kinds.count(name)


@pytest.mark.parametrize(("code", "want"), [("CG301", 0), ("cg301", 0), ("CG999", 2), ("", 2)])
def test_explain_code(code, want):
    done = run("explain-code", code)
    assert done.returncode == want
    assert want or b"CG301" in done.stdout


@pytest.mark.parametrize(
    "name", ["client", "catalog", "findings", "gap", "scope", "frameworks list", "check-json"]
)
def test_schema_of_a_file_kind_or_of_the_json_of_a_command(name):
    done = run("schema", name)
    assert done.returncode == 0
    assert json.loads(done.stdout)["$schema"].endswith("draft-07/schema#")


# ---------------------------------------------------------------- malformed files

MALFORMED = {  # client.yaml, or another file of the client, and what the message must say
    "key twice": ("client.yaml", "name: x\nname: y\nfacts: {}\n", 2, "name"),
    "anchor": ("client.yaml", "name: x\nfacts: {a: &x 1, b: *x}\n", 2, "anchor"),
    "broken": ("client.yaml", "name: [x\nfacts: {}\n", 2, ""),
    "a list": ("client.yaml", "- a\n", 1, "mapping"),
    "empty": ("client.yaml", "", 1, "empty"),
    "tag": ("client.yaml", "name: !!python/object:os.system x\nfacts: {}\n", 1, "tag"),
    "unknown key": ("client.yaml", "name: x\nfacts: {}\nnonsense: 1\n", 3, "nonsense"),
    "no name": ("client.yaml", "facts: {}\n", 1, "name"),
    "facts a list": ("client.yaml", "name: x\nfacts: []\n", 2, "facts"),
    "two documents": ("client.yaml", "name: x\nfacts: {}\n---\nname: y\n", 3, "document"),
    "escape character": ("client.yaml", 'name: "a\\u001b[31m"\nfacts: {}\n', 1, "001B"),
    "tabs": ("client.yaml", "name: x\nfacts:\n\theadcount: 1\n", 3, ""),
    "status": ("controls.yaml", "controls:\n  pol-01: {status: done}\n", 2, "done"),
    "no status": ("controls.yaml", "controls:\n  pol-01: {narrative: x}\n", 2, "status"),
    "no such control": ("controls.yaml", "controls:\n  pol-1: {status: planned}\n", 2, "pol-1"),
    "no such day": (
        "controls.yaml",
        "controls:\n  pol-01: {status: planned, due: 2026-02-30}\n",
        2,
        "2026-02-30",
    ),
    "verdict": (
        "findings.yaml",
        'findings:\n- {on: "demo:1", verdict: passed, date: 2026-05-01}\n',
        2,
        "passed",
    ),
    "no such requirement": (
        "findings.yaml",
        'findings:\n- {on: "demo:9", verdict: satisfied, date: 2026-05-01}\n',
        2,
        "9",
    ),
    "evidence twice": (
        "evidence.yaml",
        "evidence:\n- {id: e, type: hr-list, date: 2026-05-01}\n"
        "- {id: e, type: hr-list, date: 2026-05-02}\n",
        3,
        "e",
    ),
    "no such type": (
        "evidence.yaml",
        "evidence:\n- {id: e, type: hr-lists, date: 2026-05-01}\n",
        2,
        "hr-lists",
    ),
    "outside the folder": (
        "evidence.yaml",
        "evidence:\n- {id: e, type: hr-list, date: 2026-05-01, file: ../../secret}\n",
        2,
        "../../secret",
    ),
}


@pytest.mark.parametrize(("name", "text", "line", "said"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_file_is_a_diagnostic_with_its_place(world, tmp_path, name, text, line, said):
    put(tmp_path / "c/client.yaml", {"name": "x", "facts": {}, "targets": ["demo"]})
    put(tmp_path / "c" / name, text)
    args = ["--library", world / "lib", "--as-of", DAY]
    report = answer("check", tmp_path / "c", *args, code=1)
    errors = [d for d in report["diagnostics"] if d["severity"] == "error"]
    assert len(errors) == report["errors"] >= 1
    assert any(
        d["path"].endswith(name) and d["line"] == line and said in d["message"] for d in errors
    ), errors
    assert answer("gap", tmp_path / "c", *args, code=2)["error"]["line"] == line


LIBRARY_FAULTS = {
    "id twice": ("frameworks/demo-1.yaml", lambda t: t.replace("id: 2(a)", "id: 2(b)"), "2(b)"),
    "dangling control": (
        "controls/mappings/demo-1.yaml",
        lambda t: t.replace("control: acc-01", "control: acc-09"),
        "acc-09",
    ),
    "dangling requirement": (
        "controls/mappings/demo-1.yaml",
        lambda t: t.replace("requirement: '1'", "requirement: '9'"),
        "9",
    ),
    "dangling evidence type": (
        "controls/demo.yaml",
        lambda t: t.replace("- hr-list", "- hr-lists"),
        "hr-lists",
    ),
    "relationship": (
        "controls/mappings/demo-1.yaml",
        lambda t: t.replace("superset-of", "covers"),
        "covers",
    ),
    "control twice": (
        "controls/demo.yaml",
        lambda t: t.replace("id: pol-02", "id: pol-01"),
        "pol-01",
    ),
    "bad freshness": ("evidence/types.yaml", lambda t: t.replace("P90D", "90 days"), "90 days"),
}


@pytest.mark.parametrize(("name", "change", "said"), LIBRARY_FAULTS.values(), ids=LIBRARY_FAULTS)
def test_a_faulty_library_is_refused(tmp_path, name, change, said):
    library(tmp_path / "lib", WORLD)
    client(tmp_path / "c", WORLD)
    before = (tmp_path / "lib" / name).read_text("utf-8")
    put(tmp_path / "lib" / name, change(before))
    assert before != change(before)
    report = answer("check", "--library", tmp_path / "lib", code=1)
    assert any(
        said in d["message"] and d["path"].endswith(name)
        for d in report["diagnostics"]
        if d["severity"] == "error"
    ), report
    answer("gap", tmp_path / "c", "--library", tmp_path / "lib", code=2)


def test_two_verdicts_on_one_node_and_day_are_an_error_that_check_names(world, tmp_path):
    put(tmp_path / "c/client.yaml", {"name": "x", "facts": {}, "targets": ["demo"]})
    put(
        tmp_path / "c/findings.yaml",
        {
            "findings": [
                {"on": "demo:1", "verdict": "satisfied", "date": "2026-05-01"},
                {"on": "demo:1", "verdict": "not-satisfied", "date": "2026-05-01"},
            ]
        },
    )
    assert (
        answer("check", tmp_path / "c", "--library", world / "lib", "--as-of", DAY, code=1)[
            "errors"
        ]
        == 1
    )


def test_unquoted_ids_and_unknown_x_keys(tmp_path):
    """3.10, 08 and NO stay text where nobody quoted them."""
    put(
        tmp_path / "lib/frameworks/demo-1.yaml",
        (
            "format: 1\nid: demo\nedition: 1\ntitle: Demo\nkind: standard\n"
            "source: {citation: s}\nx-own: kept\n"
            "requirements:\n"
            + "".join(
                f"- {{id: {i}, title: T{i}, statement: Do it.}}\n"
                for i in ("3.1", "3.10", "08", "8", "NO", "164.410", "1_000")
            )
        ),
    )
    put(tmp_path / "lib/controls/demo.yaml", "controls:\n- {id: a-01, title: A, domain: d}\n")
    put(
        tmp_path / "lib/controls/mappings/demo-1.yaml",
        "framework: demo\nedition: 1\nmappings:\n"
        "- {requirement: 3.10, control: a-01, relationship: equal-to}\n",
    )
    put(tmp_path / "c/client.yaml", "name: x\nfacts: {}\ntargets: [demo]\n")
    put(tmp_path / "c/controls.yaml", "controls:\n  a-01: {status: implemented}\n")
    got = answer("gap", tmp_path / "c", "--library", tmp_path / "lib")["frameworks"][0]
    status = {row["id"]: row["status"] for row in got["requirements"]}
    assert list(status) == ["3.1", "3.10", "08", "8", "NO", "164.410", "1_000"]
    assert [rid for rid, s in status.items() if s == "met"] == ["3.10"]


# ---------------------------------------------------------------- section 9: deterministic

TWICE = [
    ["gap", "acme"],
    ["explain", "acme", "demo:1"],
    ["graph", "export", "acme"],
    ["check", "acme"],
    ["scope", "acme"],
]


@pytest.mark.parametrize("args", TWICE, ids=[" ".join(a) for a in TWICE])
def test_same_bytes_whatever_the_hash_seed(world, args):
    day = [] if args[0] == "graph" else ["--as-of", DAY]
    out = {
        run(
            *args, *day, "--library", "lib", "--format", "json", cwd=world, PYTHONHASHSEED=seed
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(out) == 1


def test_same_answer_from_another_working_directory(world, tmp_path):
    near = here(world, "gap", "acme", "--as-of", DAY)
    far = answer("gap", world / "acme", "--library", world / "lib", "--as-of", DAY, cwd=tmp_path)
    assert near == far


@pytest.mark.parametrize("ending", ["docx", "html", "md"])
def test_same_document_twice(world, tmp_path, ending):
    for name in ("a", "b"):
        run(
            "document",
            "gap-report",
            world / "acme",
            "-o",
            tmp_path / f"{name}.{ending}",
            "--library",
            world / "lib",
            "--as-of",
            DAY,
            PYTHONHASHSEED=str(ord(name)),
        )
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_same_workbook_twice(world, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        done = run(
            "matrix",
            "export",
            world / "acme",
            "-o",
            tmp_path / name,
            "--library",
            world / "lib",
            "--as-of",
            DAY,
            PYTHONHASHSEED=str(len(name)),
        )
        assert done.returncode == 0
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_file_order_never_matters(tmp_path):
    """The same records in two orders, and controls in one file or in three."""
    library(tmp_path / "one", WORLD)
    library(tmp_path / "two", {**WORLD, "controls": []})
    (tmp_path / "two/controls/demo.yaml").unlink()
    for number, control in enumerate(reversed(WORLD["controls"])):
        put(
            tmp_path / f"two/controls/{number}.yaml",
            {"controls": [{"title": control["id"], "domain": "demo", **control}]},
        )
    client(tmp_path / "c", WORLD)
    client(tmp_path / "d", {**WORLD, "records": dict(reversed(WORLD["records"].items()))})
    rows = []
    for lib, who in (("one", "c"), ("two", "d")):
        got = answer("gap", tmp_path / who, "--library", tmp_path / lib, "--as-of", DAY)
        rows.append(
            [
                {k: v for k, v in row.items() if k != "because"}
                for row in got["frameworks"][0]["requirements"]
            ]
        )
    assert rows[0] == rows[1]


# ---------------------------------------------------------------- dates and editions


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("0001-01-01", "not-met"),
        ("2026-01-09", "not-met"),
        ("2026-01-10", "met"),
        ("9999-12-31", "met"),
    ],
)
def test_any_day_may_be_asked_about(world, day, status):
    rows = flat(here(world, "gap", "acme", "--as-of", day)["frameworks"][0])
    assert rows["1"]["status"] == status


@pytest.fixture(scope="module")
def editions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("editions")
    old = {"requirements": [{"id": "A"}, {"id": "B"}]}
    new = {"requirements": [{"id": "C", "replaces": ["A"]}, {"id": "B"}]}
    library(folder / "lib", old, in_force=[{"from": "2020-01-01", "until": "2026-01-01"}])
    library(folder / "lib", new, edition="2", supersedes="1", in_force=[{"from": "2026-01-01"}])
    put(
        folder / "lib/controls/demo.yaml",
        {"controls": [{"id": "x-01", "title": "X", "domain": "d"}]},
    )
    client(
        folder / "c",
        {
            "findings": [
                {"on": "demo:A", "verdict": "satisfied", "date": "2025-11-01"},
                {"on": "demo:B", "verdict": "satisfied", "date": "2025-11-01"},
            ]
        },
    )
    return folder


EDITIONS = [
    ("2025-12-31", "demo", "1", {"A": "met", "B": "met"}),
    ("2026-01-01", "demo", "2", {"C": "met"}),
    ("2026-06-01", "demo@1", "1", {"A": "met"}),
    ("2026-06-01", "demo", "2", {"B": "not-assessed"}),
    ("2025-10-31", "demo", "1", {"A": "not-assessed"}),
]


@pytest.mark.parametrize(("day", "wanted", "edition", "status"), EDITIONS)
def test_the_edition_in_force_answers(editions, day, wanted, edition, status):
    got = here(editions, "gap", "c", "-f", wanted, "--as-of", day)["frameworks"][0]
    assert got["edition"] == edition
    assert {rid: flat(got)[rid]["status"] for rid in status} == status


# ---------------------------------------------------------------- scope, with the shipped library

REFERENCE = {  # worked example P01, with every deciding fact of ftc-safeguards stated
    "established_in": ["US"],
    "us_states_doing_business": ["TX"],
    "headcount": 12,
    "pi_resident_states": ["TX"],
    "annual_revenue": {"amount": 1300000, "currency": "USD"},
    "financial_activities": ["tax_preparation"],
    "consumer_records": {"value": 3100, "stated_by": "owner", "date": "2026-11-02"},
    "prepares_us_returns_for_pay": True,
    "efile_provider_type": "authorized",
    "accepts_cards": True,
    "financial_activity_regular": True,
    "financial_regulator": "none",
    "reg_s_p_entity": "none",
    "serves_individuals": True,
}
LIFTED = ["314.4(b)(1)", "314.4(d)(2)", "314.4(h)", "314.4(i)"]


@pytest.fixture(scope="module")
def firms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("firms")
    facts = {
        "tax": REFERENCE,
        "blank": {},
        "british": {"established_in": ["GB"], "personal_data": True},
        "norway": {"established_in": ["NO"], "personal_data": True},
    }
    for name, stated in facts.items():
        client(folder / name, {"facts": stated, "targets": []})
    return folder


def regimes(firms, who, *args):
    got = answer("scope", who, "--as-of", "2026-11-20", *args, cwd=firms)
    return {r["regime"]: r for r in got["regimes"]}, got["next_questions"]


SCOPES = [
    ("tax", "ftc-safeguards", "applies"),
    ("tax", "irs-tax-preparer", "applies"),
    ("tax", "pci-dss", "applies"),
    ("tax", "state-breach-notification", "applies"),
    ("tax", "ccpa", "does-not-apply"),
    ("tax", "hipaa", "undetermined"),
    ("tax", "circia", "does-not-apply"),
    ("blank", "ftc-safeguards", "undetermined"),
    ("blank", "irs-tax-preparer", "undetermined"),
    ("british", "uk-gdpr", "applies"),
    ("norway", "eu-gdpr", "applies"),
]


@pytest.mark.parametrize(("who", "regime", "verdict"), SCOPES)
def test_scope(firms, who, regime, verdict):
    result = regimes(firms, who)[0][regime]
    assert result["verdict"] == verdict
    assert bool(result["undecided"]) == (verdict == "undetermined")
    assert not result["frameworks"] or verdict == "applies"
    if verdict == "applies":
        assert result["because"]
    for reason in result["because"]:
        assert {"citation", "fact", "value", "text"} <= set(reason)
        assert reason["citation"]


def test_regime_ids_are_those_of_the_reference_with_hyphens(firms):
    found = regimes(firms, "blank")[0]
    assert {
        "eu-gdpr",
        "uk-gdpr",
        "hipaa",
        "cmmc",
        "iso27001",
        "cyber-essentials",
        "ftc-safeguards",
        "irs-tax-preparer",
        "pci-dss",
        "state-breach-notification",
    } <= set(found)
    assert all("_" not in name for name in found)


@pytest.mark.parametrize(
    ("count", "tier", "verdict"),
    [
        (3100, "small_institution_relief", "does-not-apply"),
        (4999, "small_institution_relief", "does-not-apply"),
        (5000, "full", "applies"),
    ],
)
def test_five_thousand_consumers(firms, count, tier, verdict):
    found = regimes(firms, "tax", "--set", f"consumer_records={count}")[0]["ftc-safeguards"]
    duties = {duty["id"]: duty["verdict"] for duty in found["duties"]}
    assert found["tiers"] == [tier]
    for name in (
        "risk-assessment-written",
        "pentest-and-scans",
        "incident-response-plan",
        "board-report",
    ):
        assert duties[name] == verdict
    for name in ("qualified-individual", "written-program", "ftc-notification"):
        assert duties[name] == "applies"


def test_an_unknown_count_leaves_the_four_duties_open(firms):
    found = regimes(firms, "tax", "--set", "consumer_records=unknown")[0]["ftc-safeguards"]
    assert found["verdict"] == "applies"
    assert found["tiers"] == []
    assert {d["verdict"] for d in found["duties"] if d["id"] == "board-report"} == {"undetermined"}


def test_no_duty_binds_while_its_regime_is_undecided(firms):
    for name, result in regimes(firms, "blank")[0].items():
        if result["verdict"] == "undetermined":
            assert all(duty["verdict"] != "applies" for duty in result["duties"]), name
            assert all(
                duty["undecided"] for duty in result["duties"] if duty["verdict"] == "undetermined"
            ), name


def test_a_date_in_a_rule_is_not_told_as_the_start_of_the_law(firms):
    reasons = regimes(firms, "blank")[0]["cmmc"]["because"]
    assert all("in force from 2028" not in reason["text"] for reason in reasons)


def test_next_questions_name_known_facts_and_regimes(firms):
    found, questions = regimes(firms, "blank")
    assert questions
    assert all({"fact", "question", "decides"} <= set(q) for q in questions)
    assert all(set(q["decides"]) <= set(found) and "?" in q["question"] for q in questions)
    asked = {q["fact"] for q in questions}
    assert {fact for r in found.values() for fact in r["undecided"]} <= asked
    assert not asked & {q["fact"] for q in regimes(firms, "tax")[1]} & set(REFERENCE)


FACT_FAULTS = [
    ({"headcont": 12}, "headcont", "headcount"),
    ({"headcount": "many"}, "headcount", ""),
    ({"financial_activities": ["tax_preparations"]}, "tax_preparations", "tax_preparation"),
    ({"established_in": "Narnia"}, "established_in", ""),
]


@pytest.mark.parametrize(("facts", "said", "hint"), FACT_FAULTS)
def test_a_fact_outside_the_vocabulary(tmp_path, facts, said, hint):
    client(tmp_path, {"facts": facts, "targets": []})
    error = answer("scope", tmp_path, code=2)["error"]
    assert said in error["message"]
    assert hint in (error["hint"] or "")


def test_what_if_names_a_near_fact(firms):
    error = answer("scope", "tax", "--set", "consumer_record=1", cwd=firms, code=2)["error"]
    assert "consumer_records" in error["hint"]


def test_by_default_gap_takes_what_binds(firms):
    got = answer("gap", "tax", "--as-of", "2026-11-20", cwd=firms)
    assert {f["framework"] for f in got["frameworks"]} >= {"ftc-safeguards", "irs-4557"}
    assert "hipaa" in got["undetermined"]
    assert "ftc-safeguards" not in got["undetermined"]


def test_gap_lifts_exactly_the_paragraphs_of_314_6(firms):
    for count in (4999, 5000):
        put(
            firms / "n/client.yaml",
            {"name": "n", "facts": {**REFERENCE, "consumer_records": count}},
        )
        rows = flat(
            answer("gap", "n", "-f", "ftc-safeguards", "--as-of", "2026-11-20", cwd=firms)[
                "frameworks"
            ][0]
        )
        for rid in LIFTED:
            assert (rows[rid]["status"] == "not-applicable") == (count < 5000), (rid, count)


# ------------------------------------------- the shipped catalogs (test_library holds the facts)


@functools.cache
def shown(framework):
    return answer("frameworks", "show", framework)["requirements"]


@pytest.mark.parametrize(
    "framework",
    [
        "ftc-safeguards",
        "irs-4557",
        "hipaa",
        "cmmc",
        "iso27001",
        "gdpr",
        "uk-gdpr",
        "cyber-essentials",
    ],
)
def test_every_requirement_has_text_citation_and_parent(framework):
    rows = shown(framework)
    ids = [r["id"] for r in rows]
    assert len(ids) == len(set(ids))
    for row in rows:
        assert all(row[key] for key in ("title", "statement", "citation")), row["id"]
        assert row["parent"] is None or row["parent"] in ids


# ---------------------------------------------------------------- init


def test_init_starts_a_folder_that_checks_clean_and_is_never_overwritten(tmp_path):
    assert run("init", tmp_path / "new").returncode == 0
    assert (tmp_path / "new/.gitignore").exists()
    assert (tmp_path / "new/client.yaml").exists()
    assert answer("check", tmp_path / "new")["errors"] == 0
    assert answer("gap", tmp_path / "new")["frameworks"] == []
    before = (tmp_path / "new/client.yaml").read_bytes()
    assert run("init", tmp_path / "new").returncode == 2
    assert (tmp_path / "new/client.yaml").read_bytes() == before


@pytest.mark.parametrize("ending", ["graphml", "gexf", "json", "dot", "mmd"])
def test_graph_export(world, tmp_path, ending):
    form = {"mmd": "mermaid"}.get(ending, ending)
    done = run(
        "graph",
        "export",
        world / "acme",
        "--library",
        world / "lib",
        "--format",
        form,
        "-o",
        tmp_path / f"g.{ending}",
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / f"g.{ending}").read_text("utf-8")
    assert "acc-01" in text
    assert "superset-of" in text
    if form == "json":
        data = json.loads(text)
        graph = nx.node_link_graph(data, edges="edges" if "edges" in data else "links")
        assert graph.is_multigraph()
        assert graph.is_directed()
        assert {d["kind"] for _, d in graph.nodes(data=True)} >= {
            "framework",
            "requirement",
            "control",
            "client",
        }
    if form == "graphml":
        assert len(nx.read_graphml(tmp_path / "g.graphml"))


@pytest.mark.parametrize("kind", ["wisp", "gap-report"])
def test_markdown_shows_no_stray_backslash(firms, kind):
    """A backslash before a digit is no escape in Markdown: a reader would see it."""
    done = run("document", kind, "tax", "-o", "-", "--as-of", "2026-11-20", cwd=firms)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert any("1.1 " in line for line in lines)
    assert [line for line in lines if any(f"\\{digit}" in line for digit in range(10))] == []
