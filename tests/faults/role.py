# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's entry point main in this process: its modules and filters in the order of its tasks.

A playbook takes seconds, and thousands of runs are needed.  That both do the same is tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.otc.evs.plugins.filter.transfer_note import transfer_note
from ansible_collections.otc.evs.plugins.filter.transfer_progress import transfer_progress
from ansible_collections.otc.evs.plugins.plugin_utils._result import whole as transfer_result
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET, Server

NAME = "ansible-evs-transfer"
LOCKED = re.compile(r"\blocked\b")
WHEN = "2026-01-01T00:00:00Z"
ABOUT = {"run": "1", "entry_point": "main", "name": NAME, "started_at": WHEN, "finished_at": WHEN}


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
    def disks(self) -> list[dict[str, Any]]:
        """What it tells of each disk."""
        return list(self.result.get("disks", ()))

    @property
    def rehearsal(self) -> list[dict[str, Any]]:
        """What it showed of each disk before it began."""
        return list(self.said[0].get("disks", ())) if self.said else []

    @property
    def moved(self) -> set[str]:
        """The IDs of the disks that the role says are the target's."""
        there = {"already_there"} if self.result.get("rehearsed") else {"moved", "already_there"}
        return {disk["id"] for disk in self.disks if disk["outcome"] in there}

    @property
    def may_be_locked(self) -> set[str]:
        """The IDs of the disks of which the role says that they may stay locked."""
        return {disk["id"] for disk in self.disks if LOCKED.search(disk["message"] or "")}


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
        rehearsal = self._move(run, self._volumes, rehearse=True)
        if "disks" not in rehearsal:
            raise Failed(rehearsal["msg"])
        to_do = rehearsal["to_do"]
        batches: list[dict[str, Any]] = []
        for batch in self._batches(to_do):
            if not transfer_progress(batches, len(to_do), "moved")["stuck"]:
                # The rehearsal has seen to both.
                done = self._move(run, batch, blocked="skip", check_constraints=False, check_quota=False)
                batches.append(transfer_note(done, batch))
        about = {**ABOUT, "rehearsed": bool(rehearsal["problems"])}
        run.result = transfer_result(rehearsal, about, batches, success="moved", blocked="fail")
        if run.result["problems"] or run.result["failures"]:
            raise Failed(" ".join([run.result["message"], *run.result["problems"], *run.result["failures"]]))

    def _move(self, run: Run, volumes: Sequence[str], /, **options: Any) -> dict[str, Any]:
        """Run the module as a task; a failure does not end the role."""
        result = run_module("evs_move", **self._source, target=self._target, volumes=volumes, name=NAME, **options)
        run.said.append(result)
        return result

    def _batches(self, ids: Sequence[str]) -> Iterable[Sequence[str]]:
        for first in range(0, len(ids), self._batch_size):
            yield ids[first : first + self._batch_size]
