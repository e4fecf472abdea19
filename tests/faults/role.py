# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's entry point main in this process: its modules and filters in the order of its tasks.

A playbook takes seconds, and thousands of runs are needed.  That both do the same is tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.otc.evs.plugins.filter.transfer_batch import transfer_batch
from ansible_collections.otc.evs.plugins.filter.transfer_plan import transfer_plan
from ansible_collections.otc.evs.plugins.filter.transfer_result import transfer_result
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET, Server

NAME = "ansible-evs-transfer"
WHEN = "2026-01-01T00:00:00Z"


class Failed(Exception):
    """A task failed, and with it the role."""


@dataclass
class Run:
    """What became of a run of the role."""

    said: list[dict[str, Any]] = field(default_factory=list)
    """All that users may get to see: the results of the modules."""
    result: dict[str, Any] = field(default_factory=dict)
    """The variable tenant_transfer_result; empty if the role did not come so far."""
    error: str | None = None

    @property
    def moved(self) -> set[str]:
        """The IDs of the disks that the role says are the target's."""
        there = ("moved", "already_there")
        return {disk["id"] for disk in self.result.get("disks", ()) if disk["outcome"] in there}

    @property
    def may_be_locked(self) -> set[str]:
        """The IDs of the disks of which the role says that they may stay locked."""
        return {disk["id"] for disk in self.result.get("disks", ()) if "locked" in " ".join(disk["why"])}


class Role:
    """Moves disks from tenant-a to tenant-b."""

    def __init__(self, server: Server, volumes: Sequence[str], batch_size: int = 250, **options: Any) -> None:
        """`options` are shared options of the modules."""
        self._source, self._target = (
            {
                "auth": server.cloud(cloud)["auth"],
                "region_name": server.cloud(cloud)["region_name"],
                **options,
            }
            for cloud in (SOURCE, TARGET)
        )
        self._volumes = list(volumes)
        self._batch_size = batch_size

    def run(self) -> Run:
        """Run it."""
        run = Run()
        try:
            self._main(run)
        except Failed as failed:
            run.error = str(failed)
        return run

    def _main(self, run: Run) -> None:
        seen = self._module(run, "evs_volume_info", self._source, volumes=self._volumes, target=self._target)
        plan = transfer_plan(self._volumes, seen, seen["target"], name=NAME)
        batches: list[dict[str, Any]] = []
        for batch in self._batches([] if plan["problems"] else plan["move"]):
            if not batches or batches[-1]["ids"]:
                self._move(run, batch, batches)
        run.result = transfer_result(plan, {"check_mode": False}, batches, todo="to_move", success="moved")
        failed = run.result["failures"]
        if plan["problems"] or failed:
            raise Failed(" ".join([run.result["message"], *plan["problems"], *failed]))

    def _move(self, run: Run, batch: list[str], batches: list[dict[str, Any]]) -> None:
        moved = self._module(
            run,
            "evs_move",
            self._source,
            may_fail=True,
            target=self._target,
            volumes=batch,
            name=NAME,
            blocked="skip",
            check_constraints=False,
            check_quota=False,
        )
        batches.append(transfer_batch(batch, moved, WHEN))

    def _batches(self, disks: Sequence[dict[str, Any]]) -> Iterable[list[str]]:
        for first in range(0, len(disks), self._batch_size):
            yield [disk["id"] for disk in disks[first : first + self._batch_size]]

    def _module(
        self, run: Run, module: str, tenant: dict[str, Any], /, may_fail: bool = False, **options: Any
    ) -> dict[str, Any]:
        """Run a module as a task; one whose failures the role collects does not end it."""
        result = run_module(module, **tenant, **options)
        run.said.append(result)
        if result.get("failed") and not may_fail:
            raise Failed(result["msg"])
        return result
