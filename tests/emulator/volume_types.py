# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volume types."""

from __future__ import annotations

from typing import Any

from tests.emulator import errors, listing
from tests.emulator.calls import Call, Reply, Route
from tests.emulator.state import known_types


def usable(call: Call) -> list[str]:
    """Return the names of the types that the caller's project may use."""
    private, project = call.state.config.private_types, call.state.projects[call.project_id].name
    names = known_types(call.state.volumes.values())
    return [name for name in names if project in private.get(name, [project])]


def view(call: Call, name: str) -> dict[str, Any]:
    """Show a volume type."""
    public = name not in call.state.config.private_types
    return {
        "id": listing.type_id(name),
        "name": name,
        "description": None,
        "is_public": public,
        "os-volume-type-access:is_public": public,
        "extra_specs": {},
        "qos_specs_id": None,
    }


def list_all(call: Call) -> Reply:
    """List the volume types."""
    return Reply(200, {"volume_types": [view(call, name) for name in usable(call)]})


def show(call: Call) -> Reply:
    """Show a volume type."""
    for name in usable(call):
        if call.params["type"] == listing.type_id(name):
            return Reply(200, {"volume_type": view(call, name)})
    raise errors.cinder(404, f"Volume type {call.params['type']} could not be found.")


ROUTES: list[Route] = [
    ("GET", "/types", list_all),
    ("GET", "/types/{type}", show),
]
