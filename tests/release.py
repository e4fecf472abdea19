# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that all that names a version names the same one: `make release`, and the workflow of a release."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SEMANTIC = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def mistakes(root: Path, tag: str | None = None) -> list[str]:
    """What keeps the collection in this directory from being released, under this tag if there is one."""
    version = str(read(root / "galaxy.yml")["version"])
    releases = read(root / "changelogs" / "changelog.yaml")["releases"]
    text = (root / "CHANGELOG.rst").read_text(encoding="utf-8") if (root / "CHANGELOG.rst").exists() else ""
    underlined = re.compile(rf"^v{re.escape(version)}\n=+$", re.MULTILINE)
    fragments = sorted(path.name for path in (root / "changelogs" / "fragments").glob("*.y*ml"))
    untold = sorted(contents(root) - told(releases))
    checks = [
        (SEMANTIC.fullmatch(version), f"galaxy.yml has the version {version}, which is not MAJOR.MINOR.PATCH"),
        (tag in (None, version), f"the tag is {tag}, but galaxy.yml has the version {version}"),
        (version in releases, f"changelogs/changelog.yaml does not have {version}; run antsibull-changelog release"),
        (underlined.search(text), f"CHANGELOG.rst does not have {version}; run antsibull-changelog release"),
        (
            not untold,
            f"the changelog does not name {', '.join(untold)}; run antsibull-changelog release --update-existing",
        ),
        (not fragments, f"changelogs/fragments has what no release tells: {', '.join(fragments)}"),
    ]
    return [message for holds, message in checks if not holds]


def contents(root: Path) -> set[str]:
    """What users find in the collection, by its name."""
    found = [path for kind in ("modules", "filter", "lookup") for path in (root / "plugins" / kind).glob("[!_]*.py")]
    found += [*(root / "playbooks").glob("*.yml"), *(root / "roles").glob("*")]
    return {path.stem for path in found}


def told(releases: dict[str, dict[str, Any]]) -> set[str]:
    """What the changelog names as new."""
    lists = []
    for release in releases.values():
        lists += [
            release.get("modules", []),
            *release.get("plugins", {}).values(),
            *release.get("objects", {}).values(),
        ]
    return {entry["name"] for several in lists for entry in several}


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    found = mistakes(ROOT, *sys.argv[1:2])
    for mistake in found:
        print(f"Not ready for a release: {mistake}.")
    sys.exit(1 if found else 0)
