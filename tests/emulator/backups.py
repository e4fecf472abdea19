# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of disks in Cinder's shape, which both EVS and VBS serve (EVS_API C.2).

One list of what VBS, CSBS and CBR made, the parts of servers' backups among it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.emulator import errors, listing, pages, views
from tests.emulator.calls import Call, Reply, Route
from tests.emulator.protection import DISK, Backup

FILTERS = {"volume_id": "resource_id", "name": "name", "status": "status"}


def list_brief(call: Call) -> Reply:
    """List the backups: ids and names."""
    return page(call, brief)


def list_detail(call: Call) -> Reply:
    """List the backups."""
    return page(call, detail)


def page(call: Call, view: Any) -> Reply:
    """Return a page; it has links only if there is a next one."""
    found = matching(call)
    most = call.state.config.max_limit
    limit = min(listing.number(call, "limit", most), most)
    marker = call.query.get("marker")
    rest = pages.behind(found, marker, errors.cinder(404, f"Backup {marker} could not be found."))
    shown = pages.window(rest, listing.number(call, "offset", 0), limit)
    body: dict[str, Any] = {"backups": [view(call, backup) for backup in shown]}
    if shown and shown[-1] is not found[-1]:
        body["backups_links"] = views.next_link(call, shown[-1].id)
    return Reply(200, body)


def matching(call: Call) -> list[Backup]:
    """Return the project's backups of disks that the filters keep."""
    table = call.state.protection.backups
    asked = call.query.get("volume_id")
    every: Iterable[Backup] = table.of(asked) if asked else table.rows.values()
    own = [
        b
        for b in every
        if b.project_id == call.project_id
        and (b.resource_type, b.image_type) == (DISK, "backup")
        and call.state.exists(b)
    ]
    return pages.filtered(call, own, FILTERS)


def brief(call: Call, backup: Backup) -> dict[str, Any]:
    """Show a backup as the summary does."""
    return {"id": backup.id, "name": backup.name, "links": views.links(call, "backups", backup.id)}


def detail(call: Call, backup: Backup) -> dict[str, Any]:
    """Show a backup."""
    return brief(call, backup) | {
        "status": backup.status,
        "volume_id": backup.resource_id,
        "snapshot_id": backup.snapshot_id,
        "size": backup.resource_size,
        "availability_zone": backup.resource_az,
        "container": None,
        "description": backup.description,
        "created_at": backup.created_at,
        "updated_at": backup.updated_at,
        "fail_reason": None,
        "object_count": 0,
        "is_incremental": backup.incremental,
        "has_dependent_backups": False,
        "os-bak-tenant-attr:tenant_id": backup.project_id,
        "os-backup-project-attr:project_id": backup.project_id,
        "data_timestamp": backup.created_at,
    }


ROUTES: list[Route] = [
    ("GET", "/backups", list_brief),
    ("GET", "/backups/detail", list_detail),
]
