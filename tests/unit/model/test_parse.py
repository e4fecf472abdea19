# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of an answer, whatever is in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer
from ansible_collections.otc.evs.plugins.module_utils._model.parse import (
    flag,
    mapping,
    nested,
    number,
    objects,
    optional_text,
    required_text,
    text,
    texts,
)

READ: list[tuple[Callable[..., Any], Any, Any]] = [
    (nested, {"a": 1}, {"a": 1}),
    (nested, None, {}),
    (objects, [{"a": 1}, {}], [{"a": 1}, {}]),
    (objects, [], []),
    (objects, None, []),
    (text, "words", "words"),
    (text, "", ""),
    (text, 7, "7"),
    (text, None, ""),
    (texts, {"a": "b", "c": 7, "d": None}, {"a": "b", "c": "7", "d": ""}),
    # P6: the documents say Map<String,Object>.
    (texts, {"a": True, "b": False, "c": 1.5, "d": 0}, {"a": "true", "b": "false", "c": "1.5", "d": "0"}),
    (texts, {"a": [1, "\u00fc"], "b": {"y": None, "x": []}}, {"a": '[1, "\u00fc"]', "b": '{"x": [], "y": null}'}),
    (texts, None, {}),
    (optional_text, "words", "words"),
    (optional_text, "", ""),
    (optional_text, None, None),
    (required_text, "words", "words"),
    (number, 7, 7),
    (number, "7", 7),
    (number, "-1", -1),
    (number, 0, 0),
    (number, None, 0),
    (number, "9" * 18, int("9" * 18)),
    (flag, True, True),
    (flag, False, False),
    (flag, "true", True),
    (flag, "True", True),
    (flag, "FALSE", False),
    (flag, None, False),
]
REFUSED: list[tuple[Callable[..., Any], Any, str]] = [
    (nested, [], "not an object: it is a list"),
    (nested, "x", "not an object: it is a str"),
    (objects, {}, "not a list of objects: it is a dict"),
    (objects, [{}, 1], "not a list of objects: it is a list"),
    (text, True, "not a string: it is a bool"),
    (text, 1.5, "not a string: it is a float"),
    (text, [], "not a string: it is a list"),
    (texts, "x", "not an object"),
    (optional_text, False, "not a string"),
    (required_text, None, "not a string: it is null or missing"),
    (required_text, "", "not a string: it is empty"),
    (required_text, 7, "not a string: it is a int"),
    (number, True, "not a number: it is a bool"),
    (number, "", "not a number: it is empty"),
    (number, "1.5", "not a number"),
    (number, 1.0, "not a number: it is a float"),
    (number, "9" * 19, "not a number"),
    (number, "\N{ARABIC-INDIC DIGIT THREE}", "not a number"),
    (flag, 1, "not true or false: it is a int"),
    (flag, "yes", "not true or false: it is a str"),
    (flag, "", "not true or false: it is empty"),
]


@pytest.mark.parametrize(("read", "value", "expected"), READ)
def test_reads(read: Callable[..., Any], value: Any, expected: Any) -> None:
    found = read({"k": value}, "k", "thing")
    assert found == expected
    assert type(found) is type(expected)
    if value is None:
        assert read({}, "k", "thing") == expected


@pytest.mark.parametrize(("read", "value", "words"), REFUSED)
def test_refuses_what_it_does_not_understand(read: Callable[..., Any], value: Any, words: str) -> None:
    with pytest.raises(MalformedAnswer, match=words):
        read({"k": value}, "k", "thing")


def test_what_is_required_is_not_missing() -> None:
    with pytest.raises(MalformedAnswer, match="has a thing whose 'k' is not a string: it is null or missing"):
        required_text({}, "k", "thing")


def test_what_is_no_object_is_an_empty_one() -> None:
    assert mapping({"a": 1}) == {"a": 1}
    nothing: list[Any] = [None, [], "x", 7]
    assert [mapping(value) for value in nothing] == [{}] * 4
