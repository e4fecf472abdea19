# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API answers, for tests of what is pure."""

from __future__ import annotations

import uuid
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.servers import Seat, Server
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Transfer, Volume

PROJECT = "0a" * 16


def volume_body(**fields: Any) -> dict[str, Any]:
    """A plain data disk, as volumes/detail shows it; a keyword replaces or adds a field."""
    return {
        "id": str(uuid.uuid4()),
        "name": "data",
        "status": "available",
        "size": 10,
        "volume_type": "SSD",
        "availability_zone": "eu-de-01",
        "os-vol-tenant-attr:tenant_id": PROJECT,
        "bootable": "false",
        "encrypted": False,
        "attachments": [],
        "metadata": {},
        "created_at": "2026-11-21T08:00:00.000000",
        "description": None,
        **fields,
    }


def volume(**fields: Any) -> Volume:
    return Volume.from_api(volume_body(**fields))


def server(name: str = "app01", *disks: Volume, **fields: Any) -> Server:
    """A server that is shut off, with these disks from /dev/vdb on; a device of "" is left out."""
    body = {
        "id": f"id-of-{name}",
        "name": name,
        "status": "SHUTOFF",
        "locked": False,
        "OS-EXT-STS:task_state": None,
        "OS-EXT-AZ:availability_zone": "eu-de-01",
        **fields,
    }
    seats = [Seat(disk.id, f"/dev/vd{chr(ord('b') + number)}") for number, disk in enumerate(disks)]
    return Server.from_api(body).with_seats((Seat("system", "/dev/vda"), *seats))


def attached(*names: str, **fields: Any) -> Volume:
    """A disk that block storage says is in these servers."""
    places = [{"server_id": f"id-of-{name}", "device": "/dev/vdb"} for name in names]
    return volume(**{"status": "in-use", "attachments": places, **fields})


def transfer(of: Volume, **fields: Any) -> Transfer:
    """A pending transfer of a disk."""
    body = {
        "id": str(uuid.uuid4()),
        "volume_id": of.id,
        "name": "ours",
        "created_at": "2026-11-21T09:00:00.000000",
    }
    return Transfer.from_api({**body, **fields})
