# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service catalogue, as in eu-de (EVS_API G.5)."""

from __future__ import annotations

from typing import Any

from tests.emulator.state import State, stable_id

ENTRIES: list[tuple[str, str, str, str]] = [
    ("identity", "keystone", "identity", "/v3"),
    ("volumev2", "cinderv2", "evs", "/v2/{project}"),
    ("volume", "cinder", "evs", "/v2/{project}"),
    ("evs", "evs", "evs", "/v2/{project}"),
    ("volumev3", "cinderv3", "evs", "/v3/{project}"),
    ("cbr", "cbr", "cbr", "/v3/{project}"),
    ("vbsv2", "vbsv2", "vbs", "/v2/{project}"),
    ("vbs", "volume-backup", "vbs", "/v2/"),
    ("sdrs", "sdrs", "sdrs", "/v1/{project}"),
    ("sdrs", "sdrs", "sdrs", "/v1/{project}"),
    ("compute", "nova", "compute", "/v2.1/{project}"),
    ("ecs", "ecs", "compute", "/v1/{project}"),
]
"""Type, name, the service's key in State.endpoints, path.

Only `vbs` lacks the project, and `sdrs` is there twice.
"""

ONLY_V3 = ("identity", "volumev3")
LEFT_OVER = ("identity", "volumev2", "volumev3")


def catalog(state: State, project_id: str) -> list[dict[str, Any]]:
    """Return the catalogue of a project."""
    region = state.config.region
    listed = []
    for kind, name, service, path in ENTRIES:
        if service != "identity" and not state.has(service):
            continue
        if (state.config.volumev3_only and kind not in ONLY_V3) or (state.config.leftover_v2 and kind not in LEFT_OVER):
            continue
        url = state.endpoints[service] + path.format(project=project_id)
        endpoints = [
            {
                "id": stable_id(f"endpoint {kind}{state.config.cloud} {place}").replace("-", ""),
                "interface": "public",
                "region": place,
                "region_id": place,
                "url": url,
            }
            for place in (region, *state.config.more_regions)
        ]
        service_id = stable_id(f"service {kind}{state.config.cloud}").replace("-", "")
        listed.append({"id": service_id, "type": kind, "name": name, "endpoints": endpoints})
    return listed
