# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two servers answer to the six transfer calls, as our services see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret
from tests.support.server import SOURCE, SOURCE_READER, TARGET, Server
from tests.support.tenants import evs_of

UNKNOWN = "11111111-1111-4111-8111-111111111111"
WRONG = Secret("0000000000000000")

Disk = Callable[..., str]
Expected = Callable[..., Any]


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.status, caught.value.reason


def test_a_disk_changes_hands(server: Server, disk: Disk) -> None:
    volume_id = disk("travels", size=2, description="about it", metadata={"tier": "gold"})
    source, target = evs_of(server, SOURCE), evs_of(server, TARGET)
    before = source.volume(volume_id)
    transfer = source.create_transfer(volume_id, "a move")
    assert (transfer.volume_id, transfer.name) == (volume_id, "a move")
    assert transfer.created_at
    assert transfer.created_at.endswith("Z")
    assert transfer.auth_key
    assert len(transfer.auth_key.reveal()) == 16
    offered = source.volume(volume_id)
    assert offered
    assert offered.status == "awaiting-transfer"
    assert target.accept_transfer(transfer.id, transfer.auth_key) == volume_id
    after = target.volume(volume_id)
    assert before
    assert after
    assert (after.status, after.project_id) == ("available", server.project_id(TARGET))
    for kept in ("name", "size", "description", "volume_type", "availability_zone", "metadata", "created_at"):
        assert getattr(after, kept) == getattr(before, kept), kept
    assert source.volume(volume_id) is None
    assert source.transfer(transfer.id) is None
    assert target.transfer(transfer.id) is None


def test_the_owner_sees_the_transfer_without_its_key(server: Server, disk: Disk) -> None:
    source = evs_of(server, SOURCE)
    made = source.create_transfer(disk(), "seen")
    shown = source.transfer(made.id)
    listed = next(transfer for transfer in source.transfers() if transfer.id == made.id)
    assert shown == listed
    assert shown
    assert shown.auth_key is None
    assert shown.created_at == made.created_at


def test_the_target_sees_nothing_before_it_accepts(server: Server, disk: Disk) -> None:
    volume_id = disk()
    made = evs_of(server, SOURCE).create_transfer(volume_id, "unseen")
    target = evs_of(server, TARGET)
    assert target.transfer(made.id) is None
    assert made.id not in [transfer.id for transfer in target.transfers()]
    assert target.volume(volume_id) is None
    assert target.delete_transfer(made.id) is False


def test_a_withdrawn_disk_is_free_and_withdrawing_again_finds_nothing(server: Server, disk: Disk) -> None:
    volume_id = disk()
    source = evs_of(server, SOURCE)
    made = source.create_transfer(volume_id, "short")
    assert source.delete_transfer(made.id) is True
    assert source.delete_transfer(made.id) is False
    free = source.volume(volume_id)
    assert free
    assert free.status == "available"


def test_an_offered_disk_cannot_be_offered_again(server: Server, disk: Disk) -> None:
    volume_id = disk()
    source = evs_of(server, SOURCE)
    source.create_transfer(volume_id, "first")
    status, reason = refusal(lambda: source.create_transfer(volume_id, "second"))
    assert status == 400
    assert "status must be available" in reason


@pytest.mark.parametrize("status", ["error", "creating", "in-use", "backing-up"])
def test_only_an_available_disk_can_be_offered(server: Server, disk: Disk, status: str) -> None:
    traits = {"attached": True} if status == "in-use" else {"status": status}
    volume_id = disk(**traits)
    answered, reason = refusal(lambda: evs_of(server, SOURCE).create_transfer(volume_id, "x"))
    assert answered == 400
    assert "status must be available" in reason


def test_an_encrypted_disk_cannot_be_offered(server: Server, disk: Disk) -> None:
    volume_id = disk(encrypted=True)
    status, reason = refusal(lambda: evs_of(server, SOURCE).create_transfer(volume_id, "x"))
    assert status == 400
    assert "encrypted" in reason


def test_a_bootable_disk(server: Server, disk: Disk, expected: Expected) -> None:
    volume_id = disk(bootable=True)
    source = evs_of(server, SOURCE)
    seen = source.volume(volume_id)
    assert seen
    assert seen.bootable
    outcome = expected(emulator=400, cinder="offered", why="the rule about system disks is one of EVS, Cinder has none")
    if outcome == "offered":
        assert source.create_transfer(volume_id, "x").volume_id == volume_id
    else:
        assert refusal(lambda: source.create_transfer(volume_id, "x"))[0] == outcome


