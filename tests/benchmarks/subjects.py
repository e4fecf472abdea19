# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: each subject moves new disks from tenant-a to tenant-b, and takes so many seconds."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import playbooks
from tests.benchmarks.floor import Job
from tests.benchmarks.memory import Peaks
from tests.support.playbooks import begin, environment
from tests.support.server import SOURCE, TARGET, Server
from tests.support.tenants import evs_of, session_of

REPO = Path(__file__).resolve().parents[2]
TIMEOUT = 3600
BATCH_DISKS = 1000


@dataclass(frozen=True)
class Measured:
    """A run; requests, modules of ours, tasks (with those that are skipped) and megabytes where they are known."""

    seconds: float
    requests: int = 0
    modules: int = 0
    tasks: int = 0
    module_mb: float = 0.0
    controller_mb: float = 0.0


class Bench:
    """A server and a folder to run things in."""

    def __init__(self, server: Server, home: Path, concurrency: int) -> None:
        self._server = server
        self._home = home
        self._concurrency = concurrency

    def memory(self, disks: int) -> Measured:
        """Ours, looked at while it runs, which costs time."""
        return self.ours(disks, watch=True)

    def batches(self, size: int) -> Measured:
        """Ours, BATCH_DISKS disks in batches of that size."""
        return self.ours(BATCH_DISKS, tenant_transfer_batch_size=size)

    def ours(self, disks: int, watch: bool = False, **more: Any) -> Measured:
        """otc.evs.transfer with all its checks and the proof; of no disks it is the fixed part."""
        variables: dict[str, Any] = {
            "tenant_transfer_source": self._side(SOURCE),
            "tenant_transfer_target": self._side(TARGET),
            "tenant_transfer_concurrency": self._concurrency,
        }
        ids = self._fill(disks)
        which = {"tenant_transfer_volumes": ids} if ids else {"tenant_transfer_select": {"name": "no such disk"}}
        measured = self._play("otc.evs.transfer", watch=watch, **variables, **which, **more)
        self._check(ids)
        return measured

    def no_op(self, modules: int) -> Measured:
        """Ansible's own floor: as many modules that do nothing."""
        return self._play(playbooks.no_op(modules))

    def shape(self, tasks: int, modules: int) -> Measured:
        """As many tasks that do nothing, of which so many are modules."""
        return self._play(playbooks.no_op(modules, tasks - modules))

    def cli(self, disks: int) -> Measured:
        ids = self._fill(disks)
        measured = self._play(playbooks.cli(ids))
        self._check(ids)
        return measured

    def uri(self, disks: int) -> Measured:
        ids = self._fill(disks)
        roots = {"source": self._root(SOURCE), "target": self._root(TARGET)}
        measured = self._play(playbooks.uri(self._server, roots, ids))
        self._check(ids)
        return measured

    def sdk(self, disks: int) -> Measured:
        ids = self._fill(disks)
        command = [sys.executable, "-m", "tests.benchmarks.sdk_script", *ids]
        variables = {**environment(self._server, self._home), "PYTHONPATH": str(REPO)}
        began = time.perf_counter()
        subprocess.run(command, env=variables, cwd=self._home, check=True, timeout=TIMEOUT)
        measured = Measured(time.perf_counter() - began, len(self._server.requests()))
        self._check(ids)
        return measured

    def floor(self, disks: int) -> Measured:
        """The 2 N requests alone, without logging in."""
        ids = self._fill(disks)
        source, target = session_of(self._server, SOURCE), session_of(self._server, TARGET)
        job: Job = {
            "source": self._root(SOURCE),
            "target": self._root(TARGET),
            "source_token": source._keystone.token(),
            "target_token": target._keystone.token(),
            "volumes": ids,
            "concurrency": self._concurrency,
        }
        command = [sys.executable, str(Path(__file__).with_name("floor.py"))]
        done = subprocess.run(
            command, input=json.dumps(job), capture_output=True, text=True, check=True, timeout=TIMEOUT
        )
        answer = json.loads(done.stdout)
        if answer["refused"]:
            raise RuntimeError(f"{answer['refused']} of {disks} disks were refused")
        return Measured(answer["seconds"], 2 * disks)

    def _side(self, cloud: str) -> dict[str, Any]:
        entry = self._server.cloud(cloud)
        return {"auth": entry["auth"], "region_name": entry["region_name"]}

    def _root(self, cloud: str) -> str:
        return session_of(self._server, cloud).required_client("evs").url

    def _fill(self, disks: int) -> list[str]:
        """A new cloud with so many disks in the source."""
        self._server.reset()
        ids = create_volumes(self._server, disks)
        self._server.forget_requests()
        return ids

    def _check(self, ids: Sequence[str]) -> None:
        """A run counts only if all disks have arrived."""
        there = {disk.id for disk in evs_of(self._server, TARGET).volumes() if disk.status == "available"}
        if not there.issuperset(ids):
            raise RuntimeError(f"{len(set(ids) - there)} of {len(ids)} disks did not arrive")

    def _play(self, playbook: Any, watch: bool = False, **variables: Any) -> Measured:
        began = time.perf_counter()
        running = begin(self._server, self._home, playbook, **variables)
        peaks = Peaks(running.pid)
        with peaks if watch else contextlib.nullcontext():
            run = running.result(TIMEOUT)
        seconds = time.perf_counter() - began
        if run.exit_status:
            raise RuntimeError(run.output)
        requests = self._server.requests()
        # A module of the role logs in to both tenants, once each.
        modules = sum(request.method == "POST" and "/auth/tokens" in request.path for request in requests) // 2
        tasks = run.output.count("\nTASK [")
        return Measured(seconds, len(requests), modules, tasks, peaks.module, peaks.controller)


def create_volumes(server: Server, count: int) -> list[str]:
    """Disks in the source, at once where the server can do that."""
    names = [f"disk-{number:05}" for number in range(count)]
    at_once = getattr(server, "create_volumes", None)
    if at_once is not None:
        ids: list[str] = at_once(SOURCE, [{"name": name} for name in names])
        return ids
    return [server.create_volume(SOURCE, name) for name in names]
