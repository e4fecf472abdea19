# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the benchmarks: each runs in turn all that it compares, round after round, on one server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks import machines, pairs
from tests.benchmarks.results import LATENCY, Measurements, Runs
from tests.benchmarks.subjects import Bench, names_of
from tests.cinder.server import CinderServer
from tests.emulator.server import EmulatorServer

CONCURRENCY = 16
LATENCIES = (0.0, LATENCY, 0.1)
PEERS = {"cli": (1, 5, 20), "uri": (1, 5, 20), "sdk": (1, 5, 100)}
BATCHES = (100, 250, 500)
IN_BATCHES = 1000
FEW = 5
MANY = 100000


@dataclass(frozen=True)
class Effort:
    """How many rounds, and of how many disks, servers' disks or pairs at most; to try the code, of few."""

    rounds: int
    most: int

    def sizes(self, *sizes: int) -> list[int]:
        return sorted({min(size, self.most) for size in sizes})

    def of(self, disks: int) -> Iterable[int]:
        """Fewer rounds of what takes long."""
        return range(self.rounds if disks < 1000 else min(self.rounds, 3) if disks < 10000 else min(self.rounds, 2))


@contextmanager
def on(
    server: EmulatorServer | CinderServer, runs: Runs, part: str, latency: float = LATENCY
) -> Iterator[tuple[Bench, Measurements]]:
    """A server that is up, with a home for what runs on it."""
    with tempfile.TemporaryDirectory() as home:
        server.start()
        try:
            yield Bench(server, Path(home), CONCURRENCY), Measurements(part, server.kind, latency, runs)
        finally:
            server.stop()


def compare(bench: Bench, found: Measurements, disks: int) -> None:
    """A round of ours and the floor."""
    found.take("ours", 0, bench.ours)
    found.take("ours", disks, bench.ours)
    found.take("floor", disks, bench.floor)


def speed(runs: Runs, effort: Effort) -> None:
    """Ours and the floor, up to 1,000 disks, at every latency."""
    for latency in LATENCIES:
        with on(EmulatorServer(latency=latency), runs, "speed", latency) as (bench, found):
            for disks in effort.sizes(1, 5, 100, 1000):
                for dummy in effort.of(disks):
                    compare(bench, found, disks)


def large(runs: Runs, effort: Effort) -> None:
    """Ours and the floor, 10,000 disks."""
    with on(EmulatorServer(latency=LATENCY), runs, "large") as (bench, found):
        for disks in effort.sizes(10000):
            for dummy in effort.of(disks):
                compare(bench, found, disks)


def play(runs: Runs, effort: Effort) -> None:
    """The play without disks, and plays of the same shape that do nothing."""
    for latency in LATENCIES:
        with on(EmulatorServer(latency=latency), runs, "play", latency) as (bench, found):
            for dummy in range(3 * effort.rounds):
                nothing = found.take("ours", 0, bench.ours)
                found.take("no-op", nothing.modules, bench.no_op)
                found.take("shape", nothing.tasks, partial(bench.shape, modules=nothing.modules))


def few_of_many(runs: Runs, effort: Effort) -> None:
    """A few disks by name, of as few and of very many in the project."""
    with on(EmulatorServer(latency=LATENCY), runs, "few-of-many") as (bench, found):
        for dummy in effort.of(FEW):
            for disks in (FEW, max(FEW, min(MANY, effort.most))):
                names = names_of(disks)[:: disks // FEW][:FEW]
                found.take("few", disks, partial(bench.few, names=names))


def servers(runs: Runs, effort: Effort) -> None:
    """Disks out of servers of the one tenant and into servers of the other."""
    with on(EmulatorServer(latency=LATENCY), runs, "servers") as (bench, found):
        for disks in effort.sizes(5, 100, 500):
            for dummy in effort.of(disks):
                found.take("ours", 0, bench.ours)
                found.take("ours", disks, bench.servers)
                found.take("floor", disks, bench.servers_floor)


def handoff(runs: Runs, effort: Effort) -> None:
    """Offer and accept in two plays, beside the move in one."""
    with on(EmulatorServer(latency=LATENCY), runs, "handoff") as (bench, found):
        for disks in effort.sizes(5, 100, 1000):
            for dummy in effort.of(disks):
                found.take("ours", disks, bench.ours)
                offered, accepted = bench.handoff(disks)
                found.note("offer", disks, offered)
                found.note("accept", disks, accepted)
                found.take("floor", disks, bench.floor)


def many_pairs(runs: Runs, effort: Effort) -> None:
    """Pairs of tenants in one play, in slices, and beside plays of one pair each."""
    with EmulatorServer(latency=LATENCY) as server, tempfile.TemporaryDirectory() as home:
        found = Measurements("pairs", server.kind, LATENCY, runs)
        pairs.measure(found, server, Path(home), effort.sizes(10, 50, 100), min(pairs.DISKS, effort.most))
        if machines.can_be_made():
            for number in effort.sizes(100):
                found.note("machines", number, machines.measured(number, min(pairs.DISKS, effort.most)))


def peers(runs: Runs, effort: Effort) -> None:
    """What else there is to move disks with."""
    with on(EmulatorServer(latency=LATENCY), runs, "peers") as (bench, found):
        for disks in effort.sizes(1, 5, 20, 100, 1000):
            for dummy in effort.of(disks):
                found.take("ours", disks, bench.ours)
        for subject, sizes in PEERS.items():
            for disks in effort.sizes(*sizes):
                found.take(subject, disks, getattr(bench, subject))


def memory(runs: Runs, effort: Effort) -> None:
    """The most that ours holds."""
    with on(EmulatorServer(latency=LATENCY), runs, "memory") as (bench, found):
        for disks in effort.sizes(100, 1000, 10000):
            found.take("memory", disks, bench.memory)


def batches(runs: Runs, effort: Effort) -> None:
    """What the role's tenant_transfer_batch_size costs."""
    with on(EmulatorServer(latency=LATENCY), runs, "batches") as (bench, found):
        disks = min(IN_BATCHES, effort.most)
        for dummy in effort.of(disks):
            for size in (*effort.sizes(*BATCHES), disks):
                found.take(f"of {disks}", size, partial(bench.batches, disks=disks))


def cinder(runs: Runs, effort: Effort) -> None:
    """Ours and the floor on a real Cinder."""
    with on(CinderServer(), runs, "cinder", 0.0) as (bench, found):
        for disks in effort.sizes(200):
            for dummy in effort.of(disks):
                compare(bench, found, disks)


PARTS: dict[str, Callable[[Runs, Effort], None]] = {
    "speed": speed,
    "large": large,
    "play": play,
    "few-of-many": few_of_many,
    "servers": servers,
    "handoff": handoff,
    "pairs": many_pairs,
    "peers": peers,
    "memory": memory,
    "batches": batches,
    "cinder": cinder,
}
"""In the order in which they are measured."""
