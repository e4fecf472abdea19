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


def outcomes(result: dict[str, Any]) -> list[str]:
    return [row["outcome"] for row in result["disks"]]


def ids_of(result: dict[str, Any]) -> list[str]:
    return [row["id"] for row in result["disks"]]


def test_offering_in_twelve_steps(server: Server, disk: Disk, module: Module, changes: Changes) -> None:
    """Create, replace and delete, each in check mode, for real, in check mode again, for real again."""
    volume_id = disk()
    steps: list[tuple[dict[str, Any], bool, bool, list[str], list[str]]] = [
        # options, check mode -> changed, outcomes, requests that change something
        ({}, True, True, ["offered"], []),
        ({}, False, True, ["offered"], ["POST"]),
        ({}, True, False, ["already_offered"], []),
        ({}, False, False, ["already_offered"], []),
        ({"pending": "replace"}, True, True, ["offered"], []),
        ({"pending": "replace"}, False, True, ["offered"], ["DELETE", "POST"]),
        ({"pending": "replace"}, True, True, ["offered"], []),
        ({"pending": "replace"}, False, True, ["offered"], ["DELETE", "POST"]),
        ({"state": "absent"}, True, True, ["withdrawn"], []),
        ({"state": "absent"}, False, True, ["withdrawn"], ["DELETE"]),
        ({"state": "absent"}, True, False, [], []),
        ({"state": "absent"}, False, False, [], []),
    ]
    for number, (options, check, changed, done, asked) in enumerate(steps):
        result = module("evs_transfer", SOURCE, volumes=[volume_id], check=check, diff=True, **options)
        assert (result["changed"], outcomes(result), changes()) == (changed, done, asked), f"step {number}: {result}"
        assert (result["diff"]["before"] != result["diff"]["after"]) == changed
        assert (result["rehearsed"], result["check_mode"], result["problems"]) == (check, check, [])
        keys = [bool(row["auth_key"]) for row in result["transfers"]]
        assert keys == {"already_offered": [False], "offered": [True] * (not check)}.get("".join(done), [])
        assert all(bool(row["at"]) == bool(asked) for row in result["disks"])


def test_accepting_in_four_steps(server: Server, disk: Disk, module: Module, changes: Changes) -> None:
    ids = [disk(size=2), disk()]
    offered = module("evs_transfer", SOURCE, volumes=ids)["transfers"]
    changes()
    for check, changed, done, asked in (
        (True, True, "accepted", []),
        (False, True, "accepted", ["POST", "POST"]),
        (True, False, "already_there", []),
        (False, False, "already_there", []),
    ):
        result = module("evs_transfer_accept", TARGET, transfers=offered, check=check, diff=True)
        assert (result["changed"], outcomes(result), changes()) == (changed, [done] * 2, asked)
        assert bool(result["diff"]["after"]) == changed
        assert ids_of(result) == ids
        assert [row["size"] for row in result["disks"]] == [2, 1]
    assert {row["owner"] for row in result["disks"]} == {server.project_id(TARGET)}
    assert result["target"]["project_id"] == server.project_id(TARGET)


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
    assert ids_of(result) == [ids[2], ids[0], ids[3], ids[1]]
    assert result["transfers"] == []


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
    assert module("evs_transfer_accept", TARGET, transfers=[])["disks"] == []
    assert changes() == []


def test_a_blocked_disk_stops_all_or_is_left(disk: Disk, module: Module, changes: Changes) -> None:
    good, encrypted, attached = disk(), disk(encrypted=True), disk(attached=True)
    result = module("evs_transfer", SOURCE, volumes=[good, encrypted, attached])
    assert result["failed"]
    assert changes() == []
    assert encrypted in result["msg"]
    assert attached in result["msg"]
    assert (result["rehearsed"], len(result["problems"]), result["transfers"]) == (True, 2, [])

    def found() -> dict[str, list[str]]:
        return {row["id"]: [reason["constraint"] for reason in row["reasons"]] for row in result["disks"]}

    assert found() == {good: [], encrypted: ["encrypted"], attached: ["attached"]}
    assert outcomes(result) == ["offered", "blocked", "blocked"]
    result = module("evs_transfer", SOURCE, volumes=[good, encrypted, attached], blocked="skip")
    assert [row["volume_id"] for row in result["transfers"]] == [good]
    assert found() == {good: [], encrypted: ["encrypted"], attached: ["attached"]}
    assert outcomes(result) == ["offered", "blocked", "blocked"]
    assert "failed" not in result


