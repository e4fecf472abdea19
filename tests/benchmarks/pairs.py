# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`nox -s bench -- pairs`: many pairs of tenants, in one play, in slices, and beside single plays.

A row for each way: seconds, seconds of processor time, both for each pair, and the most memory of an
ansible-playbook.  All sources are one tenant, and all targets.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks import playbooks
from tests.benchmarks.memory import Peaks
from tests.benchmarks.subjects import TIMEOUT, Bench, create_volumes
from tests.emulator.server import EmulatorServer
from tests.support.playbooks import begin, play
from tests.support.server import SOURCE, TARGET

FORKS = 8
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
            begun.append((running, stack.enter_context(Peaks(running.pid))))
        for running, dummy in begun:
            run = running.result(TIMEOUT)
            if run.exit_status:
                raise RuntimeError(run.output)
    if any(volume["status"] != "available" for volume in server.volumes()) or server.volumes(SOURCE):
        raise RuntimeError("not all disks have arrived")
    return max(peaks.controller for dummy, peaks in begun)


def floors(server: EmulatorServer, home: Path, pairs: int, disks: int) -> float:
    """As many plays that do nothing, so many at a time, and the floor of each pair."""
    bench = Bench(server, home, CONCURRENCY)

    def start(number: int) -> None:
        own = home / f"start-{number}"
        own.mkdir(exist_ok=True)
        play(None, own, playbooks.no_op(MODULES))

    with ThreadPoolExecutor(FORKS) as workers:
        list(workers.map(start, range(pairs)))
    for dummy in range(pairs):
        bench.floor(disks)
    return 0.0


def measure(name: str, pairs: int, work: Callable[[], float]) -> dict[str, Any]:
    used, began = processor_time(), time.perf_counter()
    megabytes = work()
    seconds, used = time.perf_counter() - began, processor_time() - used
    row = {"way": name, "pairs": pairs, "seconds": seconds, "processor": used, "megabytes": megabytes}
    print(
        f"{name:8} {pairs:4} pairs {seconds:8.1f} s {used:8.1f} s of processors"
        f" {seconds / pairs:6.2f} and {used / pairs:6.2f} a pair {megabytes:6.0f} MB",
        flush=True,
    )
    return row


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks pairs", description=__doc__)
    parser.add_argument("--pairs", type=int, nargs="*", default=(10, 50, 100))
    parser.add_argument("--disks", type=int, default=20, help="of each pair")
    parser.add_argument("--latency", type=float, default=0.02, help="seconds a request")
    parser.add_argument("--slices", type=int, nargs="*", default=(1, 4))
    parser.add_argument("--floors", type=int, default=8, help="pairs of which the floor is measured; 0: none")
    options = parser.parse_args(arguments)
    with EmulatorServer(latency=options.latency) as server, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for pairs in options.pairs:
            for number in options.slices:
                inventory = inventory_of(server, home, pairs, options.disks)
                name = "one play" if number == 1 else f"{number} slices"
                measure(name, pairs, partial(slices, server, home, inventory, pairs, number))
        if options.floors:
            measure("floors", options.floors, partial(floors, server, home, options.floors, options.disks))
