# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the planner of a move makes of the rehearsals of detaching and attaching."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    ALREADY_DETACHED,
    GONE,
    Devices,
    Place,
    Row,
    Servers,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import Known, Wish
from ansible_collections.otc.evs.plugins.module_utils._plan.chain import Chain, Pair
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import Plan, Rules, plan
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._plan.memory import (
    recalled,
    remembered_of,
    wishes_of_servers,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found
from tests.support.bodies import attached, server, volume
from tests.support.rows import HERE, THERE

APP01 = {"id": "id-of-app01", "name": "app01"}
NEW = {"id": "id-of-new", "name": "new"}
LOCKED = {"constraint": "locked", "reason": "server app01 is locked", "remedy": "Unlock it."}
FULL = {"constraint": "slots", "reason": "server new is full", "remedy": "Choose another."}


def row(volume_id: str, outcome: str, before: Any = None, after: Any = None, *reasons: Any, at: str = "") -> Any:
    device = {"before": at or None, "after": None}
    servers = {"before": before, "after": after}
    return {"id": volume_id, "outcome": outcome, "server": servers, "device": device, "reasons": list(reasons)}


def planned(
    disks: list[Any], leaving: list[Any], entering: list[Any] | None = None, there: list[Any] | None = None
) -> Plan:
    refs = [disk.id for disk in [*disks, *(there or ())]]
    here = Found.among(refs, disks)
    rules = Rules(success="moved", name="ours", chain=Chain.of(leaving, entering))
    return plan(here, Found.among(here.missing, there or ()), {}, Evidence(), rules, HERE, THERE)


def test_a_disk_that_is_detached_before_may_go() -> None:
    disk = attached("app01")
    before = planned([disk], [])
    assert "attached" in before.problems[0]
    after = planned([disk], [row(disk.id, "detached", APP01, at="/dev/vdb")], [row(disk.id, "attached", None, NEW)])
    assert (after.problems, after.rows[0].outcome) == ([], "moved")
    assert after.rows[0].server == Servers(Place(**APP01), Place(**NEW))
    assert after.rows[0].device == Devices("/dev/vdb")


@pytest.mark.parametrize(
    ("leaving", "entering", "constraints"),
    [
        (("blocked", APP01, APP01, LOCKED), None, ["locked"]),
        (("detached", APP01, None), ("blocked", None, None, FULL), ["slots"]),
        (("blocked", APP01, APP01, LOCKED), ("blocked", None, None, FULL), ["locked", "slots"]),
        # It is in a server that is not meant.
        (("already_detached", None, None), None, ["attached"]),
    ],
)
def test_a_disk_stays_for_what_is_found_at_either_end(leaving: Any, entering: Any, constraints: list[str]) -> None:
    disk = attached("app01")
    found = planned([disk], [row(disk.id, *leaving)], [row(disk.id, *entering)] if entering else [])
    assert [reason.constraint for reason in found.rows[0].reasons] == constraints
    assert len(found.problems) == 1
    assert found.chained(Chain.of([row(disk.id, *leaving)])) == {"to_detach": [], "to_attach": []}


@pytest.mark.parametrize(
    ("status", "outcome", "after"),
    [
        ("in-use", "detached", Place(**APP01)),
        ("in-use", "blocked", Place(**APP01)),
        ("detaching", "detached", None),
        ("available", "already_detached", None),
    ],
)
def test_where_a_disk_stays_that_has_no_place_in_the_target(status: str, outcome: str, after: Place | None) -> None:
    disk = replace(attached("app01"), status=status)
    leaving = row(disk.id, outcome, APP01, APP01 if outcome == "blocked" else None, at="/dev/vdb")
    (found,) = planned([disk], [leaving], [row(disk.id, "blocked", None, None, FULL)]).rows
    assert found.outcome == "blocked"
    assert found.server == Servers(Place(**APP01), after)
    assert found.device == Devices("/dev/vdb", "/dev/vdb" if after else None)


def test_a_shared_disk_has_to_leave_all_servers() -> None:
    disk = attached("app01", "new")
    one = row(disk.id, "detached", APP01)
    assert [reason.constraint for reason in planned([disk], [one]).rows[0].reasons] == ["attached"]
    assert planned([disk], [one, row(disk.id, "detached", NEW)]).rows[0].outcome == "moved"


def test_a_disk_that_has_arrived_is_still_to_be_attached() -> None:
    disk = volume()
    there = planned([], [], [row(disk.id, "attached", None, NEW)], [disk])
    assert there.chained(Chain.of([], [row(disk.id, "attached", None, NEW)]))["to_attach"] == [
        {"volume": disk.id, "server": NEW["id"]}
    ]
    blocked = planned([], [], [row(disk.id, "blocked", None, None, FULL)], [disk])
    assert blocked.rows[0].outcome == "blocked"
    assert "cannot be attached: slots" in blocked.problems[0]


@pytest.mark.parametrize(
    ("leaving", "entering", "told"),
    [("wwn-0x1", None, "wwn-0x1"), ("wwn-0x1", "wwn-0x2", "wwn-0x2"), (None, "wwn-0x2", "wwn-0x2"), (None, None, None)],
)
def test_what_a_guest_calls_a_disk_is_told_with_its_servers(
    leaving: str | None, entering: str | None, told: str | None
) -> None:
    disk = attached("app01")
    before = {**row(disk.id, "detached", APP01, at="/dev/vdb"), "guest_name": leaving}
    after = {**row(disk.id, "attached", None, NEW), "guest_name": entering}
    assert planned([disk], [before], [after]).rows[0].guest_name == told


def test_disks_are_attached_in_the_order_of_their_devices() -> None:
    rows = [("a", "/dev/vdc"), ("b", "/dev/vdaa"), ("c", "/dev/vdb")]
    chain = Chain.of([row(name, "detached", APP01, at=device) for name, device in rows])
    assert chain.in_order(["free", "a", "b", "c"]) == ["free", "c", "a", "b"]
    assert chain.to_detach(["a"]) == [Pair("a", "id-of-app01")]


@pytest.mark.parametrize("spoilt", [[{"id": "a"}], [{"id": "a", "outcome": "x", "reasons": [{}]}]])
def test_rows_that_are_none(spoilt: list[Any]) -> None:
    with pytest.raises(UsageError, match="Option detaching takes the disks"):
        Chain.of(spoilt)


def entry(volume_id: str, device: str, is_over: bool = False, name: str = "app01") -> dict[str, Any]:
    return {
        "project_id": HERE.id,
        "server_id": f"id-of-{name}",
        "server_name": name,
        "volume_id": volume_id,
        "volume_name": f"name of {volume_id}",
        "device": device,
        "is_over": is_over,
    }


@pytest.mark.parametrize(
    ("disks", "entries", "wanted"),
    [
        (["b"], [], ["b"]),
        ([], [entry("x", "/dev/vdc"), entry("y", "/dev/vdb")], ["y", "x"]),
        (["b"], [entry("x", "/dev/vdc")], ["b", "x"]),
        # It has disks again: what came to its end is not meant.
        (["b"], [entry("x", "/dev/vdc", is_over=True)], ["b"]),
        ([], [entry("x", "/dev/vdc", is_over=True)], ["x"]),
        ([], [entry("x", "/dev/vdc", name="other")], []),
    ],
)
def test_the_disks_of_a_server_are_those_that_it_has_or_had(
    disks: list[str], entries: list[Any], wanted: list[str]
) -> None:
    app01 = server("app01", *(volume(id=name) for name in disks))
    wishes, problems = wishes_of_servers(["app01"], Known([app01]), remembered_of(entries, HERE.id))
    assert ([wish.volume for wish in wishes], problems) == (wanted, [])
    assert all(isinstance(wish, Wish) and wish.server == app01.id for wish in wishes)


def test_a_server_that_is_not_there_or_not_one() -> None:
    known = Known([server("app01"), server("app01")])
    dummy, problems = wishes_of_servers(["app01", "nobody"], known, [])
    assert "fits 2 servers" in problems[0]
    assert "There is no server 'nobody'" in problems[1]


def test_what_only_the_journal_knows() -> None:
    journal = remembered_of([entry("x", "/dev/vdb"), {**entry("y", "/dev/vdb"), "project_id": "another"}], HERE.id)
    told = [Row("x", ALREADY_DETACHED), Row(None, GONE, "name of x"), Row("y", GONE), Row("x", "detached")]
    told.append(Row("x", ALREADY_DETACHED, message="It is attached to server other, which is not the one named."))
    known = recalled(told, journal)
    assert [item.server is not None for item in known] == [True, True, False, False, False]
    assert known[1].id == "x"
