# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module or the role is told to do, and what it may do then: not from the collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from tests.faults.cloud import Cloud, Row
from tests.faults.role import NAME
from tests.support.server import SOURCE, TARGET


class Order(Protocol):
    """What each of them is asked."""

    @property
    def may_change(self) -> bool:
        """Whether it may change anything."""

    def may_create(self, before: Cloud, transfer: Row) -> bool:
        """Tell whether it may create this transfer."""

    def may_withdraw(self, before: Cloud, transfer: Row, lost: bool) -> bool:
        """Tell whether it may withdraw this transfer; `lost`: an answer may have been lost."""

    def may_move(self, before: Cloud, volume_id: str, owner: str, keys: Mapping[str, str]) -> bool:
        """Tell whether it may give this disk to that owner."""


@dataclass(frozen=True)
class Task:
    """What all modules have in common: who calls them, and for which disks, by name or ID."""

    tenant: str
    check: bool = False
    volumes: tuple[str, ...] | None = None

    @property
    def may_change(self) -> bool:
        """Everything but check mode."""
        return not self.check

    def means(self, cloud: Cloud, volume_id: str) -> bool:
        """Tell whether a disk is one of those asked for, whoever has it."""
        disk = cloud.disks.get(volume_id)
        return self.volumes is None or (disk is not None and {volume_id, disk["name"]} & set(self.volumes) != set())

    def meant(self, cloud: Cloud) -> list[str]:
        """Return the caller's disks that are asked for."""
        return [key for key, disk in cloud.disks.items() if disk["tenant"] == self.tenant and self.means(cloud, key)]

    def may_create(self, before: Cloud, transfer: Row) -> bool:
        """Only an offer does."""
        return False

    def may_withdraw(self, before: Cloud, transfer: Row, lost: bool) -> bool:
        """Only offer and withdrawal do."""
        return False

    def may_move(self, before: Cloud, volume_id: str, owner: str, keys: Mapping[str, str]) -> bool:
        """Only an accept does."""
        return False


@dataclass(frozen=True)
class Offer(Task):
    """The module evs_transfer, present."""

    name: str = NAME
    pending: str = "keep"
    blocked: str = "fail"
    check_constraints: bool = True

    module = "evs_transfer"

    @property
    def options(self) -> dict[str, Any]:
        """The module's options."""
        return {
            "volumes": list(self.volumes or ()),
            "name": self.name,
            "pending": self.pending,
            "blocked": self.blocked,
            "check_constraints": self.check_constraints,
        }

    def may_create(self, before: Cloud, transfer: Row) -> bool:
        """Of the disks asked for, under the name asked for."""
        return self._is_ours(before, transfer)

    def may_withdraw(self, before: Cloud, transfer: Row, lost: bool) -> bool:
        """To replace it, and what it may have created itself."""
        return self._is_ours(before, transfer) and (self.pending == "replace" or lost)

    def _is_ours(self, before: Cloud, transfer: Row) -> bool:
        about = (transfer["tenant"], transfer["name"])
        return about == (self.tenant, self.name) and self.means(before, transfer["volume_id"])

    def expected(self, before: Cloud) -> dict[str, str]:
        """Return what becomes of each disk: its outcome, or refused by the cloud."""
        return {volume_id: self._expected_of(before, volume_id) for volume_id in self.meant(before)}

    def _expected_of(self, before: Cloud, volume_id: str) -> str:
        transfer = before.transfer_of(volume_id)
        if transfer and before.disks[volume_id]["status"] == "awaiting-transfer":
            if self.pending == "keep":
                return "already_offered"
            if self.pending == "fail" or transfer["name"] != self.name:
                return "blocked"
            if volume_id in before.with_snapshots:
                return "blocked" if self.check_constraints else "refused"
            return "offered"
        if before.may_be_offered(volume_id):
            return "offered"
        return "blocked" if self.check_constraints else "refused"


@dataclass(frozen=True)
class Withdrawal(Task):
    """The module evs_transfer, absent."""

    transfer_ids: tuple[str, ...] | None = None
    older_than: str | None = None
    name: str | None = None

    module = "evs_transfer"

    @property
    def options(self) -> dict[str, Any]:
        """The module's options."""
        given = {
            "volumes": None if self.volumes is None else list(self.volumes),
            "transfer_ids": None if self.transfer_ids is None else list(self.transfer_ids),
            "older_than": self.older_than,
            "name": self.name,
        }
        return {"state": "absent", **{name: value for name, value in given.items() if value is not None}}

    def may_withdraw(self, before: Cloud, transfer: Row, lost: bool) -> bool:
        """What is asked for; without disks and IDs only what is called as ours are."""
        everything = self.volumes is None and self.transfer_ids is None
        name = NAME if everything and self.name is None else self.name
        limit = timedelta(days=1 if self.older_than == "2d" else 0)
        old = datetime.fromisoformat(transfer["created_at"] + "+00:00") < datetime.now(timezone.utc) - limit
        return (
            transfer["tenant"] == self.tenant
            and name in (None, transfer["name"])
            and self.means(before, transfer["volume_id"])
            and (self.transfer_ids is None or transfer["id"] in self.transfer_ids)
            and (self.older_than is None or old)
        )

    def expected(self, before: Cloud) -> set[str]:
        """Return the IDs of the transfers that it withdraws."""
        return {key for key, transfer in before.transfers.items() if self.may_withdraw(before, transfer, lost=False)}


