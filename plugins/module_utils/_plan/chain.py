# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What a chain of steps knows of the steps beside a move: pure.

A disk that is in use is detached, moved and attached.  evs_attachment rehearses the first and the last
of these, and tells it in rows; by them the planner of the move decides about the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer, UsageError
from ansible_collections.otc.evs.plugins.module_utils._model.parse import Fields
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    ATTACHED,
    BLOCKED,
    DETACHED,
    Devices,
    Place,
    Reason,
    Row,
    Servers,
)
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Seat
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AVAILABLE, DETACHING, IN_USE, Volume


@dataclass(frozen=True)
class Foreseen:
    """What evs_attachment would do with a disk."""

    volume_id: str
    outcome: str
    reasons: tuple[Reason, ...] = ()
    before: Place | None = None
    after: Place | None = None
    device: str | None = None
    device_after: str | None = None
    guest_name: str | None = None

    @classmethod
    def from_row(cls, row: Any) -> Foreseen | None:
        """None is a disk whose ID is not known."""
        fields = Fields(row, "disk")
        volume_id = fields.optional_text("id")
        if volume_id is None:
            return None
        servers, devices = (Fields(fields.get(name), "disk") for name in ("server", "device"))
        return cls(
            volume_id,
            fields.required_text("outcome"),
            tuple(_reason(item) for item in fields.objects("reasons", "reason")),
            _place(servers.get("before")),
            _place(servers.get("after")),
            devices.optional_text("before"),
            devices.optional_text("after"),
            fields.optional_text("guest_name"),
        )


@dataclass(frozen=True)
class Pair:
    """A disk and a server, by their IDs."""

    volume: str
    server: str


@dataclass(frozen=True)
class Chain:
    """What is to be done with disks before a move and after it."""

    leaving: Mapping[str, Sequence[Foreseen]] = field(default_factory=dict)
    """By the ID of the disk; a shared disk leaves several servers."""
    entering: Mapping[str, Foreseen] = field(default_factory=dict)

    @classmethod
    def of(cls, leaving: Sequence[Any] | None, entering: Sequence[Any] | None = None) -> Chain:
        """The chain of the rows that evs_attachment returned."""
        by_disk: dict[str, list[Foreseen]] = {}
        for row in _foreseen("detaching", leaving):
            by_disk.setdefault(row.volume_id, []).append(row)
        return cls(by_disk, {row.volume_id: row for row in _foreseen("attaching", entering)})

    def freed(self, volume: Volume) -> Volume:
        """The disk as it is after it has left the servers that it is to leave."""
        left = {row.before.id for row in self.leaving.get(volume.id, ()) if row.outcome == DETACHED and row.before}
        if not left:
            return volume
        rest = tuple(item for item in volume.attachments if item.server_id not in left)
        status = AVAILABLE if not rest and volume.status in (IN_USE, DETACHING) else volume.status
        return replace(volume, attachments=rest, status=status)

    def stays(self, volume_id: str) -> list[Reason]:
        """Why a disk cannot leave a server."""
        return [reason for row in self.leaving.get(volume_id, ()) if row.outcome == BLOCKED for reason in row.reasons]

    def stays_out(self, volume_id: str) -> list[Reason]:
        """Why a disk could not be attached in the end."""
        row = self.entering.get(volume_id)
        return list(row.reasons) if row and row.outcome == BLOCKED else []

    def placed(self, row: Row, is_leaving: bool = False) -> Row:
        """The row of a disk with the servers that it comes from and goes to; it may be about to leave the first."""
        leaving = next(iter(self.leaving.get(row.id or "", ())), None)
        entering = self.entering.get(row.id or "")
        if leaving is None and entering is None:
            return row
        before = leaving.before if leaving else None
        after, device = (entering.after, entering.device_after) if entering else (None, None)
        if row.outcome == BLOCKED:
            # A disk that was detached before this run, or is about to be, is in no server.
            stays = leaving is not None and leaving.outcome in (BLOCKED, DETACHED) and not is_leaving
            after, device = (before, leaving.device if leaving else None) if stays else (None, None)
        device_before = leaving.device if leaving else None
        name = next((told.guest_name for told in (entering, leaving) if told and told.guest_name), None)
        return replace(row, server=Servers(before, after), device=Devices(device_before, device), guest_name=name)

    def to_detach(self, volume_ids: Sequence[str]) -> list[Pair]:
        """What is to be detached of disks that go."""
        rows = [row for volume_id in volume_ids for row in self.leaving.get(volume_id, ())]
        return [Pair(row.volume_id, row.before.id) for row in rows if row.outcome == DETACHED and row.before]

    def to_attach(self, volume_ids: Sequence[str]) -> list[Pair]:
        """What is to be attached of disks that arrive: those of a server in the order that they had there."""
        rows = [self.entering[volume_id] for volume_id in volume_ids if volume_id in self.entering]
        return [Pair(row.volume_id, row.after.id) for row in rows if row.outcome == ATTACHED and row.after]

    def in_order(self, volume_ids: Sequence[str]) -> list[str]:
        """Disks in the order of the servers that they come from, and of their devices there."""
        former = {key: rows[0] for key, rows in self.leaving.items()}
        places: dict[str | None, int] = {}

        def order(volume_id: str) -> tuple[int, tuple[int, str]]:
            row = former.get(volume_id)
            if row is None or row.before is None:
                return places.setdefault(volume_id, len(places)), (0, "")
            return places.setdefault(row.before.id, len(places)), Seat(volume_id, row.device or "").order

        keys = {volume_id: order(volume_id) for volume_id in volume_ids}
        return sorted(volume_ids, key=keys.__getitem__)


def _foreseen(option: str, rows: Sequence[Any] | None) -> list[Foreseen]:
    try:
        found = [Foreseen.from_row(row) for row in rows or ()]
    except MalformedAnswer as error:
        raise UsageError(f"Option {option} takes the disks that a rehearsal of evs_attachment returns.") from error
    return [row for row in found if row]


def _reason(item: Fields) -> Reason:
    return Reason(*(item.required_text(name) for name in ("constraint", "reason", "remedy")))


def _place(value: Any) -> Place | None:
    if value is None:
        return None
    fields = Fields(value, "server")
    return Place(fields.required_text("id"), fields.optional_text("name") or "")
