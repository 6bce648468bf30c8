"""Three-valued rules over facts (strong Kleene logic).

What comes in: a rule (plain mapping as written in YAML), a way to look facts up, a way to look
regimes up. What goes out: True, False or None (unknown) with the facts that decided it. A fact
that is not given is unknown, never false: false and unknown is false, true or unknown is true,
everything else with an unknown stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from compliance_graph.dates import to_date

Truth = bool | None
OPERATORS = ("is", "eq", "in", "has", "has_any", "has_all", "nonempty", "lt", "lte", "gt", "gte")
MAX_RULE_DEPTH = 30


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison that mattered: fact (or regime), what was asked, the value, the result."""

    fact: str
    operator: str
    operand: Any
    value: Any
    truth: Truth


@dataclass(frozen=True, slots=True)
class Outcome:
    """The truth of a rule, the leaves that decided it, and the facts that would settle it."""

    truth: Truth
    because: tuple[Leaf, ...]
    undecided: tuple[str, ...]


def problems(rule: Any, depth: int = 0) -> Iterator[tuple[tuple[Any, ...], str]]:
    """What is malformed in a rule: (route, message) pairs; nothing for a good rule."""
    if depth > MAX_RULE_DEPTH:
        yield (), "nested too deep"
        return
    if not isinstance(rule, dict) or not rule:
        yield (), "must be a mapping with all, any, not, ref or fact"
        return
    keys = set(rule)
    if keys in ({"all"}, {"any"}):
        word = next(iter(keys))
        if not isinstance(rule[word], list) or not rule[word]:
            yield (word,), f"{word} needs a list of rules"
            return
        for index, part in enumerate(rule[word]):
            for route, message in problems(part, depth + 1):
                yield (word, index, *route), message
    elif keys == {"not"}:
        for route, message in problems(rule["not"], depth + 1):
            yield ("not", *route), message
    elif keys == {"ref"}:
        if not isinstance(rule["ref"], str):
            yield ("ref",), "ref names a regime"
    elif "fact" in keys and len(keys) == 2:
        operator = next(iter(keys - {"fact"}))
        if operator not in OPERATORS:
            yield (operator,), f'unknown comparison "{operator}"'
        elif not isinstance(rule["fact"], str):
            yield ("fact",), "fact must be a name"
        else:
            message = _operand_problem(operator, rule[operator])
            if message:
                yield (operator,), message
    else:
        yield (), "must have exactly one of all, any, not, ref, or a fact with one comparison"


def _operand_problem(operator: str, operand: Any) -> str:
    """Why nothing can be compared with an operand; empty if something can."""
    if operator in ("in", "has_any", "has_all"):
        plain = isinstance(operand, list) and all(isinstance(i, (str, int)) for i in operand)
        return "" if plain and operand else f"{operator} needs a list of plain values"
    if operator == "nonempty":
        return "" if isinstance(operand, bool) else "nonempty is true or false"
    return "" if isinstance(operand, (str, int)) else f"{operator} needs one plain value"


def facts_of(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every ("fact", name) and ("ref", regime) a rule looks at, in order."""
    if "fact" in rule:
        yield "fact", rule["fact"]
    elif "ref" in rule:
        yield "ref", rule["ref"]
    elif "not" in rule:
        yield from facts_of(rule["not"])
    else:
        for part in rule.get("all", rule.get("any", [])):
            yield from facts_of(part)


def evaluate(
    rule: Mapping[str, Any],
    lookup: Callable[[str], Any],
    regime: Callable[[str], Outcome],
) -> Outcome:
    """Evaluate a rule. `lookup` gives a fact's value or None; `regime` another regime's outcome.

    `because` holds the leaves that decide: for a true `all` every part, for a false `all` the
    false parts, and the mirror image for `any`. `undecided` holds the unknown facts in branches
    that are still open.
    """
    if "all" in rule or "any" in rule:
        conjunction = "all" in rule
        parts = [evaluate(part, lookup, regime) for part in rule["all" if conjunction else "any"]]
        deciding = not conjunction  # False decides all, True decides any
        if any(part.truth is deciding for part in parts):
            truth: Truth = deciding
            used = [part for part in parts if part.truth is deciding]
        elif all(part.truth is (not deciding) for part in parts):
            truth = not deciding
            used = parts
        else:
            truth = None
            used = parts
        because = tuple(dict.fromkeys(leaf for part in used for leaf in part.because))
        undecided = tuple(
            dict.fromkeys(name for part in parts if truth is None for name in part.undecided)
        )
        return Outcome(truth, because, undecided)
    if "not" in rule:
        inner = evaluate(rule["not"], lookup, regime)
        flipped = None if inner.truth is None else not inner.truth
        return Outcome(flipped, inner.because, inner.undecided)
    if "ref" in rule:
        return regime(rule["ref"])
    name = rule["fact"]
    operator = next(key for key in rule if key != "fact")
    value = lookup(name)
    truth = compare(value, operator, rule[operator])
    operand = rule[operator]
    asked = tuple(operand) if isinstance(operand, list) else operand
    leaf = Leaf(name, operator, asked, value, truth)
    return Outcome(truth, (leaf,), (name,) if truth is None else ())


def compare(value: Any, operator: str, operand: Any) -> Truth:
    """One comparison; None if the value is unknown or cannot be compared."""
    if value is None:
        return None
    if operator in ("is", "eq"):
        return bool(value == _like(value, operand))
    if operator == "in":
        return value in [_like(value, item) for item in operand]
    if operator in ("has", "has_any", "has_all", "nonempty"):
        items = value if isinstance(value, frozenset) else frozenset([value])
        if operator == "nonempty":
            return bool(items) is bool(operand)
        if operator == "has":
            return operand in items
        wanted = frozenset(operand)
        return bool(items & wanted) if operator == "has_any" else wanted <= items
    left, right = value, _like(value, operand)
    if isinstance(left, bool) or isinstance(right, (bool, str)) or type(left) is str:
        return None
    try:
        result = {
            "lt": left < right,
            "lte": left <= right,
            "gt": left > right,
            "gte": left >= right,
        }[operator]
    except TypeError:
        return None
    return bool(result)


def _like(value: Any, operand: Any) -> Any:
    if isinstance(value, date) and isinstance(operand, str):
        return to_date(operand) or operand
    return operand
