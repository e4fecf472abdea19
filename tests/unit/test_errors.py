# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of errors: what users gave, and what others said, in sentences."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import (
    ApiError,
    EvsError,
    listed,
    of_the_target,
    quoted,
    sentence,
    unexpected,
)


@pytest.mark.parametrize(("words", "told"), [("It failed", "It failed."), ("It failed.", "It failed."), ("", ".")])
def test_words_end_as_a_sentence(words: str, told: str) -> None:
    assert sentence(words) == told


@pytest.mark.parametrize(
    ("value", "shown"),
    [("data", "'data'"), ("x" * 100, repr("x" * 100)), ("x" * 101, repr("x" * 100 + "...")), ("a\nb", "'a\\nb'")],
)
def test_what_a_user_gave_is_shown_on_one_line(value: str, shown: str) -> None:
    assert quoted(value) == shown


def test_several_of_these_end_somewhere() -> None:
    assert listed(["a"]) == "'a'"
    assert listed([str(number) for number in range(20)]).endswith("'18', '19'")
    assert listed([str(number) for number in range(22)]).endswith("'19' and 2 more")


def test_what_fails_at_the_target_is_said_to_be_of_the_target() -> None:
    with pytest.raises(EvsError) as caught, of_the_target():
        raise ApiError("No.", 403, None, None, "")
    assert caught.value.message == "Of the target: No."
    with pytest.raises(ValueError, match=r"^no$"), of_the_target():
        raise ValueError("no")


def test_an_exception_that_nobody_foresaw_is_told_without_its_text() -> None:
    with pytest.raises(ValueError, match="a secret") as caught:
        raise ValueError("a secret")
    words = unexpected(caught.value)
    assert words.startswith("Unexpected error, please report it: ValueError at test_errors.py:")
    assert "a secret" not in words
