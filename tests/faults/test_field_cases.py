# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of the field in which a fault or a race made what was told another thing than what had happened.

Each is named after its number there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._flows import proof as _proof
from tests.emulator.server import EmulatorServer
from tests.faults.cloud import Cloud, Stretch
from tests.faults.judge import prepare
from tests.faults.role import NAME, Role
from tests.faults.somebody import Somebody
from tests.faults.truth import Truth
from tests.faults.wire import Wire
from tests.support.modules import run_module
from tests.support.playbooks import Run, play
from tests.support.server import SOURCE, TARGET

pytestmark = pytest.mark.usefixtures("quick")

Result = dict[str, Any]


def call(server: EmulatorServer, module: str, tenant: str = SOURCE, **options: Any) -> Result:
    """Run a module, one request at a time."""
    if module == "evs_move":
        options["target"] = {"auth": server.cloud(TARGET)["auth"]}
    return run_module(
        module, diff=True, auth=server.cloud(tenant)["auth"], **{"concurrency": 1, "timeout": 2, **options}
    )


def outcomes(result: Result) -> dict[str, str]:
    return {row["id"]: row["outcome"] for row in result["disks"]}


def number_of(server: EmulatorServer, path: str, module: str, **options: Any) -> int:
    """The number of the first request with that in its path, of a rehearsal."""
    with Wire() as wire:
        call(server, module, **options, rehearse=True)
    return 1 + next(number for number, (dummy, url) in enumerate(wire.requests) if path in url)


def playbook(server: EmulatorServer, home: Path, entry_point: str, **variables: Any) -> Run:
    source = {"auth": server.cloud(SOURCE)["auth"], "region_name": "eu-de", "concurrency": 1, "timeout": 2}
    named = {f"tenant_transfer_{name}": value for name, value in variables.items()}
    return play(server, home, f"otc.evs.{entry_point}", tenant_transfer_source=source, **named)


def test_t2_a_disk_that_somebody_offers_before_the_batch_costs_no_other(emulator: EmulatorServer) -> None:
    ids = prepare(emulator, 5)
    somebody = Somebody(emulator, SOURCE)
    with Wire() as wire:
        call(emulator, "evs_move", volumes=ids, rehearse=True)
    rehearsal = len(wire.requests)
    with Wire(rehearsal + 1, meanwhile=lambda: somebody.offer(ids[2], "nightly")):
        run = Role(emulator, ids, concurrency=1, timeout=2).run()
    assert len(run.said) == 2, "it came between the rehearsal and the batch"
    assert outcomes(run.result) == {**dict.fromkeys(ids, "moved"), ids[2]: "blocked"}
    assert run.result["message"].endswith("4 moved, 0 already there, 1 blocked.")
    (told,) = [row for row in run.disks if row["outcome"] == "blocked"]
    assert "nightly" in told["reasons"][0]["reason"]
    assert {disk["tenant"] for disk in emulator.volumes() if disk["id"] != ids[2]} == {TARGET}


def test_t5_an_offer_that_is_withdrawn_right_after_its_create_is_a_failure(emulator: EmulatorServer) -> None:
    ids = prepare(emulator, 4)
    somebody = Somebody(emulator, SOURCE)

    def withdraw() -> None:
        (transfer,) = [row for row in emulator.transfers() if row["volume_id"] == ids[1]]
        assert somebody.withdraw(transfer["id"])

    with Wire(2, of_changes=True, after=True, meanwhile=withdraw):
        result = call(emulator, "evs_transfer", volumes=ids)
    assert outcomes(result) == {**dict.fromkeys(ids, "offered"), ids[1]: "failed"}
    assert result["failed"]
    assert {row["volume_id"] for row in result["transfers"]} == set(ids) - {ids[1]}
    assert "1 failed. Disk disk-1" in result["msg"]


