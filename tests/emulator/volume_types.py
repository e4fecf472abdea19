# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volume types."""

from __future__ import annotations

from typing import Any

from tests.emulator import errors, listing
from tests.emulator.calls import Call, Reply, Route
from tests.emulator.state import known_types


def view(name: str) -> dict[str, Any]:
    """Show a volume type."""
    return {
        "id": listing.type_id(name),
        "name": name,
        "description": None,
        "is_public": True,
        "os-volume-type-access:is_public": True,
        "extra_specs": {},
        "qos_specs_id": None,
    }


def list_all(call: Call) -> Reply:
    """List the volume types."""
    names = known_types(call.state.volumes.values())
    return Reply(200, {"volume_types": [view(name) for name in names]})


def show(call: Call) -> Reply:
    """Show a volume type."""
    for name in known_types(call.state.volumes.values()):
        if call.params["type"] == listing.type_id(name):
            return Reply(200, {"volume_type": view(name)})
    raise errors.cinder(404, f"Volume type {call.params['type']} could not be found.")


ROUTES: list[Route] = [
    ("GET", "/types", list_all),
    ("GET", "/types/{type}", show),
]
