# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports between module_utils point down the table of CONTRIBUTING.md, which knows every file."""

from __future__ import annotations

import ast
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


def imported_by(path: Path) -> set[str]:
    """The files that it imports, in whatever way that is written."""
    imports = [
        node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    named = " ".join(ast.unparse(node) for node in imports)
    return {name for name in re.findall(r"\b_\w+", named) if (UTILS / f"{name}.py").exists()}


def test_every_file_has_a_row() -> None:
    assert set(rows()) == {path.stem for path in UTILS.glob("_*.py") if path.stem != "__init__"}


def test_imports_point_down() -> None:
    row = rows()
    upwards = [
        f"{path.stem} imports {used}"
        for path in UTILS.glob("_*.py")
        for used in imported_by(path)
        if row[used] < row[path.stem]
    ]
    assert not upwards
    assert imported_by(UTILS / "_listing.py") >= {"_lookup", "_quota", "_result"}
