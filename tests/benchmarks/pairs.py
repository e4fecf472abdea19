# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many pairs of tenants: in one play, in slices, and the floor of as many plays of one pair each.

All sources are one tenant, and all targets.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.benchmarks import playbooks
from tests.benchmarks.floor import Job
from tests.benchmarks.memory import SELDOM, Peaks
from tests.benchmarks.results import Measured, Measurements
from tests.benchmarks.subjects import TIMEOUT, Bench, create_volumes
from tests.emulator.server import EmulatorServer
from tests.support.playbooks import begin, play
from tests.support.server import SOURCE, TARGET

DISKS = 20
"""Of each pair."""
FORKS = 8
SLICES = 4
FLOORS = 24
"""Pairs of which the floor is measured, at most; of more it takes as much longer."""
CONCURRENCY = 8
MODULES = 2
"""A pair rehearses and moves."""


def processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def inventory_of(server: EmulatorServer, home: Path, pairs: int, disks: int) -> Path:
    """Pairs with so many new disks each."""
    server.reset()
    ids = create_volumes(server, pairs * disks)
    hosts = {f"pair-{number:03}": {"tenant_transfer_volumes": ids[number::pairs]} for number in range(pairs)}
    shared = {
        "tenant_transfer_source": {"cloud": SOURCE},
        "tenant_transfer_target": {"cloud": TARGET},
        "tenant_transfer_concurrency": CONCURRENCY,
    }
    path = home / "pairs.json"
    path.write_text(json.dumps({"pairs": {"vars": shared, "hosts": hosts}}), encoding="utf-8")
    return path


def slices(server: EmulatorServer, home: Path, inventory: Path, pairs: int, number: int) -> float:
    """So many plays side by side, each with its part of the pairs; returns the megabytes of the largest."""
    with ExitStack() as stack:
        begun = []
        for part in range(number):
            own = home / f"slice-{part}"
            own.mkdir(exist_ok=True)
            names = ",".join(f"pair-{index:03}" for index in range(part, pairs, number))
            arguments = ("-i", str(inventory), "--forks", str(FORKS // number), "--limit", names)
            running = begin(server, own, "otc.evs.transfer", *arguments, transfer_hosts="pairs")
            begun.append((running, stack.enter_context(Peaks(running.pid, SELDOM))))
        for running, dummy in begun:
            run = running.result(TIMEOUT)
            if run.exit_status:
                raise RuntimeError(run.output)
    check_arrival(server)
    return max(peaks.controller for dummy, peaks in begun)


def check_arrival(server: EmulatorServer) -> None:
    """A run counts only if all disks have arrived."""
    if any(volume["status"] != "available" for volume in server.volumes()) or server.volumes(SOURCE):
        raise RuntimeError("not all disks have arrived")


def floors(server: EmulatorServer, home: Path, pairs: int, disks: int) -> float:
    """As many plays that do nothing, each followed by the floor of its pair, so many at a time."""
    server.reset()
    bench = Bench(server, home, CONCURRENCY)
    ids = create_volumes(server, pairs * disks)
    whole = bench.job(ids)

    def one(number: int) -> None:
        own = home / f"start-{number}"
        own.mkdir(exist_ok=True)
        play(None, own, playbooks.no_op(MODULES))
        job: Job = {**whole, "volumes": ids[number::pairs]}
        bench.run_floor(job)

    with ThreadPoolExecutor(FORKS) as workers:
        list(workers.map(one, range(pairs)))
    return 0.0


def timed(work: Callable[[], float]) -> Measured:
    """Run it; it returns megabytes."""
    used, began = processor_time(), time.perf_counter()
    megabytes = work()
    return Measured(time.perf_counter() - began, processor=processor_time() - used, controller_mb=megabytes)


def measure(found: Measurements, server: EmulatorServer, home: Path, numbers: list[int], disks: int) -> None:
    """All ways, one after the other."""
    for pairs in numbers:
        for number in (1, SLICES):
            inventory = inventory_of(server, home, pairs, disks)
            work = partial(slices, server, home, inventory, pairs, min(number, pairs))
            found.note("one play" if number == 1 else "slices", pairs, timed(work))
    least = min(FLOORS, numbers[-1])
    found.note("floor", least, timed(partial(floors, server, home, least, disks)))
