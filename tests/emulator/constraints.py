# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a disk from being transferred: one function a constraint, the state in, a reason out.

This is the emulator's own reading of EVS_API B to E and shares nothing with the collection, so
that each can be held against the other. To model another constraint, add a function here.

EVS may check other things in another order; no document says. A service that the catalogue does
not list does not exist in this region: nothing of it holds a disk.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.emulator.state import State, Volume

SYSTEM_DEVICES = ("/dev/vda", "/dev/sda", "/dev/xvda")
Rule = Callable[[State, Volume], "str | None"]


def status(state: State, volume: Volume) -> str | None:
    """Refuse any status but available; `in-use` is the business of `attached` (EVS_API B.5)."""
    return None if volume.status in ("available", "in-use") else f"is in status {volume.status}"


def system_disk(state: State, volume: Volume) -> str | None:
    """Refuse by the device of an attached disk, or else the bootable flag (EVS_API B.4.4).

    Whether EVS refuses a detached bootable disk is not documented (EVS_API L.b); this one does.
    """
    devices = {attachment.get("device") for attachment in volume.attachments}
    return "is a system disk" if volume.bootable or devices & set(SYSTEM_DEVICES) else None


def attached(state: State, volume: Volume) -> str | None:
    """Refuse a disk with attachments, whatever its status says (EVS_API B.3)."""
    return "is attached to a server" if volume.attachments or volume.status == "in-use" else None


def encrypted(state: State, volume: Volume) -> str | None:
    """Refuse by the metadata, where Cinder does not look (EVS_API B.4.1)."""
    marked = volume.metadata.get("__system__encrypted") in ("1", 1, True) or volume.metadata.get("__system__cmkid")
    return "is encrypted" if volume.encrypted or volume.vendor_encrypted or marked else None


def snapshots(state: State, volume: Volume) -> str | None:
    """Refuse a disk with snapshots of any status and whoever made them (EVS_API B.4.2a)."""
    return "has snapshots" if any(state.protection.snapshots_of(volume)) else None


def backups(state: State, volume: Volume) -> str | None:
    """Refuse a disk with backups of any status and kind (EVS_API C): either is enough (J)."""
    return "has backups" if any(map(state.exists, state.protection.backups_of(volume))) else None


def backup_policy(state: State, volume: Volume) -> str | None:
    """Refuse a disk with a policy of VBS, or in a vault with any policy, enabled or not (EVS_API D)."""
    by_vbs = volume.metadata.get("policy") or (state.has("vbs") and state.protection.vbs_policies.of(volume.id))
    by_cbr = state.has("cbr") and any(state.protection.policies_of(volume))
    return "has a backup policy" if by_vbs or by_cbr else None


def replication_pair(state: State, volume: Volume) -> str | None:
    """Refuse both disks of a pair, whatever the pair's status (EVS_API E, M)."""
    held = state.has("sdrs") and any(state.protection.pairs_of(volume))
    return "belongs to a replication pair" if held else None


def prepaid(state: State, volume: Volume) -> str | None:
    """Refuse a disk that was ordered for a month or a year (EVS_API B.4.6)."""
    return "is billed yearly or monthly" if volume.metadata.get("orderID") else None


def dedicated_storage(state: State, volume: Volume) -> str | None:
    """Refuse a disk in a pool of its tenant (EVS_API B.4.7)."""
    held = volume.service_type in ("DSS", "DESS") or volume.dedicated_storage_id
    return "is in dedicated storage" if held else None


def group(state: State, volume: Volume) -> str | None:
    """Refuse a disk in a group: Cinder does so at the accept, or breaks the lists of the new owner.

    No document of EVS tells of groups.
    """
    return "belongs to a group" if volume.group_id or volume.consistencygroup_id else None


CONSTRAINTS: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        status,
        system_disk,
        attached,
        encrypted,
        snapshots,
        backups,
        backup_policy,
        replication_pair,
        prepaid,
        dedicated_storage,
        group,
    )
}


def violated(state: State, volume: Volume) -> dict[str, str]:
    """Return the constraints that a disk violates, each with the reason."""
    found = {name: rule(state, volume) for name, rule in CONSTRAINTS.items()}
    return {name: reason for name, reason in found.items() if reason}
