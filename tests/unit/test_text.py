# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others wrote acts on no terminal."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._text import (
    LONGEST,
    LONGEST_MESSAGE,
    safe,
    safe_message,
    whole,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("data", "data"),
        ("", ""),
        ("d\u00e4ta \N{GRINNING FACE}", "d\u00e4ta \N{GRINNING FACE}"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\x07\r\n\tb", "a\\x07\\x0d\\x0a\\x09b"),
        ("a\x9bb\x7f", "a\\x9bb\\x7f"),
        ("a\u202eb\u2066\u200b", "a\\u202eb\\u2066\\u200b"),
        ("a\u2028b\u2029", "a\\u2028b\\u2029"),
        ("\ue000", "\\ue000"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\xad", "\\xad"),
        # What has no width: fillers, and selectors of variants, which can carry a hidden text.
        ("\u3164\u2800", "\\u3164\\u2800"),
        ("a\ufe0f\U000e0101", "a\\ufe0f\\U000e0101"),
        # Marks belong to a letter, and no letter has a heap of them.
        ("e\u0301a\u0302\u0301", "e\u0301a\u0302\u0301"),
        ("\u0301a", "\\u0301a"),
        ("\x1b\u0301", "\\x1b\\u0301"),
        ("a" + "\u0335" * 6 + "b\u0335", "a" + "\u0335" * 4 + "\\u0335" * 2 + "b\u0335"),
        # White space of one line stays, though it does not count as printable.
        ("a\xa0b", "a\xa0b"),
    ],
)
def test_what_acts_on_a_terminal_is_shown_by_its_number(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("text", "longest", "shown"),
    [("x" * 5, 5, "x" * 5), ("x" * 6, 5, "x" * 5 + "..."), ("x" * 4 + "\x07y", 5, "xxxx\\x07...")],
)
def test_what_is_long_is_cut(text: str, longest: int, shown: str) -> None:
    assert safe(text, longest) == shown


def test_how_long_is_long() -> None:
    assert safe("x" * LONGEST) == "x" * LONGEST
    assert safe("x" * 10_000) == "x" * LONGEST + "..."


def test_a_whole_message_is_long_enough_for_what_is_in_it() -> None:
    text = "x" * LONGEST_MESSAGE
    assert safe_message(text) == text
    assert safe_message(f"{text}y\x07") == f"{text}..."
    assert safe_message("a\x07") == "a\\x07"


def test_half_a_character_is_data_of_nobody() -> None:
    emoji = "\N{GRINNING FACE}"
    assert whole({"a\ud800": ["\udc00", emoji, 1, None, {"b": "c"}]}) == {
        "a\\ud800": ["\\udc00", emoji, 1, None, {"b": "c"}]
    }