def test_t5_the_role_tells_it_too(emulator: EmulatorServer, tmp_path: Path) -> None:
    ids = prepare(emulator, 4)
    # The first create is the one before which nothing can be withdrawn.
    for dummy in range(2):
        emulator.order_fault("withdrawn", method="POST", path="transfer$")
    file = tmp_path / "handoff.vault"
    run = playbook(emulator, tmp_path, "offer", volumes=ids, handoff_file=str(file), handoff_password="dummy")
    assert run.exit_status == 2, run.output
    assert "tenant-a: 3 offered, 1 failed." in run.words
    assert "somebody has withdrawn the offer" in run.words
    assert len(emulator.transfers()) == 3


@pytest.mark.parametrize("disks", [1, 5], ids=["asked one by one", "asked by list"])
def test_t7_a_disk_that_is_accepted_between_both_lists_is_looked_for_again(
    emulator: EmulatorServer, disks: int
) -> None:
    ids = prepare(emulator, disks)
    made = Somebody(emulator, SOURCE).offer(ids[0], NAME)
    assert made
    taker = Somebody(emulator, TARGET)
    number = number_of(emulator, "os-volume-transfer", "evs_move", volumes=ids)
    with Wire(number, meanwhile=lambda: taker.accept(made["id"], made["auth_key"])):
        result = call(emulator, "evs_move", volumes=ids)
    assert outcomes(result) == {**dict.fromkeys(ids, "moved"), ids[0]: "already_there"}
    assert not result.get("failed")
    assert "administrator" not in json.dumps(result)


DEEDS: dict[str, Callable[[EmulatorServer, list[str], list[Result]], Result]] = {
    "accepted": lambda server, ids, offers: call(
        server,
        "evs_transfer_accept",
        TARGET,
        transfers=[{name: offer[name] for name in ("id", "auth_key", "volume_id")} for offer in offers],
    ),
    "withdrawn": lambda server, ids, offers: call(server, "evs_transfer", volumes=ids, state="absent"),
    "moved": lambda server, ids, offers: call(server, "evs_move", volumes=ids),
    "offered": lambda server, ids, offers: call(server, "evs_transfer", volumes=ids, pending="replace"),
}
AFTERWARDS = {"accepted": "already_there", "withdrawn": None, "moved": "already_there", "offered": "offered"}


@pytest.mark.parametrize("times", [2, None], ids=["for a while", "for good"])
@pytest.mark.parametrize("deed", DEEDS)
def test_t8_when_answers_are_lost_nothing_is_said_that_was_not_read(
    emulator: EmulatorServer, deed: str, times: int | None
) -> None:
    ids = prepare(emulator, 2)
    offers = [] if deed in ("moved", "offered") else call(emulator, "evs_transfer", volumes=ids)["transfers"]
    before = Cloud.read(emulator, frozenset())

    def lose_answers() -> None:
        for method in ("POST", "DELETE"):
            emulator.order_fault("reset", method=method, after=True, times=times)
        emulator.order_fault("reset", method="GET", times=times)

    with Wire(1, of_changes=True, meanwhile=lose_answers):
        result = DEEDS[deed](emulator, ids, offers)
    hit = any(fault["hits"] for fault in emulator.faults())
    emulator.end_faults()
    after = Cloud.read(emulator, frozenset())
    here, there = (None if deed == "accepted" else SOURCE), (TARGET if deed in ("accepted", "moved") else None)
    truth = Truth(before, after, here, there, Stretch(before, after).touched, hit=hit)
    assert truth.lies(result["disks"], rehearsed=False) == []
    if times is None:
        assert set(outcomes(result).values()) <= {"unknown"} | ({"failed"} if deed == "moved" else set()), result
        assert "It is not known whether" in result["msg"]
        assert any(word in result["msg"].lower() for word in ("run again", "look with"))
    else:
        assert outcomes(result) == dict.fromkeys(ids, deed)
    again = DEEDS[deed](emulator, ids, offers)
    assert not again.get("failed"), again
    if times is None and deed == "moved":
        assert set(outcomes(again).values()) <= {"moved", "already_there"}
        assert {disk["tenant"] for disk in emulator.volumes()} == {TARGET}
    elif deed == "withdrawn":
        assert emulator.transfers() == []
    else:
        assert set(outcomes(again).values()) == {AFTERWARDS[deed]}


