# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text that a user may see keeps to the words that the glossary has, and to plain English."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

GIVEN_UP = {
    r"tells?|told|telling": "say, show or report",
    r"mend(s|ed|ing)?": "fix",
    r"reckon(s|ed|ing)?": "calculate",
    r"begun": "started",
    r"deal(s|ing|t)? with": "process",
    r"nor could": "say it in a sentence of its own",
    r"suffices?|sufficed": "is enough, or is not enough",
    r"(?<![Tt]here )(is|are) no (?!longer|more)[a-z]+": "is not a",
    r"be meant as": "is not valid",
    r"on another way": "in another way",
    r"already_owned": "already_there",
    r"(goes|go) with (O\(|V\()?state": "can only be used with",
    r"delet(e|es|ed|ing) (the|a|its) (transfer|offer)": "withdraw",
    r"a blank": "a space",
    r"a text": "a string",
    r"reasons of all": "reasons for all",
}
"""What stopped readers, as a pattern, and what is written in its place."""


def strings(path: Path) -> Iterator[str]:
    """The texts of a Python file: what has a blank in it and is no docstring of code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            hidden.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            hidden.update(id(value) for value in node.values)
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in hidden:
            yield node.value


def shown(path: Path) -> Iterator[str]:
    """The texts of a file that a user may see, without comments and code."""
    if path.suffix == ".py":
        yield from strings(path)
        return
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".j2":
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    if path.suffix == ".md":
        text = re.sub(r"`[^`\n]+`", "", text)
    if path.suffix in (".yml", ".yaml"):
        text = re.sub(r"(?m)^\s*#.*$|\{\{.*?\}\}|\{%.*?%\}", "", text)
    yield text


FILES = sorted(
    path
    for pattern in (
        *("plugins/**/*.py", "roles/**/*.yml", "roles/**/*.j2", "roles/**/*.md", "playbooks/*.yml"),
        *("docs/**/*.md", "docs/**/*.rst", "changelogs/*.yaml", "*.md"),
    )
    for path in ROOT.glob(pattern)
)


@functools.cache
def texts() -> list[tuple[Path, str]]:
    """All of them, read once for all words."""
    return [(path, text) for path in FILES for text in shown(path)]


def test_there_are_texts() -> None:
    """So that a folder that moves does not leave its texts unread."""
    assert {path.suffix for path in FILES} >= {".py", ".yml", ".j2", ".md"}
    assert sum(len(text) for dummy, text in texts()) > 250_000


@pytest.mark.parametrize("word", GIVEN_UP)
def test_words_that_were_given_up(word: str) -> None:
    """A word that stopped readers does not come back."""
    pattern = re.compile(rf"[^.\n]{{0,60}}\b({word})\b[^.\n]{{0,40}}")
    found = [
        f"{path.relative_to(ROOT)}: {hit.group(0).strip()}" for path, text in texts() for hit in pattern.finditer(text)
    ]
    assert not found, f"Write: {GIVEN_UP[word]}\n" + "\n".join(found)
