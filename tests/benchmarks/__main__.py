# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: time this collection beside its floor and its peers, and write the page of results.

Everything that is compared runs in turn, round after round, on one server and machine.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.benchmarks import pairs
from tests.benchmarks.page import machine, write
from tests.benchmarks.subjects import BATCH_DISKS, Bench, Measured
from tests.cinder.server import CinderServer
from tests.emulator.server import EmulatorServer

CONCURRENCY = 16
LATENCIES = (0.0, 0.02, 0.1)
SIZES = (1, 5, 100, 1000, 10000)
PEER_SIZES = {"cli": (1, 5, 20), "uri": (1, 5, 20), "sdk": (1, 5, 100)}
PEER_LATENCY = 0.02
BATCH_SIZES = (100, 250, 500, 1000)
CINDER_SIZE = 200


MOST_EVERYWHERE = 1000
"""More disks than these are measured at one latency only."""


def rounds_for(disks: int, latency: float, most: int) -> int:
    """Fewer rounds of what takes long."""
    if disks > MOST_EVERYWHERE and latency != PEER_LATENCY:
        return 0
    return most if disks <= 100 else min(most, 3) if disks <= 1000 else 1


class Measurements:
    """All that was measured: by server, latency, subject and number of disks."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, float, str, int], list[Measured]] = defaultdict(list)

    def take(
        self, server: str, latency: float, subject: str, disks: int, measure: Callable[[int], Measured]
    ) -> Measured:
        measured = measure(disks)
        self.runs[server, latency, subject, disks].append(measured)
        print(f"{server} {latency * 1000:3.0f} ms  {subject:6} {disks:6} disks  {measured.seconds:8.2f} s", flush=True)
        return measured

    def as_json(self) -> list[dict[str, object]]:
        return [
            {"server": server, "latency": latency, "subject": subject, "disks": disks, "runs": [vars(m) for m in runs]}
            for (server, latency, subject, disks), runs in self.runs.items()
        ]


def on_emulator(found: Measurements, home: Path, latency: float, options: argparse.Namespace) -> None:
    """Ours, the floor and, at one latency, the peers."""
    with EmulatorServer(latency=latency) as server:
        bench = Bench(server, home, CONCURRENCY)
        for disks in options.sizes:
            for dummy in range(rounds_for(disks, latency, options.rounds)):
                nothing = found.take("emulator", latency, "ours", 0, bench.ours)
                found.take("emulator", latency, "no-op", nothing.modules, bench.no_op)
                found.take("emulator", latency, "shape", nothing.tasks, partial(bench.shape, modules=nothing.modules))
                found.take("emulator", latency, "ours", disks, bench.ours)
                found.take("emulator", latency, "floor", disks, bench.floor)
            if latency == PEER_LATENCY and disks >= 100:
                found.take("emulator", latency, "memory", disks, bench.memory)
            if latency == PEER_LATENCY and disks == BATCH_DISKS:
                for size in BATCH_SIZES:
                    found.take("emulator", latency, "batches", size, bench.batches)
        for subject, sizes in PEER_SIZES.items() if latency == PEER_LATENCY else ():
            for disks in sizes:
                if disks <= max(options.sizes):
                    found.take("emulator", latency, subject, disks, getattr(bench, subject))


def on_cinder(found: Measurements, home: Path, disks: int, rounds: int) -> None:
    """Ours and the floor on a real Cinder."""
    with CinderServer() as server:
        bench = Bench(server, home, CONCURRENCY)
        for dummy in range(min(2, rounds)):
            found.take("cinder", 0.0, "ours", 0, bench.ours)
            found.take("cinder", 0.0, "ours", disks, bench.ours)
            found.take("cinder", 0.0, "floor", disks, bench.floor)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="of up to 100 disks; of more there are fewer")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="numbers of disks")
    parser.add_argument("--latencies", type=float, nargs="*", default=LATENCIES, help="seconds a request")
    parser.add_argument("--cinder", type=int, default=CINDER_SIZE, help="disks on the real Cinder; 0: none")
    parser.add_argument("--output", type=Path, default=Path(".dev/bench"), help="folder for the results")
    options = parser.parse_args()
    found = Measurements()
    with tempfile.TemporaryDirectory() as home:
        for latency in options.latencies if options.sizes else ():
            on_emulator(found, Path(home), latency, options)
        if options.cinder:
            on_cinder(found, Path(home), options.cinder, options.rounds)
    options.output.mkdir(parents=True, exist_ok=True)
    about = {"python": platform.python_version(), "machine": machine(), "concurrency": CONCURRENCY}
    results = {"about": about, "measured": found.as_json()}
    (options.output / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    write(options.output, results)


if __name__ == "__main__":
    if sys.argv[1:2] == ["pairs"]:
        pairs.main(sys.argv[2:])
    else:
        main()
