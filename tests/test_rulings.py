"""Rulings: given these facts on this date, these regimes bind at these tiers and those do not.

Anyone who reads the law can add one to tests/rulings/*.yaml without writing Python:

    - name: in plain words
      as_of: 2026-11-20
      closed_world: true      # facts not given come from defaults.yaml, and no other regime applies
      facts: {established_in: [US], ...}            # null: unknown, also over a default
      applies: [{regime: hipaa, tiers: [covered_entity], cite: 45 CFR 160.103}]
      does_not_apply: [ftc-safeguards]
      undetermined: [cmmc]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from compliance_graph.analysis.scope import RegimeResult, scope
from compliance_graph.dates import to_date
from compliance_graph.facts import normalise
from compliance_graph.loader import load_library
from compliance_graph.model import FactValue, Library, Source
from compliance_graph.yamlfile import Parsed, YamlError, locate, parse

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "rulings"
FILES = ("scope-worked-examples", "tax-and-finance-boundaries", "other-boundaries")

KEYS = {"name", "as_of", "closed_world", "facts", "applies", "does_not_apply", "undetermined"}
# A ruling may cite an act by its short name; the regime writes it out.
SHORT = {"NIS2": "Directive (EU) 2022/2555"}
# These regimes stand for one text per state or one contract per customer, which the ruling names
# and the regime can only describe.
CITED_AS_A_CLASS = {"state-breach-notification", "soc2"}


@cache
def library() -> Library:
    return load_library(ROOT)[0]


def read(name: str) -> Parsed:
    parsed = parse((FOLDER / f"{name}.yaml").read_bytes())
    assert not isinstance(parsed, YamlError), f"{name}.yaml: {parsed}"
    return parsed


@cache
def defaults() -> dict[str, Any]:
    found: dict[str, Any] = read("defaults").data["defaults"]
    return found


def rulings() -> Iterator[Any]:
    for name in FILES:
        parsed = read(name)
        for index, ruling in enumerate(parsed.data["rulings"]):
            line = locate(parsed.place, ("rulings", index))[0]
            yield pytest.param(ruling, id=f"{name}.yaml:{line} {ruling['name']}")


def stated(ruling: dict[str, Any]) -> dict[str, FactValue]:
    """The facts of a ruling as canonical values; a value the vocabulary refuses fails the test."""
    raw = {**(defaults() if ruling["closed_world"] else {}), **ruling["facts"]}
    facts = {}
    for name, value in raw.items():
        canonical, faults = normalise(library(), name, value)
        assert faults == [], f"{name}: {faults}"
        facts[name] = FactValue(canonical, Source("ruling", 1, 1))
    return facts


def pieces(citation: str) -> list[str]:
    """ "16 CFR 314.1(b); 16 CFR 314.6" as single citations, short names written out."""
    found = [piece.strip() for piece in re.split(r"; | or | and | through ", citation)]
    found = [piece.replace(" part ", " ") for piece in found]
    for short, full in SHORT.items():
        found = [
            full + piece.removeprefix(short) if piece.startswith(short) else piece
            for piece in found
        ]
    return found


def citations(result: RegimeResult) -> list[str]:
    """Everything the regime cites for itself, its reasons, clauses, tiers and duties."""
    regime = result.regime
    found = [*regime.citation, *(reason.citation for reason in result.because)]
    found += [citation for citation, _ in regime.clauses.values()]
    found += [tier.citation for tier in regime.tiers]
    found += [duty.citation for duty in regime.duties]
    found += [span.citation for span in regime.in_force]
    return [piece for citation in found for piece in pieces(citation) if piece]


def rests_on(piece: str, known: list[str]) -> bool:
    """True if the regime cites this text, a text that contains it, or a part of it."""
    return any(piece in citation or piece.startswith(citation) for citation in known)


@pytest.mark.parametrize("ruling", list(rulings()))
def test_ruling(ruling: dict[str, Any]) -> None:
    assert set(ruling) <= KEYS
    as_of = to_date(ruling["as_of"])
    assert as_of is not None
    results = {r.regime.id: r for r in scope(library(), stated(ruling), as_of).results}
    expected = {entry["regime"]: "applies" for entry in ruling.get("applies", ())}
    expected |= dict.fromkeys(ruling.get("does_not_apply", ()), "does-not-apply")
    expected |= dict.fromkeys(ruling.get("undetermined", ()), "undetermined")
    assert expected, "a ruling rules on something"
    if ruling["closed_world"]:
        expected = dict.fromkeys(results, "does-not-apply") | expected
    assert {name: results[name].verdict for name in expected} == expected
    for entry in ruling.get("applies", ()):
        result = results[entry["regime"]]
        assert sorted(result.tiers) == sorted(entry.get("tiers", ())), entry["regime"]
        assert result.because
        assert all(reason.citation for reason in result.because)
        if entry["regime"] not in CITED_AS_A_CLASS:
            known = citations(result)
            assert any(rests_on(piece, known) for piece in pieces(entry["cite"])), known
    for name in ruling.get("undetermined", ()):
        assert results[name].undecided, "an open verdict names the facts that would decide it"


def test_the_defaults_speak_of_every_fact_so_that_closed_world_leaves_none_open() -> None:
    assert sorted(defaults()) == sorted(library().facts)


def test_every_ruling_has_its_own_name() -> None:
    names = [ruling["name"] for file in FILES for ruling in read(file).data["rulings"]]
    assert len(names) == len(set(names))


def test_every_regime_in_force_is_bound_by_some_ruling_and_no_proposed_one_is() -> None:
    """A regime that no ruling binds is a rule nobody has tried."""
    bound: set[str] = set()
    for file in FILES:
        for ruling in read(file).data["rulings"]:
            bound |= {entry["regime"] for entry in ruling.get("applies", ())}
    proposed = {r.id for r in library().regimes.values() if r.status == "proposed"}
    assert sorted(set(library().regimes) - proposed - bound) == []
    assert not bound & proposed
