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


def actions(result: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["action"] for row in result["volumes"]}


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
        assert actions(result) == {first: done, second: done}
        assert (result["diff"]["before"] != result["diff"]["after"]) == changed
        assert "key" not in str(result["volumes"])
    assert {first, second} <= {volume.id for volume in evs_of(server, TARGET).volumes()}
    assert evs_of(server, SOURCE).transfers() == []


def test_an_offer_of_ours_is_renewed(disk: Disk, module: Module, move: Move, changes: Changes) -> None:
    volume_id = disk()
    module("evs_transfer", SOURCE, volumes=[volume_id])
    changes()
    assert actions(move(volume_id)) == {volume_id: "moved"}
    assert changes() == ["DELETE", "POST", "POST"]


def test_an_offer_of_somebody_else_is_left(disk: Disk, module: Module, move: Move, changes: Changes) -> None:
    theirs, ours = disk(), disk()
    module("evs_transfer", SOURCE, volumes=[theirs], name="theirs")
    changes()
    refused = move(theirs, ours)
    assert refused["failed"]
    assert "1 of 2 disks" in refused["msg"]
    assert changes() == []
    skipped = move(theirs, ours, blocked="skip")
    assert [blocked["volume_id"] for blocked in skipped["blocked"]] == [theirs]
    assert actions(skipped) == {ours: "moved"}
    module("evs_transfer", SOURCE, volumes=[theirs], state="absent")


def test_what_neither_tenant_has_is_told_with_both(disk: Disk, move: Move, changes: Changes) -> None:
    result = move(disk(), "no such disk", UNKNOWN)
    assert result["failed"]
    assert result["missing"] == ["no such disk", UNKNOWN]
    assert "neither in project tenant-a" in result["msg"]
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
    assert [failure["volume_id"] for failure in result["failures"]] == [volume_id]
    assert "was not offered" in result["msg"]
    assert "evs:transfers:create" in result["msg"]
    assert "locked" not in result["msg"]
    assert changes() == ["POST"]
