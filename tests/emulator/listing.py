# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters, order and pages of the volume lists (EVS_API B.2)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any

from tests.emulator import errors
from tests.emulator.calls import Call
from tests.emulator.state import Volume, stable_id

MOST = 1000
"""The largest page (EVS_API B.2)."""
SORT_KEYS = ("id", "status", "size", "created_at", "name")
Test = Callable[[Volume], bool]
Filter = Callable[[str], Test]
"""Makes a test of volumes from the value of a query parameter."""


@dataclass(frozen=True)
class Page:
    """A page of volumes, and whether there may be another."""

    volumes: list[Volume]
    more: bool


def equal(name: str) -> Filter:
    """Return a filter on a field."""
    return lambda value: lambda volume: getattr(volume, name) == value


def literal(name: str, value: str) -> Any:
    """Read a dict or list from the query: EVS documents Python's notation (EVS_API B.2)."""
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        raise errors.evs(400, "EVS.5400", f"The {name} filter is malformed.") from None


def by_metadata(value: str) -> Test:
    """Keep volumes that have all of these metadata."""
    wanted = literal("metadata", value)
    if not isinstance(wanted, dict):
        raise errors.evs(400, "EVS.5400", "The metadata filter is malformed.")
    return lambda volume: wanted.items() <= volume.metadata.items()


def by_ids(value: str) -> Test:
    """Keep volumes with one of at most 60 ids; unknown ones are not an error."""
    wanted = literal("ids", value)
    if not isinstance(wanted, list) or len(wanted) > 60:
        raise errors.evs(400, "EVS.5400", "The ids filter takes a list of at most 60 ids.")
    return lambda volume: volume.id in wanted


def by_multiattach(value: str) -> Test:
    """Keep shared volumes, or those that are not."""
    return lambda volume: volume.multiattach == (value.lower() == "true")


def by_bootable(value: str) -> Test:
    """Keep volumes to boot from, or those that are not; anything but a boolean is an error, as in Cinder."""
    if value.lower() not in ("true", "false", "1", "0"):
        raise errors.cinder(400, f"Invalid input received: bootable={{'bootable': '{value}'}}")
    return lambda volume: volume.bootable == (value.lower() in ("true", "1"))


def by_type_id(value: str) -> Test:
    """Keep volumes of the type with that id."""
    return lambda volume: type_id(volume.volume_type or "") == value


def by_server(value: str) -> Test:
    """Keep volumes attached to that server."""
    return lambda volume: any(a.get("server_id") == value for a in volume.attachments)


def type_id(name: str) -> str:
    """Return the id of a volume type."""
    return stable_id(f"volume type {name}")


CINDER_FILTERS: dict[str, Filter] = {
    "name": equal("name"),
    "status": equal("status"),
    "availability_zone": equal("availability_zone"),
    "metadata": by_metadata,
    # Of v3, by the change history of the documents (EVS_API B.2); Cinder has it in v2, too.
    "bootable": by_bootable,
}
VENDOR_FILTERS: dict[str, Filter] = CINDER_FILTERS | {
    "id": equal("id"),
    "ids": by_ids,
    "multiattach": by_multiattach,
    "volume_type_id": by_type_id,
}
CLOUD_FILTERS: dict[str, Filter] = VENDOR_FILTERS | {
    "server_id": by_server,
    "service_type": equal("service_type"),
    "enterprise_project_id": equal("enterprise_project_id"),
    "dedicated_storage_id": equal("dedicated_storage_id"),
    "dedicated_storage_name": equal("dedicated_storage_name"),
}


def matching(call: Call, filters: Mapping[str, Filter], after: Volume | None) -> Iterator[Volume]:
    """Yield the caller's volumes that pass the filters; parameters not known are ignored."""
    query = dict(call.query)
    if "ids" in query:
        query.pop("id", None)
    if query.get("enterprise_project_id") == "all_granted_eps":
        del query["enterprise_project_id"]
    tests = [make(query[name]) for name, make in filters.items() if name in query]
    volumes = ordered(call, after)
    if call.query.get("all_tenants") in ("1", "true", "True") and call.token.role == "admin":
        volumes = everybodys(call, after)
    if len(tests) < 2:
        return filter(tests[0] if tests else None, volumes)
    return (volume for volume in volumes if all(test(volume) for test in tests))


