# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of benchmarks, of figures that are made up; nothing is measured here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.comparison import sheets
from tests.benchmarks.page import spread, written
from tests.benchmarks.results import Key, Measured, Measurements, Runs, keep, kept, new_runs

PARTS = {
    "speed": [("ours", 0, 1.0), ("ours", 1000, 5.0), ("floor", 1000, 2.5)],
    "large": [("ours", 0, 1.0), ("ours", 10000, 41.0), ("floor", 10000, 32.0)],
    "play": [("ours", 0, 1.5), ("no-op", 1, 0.75), ("shape", 16, 1.2)],
    "few-of-many": [("few", 5, 2.0), ("few", 100000, 3.0)],
    "servers": [("ours", 0, 1.0), ("ours", 5, 6.0), ("floor", 5, 0.1)],
    "handoff": [("ours", 5, 2.0), ("offer", 5, 2.0), ("accept", 5, 3.0), ("floor", 5, 0.5)],
    "pairs": [("one play", 100, 120.0), ("slices", 100, 90.0), ("floor", 24, 24.0)],
    "peers": [("ours", 1, 2.0), ("ours", 100, 4.0), ("cli", 1, 4.0), ("cli", 20, 60.0), ("uri", 1, 2.0)],
    "memory": [("memory", 10000, 47.0)],
    "batches": [("of 1000", 100, 11.0), ("of 1000", 1000, 5.0)],
    "cinder": [("ours", 0, 1.0), ("ours", 200, 20.0), ("floor", 200, 16.0)],
}
ROWS = {
    "Limits": "| 1,000 disks at 20 ms: (ours - fixed part) / floor | at most 1.25 | 1.60 | not held |",
    "Ours and the floor, emulated EVS with all services": "| 20 ms | 10,000 | 7 | 41.00 | 4.1 | 32.000 | 1.25 |",
    "Few of many": "| 100,000 | 7 | 3.00 |",
    "Disks of servers": "| 5 | 7 | 6.00 | 1,200.0 | 0.100 | 50.00 |",
    "Offer and accept": "| 5 | 7 and 7 | 2.00 | 3.00 | 2.00 | 0.500 | 2.50 | 10.00 |",
    "Many pairs of tenants": "| four slices | 100 | 90.0 | 0.90 | 0.08 | 60 |",
    "Peers, at 20 ms": "| openstack CLI in a loop | 100 | 35 | 300, calculated | 4.00 | 75.0 |",
    "The fixed part": "| 20 ms | 1.50 | 1: 0.75 | 2.00 | 16: 1.20 | 1.25 |",
    "Batches": "| 100 | 11.00 |",
    "Memory": "| 10,000 | 50 | 60 |",
    "A real Keystone and Cinder": "| 200 | 7 | 20.00 | 16.00 | 1.25 | 1.19 |",
}


def measured(part: str) -> Runs:
    runs = new_runs()
    where = ("cinder", 0.0) if part == "cinder" else ("emulator", 0.02)
    found = Measurements(part, *where, runs)
    for subject, number, seconds in PARTS[part]:
        run = Measured(seconds, requests=7, module_mb=50, controller_mb=60, processor=8)
        found.take(subject, number, lambda dummy, run=run: run)  # type: ignore[misc]
    return runs


def test_a_page_of_parts_measured_one_after_the_other(tmp_path: Path) -> None:
    for part in PARTS:
        keep(tmp_path, part, {"machine": "one"}, new_runs())
        keep(tmp_path, part, {"machine": part}, measured(part))
    about, runs = kept(tmp_path, [*PARTS, "nothing"])
    assert about == {part: {"machine": part} for part in PARTS}
    text = written(["4 processors"], 16, runs)
    assert [heading.removeprefix("## ") for heading in sheets(text)] == list(ROWS)
    for row in ROWS.values():
        assert f"\n{row}\n" in text
    assert "\n1,000 disks at 20 ms, in batches" in text
    assert "\n4 processors. Times" in text


@pytest.mark.parametrize("part", PARTS)
def test_a_part_by_itself(part: str) -> None:
    headings = list(sheets(written([], 16, measured(part))))
    assert len(headings) == 2
    assert headings[0] == "## Limits"


def test_a_peer_is_not_calculated_for_less_than_was_measured() -> None:
    runs = measured("peers")
    runs[Key("peers", "emulator", 0.02, "ours", 5)].append(Measured(2))
    assert "| openstack CLI in a loop | 5 |" not in written([], 16, runs)


@pytest.mark.parametrize(
    ("values", "text"),
    [([], "-"), ([1.234], "1.23"), ([3.0, 1.0, 2.0], "2.00 (1.00 to 3.00)"), ([1, 2], "1.50 (1.00 to 2.00)")],
)
def test_several_values(values: list[float], text: str) -> None:
    assert spread(values) == text
