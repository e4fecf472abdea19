# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the project says of itself agrees: versions, changelog, what is tested with what, and what CI runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.release import mistakes

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
VERSION = str(yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"])
SECTION = "=" * 6


def of_noxfile(name: str) -> Any:
    """A constant of the noxfile, which cannot be imported without nox."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name
    )
    return ast.literal_eval(value)


def a_collection(root: Path, galaxy: str, changelog: str, rst: str, *fragments: str) -> Path:
    (root / "changelogs" / "fragments").mkdir(parents=True)
    (root / "galaxy.yml").write_text(f"version: {galaxy}\n", encoding="utf-8")
    changes: dict[str, Any] = {"ancestor": None, "releases": {changelog: {}}}
    (root / "changelogs" / "changelog.yaml").write_text(yaml.safe_dump(changes), encoding="utf-8")
    (root / "CHANGELOG.rst").write_text(f"v{rst}\n{SECTION}\n", encoding="utf-8")
    for fragment in fragments:
        (root / "changelogs" / "fragments" / fragment).write_text("bugfixes: [It works.]\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("galaxy", "changelog", "rst", "fragments", "tag", "said"),
    [
        ("1.2.0", "1.2.0", "1.2.0", [], "1.2.0", ""),
        ("1.2.0", "1.2.0", "1.2.0", [], None, ""),
        ("1.2.0", "1.2.0", "1.2.0", [], "v1.2.0", "the tag is v1.2.0"),
        ("1.2.0", "1.2.0", "1.2.0", [], "1.2.1", "the tag is 1.2.1"),
        ("1.2.1", "1.2.0", "1.2.1", [], "1.2.1", "changelogs/changelog.yaml does not have 1.2.1"),
        ("1.2.1", "1.2.1", "1.2.0", [], "1.2.1", "CHANGELOG.rst does not have 1.2.1"),
        ("1.2.0", "1.2.0", "1x2.0", [], "1.2.0", "CHANGELOG.rst does not have 1.2.0"),
        ("1.2", "1.2", "1.2", [], "1.2", "not MAJOR.MINOR.PATCH"),
        ("1.2.0-dev", "1.2.0-dev", "1.2.0-dev", [], "1.2.0-dev", "not MAJOR.MINOR.PATCH"),
        ("1.2.0", "1.2.0", "1.2.0", ["7-late.yml"], "1.2.0", "what no release tells: 7-late.yml"),
    ],
)
def test_a_release_whose_parts_disagree_is_refused(
    tmp_path: Path, galaxy: str, changelog: str, rst: str, fragments: list[str], tag: str | None, said: str
) -> None:
    told = mistakes(a_collection(tmp_path, galaxy, changelog, rst, *fragments), tag)
    assert len(told) == (1 if said else 0)
    assert said in "".join(told)


@pytest.mark.parametrize(
    "path", ["plugins/modules/late.py", "plugins/lookup/late.py", "playbooks/late.yml", "roles/late"]
)
def test_a_release_whose_changelog_does_not_name_what_is_there_is_refused(tmp_path: Path, path: str) -> None:
    root = a_collection(tmp_path, "1.2.0", "1.2.0", "1.2.0")
    (root / path).parent.mkdir(parents=True)
    (root / path).touch()
    said = "the changelog does not name late; run antsibull-changelog release --update-existing"
    assert mistakes(root) == [said]


def test_the_changelog_has_the_version_of_the_collection() -> None:
    """Fragments and new modules may wait there for the next release."""
    assert [mistake for mistake in mistakes(ROOT) if "does not have" in mistake or "galaxy.yml" in mistake] == []


def test_the_examples_name_the_version_of_the_collection() -> None:
    example = ROOT / "docs" / "examples" / "awx"
    for path in example.iterdir():
        named = re.findall(r"evs-ee:([\w.]+)", path.read_text(encoding="utf-8"))
        assert set(named) <= {VERSION}, path
    assets = yaml.safe_load((example / "assets.yml").read_text(encoding="utf-8"))
    assert assets["projects"][0]["scm_branch"] == VERSION


def test_the_readme_says_what_the_cores_are_tested_with() -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    told = re.findall(r"\b(2\.\d\d) on Python ([\d. and]+\d)", readme)
    released = {core: pythons for core, pythons in of_noxfile("CORES").items() if core != "devel"}
    assert {core: pythons.split(" and ") for core, pythons in told} == released


def test_the_workflow_tries_the_cores_of_the_noxfile() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["cores"]["strategy"]["matrix"]["include"]
    tried = [(row["core"], row["python"]) for row in matrix]
    assert tried == [(core, python) for core, pythons in of_noxfile("CORES").items() for python in pythons]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.name))
def test_the_workflows_pin_what_they_use(path: Path) -> None:
    """By the hash of a commit, with its release beside it, the same in all workflows."""
    used = re.findall(r"uses: (.+)", "".join(each.read_text(encoding="utf-8") for each in WORKFLOWS))
    foreign = {line for line in used if not line.startswith("./")}
    assert foreign
    for line in foreign:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
    assert len({line.partition("@")[0] for line in foreign}) == len(foreign)
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {}
