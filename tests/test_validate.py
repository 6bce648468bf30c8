"""The schemas: a fast validator decides, jsonschema names the faults, and the two agree."""

from __future__ import annotations

import copy
import time
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_graph import validate
from compliance_graph.client import FILES
from compliance_graph.diagnostics import Diagnostic
from compliance_graph.loader import FOLDERS
from compliance_graph.validate import MAX_FAULTS, SCHEMAS, is_valid, nearest, schema, violations
from compliance_graph.yamlfile import Parsed, parse

ROOT = Path(__file__).resolve().parent.parent

# One rich valid document of every kind; the properties below start from these.
DOCUMENTS = {
    "catalog": """
format: 1
id: demo
edition: "1"
title: Demo rules
kind: law
source: {citation: "Demo Act", url: "https://example.com/act"}
in_force: [{from: 2025-01-01, until: null, citation: s. 9}]
tiers: [{id: basic, title: Basic}]
requirements:
- {id: 1, title: Access, statement: Let in few., citation: s. 1, tiers: [basic], na: approved}
- id: "2"
  title: Plan
  statement: Keep a plan.
  logic: {at_least: 1}
  alternative: {approver: owner, record: a memo}
  when: {fact: sector, is: tax}
  recurrence: P1Y
  performance: true
  children:
  - {id: 2(a), title: Paper, statement: On paper., alternative: none, logic: any}
  - {id: 2(b), title: File, statement: In a file., objectives: [{id: "2(b)[a]", statement: It is.}]}
""",
    "controls": """
controls:
- id: acc-01
  title: Access
  domain: access
  per: cloud-service
  type: technical
  evidence: {any_of: [list], all_of: [note]}
  effort: {hours: [1, 4], basis: guess}
  prerequisites: [acc-02]
  recurrence: P90D
  x-own: {a: [1]}
- {id: acc-02, title: More, domain: access, per: cloud-service}
""",
    "mappings": """
framework: demo
edition: 1
mappings: [{requirement: 1, control: acc-01, relationship: subset-of, rationale: Part.}]
jointly_sufficient: [{requirement: "2", controls: [acc-01, acc-02], rationale: Both.}]
""",
    "crosswalk": """
a: demo
b: demo
source: {citation: Annex}
pairs: [{a: 1, b: "2", relationship: equal-to}]
""",
    "evidence-types": """
evidence_types: [{id: list, title: L, fresh_for: P90D, sensitive: [cui]}, {id: note, title: N}]
""",
    "facts": """
facts:
- {id: sector, type: enum, values: [tax, health], ask: What do you do?, cost: easy}
- {id: states, type: set, values: us-states, ask: Where?}
- {id: staff, type: int, ask: How many?, minimum: 0, maximum: 100}
- {id: revenue, type: money, ask: How much?}
derived:
- {id: small, type: bool, rule: {fact: staff, lt: 5}}
- {id: revenue_usd, type: money, convert: {from: revenue, to: USD}}
rates: {per: USD, date: 2026-01-01, values: {EUR: "1.1", USD: "1"}}
""",
    "regimes": """
regimes:
- id: demo-law
  title: Demo law
  kind: law
  citation: [Demo Act]
  rule: {any: [{fact: sector, is: tax}, {not: {ref: other}}, {fact: revenue_usd, gte: 5}]}
  in_force: [{from: 2025-01-01}]
  clauses: [{fact: sector, citation: s. 1, text: who is meant}]
  frameworks: [{framework: demo, tier: basic}]
  tiers: [{id: 1, when: {fact: sector, is: tax}, frameworks: [{framework: demo}]}]
  duties: [{id: d, title: D, requirements: ["demo:1"]}]
  thresholds: [{fact: staff, at: 5}]
- {id: other, title: Other, kind: law, citation: [A], rule: {fact: small, is: true}}
""",
    "client": """
name: A
facts:
  staff: 12
  sector: {value: tax, date: 2026-01-01}
  revenue: {amount: "1.5", currency: USD}
targets: [demo, {framework: demo, tier: 1}]
scope: [{id: mail, kind: cloud-service, tags: [cui], since: 2026-01-01, count: 3}]
roles: {it: {title: IT, holders: [{name: Ann, from: 2026-01-01}]}}
providers:
- id: msp
  title: MSP
  contract: {date: 2026-01-01, safeguards_clause: true}
  attestation: {kind: SOC 2, valid_until: 2027-01-01}
  responsibilities: [{control: acc-01, status: implemented}]
branding: {colour: "#00aaff"}
""",
    "client-controls": """
controls:
  acc-01: {status: implemented, since: 2026-01-01, owner: it, parameters: {days: 90, on: true}}
  acc-02: {where: {mail: partial}, origination: shared, provider: msp, due: 2026-02-01}
""",
    "decisions": """
decisions:
- {on: "demo:1", kind: not-applicable, justification: J, approver: owner, date: 2026-01-01}
""",
    "findings": """
findings:
- {on: "demo:1", verdict: satisfied, date: 2026-01-01, method: [test, examine], partial: false}
- {on: "demo:1", verdict: not-satisfied, date: 2026-02-01, method: interview}
""",
    "evidence": """
evidence:
- {id: e1, type: list, date: 2026-01-01, controls: [acc-01], state: final, result: pass, size: 3}
""",
    "risks": "risks: [{id: r1, title: Theft, controls: [acc-01]}]",
    "vendors": "vendors: [{id: v1, title: Vendor}]",
    "incidents": "incidents: [{id: i1, title: Loss, date: 2026-01-01}]",
}


