"""What must hold of scoping whatever the facts are, on the shipped rules and on random ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance_graph.analysis.scope import Scope, scope
from compliance_graph.facts import Money
from compliance_graph.loader import load_library
from compliance_graph.model import Duty, Fact, FactValue, Library, Regime, RegimeTier, Source

ROOT = Path(__file__).parent.parent
SOURCE = Source("client.yaml", 1, 1)
AS_OF = date(2026, 11, 21)
DAYS = st.dates(date(2003, 1, 1), date(2032, 12, 31))
# The number of examples is chosen so that a flaw in one operator of one rule is found; the whole
# module takes some seconds.
STEADY = settings(
    derandomize=True,
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@cache
def shipped() -> Library:
    return load_library(ROOT)[0]


@cache
def numbers() -> tuple[int, ...]:
    """The whole numbers the shipped rules compare with, and their neighbours."""
    found: set[int] = set()

    def walk(rule: Any) -> None:
        if isinstance(rule, dict):
            for value in rule.values():
                walk(value)
        elif isinstance(rule, list):
            for value in rule:
                walk(value)
        elif isinstance(rule, int) and not isinstance(rule, bool):
            found.update((rule - 1, rule, rule + 1))

    for regime in shipped().regimes.values():
        walk(regime.rule)
        for part in (*regime.tiers, *regime.duties):
            walk(part.when)
    for derived in shipped().derived.values():
        walk(derived.rule)
    return tuple(sorted(number for number in found if number >= 0))


PLACES = ("US", "GB", "DE", "IE", "CH", "UK", "EU", "TX", "NY", "MA", "CA", "RI")


def values_of(fact: Fact) -> st.SearchStrategy[Any]:
    """Canonical values a client could state, near the thresholds of the rules."""
    if fact.type == "bool":
        return st.booleans()
    if fact.type == "int":
        high = fact.maximum if fact.maximum is not None else 10_000_000_000
        low = fact.minimum or 0
        near = [number for number in numbers() if low <= number <= high] or [low]
        return st.sampled_from(near)
    if fact.type == "money":
        amounts = st.sampled_from([Decimal(number) for number in numbers()])
        return st.builds(Money, amounts, st.sampled_from(sorted(shipped().rates) or ["USD"]))
    if fact.type == "date":
        return DAYS
    if fact.type == "enum":
        return st.sampled_from(fact.values)
    options = PLACES if fact.values in (("countries",), ("us-states",), ()) else fact.values
    return st.frozensets(st.sampled_from(options), max_size=4)


def stated(value: Any) -> FactValue:
    return FactValue(value, SOURCE, stated_by="owner")


@st.composite
def facts_for(draw: st.DrawFn, library: Library) -> dict[str, FactValue]:
    """Some facts are stated, some are null, some are not given."""
    facts = {}
    share = draw(st.integers(0, 4))  # how many of the facts are known, from none to nearly all
    for fact in library.facts.values():
        if draw(st.integers(1, 4)) <= share:
            facts[fact.id] = stated(draw(values_of(fact)))
        elif draw(st.booleans()):
            facts[fact.id] = stated(None)
    return facts


# ---------------------------------------------------------------- random rules

NAMES = tuple(f"b{n}" for n in range(4)) + tuple(f"n{n}" for n in range(2)) + ("s0", "s1", "e0")
TYPES = {"b": "bool", "n": "int", "s": "set", "e": "enum"}
WORDS = ("x", "y", "z")


def leaves(regimes: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    named = {letter: [n for n in NAMES if n[0] == letter] for letter in TYPES}
    some = st.lists(st.sampled_from(WORDS), max_size=2)
    kinds = [
        st.builds(lambda f, v: {"fact": f, "is": v}, st.sampled_from(named["b"]), st.booleans()),
        st.builds(
            lambda f, op, v: {"fact": f, op: v},
            st.sampled_from(named["n"]),
            st.sampled_from(("lt", "lte", "gt", "gte", "eq")),
            st.integers(0, 3),
        ),
        st.builds(
            lambda f, op, v: {"fact": f, op: v},
            st.sampled_from(named["s"]),
            st.sampled_from(("has_any", "has_all")),
            some,
        ),
        st.builds(
            lambda f, v: {"fact": f, "has": v},
            st.sampled_from(named["s"]),
            st.sampled_from(WORDS),
        ),
        st.builds(
            lambda f, v: {"fact": f, "nonempty": v}, st.sampled_from(named["s"]), st.booleans()
        ),
        st.builds(lambda v: {"fact": "e0", "in": v}, some),
        st.builds(lambda v: {"fact": "as_of", "gte": v}, DAYS.map(date.isoformat)),
    ]
    if regimes:
        kinds.append(st.builds(lambda r: {"ref": r}, st.sampled_from(regimes)))
    return st.one_of(kinds)


def rules_for(regimes: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        leaves(regimes),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=6,
    )


@st.composite
def libraries(draw: st.DrawFn) -> Library:
    """Up to four regimes; each may refer to those before it, none to itself."""
    facts = {
        name: Fact(
            name,
            TYPES[name[0]],
            f"{name}?",
            SOURCE,
            values=WORDS if name[0] in "se" else (),
            maximum=4 if name[0] == "n" else None,
        )
        for name in NAMES
    }
    regimes: dict[str, Regime] = {}
    for number in range(draw(st.integers(1, 4))):
        rules = rules_for(tuple(regimes))
        name = f"r{number}"
        regimes[name] = Regime(
            name,
            name,
            "law",
            (f"{name} s. 1",),
            draw(rules),
            SOURCE,
            tiers=(RegimeTier("t", draw(rules)),),
            duties=(Duty("d", "d", when=draw(rules)),),
        )
    empty = replace(shipped(), facts=facts, derived={}, rates={}, regimes=regimes)
    return replace(empty, catalogs={}, controls={}, mappings=(), sets=())


@st.composite
def cases(draw: st.DrawFn) -> tuple[Library, dict[str, FactValue]]:
    """A library, shipped or random, and facts for it."""
    library = shipped() if draw(st.integers(0, 3)) == 0 else draw(libraries())
    return library, draw(facts_for(library))


def decided(result: Scope) -> dict[str, str]:
    """Every verdict on regimes that is no longer open."""
    return {r.regime.id: r.verdict for r in result.results if r.verdict != "undetermined"}


def duties_and_tiers(result: Scope) -> dict[tuple[str, str], Any]:
    """What is decided below the regimes that apply: duties, tiers, frameworks brought."""
    found: dict[tuple[str, str], Any] = {}
    for held in result.results:
        if held.verdict != "applies":
            continue
        for duty in held.duties:
            if duty.verdict != "undetermined":
                found[held.regime.id, f"duty {duty.duty.id}"] = duty.verdict
        for tier in held.regime.tiers:
            if tier.id not in held.undecided_tiers:
                found[held.regime.id, f"tier {tier.id}"] = tier.id in held.tiers
        for pair in held.frameworks:
            found[held.regime.id, f"framework {pair}"] = True
    return found


# ---------------------------------------------------------------- properties


@STEADY
@given(st.data(), cases(), DAYS)
def test_learning_a_fact_never_flips_what_is_decided(
    data: st.DataObject, case: tuple[Library, dict[str, FactValue]], as_of: date
) -> None:
    library, facts = case
    before = scope(library, facts, as_of)
    unknown = [n for n in library.facts if n not in facts or facts[n].value is None]
    if not unknown:
        return
    learnt = data.draw(st.lists(st.sampled_from(unknown), min_size=1, max_size=3, unique=True))
    more = {n: stated(data.draw(values_of(library.facts[n]), label=n)) for n in learnt}
    after = scope(library, {**facts, **more}, as_of)
    assert decided(before).items() <= decided(after).items()
    assert duties_and_tiers(before).items() <= duties_and_tiers(after).items()


def answer(
    data: st.DataObject, library: Library, facts: Mapping[str, FactValue], names: tuple[str, ...]
) -> dict[str, FactValue]:
    return {
        **facts,
        **{name: stated(data.draw(values_of(library.facts[name]), label=name)) for name in names},
    }


@STEADY
@given(st.data(), cases(), DAYS)
def test_answering_what_is_listed_as_undecided_decides(
    data: st.DataObject, case: tuple[Library, dict[str, FactValue]], as_of: date
) -> None:
    """Whatever is answered to the facts a verdict lists, the verdict is decided at once."""
    library, facts = case
    for result in scope(library, facts, as_of).undetermined():
        assert result.undecided, result.regime.id
        assert all(n not in facts or facts[n].value is None for n in result.undecided)
        answered = answer(data, library, facts, result.undecided)
        assert result.regime.id in decided(scope(library, answered, as_of))


@STEADY
@given(st.data(), cases(), DAYS)
def test_answering_the_questions_in_turn_leaves_nothing_open(
    data: st.DataObject, case: tuple[Library, dict[str, FactValue]], as_of: date
) -> None:
    """The interview ends: each question is about an unknown fact, and after the last one every
    regime is decided, with the tiers and duties of those that apply."""
    library, facts = case
    for _ in range(len(library.facts) + 1):
        result = scope(library, facts, as_of)
        if not result.questions:
            break
        first = result.questions[0].fact
        assert first not in facts or facts[first].value is None
        facts = answer(data, library, facts, (first,))
    assert scope(library, facts, as_of).questions == ()
    assert result.undetermined() == ()
    for held in result.binding():
        assert held.undecided_tiers == ()
        assert all(duty.verdict != "undetermined" for duty in held.duties)


@STEADY
@given(st.data(), cases(), DAYS)
def test_the_order_of_facts_and_a_fact_given_as_null_make_no_difference(
    data: st.DataObject, case: tuple[Library, dict[str, FactValue]], as_of: date
) -> None:
    library, facts = case
    names = data.draw(st.permutations(list(facts)))
    assert scope(library, {name: facts[name] for name in names}, as_of) == scope(
        library, facts, as_of
    )
    known = {name: held for name, held in facts.items() if held.value is not None}
    assert scope(library, known, as_of) == scope(library, facts, as_of)


@STEADY
@given(cases(), DAYS)
def test_a_proposed_regime_never_applies(
    case: tuple[Library, dict[str, FactValue]], as_of: date
) -> None:
    library, facts = case
    proposed = {
        name: replace(regime, status="proposed") for name, regime in library.regimes.items()
    }
    result = scope(replace(library, regimes=proposed), facts, as_of)
    assert result.binding() == ()
    assert result.undetermined() == ()
    assert all(held.frameworks == () for held in result.results)


@STEADY
@given(cases(), DAYS)
def test_every_verdict_shows_facts_that_were_stated(
    case: tuple[Library, dict[str, FactValue]], as_of: date
) -> None:
    """No reason rests on an unknown fact, and every reason has a citation."""
    library, facts = case
    for result in scope(library, facts, as_of).results:
        reasons = [*result.because, *(r for duty in result.duties for r in duty.because)]
        assert all(reason.value is not None for reason in reasons)
        assert all(reason.citation for reason in reasons)
        if result.verdict == "does-not-apply":
            assert result.frameworks == ()
            assert result.undecided == ()


def test_nothing_known_decides_no_regime_but_those_not_in_force() -> None:
    result = scope(shipped(), {}, AS_OF)
    idle = {
        r.id
        for r in shipped().regimes.values()
        if r.status == "proposed" or (r.in_force and not any(s.holds(AS_OF) for s in r.in_force))
    }
    assert set(decided(result)) == idle
    assert result.binding() == ()
