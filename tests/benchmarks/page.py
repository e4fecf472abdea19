# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of results, from what was measured. A section whose part was not measured is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from tests.benchmarks import limits
from tests.benchmarks.results import LATENCY, Runs, Table, latencies

NAMES = {
    "ours": "otc.evs.transfer",
    "floor": "floor: the 2 N requests alone",
    "cli": "openstack CLI in a loop",
    "uri": "ansible.builtin.uri in a loop",
    "sdk": "openstacksdk, one after the other",
}
WAYS = {
    "one play": "one play",
    "slices": "four slices",
    "machines": "four machines",
    "floor": "floor: a play that does nothing, and the requests",
}
RATIO = "(ours - fixed part) / floor"


def spread(values: Iterable[float], digits: int = 2) -> str:
    """The median, and the least and the most of several."""
    known = sorted(values)
    if not known:
        return "-"
    middle = f"{median(known):.{digits}f}"
    return middle if len(known) == 1 else f"{middle} ({known[0]:.{digits}f} to {known[-1]:.{digits}f})"


def written(machines: Sequence[str], concurrency: int, runs: Runs) -> str:
    """The page."""
    parts = (emulator, few, servers, handoff, pairs, peers, fixed, batches, memory, cinder)
    sections = [heading(machines, concurrency), limits.section(runs), *(part(runs) for part in parts)]
    return "\n\n".join(section for section in sections if section) + "\n"


