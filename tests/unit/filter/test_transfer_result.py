# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the role: what became of a run, how far it is, and what will be done."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.filter import (
    handoff_refusal,
    transfer_note,
    transfer_progress,
    transfer_table,
)
from ansible_collections.otc.evs.plugins.plugin_utils._result import NOTHING_ALIVE
from ansible_collections.otc.evs.plugins.plugin_utils._result import whole as result
from ansible_collections.otc.evs.plugins.plugin_utils._telling import table, trial_table
from tests.support.rows import HERE, THERE, told

A, B = HERE.as_result(), THERE.as_result()
ABOUT = {"run": "r", "entry_point": "main", "name": "n", "rehearsed": False, "started_at": "s", "finished_at": "f"}


def rehearsal(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"disks": list(rows), "problems": [], "source": A, "target": B, **fields}


note = transfer_note.FilterModule().filters()["transfer_note"]


def batch(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return dict(note({"disks": list(rows), **fields}, [row["id"] for row in rows]))


progress = transfer_progress.FilterModule().filters()["transfer_progress"]


def test_the_result_of_a_run() -> None:
    foreseen = rehearsal(told("a", "moved"), told("b", "moved"), told("c", "already_there"), told("d", "blocked", "x"))
    done = batch(told("a", "moved", owner=THERE.id), told("b", "failed", message="b was not moved."))
    assert result(foreseen, ABOUT, [done]) == {
        "version": 2,
        **ABOUT,
        "source": A,
        "target": B,
        "message": "tenant-a -> tenant-b: 1 moved, 1 already there, 1 blocked, 1 failed.",
        "counts": {"total": 4, "moved": 1, "already_there": 1, "blocked": 1, "failed": 1},
        "problems": [],
        "notes": [],
        "failures": ["b was not moved."],
        "disks": [
            told("a", "moved", owner=THERE.id),
            told("b", "failed", message="b was not moved."),
            told("c", "already_there"),
            told("d", "blocked", "x"),
        ],
    }


@pytest.mark.parametrize(("rehearsed", "problems"), [(True, []), (False, ["No."]), (True, ["No."])])
def test_the_result_of_a_rehearsal(rehearsed: bool, problems: list[str]) -> None:
    """T3: the module knows whether it only rehearsed; and with problems nothing was begun."""
    told_now = result(rehearsal(told("a", "moved"), problems=problems), {**ABOUT, "rehearsed": rehearsed})
    assert told_now["rehearsed"] is True
    assert told_now["message"] == "tenant-a -> tenant-b: 1 would be moved, 0 already there."
    assert (told_now["problems"], told_now["failures"]) == (problems, [])


@pytest.mark.parametrize(("blocked", "failures"), [("fail", ["name-b stays (status): it. Do."]), ("skip", [])])
def test_a_disk_that_was_blocked_since_the_rehearsal_fails_the_run_if_blocked_ones_do(
    blocked: str, failures: list[str]
) -> None:
    """T2: the others have moved; whether that is good enough is the user's word."""
    reason = {"constraint": "status", "reason": "it", "remedy": "Do."}
    foreseen = rehearsal(told("a", "moved"), told("b", "moved"), {**told("c", "blocked"), "reasons": [reason]})
    done = batch(told("a", "moved"), {**told("b", "blocked"), "reasons": [reason]})
    assert result(foreseen, ABOUT, [done], blocked=blocked)["failures"] == failures
    assert result(foreseen, {**ABOUT, "rehearsed": True}, [], blocked=blocked)["failures"] == []


def test_a_run_of_which_no_batch_began() -> None:
    assert result(rehearsal(told("a", "moved")), ABOUT)["counts"] == {"total": 1, "failed": 1}


def test_the_result_of_an_offer_has_no_target_and_that_of_an_accept_is_told_its_source() -> None:
    offered = {"disks": [], "problems": [], "source": A}
    assert result(offered, ABOUT, success="offered")["message"] == "tenant-a: 0 offered."
    accepted = result({"disks": [], "problems": [], "target": B}, ABOUT, success="accepted", source=A)
    assert accepted["message"] == "tenant-a -> tenant-b: 0 accepted, 0 already there."
    assert (accepted["source"], result(offered, ABOUT)["target"]) == (A, {})


def test_what_is_not_as_it_was_told_is_a_failure_of_the_run() -> None:
    done = [batch(told("a", "accepted"), alarms=["a is another disk."]), batch()]
    told_now = result(rehearsal(told("a", "accepted")), ABOUT, done, success="accepted")
    assert told_now["failures"] == ["a is another disk."]


@pytest.mark.parametrize(
    ("outcomes", "success", "fails"),
    [
        (["gone", "accepted"], "accepted", False),
        (["gone", "already_there"], "accepted", False),
        (["gone", "gone"], "accepted", True),
        (["accepted"], "accepted", False),
        (["gone"], "offered", False),
        ([], "accepted", False),
    ],
)
def test_dead_transfers_fail_an_accept_only_if_nothing_else_arrived(
    outcomes: list[str], success: str, fails: bool
) -> None:
    """T9: the dead ones are told once, and the run is green if all others arrived."""
    keys = [str(number) for number in range(len(outcomes))]
    foreseen = rehearsal(*(told(key, "accepted") for key in keys))
    done = batch(
        *(told(key, outcome, message=f"{key} {outcome}.") for key, outcome in zip(keys, outcomes, strict=True))
    )
    told_now = result(foreseen, ABOUT, [done], success=success)
    assert told_now["failures"] == ([NOTHING_ALIVE] if fails else [])
    assert told_now["notes"] == [
        f"{key} {outcome}." for key, outcome in zip(keys, outcomes, strict=True) if outcome != "accepted"
    ]


@pytest.mark.parametrize(
    ("batches", "message", "stuck"),
    [
        ([], "0 of 9 disks moved", False),
        ([["moved", "moved"]], "2 of 9 disks moved", False),
        ([["moved", "failed"], ["unknown"]], "1 of 9 disks moved, 1 failed, 1 unknown", True),
        ([["failed"], ["moved"]], "1 of 9 disks moved, 1 failed", False),
        ([["moved"], []], "1 of 9 disks moved", True),
        ([["blocked", "blocked"]], "0 of 9 disks moved, 2 blocked", False),
        ([["gone", "failed", "blocked"]], "0 of 9 disks moved, 1 blocked, 1 gone, 1 failed", False),
        ([["already_there"]], "0 of 9 disks moved", False),
    ],
)
def test_how_far_a_run_has_come(batches: list[list[str]], message: str, stuck: bool) -> None:
    told_so_far = [batch(*(told("a", outcome) for outcome in outcomes)) for outcomes in batches]
    assert progress(told_so_far, 9, "moved") == {"message": message, "stuck": stuck}


def test_the_table_shows_what_a_module_told() -> None:
    show = transfer_table.FilterModule().filters()["transfer_table"]
    rows = [told("a", "moved")]
    assert show(rehearsal(*rows, problems=["No."])) == table(rows, [A, B], ["No."])
    assert show({"disks": rows, "problems": []})[1].split()[4] == HERE.id
    steps = [{"tenant": "a", "name": "move it", "held": True, "message": "Read back."}]
    assert show({"steps": steps, "left": None}) == trial_table(steps)


def test_whether_a_handoff_is_for_a_project() -> None:
    refused = handoff_refusal.FilterModule().filters()["handoff_refusal"]
    content = {"source": A}
    assert refused(content, B) == ""
    assert refused(content, B, to_offer=True) != ""
    assert refused(content, A) != ""
