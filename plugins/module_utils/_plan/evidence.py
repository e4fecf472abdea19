# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What was read of disks, sorted by disk: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ansible_collections.otc.evs.plugins.module_utils._model.protection import (
    Backup,
    Pair,
    Placement,
    Policy,
    Snapshot,
    Vault,
)
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.along import NOTHING_ALONG, Along
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import Blocker, Facts, UsableTypes


@dataclass
class Evidence:
    """What is known of some disks, by the ID of the disk.

    `unchecked` names the constraints that could not be checked, with the reason.
    """

    snapshots: dict[str, list[Snapshot]] = field(default_factory=dict)
    backups: dict[str, list[Backup]] = field(default_factory=dict)
    vaults: dict[str, list[Vault]] = field(default_factory=dict)
    policies: dict[str, list[Policy]] = field(default_factory=dict)
    """By the ID of the vault."""
    pairs: dict[str, list[Pair]] = field(default_factory=dict)
    placements: dict[str, Placement] = field(default_factory=dict)
    encrypted: set[str] = field(default_factory=set)
    """The disks that EVS calls encrypted although their metadata do not."""
    unchecked: dict[str, str] = field(default_factory=dict)
    unchecked_of_one: dict[str, dict[str, str]] = field(default_factory=dict)
    """The same of single disks, by the ID of the disk."""
    is_evs: bool | None = None
    """Whether block storage is EVS; None if that was not seen."""
    along: Along = NOTHING_ALONG
    usable: UsableTypes | None = None
    notes: list[str] = field(default_factory=list)
    """What the user should know of how it was read."""

    def facts(self, volume: Volume, transfer: Transfer | None = None) -> Facts:
        """What is known of one disk, for the constraints."""
        return Facts(
            volume,
            transfer,
            snapshots=self.snapshots.get(volume.id, ()),
            backups=self.backups.get(volume.id, ()),
            vaults=self.vaults.get(volume.id, ()),
            policies=self.policies,
            pairs=self.pairs.get(volume.id, ()),
            placement=self.placements.get(volume.id),
            vendor_encrypted=volume.id in self.encrypted,
            along=self.along,
            usable=self.usable,
        )

    def unchecked_of(self, volume: Volume, found: Iterable[Blocker], excused: Collection[str]) -> dict[str, str]:
        """The constraints left open for a disk on which `found` was found: one that is violated is not open."""
        settled = {blocker.constraint for blocker in found}.union(excused)
        left = {**self.unchecked, **self.unchecked_of_one.get(volume.id, {})}
        return {constraint: reason for constraint, reason in left.items() if constraint not in settled}
