# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What keeps a disk from being transferred: one pure function a constraint.

A constraint gets what is known of a disk and returns a blocker, or None where the disk passes.
Sources: EVS user guide, "Managing EVS Transfers" (the list of constraints); EVS API reference,
"Querying Details About a Disk" (the fields).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import quoted
from ansible_collections.otc.evs.plugins.module_utils._model.parse import Named
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.protection import (
    Backup,
    Pair,
    Placement,
    Policy,
    Snapshot,
    Vault,
)
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AVAILABLE,
    AWAITING_TRANSFER,
    IN_USE,
    Transfer,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.along import NOTHING_ALONG, Along
from ansible_collections.otc.evs.plugins.module_utils._text import safe, safe_message

MOST_NAMED = 10
"""So many snapshots and the like a sentence names; the evidence holds all."""
DEDICATED = ("DSS", "DESS")
SYSTEM_DEVICES = ("/dev/vda", "/dev/sda", "/dev/xvda")


@dataclass(frozen=True)
class UsableTypes:
    """The names and IDs of the volume types that a project may use."""

    project: Project
    types: frozenset[str]


@dataclass(frozen=True)
class Facts:
    """What is known of one disk; `transfer` is its pending one, if the disk is offered."""

    volume: Volume
    transfer: Transfer | None = None
    snapshots: Sequence[Snapshot] = ()
    backups: Sequence[Backup] = ()
    vaults: Sequence[Vault] = ()
    policies: Mapping[str, Sequence[Policy]] = field(default_factory=dict)
    """By the ID of the vault."""
    pairs: Sequence[Pair] = ()
    placement: Placement | None = None
    vendor_encrypted: bool = False
    """Whether EVS itself calls the disk encrypted, where the metadata do not."""
    along: Along = NOTHING_ALONG
    usable: UsableTypes | None = None
    """What the target may use, if that was asked."""


@dataclass(frozen=True)
class Blocker:
    """Why a disk cannot be transferred, the fields that show it, and what its owner can do."""

    constraint: str
    reason: str
    evidence: Mapping[str, Any]
    remedy: str

    def as_result(self) -> dict[str, Any]:
        """The blocker as the modules return it: sentences that are safe to show, and the evidence as it is."""
        return asdict(replace(self, reason=safe_message(self.reason), remedy=safe_message(self.remedy)))


def status(facts: Facts) -> Blocker | None:
    """EVS and Cinder transfer disks in status available; in-use is the constraint `attached`."""
    volume = facts.volume
    if volume.status in (AVAILABLE, IN_USE):
        return None
    evidence: dict[str, Any] = {"status": volume.status}
    if volume.status != AWAITING_TRANSFER:
        remedy = "Wait until the disk is available; a disk in an error status has to be repaired first."
        return Blocker("status", f"its status is {safe(volume.status)}, not available", evidence, remedy)
    if facts.transfer is None:
        remedy = (
            "Nobody can accept or withdraw what is not there: an administrator of the cloud has to reset the status."
        )
        return Blocker("status", f"its status is {volume.status}, but there is no transfer of it", evidence, remedy)
    transfer = facts.transfer
    evidence.update(transfer_id=transfer.id, transfer_name=transfer.name, created_at=transfer.created_at)
    return Blocker(
        "status",
        f"it is offered already, by transfer {safe(transfer.id)} called {quoted(transfer.name)}, "
        f"since {transfer.created_at or 'an unknown time'}",
        evidence,
        "Let the transfer be accepted, or withdraw it with evs_transfer and state: absent.",
    )


def attached(facts: Facts) -> Blocker | None:
    volume = facts.volume
    if volume.status != IN_USE and not volume.attachments:
        return None
    where = [
        f"server {safe(item.server_id) or 'unknown'} as {safe(item.device) or 'unknown device'}"
        for item in volume.attachments
    ]
    return Blocker(
        "attached",
        f"it is attached to {_some(where) or 'a server'}",
        {"status": volume.status, "attachments": [asdict(item) for item in volume.attachments]},
        "Unmount it in the server and detach it.",
    )


def encrypted(facts: Facts) -> Blocker | None:
    """EVS tells it in the metadata and calls the field `encrypted` unsupported; Cinder has only the field."""
    volume = facts.volume
    evidence = {
        key: volume.metadata[key] for key in ("__system__encrypted", "__system__cmkid") if _says(volume, key, but="0")
    }
    if volume.encrypted or facts.vendor_encrypted:
        evidence["encrypted"] = "true"
    if not evidence:
        return None
    if facts.along.takes("encrypted"):
        return None
    key = evidence.get("__system__cmkid")
    return Blocker(
        "encrypted",
        "it is encrypted" + (f" with the key {safe(key)}" if key else "") + _not_along(facts, "encrypted"),
        evidence,
        "An encrypted disk cannot change its owner: make a disk without encryption in the source, copy the data, "
        "and transfer that one.",
    )