@cache
def document(name: str) -> Any:
    result = parse(DOCUMENTS[name])
    assert isinstance(result, Parsed), result
    return result.data


def faults(name: str, text: str) -> list[Diagnostic]:
    result = parse(text)
    assert isinstance(result, Parsed), result
    return violations(name, result, "f.yaml")


def explained(name: str, data: Any) -> bool:
    """What the slow validator says: True if it finds nothing."""
    return bool(validate._explainer(name).is_valid(data))


def test_every_kind_of_file_has_a_schema_and_a_document() -> None:
    kinds = {kind for _, kind in FOLDERS} | {kind for _, kind in FILES}
    assert kinds == set(SCHEMAS) == set(DOCUMENTS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_draft_07_and_closed(name: str) -> None:
    held = schema(name)
    jsonschema.Draft7Validator.check_schema(held)
    assert held["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert list(open_objects(held)) == []
    assert list(remote_references(held)) == []


def open_objects(held: Any, route: str = "") -> Any:
    """Objects with named properties that would let a misspelt key through."""
    if isinstance(held, dict):
        if "properties" in held and held.get("additionalProperties") is not False:
            yield route
        for key, value in held.items():
            yield from open_objects(value, f"{route}/{key}")
    elif isinstance(held, list):
        for index, value in enumerate(held):
            yield from open_objects(value, f"{route}/{index}")


def remote_references(held: Any) -> Any:
    if isinstance(held, dict):
        if not str(held.get("$ref", "#")).startswith("#"):
            yield held["$ref"]
        for value in held.values():
            yield from remote_references(value)
    elif isinstance(held, list):
        for value in held:
            yield from remote_references(value)


def test_an_unknown_schema_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        schema("nothing")


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_documents_are_valid_for_both(name: str) -> None:
    assert is_valid(name, document(name))
    assert explained(name, document(name))


# ---------------------------------------------------------------- the two validators

VALUES = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 10**14),
        *("", " ", "a", "A", "a\n", "\n", "é", "٣", "P1Y", "P", "P1Y\n", "none", "all", "a" * 200),
        *("2026-01-01", "2026-01-01\n", "2026-13-45", "https://x", "http://x"),
        *([], [1], ["a"], [None], [[]], [{}]),
        *({}, {"a": 1}, {"x-a": 1}, {"fact": "a", "is": True}),
    ]
).map(copy.deepcopy)


def routes(data: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    found = [here]
    if isinstance(data, dict):
        for key, value in data.items():
            found += routes(value, (*here, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            found += routes(value, (*here, index))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """A valid document after one to three random changes, which may leave it valid."""
    name = draw(st.sampled_from(SCHEMAS))
    data = copy.deepcopy(document(name))
    for _ in range(draw(st.integers(1, 3))):
        route = draw(st.sampled_from(routes(data)))
        if not route:
            continue
        parent = data
        for step in route[:-1]:
            parent = parent[step]
        change = draw(st.sampled_from(["replace", "replace", "delete", "rename", "add", "repeat"]))
        last = route[-1]
        if change == "delete":
            del parent[last]
        elif change == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from([f"{last}x", f"x-{last}", f"{last}\n", ""]))] = parent.pop(
                last
            )
        elif change == "add" and isinstance(parent, dict):
            parent[draw(st.sampled_from(["extra", "x-own", "note", "id"]))] = draw(VALUES)
        elif change == "repeat" and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[last]))
        else:
            parent[last] = draw(VALUES)
    return name, data


@given(mutated())
@settings(derandomize=True, deadline=None, max_examples=1500)
def test_the_fast_validator_never_lets_pass_what_jsonschema_refuses(case: tuple[str, Any]) -> None:
    name, data = case
    if is_valid(name, data):
        assert explained(name, data)


@given(mutated())
@settings(derandomize=True, deadline=None, max_examples=1500)
def test_both_validators_agree_on_text_without_a_final_line_end(case: tuple[str, Any]) -> None:
    """Python's `$` also matches before a final line end; there the fast validator is right."""
    name, data = case
    if not ends_in_newline(data):
        assert is_valid(name, data) == explained(name, data)


def ends_in_newline(data: Any) -> bool:
    if isinstance(data, dict):
        return any(ends_in_newline(item) for pair in data.items() for item in pair)
    if isinstance(data, list):
        return any(ends_in_newline(item) for item in data)
    return isinstance(data, str) and data.endswith("\n")


