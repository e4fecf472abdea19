# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What became of a disk that was to be attached or detached, from what both services were read to say: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    ALREADY_ATTACHED,
    ALREADY_DETACHED,
    ATTACHED,
    DETACHED,
    FAILED,
    GONE,
    UNKNOWN,
    Devices,
    Row,
    Servers,
)
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Seat
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    DETACHING,
    IN_USE,
    ON_ITS_WAY_IN,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import Step, place
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Sight, Trouble, Unread

LOOK = "Look with evs_server_info and evs_volume_info, or run again."


@dataclass(frozen=True)
class Listed:
    """The disks that Nova was read to list in a server, by their ID, or why it could not be read."""

    seats: Mapping[str, Seat] = field(default_factory=dict)
    unread: str | None = None

    def of(self, volume_id: str) -> Seat | Unread | None:
        return Unread(self.unread) if self.unread else self.seats.get(volume_id)


def is_out(volume: Volume | None, server_id: str) -> bool:
    """Whether block storage says that a disk has left a server; others may share it."""
    if volume is None:
        return True
    return not volume.is_in(server_id) and volume.status not in (DETACHING, *ON_ITS_WAY_IN)


def is_in(volume: Volume | None, server_id: str) -> bool:
    """Whether block storage says that a disk is in a server, and at rest."""
    return volume is not None and volume.status == IN_USE and volume.is_in(server_id)


def of_detach(step: Step, trouble: Trouble | None, sight: Sight, listed: Listed, owner: Project) -> Row:
    """A disk that was to leave a server."""
    subject = f"Disk {step.volume.label}"
    where = f"server {step.server.label}"
    row = _fresh(step, sight, owner)
    seat = listed.of(step.volume.id)
    if sight is None:
        message = f"{subject} has left project {owner.label}; where it is now is not known here."
        return replace(row, outcome=GONE, owner=None, server=_after(step, None), device=_device(step, None)).saying(
            message
        )
    if isinstance(sight, Unread) or isinstance(seat, Unread):
        return _open(row, step, trouble, sight, seat, "detached from")
    if is_out(sight, step.server.id) and seat is None:
        by_others = trouble is not None and not trouble.is_open
        outcome = ALREADY_DETACHED if by_others else DETACHED
        return replace(row, outcome=outcome, server=_after(step, None), device=_device(step, None))
    if sight.status == DETACHING:
        message = f"{subject} is still {DETACHING} from {where}. {_because(trouble)}Run again to wait for it."
        return replace(row, outcome=UNKNOWN).saying(message)
    if is_out(sight, step.server.id) or seat is None:
        listed_or_not = "does not list it any more" if seat is None else "still lists it"
        message = (
            f"{subject} is {sight.status} in block storage, and Nova {listed_or_not} in {where}. "
            f"{_because(trouble)}{LOOK}"
        )
        return replace(row, outcome=UNKNOWN).saying(message)
    told = trouble.message if trouble else "the server answered that it was, and then it was there as before."
    later = " The request may still be under way: look again." if trouble and trouble.under_way else ""
    return row.saying(f"{subject} was not detached from {where}, and is attached as before: {told}{later}")


def of_attach(step: Step, trouble: Trouble | None, sight: Sight, listed: Listed, owner: Project) -> Row:
    """A disk that was to be in a server."""
    subject = f"Disk {step.volume.label}"
    where = f"server {step.server.label}"
    row = replace(_fresh(step, sight, owner), server=_after(step, None), device=_device(step, None))
    seat = listed.of(step.volume.id)
    if sight is None:
        message = f"{subject} was not attached to {where}: it has left project {owner.label} meanwhile."
        return replace(row, owner=None).saying(message)
    if isinstance(sight, Unread) or isinstance(seat, Unread):
        return _open(row, step, trouble, sight, seat, "attached to")
    if is_in(sight, step.server.id) and seat is not None:
        by_others = trouble is not None and not trouble.is_open
        here = Servers((row.server or Servers()).before, place(step.server))
        device = Devices((row.device or Devices()).before, seat.device or None)
        return replace(row, outcome=ALREADY_ATTACHED if by_others else ATTACHED, server=here, device=device)
    if sight.status in ON_ITS_WAY_IN or seat is not None or sight.is_in(step.server.id):
        message = (
            f"{subject} is {sight.status} and not yet in {where} for both services. {_because(trouble)}"
            "Run again to wait for it."
        )
        return replace(row, outcome=UNKNOWN).saying(message)
    told = trouble.message if trouble else "the server answered that it was, and then it was free as before."
    later = " The request may still be under way: look again." if trouble and trouble.under_way else ""
    return row.saying(f"{subject} was not attached to {where}; its status is {sight.status}: {told}{later}")


def _open(row: Row, step: Step, trouble: Trouble | None, sight: Sight, seat: Seat | Unread | None, doing: str) -> Row:
    """One of the services could not be read."""
    subject = f"disk {step.volume.label}"
    where = f"server {step.server.label}"
    why = sight.why if isinstance(sight, Unread) else seat.why if isinstance(seat, Unread) else ""
    if trouble is not None and not trouble.is_open:
        return replace(row, owner=None).saying(f"D{subject[1:]} was not {doing} {where}: {trouble.message}")
    message = f"It is not known whether {subject} is {doing} {where}: {why} {_because(trouble)}{LOOK}"
    return replace(row, outcome=UNKNOWN, owner=None).saying(message)


def _because(trouble: Trouble | None) -> str:
    return f"{trouble.message} " if trouble else ""


def _fresh(step: Step, sight: Sight, owner: Project) -> Row:
    """The row of what was read last; not done so far."""
    known = sight if isinstance(sight, Volume) else step.volume
    before = step.row.server.before if step.row.server else None
    device = step.row.device.before if step.row.device else None
    return replace(
        Row.of(known, FAILED, owner.id),
        reasons=step.row.reasons,
        server=Servers(before, before),
        device=Devices(device, device),
    )


def _after(step: Step, after: None) -> Servers:
    return Servers(step.row.server.before if step.row.server else None, after)


def _device(step: Step, after: str | None) -> Devices:
    return Devices(step.row.device.before if step.row.device else None, after)
