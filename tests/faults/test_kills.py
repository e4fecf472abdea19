# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role is killed at every request, before and after the server has acted, and run again.

At every one in this process, and as a playbook at a sample of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.server import EmulatorServer
from tests.faults.cloud import Cloud
from tests.faults.conftest import FIGURES
from tests.faults.judge import SECRETS, Tally, prepare
from tests.faults.role import Role
from tests.faults.wire import Died, Wire
from tests.support.conditions import wait_for
from tests.support.playbooks import begin, play
from tests.support.samples import sample
from tests.support.server import SOURCE, TARGET

DISKS = 3
PAUSE = 0.05


def sides(server: EmulatorServer) -> dict[str, Any]:
    """The variables that name the tenants."""
    return {
        f"tenant_transfer_{side}": {"auth": server.cloud(cloud)["auth"], "region_name": "eu-de"}
        for side, cloud in (("source", SOURCE), ("target", TARGET))
    }


def points(server: EmulatorServer, home: Path) -> list[dict[str, Any]]:
    """The moments to kill a playbook at: before requests, and behind some that change something."""
    run = play(server, home, "otc.evs.transfer", **sides(server), tenant_transfer_volumes=prepare(server, DISKS))
    assert run.exit_status == 0, run.output
    before: list[dict[str, Any]] = [{"number": number} for number in range(1, len(server.requests()) + 1)]
    behind: list[dict[str, Any]] = [{"number": number, "after": True} for number in changes(server)]
    # By day one in the middle, and behind the first create and the first accept; in this process all are tried.
    return [*sample(before, 24, 12), *sample(behind, DISKS)]


def changes(server: EmulatorServer) -> list[int]:
    """The numbers of the requests that offered or accepted a disk."""
    return [
        number
        for number, request in enumerate(server.requests(), 1)
        if request.method == "POST" and "os-volume-transfer" in request.path
    ]


def kill_at(server: EmulatorServer, home: Path, playbook: str, point: dict[str, Any], **variables: Any) -> str:
    """Kill the playbook at that moment; returns what it had said."""
    server.order_fault("hold", **point)
    running = begin(server, home, playbook, **variables)
    while not server.held_requests():
        assert not running.is_over, running.result().output
        time.sleep(PAUSE)
    output = running.kill().output
    # A request is worked off, or dropped, before the next run begins.
    wait_for(lambda: not server.held_requests(), PAUSE)
    server.end_faults()
    return output


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("after", [False, True], ids=["before", "behind"])
def test_a_process_that_dies_is_finished_by_the_next(
    emulator: EmulatorServer, after: bool, record_property: Callable[[str, object], None]
) -> None:
    with Wire() as undisturbed:
        assert role(emulator, prepare(emulator, DISKS)).run().error is None
    tally = Tally()
    for place in range(1, len(undisturbed.requests) + 1):
        ids = prepare(emulator, DISKS)
        with pytest.raises(Died), Wire(place, dies=True, after=after):
            role(emulator, ids).run()
        assert {disk["id"] for disk in emulator.volumes()} == set(ids)
        before = Cloud.read(emulator, frozenset())
        case = f"died at {place}, {undisturbed.requests[place - 1]}"
        tally.judge_second(case, emulator, ids, role(emulator, ids).run(), needed=True, before=before)
    how = "behind" if after else "before"
    record_property(FIGURES, f"died {how} each of {place} requests: {tally.second} finished by the next")
    assert tally.problems == []


def role(server: EmulatorServer, ids: list[str]) -> Role:
    return Role(server, ids, concurrency=1)


def test_a_killed_run_is_finished_by_the_next(
    emulator: EmulatorServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chosen = points(emulator, tmp_path)
    problems = []
    for point in chosen:
        ids = prepare(emulator, DISKS)
        variables = {**sides(emulator), "tenant_transfer_volumes": ids}
        output = kill_at(emulator, tmp_path, "otc.evs.transfer", point, **variables)
        assert {disk["id"] for disk in emulator.volumes()} == set(ids)
        run = play(emulator, tmp_path, "otc.evs.transfer", **variables)
        places = {disk["id"]: (disk["tenant"], disk["status"]) for disk in emulator.volumes()}
        if run.exit_status or places != dict.fromkeys(ids, (TARGET, "available")) or emulator.transfers():
            problems.append(f"{point}: {places} {emulator.transfers()} {run.output}")
        problems += [f"{point}: {secret} leaked" for secret in SECRETS if secret in output + run.output]
    record_property(FIGURES, f"killed: {len(chosen)} kills, {len(problems)} problems")
    assert problems == []


@pytest.mark.parametrize("killed", ["offer", "accept"])
def test_a_killed_half_of_a_handoff_is_finished_by_the_next_run(
    emulator: EmulatorServer, tmp_path: Path, killed: str, record_property: Callable[[str, object], None]
) -> None:
    """Before and behind each change: behind the last offer, the keys are not yet in the file."""
    file = tmp_path / "handoff.vault"

    def variables(ids: list[str]) -> dict[str, Any]:
        password = {"tenant_transfer_handoff_password": "dummy", "tenant_transfer_handoff_file": str(file)}
        return {**sides(emulator), **password, "tenant_transfer_volumes": ids}

    def run(half: str, ids: list[str]) -> str:
        done = play(emulator, tmp_path, f"otc.evs.{half}", **variables(ids))
        assert done.exit_status == 0, done.output
        return done.output

    def ready() -> list[str]:
        """New disks, offered if it is the accept that will be killed."""
        ids = prepare(emulator, DISKS)
        file.unlink(missing_ok=True)
        if killed == "accept":
            run("offer", ids)
        emulator.forget_requests()
        return ids

    run(killed, ready())
    numbers = changes(emulator)
    assert len(numbers) == DISKS
    # Behind the last is in every sample.
    kills = sample([(number, after) for number in reversed(numbers) for after in (True, False)], 6)
    for number, after in kills:
        ids = ready()
        point = {"number": number, "after": after}
        output = kill_at(emulator, tmp_path, f"otc.evs.{killed}", point, **variables(ids))
        output += run("offer", ids) if killed == "offer" else ""
        output += run("accept", ids)
        places = {disk["id"]: (disk["tenant"], disk["status"]) for disk in emulator.volumes()}
        assert places == dict.fromkeys(ids, (TARGET, "available")), f"{point}: {output}"
        assert not [secret for secret in SECRETS if secret in output]
    record_property(FIGURES, f"killed {killed}: {len(kills)} kills, all finished by the next run")
