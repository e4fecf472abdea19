# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What became of a disk: one row, from the planner to the last line of a report.

What this run did and what was to do already are told apart from what stays, what failed, and what
is not known.  In a rehearsal a row says what the run would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._text import safe, safe_message

MOVED = "moved"
OFFERED = "offered"
ACCEPTED = "accepted"
WITHDRAWN = "withdrawn"
ATTACHED = "attached"
DETACHED = "detached"
ALREADY_THERE = "already_there"
ALREADY_OFFERED = "already_offered"
ALREADY_ATTACHED = "already_attached"
ALREADY_DETACHED = "already_detached"
GONE = "gone"
BLOCKED = "blocked"
FAILED = "failed"
UNKNOWN = "unknown"

DONE = (MOVED, OFFERED, ACCEPTED, WITHDRAWN, ATTACHED, DETACHED)
"""Done in this run."""
NOTHING_TO_DO = (ALREADY_THERE, ALREADY_OFFERED, ALREADY_ATTACHED, ALREADY_DETACHED, GONE)
AMISS = (FAILED, UNKNOWN)
"""What makes a run a failed one."""


@dataclass(frozen=True)
class Reason:
    """Why a disk is as it is told: the constraint, how the disk meets it, and what its owner can do."""

    constraint: str
    reason: str
    remedy: str

    @property
    def sentence(self) -> str:
        return f"{self.constraint}: {self.reason}. {self.remedy}".strip()

    def as_result(self) -> dict[str, object]:
        """The reason as the modules return it, safe to show."""
        return {"constraint": self.constraint, "reason": safe_message(self.reason), "remedy": safe_message(self.remedy)}


@dataclass(frozen=True)
class Place:
    """A server, as a row names it."""

    id: str
    name: str


@dataclass(frozen=True)
class Servers:
    """The server that a disk was in before, and after; None is none."""

    before: Place | None = None
    after: Place | None = None


@dataclass(frozen=True)
class Devices:
    """The device that the disk was there before, and after; None is none, or not known."""

    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Row:
    """A disk; what is not known of it is None.

    `owner` is the ID of the project that had it when it was read last, `size` is in GiB, `at` is when
    it was read back, in UTC.  `server` and `device` are told of what was to be attached or detached, and
    `guest_name` is what a Linux guest calls the disk there.
    """

    id: str | None
    outcome: str
    name: str | None = None
    size: int | None = None
    volume_type: str | None = None
    owner: str | None = None
    reasons: tuple[Reason, ...] = ()
    transfer_id: str | None = None
    server: Servers | None = None
    device: Devices | None = None
    guest_name: str | None = None
    at: str | None = None
    message: str | None = None

    @classmethod
    def of(cls, volume: Volume, outcome: str, owner: str | None, transfer_id: str | None = None) -> Row:
        return cls(volume.id, outcome, volume.name, volume.size, volume.volume_type, owner, transfer_id=transfer_id)

    @property
    def label(self) -> str:
        """How messages call the disk."""
        return safe(f"{self.name} ({self.id})" if self.name and self.id else self.name or self.id or "a disk")

    @property
    def why(self) -> str:
        """Its reasons, for a message."""
        return " ".join(reason.sentence for reason in self.reasons)

    def saying(self, message: str | None) -> Row:
        return replace(self, message=message)

    def as_result(self) -> dict[str, object]:
        """The row as the modules return it: its sentences quote what others wrote, and are safe to show."""
        message = None if self.message is None else safe_message(self.message)
        return {
            # Not all of it by asdict, which copies what is in each field: there are thousands of rows.
            **vars(self),
            "reasons": [reason.as_result() for reason in self.reasons],
            "server": self.server and asdict(self.server),
            "device": self.device and asdict(self.device),
            "message": message,
        }


def amiss(rows: Sequence[Row]) -> list[Row]:
    """The disks for whose sake a run has failed."""
    return [row for row in rows if row.outcome in AMISS]


def transfer_row(transfer: Transfer, about: Volume | Row | None) -> dict[str, object]:
    """A transfer as the modules return it, with what is known of its disk; without its key."""
    return {
        "id": transfer.id,
        "name": transfer.name,
        "volume_id": transfer.volume_id,
        "volume_name": about.name if about else None,
        "size": about.size if about else None,
        "volume_type": about.volume_type if about else None,
        "created_at": transfer.created_at,
    }


def handed_on(transfer: Transfer, about: Volume | Row) -> dict[str, object]:
    """The same with its key, if it was created just now: the one place of a result that a key is in."""
    key = transfer.auth_key.reveal() if transfer.auth_key else None
    return {**transfer_row(transfer, about), "auth_key": key}
