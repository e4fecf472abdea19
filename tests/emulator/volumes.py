# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes as Cinder's API shows them, and the few changes that the command line needs."""

from __future__ import annotations

from typing import Any

from tests.emulator import errors, listing, rules, views
from tests.emulator.access import authorize
from tests.emulator.calls import Call, Reply, Route, invalid
from tests.emulator.state import Volume, known_types

DELETABLE = ("available", "error", "error_restoring", "error_extending", "error_managing")
SETTABLE = ("name", "description", "availability_zone", "snapshot_id", "source_volid")


def list_brief(call: Call) -> Reply:
    """List the project's volumes: ids and names."""
    found = listing.page(call, listing.CINDER_FILTERS)
    return reply(call, found, [views.volume_brief(call, v) for v in found.volumes])


def list_detail(call: Call) -> Reply:
    """List the project's volumes."""
    found = listing.page(call, listing.CINDER_FILTERS)
    return reply(call, found, [views.volume_detail(call, v) for v in found.volumes])


def reply(call: Call, found: listing.Page, shown: list[dict[str, Any]]) -> Reply:
    """Return a page with the link to the next one."""
    body: dict[str, Any] = {"volumes": shown}
    if found.more:
        body["volumes_links"] = views.next_link(call, found.volumes[-1].id)
    return Reply(200, body)


def show(call: Call) -> Reply:
    """Show a volume to its owner."""
    return Reply(200, {"volume": views.volume_detail(call, own_volume(call))})


def create(call: Call) -> Reply:
    """Create a volume; it is available at once, though the answer says `creating`."""
    body = call.body("volume")
    authorize(call, "volume:create")
    size = size_of(body)
    volume_type = type_of(call, body)
    rules.check_quota(call.state, call.project_id, size, volume_type)
    traits = {name: body[name] for name in SETTABLE if body.get(name)}
    volume = call.state.add_volume(
        call.project_id,
        call.token.user.id,
        size=size,
        volume_type=volume_type,
        metadata=dict(body.get("metadata") or {}),
        multiattach=bool(body.get("multiattach")),
        **traits,
    )
    return Reply(202, {"volume": views.volume_created(call, volume) | {"status": "creating"}})


def delete(call: Call) -> Reply:
    """Delete a volume."""
    volume = own_volume(call)
    authorize(call, "volume:delete")
    if volume.status not in DELETABLE or volume.attachments or any(call.state.protection.snapshots_of(volume)):
        raise errors.cinder(
            400,
            "Invalid volume: Volume status must be available or error or error_restoring or "
            "error_extending or error_managing and must not be migrating, attached, belong to a "
            "group, have snapshots, awaiting a transfer, or be disassociated from snapshots "
            "after volume transfer.",
        )
    call.state.remove_volume(volume)
    return Reply(202)


def update(call: Call) -> Reply:
    """Rename or describe a volume."""
    volume = own_volume(call)
    body = call.body("volume")
    authorize(call, "volume:update")
    changes = {name: body[name] for name in ("name", "description", "metadata") if name in body}
    call.state.change_volume(volume, **changes)
    return Reply(200, {"volume": views.volume_created(call, volume)})


def summary(call: Call) -> Reply:
    """Count the project's volumes, as Cinder does from microversion 3.12 on."""
    if call.minor < 12:
        raise errors.volume_not_found("summary")
    own = list(call.state.volumes_by_age(call.project_id, newest_first=True))
    return Reply(200, {"volume-summary": {"total_count": len(own), "total_size": sum(v.size for v in own)}})


def act(call: Call) -> Reply:
    """Do one of the volume actions."""
    volume = own_volume(call)
    whole = call.json()
    name = next(iter(whole), "") if isinstance(whole, dict) else ""
    action = ACTIONS.get(name)
    if action is None:
        raise errors.cinder(400, f"There is no such action: {name}")
    authorize(call, f"volume_extension:volume_actions:{name.removeprefix('os-')}")
    return action(call, volume, whole[name] or {})


def set_bootable(call: Call, volume: Volume, body: dict[str, Any]) -> Reply:
    """Mark a volume as one to boot from, or as one that is not."""
    call.state.change_volume(volume, bootable=str(body.get("bootable")).lower() == "true")
    return Reply(200)


def extend(call: Call, volume: Volume, body: dict[str, Any]) -> Reply:
    """Make a volume larger."""
    if volume.status != "available":
        raise errors.cinder(
            400,
            f"Invalid volume: Volume {volume.id} status must be '{{'status': 'available'}}' "
            f"to extend, currently {volume.status}.",
        )
    new_size = body.get("new_size")
    if not isinstance(new_size, int) or new_size <= volume.size:
        raise errors.cinder(
            400,
            "Invalid input received: New size for extend must be greater than current size. "
            f"(current: {volume.size}, extended: {new_size}).",
        )
    call.state.change_volume(volume, size=new_size)
    return Reply(202)


def attach(call: Call, volume: Volume, body: dict[str, Any]) -> Reply:
    """Attach a volume to a server."""
    if volume.status != "available":
        raise errors.cinder(400, "Invalid volume: status must be available")
    server = {
        "server_id": body.get("instance_uuid"),
        "device": body.get("mountpoint"),
        "attachment_id": call.state.new_id(),
    }
    call.state.change_volume(volume, status="in-use", attachments=[server])
    return Reply(202)


def detach(call: Call, volume: Volume, body: dict[str, Any]) -> Reply:
    """Detach a volume from all servers."""
    call.state.change_volume(volume, status="available", attachments=[])
    return Reply(202)


ACTIONS = {
    "os-set_bootable": set_bootable,
    "os-extend": extend,
    "os-attach": attach,
    "os-detach": detach,
}


def own_volume(call: Call) -> Volume:
    """Return the volume named in the URL if it is the caller's."""
    return listing.own_volume(call, call.params["volume"])


def size_of(body: dict[str, Any]) -> int:
    """Return the size asked for."""
    try:
        size = int(body.get("size") or 0)
    except (TypeError, ValueError):
        size = 0
    if size < 1:
        reason = "the size must be an integer of at least 1"
        raise errors.cinder(400, invalid("size", body.get("size"), reason))
    return size


def type_of(call: Call, body: dict[str, Any]) -> str:
    """Return the name of the volume type asked for by name or id."""
    asked = body.get("volume_type") or "SSD"
    for name in known_types(call.state.volumes.values()):
        if asked in (name, listing.type_id(name)):
            return name
    raise errors.cinder(404, f"Volume type with name {asked} could not be found.")


ROUTES: list[Route] = [
    ("GET", "/volumes/detail", list_detail),
    ("GET", "/volumes", list_brief),
    ("GET", "/volumes/summary", summary),
    ("POST", "/volumes", create),
    ("GET", "/volumes/{volume}", show),
    ("PUT", "/volumes/{volume}", update),
    ("DELETE", "/volumes/{volume}", delete),
    ("POST", "/volumes/{volume}/action", act),
]
