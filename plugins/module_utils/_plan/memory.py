# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Which disks a server has or had, and how a disk is told of that is not there yet: pure.

What a disk was in before an earlier run detached it, no service tells any more.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer, UsageError, quoted
from ansible_collections.otc.evs.plugins.module_utils._model.parse import Fields
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    ALREADY_DETACHED,
    GONE,
    Devices,
    Place,
    Row,
    Servers,
)
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Seat, Server
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AWAITING_TRANSFER, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import Known, Wish

RUN_BEGAN = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Remembered:
    """A disk that an earlier run was about to detach from a server; `is_over` if that run came to its end."""

    project_id: str
    volume_id: str
    volume_name: str
    server: Place
    device: str
    is_over: bool = False
    run: str = ""

    @property
    def order(self) -> tuple[int, str]:
        return Seat(self.volume_id, self.device).order


def remembered_of(rows: Sequence[Any], project_id: str) -> list[Remembered]:
    """What is remembered of the servers of a project."""
    try:
        told = [_remembered(Fields(row, "journal")) for row in rows]
    except MalformedAnswer as error:
        raise UsageError("Option remembered takes what a journal of this collection holds.") from error
    return [item for item in told if item.project_id == project_id]


def _remembered(row: Fields) -> Remembered:
    place = Place(row.required_text("server_id"), row.text("server_name"))
    return Remembered(
        row.required_text("project_id"),
        row.required_text("volume_id"),
        row.text("volume_name"),
        place,
        row.text("device"),
        row.flag("is_over"),
        row.text("run"),
    )


def wishes_of_servers(
    refs: Sequence[str], known: Known, remembered: Sequence[Remembered]
) -> tuple[list[Wish], list[str]]:
    """The data disks that whole servers have or had, in the order of their devices, and what is not clear of these."""
    wishes: list[Wish] = []
    problems = []
    for ref in dict.fromkeys(refs):
        servers = known.named(ref)
        if len(servers) > 1:
            ids = ", ".join(server.id for server in servers)
            problems.append(f"{quoted(ref)} fits {len(servers)} servers: {ids}. Give its ID.")
            continue
        before = [item for item in remembered if ref in (item.server.id, item.server.name)]
        if not servers and not before:
            problems.append(f"There is no server {quoted(ref)}. Check the spelling, the project and the region.")
        seats = _data_disks(servers[0]) if servers else []
        if servers:
            before = [item for item in before if item.server.id == servers[0].id]
        # A server that has disks again is not what a run that came to its end knew.
        items = [item for item in before if not (item.is_over and seats) and not any(_is(item, seat) for seat in seats)]
        pairs = [(seat.order, Wish(seat.volume_id, servers[0].id)) for seat in seats]
        pairs += [(item.order, Wish(item.volume_id, item.server.id)) for item in items]
        wishes += [wish for dummy, wish in sorted(pairs, key=lambda pair: pair[0])]
    return wishes, problems


def wishes_to_go_back(
    remembered: Sequence[Remembered], volumes: Mapping[str, Volume], freed: Collection[str]
) -> list[Wish]:
    """Disks of this project that a run has detached, and the servers that they go back to, in their order there.

    What is offered by an offer that stays is still on its way, what has left the project has arrived, and
    what somebody has attached to another server belongs there.  Of several servers the last one counts.
    """
    here = [item for item in remembered if not item.is_over and item.volume_id in volumes]
    last = {(item.volume_id, item.server.id if volumes[item.volume_id].multiattach else ""): item for item in here}
    return [
        Wish(item.volume_id, item.server.id)
        for item in sorted(last.values(), key=_by_server)
        if _goes_back(item, volumes[item.volume_id], freed)
    ]


def _goes_back(item: Remembered, volume: Volume, freed: Collection[str]) -> bool:
    if volume.status == AWAITING_TRANSFER:
        return volume.id in freed
    return volume.multiattach or not volume.attachments or volume.is_in(item.server.id)


def _by_server(item: Remembered) -> tuple[str, tuple[int, str]]:
    return item.server.id, item.order


def meant(
    remembered: Sequence[Remembered],
    refs: Collection[str] | None,
    freed: Collection[str],
    limit: datetime.timedelta | None,
    now: datetime.datetime,
) -> list[Remembered]:
    """What is remembered of the disks asked for, or that a run detached which began longer ago than the limit."""
    asked = [item for item in remembered if refs is None or {item.volume_id, item.volume_name} & set(refs)]
    if not limit:
        return asked
    return [item for item in asked if item.volume_id in freed or _is_older(item.run, limit, now)]


def _is_older(run: str, limit: datetime.timedelta, now: datetime.datetime) -> bool:
    """By the name of a run, which begins with the time; one that tells no time is not known to be older."""
    try:
        began = datetime.datetime.strptime(run.partition("-")[0], RUN_BEGAN).replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return False
    return now - began > limit


def _data_disks(server: Server) -> list[Seat]:
    return [seat for seat in server.seats if not seat.device or not server.is_root(seat.device)]


def _is(item: Remembered, seat: Seat) -> bool:
    return item.volume_id == seat.volume_id


def recalled(rows: Iterable[Row], remembered: Sequence[Remembered]) -> list[Row]:
    """The rows with the server that a disk was in, where only a journal tells it."""
    return [_recalled(row, remembered) for row in rows]


def _recalled(row: Row, remembered: Sequence[Remembered]) -> Row:
    if row.outcome not in (ALREADY_DETACHED, GONE) or (row.server and row.server.before):
        return row
    if row.outcome == ALREADY_DETACHED and row.message:
        # It is in another server now.
        return row
    fits = [item for item in remembered if item.volume_id == row.id]
    if row.id is None:
        fits = [item for item in remembered if item.volume_name == row.name]
    if len({item.volume_id for item in fits}) != 1:
        return row
    item = fits[-1]
    return replace(
        row,
        id=item.volume_id,
        name=row.name or item.volume_name,
        server=Servers(item.server, None),
        device=Devices(item.device or None, None),
    )


def as_coming(volume: Volume) -> dict[str, object]:
    """What the other tenant has to know of a disk before it has it."""
    return {
        "id": volume.id,
        "name": volume.name,
        "size": volume.size,
        "volume_type": volume.volume_type,
        "availability_zone": volume.availability_zone,
        "multiattach": volume.multiattach,
        "metadata": {"hw:passthrough": "true"} if volume.is_scsi else {},
    }
