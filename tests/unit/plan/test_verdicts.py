# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a disk, over all that can be read of it and all that can go wrong on the way.

T8 is here: "was not" is said only of what was read, or was refused; what may be locked is told.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.rows import Place, Row, Servers
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Attachment, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import (
    Reading,
    Sight,
    Trouble,
    Unread,
    is_free,
    is_offered,
    is_owned,
    of_accept,
    of_move,
    of_offer,
    of_withdrawal,
)
from tests.support.bodies import volume
from tests.support.rows import HERE, THERE

T = "t-1"
WAITING = "awaiting-transfer"
FREE = volume(id="v-1", status="available", **{"os-vol-tenant-attr:tenant_id": HERE.id})
OFFERED = replace(FREE, status=WAITING)
ODD = replace(FREE, status="error")
UNREAD = Unread("the cloud is silent.")

SIGHTS: dict[str, Sight] = {"free": FREE, "offered": OFFERED, "odd": ODD, "absent": None, "unread": UNREAD}
AT_TARGET: dict[str, Sight] = {
    "owned": replace(FREE, project_id=THERE.id, size=11),
    "odd": replace(FREE, project_id=THERE.id, status="in-use"),
    "not ours": replace(FREE, project_id="another"),
    "nobody's": replace(FREE, project_id=None),
    "absent": None,
    "unread": Unread("the target is silent."),
}
TROUBLES: dict[str, Trouble | None] = {
    "none": None,
    "refused": Trouble("The server said 403.", "dealt with"),
    "open": Trouble("The server said 500.", "dealt with", is_open=True),
    "under way": Trouble("No answer came.", "dealt with", is_open=True, under_way=True),
}


def words(row: Row) -> str:
    """The message, of a disk that needs one."""
    assert (row.message is not None) or row.outcome in ("offered", "moved", "accepted", "withdrawn")
    assert not row.message or row.message.endswith(".")
    assert "  " not in (row.message or "")
    return row.message or ""


@pytest.mark.parametrize("before", [FREE, OFFERED], ids=["was free", "was offered"])
@pytest.mark.parametrize("made", [None, T], ids=["not made", "made"])
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_an_offer(sight: str, trouble: str, made: str | None, before: Volume) -> None:
    problem, seen = TROUBLES[trouble], SIGHTS[sight]
    row = of_offer(before, made, problem, seen, HERE)
    said = words(row)
    if sight == "absent":
        outcome = "gone"
    elif sight == "unread" and trouble != "refused":
        outcome = "unknown"
    else:
        outcome = "offered" if (sight, trouble) == ("offered", "none") else "failed"
    assert row.outcome == outcome
    assert row.owner == (HERE.id if isinstance(seen, Volume) else None)
    assert (row.id, row.transfer_id) == ("v-1", made)
    assert ("was not dealt with" in said) == (outcome == "failed" and trouble != "none")
    assert ("It is not known whether" in said) == (outcome == "unknown" and trouble != "none")
    locked = sight == "offered" or (sight == "unread" and (trouble != "refused" or made or before is OFFERED))
    may_come = trouble == "under way" and sight in ("free", "odd")
    if outcome == "failed" or (outcome == "unknown" and trouble != "none"):
        assert ("locked" in said) == bool(locked or may_come)
        assert (problem.message if problem else "was offered by transfer") in said
    if sight == "unread" and outcome == "unknown":
        assert "evs_transfer_info" in said
    if sight == "odd" and trouble == "none":
        assert f"was offered by transfer {made}, but then its status is error, not {WAITING}" in said
    if outcome == "unknown" and trouble == "none":
        assert f"is offered by transfer {made}, but that could not be read back: the cloud is silent." in said
    assert outcome != "gone" or "has left the project; where it is now is not known here" in said


def test_what_is_told_of_an_offer_is_what_was_read_last() -> None:
    row = of_offer(FREE, T, None, replace(OFFERED, size=99, name="renamed"), HERE)
    assert row == Row("v-1", "offered", "renamed", 99, "SSD", HERE.id, transfer_id=T)
    assert of_offer(FREE, T, None, UNREAD, HERE).size == 10


