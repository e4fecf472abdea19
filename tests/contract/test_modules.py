# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our modules on both servers: the same behaviour on EVS and on plain Cinder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.server import SOURCE, SOURCE_READER, TARGET, Server

Disk = Callable[..., str]
Module = Callable[..., dict[str, Any]]
Changes = Callable[[], list[str]]
Expected = Callable[..., Any]

UNKNOWN = "11111111-1111-4111-8111-111111111111"


def actions(result: dict[str, Any]) -> list[str]:
    return [row["action"] for row in result["transfers"]]


def test_offering_in_twelve_steps(server: Server, disk: Disk, module: Module, changes: Changes) -> None:
    """Create, replace and delete, each in check mode, for real, in check mode again, for real again."""
    volume_id = disk()
    steps: list[tuple[dict[str, Any], bool, bool, list[str], list[str]]] = [
        # options, check mode -> changed, actions, requests that change something
        ({}, True, True, ["created"], []),
        ({}, False, True, ["created"], ["POST"]),
        ({}, True, False, ["kept"], []),
        ({}, False, False, ["kept"], []),
        ({"pending": "replace"}, True, True, ["replaced"], []),
        ({"pending": "replace"}, False, True, ["replaced"], ["DELETE", "POST"]),
        ({"pending": "replace"}, True, True, ["replaced"], []),
        ({"pending": "replace"}, False, True, ["replaced"], ["DELETE", "POST"]),
        ({"state": "absent"}, True, True, ["deleted"], []),
        ({"state": "absent"}, False, True, ["deleted"], ["DELETE"]),
        ({"state": "absent"}, True, False, [], []),
        ({"state": "absent"}, False, False, [], []),
    ]
    for number, (options, check, changed, done, asked) in enumerate(steps):
        result = module("evs_transfer", SOURCE, volumes=[volume_id], check=check, diff=True, **options)
        assert (result["changed"], actions(result), changes()) == (changed, done, asked), f"step {number}: {result}"
        assert (result["diff"]["before"] != result["diff"]["after"]) == changed
        keys = [row["auth_key"] for row in result["transfers"]]
        assert [bool(key) for key in keys] == [not check and action in ("created", "replaced") for action in done]


def test_accepting_in_four_steps(server: Server, disk: Disk, module: Module, changes: Changes) -> None:
    ids = [disk(size=2), disk()]
    offered = module("evs_transfer", SOURCE, volumes=ids)["transfers"]
    changes()
    for check, changed, done, asked in (
        (True, True, "accepted", []),
        (False, True, "accepted", ["POST", "POST"]),
        (True, False, "already_owned", []),
        (False, False, "already_owned", []),
    ):
        result = module("evs_transfer_accept", TARGET, transfers=offered, check=check, diff=True)
        assert (result["changed"], actions(result), changes()) == (changed, [done] * 2, asked)
        assert bool(result["diff"]["after"]) == changed
    assert {volume["project_id"] for volume in result["volumes"]} == {server.project_id(TARGET)}
    assert [volume["id"] for volume in result["volumes"]] == ids


def test_disks_by_name_and_id_in_the_order_asked_for(disk: Disk, module: Module) -> None:
    ids = [disk(f"order-{number}") for number in range(5)]
    asked = ["order-3", ids[0], "order-4", ids[1], ids[1], "order-1"]
    result = module("evs_transfer", SOURCE, volumes=asked)
    assert [row["volume_id"] for row in result["transfers"]] == [ids[3], ids[0], ids[4], ids[1]]
    assert [row["volume_name"] for row in result["transfers"]] == ["order-3", "order-0", "order-4", "order-1"]


def test_withdrawing_in_the_order_asked_for(disk: Disk, module: Module) -> None:
    ids = [disk(f"back-{number}") for number in range(4)]
    for volume_id in ids:
        module("evs_transfer", SOURCE, volumes=[volume_id])
    asked = [ids[2], "back-0", ids[3], "back-1"]
    result = module("evs_transfer", SOURCE, state="absent", volumes=asked)
    assert [row["volume_id"] for row in result["transfers"]] == [ids[2], ids[0], ids[3], ids[1]]


def test_a_name_that_fits_several_disks(disk: Disk, module: Module, changes: Changes) -> None:
    ids = [disk("twin"), disk("twin")]
    result = module("evs_transfer", SOURCE, volumes=["twin"])
    assert result["failed"]
    assert all(volume_id in result["msg"] for volume_id in ids)
    assert sorted(result["ambiguous"]["twin"]) == sorted(ids)
    assert changes() == []


