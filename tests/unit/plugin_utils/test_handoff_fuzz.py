# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A handoff that strangers wrote is refused in a sentence, or it is as an offer writes it (S1, S8)."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._plan.placement import is_id
from ansible_collections.otc.evs.plugins.plugin_utils._handoff import HandoffError, known, merge, parse
from tests.support.rows import HERE

DOCUMENTS = 10_000
JUNK: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**30, "", " ", "x", "{{ 7 * 7 }}", "\u202e\x1b[2J", "x" * 2000, [], [[]], {},
    {"a": {}}, "1" * 32, "1" * 31, float("nan"), float("inf"), ["1" * 32],
]  # fmt: skip


def whole(rows: int) -> dict[str, Any]:
    offers = [
        {"id": f"{n:032}", "volume_id": f"{n + 100:032}", "auth_key": f"k{n}", "volume_name": f"d{n}", "size": n}
        for n in range(rows)
    ]
    about = {"source": HERE.as_result(), "name": "n", "target_project": None, "created": "2026-01-01T00:00:00Z"}
    return merge(None, offers, about)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything in a document."""
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += places(child, (*path, key))
    return found


def broken(document: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Change a document in one to three places, or not at all."""
    changed = copy.deepcopy(document)
    for dummy in range(dice.choice([0, 1, 1, 1, 2, 3])):
        paths = places(changed)
        if paths:
            spoil(changed, dice.choice(paths), copy.deepcopy(dice.choice(JUNK)), dice.choice(["set", "delete", "add"]))
    return changed


def spoil(document: dict[str, Any], path: tuple[Any, ...], junk: Any, way: str) -> None:
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    if way == "set":
        parent[path[-1]] = junk
    elif way == "delete":
        del parent[path[-1]]
    elif isinstance(parent, list):
        parent.append(copy.deepcopy(parent[path[-1]]))
    else:
        parent["more"] = junk


def require_as_offered(content: dict[str, Any]) -> None:
    """What has passed holds all that is relied on."""
    assert is_id(content["source"]["project_id"])
    for name in ("transfer_id", "volume_id"):
        ids = [row[name] for row in content["transfers"]]
        assert all(is_id(each) for each in ids)
        assert len(set(ids)) == len(ids), "one disk, one transfer"
    for row in content["transfers"]:
        assert row["auth_key"]
        assert isinstance(row["auth_key"], str)
        size = row.get("size")
        assert size is None or (isinstance(size, int) and not isinstance(size, bool) and size >= 0)
        assert all(isinstance(row.get(name), (str, type(None))) for name in ("volume_name", "volume_type"))
    assert len(known(content)) == len(content["transfers"])


def refusal_of(text: str) -> str | None:
    """Why a document is refused; None if it is taken, and sound."""
    try:
        content = parse(text)
    except HandoffError as error:
        return str(error)
    require_as_offered(content)
    return None


def test_whatever_stands_in_it_is_refused_in_a_sentence_or_is_sound() -> None:
    dice = random.Random(20261125)
    said = [refusal_of(json.dumps(broken(whole(dice.randrange(4)), dice))) for dummy in range(DOCUMENTS)]
    refusals = [words for words in said if words is not None]
    assert DOCUMENTS // 5 < len(refusals) < DOCUMENTS * 9 // 10, "both sides are tried"
    assert all(words.endswith(".") and len(words) < 400 and words.isprintable() for words in refusals)


@pytest.mark.parametrize(
    "text",
    ["", "[", "[" * 200_000, '{"a":' * 200_000, "NaN", '"\\ud800"', "0" * 5000, "{}" * 2, "null", "\x00", "[]", "5"],
    ids=range(12),
)
def test_what_is_no_document_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(HandoffError, match="what is in the vault is not a handoff"):
        parse(text)