@pytest.mark.parametrize("before", [FREE, OFFERED], ids=["was free", "was offered"])
@pytest.mark.parametrize("made", [None, T], ids=["not made", "made"])
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("there", AT_TARGET)
@pytest.mark.parametrize("here", SIGHTS)
def test_a_move(there: str, here: str, trouble: str, made: str | None, before: Volume) -> None:
    problem, at_target, at_source = TROUBLES[trouble], AT_TARGET[there], SIGHTS[here]
    row = of_move(before, made, problem, at_target, at_source, HERE, THERE)
    said = words(row)
    is_open = trouble != "refused"
    if there == "owned":
        outcome = "moved" if made and is_open else "already_there"
    elif isinstance(at_target, Volume) or isinstance(at_source, Volume):
        outcome = "failed"
    elif here == "absent" or trouble == "under way" or (is_open and (there == "unread" or not made)):
        outcome = "unknown"
    else:
        outcome = "failed"
    assert row.outcome == outcome
    owner = (
        at_target.project_id if isinstance(at_target, Volume) else HERE.id if isinstance(at_source, Volume) else None
    )
    assert row.owner == owner
    assert row.id == "v-1"
    assert row.transfer_id == (None if outcome == "already_there" else made)
    assert ("by another transfer than that of this run" in said) == (outcome == "already_there")
    if isinstance(at_target, Volume):
        if outcome == "failed":
            assert f"but its status is {at_target.status} and its owner {owner or 'not shown by the cloud'}." in said
        return
    doing = "dealt with" if problem else "accepted"
    place = THERE if made else HERE
    assert (f"was not {doing} in project {place.label}: " in said) == (outcome == "failed")
    assert (problem.message if problem else "The server answered that it was.") in said
    if here == "absent":
        assert "has left project" in said
        assert ("could not be read: the target is silent." in said) == (there == "unread")
        assert ("does not have it either" in said) == (there == "absent")
        assert "locked" not in said
        return
    locked = here == "offered" or (here == "unread" and (made or before is OFFERED or is_open))
    may_come = trouble == "under way" and not made and here in ("free", "odd")
    assert ("locked" in said) == bool(locked or may_come)
    assert (f"It is still {WAITING}" in said) == (here == "offered")
    assert ("otc.evs.withdraw" in said) == bool(locked)
    assert ("It is not known whether" in said) == (outcome == "unknown")
    if here == "unread" and outcome == "failed" and locked:
        assert "could not be read: the cloud is silent." in said


@pytest.mark.parametrize(
    ("status", "servers", "told"),
    [
        ("in-use", ["s1"], "Its status is in-use, and it is attached to server s1."),
        ("in-use", ["s1", "s2"], "Its status is in-use, and it is attached to server s1, s2."),
        ("in-use", [], "Its status is in-use, and a server has it, or is about to get it."),
        ("attaching", [], "Its status is attaching, and a server has it, or is about to get it."),
        ("reserved", [], "Its status is reserved, and a server has it, or is about to get it."),
        ("available", [], None),
        ("error", [], None),
    ],
)
def test_a_disk_that_somebody_has_attached_meanwhile_is_told_with_its_server(
    status: str, servers: list[str], told: str | None
) -> None:
    """Rule 6 of disks in use: between detach and offer somebody may attach a disk again."""
    attachments = tuple(Attachment(server, "/dev/vdb") for server in servers)
    used = replace(FREE, status=status, attachments=attachments)
    refused = TROUBLES["refused"]
    for made in (None, T):
        move, offer = of_move(FREE, made, refused, None, used, HERE, THERE), of_offer(FREE, made, refused, used, HERE)
        for row in (move, offer):
            assert row.outcome == "failed"
            assert (told or "Detach it") in words(row) if told else "Detach it" not in words(row)
            assert row.server == (Servers(after=Place("s1", "")) if servers else None)


def test_what_is_told_of_a_move_is_what_was_read_last() -> None:
    assert of_move(FREE, T, None, AT_TARGET["owned"], UNREAD, HERE, THERE) == Row(
        "v-1", "moved", "data", 11, "SSD", THERE.id, transfer_id=T
    )
    assert of_move(FREE, T, None, None, replace(FREE, size=12), HERE, THERE).size == 12


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("sight", AT_TARGET)
def test_an_accept(sight: str, trouble: str) -> None:
    problem, seen = TROUBLES[trouble], AT_TARGET[sight]
    told = Row("v-1", "accepted", "told", 1, "lie", transfer_id=T)
    row = of_accept(told, "Transfer t-1 of disk told", problem, seen, THERE)
    said = words(row)
    if sight == "owned":
        outcome = "accepted"
    elif isinstance(seen, Volume):
        outcome = "failed"
    elif trouble == "under way" or (sight == "unread" and trouble != "refused"):
        outcome = "unknown"
    else:
        outcome = "failed"
    assert row.outcome == outcome
    assert row.transfer_id == T
    assert row.owner == (seen.project_id if isinstance(seen, Volume) else None)
    if isinstance(seen, Volume):
        assert (row.name, row.size, row.volume_type) == ("data", seen.size, "SSD"), "what was read, not what was told"
        assert ("was accepted, but the status" in said) == (outcome == "failed" and trouble == "none")
        if outcome == "failed":
            assert f"is {seen.status} and its owner {seen.project_id or 'not shown by the cloud'}." in said
            assert (problem.message if problem else "Transfer t-1") in said
        return
    assert (row.id, row.name, row.size, row.volume_type) == ("v-1", "told", None, None)
    assert (f"was not accepted in project {THERE.label}: " in said) == (outcome == "failed")
    assert (problem.message if problem else "The server answered that") in said or (
        trouble == "none" and "the server answered that it was, but the disk is not in this project" in said
    )
    assert ("It is not known whether" in said) == (outcome == "unknown" and trouble != "none")
    assert ("could not be read back: the target is silent." in said) == ((sight, trouble) == ("unread", "none"))
    assert ("Run again to find out." in said) == (outcome == "unknown")