@pytest.mark.parametrize("ref", ["no-such-disk", UNKNOWN])
def test_a_disk_that_is_not_there(module: Module, changes: Changes, ref: str) -> None:
    result = module("evs_transfer", SOURCE, volumes=[ref])
    assert result["failed"]
    assert repr(ref) in result["msg"]
    assert "tenant-a" in result["msg"]
    assert changes() == []
    gone = module("evs_transfer", SOURCE, volumes=[ref], state="absent")
    assert not gone["changed"]
    assert "failed" not in gone


def test_no_disks_are_nothing_to_do(module: Module, changes: Changes) -> None:
    assert module("evs_transfer", SOURCE, volumes=[])["transfers"] == []
    assert module("evs_transfer_accept", TARGET, transfers=[])["volumes"] == []
    assert changes() == []


def test_a_blocked_disk_stops_all_or_is_left(disk: Disk, module: Module, changes: Changes) -> None:
    good, encrypted, attached = disk(), disk(encrypted=True), disk(attached=True)
    result = module("evs_transfer", SOURCE, volumes=[good, encrypted, attached])
    assert result["failed"]
    assert changes() == []
    assert encrypted in result["msg"]
    assert attached in result["msg"]
    found = {row["volume_id"]: [blocker["constraint"] for blocker in row["blockers"]] for row in result["blocked"]}
    assert found == {encrypted: ["encrypted"], attached: ["attached"]}
    result = module("evs_transfer", SOURCE, volumes=[good, encrypted, attached], blocked="skip")
    assert [row["volume_id"] for row in result["transfers"]] == [good]
    assert [row["volume_id"] for row in result["blocked"]] == [encrypted, attached]


def test_a_constraint_may_be_ignored_and_the_server_has_the_last_word(
    disk: Disk, module: Module, expected: Expected
) -> None:
    bootable = disk(bootable=True)
    assert "system_disk" in module("evs_transfer", SOURCE, volumes=[bootable])["msg"]
    result = module("evs_transfer", SOURCE, volumes=[bootable], ignore_constraints=["system_disk"])
    refused = expected(emulator=True, cinder=False, why="the rule about system disks is one of EVS, Cinder has none")
    assert result.get("failed", False) == refused
    if refused:
        assert result["failures"][0]["status"] == 400
        assert bootable in result["msg"]


def test_an_offer_of_another_name_is_not_replaced(disk: Disk, module: Module, changes: Changes) -> None:
    volume_id = disk()
    module("evs_transfer", SOURCE, volumes=[volume_id], name="theirs")
    changes()
    result = module("evs_transfer", SOURCE, volumes=[volume_id], name="ours", pending="replace")
    assert result["failed"]
    assert "'theirs'" in result["msg"]
    assert changes() == []
    assert module("evs_transfer", SOURCE, volumes=[volume_id], pending="fail")["failed"]


def test_withdrawing_by_transfer_and_by_age(disk: Disk, module: Module) -> None:
    ids = [disk(), disk()]
    offered = module("evs_transfer", SOURCE, volumes=ids, name="for-this-test")["transfers"]
    young = module("evs_transfer", SOURCE, state="absent", older_than="1h", name="for-this-test")
    assert not young["changed"]
    one = module("evs_transfer", SOURCE, state="absent", transfer_ids=[offered[0]["id"], UNKNOWN])
    assert [row["volume_id"] for row in one["transfers"]] == [ids[0]]
    rest = module("evs_transfer", SOURCE, state="absent", older_than="0s", name="for-this-test")
    assert [row["volume_id"] for row in rest["transfers"]] == [ids[1]]


def test_what_is_offered_is_listed_without_keys(disk: Disk, module: Module) -> None:
    volume_id, other = disk("listed"), disk()
    made = module("evs_transfer", SOURCE, volumes=[volume_id, other], name="listing")["transfers"]
    for filters in ({"volumes": ["listed"]}, {"volumes": [volume_id]}, {"transfer_ids": [made[0]["id"]]}):
        (row,) = module("evs_transfer_info", SOURCE, **filters)["transfers"]
        assert (row["id"], row["volume_id"], row["volume_name"]) == (made[0]["id"], volume_id, "listed")
        assert "auth_key" not in row
        assert made[0]["auth_key"] not in str(row)
    assert len(module("evs_transfer_info", SOURCE, name="listing")["transfers"]) == 2
    assert module("evs_transfer_info", TARGET)["transfers"] == []
    assert module("evs_transfer_info", SOURCE, transfer_ids=[UNKNOWN])["transfers"] == []


