# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON shapes that several services share."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.emulator.calls import Call
from tests.emulator.state import Transfer, Volume


def link_root(call: Call) -> str:
    """Return the root of the links in an answer."""
    return call.state.config.link_base or call.base


def links(call: Call, collection: str, item_id: str) -> list[dict[str, str]]:
    """Return the two links that every object of Cinder has."""
    root, tail = link_root(call), f"{call.project_id}/{collection}/{item_id}"
    return [
        {"rel": "self", "href": f"{root}/{call.version}/{tail}"},
        {"rel": "bookmark", "href": f"{root}/{tail}"},
    ]


def next_link(call: Call, marker: str) -> list[dict[str, str]]:
    """Return the link to the page behind that marker."""
    query = urlencode({**call.query, "marker": marker})
    return [{"rel": "next", "href": f"{link_root(call)}{call.path}?{query}"}]


def transfer_brief(call: Call, transfer: Transfer) -> dict[str, Any]:
    """Show a transfer as the list and the answer to accept do: without created_at."""
    return {
        "id": transfer.id,
        "volume_id": transfer.volume_id,
        "name": transfer.name,
        "links": links(call, "os-volume-transfer", transfer.id),
    }


def transfer_detail(call: Call, transfer: Transfer) -> dict[str, Any]:
    """Show a transfer in full; the key is not part of it."""
    return {
        "id": transfer.id,
        "created_at": transfer.created_at,
        "name": transfer.name,
        "volume_id": transfer.volume_id,
        "links": links(call, "os-volume-transfer", transfer.id),
    }


def volume_brief(call: Call, volume: Volume) -> dict[str, Any]:
    """Show a volume as the summary list does."""
    return {
        "id": volume.id,
        "name": volume.name,
        "links": links(call, "volumes", volume.id),
    }


def volume_created(call: Call, volume: Volume) -> dict[str, Any]:
    """Show a volume as Cinder does right after a create or a change: without what its extensions add."""
    return {
        "id": volume.id,
        "status": volume.status,
        "size": volume.size,
        "availability_zone": volume.availability_zone,
        "created_at": volume.created_at,
        "updated_at": volume.updated_at,
        "name": volume.name,
        "description": volume.description,
        "volume_type": volume.volume_type,
        "snapshot_id": volume.snapshot_id,
        "source_volid": volume.source_volid,
        "metadata": volume.metadata,
        "links": links(call, "volumes", volume.id),
        "user_id": volume.user_id,
        "bootable": "true" if volume.bootable else "false",
        "encrypted": volume.encrypted,
        "replication_status": volume.replication_status,
        "consistencygroup_id": volume.consistencygroup_id,
        "multiattach": volume.multiattach,
        "attachments": [attachment(volume, a) for a in volume.attachments],
    }


def volume_detail(call: Call, volume: Volume) -> dict[str, Any]:
    """Show a volume as Cinder's calls do (EVS_API B.3, M)."""
    view = volume_created(call, volume) | {
        "os-vol-tenant-attr:tenant_id": volume.project_id,
        "os-vol-mig-status-attr:migstat": None,
        "os-vol-mig-status-attr:name_id": None,
    }
    if call.speaks(3, 13):
        view["group_id"] = volume.group_id
    if call.state.config.cinder_fields:
        image = volume.volume_image_metadata
        return view | ({} if image is None else {"volume_image_metadata": image})
    return view | {
        "os-vol-host-attr:host": volume.host,
        "os-volume-replication:extended_status": None,
        "volume_image_metadata": volume.volume_image_metadata or {},
        # Obsolete, and a string on the pages of these calls.
        "shareable": "true" if volume.multiattach else "false",
    }


def attachment(volume: Volume, given: dict[str, Any]) -> dict[str, Any]:
    """Complete an attachment of which tests often give no more than server and device."""
    return {
        "id": volume.id,
        "attachment_id": volume.id,
        "volume_id": volume.id,
        "server_id": None,
        "host_name": None,
        "device": None,
        "attached_at": volume.updated_at,
    } | given
