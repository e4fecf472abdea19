# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clouds.yaml for the emulator's users."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.emulator.access_keys import access_of, secret_of
from tests.emulator.state import OTHER

LOGINS = {
    "tenant-a": ("alice", "alicepw", "tenant-a", "Default"),
    "tenant-b": ("bob", "bobpw", "tenant-b", "Default"),
    "tenant-a-reader": ("alice-ro", "alicepw", "tenant-a", "Default"),
    "tenant-a-admin": ("alice-admin", "alicepw", "tenant-a", "Default"),
    "tenant-c": ("carol", "carolpw", "tenant-c", OTHER.name),
    "tenant-c-admin": ("carol-admin", "carolpw", "tenant-c", OTHER.name),
}
"""User, password, project and the domain of both."""


def clouds(auth_url: str, region: str) -> dict[str, Any]:
    """Return the entries of clouds.yaml by name."""
    return {name: entry(auth_url, region, *login) for name, login in LOGINS.items()}


def key_login(cloud: str) -> dict[str, str]:
    """Return what logs in as the user of a cloud with the permanent access key."""
    user, project = LOGINS[cloud][0], LOGINS[cloud][2]
    return {"access_key": access_of(user), "secret_key": secret_of(user), "project_name": project}


def entry(auth_url: str, region: str, user: str, password: str, project: str, domain: str) -> dict[str, Any]:
    """Return one entry."""
    return {
        "auth": {
            "auth_url": auth_url,
            "username": user,
            "password": password,
            "project_name": project,
            "user_domain_name": domain,
            "project_domain_name": domain,
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
