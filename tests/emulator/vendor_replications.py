# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deprecated list of replication pairs of EVS, gone unless configured (EVS_API E.2)."""

from __future__ import annotations

import json
from typing import Any

from tests.emulator import errors, listing, pages, sdrs
from tests.emulator.calls import Call, Reply, Route
from tests.emulator.protection import Pair

FILTERS = {"name": "name", "status": "status", "priority_station": "priority_station"}


def list_pairs(call: Call) -> Reply:
    """List pairs; unlike SDRS this call can be asked for a disk."""
    if not call.state.config.vendor_replications or call.version != "v2":
        raise errors.cinder(404, "The resource could not be found.")
    found = pages.filtered(call, about_disks(call), FILTERS)
    marker = call.query.get("marker")
    rest = pages.behind(found, marker, errors.evs(400, "EVS.1024", "The marker is unknown."))
    most = call.state.config.max_limit
    limit = min(listing.number(call, "limit", most), most)
    shown = pages.window(rest, listing.number(call, "offset", 0), limit)
    return Reply(200, {"count": len(found), "replications": [view(pair) for pair in shown]})


def about_disks(call: Call) -> list[Pair]:
    """Return the project's pairs, or those of the disks asked for."""
    own = [p for p in call.state.protection.pairs.rows.values() if p.project_id == call.project_id]
    asked = call.query.get("volume_ids", call.query.get("volume_id"))
    if asked is None or not call.state.has("sdrs"):
        return own if call.state.has("sdrs") else []
    wanted = {part.strip(" []'\"") for part in asked.split(",")}
    return [p for p in own if not wanted.isdisjoint(p.volumes)]


def view(pair: Pair) -> dict[str, Any]:
    """Show a pair; here the metadata are JSON in a string."""
    return sdrs.view(pair) | {"record_metadata": json.dumps(sdrs.record_metadata(pair))}


ROUTES: list[Route] = [
    ("GET", "/os-vendor-replications", list_pairs),
]
