# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""evs_move on both servers: offer, accept and proof in one go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.server import SOURCE, SOURCE_READER, TARGET, Server
from tests.support.tenants import evs_of

Disk = Callable[..., str]
Module = Callable[..., dict[str, Any]]
Changes = Callable[[], list[str]]
Move = Callable[..., dict[str, Any]]

UNKNOWN = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def move(server: Server, module: Module) -> Move:
    """Run evs_move from the source to the target, or to another tenant."""

    def run(*volumes: str, source: str = SOURCE, target: str = TARGET, **options: Any) -> dict[str, Any]:
        entry = server.cloud(target)
        side = {"auth": entry["auth"], "region_name": entry["region_name"]}
        return module("evs_move", source, volumes=list(volumes), target=side, **options)

    return run


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["outcome"] for row in result["disks"]}


def test_moving_in_four_steps(server: Server, disk: Disk, move: Move, changes: Changes) -> None:
    first, second = disk("moved-by-name"), disk(size=2)
    for check, changed, done, asked in (
        (True, True, "moved", []),
        (False, True, "moved", ["POST", "POST", "POST", "POST"]),
        (True, False, "already_there", []),
        (False, False, "already_there", []),
    ):
        result = move("moved-by-name", second, first, check=check, diff=True)
        assert (result["changed"], changes()) == (changed, asked), result
        assert outcomes(result) == {first: done, second: done}
        assert (result["diff"]["before"] != result["diff"]["after"]) == changed
        assert "key" not in str(result["disks"])
        owner = SOURCE if done == "moved" and check else TARGET
        assert {row["owner"] for row in result["disks"]} == {server.project_id(owner)}
    assert {first, second} <= {volume.id for volume in evs_of(server, TARGET).volumes()}
    assert evs_of(server, SOURCE).transfers() == []


def test_an_offer_of_ours_is_renewed(disk: Disk, module: Module, move: Move, changes: Changes) -> None:
    volume_id = disk()
    module("evs_transfer", SOURCE, volumes=[volume_id])
    changes()
    assert outcomes(move(volume_id)) == {volume_id: "moved"}
    assert changes() == ["DELETE", "POST", "POST"]


def test_an_offer_of_somebody_else_is_left(disk: Disk, module: Module, move: Move, changes: Changes) -> None:
    theirs, ours = disk(), disk()
    module("evs_transfer", SOURCE, volumes=[theirs], name="theirs")
    changes()
    refused = move(theirs, ours)
    assert refused["failed"]
    assert "Nothing was changed. Disk " in refused["msg"]
    assert "'theirs'" in refused["msg"]
    assert outcomes(refused) == {theirs: "blocked", ours: "moved"}
    assert refused["rehearsed"]
    assert changes() == []
    skipped = move(theirs, ours, blocked="skip")
    assert outcomes(skipped) == {theirs: "blocked", ours: "moved"}
    assert "failed" not in skipped
    module("evs_transfer", SOURCE, volumes=[theirs], state="absent")


def test_an_offer_of_somebody_else_counts_whatever_is_ignored(
    disk: Disk, module: Module, move: Move, changes: Changes
) -> None:
    """T1: rehearsal, check mode, run and the role's batch leave it, and move the other."""
    theirs, ours = disk(), disk()
    module("evs_transfer", SOURCE, volumes=[theirs], name="theirs")
    changes()
    options: dict[str, Any] = {"ignore_constraints": ["status"], "blocked": "skip"}
    decided = {theirs: "blocked", ours: "moved"}
    assert outcomes(move(ours, theirs, rehearse=True, **options)) == decided
    assert outcomes(move(ours, theirs, check=True, **options)) == decided
    assert changes() == []
    batch = {**options, "check_constraints": False, "check_quota": False}
    assert outcomes(move(theirs, **batch)) == {theirs: "blocked"}
    assert changes() == []
    assert outcomes(move(ours, theirs, **options)) == decided
    assert changes() == ["POST", "POST"]
    module("evs_transfer", SOURCE, volumes=[theirs], state="absent")


def test_a_disk_that_is_offered_between_the_plan_and_the_batch_costs_no_other(
    disk: Disk, module: Module, move: Move
) -> None:
    """T2: the rehearsal sees 5 disks to move, somebody offers one of them, the batch moves 4."""
    ids = [disk() for dummy in range(5)]
    rehearsed = move(*ids, rehearse=True)
    assert outcomes(rehearsed) == dict.fromkeys(ids, "moved")
    module("evs_transfer", SOURCE, volumes=[ids[2]], name="theirs")
    done = move(*ids, blocked="skip", check_constraints=False, check_quota=False)
    assert outcomes(done) == {**dict.fromkeys(ids, "moved"), ids[2]: "blocked"}
    assert "failed" not in done
    (reason,) = done["disks"][2]["reasons"]
    assert reason["constraint"] == "status"
    assert "called 'theirs'" in reason["reason"]
    module("evs_transfer", SOURCE, volumes=[ids[2]], state="absent")


def test_tenants_in_two_regions_are_told_before_anything_begins(
    server: Server, disk: Disk, module: Module, changes: Changes
) -> None:
    """T20: a disk stays in its region, and the check says so as the run does."""
    entry = server.cloud(TARGET)
    elsewhere = {"auth": entry["auth"], "region_name": "eu-nl", "endpoints": {"evs": "http://127.0.0.1:9/v3"}}
    for how in ({"check": True}, {"rehearse": True}, {}):
        result = module("evs_move", SOURCE, volumes=[disk()], target=elsewhere, **how)
        assert result["failed"]
        assert "and the target in region eu-nl. A disk stays in its region" in result["msg"]
        assert (result["disks"], result["rehearsed"]) == ([], True)
    assert changes() == []


def test_what_neither_tenant_has_is_told_with_both(disk: Disk, move: Move, changes: Changes) -> None:
    result = move(disk(), "no such disk", UNKNOWN)
    assert result["failed"]
    assert result["missing"] == ["no such disk", UNKNOWN]
    assert "'no such disk', '11111111-1111-4111-8111-111111111111': neither in project tenant-a" in result["msg"]
    assert "nor in project tenant-b" in result["msg"]
    assert changes() == []


def test_a_tenant_cannot_be_its_own_target(disk: Disk, move: Move, changes: Changes) -> None:
    result = move(disk(), target=SOURCE)
    assert "Source and target are the same: project tenant-a" in result["msg"]
    assert changes() == []


def test_a_quota_that_does_not_suffice_is_told_before_anything_begins(
    server: Server, disk: Disk, move: Move, changes: Changes
) -> None:
    volume_id = disk(size=3)
    server.set_quota(TARGET, volumes=0)
    result = move(volume_id)
    server.set_quota(TARGET, volumes=-1)
    assert "volumes: 1 needed" in result["msg"]
    assert result["shortfalls"][0]["resource"] == "volumes"
    assert changes() == []


def test_a_source_that_may_not_offer(disk: Disk, move: Move, changes: Changes) -> None:
    volume_id = disk()
    result = move(volume_id, source=SOURCE_READER)
    assert outcomes(result) == {volume_id: "failed"}
    assert "was not offered in project tenant-a" in result["msg"]
    assert "evs:transfers:create" in result["msg"]
    assert "locked" not in result["msg"]
    assert changes() == ["POST"]
