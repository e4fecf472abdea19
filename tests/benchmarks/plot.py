# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plot of the page: time against the number of disks, both logarithmic."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from matplotlib.figure import Figure

from tests.benchmarks.page import NAMES
from tests.benchmarks.results import LATENCY, Runs

COLOURS = {"ours": "#0b6e4f", "floor": "#8a8a8a", "cli": "#b3261e", "uri": "#c77700", "sdk": "#5b4db1"}
PARTS = {"ours": ("speed", "large"), "floor": ("speed", "large")}
"""Peers are of the part that is called so."""


def points(runs: Runs, subject: str) -> dict[int, float]:
    """The median seconds by number of disks."""
    parts = PARTS.get(subject, ("peers",))
    return {
        key.number: median(run.seconds for run in measured)
        for key, measured in sorted(runs.items())
        if (key.part in parts and key.latency == LATENCY and key.subject == subject and key.number)
    }


def plot(path: Path, runs: Runs) -> None:
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for subject, name in NAMES.items():
        found = points(runs, subject)
        if found:
            axes.plot(sorted(found), [found[n] for n in sorted(found)], marker="o", color=COLOURS[subject], label=name)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="disks",
        ylabel="seconds",
        title=f"Moving disks, {LATENCY * 1000:.0f} ms a request",
    )
    axes.grid(visible=True, which="both", linewidth=0.3)
    if axes.lines:
        axes.legend()
    figure.savefig(path, metadata={"Date": None})