def ordered(call: Call, after: Volume | None) -> Iterable[Volume]:
    """Return the caller's volumes in the order asked for, from behind the marker on."""
    key, descending = order(call)
    if key == "created_at":
        return call.state.volumes_by_age(call.project_id, descending, after)
    everything = list(call.state.volumes_by_age(call.project_id, descending))
    rank = attrgetter(key)
    everything.sort(key=lambda volume: (rank(volume) or "", volume.id), reverse=descending)
    if after is None:
        return everything
    return everything[everything.index(after) + 1 :]


def everybodys(call: Call, after: Volume | None) -> Iterable[Volume]:
    """Return the volumes of all projects, which Cinder shows to an administrator, the newest first."""
    everything = sorted(call.state.volumes.values(), key=attrgetter("created_at", "id"), reverse=True)
    return everything if after is None else everything[everything.index(after) + 1 :]


def order(call: Call) -> tuple[str, bool]:
    """Return the key to sort by and whether it descends."""
    first = call.query.get("sort", "").split(",")[0]
    key, dummy, direction = first.partition(":")
    key = key or call.query.get("sort_key", "created_at")
    direction = direction or call.query.get("sort_dir", "desc")
    key = {"display_name": "name"}.get(key, key)
    if key not in SORT_KEYS or direction not in ("asc", "desc"):
        raise errors.cinder(400, "Invalid input received: Invalid sort key or direction")
    return key, direction == "desc"


def page(call: Call, filters: Mapping[str, Filter]) -> Page:
    """Return the page of the caller's volumes that the query asks for."""
    limit, offset = window(call, least_offset=1)
    found = matching(call, filters, marker(call))
    volumes = list(islice(found, offset, offset + limit))
    # As in Cinder, a full page has a next link even when nothing follows.
    return Page(volumes, more=bool(volumes) and len(volumes) == limit)


def count(call: Call, filters: Mapping[str, Filter]) -> int:
    """Return how many of the caller's volumes pass the filters, on all pages."""
    return sum(1 for dummy in matching(call, filters, None))


def marker(call: Call) -> Volume | None:
    """Return the volume behind which the page starts."""
    volume_id = call.query.get("marker")
    if not volume_id:
        return None
    return own_volume(call, volume_id)


def own_volume(call: Call, volume_id: str) -> Volume:
    """Return a volume of the caller's; an administrator is shown those of others too, as by Cinder."""
    owner = None if call.token.role == "admin" else call.project_id
    volume = call.state.volumes.get(volume_id)
    if volume is None or owner not in (None, volume.project_id):
        raise errors.volume_not_found(volume_id)
    return volume


def window(call: Call, least_offset: int) -> tuple[int, int]:
    """Return limit and offset; EVS documents the ranges, and Cinder has none (EVS_API B.2, B.4.2a, L.j)."""
    try:
        limit, offset = int(call.query.get("limit", MOST)), int(call.query.get("offset", 0))
    except ValueError:
        raise errors.evs(400, "EVS.5400", "The limit and the offset must be integers.") from None
    if not 1 <= limit <= MOST:
        raise errors.evs(400, "EVS.5400", f"The limit must be between 1 and {MOST}.")
    if offset < ("offset" in call.query and least_offset):
        raise errors.evs(400, "EVS.5400", f"The offset must be at least {least_offset}.")
    return min(limit, call.state.config.max_limit), offset


def number(call: Call, name: str, default: int) -> int:
    """Return a number from the query, or refuse it as Cinder does."""
    try:
        value = int(call.query.get(name, default))
    except ValueError:
        raise errors.cinder(400, f"{name} param must be an integer") from None
    if value < 0:
        raise errors.cinder(400, f"{name} param must be positive")
    return value
