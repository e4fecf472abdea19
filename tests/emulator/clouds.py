# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clouds.yaml for the emulator's users."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LOGINS = {
    "tenant-a": ("alice", "alicepw", "tenant-a"),
    "tenant-b": ("bob", "bobpw", "tenant-b"),
    "tenant-a-reader": ("alice-ro", "alicepw", "tenant-a"),
}


def clouds(auth_url: str, region: str) -> dict[str, Any]:
    """Return the entries of clouds.yaml by name."""
    return {name: entry(auth_url, region, *login) for name, login in LOGINS.items()}


def entry(auth_url: str, region: str, user: str, password: str, project: str) -> dict[str, Any]:
    """Return one entry."""
    return {
        "auth": {
            "auth_url": auth_url,
            "username": user,
            "password": password,
            "project_name": project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": region,
        "interface": "public",
        "identity_api_version": "3",
        "volume_api_version": "3",
    }


def write(path: Path, auth_url: str, region: str) -> None:
    """Write clouds.yaml."""
    text = yaml.safe_dump({"clouds": clouds(auth_url, region)}, sort_keys=False)
    path.write_text(text, encoding="utf-8")
