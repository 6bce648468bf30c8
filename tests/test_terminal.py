"""Text from data cannot steer a terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_graph.terminal import escape, escape_json

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – é 😀", "plain – é 😀"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31mred", "\\x9b31mred"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x00\x07\x08\x7f\x85", "\\x00\\x07\\x08\\x7f\\x85"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2028b", "a\\u2028b"),
        ("\ufeff\ud800", "\\ufeff\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_unsafe_characters_become_visible(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text(st.characters(codec=None)))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_no_text_keeps_a_character_that_steers(text: str) -> None:
    shown = escape(text)
    for character in shown:
        assert character >= " "
        assert not "\x7f" <= character <= "\x9f"
        assert not "\ud800" <= character <= "\udfff"
        assert character not in BIDI + "\u2028\u2029\ufeff"
    assert escape(shown) == shown


@given(st.text(st.characters(codec=None)))
@settings(derandomize=True, deadline=None)
def test_with_newlines_only_line_feeds_stay(text: str) -> None:
    assert escape(text, newlines=True).split("\n") == [escape(line) for line in text.split("\n")]


@given(st.dictionaries(st.text(), st.text(st.characters(codec=None))))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_escaped_json_is_safe_and_means_the_same(data: dict[str, str]) -> None:
    written = escape_json(json.dumps(data, ensure_ascii=False, indent=2))
    assert json.loads(written) == data
    assert escape(written, newlines=True) == written
