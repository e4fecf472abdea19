# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of an answer, whatever is in it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer
from ansible_collections.otc.evs.plugins.module_utils._model.parse import Fields, Named, mapping

READ: list[tuple[str, Any, Any]] = [
    ("nested", {"a": 1}, {"a": 1}),
    ("nested", None, {}),
    ("text", "words", "words"),
    ("text", "", ""),
    ("text", 7, "7"),
    ("text", None, ""),
    ("texts", {"a": "b", "c": 7, "d": None}, {"a": "b", "c": "7", "d": ""}),
    # P6: the documents say Map<String,Object>.
    ("texts", {"a": True, "b": False, "c": 1.5, "d": 0}, {"a": "true", "b": "false", "c": "1.5", "d": "0"}),
    ("texts", {"a": [1, "\u00fc"], "b": {"y": None, "x": []}}, {"a": '[1, "\u00fc"]', "b": '{"x": [], "y": null}'}),
    ("texts", None, {}),
    ("optional_text", "words", "words"),
    ("optional_text", "", ""),
    ("optional_text", None, None),
    ("required_text", "words", "words"),
    ("number", 7, 7),
    ("number", "7", 7),
    ("number", "-1", -1),
    ("number", 0, 0),
    ("number", None, 0),
    ("number", "9" * 18, int("9" * 18)),
    ("flag", True, True),
    ("flag", False, False),
    ("flag", "true", True),
    ("flag", "True", True),
    ("flag", "FALSE", False),
    ("flag", None, False),
    ("optional_flag", "true", True),
    ("optional_flag", False, False),
    ("optional_flag", None, None),
]
REFUSED: list[tuple[str, Any, str]] = [
    ("nested", [], "not an object: it is a list"),
    ("nested", "x", "not an object: it is a str"),
    ("text", True, "not a string: it is a bool"),
    ("text", 1.5, "not a string: it is a float"),
    ("text", [], "not a string: it is a list"),
    ("texts", "x", "not an object"),
    ("optional_text", False, "not a string"),
    ("required_text", None, "not a string: it is null or missing"),
    ("required_text", "", "not a string: it is empty"),
    ("required_text", 7, "not a string: it is a int"),
    ("number", True, "not a number: it is a bool"),
    ("number", "", "not a number: it is empty"),
    ("number", "1.5", "not a number"),
    ("number", 1.0, "not a number: it is a float"),
    ("number", "9" * 19, "not a number"),
    ("number", "\N{ARABIC-INDIC DIGIT THREE}", "not a number"),
    ("flag", 1, "not true or false: it is a int"),
    ("flag", "yes", "not true or false: it is a str"),
    ("flag", "", "not true or false: it is empty"),
    ("optional_flag", "yes", "not true or false: it is a str"),
]


@pytest.mark.parametrize(("read", "value", "expected"), READ)
def test_reads(read: str, value: Any, expected: Any) -> None:
    found = _read(read, {"k": value})
    assert found == expected
    assert type(found) is type(expected)
    if value is None:
        assert _read(read, {}) == expected


@pytest.mark.parametrize(("read", "value", "words"), REFUSED)
def test_refuses_what_it_does_not_understand(read: str, value: Any, words: str) -> None:
    with pytest.raises(MalformedAnswer, match=f"has a thing whose 'k' is {words}"):
        _read(read, {"k": value})


def _read(name: str, body: Any) -> Any:
    return getattr(Fields(body, "thing"), name)("k")


@pytest.mark.parametrize("body", [{}, {"k": None}, {"k": []}, None, "k", ["k"]])
def test_no_objects(body: Any) -> None:
    assert Fields(body, "thing").objects("k", "part") == []


def test_objects() -> None:
    first, second = Fields({"k": [{"a": "1"}, {}]}, "thing").objects("k", "part")
    assert first.text("a") == "1"
    with pytest.raises(MalformedAnswer, match="has a part whose 'a' is not a string: it is null or missing"):
        second.required_text("a")


@pytest.mark.parametrize(("value", "words"), [({}, "it is a dict"), ([{}, 1], "it is a list"), ("", "it is empty")])
def test_what_is_no_list_of_objects(value: Any, words: str) -> None:
    with pytest.raises(MalformedAnswer, match=f"has a thing whose 'k' is not a list of objects: {words}"):
        Fields({"k": value}, "thing").objects("k", "part")


@pytest.mark.parametrize("body", [{}, None, ["k"], "k", 7])
def test_what_is_required_is_not_missing(body: Any) -> None:
    with pytest.raises(MalformedAnswer, match="has a thing whose 'k' is not a string: it is null or missing"):
        Fields(body, "thing").required_text("k")


@pytest.mark.parametrize(("name", "label"), [("", "i"), ("nightly", "nightly (i)"), ("da\x07ta", "da\\x07ta (i)")])
def test_how_messages_call_it(name: str, label: str) -> None:
    assert Named("i", name).label == label


def test_what_is_no_object_is_an_empty_one() -> None:
    assert mapping({"a": 1}) == {"a": 1}
    nothing: list[Any] = [None, [], "x", 7]
    assert [mapping(value) for value in nothing] == [{}] * 4