def section(title: str, words: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with what is said above it; nothing if it is empty."""
    if not rows:
        return ""
    table = [columns, ["---"] * len(columns), *rows]
    lines = ["|---" * len(row) + "|" if row[0] == "---" else f"| {' | '.join(row)} |" for row in table]
    return "\n\n".join(text for text in (f"## {title}", words, "\n".join(lines)) if text)


def heading(machines: Sequence[str], concurrency: int) -> str:
    return f"""<!--
Copyright (c) otc.evs contributors
SPDX-License-Identifier: GPL-3.0-or-later
-->

# Benchmarks

`make bench` measures this anew and writes this page and its plot into `.dev/bench`, and beside them a comparison
with this one; the code is in `tests/benchmarks`.

- **ours**: `ansible-playbook otc.evs.transfer`, as a whole: every check, quota, offer, accept and proof of
  ownership, with {concurrency} requests at a time.
- **floor**: the 2 N requests that move N disks and nothing else, sent by threads with Python's `http.client`
  over kept connections, as many at a time; no login, check, list or proof.
- **fixed part**: ours with no disks to move.
- **peers**: the openstack CLI in loops of `ansible.builtin.command`, loops of `ansible.builtin.uri`, and a
  script with openstacksdk. Left out: the collection openstack.cloud. It has no module that offers or accepts a
  transfer; its `server_volume`, which attaches and detaches, comes with the package ansible, which is large.

All that a table compares ran in turn on one machine and against one server, which shares the processors with what
is measured:
{"; ".join(machines)}. Times are seconds of the whole process, medians with the
least and the most. Compare ratios, not times.

![Time against the number of disks](benchmarks.svg)"""


def emulator(runs: Runs) -> str:
    rows = []
    for part in ("speed", "large"):
        for latency in latencies(runs, part):
            table = Table(runs, part, latency=latency)
            rows += [(latency, disks, of_floor(table, disks)) for disks in table.numbers("ours")]
    cells = [[f"{latency * 1000:.0f} ms", *row] for latency, dummy, row in sorted(rows)]
    columns = ["latency", "disks", "requests", "ours", "ms a disk", "floor", RATIO]
    return section("Ours and the floor, emulated EVS with all services", "", columns, cells)


def of_floor(table: Table, disks: int) -> list[str]:
    ours = table.values("ours", disks)
    return [
        f"{disks:,}",
        count(table, "ours", disks),
        spread(ours),
        f"{median(ours) / disks * 1000:,.1f}",
        spread(table.values("floor", disks), 3),
        spread(table.ratios(disks)),
    ]


def count(table: Table, subject: str, number: int) -> str:
    """How many requests there were."""
    return f"{median(table.values(subject, number, 'requests')):,.0f}"


def few(runs: Runs) -> str:
    table = Table(runs, "few-of-many")
    rows = [[f"{n:,}", count(table, "few", n), spread(table.values("few", n))] for n in table.numbers("few")]
    words = f"5 disks by name, of so many in the project, at {LATENCY * 1000:.0f} ms."
    return section("Few of many", words, ["disks in the project", "requests", "ours"], rows)


def servers(runs: Runs) -> str:
    table = Table(runs, "servers")
    rows = [of_floor(table, disks) for disks in table.numbers("ours")]
    words = (
        "Disks out of servers that are shut off, to the target, and into servers there, 10 a server, at 20 ms.\n"
        "The floor is 4 N requests: all detached, offered, accepted, attached. The emulated cloud detaches and\n"
        "attaches at once. The fixed part is that of a play without servers, which runs fewer modules."
    )
    columns = ["disks", "requests", "ours", "ms a disk", "floor", RATIO]
    return section("Disks of servers", words, columns, rows)


def handoff(runs: Runs) -> str:
    table = Table(runs, "handoff")
    rows = []
    for disks in table.numbers("offer"):
        offer, accept = table.values("offer", disks), table.values("accept", disks)
        both = [sum(pair) for pair in zip(offer, accept, strict=True)]
        ours, floor = table.values("ours", disks), table.values("floor", disks)
        rows.append(
            [
                f"{disks:,}",
                f"{count(table, 'offer', disks)} and {count(table, 'accept', disks)}",
                *(spread(values) for values in (offer, accept, ours)),
                spread(floor, 3),
                spread(mine / one for mine, one in zip(both, ours, strict=True)),
                spread(mine / least for mine, least in zip(both, floor, strict=True)),
            ]
        )
    words = "Two plays with nothing but the handoff file between them, beside the move in one play, at 20 ms."
    columns = ["disks", "requests", "offer", "accept", "ours in one", "floor", "both / one", "both / floor"]
    return section("Offer and accept", words, columns, rows)


def pairs(runs: Runs) -> str:
    table = Table(runs, "pairs")
    rows = []
    for way, name in WAYS.items():
        for number in table.numbers(way):
            seconds, used = table.values(way, number), table.values(way, number, "processor")
            megabytes = table.middle(way, number, "controller_mb")
            cells = (spread(seconds, 1), f"{median(seconds) / number:.2f}", f"{median(used) / number:.2f}")
            rows.append([name, f"{number:,}", *cells, f"{megabytes:.0f}" if megabytes else "-"])
    words = (
        "20 disks each, 8 pairs at a time, at 20 ms: by one ansible-playbook with 8 forks, or by four with 2 forks\n"
        "and a quarter of the pairs each, on one machine or, with the streams of ansible-runner, each in a network\n"
        "namespace of its own. The memory is that of the largest ansible-playbook, in MB."
    )
    columns = ["way", "pairs", "seconds", "seconds a pair", "seconds of processors a pair", "memory"]
    return section("Many pairs of tenants", words, columns, rows)


def peers(runs: Runs) -> str:
    """The peers, and beyond what was measured by their time for a disk."""
    table = Table(runs, "peers")
    rows = []
    for subject in ("cli", "uri", "sdk"):
        sizes = table.numbers(subject)
        for disks in table.numbers("ours") if sizes else ():
            # A peer does one disk after the other.
            of = disks if disks in sizes else sizes[-1]
            if of <= disks:
                times = [seconds * disks / of for seconds in table.values(subject, of)]
                requests = median(table.values(subject, of, "requests")) * disks / of
                text = spread(times) if of == disks else f"{spread(times, 0)}, calculated"
                ours = table.values("ours", disks)
                ratio = f"{median(times) / median(ours):.1f}"
                rows.append([NAMES[subject], f"{disks:,}", f"{requests:,.0f}", text, spread(ours), ratio])
    words = "What a peer takes for more disks than the most that were measured is that time, disk by disk."
    columns = ["peer", "disks", "requests", "peer", "ours", "peer / ours"]
    return section("Peers, at 20 ms", words, columns, rows)


def fixed(runs: Runs) -> str:
    """The play without disks beside Ansible's own floor."""
    rows = []
    for latency in latencies(runs, "play"):
        table = Table(runs, "play", latency=latency)
        ours = table.values("ours", 0)
        cells = [f"{latency * 1000:.0f} ms", spread(ours)]
        for subject in ("no-op", "shape"):
            (number,) = table.numbers(subject)
            floor = table.values(subject, number)
            ratios = [mine / least for mine, least in zip(ours, floor, strict=True)]
            cells += [f"{number}: {spread(floor)}", spread(ratios)]
        rows.append(cells)
    words = (
        "The play with no disks to move, beside a playbook of as many modules that do nothing, and beside one that\n"
        "has as many other tasks as well, which do nothing either."
    )
    columns = ["latency", "ours, no disks", "as many no-op modules", "ratio", "as many tasks", "ratio"]
    return section("The fixed part", words, columns, rows)


def batches(runs: Runs) -> str:
    """What the role's tenant_transfer_batch_size costs."""
    for subject in sorted({key.subject for key in runs if key.part == "batches"}):
        table = Table(runs, "batches")
        rows = [[f"{size:,}", spread(table.values(subject, size))] for size in table.numbers(subject)]
        words = (
            f"{int(subject.removeprefix('of ')):,} disks at 20 ms, in batches of so many. Each is a run of `evs_move`, "
            "and a line that says\nhow far it is."
        )
        return section("Batches", words, ["disks a batch", "ours"], rows)
    return ""


def memory(runs: Runs) -> str:
    table = Table(runs, "memory")
    rows = [
        [f"{n:,}", *(f"{median(table.values('memory', n, field)):.0f}" for field in ("module_mb", "controller_mb"))]
        for n in table.numbers("memory")
    ]
    words = "The most that a module's process and ansible-playbook held, in MB."
    return section("Memory", words, ["disks", "module", "ansible-playbook"], rows)


def cinder(runs: Runs) -> str:
    table = Table(runs, "cinder", "cinder", 0.0)
    rows = []
    for disks in table.numbers("ours"):
        ours, floor = table.values("ours", disks), table.values("floor", disks)
        ratios = spread(table.ratios(disks, whole=True)), spread(table.ratios(disks))
        rows.append([f"{disks:,}", count(table, "ours", disks), spread(ours), spread(floor), *ratios])
    columns = ["disks", "requests", "ours", "floor", "ours / floor", RATIO]
    return section("A real Keystone and Cinder", "", columns, rows)
