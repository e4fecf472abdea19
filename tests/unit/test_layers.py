# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports between the rooms of module_utils point one way."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
UTILS = PLUGINS / "module_utils"

MAY_IMPORT = {
    "_module": {"_flows", "_api", "_plan", "_model", "_options", "_errors", "_secrets", "_text"},
    "_flows": {"_api", "_plan", "_model", "_errors", "_text"},
    "_api": {"_model", "_options", "_errors", "_secrets", "_text"},
    "_plan": {"_model", "_errors", "_text"},
    "_model": {"_errors", "_text"},
    "_options": {"_errors"},
    "_errors": {"_text"},
    "_secrets": set(),
    "_text": set(),
}
"""What each room may import from beside itself."""
PURE = ("_plan", "_model", "_text")
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


SINCE_3_10 = {"kw_only", "slots", "strict"}
"""Arguments that Python 3.9, on which modules may run, does not know."""


def too_new(node: ast.AST) -> bool:
    """Whether it needs a newer Python when it is run; annotations are not."""
    if isinstance(node, ast.Call):
        united = isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass", "cast")
        return any(item.arg in SINCE_3_10 for item in node.keywords) or (united and has_union(node))
    return isinstance(node, ast.Assign) and node.col_offset == 0 and has_union(node.value)


def has_union(node: ast.AST) -> bool:
    return any(isinstance(item, ast.BinOp) and isinstance(item.op, ast.BitOr) for item in ast.walk(node))


def test_all_of_it_runs_on_the_oldest_python() -> None:
    found = [
        f"{path.relative_to(PLUGINS)}:{node.lineno}"
        for path in sorted(PLUGINS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_bytes(), feature_version=(3, 9)))
        if isinstance(node, (ast.Call, ast.Assign)) and too_new(node)
    ]
    assert not found
    assert too_new(ast.parse("Sight = Volume | None").body[0])
    assert too_new(ast.parse("dataclass(kw_only=True)", mode="eval").body)


COLLECTS = {"Result", "Evidence"}
"""What is filled bit by bit."""


def test_values_do_not_change() -> None:
    changing = set()
    for path in files():
        if room_of(path) not in PURE:
            continue
        name = ".".join(path.relative_to(UTILS).with_suffix("").parts)
        module = importlib.import_module(f"ansible_collections.otc.evs.plugins.module_utils.{name}")
        found: dict[str, Any] = {key: value for key, value in vars(module).items() if dataclasses.is_dataclass(value)}
        changing |= {key for key, value in found.items() if not value.__dataclass_params__.frozen}
    assert changing == COLLECTS
