# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version documents of EVS, which anybody may read."""

from __future__ import annotations

from typing import Any

from tests.emulator.access import MIN_VERSION, text
from tests.emulator.calls import Call, Reply, Route


def version(call: Call, name: str) -> dict[str, Any]:
    """Show one version of the API (EVS_API A, J: v2 is recommended, v3 is CURRENT)."""
    current = name == "v3"
    return {
        "id": f"{name}.0",
        "status": "CURRENT" if current else "SUPPORTED",
        "version": call.state.config.microversion if current else "",
        "min_version": text(MIN_VERSION) if current else "",
        "updated": "2018-02-08T00:00:00Z",
        "links": [{"rel": "self", "href": f"{call.base}/{name}/"}],
        "media-types": [],
    }


def both(call: Call) -> Reply:
    """List the versions; EVS answers 300 here (EVS_API J)."""
    return Reply(300, {"versions": [version(call, "v2"), version(call, "v3")]})


def one(call: Call) -> Reply:
    """Show the version in the URL."""
    return Reply(200, {"versions": [version(call, call.version)]})


ROUTES: list[Route] = [
    ("GET", "/", both),
    *(("GET", path, one) for path in ("/v2", "/v2/", "/v3", "/v3/")),
]
