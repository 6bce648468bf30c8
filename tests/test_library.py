"""The shipped library against published facts: ids, counts, weights, flags, and its own quality."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from compliance_graph.analysis.index import MappingIndex
from compliance_graph.loader import load_library

ROOT = Path(__file__).resolve().parent.parent
FACTS = yaml.load((ROOT / "tests/data/catalog_facts.yaml").read_text("utf-8"), yaml.BaseLoader)
LIBRARY, FOUND = load_library(ROOT)
CATALOGS = sorted(LIBRARY.catalogs)


def catalog(framework, edition):
    return LIBRARY.catalogs[(framework, edition)].requirements


def known(nodes):
    return set(nodes) | {alias for node in nodes.values() for alias in node.aliases}


def test_the_library_loads_without_a_fault():
    assert FOUND == []


def test_all_frameworks_are_there():
    assert {name for name, _ in CATALOGS} == {
        "cmmc",
        "cyber-essentials",
        "ftc-safeguards",
        "gdpr",
        "hipaa",
        "irs-4557",
        "iso27001",
        "uk-gdpr",
    }


# ---------------------------------------------------------------- published facts


def test_ftc_has_its_61_paragraphs_and_lifts_18_of_them():
    nodes = catalog("ftc-safeguards", "2024")
    own = [node for node in nodes.values() if not node.is_objective]
    assert {node.id for node in own} == set(FACTS["ftc_safeguards"])
    assert len(own) == 61
    lifted = {
        node.id
        for node in own
        if any("consumer_records" in str(condition.rule) for condition in node.conditions)
    }
    assert lifted == {i for i, flag in FACTS["ftc_safeguards"].items() if flag == "lifted"}
    assert len(lifted) == 18


def test_irs_items_tell_law_from_guidance():
    nodes = catalog("irs-4557", "2025")
    own = {node.id: node.binding for node in nodes.values() if not node.is_objective}
    assert own == FACTS["irs_4557"]
    assert Counter(own.values()) == {"guidance": 185, "law": 27}


def test_cmmc_level_2_weights_poam_flags_and_objectives():
    nodes = catalog("cmmc", "2.0")
    level2 = FACTS["cmmc"]["level2"]
    assert {i for i, node in nodes.items() if "L2" in node.tiers and not node.is_objective} == set(
        level2
    )
    for i, (weight, poam, objectives) in level2.items():
        assert nodes[i].weight == int(weight), i
        assert nodes[i].poam == ("barred" if poam == "no" else "eligible"), i
        assert len(nodes[i].objectives) == int(objectives), i
    assert sum(len(nodes[i].objectives) for i in level2) == 320
    assert Counter(nodes[i].weight for i in level2) == {5: 44, 3: 14, 1: 51, 0: 1}
    assert 110 - sum(nodes[i].weight or 0 for i in level2) == -203
    partial = {i for i in level2 if nodes[i].partial_points is not None}
    assert partial == {"IA.L2-3.5.3", "SC.L2-3.13.11"}


def test_cmmc_level_1_and_3():
    nodes = catalog("cmmc", "2.0")
    level1 = {i for i, node in nodes.items() if "L1" in node.tiers and not node.is_objective}
    assert level1 == set(FACTS["cmmc"]["level1"])
    level3 = FACTS["cmmc"]["level3"]
    assert {i for i, node in nodes.items() if "L3" in node.tiers and not node.is_objective} == set(
        level3
    )
    for i, poam in level3.items():
        assert nodes[i].poam == ("barred" if poam == "no" else "eligible"), i


def test_hipaa_security_rule_flags():
    nodes = catalog("hipaa", "2013")
    assert set(FACTS["hipaa"]) <= known(nodes)
    assert set(FACTS["hipaa_other"]) <= known(nodes)
    flags = Counter()
    for i, flag in FACTS["hipaa"].items():
        if flag == "standard":
            continue
        assert (nodes[i].kind == "addressable") == (flag == "addressable"), i
        flags[flag] += 1
    assert flags["addressable"] == 22


def test_iso_clauses_are_never_not_applicable():
    nodes = catalog("iso27001", "2022")
    assert set(FACTS["iso27001"]["clauses"]) <= set(nodes)
    annex = [i for i in nodes if i.startswith("A.") and not nodes[i].is_objective]
    assert [i for i in annex if i.count(".") == 2] == [
        i for i in FACTS["iso27001"]["annex_a"] if i.count(".") == 2
    ]
    assert len([i for i in annex if i.count(".") == 2]) == 93
    assert all(node.na == "never" for i, node in nodes.items() if i[0].isdigit())


@pytest.mark.parametrize("edition", ["3.2", "3.3"])
def test_cyber_essentials_items_and_question_numbers(edition):
    nodes = catalog("cyber-essentials", edition)
    for i, questions in FACTS["cyber_essentials"].items():
        below = [n for n in nodes.values() if n.id == i or n.id.startswith(i + ".")]
        found = {question for node in below for question in node.questions}
        assert set(questions) <= found, i


def test_cyber_essentials_automatic_fails():
    nodes = catalog("cyber-essentials", "3.3")
    flagged = {q for node in nodes.values() if node.automatic_fail for q in node.questions}
    assert {"A6.4", "A6.5", "A7.16", "A7.17"} <= flagged


def test_cyber_essentials_editions_do_not_overlap():
    old, new = (LIBRARY.catalogs[("cyber-essentials", e)] for e in ("3.2", "3.3"))
    assert old.in_force[-1].until == new.in_force[0].start
    assert new.supersedes == "3.2"


def test_gdpr_has_every_obligation():
    missing = set(FACTS["gdpr"]) - known(catalog("gdpr", "2016"))
    assert missing == set()


# ---------------------------------------------------------------- quality


@pytest.mark.parametrize("key", CATALOGS, ids="@".join)
def test_every_counted_requirement_can_be_met(key):
    index = MappingIndex(LIBRARY, LIBRARY.catalogs[key])
    for node in LIBRARY.catalogs[key].requirements.values():
        if not node.members:
            assert index.routes(node), node.id


@pytest.mark.parametrize("key", CATALOGS, ids="@".join)
def test_every_entry_is_complete(key):
    book = LIBRARY.catalogs[key]
    assert book.rights
    assert book.citation
    assert book.last_checked
    assert book.verdicts
    statements = Counter(node.statement.casefold() for node in book.requirements.values())
    assert [text for text, count in statements.items() if count > 1] == []
    for node in book.requirements.values():
        assert node.citation, node.id
        assert node.statement.rstrip(".").casefold() != node.title.casefold(), node.id
        assert not re.search(r"\betc\b|\bTBD\b|\bTODO\b", node.statement, re.IGNORECASE), node.id


@pytest.mark.parametrize("key", CATALOGS, ids="@".join)
def test_statements_read_easily(key):
    """Sentences a business owner can follow: short on average, none endless."""
    lengths = []
    for node in LIBRARY.catalogs[key].requirements.values():
        for sentence in re.split(r"(?<=[.;:])\s+", node.statement):
            words = len(sentence.split())
            assert words <= 60, (node.id, sentence)
            lengths.append(words)
    assert sum(lengths) / len(lengths) <= 25


def test_every_control_is_complete():
    for control in LIBRARY.controls.values():
        assert control.objective, control.id
        assert control.policy, control.id
        assert control.test, control.id
        assert control.effort, control.id
        assert control.effort_basis, control.id
        assert control.cost, control.id
        assert control.evidence.types, control.id
        assert set(control.good) == {"general", "microsoft-365", "google-workspace", "msp"}
        low, high = control.effort
        assert low <= high


def test_no_two_controls_say_the_same():
    for field in ("title", "objective", "policy"):
        texts = Counter(getattr(control, field) for control in LIBRARY.controls.values())
        assert [text for text, count in texts.items() if count > 1] == []


def test_every_mapping_says_why():
    """A route argues its case; a part may just name the part it carries."""
    routes = [item for item in LIBRARY.mappings if item.is_route]
    for item in (*routes, *LIBRARY.sets):
        assert len(item.rationale) > 20, item.source
    assert all(item.rationale for item in LIBRARY.mappings)


def test_every_evidence_type_says_what_is_worthless():
    for kind in LIBRARY.evidence_types.values():
        assert kind.fresh_for, kind.id
        assert kind.shows, kind.id
        assert kind.worthless, kind.id


def test_what_is_proposed_binds_nobody():
    proposed = [r for r in LIBRARY.regimes.values() if r.kind == "proposed"]
    assert proposed
    assert all(r.status == "proposed" for r in proposed)


@pytest.mark.parametrize("framework", sorted({name for name, _ in CATALOGS}))
def test_each_framework_has_a_page_of_sources_and_reviews(framework):
    page = (ROOT / "docs" / "library" / f"{framework}.md").read_text("utf-8")
    assert "## Review" in page
    assert "Second review" in page or "second review" in page


def test_every_yaml_file_names_its_schema_on_the_first_line():
    folders = ("frameworks", "controls", "evidence", "src/compliance_graph/samples")
    files = [path for name in folders for path in (ROOT / name).rglob("*.yaml")]
    assert len(files) > 80
    for path in files:
        first = path.read_text("utf-8").split("\n", 1)[0]
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+\.schema\.json)", first)
        assert named, path
        assert (path.parent / named[1]).resolve().is_file(), path
