# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What became of a disk, from what was read after everything was sent: pure.

"Was not" is said only of what was read.  Where it could not be read, the outcome is unknown, and the
message says what to run to find out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Union

from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    ACCEPTED,
    ALREADY_THERE,
    FAILED,
    GONE,
    MOVED,
    OFFERED,
    UNKNOWN,
    WITHDRAWN,
    Place,
    Row,
    Servers,
)
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AVAILABLE,
    AWAITING_TRANSFER,
    IN_USE,
    ON_ITS_WAY_IN,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._text import safe


@dataclass(frozen=True)
class Unread:
    """What a project has of a disk could not be read."""

    why: str


Sight = Union[Volume, None, Unread]
"""What a project was read to have of a disk last; None is a disk that it does not have."""


@dataclass(frozen=True)
class Reading:
    """What was read of some disks in one project, why others could not be read, and when that was (UTC)."""

    seen: Mapping[str, Volume | None] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    at: str | None = None

    def of(self, volume_id: str | None) -> Sight:
        if volume_id is None:
            return Unread("its ID is not known.")
        if volume_id in self.seen:
            return self.seen[volume_id]
        return Unread(self.unread.get(volume_id, "it was not asked for."))

    def followed_by(self, later: Reading) -> Reading:
        """Both; of a disk that was read twice the later reading counts."""
        seen = {key: volume for key, volume in self.seen.items() if key not in later.unread}
        unread = {key: why for key, why in self.unread.items() if key not in later.seen}
        return Reading({**seen, **later.seen}, {**unread, **later.unread}, later.at or self.at)


@dataclass(frozen=True)
class Trouble:
    """What went wrong on the way, if anything did.

    `doing` is what was being done, such as "offered"; `is_open` says that it may have been done all the
    same, `under_way` that the server may still be at work on it, since no answer has ended it.
    """

    message: str
    doing: str
    is_open: bool = False
    under_way: bool = False


def is_free(sight: Volume | None) -> bool:
    return sight is None or sight.status == AVAILABLE


def is_offered(sight: Volume | None) -> bool:
    return sight is None or sight.status == AWAITING_TRANSFER


def is_owned(sight: Volume | None, owner: Project) -> bool:
    """Whether a disk is this project's and ready for use: that, not the answer to an accept, is success."""
    return sight is not None and sight.status == AVAILABLE and sight.project_id == owner.id


def of_offer(volume: Volume, transfer_id: str | None, trouble: Trouble | None, sight: Sight, source: Project) -> Row:
    """A disk that was to be offered; `transfer_id` is of the offer that was made."""
    known = volume if isinstance(sight, Unread) or sight is None else sight
    row = Row.of(known, FAILED, source.id, transfer_id)
    subject = f"Disk {volume.label} of project {source.label}"
    if sight is None:
        return replace(
            row, outcome=GONE, owner=None, message=f"{subject} has left the project; where it is now is not known here."
        )
    if trouble is None:
        if isinstance(sight, Unread):
            return replace(
                row,
                outcome=UNKNOWN,
                owner=None,
                message=f"The server answered that {subject} is offered by transfer {transfer_id}, but that could not "
                f"be read back: {sight.why} Look with evs_transfer_info, or run again.",
            )
        if sight.status == AWAITING_TRANSFER:
            return replace(row, outcome=OFFERED)
        return row.saying(
            f"{subject} was offered by transfer {transfer_id}, but then its status is {safe(sight.status)}, not "
            f"{AWAITING_TRANSFER}: somebody has withdrawn the offer, or reset the status. Run again."
        )
    if isinstance(sight, Unread):
        if trouble.is_open:
            message = (
                f"It is not known whether {subject} is offered, and it may stay locked: {trouble.message} "
                "Look with evs_transfer_info; run again, or withdraw the offer."
            )
            return replace(row, outcome=UNKNOWN, owner=None, message=message)
        # It was refused, and a former offer of it may stand.
        locked = f" {_may_stay_locked(source, sight)}" if transfer_id or volume.status == AWAITING_TRANSFER else ""
        return replace(row, owner=None, message=f"{subject} was not {trouble.doing}: {trouble.message}{locked}")
    if sight.status == AWAITING_TRANSFER:
        return row.saying(
            f"{subject} was not {trouble.doing}, and is {AWAITING_TRANSFER}, so it is locked: {trouble.message} "
            "Run again, or withdraw the offer."
        )
    row = replace(row, server=_held(sight))
    return row.saying(f"{subject} was not {trouble.doing}: {trouble.message}{_later(trouble)}{_is_used(sight)}")