@pytest.mark.parametrize("still_pending", [True, False, None])
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_a_withdrawal(sight: str, trouble: str, still_pending: bool | None) -> None:
    problem, seen = TROUBLES[trouble], SIGHTS[sight]
    asked = Row("v-1", "withdrawn", "data", 10, "SSD", HERE.id, transfer_id=T, message="It is offered since noon.")
    row = of_withdrawal(asked, problem, seen, still_pending, HERE)
    said = words(row)
    if sight == "absent":
        outcome = "gone"
    elif still_pending:
        outcome = "failed"
    elif still_pending is None or sight == "unread":
        outcome = "unknown"
    else:
        outcome = "failed" if sight == "offered" else "withdrawn"
    assert row.outcome == outcome
    assert (row.id, row.transfer_id) == ("v-1", T)
    assert row.owner == (HERE.id if isinstance(seen, Volume) else None)
    assert "since noon" not in said
    assert ("was not withdrawn" in said) == (outcome == "failed" and still_pending is True)
    assert ("It is not known whether" in said) == (outcome == "unknown" and still_pending is None)
    if outcome in ("failed", "unknown"):
        assert ("locked" in said) == (sight in ("offered", "unread"))
        assert "tenant-a" in said
        assert "run again" in said.lower() or still_pending
    if outcome == "unknown" and still_pending is False:
        assert f"{T} of project {HERE.label} was withdrawn, but its disk could not be read back" in said
        assert "the cloud is silent." in said
    elif outcome == "failed" and still_pending is False:
        assert f"was withdrawn, but disk data (v-1) is still {WAITING} and locked" in said
    elif outcome != "gone" and outcome != "withdrawn":
        answered = "withdrawn, although the server answered that it was."
        assert (f"withdrawn: {problem.message}" if problem else answered) in said
    if outcome == "gone":
        assert "was accepted before it could be withdrawn, or the disk was deleted." in said
    if outcome == "withdrawn":
        assert said == ""


def test_a_disk_that_was_read_back_after_a_withdrawal_is_told_as_read() -> None:
    asked = Row("v-1", "withdrawn", "before", 1, None, HERE.id, transfer_id=T)
    assert of_withdrawal(asked, None, FREE, False, HERE) == Row(
        "v-1", "withdrawn", "data", 10, "SSD", HERE.id, transfer_id=T
    )


@pytest.mark.parametrize(
    ("disk", "free", "offered", "owned"),
    [
        (None, True, True, False),
        (FREE, True, False, True),
        (OFFERED, False, True, False),
        (ODD, False, False, False),
        (replace(FREE, project_id=THERE.id), True, False, False),
        (replace(FREE, project_id=None), True, False, False),
    ],
)
def test_what_counts_as_settled(disk: Volume | None, free: bool, offered: bool, owned: bool) -> None:
    assert (is_free(disk), is_offered(disk), is_owned(disk, HERE)) == (free, offered, owned)


def test_a_reading_tells_what_it_saw_and_why_it_did_not() -> None:
    reading = Reading({"seen": FREE, "absent": None}, {"unread": "the cloud is silent."})
    assert reading.of("seen") is FREE
    assert reading.of("absent") is None
    assert reading.of("unread") == UNREAD
    assert reading.of("never asked for") == Unread("it was not asked for.")
    assert reading.of(None) == Unread("its ID is not known.")


def test_of_a_disk_that_was_read_twice_the_later_reading_counts() -> None:
    first = Reading({"a": FREE, "b": FREE, "e": ODD}, {"c": "no", "d": "no"}, "10:00")
    later = Reading({"a": None, "c": ODD}, {"b": "lost"}, "10:01")
    both = first.followed_by(later)
    assert both.seen == {"a": None, "c": ODD, "e": ODD}
    assert both.unread == {"b": "lost", "d": "no"}
    assert both.at == "10:01"
    assert first.followed_by(Reading()).at == "10:00"
