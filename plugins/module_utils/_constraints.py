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

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model import (
    AVAILABLE,
    AWAITING_TRANSFER,
    IN_USE,
    Transfer,
    Volume,
)

SYSTEM_DEVICES = ("/dev/vda", "/dev/sda", "/dev/xvda")


@dataclass(frozen=True)
class Facts:
    """What is known of one disk; `transfer` is its pending one, if the disk is offered."""

    volume: Volume
    transfer: Transfer | None = None


@dataclass(frozen=True)
class Blocker:
    """Why a disk cannot be transferred, the fields that show it, and what its owner can do."""

    constraint: str
    reason: str
    evidence: Mapping[str, Any]
    remedy: str

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


def status(facts: Facts) -> Blocker | None:
    """EVS and Cinder transfer disks in status available; in-use is the constraint `attached`."""
    volume = facts.volume
    if volume.status in (AVAILABLE, IN_USE):
        return None
    evidence: dict[str, Any] = {"status": volume.status}
    if volume.status != AWAITING_TRANSFER:
        remedy = "Wait until the disk is available; a disk in an error status has to be repaired first."
        return Blocker("status", f"its status is {volume.status}, not available", evidence, remedy)
    if facts.transfer is None:
        remedy = (
            "Nobody can accept or withdraw what is not there: an administrator of the cloud has to reset the status."
        )
        return Blocker("status", f"its status is {volume.status}, but there is no transfer of it", evidence, remedy)
    transfer = facts.transfer
    evidence.update(transfer_id=transfer.id, transfer_name=transfer.name, created_at=transfer.created_at)
    return Blocker(
        "status",
        f"it is offered already, by transfer {transfer.id} called {transfer.name!r}, "
        f"since {transfer.created_at or 'an unknown time'}",
        evidence,
        "Let the transfer be accepted, or withdraw it with evs_transfer and state: absent.",
    )


def attached(facts: Facts) -> Blocker | None:
    volume = facts.volume
    if volume.status != IN_USE and not volume.attachments:
        return None
    where = [
        f"server {item.server_id or 'unknown'} as {item.device or 'unknown device'}" for item in volume.attachments
    ]
    return Blocker(
        "attached",
        f"it is attached to {', '.join(where) or 'a server'}",
        {"status": volume.status, "attachments": [asdict(item) for item in volume.attachments]},
        "Unmount it in the server and detach it.",
    )


def encrypted(facts: Facts) -> Blocker | None:
    """EVS tells it in the metadata and calls the field `encrypted` unsupported; Cinder has only the field."""
    volume = facts.volume
    evidence = {
        key: volume.metadata[key]
        for key in ("__system__encrypted", "__system__cmkid")
        if volume.metadata.get(key) not in (None, "", "0")
    }
    if volume.encrypted:
        evidence["encrypted"] = "true"
    if not evidence:
        return None
    key = evidence.get("__system__cmkid")
    return Blocker(
        "encrypted",
        "it is encrypted" + (f" with the key {key}" if key else ""),
        evidence,
        "An encrypted disk cannot change its owner: copy its data to a new disk of the target, "
        "through a server that has both attached in turn.",
    )


def system_disk(facts: Facts) -> Blocker | None:
    volume = facts.volume
    devices = [item.device for item in volume.attachments if item.device in SYSTEM_DEVICES]
    if not devices and not volume.bootable:
        return None
    reason = (
        f"it is the system disk of a server, {devices[0]}"
        if devices
        else "it is bootable: a system disk, or a data disk with that mark"
    )
    return Blocker(
        "system_disk",
        reason,
        {"bootable": volume.bootable, "devices": devices},
        "Transfer an image of a system disk instead. If it is a data disk, take the mark away "
        "(openstack volume set --non-bootable), or name system_disk in ignore_constraints.",
    )


CONSTRAINTS: Mapping[str, Callable[[Facts], Blocker | None]] = {
    "status": status,
    "attached": attached,
    "encrypted": encrypted,
    "system_disk": system_disk,
}


def blockers(facts: Facts, ignored: Collection[str] = ()) -> list[Blocker]:
    """Every constraint that the disk violates, but for those that the user takes on himself."""
    found = (check(facts) for name, check in CONSTRAINTS.items() if name not in ignored)
    return [blocker for blocker in found if blocker is not None]
