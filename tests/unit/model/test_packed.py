# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows on their way between the tasks of the role."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.packed import ROWS, opened, packed, rows_of
from ansible_collections.otc.evs.plugins.plugin_utils._notes import batch_of, noted

DISKS: list[dict[str, Any]] = [
    {"id": "1", "name": "{{ 7 * 7 }} ü", "outcome": "moved"},
    {"id": "2", "name": None, "outcome": "failed"},
]
RESULT: dict[str, Any] = {"changed": True, "disks": DISKS, "to_do": ["1"], "msg": "text"}


@pytest.mark.parametrize("key", ROWS)
def test_rows_travel_as_a_text_and_all_else_as_it_is(key: str) -> None:
    result = {**RESULT, key: DISKS}
    text = packed(result)[key]
    assert isinstance(text, str)
    assert "{{" not in text
    assert {name: value for name, value in packed(result).items() if name not in ROWS} == {
        name: value for name, value in result.items() if name not in ROWS
    }
    assert opened(packed(result)) == result
    assert rows_of(text) == DISKS


def test_what_was_never_packed_is_taken_as_well() -> None:
    assert opened(RESULT) == RESULT
    assert rows_of(DISKS) == DISKS
    assert opened({"skipped": True}) == packed({"skipped": True}) == {"skipped": True}


@pytest.mark.parametrize("form", [dict, packed])
def test_a_batch_is_noted_with_its_outcomes_in_the_open(form: Any) -> None:
    """Whether the results that it comes from were packed or not."""
    done = form({**RESULT, "not_started": ["3"], "alarms": ["look"]})
    note = noted(done, ["1", "2", "3"], "no room", form({"disks": [DISKS[0]]}))
    assert note["outcomes"] == {"moved": 1, "failed": 1}
    assert set(note) == {"outcomes", "kept"}
    assert isinstance(note["kept"], str)
    assert batch_of(note) == {
        "ids": ["1", "2"],
        "disks": DISKS,
        "msg": "text",
        "alarms": ["look"],
        "lost": "no room",
        "undone": [DISKS[0]],
    }


def test_a_batch_whose_module_died_is_noted_with_its_reason() -> None:
    note = noted({"msg": "killed."}, ["1"])
    assert note["outcomes"] == {}
    assert batch_of(note) == {"ids": ["1"], "disks": [], "msg": "killed.", "alarms": [], "lost": "", "undone": []}
    assert batch_of(noted({}, []))["msg"] == ""