def system_disk(facts: Facts) -> Blocker | None:
    volume = facts.volume
    devices = [item.device for item in volume.attachments if item.device in SYSTEM_DEVICES]
    if not devices and not volume.bootable:
        return None
    reason = (
        f"it is the system disk of a server, {devices[0]}"
        if devices
        else "it is bootable: a system disk, or a data disk with that flag"
    )
    return Blocker(
        "system_disk",
        reason,
        {"bootable": volume.bootable, "devices": devices},
        "Transfer an image of a system disk instead. If it is a data disk, clear the flag "
        "(openstack volume set --non-bootable), or name system_disk in ignore_constraints.",
    )


def snapshots(facts: Facts) -> Blocker | None:
    """Any snapshot of the disk blocks it, whatever its status; the one it was made from is none of these."""
    if not facts.snapshots:
        return None
    if facts.along.takes("snapshots"):
        return _not_ready(facts.snapshots)
    own = [snapshot for snapshot in facts.snapshots if not snapshot.of_a_backup]
    kept = [snapshot for snapshot in facts.snapshots if snapshot.of_a_backup]
    remedies = []
    if own:
        remedies.append(f"Delete {_labels(own)}; make a disk of it before, if it is still needed.")
    if kept:
        remedies.append(f"{_labels(kept)} was made by a backup and goes only with it: delete the backups of the disk.")
    return Blocker(
        "snapshots",
        f"it has {_count(facts.snapshots, 'snapshot')}: {_labels(facts.snapshots)}{_not_along(facts, 'snapshots')}",
        {"snapshots": [asdict(snapshot) for snapshot in facts.snapshots]},
        " ".join(remedies),
    )


def _not_ready(found: Sequence[Snapshot]) -> Blocker | None:
    """Cinder takes along all snapshots of a disk, and only if each of them is available."""
    others = [snapshot for snapshot in found if snapshot.status != AVAILABLE]
    if not others:
        return None
    named = ", ".join(f"{snapshot.label}, {snapshot.status or 'status unknown'}" for snapshot in others)
    return Blocker(
        "snapshots",
        f"not all of its snapshots can be taken along: {named}",
        {"snapshots": [asdict(snapshot) for snapshot in others]},
        "Wait until they are available, or delete them.",
    )


def _not_along(facts: Facts, constraint: str) -> str:
    """What to say of what was to be taken along, and cannot be."""
    if constraint not in facts.along.asked:
        return ""
    return f", which cannot be taken along: {facts.along.refusal(constraint)}"


def backups(facts: Facts) -> Blocker | None:
    """Backups of the disk, by itself or as a part of its server."""
    if not facts.backups:
        return None
    remedy = "Delete the backups, if nobody needs them: they stay with the source, and the target cannot restore them."
    return Blocker(
        "backups",
        f"it has {_count(facts.backups, 'backup')}: {_labels(facts.backups)}",
        {"backups": [asdict(backup) for backup in facts.backups]},
        remedy + _if_locked(facts.vaults),
    )


def backup_policy(facts: Facts) -> Blocker | None:
    """A disk is bound to a policy by its vault (CBR), or by its metadata (VBS)."""
    reasons, remedies = [], []
    evidence: dict[str, Any] = {}
    bound = [vault for vault in facts.vaults if facts.policies.get(vault.id)]
    if bound:
        evidence["vaults"] = [
            {"id": vault.id, "name": vault.name, "policies": [policy.id for policy in facts.policies[vault.id]]}
            for vault in bound
        ]
        for vault in bound:
            names = _some(
                [policy.label + ("" if policy.enabled else ", disabled") for policy in facts.policies[vault.id]]
            )
            reasons.append(f"it is in vault {vault.label}, to which the policy {names} is applied")
        remedies.append(
            "Remove the policy from the vault, or the disk from the vault; "
            "note that this deletes the backups of the disk there." + _if_locked(bound)
        )
        if any(vault.binds_by_itself for vault in bound):
            remedies.append("The vault adds disks automatically, by their tags: exclude this one first.")
    if _says(facts.volume, "policy"):
        old_policy = facts.volume.metadata["policy"]
        evidence["policy"] = old_policy
        reasons.append(f"it is bound to the backup policy {safe(old_policy)} of VBS")
        remedies.append("Remove the disk from that policy in Volume Backup Service.")
    if not reasons:
        return None
    return Blocker("backup_policy", _some(reasons, "; "), evidence, " ".join(remedies))


