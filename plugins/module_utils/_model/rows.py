# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What a flow hands to the module frame: what became of every disk, and how to say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, EvsError
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Transfer, Volume

SHOWN_IN_A_MESSAGE = 5
"""Messages name so many disks; the result holds them all."""


@dataclass(frozen=True)
class Failure:
    """What could not be done, for which disk or transfer."""

    message: str
    error: EvsError
    transfer_id: str | None = None
    volume_id: str | None = None
    volume_name: str | None = None

    def as_result(self) -> dict[str, Any]:
        return {
            "transfer_id": self.transfer_id,
            "volume_id": self.volume_id,
            "volume_name": self.volume_name,
            "msg": self.message,
            "status": self.error.details.get("status"),
            "code": self.error.details.get("code"),
            "request_id": self.error.details.get("request_id"),
        }


@dataclass
class Result:
    """The result of a module run; with failures it is a failed one that still holds its values."""

    doing: str = "Reading"
    changed: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def change(self, label: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Note that a disk changes; both sides tell its owner, status and transfer."""
        self.changed = True
        self.before[label] = dict(before)
        self.after[label] = dict(after)

    def failure_message(self) -> str:
        failed = {key for failure in self.failures for key in (failure.transfer_id, failure.volume_id) if key}
        # What failed after it was done, such as an offer that cannot be proved, is among the transfers as well.
        done = [row for row in self.values.get("transfers", ()) if not failed & {row["id"], row["volume_id"]}]
        return f"{self.doing} failed for {len(self.failures)} of {len(done) + len(self.failures)}: " + shortened(
            [failure.message for failure in self.failures]
        )


def shortened(messages: Sequence[str], separator: str = " ") -> str:
    """Some messages in one."""
    rest = len(messages) - SHOWN_IN_A_MESSAGE
    return separator.join(messages[:SHOWN_IN_A_MESSAGE]) + (f" And {rest} more, see the result." if rest > 0 else "")


def explained(doing: str, error: EvsError, remedies: Mapping[int, str]) -> str:
    """An error in the words of the task, with what to do about it."""
    remedy = remedies.get(error.status) if isinstance(error, ApiError) else None
    return f"{doing}: {error.message}" + ("" if error.message.endswith(".") else ".") + (f" {remedy}" if remedy else "")


def transfer_row(transfer: Transfer | None, volume: Volume | None, action: str | None = None) -> dict[str, Any]:
    """A transfer as the modules return it; without `transfer` it is one that check mode would create."""
    key = transfer.auth_key if transfer else None
    row: dict[str, Any] = {
        "id": transfer.id if transfer else None,
        "name": transfer.name if transfer else None,
        "volume_id": transfer.volume_id if transfer else volume.id if volume else None,
        "volume_name": volume.name if volume else None,
        "size": volume.size if volume else None,
        "volume_type": volume.volume_type if volume else None,
        "created_at": transfer.created_at if transfer else None,
    }
    if action is not None:
        row.update(auth_key=key.reveal() if key else None, action=action)
    return row