@dataclass(frozen=True)
class Accept(Task):
    """The module evs_transfer_accept; `transfers` are the ID, the key and the disk, if it is told."""

    transfers: tuple[tuple[str, str, str | None], ...] = ()
    gone: str = "fail"

    module = "evs_transfer_accept"

    @property
    def options(self) -> dict[str, Any]:
        """The module's options."""
        rows = [{"transfer_id": id_, "auth_key": key, "volume_id": volume} for id_, key, volume in self.transfers]
        return {"transfers": rows, "gone": self.gone}

    def may_move(self, before: Cloud, volume_id: str, owner: str, keys: Mapping[str, str]) -> bool:
        """To the caller, what is asked for with the right key."""
        transfer = before.transfer_of(volume_id)
        return owner == self.tenant and transfer is not None and self._opens(before, transfer["id"], keys)

    def _opens(self, before: Cloud, transfer_id: str, keys: Mapping[str, str]) -> bool:
        given = [key for id_, key, dummy in self.transfers if id_ == transfer_id]
        return transfer_id in before.transfers and given == [keys.get(transfer_id)]

    @property
    def names_a_disk_twice(self) -> bool:
        """Whether two transfers are given of one disk, which cannot be."""
        disks = [transfer[2] for transfer in self.transfers if transfer[2]]
        return len(disks) != len(set(disks))

    def expected(self, before: Cloud, keys: Mapping[str, str]) -> dict[str, str] | None:
        """Return what becomes of each transfer; None if it must not begin."""
        rows = [before.transfers.get(transfer[0]) for transfer in self.transfers]
        if self.names_a_disk_twice or any(row and row["tenant"] == self.tenant for row in rows):
            return None
        outcomes = {}
        mine = {key for key, disk in before.disks.items() if disk["tenant"] == self.tenant}
        for (id_, dummy, volume_id), row in zip(self.transfers, rows, strict=True):
            if volume_id in mine:
                outcomes[id_] = "already_there"
            elif row and self._opens(before, id_, keys) and before.may_be_accepted(row):
                outcomes[id_] = "accepted"
                if not self.check:
                    mine.add(row["volume_id"])
            else:
                outcomes[id_] = "failed" if row or self.gone == "fail" else "gone"
        return outcomes


@dataclass(frozen=True)
class ReadTransfers(Task):
    """The module evs_transfer_info."""

    name: str | None = None

    module = "evs_transfer_info"
    may_change = False

    @property
    def options(self) -> dict[str, Any]:
        """The module's options."""
        return {} if self.name is None else {"name": self.name}

    def expected(self, before: Cloud) -> set[str]:
        """Return the IDs of the transfers that it lists."""
        mine = [row for row in before.transfers.values() if row["tenant"] == self.tenant]
        return {row["id"] for row in mine if self.name in (None, row["name"])}


@dataclass(frozen=True)
class ReadVolumes(Task):
    """The module evs_volume_info."""

    module = "evs_volume_info"
    may_change = False

    @property
    def options(self) -> dict[str, Any]:
        """The module's options."""
        return {} if self.volumes is None else {"volumes": list(self.volumes)}

    def expected(self, before: Cloud) -> dict[str, tuple[str, str | None, bool]]:
        """Return of each disk the status, the ID of its transfer, and whether it can be transferred."""
        rows = {}
        for volume_id in self.meant(before):
            status = before.disks[volume_id]["status"]
            transfer = before.transfer_of(volume_id) if status == "awaiting-transfer" else None
            rows[volume_id] = (status, transfer["id"] if transfer else None, before.may_be_offered(volume_id))
        return rows


@dataclass(frozen=True)
class Move(Task):
    """The role, entry point main."""

    tenant: str = SOURCE

    def may_create(self, before: Cloud, transfer: Row) -> bool:
        """Of the source's disks asked for."""
        return self._is_ours(before, transfer)

    def may_withdraw(self, before: Cloud, transfer: Row, lost: bool) -> bool:
        """Its own."""
        return self._is_ours(before, transfer)

    def may_move(self, before: Cloud, volume_id: str, owner: str, keys: Mapping[str, str]) -> bool:
        """To the target, with no transfer but its own."""
        transfer = before.transfer_of(volume_id)
        return owner == TARGET and self.means(before, volume_id) and (not transfer or self._is_ours(before, transfer))

    def _is_ours(self, before: Cloud, transfer: Row) -> bool:
        about = (transfer["tenant"], transfer["name"])
        return about == (SOURCE, NAME) and self.means(before, transfer["volume_id"])


AnyOrder = Offer | Withdrawal | Accept | ReadTransfers | ReadVolumes | Move
