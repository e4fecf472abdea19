# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots as EVS lists them (EVS_API B.4.2a, M)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.emulator import errors, listing, pages, views
from tests.emulator.access import authorize
from tests.emulator.calls import Call, Reply, Route
from tests.emulator.protection import Snapshot

FILTERS = {"volume_id": "volume_id", "name": "name", "status": "status"}
CLOUD_FILTERS = FILTERS | {"id": "id"}


def list_brief(call: Call) -> Reply:
    """List the project's snapshots."""
    return page(call, brief)


def list_detail(call: Call) -> Reply:
    """List the project's snapshots with how far they are and whose."""
    return page(call, detail)


def list_cloud(call: Call) -> Reply:
    """List the project's snapshots and count them; the filters are those of a published client."""
    found = matching(call, CLOUD_FILTERS)
    shown = [detail(call, s) | {"service_type": s.service_type} for s in paged(call, found)]
    return Reply(200, {"snapshots": shown, "count": len(found)})


def page(call: Call, view: Any) -> Reply:
    """Return a page; its links are there only if a limit was sent, and may be null."""
    found = matching(call, FILTERS)
    shown = paged(call, found)
    body: dict[str, Any] = {"snapshots": [view(call, snapshot) for snapshot in shown]}
    if "limit" in call.query:
        more = bool(shown) and shown[-1] is not found[-1]
        body["snapshots_links"] = views.next_link(call, shown[-1].id) if more else None
    return Reply(200, body)


def matching(call: Call, fields: dict[str, str]) -> list[Snapshot]:
    """Return the project's snapshots that the filters keep."""
    volumes, protection = call.state.volumes, call.state.protection
    asked = call.query.get("volume_id")
    every: Iterable[Snapshot] = protection.snapshots.of(asked) if asked else protection.snapshots.rows.values()
    own = [s for s in every if volumes[s.volume_id].project_id == call.project_id]
    zone = call.query.get("availability_zone")
    if zone:
        own = [s for s in own if volumes[s.volume_id].availability_zone == zone]
    return pages.filtered(call, own, fields)


def paged(call: Call, found: list[Snapshot]) -> list[Snapshot]:
    """Return the page that the query asks for, with Cinder's refusals."""
    limit, offset = listing.window(call, least_offset=0)
    marker = call.query.get("marker")
    rest = pages.behind(found, marker, errors.cinder(404, f"Snapshot {marker} could not be found."))
    return pages.window(rest, offset, limit)


def brief(call: Call, snapshot: Snapshot) -> dict[str, Any]:
    """Show a snapshot."""
    return {
        "id": snapshot.id,
        "name": snapshot.name,
        "description": snapshot.description,
        "status": snapshot.status,
        "volume_id": snapshot.volume_id,
        "size": snapshot.size,
        "metadata": snapshot.metadata,
        "created_at": snapshot.created_at,
        "updated_at": snapshot.updated_at,
    }


def detail(call: Call, snapshot: Snapshot) -> dict[str, Any]:
    """Show a snapshot in full."""
    return brief(call, snapshot) | {
        "os-extended-snapshot-attributes:progress": "100%" if snapshot.status == "available" else "0%",
        "os-extended-snapshot-attributes:project_id": call.project_id,
    }


def show(call: Call) -> Reply:
    """Show a snapshot to the owner of its disk."""
    return Reply(200, {"snapshot": detail(call, own_snapshot(call))})


def create(call: Call) -> Reply:
    """Make a snapshot; it is available at once, though the answer says `creating`."""
    body = call.body("snapshot")
    volume = listing.own_volume(call, str(body.get("volume_id")))
    authorize(call, "volume:create_snapshot")
    if volume.status != "available" and not (volume.status == "in-use" and body.get("force")):
        raise errors.cinder(400, f"Invalid volume: Volume {volume.id} status must be available.")
    snapshot = Snapshot(
        id=call.state.new_id(),
        volume_id=volume.id,
        name=body.get("name"),
        description=body.get("description"),
        size=volume.size,
        metadata=dict(body.get("metadata") or {}),
        created_at=call.state.stamp(),
    )
    call.state.protection.add(snapshot)
    return Reply(202, {"snapshot": brief(call, snapshot) | {"status": "creating"}})


def delete(call: Call) -> Reply:
    """Delete a snapshot; those that backups made can only be looked at (EVS_API B.4.2a)."""
    snapshot = own_snapshot(call)
    authorize(call, "volume:delete_snapshot")
    if snapshot.status not in ("available", "error") or "__system__enableActive" in snapshot.metadata:
        raise errors.cinder(400, "Invalid snapshot: Snapshot status must be available or error.")
    call.state.protection.remove(snapshot)
    return Reply(202)


def own_snapshot(call: Call) -> Snapshot:
    """Return the snapshot named in the URL if its disk is the caller's."""
    asked = call.params["snapshot"]
    snapshot = call.state.protection.snapshots.rows.get(asked)
    if snapshot is None or call.state.volume_of(call.project_id, snapshot.volume_id) is None:
        raise errors.cinder(404, f"Snapshot {asked} could not be found.")
    return snapshot


ROUTES: list[Route] = [
    ("POST", "/snapshots", create),
    ("DELETE", "/snapshots/{snapshot}", delete),
    ("GET", "/snapshots", list_brief),
    ("GET", "/snapshots/detail", list_detail),
    ("GET", "/snapshots/{snapshot}", show),
    ("GET", "/cloudsnapshots/detail", list_cloud),
    ("GET", "/cloudsnapshots/{snapshot}", show),
]
