# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports between the rooms of module_utils point one way."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
UTILS = ROOT / "plugins/module_utils"

MAY_IMPORT = {
    "_module": {"_flows", "_api", "_plan", "_model", "_options", "_errors"},
    "_flows": {"_api", "_plan", "_model", "_errors"},
    "_api": {"_model", "_options", "_errors"},
    "_plan": {"_model", "_errors"},
    "_model": {"_errors"},
    "_options": {"_errors"},
    "_errors": set(),
}
"""What each room may import from beside itself."""
PURE = ("_plan", "_model")
FORBIDDEN_IN_PURE = {"ansible", "requests", "keystoneauth1", "openstack", "socket", "time", "os", "pathlib"}


def files() -> list[Path]:
    return [path for path in UTILS.rglob("*.py") if path.name != "__init__.py"]


def room_of(path: Path) -> str:
    return path.relative_to(UTILS).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """The names of all modules that it imports, in whatever way that is written."""
    found = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def rooms_imported_by(path: Path) -> set[str]:
    named = " ".join(imports(path))
    return {room for room in MAY_IMPORT if re.search(rf"\b{room}\b", named)}


def test_every_file_is_in_a_room() -> None:
    assert {room_of(path) for path in files()} == set(MAY_IMPORT)


def test_imports_point_down() -> None:
    upwards = [
        f"{path.relative_to(UTILS)} imports {room}"
        for path in files()
        for room in rooms_imported_by(path) - {room_of(path)}
        if room not in MAY_IMPORT[room_of(path)]
    ]
    assert not upwards
    assert rooms_imported_by(UTILS / "_flows/listing.py") >= {"_flows", "_plan", "_model", "_api"}


def test_what_is_pure_does_no_io_and_knows_no_ansible() -> None:
    impure = [
        f"{path.relative_to(UTILS)} imports {name}"
        for path in files()
        if room_of(path) in PURE
        for name in imports(path)
        if name.partition(".")[0] in FORBIDDEN_IN_PURE
    ]
    assert not impure
