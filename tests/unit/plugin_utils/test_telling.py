# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in the words of the role: sentences, tables and counts."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from ansible_collections.otc.evs.plugins.plugin_utils._telling import (
    MOST_LINES,
    MOST_REASONS,
    SKIP,
    WORDS,
    counts,
    failures,
    label,
    merged,
    message,
    notes,
    reason_lines,
    table,
    trial_table,
)
from tests.support.rows import HERE, THERE, told

SIDES = [HERE.as_result(), THERE.as_result()]


def batch(*rows: dict[str, Any], ids: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    """What the role notes of a batch."""
    return {"ids": ids or [row["id"] for row in rows], "disks": list(rows), "msg": "", "alarms": [], **fields}


@pytest.mark.parametrize(
    ("row", "called"),
    [
        ({"name": "data", "id": "v", "transfer_id": "t"}, "data"),
        ({"name": None, "id": "v", "transfer_id": "t"}, "v"),
        ({"name": "", "id": None, "transfer_id": "t"}, "t"),
        ({}, "-"),
        ({"name": "d\x07"}, "d\\x07"),
    ],
)
def test_how_a_line_calls_a_disk(row: dict[str, Any], called: str) -> None:
    assert label(row) == called


def test_disks_are_counted_by_outcome_in_the_order_of_the_words() -> None:
    rows = [told("a", "failed"), told("b", "moved"), told("c", "moved"), told("d", "already_there")]
    assert counts(rows) == {"total": 4, "moved": 2, "already_there": 1, "failed": 1}
    assert list(counts(rows)) == ["total", "moved", "already_there", "failed"]
    assert counts([]) == {"total": 0}


@pytest.mark.parametrize(
    ("outcomes", "success", "rehearsed", "words"),
    [
        ([], "moved", False, "0 moved, 0 already there"),
        (["moved", "failed", "unknown"], "moved", False, "1 moved, 0 already there, 1 failed, 1 unknown"),
        (["moved", "blocked", "moved"], "moved", True, "2 would be moved, 0 already there, 1 blocked"),
        (["already_there", "moved"], "moved", True, "1 would be moved, 1 already there"),
        (["accepted", "gone"], "accepted", False, "1 accepted, 0 already there, 1 gone"),
        (["offered", "already_offered"], "offered", False, "1 offered, 1 already offered"),
        ([], "offered", True, "0 would be offered"),
        (["withdrawn", "gone"], "withdrawn", True, "1 would be withdrawn, 1 gone"),
        ([], "withdrawn", False, "0 withdrawn"),
    ],
)
def test_one_line_tells_how_many_of_what(outcomes: list[str], success: str, rehearsed: bool, words: str) -> None:
    """T3: a rehearsal says what would be."""
    rows = [told(str(number), outcome) for number, outcome in enumerate(outcomes)]
    assert message(rows, SIDES, success, rehearsed) == f"tenant-a -> tenant-b: {words}."


def test_a_line_names_the_sides_that_are_known() -> None:
    assert message([], [SIDES[0], {}], "offered", False) == "tenant-a: 0 offered."
    nameless = {"project_id": "0a\x1b", "project_name": None}
    assert message([], [{}, nameless], "accepted", False).startswith("0a\\x1b: ")


def test_why_a_disk_stays_or_goes_although_something_is_open() -> None:
    rows = [told("a", "blocked", "status", "prepaid"), told("b", "moved", "backups"), told("c", "moved")]
    assert reason_lines(rows) == [
        "name-a stays (status): because of status. Fix it.",
        "name-a stays (prepaid): because of prepaid. Fix it.",
        "name-b goes, although (backups): because of backups. Fix it.",
    ]
    rows[0]["reasons"][0].update(reason="x\x1b" + "y" * 998, remedy="z" * 1001)
    line = reason_lines(rows)[0]
    assert "(status): x\\x1b" + "y" * 998 + ". " + "z" * 1000 + "..." in line


def test_a_table_has_a_line_a_disk_and_totals() -> None:
    rows = [
        told("a", "moved", size=1000),
        told("b", "blocked", "status", "backups", owner=THERE.id, size=None, volume_type=None),
        told("c", "moved", "backups", owner="0c"),
        told("d", "already_there", owner=None, name="d\x07"),
    ]
    lines = table(rows, [*SIDES, {}], [])
    assert lines[:5] == [
        "DISK    SIZE      TYPE  PROJECT   DECISION",
        "name-a  1000 GiB  SSD   tenant-a  move",
        "name-b  -         -     tenant-b  blocked (status, backups)",
        "name-c  10 GiB    SSD   0c        move, unchecked (backups)",
        "d\\x07   10 GiB    SSD   -         already there",
    ]
    assert lines[5] == "Total: 4 disks, 1,020 GiB: 2 to move, 1 already there, 1 blocked."
    assert lines[6:] == reason_lines(rows)


def test_a_table_says_if_nothing_will_be_done() -> None:
    assert table([], SIDES, ["no"]) == [
        "Total: 0 disks, 0 GiB: nothing to do.",
        "Nothing will be done, because:",
        "no",
    ]
    assert table([told("a", "offered")], SIDES, [])[-1] == "Total: 1 disk, 10 GiB: 1 to offer."
    assert table([told("a", "accepted")], SIDES, [])[-1] == "Total: 1 disk, 10 GiB: 1 to accept."
    assert table([told("a", "withdrawn")], SIDES, [])[-1] == "Total: 1 disk, 10 GiB: 1 to withdraw."


def test_no_reason_is_told_twice() -> None:
    """A row and a problem of the module tell the same of a disk, and of what could not be checked."""
    held = told("a", "blocked", "status", "backups", name="a cannot be moved")
    odd, nameless = told("b", "blocked", "group", name="b\x07"), told("c", "blocked", "group", name=None)
    unread = "it could not be checked: GET http was answered 403"
    open_ones = [told(key, "blocked", "quota") for key in "de"]
    for row in open_ones:
        row["reasons"][0].update(reason=unread, remedy="Read it.")
    problems = [
        "Disk b\\x07 (b) cannot be transferred: group: because of group. Fix it.",
        "Disk c cannot be transferred: group: because of group. Fix it.",
        "The constraint quota could not be checked: GET http was answered 403. Read it.",
        "Disk name-d (d) cannot be attached: the server is not there.",
        "'nowhere' is no disk.",
    ]
    rows = [odd, nameless, *open_ones]
    assert table(rows, SIDES, problems)[6:] == [
        "Nothing will be done, because:",
        *problems[2:],
        "b\\x07 stays (group): because of group. Fix it.",
        "c stays (group): because of group. Fix it.",
    ]
    # A name that looks like a part of the sentence costs a repetition, and no reason.
    twice = ["Disk a cannot be moved (a) cannot be transferred: status: because of status. Fix it."]
    assert table([held], SIDES, twice)[4:] == [*twice, *reason_lines([held])]


def test_what_lets_the_others_go_is_told_if_that_is_all() -> None:
    rows = [told("a", "blocked", "status"), told("b", "moved")]
    problem = "Disk name-a (a) cannot be transferred: status: because of status. Fix it."
    assert table(rows, SIDES, [problem])[-1] == SKIP
    assert SKIP not in table(rows, SIDES, [problem, "no"])
    assert SKIP not in table(rows[:1], SIDES, [problem])
    assert SKIP not in table(rows, SIDES, [])


def test_a_column_of_which_nothing_is_known_is_left_out() -> None:
    rows = [told(key, "accepted", owner=None, volume_type=None) for key in "ab"]
    assert table(rows, SIDES, [])[:3] == [
        "DISK    SIZE    DECISION",
        "name-a  10 GiB  accept",
        "name-b  10 GiB  accept",
    ]


def test_the_columns_survive_as_yaml() -> None:
    """As a list in YAML each line is as it is: no quotes, and no line break before the last column."""
    rows = [told("a", "blocked", "status", "backups"), told("b", "moved", "quota"), told("c", "already_there")]
    shown = yaml.safe_dump(table(rows, SIDES, [])[:4], default_flow_style=False).splitlines()
    assert shown == [f"- {line}" for line in table(rows, SIDES, [])[:4]]


def test_a_project_without_a_name_is_shown_by_its_id() -> None:
    assert "0a0a" in table([told("a", "moved")], [{"project_id": HERE.id, "project_name": None}], [])[1]


def test_a_table_of_many_disks_shows_those_that_do_not_go_the_usual_way() -> None:
    """T18: totals, and no line for each of 500 disks."""
    usual = [told(f"m{number}", "moved") for number in range(MOST_LINES - 1)]
    odd = [told("x", "blocked", "status"), told("y", "already_there")]
    assert len(table([*usual, odd[0]], SIDES, [])) == 1 + MOST_LINES + 1 + 1
    lines = table([*usual, *odd], SIDES, [])
    assert [line.split()[0] for line in lines[:3]] == ["DISK", "name-x", "name-y"]
    assert lines[3:] == [
        f"... and {MOST_LINES - 1} more disks",
        f"Total: {MOST_LINES + 1} disks, {10 * (MOST_LINES + 1)} GiB: {MOST_LINES - 1} to move, "
        "1 already there, 1 blocked.",
        "name-x stays (status): because of status. Fix it.",
    ]


def test_a_table_of_many_disks_that_all_go_is_a_total() -> None:
    rows = [told(str(number), "moved") for number in range(500)]
    assert table(rows, SIDES, []) == ["... and 500 more disks", "Total: 500 disks, 5,000 GiB: 500 to move."]


def test_a_table_of_many_that_stay_ends_somewhere() -> None:
    rows = [told(str(number), "blocked", "status") for number in range(MOST_REASONS + 2)]
    lines = table(rows, SIDES, [])
    assert lines[MOST_LINES + 1] == f"... and {MOST_REASONS + 2 - MOST_LINES} more disks"
    assert lines[-1] == "... and 2 more reasons, see tenant_transfer_result"
    assert len(lines) == 1 + MOST_LINES + 1 + 1 + MOST_REASONS + 1
    assert "more reasons" not in table(rows[:MOST_REASONS], SIDES, [])[-1]


def test_what_is_worth_knowing_of_what_has_not_failed() -> None:
    rows = [
        told(outcome, outcome, message=f"About {outcome}.")
        for outcome in ("moved", "gone", "already_there", "already_offered", "failed", "blocked")
    ]
    assert notes(rows) == ["About gone.", "About already_there.", "About already_offered."]
    assert notes([told("a", "gone")]) == []


FORESEEN = [told("a", "moved"), told("b", "moved"), told("c", "already_there"), told("d", "blocked", "status")]


def test_what_became_of_disks_in_the_order_of_the_rehearsal() -> None:
    done = [batch(told("b", "moved", size=99)), batch(told("a", "failed", message="No."))]
    rows = merged(FORESEEN, done)
    assert [(row["id"], row["outcome"]) for row in rows] == [
        ("a", "failed"),
        ("b", "moved"),
        ("c", "already_there"),
        ("d", "blocked"),
    ]
    assert rows[1]["size"] == 99, "what was read last"


def test_a_disk_that_the_run_found_blocked_since_the_rehearsal_is_told_as_such() -> None:
    """T2: it costs that disk only."""
    rows = merged(FORESEEN, [batch(told("a", "moved"), told("b", "blocked", "status"))])
    assert [row["outcome"] for row in rows] == ["moved", "blocked", "already_there", "blocked"]


def test_what_could_not_be_checked_stays_told_of_a_disk_that_went() -> None:
    foreseen = [told("a", "moved", "backups"), told("b", "moved", "backups")]
    rows = merged(foreseen, [batch(told("a", "moved"), told("b", "blocked", "status"))])
    assert [[reason["constraint"] for reason in row["reasons"]] for row in rows] == [["backups"], ["status"]]


def test_a_disk_that_failed_counts_as_failed_although_it_has_a_row() -> None:
    """T5: nothing that failed is dropped."""
    foreseen = [told(key, "offered") for key in "abcd"]
    done = batch(*(told(key, "offered") for key in "abc"), told("d", "failed", message="d was not offered."))
    rows = merged(foreseen, [done])
    assert counts(rows) == {"total": 4, "offered": 3, "failed": 1}
    assert failures(rows) == ["d was not offered."]


def test_what_came_unasked_is_told() -> None:
    rows = merged(FORESEEN[:1], [batch(told("a", "moved"), told("x", "accepted"), ids=["a"])])
    assert [row["id"] for row in rows] == ["a", "x"]


def test_a_disk_is_known_by_its_transfer_where_its_id_is_another() -> None:
    foreseen = [told("a", "accepted", transfer_id="t")]
    assert merged(foreseen, [batch(told("x", "accepted", transfer_id="t"), ids=["a"])])[0]["id"] == "x"
    assert len(merged(foreseen, [batch(told("x", "accepted", transfer_id="t"), ids=["a"])])) == 1
    by_id = merged(foreseen, [batch(told("a", "failed", transfer_id=None))])
    assert [row["outcome"] for row in by_id] == ["failed"]


def test_rows_without_an_id_are_not_mixed_up() -> None:
    foreseen = {**told("a", "accepted", transfer_id="t-1"), "id": None}
    unrelated = {**told("x", "failed"), "id": None, "transfer_id": None}
    rows = merged([foreseen], [batch(unrelated, ids=["t-1"])])
    assert [row["outcome"] for row in rows] == ["unknown", "failed"]


def test_a_disk_that_no_batch_began_is_not_attempted() -> None:
    (row,) = merged(FORESEEN[:1], [])
    assert row["outcome"] == "failed"
    assert row["message"] == "Disk name-a was not attempted, because nothing succeeded in the batch before. Run again."
    assert row["owner"] == HERE.id


@pytest.mark.parametrize(
    ("key", "msg", "why"),
    [
        ("id", "MODULE FAILURE\x07.", "MODULE FAILURE\\x07. Run again to find out."),
        ("transfer_id", "", "it gave no reason. Run again to find out."),
    ],
)
def test_a_disk_of_which_no_module_told_is_unknown(key: str, msg: str, why: str) -> None:
    foreseen = told("a", "moved", transfer_id="t-a")
    (row,) = merged([foreseen], [batch(ids=[foreseen[key]], msg=msg)])
    assert (row["outcome"], row["owner"]) == ("unknown", None)
    assert row["message"] == (
        f"It is not known what became of disk name-a, because the module ended without a result: {why}"
    )


def test_offers_whose_keys_could_not_be_kept_have_failed() -> None:
    foreseen = [told(key, "offered") for key in "abcd"]
    done = batch(
        *(told("a", "offered"), told("b", "offered"), told("c", "failed", message="No.")),
        lost="the file\x07 could not be written.",
        undone=[told("a", "withdrawn"), told("b", "failed")],
    )
    rows = merged(foreseen, [done, batch(told("d", "offered"))])
    assert [row["outcome"] for row in rows] == ["failed", "failed", "failed", "offered"]
    assert rows[0]["message"] == (
        "Disk name-a was offered, but the file\\x07 could not be written. The offer was withdrawn again. Run again."
    )
    assert rows[1]["message"] == (
        "Disk name-b was offered, but the file\\x07 could not be written. Its key is lost and the disk stays locked. "
        "Run again to offer it with a new key."
    )
    assert rows[2]["message"] == "No."
    assert rows[3]["message"] is None
    assert foreseen[0]["outcome"] == "offered", "what was given is left as it is"


def test_keys_that_were_kept_undo_nothing() -> None:
    done = batch(told("a", "offered"), lost="", undone=[])
    assert merged([told("a", "offered")], [done])[0]["outcome"] == "offered"
    without = {"ids": ["a"], "disks": [told("a", "offered")], "lost": "gone"}
    assert "stays locked" in merged([told("a", "offered")], [without])[0]["message"]


def test_every_failure_and_every_alarm_is_told_once() -> None:
    rows = [
        told("a", "failed", message="a failed."),
        told("b", "unknown"),
        told("c", "moved", message="c is fine."),
        told("d", "failed"),
        told("e", "gone", message="e is gone."),
    ]
    assert failures(rows, ["z is not as told.", "a failed.", "z is not as told."]) == [
        "a failed.",
        "Disk name-b: unknown.",
        "Disk name-d: failed.",
        "z is not as told.",
    ]


def test_every_outcome_has_its_word() -> None:
    assert WORDS["already_there"] == "already there"
    assert {outcome.replace("_", " ") for outcome in WORDS} == set(WORDS.values())


def step(tenant: str, name: str, held: bool | None, message: str) -> dict[str, Any]:
    return {"tenant": tenant, "name": name, "held": held, "message": message}


def test_a_trial_is_shown_in_columns_and_what_was_left_out_by_its_reason() -> None:
    absent = "The catalogue lists no such service, so it keeps no disk."
    steps = [
        step("tenant-a (1)", "read disks", True, "Answered."),
        step("b (2)", "move it", True, "Project b (2) has it, project tenant-a (1) does not."),
        step("tenant-a (1)", "read vaults", None, absent),
        step("tenant-a (1)", "read pairs", None, absent),
        step("b (2)", "move it back", False, "GET http://127.0.0.1/ was answered 403: No."),
        step("tenant-a (1)", "delete it", None, "Not tried."),
    ]
    assert trial_table(steps) == [
        "HELD  STEP          PROJECT   WHAT WAS READ",
        "yes   read disks    tenant-a  Answered.",
        "yes   move it       b         Project b has it, project tenant-a does not.",
        "NO    move it back  b         see the last lines",
        "Total: 2 of 3 steps held.",
        "The catalogue lists no such service, so it keeps no disk: read vaults, read pairs.",
        "Not tried: delete it.",
    ]


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        # The first project of each domain has the name of the region.
        (("eu-de (1)", "eu-de (2)"), ("eu-de (1)", "eu-de (2)")),
        (("1", "b (2)"), ("1", "b")),
        (("a (x) (1)", "a (2)"), ("a (x)", "a")),
    ],
)
def test_projects_of_a_trial_are_called_by_what_tells_them_apart(
    labels: tuple[str, str], shown: tuple[str, str]
) -> None:
    lines = trial_table([step(label, "move it", True, f"In {label}.") for label in labels])
    assert [re.split(" {2,}", line)[-2:] for line in lines[1:3]] == [[name, f"In {name}."] for name in shown]


@pytest.mark.parametrize(
    ("remedy", "shown"),
    [
        ("Name zone in ignore_constraints.", "Name zone in tenant_transfer_ignore_constraints."),
        ("Or set unchecked: allow.", "Or set tenant_transfer_unchecked: allow."),
        ("Set detach: running.", "Set tenant_transfer_detach: running."),
        ("Unmount it in the server and detach it.", "Unmount it in the server and detach it."),
        ("Set tenant_transfer_ignore_constraints.", "Set tenant_transfer_ignore_constraints."),
    ],
)
def test_a_remedy_names_the_variables_of_the_role(remedy: str, shown: str) -> None:
    """Who runs the playbook has no options of modules."""
    row = {**told("a", "blocked"), "reasons": [{"constraint": "zone", "reason": "it is", "remedy": remedy}]}
    assert reason_lines([row]) == [f"name-a stays (zone): it is. {shown}"]
    assert shown in "\n".join(table([told("a", "moved")], SIDES, [remedy]))
