# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage Disaster Recovery Service: replication pairs (EVS_API E.1)."""

from __future__ import annotations

from typing import Any

from tests.emulator import errors, pages
from tests.emulator.calls import Call, Reply, Route
from tests.emulator.protection import Pair

MOST = 1000
MOST_IDS = 30
FILTERS = {
    "status": "status",
    "server_group_id": "server_group_id",
    "protected_instance_id": "protected_instance_id",
}
ABNORMAL = ("error", "invalid", "fault")


def refuse(message: str) -> errors.Refused:
    """Refuse a parameter."""
    return errors.of_service("sdrs", 400, message)


def bad_limit(message: str) -> errors.Refused:
    """Refuse a limit; 0 too, though the pages of the calls allow it (EVS_API J)."""
    return errors.evs(400, "SDRS.0221", message)


def list_pairs(call: Call) -> Reply:
    """List pairs. No filter asks for a disk: volume_id is ignored as any unknown parameter is."""
    found = matching(call)
    limit = pages.number(call, "limit", MOST, 1, bad_limit, MOST)
    offset = pages.number(call, "offset", 0, 0, refuse)
    shown = pages.window(found, offset, min(limit, call.state.config.max_limit))
    return Reply(200, {"count": len(found), "replications": [view(pair) for pair in shown]})


def matching(call: Call) -> list[Pair]:
    """Return the project's pairs that the filters keep."""
    query = call.query
    found = [p for p in call.state.protection.pairs.rows.values() if p.project_id == call.project_id]
    if "name" in query:
        found = [p for p in found if query["name"] in p.name]
    if query.get("query_type") == "status_abnormal":
        found = [p for p in found if p.status.startswith(ABNORMAL)]
    for name, field in (("server_group_ids", "server_group_id"), ("protected_instance_ids", "protected_instance_id")):
        if name in query:
            wanted = ids(query[name])
            found = [p for p in found if getattr(p, field) in wanted]
    return pages.filtered(call, found, FILTERS)


def ids(text: str) -> list[str]:
    """Read a list of ids from the query, in whatever brackets and quotes."""
    found = [part.strip(" []'\"") for part in text.split(",")]
    if len(found) > MOST_IDS:
        raise refuse(f"A list of ids has at most {MOST_IDS}.")
    return found


def show_pair(call: Call) -> Reply:
    """Show a pair."""
    pair = call.state.protection.pairs.rows.get(call.params["pair"])
    if pair is None or pair.project_id != call.project_id:
        raise errors.of_service("sdrs", 404, "The replication pair does not exist.")
    return Reply(200, {"replication": view(pair)})


def list_groups(call: Call) -> Reply:
    """List the protection groups that the project's pairs are in."""
    found = groups(call)
    limit = pages.number(call, "limit", MOST, 1, bad_limit, MOST)
    shown = pages.window(list(found), pages.number(call, "offset", 0, 0, refuse), limit)
    return Reply(200, {"count": len(found), "server_groups": [group_view(i, found[i]) for i in shown]})


def show_group(call: Call) -> Reply:
    """Show a protection group."""
    asked = call.params["group"]
    if asked not in groups(call):
        raise errors.of_service("sdrs", 404, "The protection group does not exist.")
    return Reply(200, {"server_group": group_view(asked, groups(call)[asked])})


def groups(call: Call) -> dict[str, list[Pair]]:
    """Return the project's pairs by the ID of their group."""
    found: dict[str, list[Pair]] = {}
    for pair in call.state.protection.pairs.rows.values():
        if pair.project_id == call.project_id and pair.server_group_id:
            found.setdefault(pair.server_group_id, []).append(pair)
    return found


def group_view(group_id: str, pairs: list[Pair]) -> dict[str, Any]:
    """Show a protection group; the names of the fields are those of a published client (EVS_API E.1)."""
    first = pairs[0]
    return {
        "id": group_id,
        "name": f"group-{group_id[:8]}",
        "description": "",
        "status": "protected",
        "progress": 0,
        "source_availability_zone": "eu-de-01",
        "target_availability_zone": "eu-de-02",
        "priority_station": first.priority_station,
        "replication_status": first.replication_status,
        "replication_num": len(pairs),
        "protected_instance_num": len({p.protected_instance_id for p in pairs if p.protected_instance_id}),
        "created_at": first.created_at,
        "updated_at": first.updated_at,
    }


def view(pair: Pair) -> dict[str, Any]:
    """Show a pair; its disks are one string."""
    attachment = {"device": "/dev/vdb", "protected_instance": pair.protected_instance_id}
    return {
        "id": pair.id,
        "name": pair.name,
        "description": "",
        "status": pair.status,
        "replication_status": pair.replication_status,
        "replication_model": None,
        "progress": 0,
        "failure_detail": None,
        "volume_ids": pair.separator.join(pair.volumes),
        "server_group_id": pair.server_group_id,
        "attachment": [attachment] if pair.protected_instance_id else [],
        "priority_station": pair.priority_station,
        "fault_level": pair.fault_level,
        "record_metadata": record_metadata(pair),
        "created_at": pair.created_at,
        "updated_at": pair.updated_at,
    }


def record_metadata(pair: Pair) -> dict[str, Any]:
    """Show what the disks of a pair have in common."""
    return {
        "multiattach": False,
        "bootable": False,
        "volume_size": pair.size,
        "volume_type": pair.volume_type,
    }


ROUTES: list[Route] = [
    ("GET", "/replications", list_pairs),
    ("GET", "/replications/{pair}", show_pair),
    ("GET", "/server-groups", list_groups),
    ("GET", "/server-groups/{group}", show_group),
]
