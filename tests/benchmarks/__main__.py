# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`nox -s bench -- PART...`: measure these parts, or all, and write the page of all that was measured.

Each part leaves a file in the folder for the results, so that parts may be measured one after the other.
Says which limits are held, and what has changed since the page that was published last.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from tests.benchmarks import comparison, limits, page
from tests.benchmarks.parts import CONCURRENCY, PARTS, Effort
from tests.benchmarks.plot import plot
from tests.benchmarks.results import keep, kept, new_runs

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "docs" / "benchmarks.md"


def machine() -> str:
    """The machine in a few words."""
    python = platform.python_version()
    return f"{os.cpu_count()} processors ({platform.machine()}), {platform.system()}, Python {python}"


def state() -> str:
    """Which state of the code this is, as far as git knows."""
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def measure(part: str, effort: Effort, folder: Path) -> None:
    """Measure a part and keep it."""
    runs = new_runs()
    PARTS[part](runs, effort)
    now = datetime.now(timezone.utc).isoformat(timespec="minutes")
    keep(folder, part, {"machine": machine(), "state": state(), "time": now}, runs)


def report(folder: Path) -> None:
    """Write the page of all that is kept, and say what is to be said of it."""
    about, runs = kept(folder, PARTS)
    machines = sorted({entry["machine"] for entry in about.values()})
    text = page.written(machines, CONCURRENCY, runs)
    (folder / "benchmarks.md").write_text(text, encoding="utf-8")
    plot(folder / "benchmarks.svg", runs)
    compared = comparison.compared(PUBLISHED.read_text(encoding="utf-8"), text)
    (folder / "comparison.md").write_text(compared, encoding="utf-8")
    print("\nThe page is of:")
    for part, entry in about.items():
        print(f"  {part:12} {entry['state']}, {entry['time']}")
    print(limits.section(runs), compared, sep="\n\n")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; page: measure nothing")
    parser.add_argument("--rounds", type=int, default=2, help="of what is quick; of the rest there are fewer")
    parser.add_argument("--most", type=int, default=100000, help="disks or pairs at most, to try the code with few")
    parser.add_argument("--output", type=Path, default=Path(".dev/bench"), help="folder for the results")
    options = parser.parse_args()
    unknown = set(options.parts) - {*PARTS, "page"}
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)} and page")
    for part in options.parts or PARTS:
        if part in PARTS:
            measure(part, Effort(options.rounds, options.most), options.output)
    options.output.mkdir(parents=True, exist_ok=True)
    report(options.output)


if __name__ == "__main__":
    main()
