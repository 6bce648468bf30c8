"""Bad input of every kind, in every file: a diagnostic with its place, and nothing else happens.

For each file of a library and of a client: `check` ends with 1 and names file, line and column;
`gap` ends with 2, prints no result and writes nothing; neither ever shows a traceback.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from compliance_graph.cli import run
from compliance_graph.yamlfile import MAX_BYTES, MAX_DEPTH, Parsed, parse

DAY = "2026-11-21"
FILES = {
    "library/frameworks/demo-1.yaml": """\
format: 1
id: demo
edition: "1"
title: Demo rules
kind: law
source: {citation: "Demo Act s. 1"}
in_force: [{from: 2020-01-01}]
requirements:
- {id: "1", title: Access, statement: "Keep access to those who need it.", citation: "s. 1"}
- {id: "2", title: Plan, statement: "Keep a plan.", citation: "s. 2",
   objectives: [{id: "2[a]", statement: "a plan exists"}]}
""",
    "library/frameworks/mappings/demo.yaml": """\
a: demo
b: demo
source: {citation: "Appendix A"}
pairs:
- {a: "1", b: "2", relationship: intersects-with}
""",
    "library/frameworks/facts/facts.yaml": """\
facts:
- {id: headcount, type: int, ask: How many people work for you?}
derived:
- {id: large, type: bool, rule: {fact: headcount, gte: 50}}
rates: {per: USD, date: 2026-11-20, values: {USD: "1.00"}}
""",
    "library/frameworks/regimes/regimes.yaml": """\
regimes:
- id: demo-act
  title: Demo Act
  kind: law
  citation: [Demo Act s. 1]
  rule: {fact: headcount, gte: 1}
  frameworks: [{framework: demo}]
""",
    "library/controls/demo.yaml": """\
controls:
- {id: acc-01, title: Access reviews, domain: access, evidence: {any_of: [access-review]}}
- {id: pol-01, title: A plan, domain: policy}
""",
    "library/controls/mappings/demo-1.yaml": """\
framework: demo
edition: "1"
mappings:
- {requirement: "1", control: acc-01, relationship: superset-of, rationale: "reviews"}
jointly_sufficient:
- {requirement: "2", controls: [acc-01, pol-01], rationale: "both"}
""",
    "library/evidence/types.yaml": """\
evidence_types:
- {id: access-review, title: Access review record, fresh_for: P90D}
""",
    "client/client.yaml": """\
name: Example
facts: {headcount: 12}
targets: [demo]
""",
    "client/controls.yaml": """\
controls:
  acc-01: {status: implemented, since: 2026-01-10}
""",
    "client/decisions.yaml": """\
decisions:
- {on: "demo:2", kind: risk-accepted, justification: small, approver: owner, date: 2026-03-01}
""",
    "client/findings.yaml": """\
findings:
- {on: "demo:2[a]", verdict: satisfied, date: 2026-05-01, method: examine}
""",
    "client/evidence.yaml": """\
evidence:
- {id: ev-1, type: access-review, reference: safe, date: 2026-09-01, controls: [acc-01]}
""",
    "client/risks.yaml": """\
risks:
- {id: r-1, title: Loss, inherent: {likelihood: 3, impact: 4}, controls: [acc-01]}
""",
    "client/vendors.yaml": """\
vendors:
- {id: v-1, title: IT firm, contract_date: 2026-01-01}
""",
    "client/incidents.yaml": """\
incidents:
- {id: i-1, title: Lost laptop, date: 2026-04-01}
""",
}
NAMES = list(FILES)
Bad = Callable[[Path], None]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a clean library/ and client/; also the working folder."""
    root = tmp_path / "work"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(root)
    return root


