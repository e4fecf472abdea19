# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook that is killed at every request, before and after the server has acted, and run again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.server import EmulatorServer
from tests.faults.conftest import FIGURES
from tests.faults.judge import SECRETS, prepare
from tests.support.playbooks import begin, play
from tests.support.server import SOURCE, TARGET

DISKS = 3
PAUSE = 0.01
SLICES = 4
"""The kills are spread over so many tests, which may run side by side."""


def sides(server: EmulatorServer) -> dict[str, Any]:
    """The variables that name the tenants."""
    return {
        f"tenant_transfer_{side}": {"auth": server.cloud(cloud)["auth"], "region_name": "eu-de"}
        for side, cloud in (("source", SOURCE), ("target", TARGET))
    }


def points(server: EmulatorServer, home: Path) -> list[dict[str, Any]]:
    """The moments to kill at: before each request, and behind each that changes something."""
    run = play(server, home, "otc.evs.transfer", **sides(server), tenant_transfer_volumes=prepare(server, DISKS))
    assert run.exit_status == 0, run.output
    requests = server.requests()
    before: list[dict[str, Any]] = [{"number": number} for number in range(1, len(requests) + 1)]
    behind = [
        {"number": number, "after": True}
        for number, request in enumerate(requests, 1)
        if request.method == "POST" and "os-volume-transfer" in request.path
    ]
    return [*before, *behind]


def kill_at(server: EmulatorServer, home: Path, ids: list[str], point: dict[str, Any]) -> str:
    """Kill the playbook at that moment; returns what it had said."""
    server.order_fault("hold", **point)
    running = begin(server, home, "otc.evs.transfer", **sides(server), tenant_transfer_volumes=ids)
    while not server.held_requests():
        assert not running.is_over, running.result().output
        time.sleep(PAUSE)
    output = running.kill().output
    # A request is worked off, or dropped, before the next run begins.
    while server.held_requests():
        time.sleep(PAUSE)
    server.end_faults()
    return output


@pytest.mark.parametrize("part", range(SLICES))
def test_a_killed_run_is_finished_by_the_next(
    emulator: EmulatorServer, tmp_path: Path, part: int, record_property: Callable[[str, object], None]
) -> None:
    chosen = points(emulator, tmp_path)[part::SLICES]
    problems = []
    for point in chosen:
        ids = prepare(emulator, DISKS)
        output = kill_at(emulator, tmp_path, ids, point)
        assert {disk["id"] for disk in emulator.volumes()} == set(ids)
        run = play(emulator, tmp_path, "otc.evs.transfer", **sides(emulator), tenant_transfer_volumes=ids)
        places = {disk["id"]: (disk["tenant"], disk["status"]) for disk in emulator.volumes()}
        if run.exit_status or places != dict.fromkeys(ids, (TARGET, "available")) or emulator.transfers():
            problems.append(f"{point}: {places} {emulator.transfers()} {run.output}")
        problems += [f"{point}: {secret} leaked" for secret in SECRETS if secret in output + run.output]
    record_property(FIGURES, f"killed, part {part + 1} of {SLICES}: {len(chosen)} kills, {len(problems)} problems")
    assert problems == []