@given(mutated())
@settings(derandomize=True, deadline=None, max_examples=600)
def test_a_refused_document_always_has_a_fault_with_a_place(case: tuple[str, Any]) -> None:
    name, data = case
    place = places_of(data)
    found = violations(name, Parsed(data, place), "f.yaml")
    assert bool(found) == (not is_valid(name, data))
    for item in found:
        assert item.code in ("CG201", "CG202", "CG203")
        assert item.fatal
        assert item.line >= 1
        assert item.column >= 1
        assert item.message


def places_of(data: Any) -> Any:
    """A tree of places in which every item stands at its own line, as a stand-in."""
    if isinstance(data, dict):
        return (0, 0, {key: (1, 2, places_of(value)) for key, value in data.items()})
    if isinstance(data, list):
        return (0, 0, [places_of(value) for value in data])
    return (0, 0, None)


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("client", "facts: {}\n", (1, 1, "CG203", '"name" is missing', "")),
        ("client", "name: A\nfatcs: {}\n", (2, 1, "CG202", '"fatcs"', 'did you mean "facts"?')),
        ("client", "name: A\nfacts: []\n", (2, 1, "CG201", "facts must be a mapping", "")),
        ("client", "name: 3\n", (1, 1, "CG201", "name must be text, not the number 3", "")),
        ("client", "name: ''\n", (1, 1, "CG201", "name must not be empty", "")),
        ("client", "name: null\n", (1, 1, "CG201", "name must be text, not empty", "")),
        (
            "client",
            "name: A\nscope:\n- {id: m, kind: cloud-servic}\n",
            (3, 11, "CG201", '"cloud-servic" is not allowed', 'did you mean "cloud-service"?'),
        ),
        (
            "client",
            "name: A\nscope:\n- {id: M, kind: site}\n",
            (3, 4, "CG201", '"M" has the wrong form', ""),
        ),
        (
            "client",
            "name: A\nscope: [{id: m, kind: site, in_scope: yes}]\n",
            (2, 29, "CG201", "in_scope must be true or false", "write true or false"),
        ),
        (
            "client-controls",
            "controls:\n  a-1: {status: done}\n",
            (2, 9, "CG201", 'status: "done" is not allowed', "one of: implemented"),
        ),
        (
            "findings",
            'findings:\n- {on: "a:1", verdict: satisfied, date: 3 May}\n',
            (2, 35, "CG201", 'date: "3 May" has the wrong form', "YYYY-MM-DD"),
        ),
        (
            "catalog",
            "format: 1\nid: d\nedition: 1\ntitle: T\nkind: law\nrequirements:\n"
            "- {id: 1, title: T, statement: S, logic: {at_least: 0}}\n",
            (7, 43, "CG201", "at_least", ""),
        ),
    ],
)
def test_a_fault_is_named_at_its_place_with_the_value_found(
    name: str, text: str, expected: tuple[int, int, str, str, str]
) -> None:
    line, column, code, message, hint = expected
    found = [f for f in faults(name, text) if message in f.message]
    assert len(found) == 1, [str(f) for f in faults(name, text)]
    assert (found[0].line, found[0].column, found[0].code) == (line, column, code)
    assert hint in found[0].hint


def test_all_faults_of_a_file_are_reported_in_one_run() -> None:
    rows = ("a: {status: x}", "b: {status: planned, stat: y}", "c: {status: planned, since: 3}")
    found = faults("client-controls", "controls:\n" + "".join(f"  {row}\n" for row in rows))
    assert [(f.line, f.code) for f in found] == [
        (2, "CG201"),
        (3, "CG202"),
        (4, "CG201"),
    ]


def test_a_file_of_another_kind_does_not_flood_the_screen() -> None:
    text = "name: A\n" + "".join(f"k{n}: 1\n" for n in range(5000))
    found = faults("client", text)
    assert len(found) == MAX_FAULTS + 1
    assert f"more than {MAX_FAULTS} faults" in found[-1].message


def test_a_hostile_number_of_faults_is_one_fault_and_quick() -> None:
    text = "controls:\n" + "".join(f"  k{n}: {{stat: 1}}\n" for n in range(20_000))
    started = time.perf_counter()
    found = faults("client-controls", text)
    assert [f.message for f in found] == ["more than 5000 faults: is this a client-controls file?"]
    assert time.perf_counter() - started < 10


def test_a_long_value_is_cut_in_the_message() -> None:
    found = faults("client-controls", f"controls:\n  a: {{status: {'x' * 100_000}}}\n")
    assert all(len(f.message) < 300 and len(f.hint) < 300 for f in found)


def test_nearest_says_nothing_if_nothing_is_near() -> None:
    assert nearest("statsu", ["status", "since"]) == 'did you mean "status"?'
    assert nearest("zzz", ["status"]) == ""
    assert nearest("x" * 1_000_000, ["status"]) == ""
