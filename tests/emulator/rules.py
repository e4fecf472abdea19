# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused, and in whose words. Pure: the state in, a fault or nothing out.

To model another constraint of EVS, add a function to EVS_CONSTRAINTS.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.emulator import errors
from tests.emulator.state import State, Volume, demand

SYSTEM_DEVICES = ("/dev/vda", "/dev/sda", "/dev/xvda")
Rule = Callable[[State, Volume], "str | None"]


def system_disk(state: State, volume: Volume) -> str | None:
    """Refuse by the device of an attached disk, or else the bootable flag (EVS_API B.4.4).

    Whether EVS refuses a detached bootable disk is not documented (EVS_API L.b); this one does.
    """
    devices = {attachment.get("device") for attachment in volume.attachments}
    if volume.bootable or devices & set(SYSTEM_DEVICES):
        return f"Volume {volume.id} is a system disk and cannot be transferred."
    return None


def attached(state: State, volume: Volume) -> str | None:
    """Refuse a disk with attachments, whatever its status says (EVS_API B.3)."""
    if volume.attachments:
        return f"Volume {volume.id} is attached to a server and cannot be transferred."
    return None


def encrypted(state: State, volume: Volume) -> str | None:
    """Refuse by the metadata, where Cinder does not look (EVS_API B.4.1)."""
    metadata = volume.metadata
    if volume.vendor_encrypted or metadata.get("__system__encrypted") == "1" or metadata.get("__system__cmkid"):
        return f"Volume {volume.id} is encrypted and cannot be transferred."
    return None


EVS_CONSTRAINTS: tuple[Rule, ...] = (system_disk, attached, encrypted)


def check_offer(state: State, volume: Volume) -> None:
    """Refuse to offer a volume: first what Cinder refuses, then what only EVS does.

    EVS documents a 400 and no code for these (EVS_API A.8, H), so the code is the general one
    of an invalid request. It may check at accept once more (EVS_API J); this one does not.
    """
    if volume.status != "available":
        raise errors.cinder(400, "Invalid volume: status must be available")
    if volume.encrypted:
        raise errors.cinder(400, "Invalid volume: transferring encrypted volume is not supported")
    for rule in EVS_CONSTRAINTS:
        reason = rule(state, volume)
        if reason:
            raise errors.evs(400, "EVS.5400", reason)


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
