# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disks may be attached and detached, and why others may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.rows import Devices, Place, Row, Servers
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Seat, Server
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import (
    Known,
    Plan,
    Rules,
    Wish,
    plan_attach,
    plan_detach,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found
from tests.support.bodies import attached, server, volume
from tests.support.rows import HERE

UNKNOWN = "11111111-1111-4111-8111-111111111111"
STAYS = Servers(Place("id-of-app01", "app01"), Place("id-of-app01", "app01"))


def detach(
    volumes: Sequence[Volume], servers: Sequence[Server], ref: str | None = "app01", *refs: str, **rules: Any
) -> Plan:
    asked = list(refs) or [disk.id for disk in volumes]
    found = Found.among(asked, volumes)
    return plan_detach(found, [Wish(name, ref) for name in asked], Known(servers), Rules(**rules), HERE)


def attach(
    volumes: Sequence[Volume],
    servers: Sequence[Server],
    ref: str = "app01",
    *refs: str,
    others: Sequence[Volume] = (),
    **rules: Any,
) -> Plan:
    asked = list(refs) or [disk.id for disk in volumes]
    found = Found.among(asked, volumes)
    disks = {disk.id: disk for disk in [*volumes, *others]}
    return plan_attach(found, [Wish(name, ref) for name in asked], Known(servers), disks, Rules(**rules), HERE)


def only(plan: Plan) -> Row:
    (row,) = plan.rows
    return row


def constraints(plan: Plan) -> list[str]:
    return [reason.constraint for reason in only(plan).reasons]


# To leave a server


@pytest.mark.parametrize("ref", ["app01", "id-of-app01", None])
def test_a_disk_leaves_a_server_that_is_shut_off(ref: str | None) -> None:
    disk = attached("app01")
    plan = detach([disk], [server("app01", disk), server("app02")], ref)
    (step,) = plan.steps
    assert (step.volume, step.server.name, step.sends) == (disk, "app01", True)
    row = only(plan)
    assert (row.outcome, row.owner, row.reasons, plan.problems) == ("detached", HERE.id, (), [])
    assert row.server == Servers(Place("id-of-app01", "app01"), None)
    assert row.device == Devices("/dev/vdb", None)


DETACH_CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = [
    # case, fields of the server, of the disk, rules -> constraints
    ("active", {"status": "ACTIVE"}, {}, {}, ["server_status"]),
    ("paused", {"status": "PAUSED"}, {}, {}, ["server_status"]),
    ("suspended", {"status": "SUSPENDED"}, {}, {}, ["server_status"]),
    ("active by the user's word", {"status": "ACTIVE"}, {}, {"detach": "running"}, []),
    ("paused by the user's word", {"status": "PAUSED"}, {}, {"detach": "running"}, []),
    ("suspended by the user's word", {"status": "SUSPENDED"}, {}, {"detach": "running"}, []),
    ("off by the user's word", {}, {}, {"detach": "running"}, []),
    ("in error", {"status": "ERROR"}, {}, {"detach": "running"}, ["server_status"]),
    ("building", {"status": "BUILD"}, {}, {"detach": "running"}, ["server_status"]),
    ("a state that is not known", {"status": "SHELVED"}, {}, {}, ["server_status"]),
    ("never", {}, {}, {"detach": "never"}, ["attached"]),
    ("locked", {"locked": True}, {}, {}, ["locked"]),
    ("a lock that is not named", {"locked": None}, {}, {}, []),
    ("busy", {"OS-EXT-STS:task_state": "rebooting"}, {}, {}, ["task"]),
    ("being attached", {}, {"status": "attaching"}, {}, ["status"]),
    ("reserved", {}, {"status": "reserved"}, {}, ["status"]),
    ("in error itself", {}, {"status": "error"}, {}, ["status"]),
    (
        "all at once",
        {"status": "ACTIVE", "locked": True, "OS-EXT-STS:task_state": "rebooting"},
        {"status": "error"},
        {},
        ["status", "locked", "task", "server_status"],
    ),
    ("bootable, as a data disk", {}, {"bootable": "true"}, {}, []),
    (
        "the disk it boots from by its own word",
        {"OS-EXT-SRV-ATTR:root_device_name": "/dev/vdb"},
        {},
        {},
        ["system_disk"],
    ),
]


@pytest.mark.parametrize(
    ("case", "of_server", "of_disk", "rules", "expected"), DETACH_CASES, ids=[c[0] for c in DETACH_CASES]
)
def test_what_keeps_a_disk_in_its_server(
    case: str, of_server: dict[str, Any], of_disk: dict[str, Any], rules: dict[str, Any], expected: list[str]
) -> None:
    disk = attached("app01", **of_disk)
    plan = detach([disk], [server("app01", disk, **of_server)], **rules)
    assert constraints(plan) == expected
    assert len(plan.steps) == (not expected)
    assert len(plan.problems) == bool(expected)
    if expected:
        assert (only(plan).outcome, only(plan).server) == ("blocked", STAYS)
        assert only(plan).device == Devices("/dev/vdb", "/dev/vdb")
        assert all(reason.reason and reason.remedy for reason in only(plan).reasons)


@pytest.mark.parametrize(
    ("device", "bootable", "expected"),
    [
        ("/dev/vda", "false", ["system_disk"]),
        ("/dev/sda", "true", ["system_disk"]),
        ("", "true", ["system_disk"]),
        ("", "false", []),
    ],
)
def test_a_server_keeps_the_disk_it_boots_from(device: str, bootable: str, expected: list[str]) -> None:
    disk = attached("app01", bootable=bootable)
    holder = server("app01").with_seats((Seat(disk.id, device),))
    assert constraints(detach([disk], [holder])) == expected


def test_a_blocked_disk_stops_the_run_or_is_left_out() -> None:
    goes, stays = attached("app01"), attached("app01", status="error", name="bad")
    servers = [server("app01", goes, stays)]
    plan = detach([goes, stays], servers)
    (problem,) = plan.problems
    assert problem.startswith(f"Disk bad ({stays.id}) cannot be detached: status: its status is error")
    plan = detach([goes, stays], servers, blocked="skip")
    assert ([row.outcome for row in plan.rows], plan.problems) == (["detached", "blocked"], [])
    assert [step.volume for step in plan.steps] == [goes]


def test_a_disk_that_is_leaving_is_waited_for() -> None:
    """Whatever the server is now: the detach has been asked for."""
    disk = attached("app01", status="detaching")
    (step,) = detach([disk], [server("app01", disk, status="ACTIVE")]).steps
    assert not step.sends


@pytest.mark.parametrize("ref", ["app01", None])
def test_a_disk_that_nova_has_forgotten_already_is_waited_for_too(ref: str | None) -> None:
    (step,) = detach([attached("app01", status="detaching")], [server("app02"), server("app01")], ref).steps
    assert (step.server.name, step.sends) == ("app01", False)


@pytest.mark.parametrize("ref", ["app01", "no such server", None])
@pytest.mark.parametrize("status", ["available", "awaiting-transfer", "error"])
def test_a_disk_in_no_server_needs_nothing(ref: str | None, status: str) -> None:
    plan = detach([volume(status=status)], [server("app01")], ref)
    assert (only(plan).outcome, plan.steps, plan.problems) == ("already_detached", [], [])
    assert (only(plan).server, only(plan).device) == (Servers(), Devices())


def test_a_disk_in_another_server_is_not_in_this_one() -> None:
    disk = attached("app02")
    plan = detach([disk], [server("app01"), server("app02", disk)])
    assert (only(plan).outcome, plan.steps) == ("already_detached", [])
    assert only(plan).message == "It is attached to server app02 (id-of-app02), which is not the one named."


def test_a_disk_that_has_left_the_project_needs_nothing() -> None:
    plan = detach([], [server("app01")], "app01", UNKNOWN, "app01-data")
    assert [(row.id, row.name, row.outcome) for row in plan.rows] == [
        (UNKNOWN, None, "gone"),
        (None, "app01-data", "gone"),
    ]
    assert plan.problems == []
    (warning,) = plan.warnings
    assert warning.startswith("'app01-data': Project tenant-a")
    assert warning.endswith("Check the spelling.")


def test_a_shared_disk_leaves_the_server_that_is_named() -> None:
    disk = attached("app01", "app02", multiattach=True)
    servers = [server("app01", disk), server("app02", disk)]
    assert constraints(detach([disk], servers, None)) == ["shared"]
    (step,) = detach([disk], servers, "app02").steps
    assert step.server.name == "app02"


@pytest.mark.parametrize(
    ("disk", "told"),
    [
        (attached("far"), "in-use and it is attached to id-of-far"),
        (volume(status="in-use"), "in-use and it is attached to a server that is not named"),
        (volume(status="attaching"), "attaching and it is attached to a server that is not named"),
        (volume(status="detaching"), "detaching and it is attached to a server that is not named"),
        (volume(status="in-use", attachments=[{}]), "in-use and it is attached to unknown"),
    ],
)
def test_a_disk_in_a_server_that_is_not_here(disk: Volume, told: str) -> None:
    (reason,) = only(detach([disk], [server("app01")], None)).reasons
    assert (reason.constraint, reason.reason.partition(", but")[0]) == ("server", f"its status is {told}")


def test_disks_leave_in_the_order_of_their_devices_and_are_told_in_the_order_asked_for() -> None:
    first, second = attached("app01", name="first"), attached("app01", name="second")
    plan = detach([second, first], [server("app01", first, second)])
    assert [step.volume.name for step in plan.steps] == ["first", "second"]
    assert [row.name for row in plan.rows] == ["second", "first"]


def test_a_disk_named_twice_is_one_disk() -> None:
    disk = attached("app01")
    assert len(detach([disk], [server("app01", disk)], "app01", disk.id, disk.name, disk.id).rows) == 1
    free = volume()
    assert len(attach([free], [server("app01")], "app01", free.id, free.name).steps) == 1


# To enter a server


def test_a_free_disk_enters_a_server() -> None:
    disk = volume()
    plan = attach([disk], [server("app01"), server("app02")])
    (step,) = plan.steps
    assert (step.server.name, step.sends, plan.problems) == ("app01", True, [])
    row = only(plan)
    assert (row.outcome, row.server, row.device) == (
        "attached",
        Servers(None, Place("id-of-app01", "app01")),
        Devices(None, None),
    )


ATTACH_CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = [
    ("off", {"status": "SHUTOFF"}, {}, {}, []),
    ("active", {"status": "ACTIVE"}, {}, {}, []),
    ("paused", {"status": "PAUSED"}, {}, {}, ["server_status"]),
    ("suspended", {"status": "SUSPENDED"}, {}, {}, ["server_status"]),
    ("in error", {"status": "ERROR"}, {}, {}, ["server_status"]),
    ("locked", {"locked": True}, {}, {}, ["locked"]),
    ("a lock that is not named", {"locked": None}, {}, {}, []),
    ("busy", {"OS-EXT-STS:task_state": "resize_prep"}, {}, {}, ["task"]),
    ("another zone", {"OS-EXT-AZ:availability_zone": "eu-de-02"}, {}, {}, ["zone"]),
    ("another zone, ignored", {"OS-EXT-AZ:availability_zone": "eu-de-02"}, {}, {"ignored": ["zone"]}, []),
    ("a zone that is not named", {"OS-EXT-AZ:availability_zone": None}, {}, {}, []),
    ("a zone of the disk that is not named", {}, {"availability_zone": None}, {}, []),
    ("offered", {}, {"status": "awaiting-transfer"}, {}, ["status"]),
    ("being attached", {}, {"status": "attaching"}, {}, ["status"]),
    ("in error itself", {}, {"status": "error"}, {}, ["status"]),
    ("in use by nobody who is told", {}, {"status": "in-use"}, {}, ["attached"]),
    (
        "all at once",
        {"status": "PAUSED", "locked": True, "OS-EXT-STS:task_state": "x", "OS-EXT-AZ:availability_zone": "z"},
        {"status": "error"},
        {},
        ["status", "locked", "task", "server_status", "zone"],
    ),
]


@pytest.mark.parametrize(
    ("case", "of_server", "of_disk", "rules", "expected"), ATTACH_CASES, ids=[c[0] for c in ATTACH_CASES]
)
def test_what_keeps_a_disk_from_a_server(
    case: str, of_server: dict[str, Any], of_disk: dict[str, Any], rules: dict[str, Any], expected: list[str]
) -> None:
    plan = attach([volume(**of_disk)], [server("app01", **of_server)], **rules)
    assert constraints(plan) == expected
    assert len(plan.steps) == (not expected)
    assert [problem.partition(": ")[0].rpartition(") ")[2] for problem in plan.problems] == (
        ["cannot be attached"] if expected else []
    )
    assert only(plan).server == (Servers() if expected else Servers(None, Place("id-of-app01", "app01")))


def test_a_server_has_to_be_clear() -> None:
    """Missing, or several of one name; an ID is clear, also where it is the name of another."""
    twins = [replace(server("app01"), id="one"), replace(server("app01"), id="two")]
    (reason,) = only(attach([volume()], twins)).reasons
    assert (reason.constraint, reason.reason) == ("server", "'app01' fits 2 servers: one, two")
    assert constraints(attach([volume()], twins, "app02")) == ["server"]
    (step,) = attach([volume()], [*twins, server("two")], "two").steps
    assert step.server.id == "two"


def test_a_disk_that_is_in_it_needs_nothing() -> None:
    disk = attached("app01")
    plan = attach([disk], [server("app01", disk, status="PAUSED", locked=True)])
    assert (only(plan).outcome, only(plan).server, plan.steps, plan.problems) == ("already_attached", STAYS, [], [])
    assert only(plan).device == Devices("/dev/vdb", "/dev/vdb")


@pytest.mark.parametrize(("status", "waits"), [("attaching", True), ("reserved", True), ("detaching", False)])
def test_a_disk_that_is_entering_is_waited_for(status: str, waits: bool) -> None:
    disk = volume(status=status)
    plan = attach([disk], [server("app01", disk)])
    assert [step.sends for step in plan.steps] == ([False] if waits else [])
    assert constraints(plan) == ([] if waits else ["status"])


def test_a_disk_in_another_server_has_to_leave_it_first() -> None:
    disk = attached("app02")
    plan = attach([disk], [server("app01"), server("app02", disk)])
    (reason,) = only(plan).reasons
    assert (reason.constraint, reason.reason) == ("attached", "it is attached to server app02 (id-of-app02)")
    assert only(plan).server == Servers(Place("id-of-app02", "app02"), Place("id-of-app02", "app02"))
    shared = attached("app02", multiattach=True)
    (step,) = attach([shared], [server("app01"), server("app02", shared)]).steps
    assert step.server.name == "app01"


def test_a_disk_goes_to_one_server() -> None:
    for multiattach, expected in ((False, ["attached", "blocked"]), (True, ["attached", "attached"])):
        disk = volume(multiattach=multiattach)
        wishes = [Wish(disk.id, "app01"), Wish(disk.id, "app02")]
        found = Found.among([disk.id], [disk])
        plan = plan_attach(found, wishes, Known([server("app01"), server("app02")]), {disk.id: disk}, Rules(), HERE)
        assert [row.outcome for row in plan.rows] == expected


SCSI = {"metadata": {"hw:passthrough": "true"}}


@pytest.mark.parametrize(
    ("fields", "there", "free"),
    [({}, {}, 23), (SCSI, SCSI, 59), (SCSI, {}, 59), ({}, SCSI, 23)],
    ids=["vbd beside vbd", "scsi beside scsi", "scsi beside vbd", "vbd beside scsi"],
)
def test_a_server_takes_so_many_disks(fields: dict[str, Any], there: dict[str, Any], free: int) -> None:
    """24 VBD with the system disk, 59 SCSI, 60 in all: those that are there, and those that come before."""
    held = [attached("app01", **there) for dummy in range(3)]
    left = free - sum(disk.is_scsi == volume(**fields).is_scsi for disk in held)
    left = min(left, 60 - 4)
    more = [volume(**fields) for dummy in range(left + 1)]
    plan = attach(more, [server("app01", *held)], others=held, blocked="skip")
    assert [row.outcome for row in plan.rows] == ["attached"] * left + ["blocked"]
    assert [reason.constraint for reason in plan.rows[-1].reasons] == ["slots"]
    plan = attach(more, [server("app01", *held)], others=held, ignored=["slots"])
    assert len(plan.steps) == left + 1


def test_a_disk_that_is_not_here_is_a_mistake() -> None:
    plan = attach([], [server("app01")], "app01", "app01-data")
    (problem,) = plan.problems
    assert problem.startswith("Project tenant-a")
    assert "has no disk with the name or ID 'app01-data'" in problem
    assert plan.details == {"missing": ["app01-data"]}


def test_a_name_of_several_disks_is_a_mistake() -> None:
    disks = [volume(name="twin"), volume(name="twin")]
    for plan in (attach(disks, [server("app01")], "app01", "twin"), detach(disks, [server("app01")], None, "twin")):
        assert "'twin' fits" in plan.problems[0]
        assert plan.details["ambiguous"] == {"twin": [disk.id for disk in disks]}
        assert not plan.rows