def _held(sight: Volume) -> Servers | None:
    """The server that was read to have a disk; by its ID, since block storage does not know its name."""
    ids = [item.server_id for item in sight.attachments if item.server_id]
    return Servers(after=Place(ids[0], "")) if ids else None


def _is_used(sight: Volume) -> str:
    """What to say besides of a disk that was read to be in a server, or on its way there."""
    if not sight.attachments and sight.status not in (IN_USE, *ON_ITS_WAY_IN):
        return ""
    ids = ", ".join(safe(item.server_id) for item in sight.attachments if item.server_id)
    how = f"it is attached to server {ids}" if ids else "a server has it, or is about to get it"
    return (
        f" Its status is {safe(sight.status)}, and {how}. Detach it, see that nothing attaches it again (autoscaling, "
        "Terraform, the CSI driver of a cluster), and run again."
    )


def _may_stay_locked(source: Project, sight: Unread) -> str:
    return (
        f"It may stay offered and locked, for project {source.label} could not be read: {sight.why} "
        "Run again, or withdraw the offer (playbook otc.evs.withdraw)."
    )


def _later(trouble: Trouble) -> str:
    """What to say besides of a disk that was read to be free while the server may still be at work on it."""
    if not trouble.under_way:
        return ""
    return " The request may still be under way: look with evs_transfer_info whether the disk is offered and locked."


def of_move(
    volume: Volume,
    transfer_id: str | None,
    trouble: Trouble | None,
    there: Sight,
    here: Sight,
    source: Project,
    target: Project,
) -> Row:
    """A disk that was to be moved; `transfer_id` is of the offer that was made for it, if it came so far."""
    subject = f"Disk {volume.label}"
    if isinstance(there, Volume):
        return _arrived(there, transfer_id, trouble, target)
    problem = trouble or Trouble("The server answered that it was.", "accepted", is_open=True)
    place = source if transfer_id is None else target
    not_done = f"{subject} was not {problem.doing} in project {place.label}"
    row = Row.of(volume, FAILED, source.id, transfer_id)
    if isinstance(here, Volume):
        row = replace(Row.of(here, FAILED, source.id, transfer_id), message=f"{not_done}: {problem.message}")
        if here.status != AWAITING_TRANSFER:
            row = replace(row, server=_held(here))
            return row.saying(f"{row.message}{'' if transfer_id else _later(problem)}{_is_used(here)}")
        return row.saying(
            f"{row.message} It is still {AWAITING_TRANSFER} and locked in project {source.label}. "
            "Run again, or withdraw the offer (playbook otc.evs.withdraw)."
        )
    if here is None:
        whether = (
            f"and whether project {target.label} has it could not be read: {there.why}"
            if isinstance(there, Unread)
            else f"and project {target.label} does not have it either."
        )
        message = (
            f"{subject} has left project {source.label}, {whether} {problem.message} "
            "Look for it with evs_volume_info, or run again."
        )
        return replace(row, outcome=UNKNOWN, owner=None, message=message)
    # Of an offer that is open only the source knows, of an accept the target.
    if problem.under_way or (problem.is_open and (transfer_id is None or isinstance(there, Unread))):
        message = (
            f"It is not known whether {subject} was moved, and it may stay offered and locked: {problem.message} "
            "Run again to find out and to finish, or withdraw the offer (playbook otc.evs.withdraw)."
        )
        return replace(row, outcome=UNKNOWN, owner=None, message=message)
    locked = f" {_may_stay_locked(source, here)}" if transfer_id or volume.status == AWAITING_TRANSFER else ""
    return replace(row, owner=None, message=f"{not_done}: {problem.message}{locked}")