def replication_pair(facts: Facts) -> Blocker | None:
    if not facts.pairs:
        return None
    named = _some([f"{pair.label}, {safe(pair.status)}" for pair in facts.pairs])
    return Blocker(
        "replication_pair",
        f"it is in the replication pair {named}",
        {
            "pairs": [
                {"id": pair.id, "status": pair.status, "volume_ids": sorted(pair.volume_ids)} for pair in facts.pairs
            ]
        },
        "Delete the replication pair in Storage Disaster Recovery Service; it binds both of its disks.",
    )


def prepaid(facts: Facts) -> Blocker | None:
    if not _says(facts.volume, "orderID"):
        return None
    order = facts.volume.metadata["orderID"]
    return Blocker(
        "prepaid",
        f"it is paid for by the month or year, with order {safe(order)}",
        {"orderID": order},
        "Change it to pay per use, or wait until the order has ended.",
    )


def dedicated_storage(facts: Facts) -> Blocker | None:
    placement = facts.placement
    if placement is None or not (placement.service_type in DEDICATED or placement.pool_id):
        return None
    pool = placement.pool_name or placement.pool_id
    return Blocker(
        "dedicated_storage",
        f"it is on dedicated storage ({safe(placement.service_type) or 'EVS'}{', pool ' + safe(pool) if pool else ''})",
        {"service_type": placement.service_type, "dedicated_storage_id": placement.pool_id or None},
        "Copy its data to a new disk on shared storage, and transfer that one.",
    )


def group(facts: Facts) -> Blocker | None:
    """A disk in a group of Cinder; what is left of the group breaks the lists of the project that gets the disk."""
    group_id = facts.volume.group_id
    if not group_id:
        return None
    return Blocker(
        "group",
        f"it is in the volume group {group_id}",
        {"group_id": group_id},
        f"Remove it from the group: cinder group-update --remove-volumes {facts.volume.id} {group_id} "
        "(for an old consistency group: openstack consistency group remove volume).",
    )


def volume_type(facts: Facts) -> Blocker | None:
    """A type that the target may not use; nothing is known of that without the target's credentials."""
    return unusable(facts.volume.volume_type, facts.usable)


def unusable(wanted: str | None, usable: UsableTypes | None) -> Blocker | None:
    """A type that a project may not use."""
    if usable is None or not wanted or wanted in usable.types:
        return None
    project = usable.project
    return Blocker(
        "volume_type",
        f"its type is {wanted}, which is none of the volume types that project {project.label} may use",
        {"volume_type": wanted},
        f"Let an administrator of the cloud give that project access to the type (openstack volume type set --project "
        f"{project.id} {wanted}), or change the type of the disk.",
    )


def _says(volume: Volume, key: str, but: str = "") -> bool:
    """Whether the metadata of a disk say something under this key: an empty value, false and `but` say no."""
    return volume.metadata.get(key, "").lower() not in ("", "false", but)


def _labels(items: Sequence[Named]) -> str:
    return _some([item.label for item in items])


def _some(texts: Sequence[str], separator: str = ", ") -> str:
    """The first of them, and how many more there are."""
    rest = len(texts) - MOST_NAMED
    return separator.join(texts[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _count(items: Sequence[Named], what: str) -> str:
    return f"{len(items)} {what}" + ("" if len(items) == 1 else "s")


def _if_locked(vaults: Sequence[Vault]) -> str:
    locked = [vault for vault in vaults if vault.locked]
    return f" Vault {_labels(locked)} is locked, so neither is possible before the lock ends." if locked else ""


CONSTRAINTS: Mapping[str, Callable[[Facts], Blocker | None]] = {
    check.__name__: check
    for check in (
        status,
        attached,
        encrypted,
        snapshots,
        backups,
        backup_policy,
        system_disk,
        replication_pair,
        prepaid,
        dedicated_storage,
        group,
        volume_type,
    )
}
"""The constraints that are a disk's own; `volume_type` is checked where the target is known."""
IN_ALL = ("quota", "region")
"""Constraints on all disks together, checked in the target; see quota.py and region.py."""
NAMES = (*CONSTRAINTS, *IN_ALL)


def blockers(facts: Facts, ignored: Collection[str] = ()) -> list[Blocker]:
    """Every constraint that the disk violates, but for those that the user takes on himself."""
    found = (check(facts) for name, check in CONSTRAINTS.items() if name not in ignored)
    return [blocker for blocker in found if blocker is not None]


def cautions(facts: Facts) -> list[str]:
    """What does not block the disk and is still worth knowing."""
    idle = [vault for vault in facts.vaults if not facts.policies.get(vault.id)]
    if not idle:
        return []
    return [f"It is in vault {_labels(idle)}, to which no policy is applied; the vault will lose it."]
