# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, a file a part, so that parts may be measured one after the other."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

LATENCY = 0.02
"""Seconds a request, where but one latency is measured."""


@dataclass(frozen=True)
class Measured:
    """A run; the rest where it is known."""

    seconds: float
    requests: int = 0
    modules: int = 0
    """Of ours that ran."""
    tasks: int = 0
    """With those that are skipped."""
    module_mb: float = 0.0
    controller_mb: float = 0.0
    processor: float = 0.0
    """Seconds of processors, of all processes."""


class Key(NamedTuple):
    """What a figure is of; the number is that of the disks, if the page does not say otherwise."""

    part: str
    server: str
    latency: float
    subject: str
    number: int


Runs = dict[Key, list[Measured]]


class Measurements:
    """What a part measures."""

    def __init__(self, part: str, server: str, latency: float, runs: Runs) -> None:
        self._of = (part, server, latency)
        self._runs = runs

    def take(self, subject: str, number: int, measure: Callable[[int], Measured]) -> Measured:
        return self.note(subject, number, measure(number))

    def note(self, subject: str, number: int, measured: Measured) -> Measured:
        key = Key(*self._of, subject, number)
        self._runs[key].append(measured)
        print(f"{key.part} {key.latency * 1000:3.0f} ms {subject:10} {number:7} {measured.seconds:8.2f} s", flush=True)
        return measured


def new_runs() -> Runs:
    return defaultdict(list)


def keep(folder: Path, part: str, about: dict[str, Any], runs: Runs) -> None:
    """Write the file of a part in place of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [{**key._asdict(), "runs": [asdict(run) for run in measured]} for key, measured in runs.items()]
    text = json.dumps({"about": about, "measured": entries}, indent=1)
    (folder / f"{part}.json").write_text(text + "\n", encoding="utf-8")


def kept(folder: Path, parts: Iterable[str]) -> tuple[dict[str, dict[str, Any]], Runs]:
    """Read the files of all parts that there are: what each says of itself, and the figures."""
    about, runs = {}, new_runs()
    for part in parts:
        path = folder / f"{part}.json"
        if path.exists():
            content = json.loads(path.read_text(encoding="utf-8"))
            about[part] = content["about"]
            for entry in content["measured"]:
                measured = [Measured(**run) for run in entry.pop("runs")]
                runs[Key(**entry)].extend(measured)
    return about, runs


class Table:
    """The figures of a part on a server, by what they are of."""

    def __init__(self, runs: Runs, part: str, server: str = "emulator", latency: float = LATENCY) -> None:
        self._runs, self._of = runs, (part, server, latency)

    def numbers(self, subject: str) -> list[int]:
        """Of how many disks there are figures."""
        return sorted(key.number for key in self._runs if key[:4] == (*self._of, subject) and key.number)

    def values(self, subject: str, number: int, field: str = "seconds") -> list[float]:
        return [getattr(run, field) for run in self._runs.get(Key(*self._of, subject, number), ())]

    def middle(self, subject: str, number: int, field: str = "seconds") -> float | None:
        values = self.values(subject, number, field)
        return median(values) if values else None

    def ratios(self, number: int, whole: bool = False) -> list[float]:
        """Ours over the floor of the same round, as a whole or without the fixed part."""
        # Of the fixed part, which is measured before every size, the median of all.
        fixed = 0.0 if whole else self.middle("ours", 0) or 0.0
        pairs = zip(self.values("ours", number), self.values("floor", number), strict=True)
        return [(ours - fixed) / floor for ours, floor in pairs]


def latencies(runs: Runs, part: str) -> list[float]:
    return sorted({key.latency for key in runs if key.part == part})