def test_accepting_again_needs_the_disks_id(disk: Disk, module: Module) -> None:
    volume_id = disk()
    (made,) = module("evs_transfer", SOURCE, volumes=[volume_id])["transfers"]
    given = {"transfer_id": made["id"], "auth_key": made["auth_key"]}
    assert module("evs_transfer_accept", TARGET, **given)["changed"]
    again = module("evs_transfer_accept", TARGET, **given)
    assert again["failed"]
    assert "Pass volume_id" in again["msg"]
    assert not module("evs_transfer_accept", TARGET, **given, volume_id=volume_id)["changed"]


def test_what_cannot_be_accepted_is_explained(server: Server, disk: Disk, module: Module) -> None:
    (made,) = module("evs_transfer", SOURCE, volumes=[disk("guarded", size=2)])["transfers"]
    key = made["auth_key"]
    wrong = module("evs_transfer_accept", TARGET, transfer_id=made["id"], auth_key="0000000000000000")
    assert "Invalid auth key" in wrong["msg"]
    assert "Check the auth_key" in wrong["msg"]
    unknown = module("evs_transfer_accept", TARGET, transfer_id=UNKNOWN, auth_key=key, volume_id=UNKNOWN)
    assert "no such transfer" in unknown["msg"]
    assert "Let the source offer the disk again" in unknown["msg"]
    own = module("evs_transfer_accept", SOURCE, transfers=[made])
    assert "would accept its own offer" in own["msg"]
    server.set_quota(TARGET, gigabytes=1)
    try:
        short = module("evs_transfer_accept", TARGET, transfers=[made])
        assert "gigabytes: 2 needed" in short["msg"]
        assert short["shortfalls"][0]["limit"] == 1
        late = module("evs_transfer_accept", TARGET, transfers=[made], check_quota=False)
        assert late["failures"][0]["status"] == 413
        assert "Raise it" in late["msg"].replace("raise", "Raise")
    finally:
        server.set_quota(TARGET, gigabytes=1000)
    for result in (wrong, unknown, own, short, late):
        assert result["failed"]
        assert key not in str(result)
    assert module("evs_transfer_accept", TARGET, transfers=[made])["changed"]


def test_a_reader_is_told_which_right_is_missing(disk: Disk, module: Module) -> None:
    result = module("evs_transfer", SOURCE_READER, volumes=[disk(), disk()])
    assert result["failed"]
    assert "evs:transfers:create" in result["msg"]
    assert {failure["status"] for failure in result["failures"]} <= {403, None}


def test_disks_are_listed_with_what_blocks_them(server: Server, disk: Disk, module: Module) -> None:
    disk("shown-free", metadata={"tier": "gold"})
    disk("shown-attached", attached=True)
    disk("shown-encrypted", encrypted=True)
    offered = disk("shown-offered")
    module("evs_transfer", SOURCE, volumes=[offered], name="shown")
    result = module("evs_volume_info", SOURCE, name="shown-*")
    blocked = {row["name"]: [blocker["constraint"] for blocker in row["blockers"]] for row in result["volumes"]}
    assert blocked == {
        "shown-free": [],
        "shown-attached": ["attached"],
        "shown-encrypted": ["encrypted"],
        "shown-offered": ["status"],
    }
    assert {row["name"] for row in result["volumes"] if row["transferable"]} == {"shown-free"}
    assert next(row["transfer"] for row in result["volumes"] if row["id"] == offered)["name"] == "shown"
    assert {row["project_id"] for row in result["volumes"]} == {result["project_id"]} == {server.project_id(SOURCE)}
    only = module("evs_volume_info", SOURCE, metadata={"tier": "gold"}, name="shown-*")
    assert [row["name"] for row in only["volumes"]] == ["shown-free"]
    some = module("evs_volume_info", SOURCE, volumes=["shown-free", UNKNOWN, "nix"])
    assert [row["name"] for row in some["volumes"]] == ["shown-free"]
    assert some["missing"] == [UNKNOWN, "nix"]


