# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""evs_move when something fails: what is left behind, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET

pytestmark = pytest.mark.usefixtures("quick")


def move(emulator: EmulatorServer, *volumes: str, **options: Any) -> dict[str, Any]:
    source, target = ({"auth": emulator.cloud(name)["auth"], "timeout": 1} for name in (SOURCE, TARGET))
    return run_module("evs_move", **source, target=target, volumes=list(volumes), **options)


def statuses(emulator: EmulatorServer) -> set[tuple[str, str]]:
    return {(disk["tenant"], disk["status"]) for disk in emulator.volumes()}


def test_a_disk_that_is_not_accepted_is_freed(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    emulator.order_fault("status", status=403, path="accept$")
    result = move(emulator, volume_id)
    assert "Disk data" in result["msg"]
    assert "was offered, but not accepted in project tenant-b" in result["msg"]
    assert "evs:transfers:accept" in result["msg"]
    assert "locked" not in result["msg"]
    assert not result["changed"]
    assert statuses(emulator) == {(SOURCE, "available")}
    assert emulator.transfers() == []


@pytest.mark.parametrize("kind", ["status", "pretend"])
def test_a_disk_that_cannot_be_freed_is_told(emulator: EmulatorServer, kind: str) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    emulator.order_fault("status", status=403, path="accept$")
    emulator.order_fault(kind, status=500, method="DELETE", times=None)
    result = move(emulator, volume_id)
    assert "The disk may stay offered and locked, because the offer was not withdrawn: " in result["msg"]
    assert "Run again, or withdraw the offers" in result["msg"]
    assert statuses(emulator) == {(SOURCE, "awaiting-transfer")}
    emulator.end_faults()
    assert move(emulator, volume_id)["changed"]
    assert statuses(emulator) == {(TARGET, "available")}


def test_an_offer_may_be_left(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    emulator.order_fault("status", status=403, path="accept$")
    result = move(emulator, volume_id, withdraw_on_failure=False)
    assert "may stay offered and locked" in result["msg"]
    (left,) = emulator.transfers()
    assert [failure["transfer_id"] for failure in result["failures"]] == [left["id"]]


def test_the_others_move_and_few_are_offered_at_a_time(emulator: EmulatorServer) -> None:
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(20)])
    emulator.order_fault("status", status=400, path="accept$", times=3)
    result = move(emulator, *ids, concurrency=2)
    assert len(result["failures"]) == 3
    assert len(result["volumes"]) == 17
    asked = [
        "offer" if request.path.endswith("transfer") else "accept"
        for request in emulator.requests()
        if request.method == "POST" and "os-volume-transfer" in request.path
    ]
    pending = [asked[:number].count("offer") - asked[:number].count("accept") for number in range(len(asked) + 1)]
    assert max(pending) <= 2


def test_a_target_that_refuses_all_stops_the_rest(emulator: EmulatorServer) -> None:
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(20)])
    emulator.order_fault("status", status=403, path="accept$", times=None)
    result = move(emulator, *ids, concurrency=2)
    assert len(result["failures"]) == 20
    assert "Not attempted, because the same would happen" in str(result["failures"])
    offers = [r for r in emulator.requests() if r.method == "POST" and r.path.endswith("os-volume-transfer")]
    assert len(offers) <= 4
    assert statuses(emulator) == {(SOURCE, "available")}


def test_a_former_offer_that_is_gone_is_a_change(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    source = {"auth": emulator.cloud(SOURCE)["auth"]}
    former = run_module("evs_transfer", **source, volumes=[volume_id])["transfers"][0]["id"]
    emulator.order_fault("status", status=403, method="POST", path="transfer$")
    result = move(emulator, volume_id)
    assert f"was freed of transfer {former}, but not offered again" in result["msg"]
    assert result["changed"]
    assert statuses(emulator) == {(SOURCE, "available")}


def test_no_key_is_in_the_result(emulator: EmulatorServer) -> None:
    emulator.set_auth_keys("5ecre7", "5ecre7", "5ecre7")
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(3)])
    emulator.order_fault("status", status=400, path="accept$")
    result = move(emulator, *ids)
    assert len(result["volumes"]) == 2
    assert "5ecre7" not in str(result)
