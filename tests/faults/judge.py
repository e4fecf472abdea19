# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true after a run that was disturbed, and after the undisturbed one that follows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.emulator.server import EmulatorServer
from tests.faults.cloud import Cloud, Stretch
from tests.faults.role import Run
from tests.faults.truth import Truth, differences, unknown
from tests.support.server import SOURCE, TARGET

KEYS = [f"cafe{number:04}5ecre7" for number in range(100)]
SECRETS = ["5ecre7", "alicepw", "bobpw"]
"""What must not be said; no ID can look like it by chance."""


@dataclass
class Tally:
    """The figures of a sweep."""

    cases: int = 0
    first: int = 0
    second: int = 0
    stuck: list[str] = field(default_factory=list)
    """Cases after which a disk was locked although nothing kept the role from freeing it, or for ever."""
    lost: list[str] = field(default_factory=list)
    """Cases in which a disk was gone, or not where the role said it was."""
    leaked: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    """Cases in which a word about a disk was false or missing."""
    unknown: int = 0
    """Of how many disks it was told that it is not known what became of them."""

    @property
    def problems(self) -> list[str]:
        return [*self.stuck, *self.lost, *self.leaked, *self.lies]

    @property
    def line(self) -> str:
        """The figures in a line."""
        return (
            f"{self.cases} cases: {self.first} converged in the first run, {self.second} in the second, "
            f"{len(self.stuck)} stuck, {len(self.lost)} lost, {len(self.leaked)} leaked, {len(self.lies)} false words, "
            f"{self.unknown} disks unknown"
        )

    def judge_first(
        self, case: str, server: EmulatorServer, ids: Sequence[str], run: Run, may_lock: bool, before: Cloud
    ) -> bool:
        """Judge a run that was disturbed; returns whether it did all."""
        self.cases += 1
        self.unknown += unknown(run.disks)
        self._look_for_lies(case, server, before, run, hit=any(fault["hits"] for fault in server.faults()))
        disks = {disk["id"]: disk for disk in server.volumes()}
        at_target = {key for key, disk in disks.items() if (disk["tenant"], disk["status"]) == (TARGET, "available")}
        locked = {key for key, disk in disks.items() if disk["status"] == "awaiting-transfer"}
        if set(disks) != set(ids):
            self.lost.append(f"{case}: disks are gone")
        if not run.moved <= at_target or (run.error is None and at_target != set(ids)):
            self.lost.append(f"{case}: the role says of disks that they moved which did not")
        if locked and not may_lock:
            self.stuck.append(f"{case}: disks stay locked: {run.error}")
        if not locked <= run.may_be_locked:
            self.stuck.append(f"{case}: disks stay locked, and nobody says so: {run.error}")
        self._look_for_secrets(case, run)
        done = run.error is None
        self.first += done
        return done

    def judge_second(
        self, case: str, server: EmulatorServer, ids: Sequence[str], run: Run, needed: bool, before: Cloud
    ) -> None:
        """Judge the undisturbed run that follows."""
        self._look_for_lies(f"{case}, the run after it", server, before, run, hit=False)
        self.lies += [
            f"{case}, the run after it: rehearsed otherwise: {found}"
            for found in differences(run.rehearsal, run.disks, "id", ())
        ]
        places = {disk["id"]: (disk["tenant"], disk["status"]) for disk in server.volumes()}
        if places != dict.fromkeys(ids, (TARGET, "available")) or server.transfers() or run.error:
            where = sorted(f"{tenant} {status}" for tenant, status in places.values())
            self.stuck.append(f"{case}: after the second run {where}: {run.error}")
        else:
            self.second += needed
        self._look_for_secrets(case, run)

    def _look_for_lies(self, case: str, server: EmulatorServer, before: Cloud, run: Run, hit: bool) -> None:
        after = Cloud.read(server, frozenset())
        touched = Stretch(before, after).touched
        truth = Truth(before, after, SOURCE, TARGET, touched if run.result else (), hit=hit)
        rehearsed = bool(run.result.get("rehearsed"))
        self.lies += [f"{case}: {lie}" for lie in truth.lies(run.disks, rehearsed)]
        if touched and not run.result:
            self.lies.append(f"{case}: changed and told nowhere: {touched}: {run.error}")

    def _look_for_secrets(self, case: str, run: Run) -> None:
        text = json.dumps([run.said, run.result, run.error])
        self.leaked += [f"{case}: {secret}" for secret in SECRETS if secret in text]


def prepare(server: EmulatorServer, disks: int) -> list[str]:
    """A new cloud with disks in the source, whose keys will be known."""
    server.reset()
    server.set_auth_keys(*KEYS)
    ids = server.create_volumes(SOURCE, [{"name": f"disk-{number}", "size": 1} for number in range(disks)])
    server.forget_requests()
    return ids