@pytest.mark.parametrize("whose", ["nobody's", "another project's"])
def test_only_ones_own_disk_can_be_offered(server: Server, disk: Disk, whose: str) -> None:
    volume_id = UNKNOWN if whose == "nobody's" else disk()
    status, reason = refusal(lambda: evs_of(server, TARGET).create_transfer(volume_id, "x"))
    assert status == 404
    assert volume_id in reason


def test_a_wrong_key_is_refused_and_the_transfer_stays(server: Server, disk: Disk) -> None:
    source, target = evs_of(server, SOURCE), evs_of(server, TARGET)
    made = source.create_transfer(disk(), "guarded")
    status, reason = refusal(lambda: target.accept_transfer(made.id, WRONG))
    assert status == 400
    assert "auth key" in reason.lower()
    assert source.transfer(made.id) is not None


def test_an_unknown_transfer_cannot_be_accepted(server: Server) -> None:
    assert refusal(lambda: evs_of(server, TARGET).accept_transfer(UNKNOWN, WRONG)) == (
        404,
        f"Transfer {UNKNOWN} could not be found.",
    )


def test_accepting_twice_finds_nothing(server: Server, disk: Disk) -> None:
    made = evs_of(server, SOURCE).create_transfer(disk(), "once")
    target = evs_of(server, TARGET)
    assert made.auth_key
    target.accept_transfer(made.id, made.auth_key)
    assert refusal(lambda: target.accept_transfer(made.id, made.auth_key or WRONG))[0] == 404


def test_accepting_ones_own_offer_changes_nothing(server: Server, disk: Disk) -> None:
    volume_id = disk()
    source = evs_of(server, SOURCE)
    made = source.create_transfer(volume_id, "circle")
    assert made.auth_key
    assert source.accept_transfer(made.id, made.auth_key) == volume_id
    kept = source.volume(volume_id)
    assert kept
    assert kept.project_id == server.project_id(SOURCE)


@pytest.mark.parametrize(
    ("limit", "value"),
    [("volumes", 0), ("gigabytes", 1), ("per_volume_gigabytes", 1)],
    ids=["volumes", "gigabytes", "per volume"],
)
def test_a_quota_that_does_not_suffice_is_413_and_the_transfer_stays(
    server: Server, disk: Disk, limit: str, value: int
) -> None:
    source, target = evs_of(server, SOURCE), evs_of(server, TARGET)
    made = source.create_transfer(disk(size=2), "large")
    usual = target.quota()[limit].limit
    server.set_quota(TARGET, **{limit: value})
    try:
        status, dummy = refusal(lambda: target.accept_transfer(made.id, made.auth_key or WRONG))
    finally:
        server.set_quota(TARGET, **{limit: usual})
    assert status == 413
    assert source.transfer(made.id) is not None


def test_a_reader_may_look_and_not_touch(server: Server, disk: Disk) -> None:
    volume_id = disk()
    source, reader = evs_of(server, SOURCE), evs_of(server, SOURCE_READER)
    made = source.create_transfer(volume_id, "read only")
    assert reader.transfer(made.id) is not None
    assert made.id in [transfer.id for transfer in reader.transfers()]
    for call in (
        lambda: reader.create_transfer(volume_id, "x"),
        lambda: reader.delete_transfer(made.id),
        lambda: reader.accept_transfer(made.id, made.auth_key or WRONG),
    ):
        assert refusal(call)[0] == 403


def test_the_parameters_of_the_list_of_transfers(server: Server, disk: Disk, expected: Expected) -> None:
    source = evs_of(server, SOURCE)
    source.create_transfer(disk(), "one")
    source.create_transfer(disk(), "two")
    found = source._client.get("os-volume-transfer/detail", limit=1)["transfers"]
    assert len(found) == expected(emulator=1, cinder=0, why="Cinder takes limit for a filter that nothing fits")


def test_disks_are_found_by_name_and_status(server: Server, disk: Disk) -> None:
    volume_id = disk("by-name")
    disk("by-name-2")
    source = evs_of(server, SOURCE)
    assert [volume.id for volume in source.volumes(name="by-name")] == [volume_id]
    source.create_transfer(volume_id, "x")
    assert volume_id in [volume.id for volume in source.volumes(status="awaiting-transfer")]
    assert volume_id not in [volume.id for volume in source.volumes(status="available")]


def test_the_quota_tells_what_is_used(server: Server, disk: Disk) -> None:
    before = evs_of(server, SOURCE).quota()
    disk(size=3)
    after = evs_of(server, SOURCE).quota()
    assert after["volumes"].in_use - before["volumes"].in_use == 1
    assert after["gigabytes"].in_use - before["gigabytes"].in_use == 3
