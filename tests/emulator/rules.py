# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused, and in whose words. Pure: the state in, a refusal or nothing out."""

from __future__ import annotations

from collections.abc import Collection

from tests.emulator import constraints, errors
from tests.emulator.state import State, Volume, demand

MOST_BYTES = 255
"""Of the name of a transfer."""


def check_offer(state: State, volume: Volume, along: Collection[str] = ()) -> None:
    """Refuse to offer a volume: first what Cinder refuses, then what only EVS does."""
    if volume.status != "available":
        raise errors.cinder(400, "Invalid volume: status must be available")
    if volume.encrypted and "encrypted" not in along:
        raise errors.cinder(400, "Invalid volume: transferring encrypted volume is not supported")
    waiting = [snapshot.id for snapshot in state.protection.snapshots_of(volume) if snapshot.status != "available"]
    if "snapshots" in along and waiting:
        raise errors.cinder(400, f"Invalid snapshot: snapshot: {waiting[0]} status must be available")
    check_constraints(state, volume, along)


def check_name(state: State, name: str | None) -> None:
    """Refuse a name of a transfer: mandatory, and so long at most (EVS_API A.1).

    EVS counts bytes where Cinder counts characters; how it words a refusal is not documented.
    """
    if not name and not state.config.name_optional:
        raise errors.evs(400, "EVS.5400", "The name of the transfer is mandatory.")
    if len((name or "").encode()) > MOST_BYTES or len(name or "") > state.config.name_characters:
        raise errors.evs(400, "EVS.5400", "The name of the transfer is too long.")


def check_accept(state: State, volume: Volume, project_id: str, along: Collection[str] = ()) -> None:
    """Refuse to hand over a volume that must not be offered any more.

    The page of the accept repeats the constraints, and a policy can be bound to a disk on offer
    (EVS_API J). Cinder's own checks of the offer come after this one. Whether a project may accept
    its own offer is documented nowhere (EVS_API L.i).
    """
    if state.config.refuse_own_accept and volume.project_id == project_id:
        raise errors.evs(400, "EVS.5400", f"Volume {volume.id} belongs to this project already.")
    check_constraints(state, volume, along)


def check_type(state: State, project_id: str, volume: Volume) -> None:
    """Refuse a private type that the project may not use, as Cinder does at the accept."""
    private, project = state.config.private_types, state.projects[project_id].name
    if volume.volume_type and project not in private.get(volume.volume_type, [project]):
        raise errors.cinder(404, f"Volume type {volume.volume_type} could not be found.")


def check_constraints(state: State, volume: Volume, along: Collection[str]) -> None:
    """Refuse what EVS does beyond Cinder, with the first reason there is.

    EVS documents a 400 and no code for any constraint (EVS_API A.8, H: "no code is specific"), so
    the code is the general one of an invalid request.
    """
    for name, reason in constraints.violated(state, volume).items():
        if name != "status" and name not in along:
            raise errors.evs(400, "EVS.5400", f"Volume {volume.id} {reason} and cannot be transferred.")


def check_quota(state: State, project_id: str, size: int, volume_type: str | None) -> None:
    """Refuse what does not fit into a project's quota, in the order and words of Cinder."""
    quota = state.quotas[project_id]
    largest = quota["per_volume_gigabytes"].limit
    if largest is not None and 0 <= largest < size:
        raise errors.over_limit(
            f"VolumeSizeExceedsLimit: Requested volume size {size}G is larger than maximum allowed limit {largest}G."
        )
    for name, need in sorted(demand(size, volume_type).items()):
        entry = quota.get(name)
        if entry is None or entry.limit is None or entry.limit < 0:
            continue
        consumed = state.usage[project_id][name] + entry.reserved
        if consumed + need <= entry.limit:
            continue
        if name.startswith("gigabytes"):
            raise errors.over_limit(
                f"Requested volume or snapshot exceeds allowed {name} quota. Requested {size}G, "
                f"quota is {entry.limit}G and {consumed}G has been consumed."
            )
        raise errors.over_limit(
            f"VolumeLimitExceeded: Maximum number of volumes allowed ({entry.limit}) exceeded for quota '{name}'."
        )
