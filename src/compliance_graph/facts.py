"""Facts of a client: typed values and the values derived from them.

What comes in: raw values from client.yaml and the vocabulary of the library. What goes out:
canonical values (bool, int, text, `Money`, frozenset of text, date) or faults as values. A fact
that is not given is None: unknown, never false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from compliance_graph import rules
from compliance_graph.dates import to_date
from compliance_graph.model import FactValue, Library
from compliance_graph.validate import nearest

Fault = tuple[str, str, str]  # code, message, hint
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,4})?\Z", re.ASCII)
MAX_COUNT = 10_000_000_000


class Money(NamedTuple):
    """An amount in a currency (ISO 4217 code)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,} {self.currency}"


def normalise(library: Library, name: str, raw: Any) -> tuple[Any, list[Fault]]:
    """The canonical value of a fact as stated, and what is wrong with it (then None: unknown)."""
    if raw is None:
        value, fault = None, None
    else:
        value, fault = _shape(raw)
    if library.facts:
        if name in library.derived:
            hint = "state the facts it follows from instead"
            return None, [("CG206", f'"{name}" is computed, not stated', hint)]
        fact = library.facts.get(name)
        if fact is None:
            hint = nearest(name, list(library.facts))
            return None, [("CG206", f'unknown fact "{name}"', hint)]
        if raw is not None and fault is None:
            value, fault = _typed(library, name, value)
    return (None, [fault]) if fault else (value, [])


def _shape(raw: Any) -> tuple[Any, Fault | None]:
    if isinstance(raw, list):
        if any(isinstance(item, (list, dict)) or item is None for item in raw):
            return None, ("CG207", "a list of plain values is expected", "")
        return frozenset(item if isinstance(item, str) else _text(item) for item in raw), None
    if isinstance(raw, dict):
        written = str(raw.get("amount"))
        # no exponents: 1e999999999 is a short text and an endless number
        if not _AMOUNT.match(written):
            return None, ("CG207", f'"{written[:60]}" is not an amount of money', "")
        amount = Decimal(written)
        return Money(amount, str(raw.get("currency", "USD"))), None
    return raw, None


def _shown(value: Any) -> str:
    text = ", ".join(sorted(value)) if isinstance(value, frozenset) else _text(value)
    return f'"{text[:60]}"'


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _typed(library: Library, name: str, value: Any) -> tuple[Any, Fault | None]:
    fact = library.facts[name]
    raw = value

    def wrong(expected: str, hint: str = "") -> tuple[None, Fault]:
        return None, ("CG207", f"{name} must be {expected}, not {_shown(raw)}", hint)

    if fact.type == "bool":
        if isinstance(value, bool):
            return value, None
        hint = "write true or false" if str(value).lower() in ("yes", "no") else ""
        return wrong("true or false", hint)
    if fact.type == "int":
        if isinstance(value, bool) or not isinstance(value, int):
            return wrong("a whole number", "write it without separators or units")
        low = 0 if fact.minimum is None else fact.minimum
        high = MAX_COUNT if fact.maximum is None else fact.maximum
        if not low <= value <= high:
            return wrong(f"from {low} to {high}")
        return value, None
    if fact.type == "money":
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return wrong("money", f"write {{amount: {value}, currency: USD}}")
        if not isinstance(value, Money):
            return wrong("money: {amount, currency}")
        if library.rates and value.currency not in library.rates:
            return wrong("in a known currency", "one of: " + ", ".join(sorted(library.rates)))
        return value, None
    if fact.type == "date":
        day = to_date(value)
        return (day, None) if day else wrong("a date, YYYY-MM-DD")
    allowed = _allowed(fact.values)
    if fact.type == "enum":
        if not isinstance(value, str):
            value = _text(value) if isinstance(value, (bool, int)) else None
        if value is None or not allowed(value):
            hint = nearest(str(value), list(fact.values)) or "one of: " + ", ".join(fact.values)
            return wrong("one of the allowed values", hint)
        return value, None
    if isinstance(value, str):
        value = frozenset([value])
    if not isinstance(value, frozenset):
        return wrong("a list")
    for item in sorted(value):
        if not allowed(item):
            hint = nearest(item, list(fact.values)) or _expected(fact.values)
            return None, ("CG207", f'{name}: "{item}" is not an allowed value', hint)
    return value, None


def _allowed(values: tuple[str, ...]) -> Callable[[str], bool]:
    if not values:
        return lambda item: True
    if values in (("countries",), ("us-states",)):
        return lambda item: len(item) == 2 and item.isascii() and item.isalpha() and item.isupper()
    options = frozenset(values)
    return lambda item: item in options


def _expected(values: tuple[str, ...]) -> str:
    if values == ("countries",):
        return "two capital letters of the country (ISO 3166), such as US, GB, DE"
    if values == ("us-states",):
        return "two capital letters of the state, such as TX"
    return "one of: " + ", ".join(values)


class FactBase:
    """Looks facts up for rules: stated values, derived values, and the date asked about."""

    def __init__(self, library: Library, facts: Mapping[str, FactValue], as_of: date) -> None:
        self._library = library
        self._facts = facts
        self._as_of = as_of
        self._derived: dict[str, rules.Outcome | Decimal | None] = {}

    def __call__(self, name: str) -> Any:
        """The value of a fact, or None if it is unknown."""
        if name == "as_of":
            return self._as_of
        if name in self._library.derived:
            value = self._derive(name)
            return value.truth if isinstance(value, rules.Outcome) else value
        stated = self._facts.get(name)
        return stated.value if stated else None

    def sources(self, name: str) -> list[str]:
        """The stated facts a name rests on: itself, or those a derived fact is computed from."""
        derived = self._library.derived.get(name)
        if derived is None:
            return [name]
        if derived.convert_from:
            return [derived.convert_from]
        found: list[str] = []
        for kind, inner in rules.facts_of(derived.rule or {"all": []}):
            if kind == "fact":
                found.extend(self.sources(inner))
        return list(dict.fromkeys(found))

    def _derive(self, name: str) -> rules.Outcome | Decimal | None:
        if name in self._derived:
            return self._derived[name]
        self._derived[name] = None  # a derived fact that needs itself stays unknown
        derived = self._library.derived[name]
        if derived.convert_from:
            self._derived[name] = self._convert(derived.convert_from, derived.convert_to)
        elif derived.rule is not None:
            self._derived[name] = rules.evaluate(derived.rule, self, _no_regime)
        return self._derived[name]

    def _convert(self, name: str, currency: str) -> Decimal | None:
        value = self(name)
        if not isinstance(value, Money):
            return None
        if value.currency == currency:
            return value.amount
        rates = self._library.rates
        if value.currency not in rates or currency not in rates:
            return None
        divisor = Decimal(rates[currency])
        return value.amount * Decimal(rates[value.currency]) / divisor if divisor else None


def _no_regime(name: str) -> rules.Outcome:
    return rules.Outcome(None, (), ())