class Clock:
    """Time that passes when somebody waits; when so many seconds are over something happens, once."""

    def __init__(self, seconds: float, happens: Callable[[], None]) -> None:
        self.now = 0.0
        self._seconds, self._happens = seconds, [happens]

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self._seconds and self._happens:
            self._happens.pop()()


@pytest.mark.parametrize("module", ["evs_transfer", "evs_move"])
def test_t11_a_create_whose_answer_is_lost_and_that_shows_later_is_withdrawn_then(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    (volume_id,) = prepare(emulator, 1)
    somebody = Somebody(emulator, SOURCE)
    shown = []

    def lose() -> None:
        """The server marks the disk, and is slow to enter the transfer."""
        emulator.order_fault("reset", method="POST", path="transfer$")
        emulator.update_volume(volume_id, status="awaiting-transfer")

    def show() -> None:
        emulator.update_volume(volume_id, status="available")
        shown.append(somebody.offer(volume_id, NAME))

    clock = Clock(12, show)
    monkeypatch.setattr(_proof, "time", clock)
    monkeypatch.setattr(_proof, "FIRST_PAUSE", 1)
    with Wire(1, of_changes=True, meanwhile=lose) as wire:
        result = call(emulator, module, volumes=[volume_id], timeout=60)
    assert shown
    assert shown[0]
    assert any(method == "DELETE" and shown[0]["id"] in path for method, path in wire.changes)
    assert outcomes(result) == {volume_id: "moved" if module == "evs_move" else "offered"}
    assert clock.now < 30, "nobody waits until the timeout"
    assert shown[0]["id"] not in {transfer["id"] for transfer in emulator.transfers()}


@pytest.mark.parametrize("module", ["evs_transfer", "evs_move"])
def test_t12_a_disk_that_is_accepted_before_its_offer_is_replaced_is_told_as_the_targets(
    emulator: EmulatorServer, module: str
) -> None:
    (volume_id,) = prepare(emulator, 1)
    made = Somebody(emulator, SOURCE).offer(volume_id, NAME)
    assert made
    taker = Somebody(emulator, TARGET)
    options = {"pending": "replace"} if module == "evs_transfer" else {}
    with Wire(1, of_changes=True, meanwhile=lambda: taker.accept(made["id"], made["auth_key"])) as wire:
        result = call(emulator, module, volumes=[volume_id], **options)
    assert wire.changes[0][0] == "DELETE"
    (row,) = result["disks"]
    if module == "evs_move":
        assert (row["outcome"], row["owner"]) == ("already_there", emulator.project_id(TARGET))
    else:
        assert (row["outcome"], row["owner"]) == ("gone", None)
        assert "has left the project" in row["message"]
        assert result["transfers"] == []
    assert result["changed"] is False
    assert result["diff"] == {"before": {}, "after": {}}
    assert "freed" not in json.dumps(result)


def test_t13_a_withdrawal_that_fails_for_some_ends_as_the_other_entry_points_do(
    emulator: EmulatorServer, tmp_path: Path
) -> None:
    ids = prepare(emulator, 3)
    offers = call(emulator, "evs_transfer", volumes=ids)["transfers"]
    emulator.order_fault("status", status=400, method="DELETE", path=offers[1]["id"], times=None)
    run = playbook(emulator, tmp_path, "withdraw")
    assert run.exit_status == 2, run.output
    assert "tenant-a: 2 withdrawn, 1 failed." in run.words
    assert "was not withdrawn" in run.words
    assert "Run again to finish the rest." in run.words
    assert [transfer["id"] for transfer in emulator.transfers()] == [offers[1]["id"]]
