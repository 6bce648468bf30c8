"""Every diagnostic code: it is raised where it should be, at the exact place, and nowhere else.

A case starts from the clean files of tests/codes/base, where the library is the folder itself and
the client is client/, and replaces some of them (`null` takes a file away). Only diagnostics of
the code under test are compared; `pass: true` means that there is none.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from compliance_graph import codes
from compliance_graph.checks import check_client, check_library, fatal_library, settle
from compliance_graph.cli import run
from compliance_graph.client import load_client
from compliance_graph.codes import CODES, explain
from compliance_graph.diagnostics import Diagnostic, ordered
from compliance_graph.loader import load_library
from compliance_graph.yamlfile import MAX_BYTES, Parsed, parse, read_bytes

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "codes"
AS_OF = date(2026, 11, 21)


def read_cases(code: str) -> list[dict[str, Any]]:
    """The cases of a code, read by the product's own reader."""
    content = read_bytes(FOLDER / f"{code}.yaml")
    assert isinstance(content, bytes), content
    parsed = parse(content)
    assert isinstance(parsed, Parsed), parsed
    assert parsed.data["code"] == code
    cases: list[dict[str, Any]] = parsed.data["cases"]
    return cases


def make_special(path: Path, kind: str) -> None:
    """A file that is none."""
    path.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "dangling-link":
        path.symlink_to("nowhere.yaml")
    elif kind == "too-large":
        path.write_bytes(b"a: " + b"b" * MAX_BYTES)
    elif kind == "link-outside":
        outside = path.parent.parent.parent / "outside.txt"
        outside.write_bytes(b"secret")
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(outside)
    else:
        raise AssertionError(kind)


def lay_out(case: dict[str, Any], root: Path) -> None:
    """Write the base and what the case changes."""
    shutil.copytree(FOLDER / "base", root)
    for name, content in case.get("files", {}).items():
        path = root / name
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode())
    for name, digits in case.get("bytes", {}).items():
        (root / name).write_bytes(bytes.fromhex(digits))
    for name, kind in case.get("special", {}).items():
        make_special(root / name, kind)


def faults(root: Path, as_of: date) -> list[Diagnostic]:
    """Everything `check` reports on a library folder and its client/."""
    library, found = load_library(root)
    found = settle([*found, *check_library(library)], library.ignores)
    client, of_client = load_client(root / "client", library)
    if client is not None:
        of_client = settle([*of_client, *check_client(client, library, as_of)], client.ignores)
    return [*found, *(prefixed(item) for item in of_client)]


def prefixed(item: Diagnostic) -> Diagnostic:
    return replace(item, path=f"client/{item.path}")


def every_case() -> list[Any]:
    return [
        pytest.param(code, case, id=f"{code} {case['name']}")
        for code in sorted(CODES)
        if (FOLDER / f"{code}.yaml").exists()
        for case in read_cases(code)
    ]


def test_the_base_is_clean(tmp_path: Path) -> None:
    lay_out({}, tmp_path / "root")
    assert faults(tmp_path / "root", AS_OF) == []


@pytest.mark.parametrize(("code", "case"), every_case())
def test_case(
    code: str, case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    lay_out(case, root)
    if "command" in case:
        run_command(case, root, capsys)
        return
    found = ordered(f for f in faults(root, AS_OF) if f.code == code)
    expected = case.get("expect", [])
    places = [(e["path"], e["line"], e["column"]) for e in expected]
    assert [(f.path, f.line, f.column) for f in found] == places
    for item, wanted in zip(found, expected, strict=True):
        assert wanted["message"] in item.message


def run_command(case: dict[str, Any], root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A case that only a command can show: its exit code and what it says on stderr."""
    words = [
        str(root / word.removeprefix("ROOT/")) if word.startswith("ROOT/") else word
        for word in case["command"]
    ]
    assert run(words) == case["exit"]
    assert case.get("says", "") in capsys.readouterr().err


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_has_a_passing_and_a_failing_case(code: str) -> None:
    cases = read_cases(code)
    assert any(case.get("pass") or case.get("exit") == 0 for case in cases)
    assert any("expect" in case or case.get("exit", 0) > 0 for case in cases)
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names)


def test_every_code_is_documented_unique_and_well_formed() -> None:
    page = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### (CG[0-9]{3}) ", page, re.MULTILINE)
    assert sections == list(CODES)
    for code, row in CODES.items():
        assert re.fullmatch(r"CG[1-5][0-9]{2}", code)
        assert row.code == code
        assert row.title
        assert row.why.endswith(".")
        assert row.remedy.endswith(".")
        assert row.severity == "error" or not row.fatal
    assert [path.stem for path in sorted(FOLDER.glob("CG*.yaml"))] == sorted(CODES)


def test_the_page_of_codes_is_what_the_code_says() -> None:
    script = ROOT / "scripts" / "make_docs.py"
    result = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_code_stands_twice_in_the_table() -> None:
    tree = ast.parse(Path(codes.__file__).read_text(encoding="utf-8"))
    written = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"CG[0-9]{3}", node.value)
    ]
    assert [code for code, count in Counter(written).items() if count > 1] == []
    assert list(CODES) == sorted(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_explain_says_why_and_what_to_do(code: str) -> None:
    text = explain(code)
    row = CODES[code]
    assert row.title in text
    assert row.why in text
    assert row.remedy in text
    assert ("cannot be ignored" in text) == row.fatal


def test_explain_refuses_an_unknown_code() -> None:
    with pytest.raises(KeyError):
        explain("CG999")


@pytest.mark.parametrize(("code", "case"), every_case())
def test_fatal_faults_of_the_library_are_found_by_the_cheap_checks(
    code: str, case: dict[str, Any], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    lay_out(case, root)
    library, _ = load_library(root)
    fatal = [item for item in check_library(library) if item.fatal]
    assert fatal_library(library) == fatal
