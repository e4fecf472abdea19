# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left behind when the target cannot take a disk: nothing that is locked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import move_on
from tests.support.server import SOURCE, TARGET, Server
from tests.support.tenants import evs_of


@pytest.mark.parametrize("running", ["cinder"], indirect=True)  # Its driver fails by the name of the disk.
def test_offers_that_are_not_accepted_are_withdrawn(server: Server, tmp_path: Path) -> None:
    names = ["good-0", "good-1", "fail-accept", "good-2"]
    for name in names:
        server.create_volume(SOURCE, name)
    move = move_on(server, tmp_path)
    run = move(names)
    assert run.exit_status != 0
    assert "3 of 4 disks moved, 1 failed" in run.words
    assert "tenant-a -> tenant-b: 3 moved, 0 already there, 1 failed." in run.words
    assert "Disk fail-accept (" in run.words
    assert "Run again to finish the rest." in run.words
    source, target = evs_of(server, SOURCE), evs_of(server, TARGET)
    assert sorted(volume.name for volume in target.volumes()) == ["good-0", "good-1", "good-2"]
    assert [(volume.name, volume.status) for volume in source.volumes()] == [("fail-accept", "available")]
    assert source.transfers() == []


@pytest.mark.parametrize("running", ["cinder"], indirect=True)
def test_what_fails_does_not_keep_the_other_batches(server: Server, tmp_path: Path) -> None:
    for name in ("good-0", "fail-accept-1", "good-1", "good-2", "good-3"):
        server.create_volume(SOURCE, name)
    run = move_on(server, tmp_path)(
        ["good-0", "fail-accept-1", "good-1", "good-2", "good-3"], tenant_transfer_batch_size=2
    )
    assert run.exit_status != 0
    assert "tenant-a -> tenant-b: 4 moved, 0 already there, 1 failed." in run.words
    assert [volume.name for volume in evs_of(server, SOURCE).volumes()] == ["fail-accept-1"]


def test_a_batch_of_which_nothing_succeeds_ends_the_run(emulator: EmulatorServer, tmp_path: Path) -> None:
    ids = emulator.create_volumes(SOURCE, [{"name": f"d{number}"} for number in range(6)])
    emulator.set_outage("evs", 403, tenant=TARGET, path="/os-volume-transfer", method="POST")
    move = move_on(emulator, tmp_path)
    run = move(ids, tenant_transfer_batch_size=2)
    emulator.end_outages()
    assert run.exit_status != 0
    assert "tenant-a -> tenant-b: 0 moved, 0 already there, 6 failed." in run.words
    assert "The reasons are above, and in failures of tenant_transfer_result." in run.words
    assert "evs:transfers:accept" in run.words
    assert emulator.transfers() == []
    assert {disk["status"] for disk in emulator.volumes(SOURCE)} == {"available"}
    again = move(ids, tenant_transfer_batch_size=4)
    assert again.exit_status == 0, again.output
    assert "6 moved" in again.words


def test_offers_may_be_left_pending(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.create_volume(SOURCE, "d")
    emulator.set_outage("evs", 403, tenant=TARGET, path="/os-volume-transfer", method="POST")
    run = move_on(emulator, tmp_path)(["d"], tenant_transfer_withdraw_on_failure=False)
    emulator.end_outages()
    assert run.exit_status != 0
    assert len(emulator.transfers()) == 1
