# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits that the collection sets itself, and whether what was measured is within them.

No test asserts any: a time depends on the machine, so people look at them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.results import LATENCY, Runs, Table

Figure = Callable[[Runs], "float | None"]


@dataclass(frozen=True)
class Limit:
    """Something that is to be at most so much; a figure is None if that was not measured."""

    what: str
    most: float
    figure: Figure
    digits: int = 2
    below: bool = False
    """Not even as much as that."""

    def line(self, runs: Runs) -> str:
        value = self.figure(runs)
        kind = "below" if self.below else "at most"
        cells = [self.what, f"{kind} {self.most:,.{self.digits}f}"]
        if value is None:
            return f"| {' | '.join(cells)} | - | not measured |"
        held = value < self.most if self.below else value <= self.most
        return f"| {' | '.join(cells)} | {value:,.{self.digits}f} | {'held' if held else 'not held'} |"


def over_floor(part: str, disks: int, latency: float = LATENCY) -> Figure:
    def figure(runs: Runs) -> float | None:
        ratios = Table(runs, part, latency=latency).ratios(disks)
        return median(ratios) if ratios else None

    return figure


def real_cinder(runs: Runs) -> float | None:
    ratios = Table(runs, "cinder", "cinder", 0.0).ratios(200, whole=True)
    return median(ratios) if ratios else None


def play(runs: Runs) -> float | None:
    table = Table(runs, "play")
    return over(table.middle("ours", 0), *(table.middle("shape", number) for number in table.numbers("shape")))


def few_requests(runs: Runs) -> float | None:
    return Table(runs, "few-of-many").middle("few", 100000, "requests")


def few_time(runs: Runs) -> float | None:
    table = Table(runs, "few-of-many")
    return over(table.middle("few", 100000), table.middle("few", 5))


def memory(runs: Runs) -> float | None:
    return Table(runs, "memory").middle("memory", 10000, "module_mb")


def pairs_over_floor(runs: Runs) -> float | None:
    table = Table(runs, "pairs")
    floors = [(table.middle("floor", number) or 0.0) / number * 100 for number in table.numbers("floor")]
    return over(table.middle("one play", 100), *floors)


def slices(runs: Runs) -> float | None:
    table = Table(runs, "pairs")
    return over(table.middle("slices", 100), table.middle("one play", 100))


def over(value: float | None, *of: float | None) -> float | None:
    """The one over the first of the others, if there are both."""
    return value / of[0] if value is not None and of and of[0] else None


LIMITS = (
    Limit("1,000 disks at 20 ms: (ours - fixed part) / floor", 1.25, over_floor("speed", 1000)),
    Limit("10,000 disks at 20 ms: (ours - fixed part) / floor", 1.3, over_floor("large", 10000)),
    Limit("1,000 disks at 100 ms: (ours - fixed part) / floor", 1.1, over_floor("speed", 1000, 0.1)),
    Limit("200 disks on a real Cinder: ours / floor", 1.15, real_cinder),
    Limit("The play without disks / one of as many tasks and modules", 1.4, play),
    Limit("5 of 100,000 disks by name: requests", 40, few_requests, digits=0),
    Limit("5 of 100,000 disks by name: time / that of 5 of 5", 3, few_time),
    Limit("10,000 disks: MB a module", 100, memory, digits=0, below=True),
    Limit("100 pairs of 20 disks in one play / the floors with Ansible's start", 1.3, pairs_over_floor),
    Limit("100 pairs of 20 disks: four slices / one play", 1, slices),
)


def section(runs: Runs) -> str:
    lines = ["## Limits", "", "| what | limit | measured | result |", "|---|---|---|---|"]
    return "\n".join([*lines, *(limit.line(runs) for limit in LIMITS)])
