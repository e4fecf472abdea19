# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata of a volume by itself, as Cinder has them and EVS documents them in `metadata` only (EVS_API B.3)."""

from __future__ import annotations

from typing import Any

from tests.emulator import errors
from tests.emulator.access import authorize
from tests.emulator.calls import Call, Reply, Route, invalid
from tests.emulator.volumes import own_volume


def show_all(call: Call) -> Reply:
    """Show all of a volume's metadata."""
    return Reply(200, {"metadata": own_volume(call).metadata})


def show(call: Call) -> Reply:
    """Show one of them."""
    key = known_key(call)
    return Reply(200, {"meta": {key: own_volume(call).metadata[key]}})


def add(call: Call) -> Reply:
    """Set some and keep the others."""
    return change(call, own_volume(call).metadata | given(call, "metadata"))


def replace(call: Call) -> Reply:
    """Set all of them."""
    return change(call, given(call, "metadata"))


def replace_one(call: Call) -> Reply:
    """Set one of them, the one in the URL."""
    meta = given(call, "meta")
    if list(meta) != [call.params["key"]]:
        raise errors.cinder(400, "Request body and URI mismatch")
    change(call, own_volume(call).metadata | meta)
    return Reply(200, {"meta": meta})


def remove(call: Call) -> Reply:
    """Delete one of them."""
    key = known_key(call)
    change(call, {k: v for k, v in own_volume(call).metadata.items() if k != key})
    return Reply(200)


def change(call: Call, metadata: dict[str, str]) -> Reply:
    """Store them."""
    volume = own_volume(call)
    authorize(call, "volume:update_volume_metadata")
    if volume.status == "awaiting-transfer":
        # EVS_API A.7: no operation is allowed on a disk on offer.
        raise errors.cinder(400, "Invalid volume: Volume status must not be awaiting-transfer.")
    call.state.change_volume(volume, metadata=metadata)
    return Reply(200, {"metadata": metadata})


def given(call: Call, name: str) -> dict[str, str]:
    """Return what the body gives: strings by strings."""
    body = call.body(name)
    wrong: list[Any] = [value for value in body.values() if not isinstance(value, str)]
    if wrong:
        raise errors.cinder(400, invalid(name, body, f"{wrong[0]!r} is not of type 'string'"))
    return body


def known_key(call: Call) -> str:
    """Return the key in the URL, if the volume has it."""
    key = call.params["key"]
    if key not in own_volume(call).metadata:
        raise errors.cinder(404, f"Volume {call.params['volume']} has no metadata with key {key}.")
    return key


ROUTES: list[Route] = [
    ("GET", "/volumes/{volume}/metadata", show_all),
    ("POST", "/volumes/{volume}/metadata", add),
    ("PUT", "/volumes/{volume}/metadata", replace),
    ("GET", "/volumes/{volume}/metadata/{key}", show),
    ("PUT", "/volumes/{volume}/metadata/{key}", replace_one),
    ("DELETE", "/volumes/{volume}/metadata/{key}", remove),
]