@pytest.fixture(autouse=True)
def _no_hanging() -> Iterator[None]:
    """To wait for a pipe or to grow without end is a failure, not a long test."""

    def late(*arguments: object) -> None:
        raise TimeoutError("the command did not end")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    """Every path with its size and time of change."""
    return {
        str(path.relative_to(root)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in root.rglob("*")
    }


def refused(here: Path, capsys: pytest.CaptureFixture[str], name: str) -> list[dict[str, Any]]:
    """Both commands refuse the file as the manual says; the faults `check` found in it."""
    before = snapshot(here)
    common = ["--library", "library", "--as-of", DAY]
    capsys.readouterr()
    code = run(["check", "client", *common, "--format", "json"])
    out, err = capsys.readouterr()
    assert code == 1, out + err
    assert "Traceback" not in err
    found: list[dict[str, Any]] = json.loads(out)["diagnostics"]
    faults = [d for d in found if d["severity"] == "error" and d["path"] == name]
    assert faults, out
    assert all(d["line"] >= 1 and d["column"] >= 1 and d["message"] and d["hint"] for d in faults)
    for target in ("-", "result.txt"):
        code = run(["gap", "client", *common, "-o", target])
        out, err = capsys.readouterr()
        assert code == 2, err
        assert out == ""
        assert "Traceback" not in err
        places = re.findall(r"^(.+?):(\d+):(\d+): error\[CG\d{3}\] .+", err, re.MULTILINE)
        assert (name, str(faults[0]["line"]), str(faults[0]["column"])) in places
    assert snapshot(here) == before
    return faults


def test_the_clean_files_are_clean(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--library", "library", "--as-of", DAY]
    assert run(["check", "client", *common]) == 0, capsys.readouterr().out
    assert run(["gap", "client", *common]) == 0


# ---------------------------------------------------------------- the file as bytes


def replaced(content: bytes) -> Bad:
    def make(path: Path) -> None:
        path.write_bytes(content)

    return make


def prefixed(content: bytes) -> Bad:
    def make(path: Path) -> None:
        path.write_bytes(content + path.read_bytes())

    return make


def appended(content: bytes) -> Bad:
    def make(path: Path) -> None:
        path.write_bytes(path.read_bytes() + content)

    return make


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.yaml")


def circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n" % (n, n, *[n - 1] * 8)
    for n in range(ord("b"), ord("j"))
)
BYTES: dict[str, tuple[Bad, str]] = {
    "empty": (replaced(b""), "CG109"),
    "blank": (replaced(b"\n \n"), "CG109"),
    "only a comment": (replaced(b"# nothing\n"), "CG109"),
    "null": (replaced(b"null\n"), "CG109"),
    "zero bytes": (replaced(b"\0" * 100), "CG104"),
    "binary": (replaced(bytes(range(128, 256)) * 10), "CG103"),
    "a zip": (replaced(b"PK\x03\x04\x14\x00\x00\x00"), "CG104"),
    "UTF-16": (replaced("name: x\n".encode("utf-16")), "CG103"),
    "Latin-1 at the end": (appended(b"# M\xfcller\n"), "CG103"),
    "an escape sequence": (appended(b"# \x1b[31m\n"), "CG104"),
    "a direction mark": (appended("# \u202e\n".encode()), "CG104"),
    "a line separator": (appended("# \u2028\n".encode()), "CG104"),
    "huge": (appended(b"#" * MAX_BYTES), "CG102"),
    "a pipe": (pipe, "CG101"),
    "a folder": (folder, "CG101"),
    "a dangling link": (dangling, "CG101"),
    "a link to itself": (circle, "CG101"),
    "a link to a device": (device, "CG114"),
    "alias bomb": (replaced(BOMB), "CG106"),
    "merge key": (prefixed(b"x-a: 1\n<<: {x-b: 2}\n"), "CG106"),
    "a tag": (prefixed(b"x-a: !!python/object/apply:os.system [ls]\n"), "CG107"),
    "a second document": (appended(b"---\na: 1\n"), "CG108"),
    "a merge conflict": (appended(b"<<<<<<< ours\n=======\n>>>>>>> theirs\n"), "CG111"),
    "deep lists": (replaced(b"a: " + b"[" * 5000 + b"]" * 5000), "CG112"),
    "deep mappings": (replaced(b"{a: " * 1000 + b"1" + b"}" * 1000), "CG112"),
    "no end": (replaced(b"[" * 100_000), "CG112"),
    "a list": (replaced(b"- 1\n- 2\n"), "CG201"),
    "a text": (replaced(b"some text\n"), "CG201"),
    "a number": (replaced(b"12\n"), "CG201"),
    "a large number": (prefixed(b"x-a: " + b"9" * 10_000 + b"\nunknown: 1\n"), "CG202"),
    "an unknown key": (appended(b"unknown: 1\n"), "CG202"),
    "a key that is a list": (appended(b"? [a, b]\n: 1\n"), "CG105"),
    "a tab": (appended(b"x-a:\n\tb: 1\n"), "CG110"),
    "an open quote": (appended(b'x-a: "never closed\n'), "CG110"),
    "an LFS pointer": (replaced(b"version https://git-lfs.github.com/spec/v1\n"), "CG103"),
}


@pytest.mark.parametrize("what", list(BYTES))
@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_not_what_it_should_be(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, what: str
) -> None:
    make, code = BYTES[what]
    make(here / name)
    assert refused(here, capsys, name)[0]["code"] == code


@pytest.mark.parametrize("name", NAMES)
def test_a_link_out_of_the_folder_is_not_followed(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A file outside is not repeated in a message, nor used where it would be good data."""
    for content in ("root:x:0:0:very-secret-word\n", FILES[name]):
        (here.parent / "outside.yaml").write_text(content)
        (here / name).unlink()
        (here / name).symlink_to(here.parent / "outside.yaml")
        (fault,) = refused(here, capsys, name)
        assert fault["code"] == "CG114"
        assert "very-secret-word" not in fault["message"] + fault["hint"]


def test_links_inside_of_a_folder_and_to_a_folder_are_followed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "client" / "controls.yaml").rename(here / "client" / "ours.yml")
    (here / "client" / "controls.yaml").symlink_to("ours.yml")
    (here / "linked").symlink_to("client")
    (here / "shelf").symlink_to("library")
    assert run(["check", "linked", "--library", "shelf", "--as-of", DAY]) == 0
    assert run(["gap", "linked", "--library", "shelf", "--as-of", DAY]) == 0


# ---------------------------------------------------------------- the file as text


@pytest.mark.parametrize("name", NAMES)
def test_truncated_anywhere(here: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """What is cut inside a value is refused; where the rest is whole again, it may be read."""
    content = FILES[name].encode()
    common = ["--library", "library", "--as-of", DAY]
    kept = 0
    for end in range(0, len(content), 7):
        (here / name).write_bytes(content[:end])
        capsys.readouterr()
        code = run(["check", "client", *common])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert code in (0, 1), (end, err)
        if code == 1:
            assert re.search(r"^(library|client)/\S+\.yaml:\d+:\d+: error\[CG\d{3}\]", out, re.M)
        else:
            kept += 1
        fatal = run(["gap", "client", *common, "-o", "result.txt"])
        assert fatal in (0, 2)
        assert (here / "result.txt").exists() is (fatal == 0)
        (here / "result.txt").unlink(missing_ok=True)
        if code == 0:
            assert fatal == 0
    assert kept < len(content) / 14


@pytest.mark.parametrize("name", NAMES)
def test_a_key_given_twice(here: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """At the top, and in the first mapping below: the second place is named, and the first."""
    text = FILES[name]
    first = text.split(":", 1)[0]
    (here / name).write_text(f"{text}{first}: again\n")
    (fault,) = refused(here, capsys, name)
    assert (fault["code"], fault["line"], fault["column"]) == ("CG113", text.count("\n") + 1, 1)
    inner = re.search(r"\{([a-z-]+): ([^,{}\[\]]+)[,}]", text)
    if inner:
        doubled = text[: inner.end(2)] + f", {inner[1]}: {inner[2]}" + text[inner.end(2) :]
        (here / name).write_text(doubled)
        (fault,) = refused(here, capsys, name)
        line = text[: inner.start()].count("\n") + 1
        assert (fault["code"], fault["line"]) == ("CG113", line)
        assert f"first on line {line}" in fault["message"]


WRONG = {"text": "word", "number": 7, "list": [7], "mapping": {"x": 7}, "flag": True, "null": None}


def key_cases() -> Iterator[Any]:
    for name, content in FILES.items():
        parsed = parse(content)
        assert isinstance(parsed, Parsed)
        for key in parsed.data:
            yield pytest.param(name, key, id=f"{name} {key}")


@pytest.mark.parametrize(("name", "key"), list(key_cases()))
def test_a_top_level_key_of_a_wrong_type(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, key: str
) -> None:
    """No type of value at any key brings either command down, and at least three are refused."""
    parsed = parse(FILES[name])
    assert isinstance(parsed, Parsed)
    common = ["--library", "library", "--as-of", DAY]
    refusals = 0
    for value in WRONG.values():
        (here / name).write_text(yaml.safe_dump({**parsed.data, key: value}, sort_keys=False))
        capsys.readouterr()
        code = run(["check", "client", *common])
        out, err = capsys.readouterr()
        assert code in (0, 1), err
        assert "Traceback" not in out + err
        if code == 1:
            # another id makes the references in other files dangle, so the place may be there
            assert re.search(r"^(library|client)/\S+\.yaml:\d+:\d+: error\[CG\d{3}\]", out, re.M)
            refusals += 1
        assert run(["gap", "client", *common]) in ((0,) if code == 0 else (0, 2))
        capsys.readouterr()
    assert refusals >= 3


def paths(value: Any, route: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every route into plain data."""
    yield route
    items = value.items() if isinstance(value, dict) else ()
    for step, inner in enumerate(value) if isinstance(value, list) else items:
        yield from paths(inner, (*route, step))


@pytest.mark.parametrize("name", NAMES)
def test_any_value_anywhere_brings_nothing_down(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Each value of the file in turn is replaced by one of another type, or by an odd text."""
    parsed = parse(FILES[name])
    assert isinstance(parsed, Parsed)
    common = ["--library", "library", "--as-of", DAY]
    odd = [*WRONG.values(), "", "x" * 5000, "../../etc/passwd", "{{ 7 * 7 }}", "=1+1", -1, 10**14,
           "9999-12-31", "0000-00-00", "P9999Y", [], {}]  # fmt: skip
    for route in paths(parsed.data):
        for value in odd:
            data: Any = parse(FILES[name]).data  # type: ignore[union-attr]
            if route:
                held = data
                for step in route[:-1]:
                    held = held[step]
                held[route[-1]] = value
            else:
                data = value
            (here / name).write_text(yaml.safe_dump(data, sort_keys=False))
            for command in ("check", "gap"):
                code = run([command, "client", *common])
                out, err = capsys.readouterr()
                assert code in (0, 1, 2), (command, route, value, err)
                assert "Traceback" not in out + err


# ---------------------------------------------------------------- paths in data


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt", "/etc/passwd", "evidence/../../secret.txt", "link/secret.txt", "link.txt",
        "~/secret.txt", "C:\\secret.txt", "..\\secret.txt", "file:///etc/passwd", ".",
        "evidence/..",
    ],
)  # fmt: skip
def test_an_artefact_outside_of_the_client_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (here / "secret.txt").write_text("secret")
    (here / "client" / "link").symlink_to("..")
    (here / "client" / "link.txt").symlink_to("../secret.txt")
    record = {"id": "ev-1", "type": "access-review", "file": name, "date": "2026-09-01"}
    (here / "client" / "evidence.yaml").write_text(json.dumps({"evidence": [record]}))
    assert refused(here, capsys, "client/evidence.yaml")[0]["code"] in ("CG114", "CG201")


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "nothing"])
def test_an_artefact_that_is_no_file_proves_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path = here / "client" / "artefact"
    {"pipe": os.mkfifo, "folder": os.mkdir, "nothing": lambda p: None,
     "device": lambda p: os.symlink("/dev/zero", p)}[kind](path)  # fmt: skip
    record = {"id": "ev-1", "type": "access-review", "file": "artefact", "date": "2026-09-01",
              "sha256": "0" * 64, "state": "final", "controls": ["acc-01"]}  # fmt: skip
    (here / "client" / "evidence.yaml").write_text(json.dumps({"evidence": [record]}))
    code = run(["gap", "client", "--library", "library", "--as-of", DAY, "--format", "json"])
    out, err = capsys.readouterr()
    if kind == "device":
        assert code == 2
        assert "CG114" in err
        return
    assert code == 0
    (row,) = [r for r in json.loads(out)["frameworks"][0]["requirements"] if r["id"] == "1"]
    assert row["assurance"] == "claimed"
    assert "CG505" in err


# ---------------------------------------------------------------- many files at once


def test_all_faults_of_all_files_in_one_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in NAMES:
        (here / name).write_text(FILES[name] + "unknown: 1\n")
    assert run(["check", "client", "--library", "library", "--as-of", DAY, "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert {d["path"] for d in found if d["code"] == "CG202"} == set(NAMES)


def test_a_library_that_is_gone_or_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(here / "library")
    for make in (lambda: None, lambda: (here / "library").write_text("x")):
        make()
        code = run(["gap", "client", "--library", "library", "--as-of", DAY, "-o", "result.txt"])
        assert code == 2
        assert "error[CG" in capsys.readouterr().err
        assert run(["check", "client", "--library", "library", "--as-of", DAY]) == 1
        assert "Traceback" not in "".join(capsys.readouterr())
    assert not (here / "result.txt").exists()


def test_the_limit_on_depth_is_far_from_what_people_write() -> None:
    deep = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert isinstance(parse(f"a: {deep}"), Parsed)
