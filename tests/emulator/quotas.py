# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of the caller's project (EVS_API F)."""

from __future__ import annotations

from typing import Any

from tests.emulator import errors
from tests.emulator.calls import Call, Reply, Route
from tests.emulator.state import Limit, default_quota


def show(call: Call) -> Reply:
    """Show limits, and with usage=True what is used of them."""
    quota = call.state.quotas[own_project(call)]
    if call.query.get("usage", "").lower() == "true":
        used = call.state.usage[call.project_id]
        return answer(call, {n: usage(used[n], q) for n, q in quota.items() if q.limit is not None})
    return answer(call, {n: q.limit for n, q in quota.items() if q.limit is not None})


def defaults(call: Call) -> Reply:
    """Show the limits of a new project."""
    own_project(call)
    return answer(call, {name: entry.limit for name, entry in default_quota().items()})


def usage(in_use: int, entry: Limit) -> dict[str, int | None]:
    """Show one quota."""
    return {"limit": entry.limit, "in_use": in_use, "reserved": entry.reserved}


def answer(call: Call, quota: dict[str, Any]) -> Reply:
    """Wrap the quotas."""
    return Reply(200, {"quota_set": quota | {"id": call.project_id}})


def own_project(call: Call) -> str:
    """Return the project asked about: nobody may ask about another than his own."""
    if call.params["target"] != call.project_id:
        raise errors.forbidden("volume_extension:quotas:show")
    return call.project_id


ROUTES: list[Route] = [
    ("GET", "/os-quota-sets/{target}", show),
    ("GET", "/os-quota-sets/{target}/defaults", defaults),
]
