# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a flow: whether it failed, and in which words."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.result import Result, shortened
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Row

FINE = [Row("v", outcome) for outcome in ("moved", "already_there", "blocked", "gone", "already_offered")]
BAD = Row("w", "failed", message="Disk w was not moved.")
OPEN = Row("x", "unknown", message="It is not known.")


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        (Result(), None),
        (Result("Moving", []), None),
        (Result("Moving", FINE), None),
        (Result("Moving", [BAD]), "Moving 1 disk: 1 failed. Disk w was not moved."),
        (
            Result("Moving", [*FINE, BAD, OPEN, BAD]),
            "Moving 8 disks: 2 failed, 1 not known what became of them. "
            "Disk w was not moved. It is not known. Disk w was not moved.",
        ),
        (Result("Accepting", FINE[:2], alarms=["It differs."]), "Accepting 2 disks: not all as expected. It differs."),
        (
            Result("Accepting", [BAD], alarms=["Not as told."]),
            "Accepting 1 disk: 1 failed. Disk w was not moved. Not as told.",
        ),
        (Result("Moving", [BAD], problems=["One.", "Two."]), "Nothing was changed. One. Two."),
        (Result(problems=["One."]), "Nothing was changed. One."),
    ],
)
def test_why_a_module_fails(result: Result, failure: str | None) -> None:
    assert result.failure == failure


def test_a_failure_without_a_message_is_counted() -> None:
    assert (Result("Moving", [Row("v", "failed")]).failure or "").startswith("Moving 1 disk: 1 failed.")


def test_many_failures_are_shortened() -> None:
    rows = [Row("v", "failed", message=f"Number {number}.") for number in range(1, 8)]
    words = Result("Moving", rows).failure
    assert words == (
        "Moving 7 disks: 7 failed. Number 1. Number 2. Number 3. Number 4. Number 5. And 2 more, see the result."
    )
    assert shortened(["a"] * 5, ", ") == "a, a, a, a, a"
    assert shortened(["a"] * 6, ", ") == "a, a, a, a, a And 1 more, see the result."


def test_a_change_has_two_sides() -> None:
    result = Result()
    assert not result.changed
    result.change("data (v)", {"owner": "a"}, {"owner": "b"})
    assert result.changed
    assert (result.before, result.after) == ({"data (v)": {"owner": "a"}}, {"data (v)": {"owner": "b"}})


def test_a_flow_that_told_nothing_was_reading() -> None:
    assert Result().doing == "Reading"
