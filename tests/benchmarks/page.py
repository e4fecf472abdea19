# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of results and its plot, from what was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.figure import Figure

from tests.benchmarks.subjects import BATCH_DISKS

COLOURS = {"ours": "#0b6e4f", "floor": "#8a8a8a", "cli": "#b3261e", "uri": "#c77700", "sdk": "#5b4db1"}
NAMES = {
    "ours": "otc.evs.transfer",
    "floor": "floor: the 2 N requests alone",
    "cli": "openstack CLI in a loop",
    "uri": "ansible.builtin.uri in a loop",
    "sdk": "openstacksdk, one after the other",
}


class Table:
    """The measurements, by what they are of."""

    def __init__(self, results: dict[str, Any]) -> None:
        self._runs = {
            (entry["server"], entry["latency"], entry["subject"], entry["disks"]): entry["runs"]
            for entry in results["measured"]
        }

    def sizes(self, server: str, latency: float, subject: str) -> list[int]:
        """The numbers of disks that were measured."""
        keys = self._runs
        return sorted(n for s, at, kind, n in keys if (s, at, kind) == (server, latency, subject) and n)

    def latencies(self) -> list[float]:
        return sorted({latency for server, latency, dummy, dummy in self._runs if server == "emulator"})

    def values(self, server: str, latency: float, subject: str, disks: int, field: str = "seconds") -> list[float]:
        return [run[field] for run in self._runs.get((server, latency, subject, disks), ())]

    def ratios(self, server: str, latency: float, disks: int) -> list[float]:
        """Ours without the fixed part, over the floor of the same round."""
        ours = self.values(server, latency, "ours", disks)
        # Of the fixed part, which is measured before every size, the median of all.
        fixed = self.values(server, latency, "ours", 0)
        floor = self.values(server, latency, "floor", disks)
        return [(mine - median(fixed)) / least for mine, least in zip(ours, floor, strict=True)]


def machine() -> str:
    """The machine in a few words."""
    return f"{os.cpu_count()} processors ({platform.machine()}), {platform.system()}"


def spread(values: Iterable[float], digits: int = 2) -> str:
    """The median, and the least and the most of several."""
    known = sorted(values)
    if not known:
        return "-"
    middle = f"{median(known):.{digits}f}"
    return middle if len(known) == 1 else f"{middle} ({known[0]:.{digits}f} to {known[-1]:.{digits}f})"


def write(folder: Path, results: dict[str, Any]) -> None:
    """Write benchmarks.md and its plot."""
    table = Table(results)
    sections = [
        heading(results["about"]),
        *(part(table) for part in (emulator, peers, fixed, batches, memory, cinder)),
    ]
    text = "\n\n".join(section for section in sections if section)
    (folder / "benchmarks.md").write_text(text + "\n", encoding="utf-8")
    plot(folder / "benchmarks.svg", table)


def heading(about: dict[str, Any]) -> str:
    return f"""<!--
Copyright (c) otc.evs contributors
SPDX-License-Identifier: GPL-3.0-or-later
-->

# Benchmarks

`make bench` measures this anew and writes this page and its plot into `.dev/bench`; the code is in
`tests/benchmarks`.

- **ours**: `ansible-playbook otc.evs.transfer`, as a whole: every check, quota, offer, accept and proof of
  ownership, with {about["concurrency"]} requests at a time.
- **floor**: the 2 N requests that move N disks and nothing else, sent by threads with Python's `http.client`
  over kept connections, as many at a time; no login, check, list or proof.
- **peers**: the openstack CLI in loops of `ansible.builtin.command`, loops of `ansible.builtin.uri`, and a
  script with openstacksdk.

All on one machine and against one server in turn, which shares the processors with what is measured:
{about["machine"]}, Python {about["python"]}. Times are seconds of the whole process, medians with the
least and the most. Compare ratios, not times.

![Time against the number of disks](benchmarks.svg)"""


def emulator(table: Table) -> str:
    lines = [
        "## Ours and the floor, emulated EVS with all services",
        "",
        "| latency | disks | requests | ours | ms a disk | floor | (ours - fixed part) / floor |",
        "|---|---|---|---|---|---|---|",
    ]
    for latency in table.latencies():
        for disks in table.sizes("emulator", latency, "ours"):
            ours = table.values("emulator", latency, "ours", disks)
            requests = int(median(table.values("emulator", latency, "ours", disks, "requests")))
            lines.append(
                f"| {latency * 1000:.0f} ms | {disks:,} | {requests:,} "
                f"| {spread(ours)} | {median(ours) / disks * 1000:,.1f} "
                f"| {spread(table.values('emulator', latency, 'floor', disks), 3)} "
                f"| {spread(table.ratios('emulator', latency, disks))} |"
            )
    return "\n".join(lines)


