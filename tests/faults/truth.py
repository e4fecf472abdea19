# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what was told of each disk is what is: a false or a missing word is a lie."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from tests.faults.cloud import Cloud, Row

DONE = {"moved", "offered", "accepted", "withdrawn"}
NOTHING_TO_DO = {"already_there", "already_offered", "gone"}
AMISS = {"failed", "unknown"}
FIELDS = {
    *("id", "outcome", "name", "size", "volume_type", "owner", "reasons", "transfer_id"),
    *("server", "device", "guest_name", "at", "message"),
}
TRAITS = ("name", "size", "volume_type")
LOCKED = "awaiting-transfer"


@dataclass(frozen=True)
class Truth:
    """A cloud right before and right after a run that had to do with two tenants.

    `here` is whose disks are to go and `there` who is to get them, None if nobody asked.  Of disks with
    which others `meddled` it cannot be said what was so when the run read them.  Only a run that was
    `hit` by a fault may not know something.
    """

    before: Cloud
    after: Cloud
    here: str | None
    there: str | None
    touched: Collection[str]
    """The disks with which the run did something."""
    meddled: Collection[str] = ()
    hit: bool = False

    def lies(self, rows: Sequence[Row], rehearsed: bool) -> list[str]:
        """What is not so."""
        found = []
        named = [self.disk_of(row) for row in rows]
        missing = set(self.touched) - set(named)
        if missing:
            found.append(f"changed and told nowhere: {sorted(missing)}")
        twice = {volume_id for volume_id in named if volume_id and named.count(volume_id) > 1}
        # Two transfers may be of one disk; who accepts is told of each.
        if twice and self.here is not None:
            found.append(f"told twice: {sorted(twice)}")
        if rehearsed and self.touched:
            found.append(f"changed in a rehearsal: {sorted(self.touched)}")
        for row in rows:
            found += [f"{what}: {json.dumps(row)}" for what in self._about(row, rehearsed)]
        return found

    def disk_of(self, row: Row) -> str | None:
        """The disk that a row is about: of a transfer whose disk nobody told, that of the transfer."""
        transfer = self.before.transfers.get(row["transfer_id"] or "")
        return row["id"] or (str(transfer["volume_id"]) if transfer else None)

    def _about(self, row: Row, rehearsed: bool) -> Iterator[str]:
        if set(row) != FIELDS:
            yield f"other fields: {set(row) ^ FIELDS}"
        if row["outcome"] in DONE and row["id"] is None and not rehearsed:
            yield "done with a disk that is not named"
        if row["outcome"] in AMISS and not row["message"]:
            yield "failed without a word"
        volume_id = self.disk_of(row)
        if volume_id in self.meddled:
            return
        if row["outcome"] == "unknown" and not self.hit:
            yield "not known although nothing went wrong"
        disk = self.after.disks.get(volume_id or "")
        yield from self._traits(row, disk, rehearsed)
        if rehearsed and row["outcome"] in DONE | AMISS:
            if row["outcome"] in AMISS:
                yield "failed in a rehearsal"
            return
        check: Callable[[Row, Row | None], bool] = getattr(self, f"_is_{row['outcome']}")
        if not check(row, disk):
            yield f"the disk is {told(disk)}, its transfer {self.after.transfer_of(volume_id or '')}"
        yield from self._locked(row, disk)

    def _traits(self, row: Row, disk: Row | None, rehearsed: bool) -> Iterator[str]:
        """Whether it is the disk that it is said to be; a rehearsed accept has only what the source told."""
        if row["owner"] is not None and (disk is None or disk["project_id"] != row["owner"]):
            yield f"the owner is {disk['project_id'] if disk else 'nobody'}"
        if disk is None or row["outcome"] in ("unknown", "gone") or (rehearsed and row["owner"] is None):
            return
        for trait in TRAITS:
            if row[trait] is not None and row[trait] != (disk[trait] or ""):
                yield f"{trait} is {disk[trait]}"

    def _locked(self, row: Row, disk: Row | None) -> Iterator[str]:
        """Whether it is told that a disk which did not get on is locked, and of no other."""
        locked = self._has(self.here, disk) and disk is not None and disk["status"] == LOCKED
        message = row["message"] or ""
        if not locked and ("so it is locked" in message or "and locked in project" in message):
            yield "not locked"
        told = any(word in message for word in ("locked", LOCKED, "is offered", "withdrawn"))
        if locked and row["outcome"] in AMISS and row["id"] in self.touched and not told:
            yield "locked, and nobody says so"

    def _has(self, tenant: str | None, disk: Row | None) -> bool:
        return disk is not None and disk["tenant"] == tenant

    def _is_moved(self, row: Row, disk: Row | None) -> bool:
        return self._is_accepted(row, disk)

    def _is_accepted(self, row: Row, disk: Row | None) -> bool:
        return disk is not None and (disk["tenant"], disk["status"]) == (self.there, "available")

    def _is_offered(self, row: Row, disk: Row | None) -> bool:
        transfer = self.after.transfers.get(row["transfer_id"] or "")
        ours = transfer is not None and transfer["volume_id"] == row["id"]
        return ours and self._has(self.here, disk) and disk is not None and disk["status"] == LOCKED

    def _is_withdrawn(self, row: Row, disk: Row | None) -> bool:
        pending = row["transfer_id"] in self.after.transfers
        return not pending and self._has(self.here, disk) and disk is not None and disk["status"] != LOCKED

    def _is_already_there(self, row: Row, disk: Row | None) -> bool:
        return self._has(self.there, disk)

    def _is_already_offered(self, row: Row, disk: Row | None) -> bool:
        return self._is_offered(row, disk)

    def _is_gone(self, row: Row, disk: Row | None) -> bool:
        if self.here is not None:
            return not self._has(self.here, disk)
        return row["transfer_id"] not in self.after.transfers and not self._has(self.there, disk)

    def _is_blocked(self, row: Row, disk: Row | None) -> bool:
        return disk is not None and bool(row["reasons"]) and disk == self.before.disks.get(row["id"])

    def _is_failed(self, row: Row, disk: Row | None) -> bool:
        """It really did not happen."""
        message = row["message"] or ""
        if disk is not None and self._has(self.there, disk):
            # It came, but not as it has to be.
            return disk["status"] != "available" and f"status is {disk['status']}" in message.replace(
                " of the disk", ""
            )
        if self.here is None:
            return True
        if "was not withdrawn" in message:
            return row["transfer_id"] in self.after.transfers
        if "was withdrawn, but" in message:
            return row["transfer_id"] not in self.after.transfers and disk is not None and disk["status"] == LOCKED
        return self._has(self.here, disk)

    def _is_unknown(self, row: Row, disk: Row | None) -> bool:
        return True


def told(disk: Row | None) -> str:
    """Where a disk is."""
    return f"{disk['tenant']}'s and {disk['status']}" if disk else "nowhere"


def differences(rehearsed: Sequence[Row], done: Sequence[Row], by: str, refused: Collection[str]) -> list[str]:
    """What a rehearsal told otherwise than the run, `by` disk or transfer.

    What the cloud refuses no rehearsal can know: of `refused` are the IDs.
    """
    foreseen, came = ({row[by]: row["outcome"] for row in rows} for rows in (rehearsed, done))
    found = [f"{key}: told of in one of both" for key in foreseen.keys() ^ came.keys()]
    for key in foreseen.keys() & came.keys():
        if foreseen[key] != came[key] and not (key in refused and foreseen[key] in DONE):
            found.append(f"{key}: it would be {foreseen[key]}, and it is {came[key]}")
    return found


def unknown(rows: Sequence[Row]) -> int:
    """Of how many disks it is not known what became of them."""
    return sum(row["outcome"] == "unknown" for row in rows)
