"""The sample clients: they load, their records are true to the folder, and they show what a person
who knows them would expect. The expectations stand in tests/rulings/samples.yaml, in words."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from compliance_graph.analysis.report import GapReport, Wanted, gap_report
from compliance_graph.checks import check_client
from compliance_graph.client import load_client
from compliance_graph.dates import to_date
from compliance_graph.diagnostics import Diagnostic
from compliance_graph.library_path import samples
from compliance_graph.loader import load_library
from compliance_graph.model import Client, Library
from compliance_graph.yamlfile import YamlError, parse

ROOT = Path(__file__).parent.parent
NAMES = sorted(path.parent.name for path in samples().glob("*/client.yaml"))
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@cache
def library() -> Library:
    return load_library(ROOT)[0]


@cache
def expected() -> dict[str, Any]:
    data = read(Path(__file__).parent / "rulings" / "samples.yaml")
    return {entry["client"]: entry for entry in data["clients"]} | {"as_of": data["as_of"]}


def today() -> date:
    day = to_date(expected()["as_of"])
    assert day is not None
    return day


def read(path: Path) -> Any:
    parsed = parse(path.read_bytes())
    assert not isinstance(parsed, YamlError), f"{path.name}: {parsed}"
    return parsed.data


@cache
def load(name: str) -> tuple[Client, list[Diagnostic]]:
    client, found = load_client(samples() / name, library())
    assert client is not None, found
    return client, found


@cache
def report(name: str) -> GapReport:
    named = {item["on"].partition(":")[0] for item in expected()[name]["verdicts"]}
    return gap_report(library(), load(name)[0], today(), [Wanted(f) for f in sorted(named)])


def test_every_sample_has_expectations() -> None:
    assert sorted(set(expected()) - {"as_of"}) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_has_no_fault_but_those_of_its_story(name: str) -> None:
    client, found = load(name)
    found = [*found, *check_client(client, library(), today())]
    seen = sorted((d.code, d.message.split()[0]) for d in found)
    assert seen == sorted((f["code"], f["about"]) for f in expected()[name]["faults"])


def _regimes() -> Iterator[Any]:
    for name in NAMES:
        for item in expected()[name]["regimes"]:
            yield pytest.param(name, item, id=f"{name} {item['regime']}")


@pytest.mark.parametrize(("name", "item"), list(_regimes()))
def test_which_regimes_bind_a_sample(name: str, item: dict[str, str]) -> None:
    result = {r.regime.id: r for r in report(name).scope.results}[item["regime"]]
    assert result.verdict == item["verdict"]
    assert "tier" not in item or item["tier"] in result.tiers


def _verdicts() -> Iterator[Any]:
    for name in NAMES:
        for item in expected()[name]["verdicts"]:
            yield pytest.param(name, item, id=f"{name} {item['on']}")


@pytest.mark.parametrize(("name", "item"), list(_verdicts()))
def test_verdicts_a_person_would_expect(name: str, item: dict[str, Any]) -> None:
    framework, _, requirement = item["on"].partition(":")
    part = next(f for f in report(name).frameworks if f.catalog.id == framework)
    verdict = part.assessment.verdicts[requirement]
    assert verdict.status == item["status"], f"{item['because']} | {verdict.gaps}"
    assert verdict.ready == item.get("ready", verdict.ready), f"{item['because']} | {verdict.gaps}"


@pytest.mark.parametrize("name", NAMES)
def test_hashes_and_sizes_of_evidence_are_true_and_no_file_is_left_over(name: str) -> None:
    root = samples() / name
    held = {p.relative_to(root).as_posix() for p in root.rglob("evidence/*") if p.is_file()}
    records = read(root / "evidence.yaml")["evidence"] if (root / "evidence.yaml").exists() else []
    for record in records:
        if "file" in record:
            content = (root / record["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == record["sha256"], record["id"]
            assert len(content) == int(record["size"]), record["id"]
            held.discard(record["file"])
        else:
            assert record["reference"], record["id"]
    assert held == set()


def _acts(client: Client) -> Iterator[tuple[str, date | None]]:
    for record in client.controls.values():
        yield record.control, record.since
        yield record.control, record.performed
    for evidence in client.evidence.values():
        yield evidence.id, evidence.date
    for finding in client.findings:
        yield finding.id, finding.date
    for decision in client.decisions:
        yield decision.id, decision.date
    for name, fact in client.facts.items():
        yield name, fact.date
    for row in client.incidents:
        yield row["id"], to_date(row["date"])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_recorded_after_the_day_of_the_samples(name: str) -> None:
    late = [(what, day) for what, day in _acts(load(name)[0]) if day is not None and day > today()]
    assert late == []


@pytest.mark.parametrize("name", NAMES)
def test_planned_measures_have_a_date_that_is_still_to_come(name: str) -> None:
    for record in load(name)[0].controls.values():
        if record.status == "planned":
            assert record.due is not None, record.control
        if record.due is not None:
            assert record.due > today(), record.control


@pytest.mark.parametrize("name", NAMES)
def test_narratives_are_there_and_no_two_are_alike(name: str) -> None:
    records = load(name)[0].controls.values()
    texts = [r.narrative or r.justification for r in records]
    assert all(len(text.split()) >= 5 for text in texts)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("name", NAMES)
def test_people_can_be_reached_only_in_fiction(name: str) -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in (samples() / name).rglob("*.*"))
    assert all(m.endswith("@example.com") for m in re.findall(r"\b[\w.]+@[\w.]+\w", text))
    assert all("-555-01" in n for n in re.findall(r"\b\d{3}-\d{3}-\d{4}\b", text))


def test_a_changed_artefact_takes_away_what_rested_on_it(tmp_path: Path) -> None:
    """What the note at the top of evidence.yaml tells people to try."""
    copy = tmp_path / "client"
    shutil.copytree(samples() / "lone-star-tax", copy)
    client = load("lone-star-tax")[0]
    record = next(e for e in client.evidence.values() if "vul-10" in e.controls)
    with (copy / record.file).open("ab") as stream:
        stream.write(b" ")
    changed, found = load_client(copy, library())
    assert [d.code for d in found] == ["CG504"]
    assert changed is not None
    verdicts = [
        next(
            f.assessment.verdicts["314.4(d)(1)"]
            for f in gap_report(library(), c, today(), [Wanted("ftc-safeguards")]).frameworks
        )
        for c in (client, changed)
    ]
    assert [(v.status, v.assurance, v.ready) for v in verdicts] == [
        ("met", "evidenced", True),
        ("met", "claimed", False),
    ]