def test_a_constraint_may_be_ignored_and_the_server_has_the_last_word(
    disk: Disk, module: Module, expected: Expected
) -> None:
    bootable = disk(bootable=True)
    assert "system_disk" in module("evs_transfer", SOURCE, volumes=[bootable])["msg"]
    result = module("evs_transfer", SOURCE, volumes=[bootable], ignore_constraints=["system_disk"])
    refused = expected(emulator=True, cinder=False, why="the rule about system disks is one of EVS, Cinder has none")
    assert result.get("failed", False) == refused
    if refused:
        assert outcomes(result) == ["failed"]
        assert bootable in result["msg"]
        assert "was answered 400" in result["msg"]


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
    assert ids_of(one) == [ids[0]]
    rest = module("evs_transfer", SOURCE, state="absent", older_than="0s", name="for-this-test")
    assert ids_of(rest) == [ids[1]]


def test_a_rehearsal_is_check_mode_without_the_flag(disk: Disk, module: Module, changes: Changes) -> None:
    """T3: whether it only rehearsed, the module knows, and says."""
    volume_id = disk()
    rehearsed = module("evs_transfer", SOURCE, volumes=[volume_id], rehearse=True, diff=True)
    checked = module("evs_transfer", SOURCE, volumes=[volume_id], check=True, diff=True)
    assert rehearsed["disks"] == checked["disks"]
    assert outcomes(rehearsed) == ["offered"]
    assert [result["changed"] for result in (rehearsed, checked)] == [False, True]
    assert [result["rehearsed"] for result in (rehearsed, checked)] == [True, True]
    assert [result["check_mode"] for result in (rehearsed, checked)] == [False, True]
    assert "diff" not in rehearsed
    assert checked["diff"]["after"]
    assert changes() == []
    offered = module("evs_transfer", SOURCE, volumes=[volume_id])["transfers"]
    changes()
    taking = module("evs_transfer_accept", TARGET, transfers=offered, rehearse=True)
    assert (outcomes(taking), taking["changed"], taking["rehearsed"]) == (["accepted"], False, True)
    going = module("evs_transfer", SOURCE, volumes=[volume_id], state="absent", rehearse=True)
    assert (outcomes(going), going["changed"], going["rehearsed"]) == (["withdrawn"], False, True)
    assert changes() == []
    module("evs_transfer", SOURCE, volumes=[volume_id], state="absent")


def test_disks_are_chosen_by_their_traits(disk: Disk, module: Module, changes: Changes) -> None:
    ids = [disk("traits-b", metadata={"tier": "gold"}), disk("traits-a", metadata={"tier": "gold"})]
    disk("traits-c", metadata={"tier": "iron"})
    chosen = {"name": "traits-?", "metadata": {"tier": "gold"}}
    result = module("evs_transfer", SOURCE, select=chosen)
    assert ids_of(result) == [ids[1], ids[0]], "in the order of their names"
    assert module("evs_transfer", SOURCE, select={"name": "no-such-*"})["disks"] == []
    changes()
    for options, words in (
        ({"select": {}}, "Option select is empty"),
        ({}, "any of the following are missing: volumes, select"),
        ({"select": chosen, "volumes": ids}, "mutually exclusive"),
        ({"select": chosen, "state": "absent", "older_than": "0s"}, "select can only be used with state: present"),
    ):
        assert words in module("evs_transfer", SOURCE, **options)["msg"]
    assert changes() == []
    module("evs_transfer", SOURCE, volumes=ids, state="absent")


def test_a_known_transfer_stays_and_a_dead_one_is_told(disk: Disk, module: Module, changes: Changes) -> None:
    """T9 and T10: what a handoff file holds is kept, pruned, or has left."""
    alive, dead, left = disk(), disk(), disk("known-left")
    made = module("evs_transfer", SOURCE, volumes=[alive, dead, left])["transfers"]
    known = [
        {"transfer_id": row["id"], "volume_id": row["volume_id"], "volume_name": row["volume_name"]} for row in made
    ]
    module("evs_transfer", SOURCE, state="absent", transfer_ids=[made[1]["id"]])
    module("evs_transfer_accept", TARGET, transfers=[made[2]])
    changes()
    options = {"volumes": [alive, dead, "known-left"], "pending": "replace", "known_transfers": known}
    result = module("evs_transfer", SOURCE, **options)
    assert outcomes(result) == ["already_offered", "offered", "gone"]
    assert ids_of(result) == [alive, dead, left]
    assert result["stale_transfers"] == [made[1]["id"]]
    assert changes() == ["POST"]
    assert "failed" not in result
    module("evs_transfer", SOURCE, volumes=[alive, dead], state="absent")


