# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a limit. The times are made up; nothing is measured here."""

from __future__ import annotations

import pytest

from tests.benchmarks.limits import LIMITS, Limit, section
from tests.benchmarks.results import Key, Measured, Runs, new_runs

NOT_MEASURED = 10


def runs(*figures: tuple[Key, Measured]) -> Runs:
    found = new_runs()
    for key, measured in figures:
        found[key].append(measured)
    return found


def test_nothing_measured_is_no_pass() -> None:
    assert len(LIMITS) == NOT_MEASURED
    assert section(new_runs()).count("| - | not measured |") == NOT_MEASURED


@pytest.mark.parametrize(
    ("most", "below", "figure", "line"),
    [
        (1.25, False, 1.25, "| it | at most 1.25 | 1.25 | held |"),
        (1.25, False, 1.26, "| it | at most 1.25 | 1.26 | not held |"),
        (1.25, False, 1.251, "| it | at most 1.25 | 1.25 | not held |"),
        (100, True, 99.5, "| it | below 100.00 | 99.50 | held |"),
        (100, True, 100.0, "| it | below 100.00 | 100.00 | not held |"),
        (1, False, None, "| it | at most 1.00 | - | not measured |"),
    ],
)
def test_a_limit(most: float, below: bool, figure: float | None, line: str) -> None:
    assert Limit("it", most, lambda runs: figure, below=below).line(new_runs()) == line


def at(part: str, subject: str, number: int, latency: float = 0.02, server: str = "emulator") -> Key:
    return Key(part, server, latency, subject, number)


def floors(part: str, disks: int, latency: float = 0.02, server: str = "emulator") -> Runs:
    """Ours takes 10 s, of which 1 s is fixed, and the floor 6 s."""
    return runs(
        (at(part, "ours", 0, latency, server), Measured(1)),
        (at(part, "ours", disks, latency, server), Measured(10)),
        (at(part, "floor", disks, latency, server), Measured(6)),
    )


PAIRS = runs(
    (at("pairs", "one play", 100), Measured(120)),
    (at("pairs", "slices", 100), Measured(90)),
    (at("pairs", "floor", 24), Measured(24)),
)
FEW = runs(
    (at("few-of-many", "few", 5), Measured(2, requests=26)),
    (at("few-of-many", "few", 100000), Measured(7, requests=39)),
)


@pytest.mark.parametrize(
    ("place", "found", "value"),
    [
        (0, floors("speed", 1000), "1.50 | not held"),
        (1, floors("large", 10000), "1.50 | not held"),
        (2, floors("speed", 1000, 0.1), "1.50 | not held"),
        (3, floors("cinder", 200, 0.0, "cinder"), "1.67 | not held"),
        (4, runs((at("play", "ours", 0), Measured(1.3)), (at("play", "shape", 16), Measured(1))), "1.30 | held"),
        (5, FEW, "39 | held"),
        (6, FEW, "3.50 | not held"),
        (7, runs((at("memory", "memory", 10000), Measured(40, module_mb=76))), "76 | held"),
        (8, PAIRS, "1.20 | held"),
        (9, PAIRS, "0.75 | held"),
    ],
)
def test_what_a_limit_is_measured_by(place: int, found: Runs, value: str) -> None:
    assert LIMITS[place].line(found).endswith(f"| {value} |")
    assert section(found).count("| - | not measured |") in (NOT_MEASURED - 1, NOT_MEASURED - 2)
