# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README has what certified collections and the inclusion checklist ask for, and links that work from anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
HOME = "https://github.com/opentelekomcloud/ansible-collection-evs/"
RAW = "https://raw.githubusercontent.com/opentelekomcloud/ansible-collection-evs/main/"
PAGES = [ROOT / "README.md", ROOT / "roles/tenant_transfer/README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_the_headings_are_those_of_certified_collections() -> None:
    assert re.findall(r"^## (.*)$", README, re.MULTILINE) == [
        "Description",
        "Requirements",
        "Installation",
        "Use Cases",
        "Testing",
        "Contributing",
        "Code of conduct",
        "Communication",
        "Support",
        "Release Notes and Roadmap",
        "Related Information",
        "License Information",
    ]


def test_the_links_of_the_readme_work_on_galaxy_too() -> None:
    assert [link for link in LINK.findall(README) if urlsplit(link).scheme != "https"] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_linked_in_the_repository_is_there(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        begin = next((begin for begin in (f"{HOME}blob/main/", f"{HOME}tree/main/", RAW) if link.startswith(begin)), "")
        if not begin:
            continue
        name, dummy, anchor = link.removeprefix(begin).partition("#")
        there = ROOT / unquote(name)
        assert there.is_dir() if "/tree/" in begin else there.is_file(), link
        assert not anchor or anchor in anchors(there), link


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_makes_ansible_warn_of_a_missing_inventory(page: Path) -> None:
    """Section 5 of the field cases: its two warnings came first, and were not explained."""
    commands = re.findall(r"ansible-playbook (?:[^\s`]+ )*otc\.evs\.\w+ -[^`\n]*", page.read_text(encoding="utf-8"))
    assert [command for command in commands if " -i " not in command] == []
