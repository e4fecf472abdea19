# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the role's table "What it does with a disk", in one run on each server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import BOTH, move_on
from tests.support.server import SOURCE, TARGET, Server
from tests.support.tenants import evs_of

OUTCOMES = {
    "free": "moved",
    "offered by this role": "moved",
    "offered by someone else": "blocked",
    "encrypted": "blocked",
    "attached": "blocked",
    "at the target": "already_there",
    "at both": "moved",
}


@pytest.mark.parametrize("running", BOTH, indirect=True)
def test_each_starting_state(server: Server, tmp_path: Path) -> None:
    ids = {
        name: server.create_volume(TARGET if outcome == "already_there" else SOURCE, name, **traits)
        for name, outcome in OUTCOMES.items()
        for traits in ({name: True} if name in ("encrypted", "attached") else {},)
    }
    namesake = server.create_volume(TARGET, "at both")
    source, target = evs_of(server, SOURCE), evs_of(server, TARGET)
    source.create_transfer(ids["offered by this role"], "ansible-evs-transfer")
    source.create_transfer(ids["offered by someone else"], "theirs")
    expected = dict(OUTCOMES)
    if isinstance(server, EmulatorServer):
        # Cinder lets nobody bring a disk into this state.
        ids["offered by nobody"] = server.create_volume(SOURCE, "offered by nobody", status="awaiting-transfer")
        expected["offered by nobody"] = "blocked"

    move = move_on(server, tmp_path)
    run = move(list(expected), tenant_transfer_blocked="skip", tenant_transfer_report_dir=str(tmp_path / "report"))
    assert run.exit_status == 0, run.output
    (written,) = (tmp_path / "report" / "runs").iterdir()
    disks = json.loads(written.read_text(encoding="utf-8"))["disks"]
    assert {disk["name"]: disk["outcome"] for disk in disks} == expected
    assert {disk["name"]: disk["id"] for disk in disks} == ids
    moved = {ids[name] for name, outcome in expected.items() if outcome == "moved"}
    assert {volume.id for volume in target.volumes()} == {*moved, ids["at the target"], namesake}
    assert [transfer.name for transfer in source.transfers()] == ["theirs"]

    again = move(list(expected), tenant_transfer_blocked="skip")
    assert (again.exit_status, again.changed) == (0, 0), again.output
    assert {volume.id for volume in target.volumes()} == {*moved, ids["at the target"], namesake}


def test_disks_by_their_properties(server: Server, tmp_path: Path) -> None:
    for name in ("app-1", "app-2", "db-1"):
        server.create_volume(SOURCE, name, metadata={"tier": "gold"})
    server.create_volume(SOURCE, "app-3")
    server.create_volume(TARGET, "app-9", metadata={"tier": "gold"})
    variables = {"tenant_transfer_select": {"name": "app-*", "metadata": {"tier": "gold"}}}
    run = move_on(server, tmp_path)(None, **variables)
    assert run.exit_status == 0, run.output
    assert "2 moved, 0 already there" in run.words
    assert {volume.name for volume in evs_of(server, TARGET).volumes()} == {"app-1", "app-2", "app-9"}


def test_the_number_of_tasks_does_not_depend_on_the_number_of_disks(emulator: EmulatorServer, tmp_path: Path) -> None:
    counts = set()
    for disks in (1, 300):
        emulator.reset()
        emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(disks)])
        names = [f"disk-{number}" for number in range(disks)]
        run = move_on(emulator, tmp_path)(names, tenant_transfer_batch_size=1000, tenant_transfer_concurrency=16)
        assert run.exit_status == 0, run.output
        assert f"tenant-a -> tenant-b: {disks} moved" in run.words
        counts.add(run.output.count("\nTASK ["))
    assert len(counts) == 1, counts