def test_both_tenants_are_looked_at_in_one_run(server: Server, disk: Disk, module: Module, changes: Changes) -> None:
    """With one request at a time and with many, a name that each has once, and one disk that has moved."""
    moved, stays = disk("both-moved"), disk("both-stays")
    offered = module("evs_transfer", SOURCE, volumes=[moved])["transfers"]
    module("evs_transfer_accept", TARGET, transfers=offered)
    changes()
    target = {key: server.cloud(TARGET)[key] for key in ("auth", "region_name")}
    for concurrency in (1, 8):
        result = module(
            "evs_volume_info",
            SOURCE,
            volumes=[moved, "both-stays", UNKNOWN],
            target=target,
            concurrency=concurrency,
        )
        there = result["target"]
        assert [row["id"] for row in result["volumes"]] == [stays]
        assert [row["id"] for row in there["volumes"]] == [moved]
        assert (result["missing"], there["missing"]) == ([moved, UNKNOWN], ["both-stays", UNKNOWN])
        assert (result["project_id"], there["project_id"]) == (server.project_id(SOURCE), server.project_id(TARGET))
        assert there["quotas"] == module("evs_quota_info", TARGET)["quotas"]
        assert "blockers" not in there["volumes"][0]
    selected = module("evs_volume_info", SOURCE, name="both-*", target=target)
    assert [row["id"] for row in selected["volumes"]] == [stays]
    assert (selected["target"]["volumes"], selected["target"]["missing"]) == ([], [])
    short = module("evs_volume_info", SOURCE, volumes=[moved, stays], target=target, fields=["id"])
    assert (short["volumes"], short["target"]["volumes"]) == ([{"id": stays}], [{"id": moved}])
    assert changes() == []


def test_what_fails_at_the_target_is_said_to_be_of_the_target(server: Server, disk: Disk, module: Module) -> None:
    volume_id = disk()
    entry = server.cloud(TARGET)
    nobody = {"auth": {**entry["auth"], "password": "wrong"}, "region_name": entry["region_name"]}
    for name in ("evs_volume_info", "evs_move"):
        result = module(name, SOURCE, volumes=[volume_id], target=nobody)
        assert result["msg"].startswith("Of the target: Keystone at ")
        mistaken = module(name, SOURCE, volumes=[volume_id], target={**nobody, "timeout": 0})
        assert mistaken["msg"].startswith("Of the target: Option timeout is 0;")
        mistaken = module(name, SOURCE, volumes=[volume_id], target={**nobody, "concurrency": 0})
        assert mistaken["msg"].startswith("Of the target: Option concurrency is 0;")


def test_only_some_fields_of_a_disk(disk: Disk, module: Module) -> None:
    """Everything that is told of a disk can be chosen, and nothing else comes then."""
    disk("fields", attached=True)
    (whole,) = module("evs_volume_info", SOURCE, name="fields")["volumes"]
    chosen = [key for key in whole if key not in ("metadata", "cautions")]
    (some,) = module("evs_volume_info", SOURCE, name="fields", fields=chosen)["volumes"]
    assert some == {key: whole[key] for key in chosen}
    (none,) = module("evs_volume_info", SOURCE, name="fields", fields=[])["volumes"]
    assert none == {}


def test_whether_disks_fit_into_the_quota(server: Server, module: Module) -> None:
    quotas = module("evs_quota_info", TARGET)["quotas"]
    room = 10
    used = quotas["gigabytes"]["in_use"]
    server.set_quota(TARGET, gigabytes=used + room)
    try:
        assert module("evs_quota_info", TARGET, for_volumes=[{"size": room}])["fits"]
        result = module("evs_quota_info", TARGET, for_volumes=[{"size": room}, {"size": 1}])
    finally:
        server.set_quota(TARGET, gigabytes=1000)
    assert not result["fits"]
    assert (result["shortfalls"][0]["needed"], result["shortfalls"][0]["free"]) == (11, room)


def test_requests_are_counted(server: Server, disk: Disk, module: Module, expected: Expected) -> None:
    """N disks cost N requests a side, and a handful more."""
    ids = [disk() for dummy in range(12)]
    server.forget_requests()
    offered = module("evs_transfer", SOURCE, volumes=ids)["transfers"]
    asked = [request.method for request in server.requests()]
    evidence = expected(
        emulator=["snapshots", "vbs backups", "cbr backups", "vaults", "sdrs pairs", "old pairs", "placements"],
        cinder=["snapshots", "backups", "old pairs: 404", "placements: 404"],
        why="the catalogue of plain Cinder lists no CBR, VBS and SDRS",
    )
    assert asked.count("POST") == 12 + 1
    assert asked.count("GET") == 2 + len(evidence), "the list of disks before and after, and the evidence"
    server.forget_requests()
    module("evs_transfer_accept", TARGET, transfers=offered)
    asked = [request.method for request in server.requests()]
    assert asked.count("POST") == 12 + 1
    assert asked.count("GET") == 4, "disks, transfers, quota; disks again"


def test_a_password_stays_hidden_and_a_project_does_not(server: Server, disk: Disk, module: Module) -> None:
    volume_id = disk("tenant-a-data")
    result = module("evs_volume_info", SOURCE, volumes=[volume_id])
    assert result["volumes"][0]["name"] == "tenant-a-data"
    assert server.cloud(SOURCE)["auth"]["password"] not in str(result)
