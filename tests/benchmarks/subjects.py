# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: each subject moves new disks from tenant-a to tenant-b, and takes so many seconds."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks import playbooks
from tests.benchmarks.floor import Job, Servers
from tests.benchmarks.memory import Peaks
from tests.benchmarks.results import Measured
from tests.cinder.server import CinderServer
from tests.emulator.server import EmulatorServer
from tests.support.playbooks import begin, environment
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of, session_of

REPO = Path(__file__).resolve().parents[2]
TIMEOUT = 3600
CHUNK = 10000
"""Disks that are created in one request."""
A_SERVER = 10
"""Data disks of a server."""
HANDOFF_PASSWORD = "not-a-secret"


class Bench:
    """A server and a folder to run things in."""

    def __init__(self, server: EmulatorServer | CinderServer, home: Path, concurrency: int) -> None:
        self._server = server
        self._home = home
        self._concurrency = concurrency

    def memory(self, disks: int) -> Measured:
        """Ours, looked at while it runs, which costs time."""
        return self.ours(disks, watch=True)

    def batches(self, size: int, disks: int) -> Measured:
        """Ours, so many disks in batches of that size."""
        return self.ours(disks, tenant_transfer_batch_size=size)

    def ours(self, disks: int, watch: bool = False, **more: Any) -> Measured:
        """otc.evs.transfer with all its checks and the proof; of no disks it is the fixed part."""
        ids = self._fill(disks)
        which = {"tenant_transfer_volumes": ids} if ids else {"tenant_transfer_select": {"name": "no such disk"}}
        measured = self._play("otc.evs.transfer", watch=watch, **self._variables(), **which, **more)
        self._check(ids)
        return measured

    def few(self, disks: int, names: Sequence[str]) -> Measured:
        """Ours, some disks by name, of so many that are in the source."""
        ids = self._fill(disks)
        there = dict(zip(names_of(disks), ids, strict=True))
        measured = self._play("otc.evs.transfer", **self._variables(), tenant_transfer_volumes=list(names))
        self._check([there[name] for name in names])
        return measured

    def handoff(self, disks: int) -> tuple[Measured, Measured]:
        """The offer in the one tenant and the accept in the other, with nothing but a file between them."""
        ids = self._fill(disks)
        file = self._home / "handoff.vault"
        file.unlink(missing_ok=True)
        both: dict[str, Any] = {
            "tenant_transfer_handoff_file": str(file),
            "tenant_transfer_handoff_password": HANDOFF_PASSWORD,
            "tenant_transfer_concurrency": self._concurrency,
        }
        source: dict[str, Any] = {"tenant_transfer_source": self._side(SOURCE), "tenant_transfer_volumes": ids}
        offered = self._play("otc.evs.offer", **both, **source)
        self._server.forget_requests()
        accepted = self._play("otc.evs.accept", **both, tenant_transfer_target=self._side(TARGET))
        self._check(ids)
        return offered, accepted

    def servers(self, disks: int) -> Measured:
        """Ours, out of servers that are shut off and into others of the target."""
        ids, dummy = self._fill_servers(disks)
        servers = [{"name": f"before-{n}", "target": f"after-{n}"} for n in range(count_of_servers(disks))]
        asked: dict[str, Any] = {"tenant_transfer_servers": servers, "tenant_transfer_detach": "stopped"}
        measured = self._play("otc.evs.transfer", **self._variables(), **asked)
        self._check(ids, "in-use")
        return measured

    def servers_floor(self, disks: int) -> Measured:
        """The 4 N requests alone: detach, offer, accept, attach."""
        ids, servers = self._fill_servers(disks)
        measured = self.run_floor({**self.job(ids), "servers": servers})
        self._check(ids, "in-use")
        return replace(measured, requests=4 * disks)

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
        return self.run_floor(self.job(ids))

    def job(self, ids: list[str]) -> Job:
        """What the floor has to do."""
        return {
            "source": self._root(SOURCE),
            "target": self._root(TARGET),
            "source_token": self._token(SOURCE),
            "target_token": self._token(TARGET),
            "volumes": ids,
            "concurrency": self._concurrency,
            "servers": None,
        }

    def run_floor(self, job: Job) -> Measured:
        """The floor in a process of its own; its seconds are those of the requests."""
        command = [sys.executable, str(Path(__file__).with_name("floor.py"))]
        done = subprocess.run(
            command, input=json.dumps(job), capture_output=True, text=True, check=True, timeout=TIMEOUT
        )
        answer = json.loads(done.stdout)
        if answer["refused"]:
            raise RuntimeError(f"{answer['refused']} requests of the floor were refused")
        return Measured(answer["seconds"], 2 * len(job["volumes"]))

    def _variables(self) -> dict[str, Any]:
        return {
            "tenant_transfer_source": self._side(SOURCE),
            "tenant_transfer_target": self._side(TARGET),
            "tenant_transfer_concurrency": self._concurrency,
        }

    def _side(self, cloud: str) -> dict[str, Any]:
        entry = self._server.cloud(cloud)
        return {"auth": entry["auth"], "region_name": entry["region_name"]}

    def _root(self, cloud: str, service: str = "evs") -> str:
        return session_of(self._server, cloud).required_client(service).url

    def _token(self, cloud: str) -> str:
        return session_of(self._server, cloud)._keystone.token()

    def _fill(self, disks: int) -> list[str]:
        """A new cloud with so many disks in the source."""
        self._server.reset()
        ids = create_volumes(self._server, disks)
        self._server.forget_requests()
        return ids

    def _fill_servers(self, disks: int) -> tuple[list[str], Servers]:
        """A new cloud with so many disks in servers of the source, and as many servers in the target."""
        server = self._server
        if not isinstance(server, EmulatorServer):
            raise TypeError("only the emulator is filled with servers")
        server.reset()
        # How long a cloud takes to detach a disk is not ours, and not the floor's.
        common = {"status": "SHUTOFF", "settle_reads": 0}
        names = names_of(disks)
        before, after = [], []
        for number in range(count_of_servers(disks)):
            own = names[number * A_SERVER : (number + 1) * A_SERVER]
            before += [server.create_server(SOURCE, f"before-{number}", *[{"name": n} for n in own], **common)] * len(
                own
            )
            after += [server.create_server(TARGET, f"after-{number}", **common)] * len(own)
        ids = {volume["name"]: volume["id"] for volume in server.volumes(SOURCE)}
        server.forget_requests()
        places: Servers = {
            "source": self._root(SOURCE, "compute"),
            "target": self._root(TARGET, "compute"),
            "before": before,
            "after": after,
        }
        server.forget_requests()
        return [ids[name] for name in names], places

    def _check(self, ids: Sequence[str], status: str = "available") -> None:
        """A run counts only if all disks have arrived."""
        there = {disk.id for disk in evs_of(self._server, TARGET).volumes() if disk.status == status}
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


def names_of(count: int) -> list[str]:
    return [f"disk-{number:05}" for number in range(count)]


def count_of_servers(disks: int) -> int:
    return math.ceil(disks / A_SERVER)


def create_volumes(server: EmulatorServer | CinderServer, count: int) -> list[str]:
    """Disks in the source, many at once."""
    names = names_of(count)
    ids: list[str] = []
    for first in range(0, count, CHUNK):
        ids += server.create_volumes(SOURCE, [{"name": name} for name in names[first : first + CHUNK]])
    return ids
