"""Every example of docs/semantics.md runs as it stands and gives what the page says."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from compliance_graph.analysis.states import States
from compliance_graph.analysis.status import Assessment
from compliance_graph.client import load_client
from compliance_graph.loader import load_library
from compliance_graph.yamlfile import Parsed, parse

PAGE = Path(__file__).parent.parent / "docs" / "semantics.md"
FENCE = re.compile(r"^```yaml example ([a-z0-9-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = FENCE.findall(PAGE.read_text(encoding="utf-8"))
FILES = ("controls", "decisions", "findings", "evidence")


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, default=str, ensure_ascii=False), encoding="utf-8")


def filled(node):
    """A requirement with the words the page leaves out."""
    node = {"title": node["id"], "statement": f"What {node['id']} asks.", **node}
    for below in ("children", "objectives"):
        if below in node:
            node[below] = [filled(child) for child in node[below]]
    return node


def write_library(data, root):
    editions = data.get("editions") or [{"edition": "1", "requirements": data["requirements"]}]
    for edition in editions:
        head = {
            "format": 1,
            "id": "demo",
            "title": "Demo",
            "kind": "law",
            "source": {"citation": "s"},
        }
        nodes = [filled(node) for node in edition["requirements"]]
        put(
            root / f"frameworks/demo-{edition['edition']}.yaml",
            head | edition | {"requirements": nodes},
        )
    controls = [{"title": c["id"], "domain": "access", **c} for c in data["controls"]]
    put(root / "controls/demo.yaml", {"controls": controls})
    mappings = {"framework": "demo", "edition": editions[-1]["edition"]}
    for key in ("mappings", "jointly_sufficient"):
        if key in data:
            mappings[key] = [{"rationale": "…", **item} for item in data[key]]
    put(root / "controls/mappings/demo.yaml", mappings)
    types = [{"title": t["id"], **t} for t in data.get("evidence_types", ())]
    put(
        root / "evidence/types.yaml",
        {"evidence_types": types or [{"id": "other", "title": "Other"}]},
    )


def write_client(data, root):
    put(root / "client.yaml", {"name": "Example", "facts": {}} | data.get("client", {}))
    for name in FILES:
        if name in data:
            put(root / f"{name}.yaml", {name: data[name]})
    for name, content in data.get("files", {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")


def test_every_rule_has_an_example():
    text = PAGE.read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    rules = [section for section in sections if section.startswith("Rule ")]
    assert [rule.split(":")[0] for rule in rules] == [f"Rule {n}" for n in range(11)]
    for rule in rules:
        assert FENCE.search(rule), rule.splitlines()[0]
    names = [name for name, _ in EXAMPLES]
    assert len(set(names)) == len(names)
    assert text.count("```yaml example ") == len(EXAMPLES)


@pytest.mark.parametrize(("name", "text"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_example(name, text, tmp_path):
    parsed = parse(text.encode())
    assert isinstance(parsed, Parsed), parsed
    example = parsed.data
    write_library(example["library"], tmp_path / "library")
    write_client(example["client"], tmp_path / "client")
    library, found = load_library(tmp_path / "library")
    client, more = load_client(tmp_path / "client", library)
    assert [str(d) for d in [*found, *more] if d.fatal] == []
    as_of = date.fromisoformat(example["as_of"])
    states = States(library, client, as_of, bool(example.get("assume_plan")))
    catalog = library.edition_at("demo", as_of)
    verdicts = Assessment(states, catalog).verdicts
    assert example["expect"]
    for requirement, expected in example["expect"].items():
        verdict = verdicts[requirement]
        actual = {
            "status": verdict.status,
            "assurance": verdict.assurance or "none",
            "ready": verdict.ready,
            "gaps": sorted({gap.kind for gap in verdict.gaps}),
        }
        assert {key: actual[key] for key in expected} == expected, requirement
