"""Which regimes bind a client on a day, at which tier, with which duties, and why.

What comes in: library, client facts, a date. What goes out: one `RegimeResult` per regime and the
questions whose answers would decide most. Verdicts: applies, does-not-apply, undetermined; a
proposed regime never reads as applies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from compliance_graph import rules
from compliance_graph.facts import FactBase, Money
from compliance_graph.model import Duty, FactValue, FrameworkTier, Library, Regime

VERDICTS = {True: "applies", False: "does-not-apply", None: "undetermined"}
_COST = {"easy": 0, "look-up": 1, "expert": 2}


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact that decided: what it goes to, the value stated, in words."""

    citation: str
    fact: str
    value: Any
    text: str
    stated_by: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class DutyResult:
    """Whether a duty of a regime binds."""

    duty: Duty
    verdict: str
    because: tuple[Reason, ...]
    undecided: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegimeResult:
    """The verdict on one regime. `frameworks` are the (framework, tier) pairs it brings now."""

    regime: Regime
    verdict: str
    because: tuple[Reason, ...]
    undecided: tuple[str, ...]
    tiers: tuple[str, ...] = ()
    undecided_tiers: tuple[str, ...] = ()
    frameworks: tuple[tuple[str, str | None], ...] = ()
    possible: tuple[tuple[str, str | None], ...] = ()
    duties: tuple[DutyResult, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A fact still unknown and the regimes whose verdict, tier or duty it would help decide."""

    fact: str
    question: str
    help: str
    trap: str
    decides: tuple[str, ...]
    refines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """All regimes of the library, in order of id, and the next questions, best first."""

    as_of: date
    results: tuple[RegimeResult, ...]
    questions: tuple[Question, ...]

    def binding(self) -> tuple[RegimeResult, ...]:
        """The regimes that apply."""
        return tuple(result for result in self.results if result.verdict == "applies")

    def undetermined(self) -> tuple[RegimeResult, ...]:
        """The regimes that nobody can decide yet."""
        return tuple(result for result in self.results if result.verdict == "undetermined")


def scope(library: Library, facts: Mapping[str, FactValue], as_of: date) -> Scope:
    """Decide every regime of the library from the facts."""
    scoping = _Scoping(library, facts, as_of)
    results = tuple(scoping.result(regime) for regime in library.regimes.values())
    return Scope(as_of, results, _questions(library, scoping.base, results))


class _Scoping:
    def __init__(self, library: Library, facts: Mapping[str, FactValue], as_of: date) -> None:
        self.library = library
        self.facts = facts
        self.as_of = as_of
        self.base = FactBase(library, facts, as_of)
        self._outcomes: dict[str, rules.Outcome] = {}

    def outcome(self, name: str) -> rules.Outcome:
        """A regime's own truth; an unknown or circular reference stays unknown."""
        if name in self._outcomes:
            return self._outcomes[name]
        self._outcomes[name] = rules.Outcome(None, (), ())
        regime = self.library.regimes.get(name)
        if regime is not None:
            self._outcomes[name] = self._decide(regime)
        return self._outcomes[name]

    def _decide(self, regime: Regime) -> rules.Outcome:
        if regime.status == "proposed" or regime.kind == "proposed":
            leaf = rules.Leaf("status", "is", "in force", "proposed", False)
            return rules.Outcome(False, (leaf,), ())
        if regime.in_force and not any(span.holds(self.as_of) for span in regime.in_force):
            coming = [span.start for span in regime.in_force if span.start > self.as_of]
            bound = ("gte", coming[0]) if coming else ("lt", regime.in_force[-1].until)
            leaf = rules.Leaf("as_of", *bound, self.as_of, False)
            return rules.Outcome(False, (leaf,), ())
        return self._evaluate(regime.rule)

    def _evaluate(self, rule: Mapping[str, Any]) -> rules.Outcome:
        return rules.evaluate(rule, self.base, self.outcome)

    def result(self, regime: Regime) -> RegimeResult:
        outcome = self.outcome(regime.id)
        verdict = VERDICTS[outcome.truth]
        because = tuple(
            self._reason(regime, leaf) for leaf in outcome.because if leaf.truth is not None
        )
        if outcome.truth is False:
            return RegimeResult(regime, verdict, because, ())
        tiers: list[str] = []
        open_tiers: list[str] = []
        pairs: dict[tuple[str, str | None], None] = {}
        possible: dict[tuple[str, str | None], None] = {}
        self._bring(regime.frameworks, pairs, possible)
        for tier in regime.tiers:
            held = self._evaluate(tier.when)
            if held.truth is True:
                tiers.append(tier.id)
                self._bring(tier.frameworks, pairs, possible)
            elif held.truth is None:
                open_tiers.append(tier.id)
                self._bring(tier.frameworks, possible, possible)
        duties = tuple(self._duty(regime, duty) for duty in regime.duties)
        undecided = outcome.undecided if outcome.truth is None else ()
        if outcome.truth is None:
            possible.update(pairs)
            pairs = {}
            duties = tuple(_in_doubt(duty, self._stated(undecided)) for duty in duties)
        return RegimeResult(
            regime,
            verdict,
            because,
            self._stated(undecided),
            tuple(tiers),
            tuple(open_tiers),
            tuple(pairs),
            tuple(pair for pair in possible if pair not in pairs),
            duties,
            self._near(regime),
        )

    def _bring(
        self,
        items: tuple[FrameworkTier, ...],
        pairs: dict[tuple[str, str | None], None],
        possible: dict[tuple[str, str | None], None],
    ) -> None:
        for item in items:
            truth = True if item.when is None else self._evaluate(item.when).truth
            if truth is True:
                pairs[(item.framework, item.tier)] = None
            elif truth is None:
                possible[(item.framework, item.tier)] = None

    def _duty(self, regime: Regime, duty: Duty) -> DutyResult:
        if duty.when is None:
            return DutyResult(duty, "applies", (), ())
        outcome = self._evaluate(duty.when)
        because = tuple(
            self._reason(regime, leaf, duty.citation)
            for leaf in outcome.because
            if leaf.truth is not None
        )
        return DutyResult(duty, VERDICTS[outcome.truth], because, self._stated(outcome.undecided))

    def _stated(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Unknown facts as the facts a person can state, in order, without repeats."""
        found: dict[str, None] = {}
        for name in names:
            for source in self.base.sources(name):
                if self.base(source) is None:
                    found[source] = None
        return tuple(found)

    def _reason(self, regime: Regime, leaf: rules.Leaf, citation: str = "") -> Reason:
        if leaf.fact == "status":
            text = regime.status_note or "proposed: it binds nobody yet"
            return Reason(regime.citation[0], "status", "proposed", text)
        if leaf.fact == "as_of":
            side = "on or after" if leaf.truth == (leaf.operator == "gte") else "before"
            text = f"the date asked about is {leaf.value}, which is {side} {leaf.operand}"
            return Reason(regime.citation[0], "as_of", leaf.value, text)
        cited, words = regime.clauses.get(leaf.fact, ("", ""))
        stated = self.facts.get(leaf.fact)
        said = describe(leaf)
        return Reason(
            citation=citation or cited or regime.citation[0],
            fact=leaf.fact,
            value=leaf.value,
            text=f"{said} ({words})" if words else said,
            stated_by=stated.stated_by if stated else "",
            source=str(stated.source) if stated else "",
        )

    def _near(self, regime: Regime) -> tuple[str, ...]:
        """Thresholds within a tenth of the stated value, on either side."""
        near = []
        for fact, at, words, citation in regime.thresholds:
            value = self.base(fact)
            if (
                isinstance(value, int)
                and not isinstance(value, bool)
                and abs(value - at) * 10 <= at
            ):
                side = "below" if value < at else "at or above"
                near.append(f"{fact} is {value:,}, {side} {at:,}: {words} ({citation})")
        return tuple(near)


def _in_doubt(duty: DutyResult, undecided: tuple[str, ...]) -> DutyResult:
    """A duty of a regime that nobody can decide yet: it cannot bind for certain."""
    if duty.verdict != "applies":
        return duty
    return replace(duty, verdict="undetermined", undecided=undecided)


def describe(leaf: rules.Leaf) -> str:
    """A comparison in words: "consumer_records is 3,100, which is below 5,000"."""
    value = plain(leaf.value)
    held = leaf.truth is True
    words = {
        "lt": "below" if held else "not below",
        "lte": "at most" if held else "above",
        "gt": "above" if held else "not above",
        "gte": "at least" if held else "below",
    }.get(leaf.operator)
    if words:
        return f"{leaf.fact} is {value}, which is {words} {plain(leaf.operand)}"
    if leaf.operator in ("has", "has_any", "has_all"):
        wanted = leaf.operand if isinstance(leaf.operand, tuple) else (leaf.operand,)
        items = leaf.value if isinstance(leaf.value, frozenset) else frozenset([leaf.value])
        common = sorted(str(item) for item in items & frozenset(wanted))
        if held:
            return f"{leaf.fact} includes {', '.join(common)}"
        return (
            f"{leaf.fact} is {value}, none of them relevant" if items else f"{leaf.fact} is empty"
        )
    return f"{leaf.fact} is {value}"


def plain(value: Any) -> str:
    """A fact's value for a reader."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    if isinstance(value, tuple) and not isinstance(value, Money):
        return ", ".join(plain(item) for item in value)
    return "unknown" if value is None else str(value)


def jsonable(value: Any) -> Any:
    """A fact's value for JSON: sets sorted, money as amount and currency, dates as text."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Money):
        return {"amount": str(value.amount), "currency": value.currency}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def _questions(
    library: Library, base: FactBase, results: tuple[RegimeResult, ...]
) -> tuple[Question, ...]:
    decides: dict[str, dict[str, None]] = {}
    refines: dict[str, dict[str, None]] = {}
    weight: dict[str, float] = {}
    for result in results:
        name = result.regime.id
        for fact in result.undecided:
            decides.setdefault(fact, {})[name] = None
            weight[fact] = weight.get(fact, 0.0) + 1 / len(result.undecided)
        if result.verdict != "does-not-apply":
            for duty in result.duties:
                for fact in duty.undecided:
                    refines.setdefault(fact, {})[name] = None
            for tier in result.regime.tiers:
                if tier.id in result.undecided_tiers:
                    for kind, fact in rules.facts_of(tier.when):
                        for source in base.sources(fact) if kind == "fact" else ():
                            if base(source) is None:
                                refines.setdefault(source, {})[name] = None
    questions = []
    for fact in sorted({*decides, *refines}):
        known = library.facts.get(fact)
        questions.append(
            Question(
                fact,
                known.ask if known else fact,
                known.help if known else "",
                known.trap if known else "",
                tuple(decides.get(fact, ())),
                tuple(refines.get(fact, ())),
            )
        )

    def rank(question: Question) -> tuple[bool, float, int, int, str]:
        known = library.facts.get(question.fact)
        cost = _COST[known.cost] if known else 1
        share = weight.get(question.fact, 0.0)
        return (not question.decides, -share, -len(question.decides), cost, question.fact)

    return tuple(sorted(questions, key=rank))
