# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports between module_utils point down the table of CONTRIBUTING.md, which knows every file."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
UTILS = ROOT / "plugins/module_utils"


def rows() -> dict[str, int]:
    """The row of each file, counted from the top."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where things are")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return {name: number for number, line in enumerate(lines) for name in re.findall(r"`(_\w+)`", line)}


def test_every_file_has_a_row() -> None:
    assert set(rows()) == {path.stem for path in UTILS.glob("_*.py") if path.stem != "__init__"}


def test_imports_point_down() -> None:
    row = rows()
    upwards = [
        f"{path.stem} imports {used}"
        for path in UTILS.glob("_*.py")
        for used in re.findall(r"plugins\.module_utils\.(_\w+) import", path.read_text(encoding="utf-8"))
        if row[used] < row[path.stem]
    ]
    assert not upwards
