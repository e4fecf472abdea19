# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there at a moment, past the API, and what has changed between two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.emulator.server import EmulatorServer

OF_A_TRANSFER = ("tenant", "project_id", "user_id", "status", "updated_at")
"""The traits of a disk that an offer, a withdrawal or an accept changes."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Cloud:
    """All disks, all pending transfers, and the disks with snapshots."""

    disks: Mapping[str, Row]
    transfers: Mapping[str, Row]
    with_snapshots: frozenset[str] = frozenset()

    @classmethod
    def read(cls, server: EmulatorServer, with_snapshots: frozenset[str]) -> Cloud:
        disks = {disk["id"]: disk for disk in server.volumes()}
        return cls(disks, {transfer["id"]: transfer for transfer in server.transfers()}, with_snapshots)

    def transfer_of(self, volume_id: str) -> Row | None:
        """Return the transfer of a disk."""
        return next((transfer for transfer in self.transfers.values() if transfer["volume_id"] == volume_id), None)

    def may_be_offered(self, volume_id: str) -> bool:
        """Tell whether the cloud offers this disk."""
        return self.disks[volume_id]["status"] == "available" and volume_id not in self.with_snapshots

    def may_be_accepted(self, transfer: Row) -> bool:
        """Tell whether the cloud hands the disk over."""
        volume_id = transfer["volume_id"]
        return self.disks[volume_id]["status"] == "awaiting-transfer" and volume_id not in self.with_snapshots


@dataclass(frozen=True)
class Stretch:
    """A time in which nobody acted but one run, or nobody but others."""

    before: Cloud
    after: Cloud

    @property
    def created(self) -> dict[str, Row]:
        """The transfers that are new."""
        return {key: row for key, row in self.after.transfers.items() if key not in self.before.transfers}

    @property
    def gone(self) -> dict[str, Row]:
        """The transfers that are pending no more."""
        return {key: row for key, row in self.before.transfers.items() if key not in self.after.transfers}

    @property
    def moved(self) -> dict[str, str]:
        """The disks that have changed their owner, with the new one."""
        both = self.before.disks.keys() & self.after.disks.keys()
        owners = {key: str(self.after.disks[key]["tenant"]) for key in both}
        return {key: owner for key, owner in owners.items() if owner != self.before.disks[key]["tenant"]}

    @property
    def touched(self) -> set[str]:
        """The disks on which anything at all was done, lasting or not."""
        offers = {row["volume_id"] for row in (*self.created.values(), *self.gone.values())}
        every = self.before.disks.keys() | self.after.disks.keys()
        snapshots = self.before.with_snapshots ^ self.after.with_snapshots
        return offers | snapshots | {key for key in every if self.before.disks.get(key) != self.after.disks.get(key)}

    @property
    def damaged(self) -> set[str]:
        """The disks that are not the same any more in what a transfer does not change, or not there."""
        return {
            key
            for key, disk in self.before.disks.items()
            if key not in self.after.disks or essence(disk) != essence(self.after.disks[key])
        } | (self.after.disks.keys() - self.before.disks.keys())


def essence(disk: Row) -> dict[str, Any]:
    """What no transfer may change of a disk."""
    return {name: value for name, value in disk.items() if name not in OF_A_TRANSFER}
