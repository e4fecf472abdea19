# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A link of a page to a page of this repository leads somewhere, also to its heading, without asking another host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HERE = re.compile(r"https://[\w.]+/opentelekomcloud/ansible-collection-evs/?([^\s)>`\"]*)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "docs/docsite/rst").glob("*.rst"),
    *(ROOT / "roles").rglob("*.md"),
]


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = (re.sub(r"[`*]|\]\([^)]*\)", "", text) for text in HEADING.findall(page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w -]", "", text).strip().lower().replace(" ", "-") for text in headings}


def links(page: Path) -> list[tuple[str, Path, str]]:
    """Each link to a file of this repository: as it is written, the file and the heading."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in HERE.finditer(text):
        place, dummy, anchor = match[1].partition("#")
        name = re.sub(r"^(blob/|tree/)?main/", "", place)
        # Else a page of GitHub's own, such as the issues.
        if name != place or (anchor and not place):
            found.append((match[0], ROOT / (name or "README.md"), anchor))
    for link in LINK.findall(text):
        if "://" not in link:
            name, dummy, anchor = link.partition("#")
            found.append((link, page.parent / name if name else page, anchor))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link, file, anchor in links(page):
        assert file.exists(), link
        if anchor:
            assert anchor in anchors(file), link
