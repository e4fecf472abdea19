# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Servers and the disks in them, as values.

The field names are those of Nova; see the Compute API reference, sections "Servers", "Servers with
volume attachments" and "Servers actions".  What an older version of it does not tell is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.parse import Fields, Named

ACTIVE = "ACTIVE"
SHUTOFF = "SHUTOFF"
SYSTEM_DEVICE = re.compile(r"(/dev/)?(xv|v|s|h)da")
SERIAL_LENGTH = 20
"""Of a virtio disk: so much of its ID the guest is told."""
WWN = re.compile(r"[0-9A-Fa-f]{16}([0-9A-Fa-f]{16})?")
FAILED_ACTION = "error"


@dataclass(frozen=True)
class Seat:
    """Where a disk is in a server; a device of "" is not known."""

    volume_id: str
    device: str = ""
    delete_on_termination: bool | None = None

    @classmethod
    def from_api(cls, body: Any) -> Seat:
        fields = Fields(body, "attachment")
        return cls(
            volume_id=fields.required_text("volumeId"),
            device=fields.text("device"),
            delete_on_termination=fields.optional_flag("delete_on_termination"),
        )

    @property
    def order(self) -> tuple[int, str]:
        """The place of its device among the others: vdz is before vdaa."""
        return (len(self.device), self.device)


@dataclass(frozen=True)
class Server(Named):
    """A server as its project sees it; its seats carry no devices unless they were asked for."""

    status: str
    task_state: str | None
    locked: bool | None
    availability_zone: str | None
    project_id: str | None
    root_device: str | None
    metadata: tuple[tuple[str, str], ...] = ()
    seats: tuple[Seat, ...] = ()

    @classmethod
    def from_api(cls, body: Any) -> Server:
        fields = Fields(body, "server")
        return cls(
            id=fields.required_text("id"),
            name=fields.text("name"),
            status=fields.required_text("status"),
            task_state=fields.optional_text("OS-EXT-STS:task_state"),
            locked=fields.optional_flag("locked"),
            availability_zone=fields.optional_text("OS-EXT-AZ:availability_zone"),
            project_id=fields.optional_text("tenant_id"),
            root_device=fields.optional_text("OS-EXT-SRV-ATTR:root_device_name"),
            metadata=tuple(sorted(fields.texts("metadata").items())),
            seats=tuple(
                Seat(
                    item.required_text("id"),
                    delete_on_termination=item.optional_flag("delete_on_termination"),
                )
                for item in fields.objects("os-extended-volumes:volumes_attached", "disk of a server")
            ),
        )

    def has(self, volume_id: str) -> bool:
        return self.seat_of(volume_id) is not None

    def seat_of(self, volume_id: str) -> Seat | None:
        return next((seat for seat in self.seats if seat.volume_id == volume_id), None)

    def is_root(self, device: str) -> bool:
        """Whether a device is that of the disk which the server boots from."""
        if self.root_device:
            return device == self.root_device
        return SYSTEM_DEVICE.fullmatch(device) is not None

    def with_seats(self, seats: tuple[Seat, ...]) -> Server:
        """The same with its disks in the order of their devices; of a flag that only the server tells, its word."""
        known = {seat.volume_id: seat.delete_on_termination for seat in self.seats}
        told = [
            seat
            if seat.delete_on_termination is not None
            else Seat(seat.volume_id, seat.device, known.get(seat.volume_id))
            for seat in seats
        ]
        values = {**vars(self), "seats": tuple(sorted(told, key=lambda seat: seat.order))}
        return Server(**values)


@dataclass(frozen=True)
class Action:
    """Something that was done with a server, by the request that asked for it."""

    name: str
    request_id: str
    failed: bool

    @classmethod
    def from_api(cls, body: Any) -> Action:
        fields = Fields(body, "action of a server")
        return cls(
            name=fields.text("action"),
            request_id=fields.required_text("request_id"),
            failed=fields.text("message").lower() == FAILED_ACTION,
        )


@dataclass(frozen=True)
class Job:
    """What ECS is doing, or has done; `code` and `reason` are its own words of why it failed."""

    id: str
    status: str
    code: str | None
    reason: str

    @classmethod
    def from_api(cls, body: Any) -> Job:
        fields = Fields(body, "job")
        return cls(
            id=fields.required_text("job_id"),
            status=fields.required_text("status").upper(),
            code=fields.optional_text("error_code"),
            reason=fields.text("fail_reason"),
        )

    @property
    def failed(self) -> bool:
        return self.status == "FAIL"

    @property
    def is_over(self) -> bool:
        return self.status in ("SUCCESS", "FAIL")


def guest_name(volume_id: str) -> str:
    """What a Linux guest with virtio calls a disk below /dev/disk/by-id, whatever its letter."""
    return f"virtio-{volume_id[:SERIAL_LENGTH]}"


def scsi_guest_name(wwn: str | None) -> str | None:
    """The same of a SCSI disk; None without a World Wide Name."""
    return f"wwn-0x{wwn.lower()}" if wwn and WWN.fullmatch(wwn) else None