def peers(table: Table) -> str:
    """The peers, and beyond what was measured by their time for a disk."""
    lines = [
        "## Peers, at 20 ms",
        "",
        "What a peer takes for more disks than the most that were measured is that time, disk by disk.",
        "",
        "| peer | disks | requests | peer | ours | peer / ours |",
        "|---|---|---|---|---|---|",
    ]
    for subject in ("cli", "uri", "sdk"):
        sizes = table.sizes("emulator", 0.02, subject)
        for disks in table.sizes("emulator", 0.02, "ours") if sizes else ():
            ours = table.values("emulator", 0.02, "ours", disks)
            times = table.values("emulator", 0.02, subject, disks)
            requests = table.values("emulator", 0.02, subject, disks, "requests")
            told = spread(times)
            if not times and disks > sizes[-1]:
                factor = disks / sizes[-1]
                times = [seconds * factor for seconds in table.values("emulator", 0.02, subject, sizes[-1])]
                requests = [n * factor for n in table.values("emulator", 0.02, subject, sizes[-1], "requests")]
                told = f"{spread(times, 0)}, calculated"
            if times:
                ratio = median(times) / median(ours)
                lines.append(
                    f"| {NAMES[subject]} | {disks:,} | {median(requests):,.0f} "
                    f"| {told} | {spread(ours)} | {ratio:.1f} |"
                )
    return "\n".join(lines)


def fixed(table: Table) -> str:
    """The play without disks beside Ansible's own floor."""
    lines = [
        "## The fixed part",
        "",
        "The play with no disks to move, beside a playbook of as many modules that do nothing, and beside one that",
        "has as many other tasks as well, which do nothing either.",
        "",
        "| latency | ours, no disks | as many no-op modules | ratio | as many tasks | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for latency in table.latencies():
        ours = table.values("emulator", latency, "ours", 0)
        cells = [spread(ours)]
        for subject in ("no-op", "shape"):
            (number,) = table.sizes("emulator", latency, subject)
            floor = table.values("emulator", latency, subject, number)
            ratios = [mine / least for mine, least in zip(ours, floor, strict=True)]
            cells += [f"{number}: {spread(floor)}", spread(ratios)]
        lines.append(f"| {latency * 1000:.0f} ms | {' | '.join(cells)} |")
    return "\n".join(lines)


def batches(table: Table) -> str:
    """What the role's tenant_transfer_batch_size costs."""
    lines = [
        "## Batches",
        "",
        f"{BATCH_DISKS:,} disks at 20 ms, in batches of so many. Each is a run of `evs_move`, and a line that says how",
        "far it is.",
        "",
        "| disks a batch | ours |",
        "|---|---|",
    ]
    for size in table.sizes("emulator", 0.02, "batches"):
        lines.append(f"| {size:,} | {spread(table.values('emulator', 0.02, 'batches', size))} |")
    return "\n".join(lines) if len(lines) > 7 else ""


def memory(table: Table) -> str:
    lines = [
        "## Memory",
        "",
        "The most that a module's process and ansible-playbook held, in MB.",
        "",
        "| disks | module | ansible-playbook |",
        "|---|---|---|",
    ]
    for disks in table.sizes("emulator", 0.02, "memory"):
        (module,) = table.values("emulator", 0.02, "memory", disks, "module_mb")
        (controller,) = table.values("emulator", 0.02, "memory", disks, "controller_mb")
        lines.append(f"| {disks:,} | {module:.0f} | {controller:.0f} |")
    return "\n".join(lines)


def cinder(table: Table) -> str:
    lines = [
        "## A real Keystone and Cinder",
        "",
        "| disks | requests | ours | floor | ours / floor | (ours - fixed part) / floor |",
        "|---|---|---|---|---|---|",
    ]
    for disks in table.sizes("cinder", 0.0, "ours"):
        ours, floor = table.values("cinder", 0.0, "ours", disks), table.values("cinder", 0.0, "floor", disks)
        requests = int(median(table.values("cinder", 0.0, "ours", disks, "requests")))
        whole = [mine / least for mine, least in zip(ours, floor, strict=True)]
        lines.append(
            f"| {disks:,} | {requests:,} | {spread(ours)} | {spread(floor)} | {spread(whole)} "
            f"| {spread(table.ratios('cinder', 0.0, disks))} |"
        )
    return "\n".join(lines) if len(lines) > 4 else ""


def plot(path: Path, table: Table) -> None:
    """Time against the number of disks, both logarithmic."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    latency = 0.02 if 0.02 in table.latencies() else table.latencies()[0] if table.latencies() else 0.0
    for subject, name in NAMES.items():
        sizes = table.sizes("emulator", latency, subject)
        if sizes:
            times = [median(table.values("emulator", latency, subject, disks)) for disks in sizes]
            axes.plot(sizes, times, marker="o", color=COLOURS[subject], label=name)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="disks",
        ylabel="seconds",
        title=f"Moving disks, {latency * 1000:.0f} ms a request",
    )
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
