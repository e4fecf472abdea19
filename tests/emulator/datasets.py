# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes to begin with."""

from __future__ import annotations

from typing import Any

from tests.emulator.state import State, stable_id

KEY = {"__system__encrypted": "1", "__system__cmkid": stable_id("master key")}
IMAGE = {"image_name": "Standard_Debian_12_latest", "min_disk": "10", "disk_format": "zvhd2"}


def server(name: str, device: str) -> dict[str, Any]:
    """Return the traits of a disk attached to a server."""
    attachment = {"server_id": stable_id(f"server {name}"), "device": device}
    return {"status": "in-use", "attachments": [attachment]}


DEMO: list[dict[str, Any]] = [
    {"name": "app01-data", "size": 100, "volume_type": "SSD", "tags": {"team": "shop"}},
    {"name": "app02-data", "size": 100, "volume_type": "SSD", "tags": {"team": "shop"}},
    {"name": "app03-logs", "size": 40, "volume_type": "SAS", "tags": {"team": "shop"}},
    {"name": "db01-data", "size": 500, "volume_type": "ESSD", "metadata": {"tier": "gold"}},
    {"name": "db01-wal", "size": 60, "volume_type": "ESSD", "metadata": {"tier": "gold"}},
    {"name": "db02-data", "size": 10240, "volume_type": "SAS", "description": "archive"},
    # Near misses: each looks like a disk that cannot be transferred, but can.
    {"name": "ci-cache", "size": 80, "volume_type": "SAS", "snapshot_id": stable_id("snapshot")},
    {"name": "golden-data", "size": 20, "volume_type": "SSD", "volume_image_metadata": IMAGE},
    {"name": "web01-plain", "size": 40, "volume_type": "SSD", "bootable": False,
     "metadata": {"__system__encrypted": "0"}},
    # These cannot.
    {"name": "hr-records", "size": 200, "volume_type": "SSD", "metadata": KEY},
    {"name": "app01-system", "size": 40, "volume_type": "SSD", "bootable": True,
     "volume_image_metadata": IMAGE, **server("app01", "/dev/vda")},
    {"name": "old-app-system", "size": 40, "volume_type": "SSD", "bootable": True,
     "volume_image_metadata": IMAGE},
    {"name": "app01-scratch", "size": 150, "volume_type": "SAS", **server("app01", "/dev/vdb")},
]  # fmt: skip

DATASETS = {"demo": DEMO}


def fill(state: State, data: str | None, disks: int) -> None:
    """Give tenant-a the volumes of a data set and a number of plain disks."""
    project = state.project_named("tenant-a")
    user = state.member_of(project.id)
    for spec in DATASETS[data] if data else []:
        state.add_volume(project.id, user.id, **spec)
    for number in range(disks):
        state.add_volume(project.id, user.id, name=f"disk-{number:05d}")
