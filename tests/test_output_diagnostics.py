"""Diagnostics as text, JSON, SARIF and GitHub commands."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_graph.codes import CODES
from compliance_graph.diagnostics import Diagnostic, Related, diagnostic
from compliance_graph.output.diagnostics import FORMATS, render

AS_OF = date(2026, 11, 21)
FIRST = diagnostic(
    "CG301",
    ("controls/mappings/a b.yaml", 41, 7),
    'demo has no requirement "9"',
    'did you mean "8"?',
    (Related("frameworks/demo-1.yaml", 180, 5, "ends at 8"),),
)
SECOND = diagnostic("CG310", ("controls/a.yaml", 3, 1), "control a-1 meets no requirement")
HOSTILE = diagnostic("CG302", ("a,b:c%.yaml", 1, 1), "x\x1b[31m\r\n::error::y%0A\u202ez", "h\ni")


def test_text_is_compiler_style_sorted_with_the_summary_last() -> None:
    assert render([FIRST, SECOND], "text", AS_OF) == (
        "controls/a.yaml:3:1: warning[CG310] control a-1 meets no requirement\n"
        "  hint: Map it or remove it.\n"
        'controls/mappings/a b.yaml:41:7: error[CG301] demo has no requirement "9"\n'
        '  hint: did you mean "8"?\n'
        "  see:  frameworks/demo-1.yaml:180:5: ends at 8\n"
        "1 error, 1 warning\n"
    )


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ([], "no faults found"),
        ([SECOND], "1 warning"),
        ([FIRST, HOSTILE], "2 errors"),
        ([FIRST, FIRST], "1 error"),
    ],
)
def test_the_summary_counts_what_is_shown(found: list[Diagnostic], line: str) -> None:
    assert render(found, "text", AS_OF).splitlines()[-1] == line
    assert render(found, "github", AS_OF).splitlines()[-1] == line


def test_json_has_the_published_shape() -> None:
    shape = json.loads(render([FIRST, SECOND], "json", AS_OF))
    assert shape["version"] == 1
    assert shape["as_of"] == "2026-11-21"
    assert (shape["errors"], shape["warnings"]) == (1, 1)
    assert shape["diagnostics"][1] == {
        "path": "controls/mappings/a b.yaml",
        "line": 41,
        "column": 7,
        "severity": "error",
        "code": "CG301",
        "message": 'demo has no requirement "9"',
        "hint": 'did you mean "8"?',
        "related": [
            {"path": "frameworks/demo-1.yaml", "line": 180, "column": 5, "message": "ends at 8"}
        ],
    }


def test_sarif_names_rules_levels_and_places() -> None:
    log = json.loads(render([FIRST, SECOND], "sarif", AS_OF))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(CODES)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    second, first = run["results"]
    assert (second["level"], first["level"]) == ("warning", "error")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "controls/mappings/a%20b.yaml"
    assert place["region"] == {"startLine": 41, "startColumn": 7}
    related = first["relatedLocations"][0]
    assert related["physicalLocation"]["region"]["startLine"] == 180
    assert related["message"] == {"text": "ends at 8"}


def test_a_fault_keeps_its_fingerprint_on_another_line() -> None:
    moved = Diagnostic(SECOND.path, 99, 1, SECOND.code, SECOND.message)
    prints = {
        json.loads(render([item], "sarif", AS_OF))["runs"][0]["results"][0]["partialFingerprints"][
            "fault/v1"
        ]
        for item in (SECOND, moved)
    }
    assert len(prints) == 1


def test_github_commands_are_escaped_by_its_rules() -> None:
    line, summary = render([HOSTILE], "github", AS_OF).splitlines()
    assert line == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=1,title=CG302 Unknown control::"
        "x\\x1b[31m\\r\\n::error::y%250A\\u202ez%0Ah\\ni"
    )
    assert summary == "1 error"
    warning = render([FIRST, SECOND], "github", AS_OF).splitlines()[0]
    assert warning.startswith("::warning file=controls/a.yaml,line=3,col=1,title=CG310 ")


def test_an_unknown_format_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        render([], "xml", AS_OF)


TEXT = st.text(st.characters(codec=None), max_size=20)
DIAGNOSTICS = st.lists(
    st.builds(
        Diagnostic,
        path=TEXT,
        line=st.integers(1, 9),
        column=st.integers(1, 9),
        code=st.sampled_from(sorted(CODES)),
        message=TEXT,
        hint=TEXT,
        related=st.lists(st.builds(Related, TEXT, st.just(1), st.just(1), TEXT), max_size=2).map(
            tuple
        ),
    ),
    max_size=5,
)


@given(DIAGNOSTICS)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_no_format_lets_data_steer_the_terminal_or_forge_a_line(found: list[Diagnostic]) -> None:
    for form in FORMATS:
        text = render(found, form, AS_OF)
        assert text.endswith("\n")
        assert not re.search(
            "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text
        )
        text.encode("utf-8")
        assert text == render(reversed(found), form, AS_OF)
    distinct = len(set(found))
    commands = render(found, "github", AS_OF).splitlines()
    assert len(commands) == distinct + 1
    assert all(line.startswith("::") for line in commands[:-1])
    assert len(json.loads(render(found, "json", AS_OF))["diagnostics"]) == distinct
    assert len(json.loads(render(found, "sarif", AS_OF))["runs"][0]["results"]) == distinct