def _arrived(there: Volume, transfer_id: str | None, trouble: Trouble | None, target: Project) -> Row:
    """A disk that the target has; without an offer of this run somebody else has brought it."""
    if not is_owned(there, target):
        owner = safe(there.project_id or "") or "not shown by the cloud"
        message = (
            f"Disk {there.label} is in project {target.label}, but its status is {safe(there.status)} and its owner "
            f"{owner}. Look at it with evs_volume_info."
        )
        return replace(Row.of(there, FAILED, there.project_id, transfer_id), message=message)
    if transfer_id is None or (trouble and not trouble.is_open):
        return replace(
            Row.of(there, ALREADY_THERE, target.id), message="It came by another transfer than that of this run."
        )
    return Row.of(there, MOVED, target.id, transfer_id)


def of_accept(told: Row, label: str, trouble: Trouble | None, sight: Sight, target: Project) -> Row:
    """A transfer that was to be accepted; of what the source `told` only ID and name go on, if nothing was read."""
    if isinstance(sight, Volume):
        if is_owned(sight, target):
            return Row.of(sight, ACCEPTED, target.id, told.transfer_id)
        owner = safe(sight.project_id or "") or "not shown by the cloud"
        before = f"{label}: {trouble.message} The disk is in this project" if trouble else f"{label} was accepted"
        message = f"{before}, but the status of the disk is {safe(sight.status)} and its owner {owner}."
        return replace(Row.of(sight, FAILED, sight.project_id, told.transfer_id), message=message)
    row = Row(told.id, FAILED, told.name, transfer_id=told.transfer_id)
    not_done = f"{label} was not accepted in project {target.label}"
    if trouble is None:
        if sight is None:
            return row.saying(f"{not_done}: the server answered that it was, but the disk is not in this project.")
        message = (
            f"The server answered that {label} was accepted, but the disk could not be read back: {sight.why} "
            "Run again to find out."
        )
        return replace(row, outcome=UNKNOWN, message=message)
    if trouble.under_way or (trouble.is_open and isinstance(sight, Unread)):
        message = f"It is not known whether {label} was accepted: {trouble.message} Run again to find out."
        return replace(row, outcome=UNKNOWN, message=message)
    return row.saying(f"{not_done}: {trouble.message}")


def of_withdrawal(row: Row, trouble: Trouble | None, sight: Sight, still_pending: bool | None, source: Project) -> Row:
    """An offer that was to be withdrawn; `still_pending` says whether it is there after all, None is not known."""
    transfer = f"transfer {row.transfer_id} of project {source.label}"
    why = f": {trouble.message}" if trouble else ", although the server answered that it was."
    if sight is None:
        message = (
            f"Disk {row.label} has left project {source.label}: its transfer {row.transfer_id} was accepted before it "
            "could be withdrawn, or the disk was deleted."
        )
        return replace(row, outcome=GONE, owner=None, message=message)
    if isinstance(sight, Volume):
        row = Row.of(sight, FAILED, source.id, row.transfer_id)
    else:
        row = replace(row, outcome=FAILED, owner=None)
    may_be_locked = isinstance(sight, Unread) or sight.status == AWAITING_TRANSFER
    if still_pending:
        locked = " Its disk stays locked." if may_be_locked else ""
        return row.saying(f"The {transfer} was not withdrawn{why}{locked}")
    if still_pending is None:
        locked = " Its disk may stay locked." if may_be_locked else ""
        message = f"It is not known whether {transfer} was withdrawn{why}{locked} Run again to find out."
        return replace(row, outcome=UNKNOWN, message=message)
    if isinstance(sight, Unread):
        message = (
            f"The {transfer} was withdrawn, but its disk could not be read back and may stay locked: {sight.why} "
            "Run again to find out."
        )
        return replace(row, outcome=UNKNOWN, message=message)
    if sight.status != AWAITING_TRANSFER:
        return replace(row, outcome=WITHDRAWN)
    return row.saying(
        f"The {transfer} was withdrawn, but disk {row.label} is still {AWAITING_TRANSFER} and locked: somebody has "
        "offered it again, or the cloud has not freed it yet. Look with evs_transfer_info, and run again."
    )