def test_a_transfer_that_is_not_there_any_more_is_told_or_fails(disk: Disk, module: Module) -> None:
    """T9: the others arrive all the same."""
    ids = [disk(), disk()]
    made = module("evs_transfer", SOURCE, volumes=ids)["transfers"]
    module("evs_transfer", SOURCE, state="absent", transfer_ids=[made[0]["id"]])
    skipped = module("evs_transfer_accept", TARGET, transfers=made, gone="skip")
    assert outcomes(skipped) == ["gone", "accepted"]
    assert "failed" not in skipped
    failed = module("evs_transfer_accept", TARGET, transfers=made)
    assert (outcomes(failed), failed["failed"]) == (["failed", "already_there"], True)
    assert "no such transfer (any more)" in failed["msg"]


def test_what_came_is_not_what_was_told(disk: Disk, module: Module) -> None:
    """S1 and S2: it is this tenant's now, and the task fails to say so."""
    volume_id = disk("huge", size=3)
    (made,) = module("evs_transfer", SOURCE, volumes=[volume_id])["transfers"]
    lie = {**made, "volume_name": "small", "size": 1}
    result = module("evs_transfer_accept", TARGET, transfers=[lie])
    assert result["failed"]
    assert outcomes(result) == ["accepted"]
    assert (result["disks"][0]["name"], result["disks"][0]["size"]) == ("huge", 3)
    (alarm,) = result["alarms"]
    assert "its name is 'huge', not 'small'; its size is 3, not 1" in alarm
    assert alarm in result["msg"]


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
        assert (short["rehearsed"], len(short["problems"])) == (True, 1)
        late = module("evs_transfer_accept", TARGET, transfers=[made], check_quota=False)
        assert outcomes(late) == ["failed"]
        assert "was answered 413" in late["msg"]
        assert "raise it or free some of it, and accept again; the transfer is still pending" in late["msg"]
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
    assert outcomes(result) == ["failed", "failed"]
    assert "was answered 403" in result["msg"]


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


def test_what_fails_at_the_target_is_said_to_be_of_the_target(server: Server, disk: Disk, module: Module) -> None:
    volume_id = disk()
    entry = server.cloud(TARGET)
    nobody = {"auth": {**entry["auth"], "password": "wrong"}, "region_name": entry["region_name"]}
    result = module("evs_move", SOURCE, volumes=[volume_id], target=nobody)
    assert result["msg"].startswith("Of the target: Keystone at ")
    for option in ("timeout", "concurrency"):
        mistaken = module("evs_move", SOURCE, volumes=[volume_id], target={**nobody, option: 0})
        assert mistaken["msg"].startswith(f"Of the target: Option {option} is 0;")


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
    """N disks cost N requests a side, and a handful more; EVS is asked about each of a few, as no list tells."""
    ids = [disk() for dummy in range(12)]
    server.forget_requests()
    offered = module("evs_transfer", SOURCE, volumes=ids)["transfers"]
    asked = [request.method for request in server.requests()]
    evidence = expected(
        emulator=["snapshots", "vbs backups", "cbr backups", "vaults", "sdrs pairs", "old pairs", "placements"]
        + ["EVS's own view of a disk"] * 12,
        cinder=["snapshots", "backups", "old pairs: 404", "placements: 404"],
        why="the catalogue of plain Cinder lists no CBR, VBS and SDRS",
    )
    assert asked.count("POST") == 12 + 1
    assert asked.count("GET") == 2 + len(evidence), "the list of disks before and after, and the evidence"
    server.forget_requests()
    module("evs_transfer_accept", TARGET, transfers=offered)
    asked = [request.method for request in server.requests()]
    assert asked.count("POST") == 12 + 1
    assert asked.count("GET") == 5, "disks, transfers, quota, types; disks again"


def test_a_password_stays_hidden_and_a_project_does_not(server: Server, disk: Disk, module: Module) -> None:
    volume_id = disk("tenant-a-data")
    result = module("evs_volume_info", SOURCE, volumes=[volume_id])
    assert result["volumes"][0]["name"] == "tenant-a-data"
    assert server.cloud(SOURCE)["auth"]["password"] not in str(result)
