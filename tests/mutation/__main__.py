# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the tests of what is pure would notice a mistake: python -m tests.mutation --number 40 --seed 1

Makes one small mistake at a time in a copy of the collection, runs the tests of that room on it, and
prints the mistakes that no test has noticed.  Not each of those is a gap: some make no difference.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = {
    "plugins/module_utils/_plan": ["tests/unit/plan", "tests/unit/test_layers.py"],
    "plugins/module_utils/_model": ["tests/unit/model", "tests/unit/test_layers.py"],
    "plugins/plugin_utils": ["tests/unit/plugin_utils", "tests/unit/filter"],
}
"""The folders of what is pure, and which tests are to notice a mistake there."""
OUTCOMES = (
    *("moved", "offered", "accepted", "withdrawn", "attached", "detached"),
    *("already_there", "already_offered", "already_attached", "already_detached", "gone"),
    *("blocked", "failed", "unknown"),
)
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
TIMEOUT = 300
"""Seconds for the tests of one mistake: one that makes them hang is noticed as well."""


@dataclass(frozen=True)
class Mistake:
    """A mistake at a node of a file; `source` is its text as it was, `number` counts the nodes of its tree."""

    path: Path
    source: str
    line: int
    what: str
    number: int
    change: Callable[[ast.AST], ast.AST]

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.what}"

    @property
    def text(self) -> str:
        """The whole file with the mistake in it."""
        tree = ast.parse(self.source)
        return ast.unparse(_Replacing(self.number, self.change).visit(tree))


def changes_of(node: ast.AST, names: list[str]) -> Iterator[tuple[str, Callable[[ast.AST], ast.AST]]]:
    """The mistakes that can be made at a node, by their words; `names` are the outcomes that its file knows."""
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            other = COMPARISONS[type(operator)]
            yield f"{type(operator).__name__} -> {other.__name__}", _comparing(number, other)
    elif isinstance(node, ast.BoolOp):
        connective = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{type(node.op).__name__} -> {connective.__name__}", _with("op", connective())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "dropped not", lambda node: node.operand if isinstance(node, ast.UnaryOp) else node
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        operation = OPERATORS[type(node.op)]
        # A text that is put together is no arithmetic.
        if not any(isinstance(side, (ast.JoinedStr, ast.Constant)) and _is_text(side) for side in ast.walk(node)):
            yield f"{type(node.op).__name__} -> {operation.__name__}", _with("op", operation())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} -> {not node.value}", _with("value", not node.value)
    elif isinstance(node, ast.Constant) and node.value in OUTCOMES:
        other_outcome = OUTCOMES[(OUTCOMES.index(node.value) + 1) % len(OUTCOMES)]
        yield f"{node.value!r} -> {other_outcome!r}", _with("value", other_outcome)
    elif isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
        name = names[(names.index(node.id) + 1) % len(names)]
        yield f"{node.id} -> {name}", _with("id", name)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _with(field: str, value: object) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        setattr(node, field, value)
        return node

    return change


def _comparing(number: int, other: type[ast.cmpop]) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Compare):
            node.ops[number] = other()
        return node

    return change


class _Replacing(ast.NodeTransformer):
    """Makes the mistake at the node of that number."""

    def __init__(self, number: int, change: Callable[[ast.AST], ast.AST]) -> None:
        self._left = number
        self._change = change

    def visit(self, node: ast.AST) -> ast.AST:
        self._left -= 1
        if self._left == -1:
            return self._change(node)
        return self.generic_visit(node)


def nodes_of(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, in the order in which they are visited."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from nodes_of(child)


def mistakes_in(path: Path) -> list[Mistake]:
    """All that can be made in a file."""
    source = path.read_text(encoding="utf-8")
    nodes = list(nodes_of(ast.parse(source)))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    names = [outcome.upper() for outcome in OUTCOMES if outcome.upper() in used]
    return [
        Mistake(path, source, getattr(node, "lineno", 0), what, number, change)
        for number, node in enumerate(nodes)
        for what, change in changes_of(node, names)
    ]


def all_mistakes() -> list[tuple[Mistake, list[str]]]:
    """Each with the tests that are to notice it."""
    return [
        (mistake, tests)
        for room, tests in ROOMS.items()
        for path in sorted((ROOT / room).glob("[_a-z]*.py"))
        for mistake in mistakes_in(path)
    ]


def is_noticed(mistake: Mistake, tests: list[str], place: Path) -> bool:
    """Make a mistake in the copy of the collection, run the tests there, and mend it."""
    file = place / mistake.path.relative_to(ROOT)
    before = file.read_text(encoding="utf-8")
    file.write_text(mistake.text, encoding="utf-8")
    try:
        return not passes(tests, place)
    finally:
        file.write_text(before, encoding="utf-8")


def passes(tests: list[str], place: Path) -> bool:
    """Whether tests pass in the copy of the collection."""
    # What was compiled of another mistake of the same second would count.
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(place.parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", *tests]
    try:
        ended = subprocess.run(command, cwd=place, env=environment, capture_output=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return False
    return ended.returncode == 0


def copied(folder: Path) -> Path:
    """The plugins and the tests as they are, with a place in the collections of their own."""
    place = folder / "ansible_collections" / "otc" / "evs"
    for name in ("plugins", "tests", "meta", "roles", "playbooks"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", place)
    return place


def main() -> None:
    """Make some mistakes, and say which of them nobody noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--number", type=int, default=40, help="how many mistakes to make")
    parser.add_argument("--seed", type=int, default=1, help="which of them: the same number makes the same ones")
    arguments = parser.parse_args()
    everything = all_mistakes()
    chosen = random.Random(arguments.seed).sample(everything, min(arguments.number, len(everything)))
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="otc-evs-mutation-") as folder:
        place = copied(Path(folder))
        if not passes([name for tests in ROOMS.values() for name in tests], place):
            sys.exit("The tests fail without any mistake.")
        for mistake, tests in chosen:
            if not is_noticed(mistake, tests, place):
                unnoticed += 1
                print(f"not noticed: {mistake}", flush=True)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} mistakes noticed (of {len(everything)} that can be made)")


if __name__ == "__main__":
    main()
