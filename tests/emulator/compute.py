# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and the disks in them, and the work that goes on after an answer. No web code in here.

An attach and a detach are answered at once and done later: the disk is `reserved`, `attaching` or
`detaching` for `settle_reads` readings and `settle_seconds`, and the guest may refuse. Then the disk is
as it was before, and only the list of actions says `Error`.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.emulator.tables import assign

if TYPE_CHECKING:
    from tests.emulator.state import State, Volume

LETTERS = "abcdefghijklmnopqrstuvwxyz"
VM_STATES = {
    "ACTIVE": "active",
    "SHUTOFF": "stopped",
    "PAUSED": "paused",
    "SUSPENDED": "suspended",
    "ERROR": "error",
    "BUILD": "building",
}


@dataclass
class Seat:
    """The place of a disk in a server."""

    volume_id: str
    device: str = ""
    delete_on_termination: bool = False
    attachment_id: str = ""
    mounted: bool = False
    """Whether the guest uses it: Linux refuses to let go of it, Windows does not and loses data (OTC)."""


@dataclass
class Action:
    """A line of os-instance-actions; the message is `Error` if the work failed."""

    action: str
    request_id: str
    start_time: str
    message: str | None = None
    updated_at: str | None = None


@dataclass
class Server:
    """A server; its seats are in the order in which the disks came."""

    id: str
    project_id: str
    user_id: str
    name: str = ""
    status: str = "ACTIVE"
    task_state: str | None = None
    locked: bool = False
    availability_zone: str = "eu-de-01"
    bus: str = "vd"
    """How the guest calls its disks: vd with virtio, sd with SCSI."""
    os: str = "linux"
    metadata: dict[str, str] = field(default_factory=dict)
    refuses: list[str] = field(default_factory=list)
    """What its guest refuses: attach, detach."""
    mode: str | None = None
    """OTC: which disks it takes, if not both: scsi or vbd."""
    settle_reads: int | None = None
    settle_seconds: float | None = None
    """How slow it is; as the configuration says if not given."""
    seats: list[Seat] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """The disks that were torn out of a guest that used them."""
    created_at: str = ""

    @property
    def vm_state(self) -> str:
        """The state as Nova's messages call it."""
        return VM_STATES.get(self.status, self.status.lower())

    def seat_of(self, volume_id: str) -> Seat | None:
        """Return the place of a disk in it."""
        return next((seat for seat in self.seats if seat.volume_id == volume_id), None)

    def free_device(self) -> str:
        """Return the next name that no disk has."""
        taken = {seat.device for seat in self.seats}
        names = (f"/dev/{self.bus}{prefix}{letter}" for prefix in ("", *LETTERS) for letter in LETTERS)
        return next(name for name in names if name not in taken)


@dataclass
class Work:
    """An attach or a detach under way."""

    kind: str
    server_id: str
    volume_id: str
    action: Action
    succeeds: bool
    reads: int
    ready_at: float
    job_id: str = ""


@dataclass
class Job:
    """What ECS's own calls are answered with."""

    id: str
    project_id: str
    kind: str
    volume_id: str
    begin_time: str
    status: str = "RUNNING"
    error_code: str = "Ecs.0005"
    end_time: str | None = None


class Compute:
    """The servers of the cloud, their work and jobs."""

    def __init__(self) -> None:
        """Start without any."""
        self.servers: dict[str, Server] = {}
        self.work: list[Work] = []
        self.jobs: dict[str, Job] = {}

    def copied(self) -> Compute:
        """Return the same, which changes without this."""
        return copy.deepcopy(self)

    def add(self, server: Server) -> None:
        """Add a server; its id must be new."""
        if server.id in self.servers:
            raise ValueError(f"there is a server {server.id} already")
        self.servers[server.id] = server

    def of(self, project_id: str) -> Iterator[Server]:
        """Yield a project's servers, the newest first, as Nova lists them."""
        own = [server for server in self.servers.values() if server.project_id == project_id]
        return reversed(own)

    def seats_of(self, volume_id: str) -> list[tuple[Server, Seat]]:
        """Return where a disk is."""
        found = ((server, server.seat_of(volume_id)) for server in self.servers.values())
        return [(server, seat) for server, seat in found if seat is not None]

    def forget_disk(self, volume_id: str) -> None:
        """Take a disk that is deleted out of all servers."""
        for server in self.servers.values():
            server.seats = [seat for seat in server.seats if seat.volume_id != volume_id]
        self.work = [work for work in self.work if work.volume_id != volume_id]

    def under_way(self, volume_id: str) -> Work | None:
        """Return what is being done with a disk."""
        return next((work for work in self.work if work.volume_id == volume_id), None)


def seat(state: State, server: Server, volume: Volume, values: dict[str, Any]) -> Seat:
    """Put a disk into a server at once; its status and its attachments say so."""
    place = Seat(volume.id, attachment_id=state.new_id())
    assign(place, values)
    place.device = place.device or server.free_device()
    server.seats.append(place)
    show(state, volume)
    return place


def show(state: State, volume: Volume) -> None:
    """Let the volume tell where it is."""
    places = state.compute.seats_of(volume.id)
    attachments = [
        {
            "server_id": server.id,
            "device": place.device,
            "attachment_id": place.attachment_id,
            "attached_at": state.stamp(),
        }
        for server, place in places
    ]
    state.change_volume(volume, attachments=attachments, status="in-use" if places else "available")


def begin(state: State, kind: str, server: Server, volume: Volume, request_id: str) -> Work:
    """Begin to attach or detach a disk whose call was checked."""
    config = state.config
    place = server.seat_of(volume.id)
    clings = kind == "detach" and place is not None and place.mounted and server.status == "ACTIVE"
    action = Action(f"{kind}_volume", request_id, state.stamp())
    server.actions.insert(0, action)
    reads = config.settle_reads if server.settle_reads is None else server.settle_reads
    seconds = config.settle_seconds if server.settle_seconds is None else server.settle_seconds
    refused = kind in server.refuses or (clings and server.os == "linux")
    if kind == "attach":
        # Nova chooses the device before it answers.
        place = Seat(volume.id, server.free_device(), attachment_id=state.new_id())
        server.seats.append(place)
    work = Work(kind, server.id, volume.id, action, not refused, reads, time.monotonic() + seconds)
    state.compute.work.append(work)
    state.change_volume(volume, status="reserved" if kind == "attach" else "detaching")
    return work


def settle(state: State, reading: bool) -> None:
    """End what is ready; what is not is nearer to its end by a reading."""
    compute = state.compute
    for work in list(compute.work):
        if work.reads <= 0 and time.monotonic() >= work.ready_at:
            compute.work.remove(work)
            finish(state, work)
        elif reading:
            work.reads -= 1
            volume = state.volumes.get(work.volume_id)
            if volume is not None and volume.status == "reserved" and work.reads <= 0:
                state.change_volume(volume, status="attaching")


def finish(state: State, work: Work) -> None:
    """Let a disk be where it was to go, or where it was."""
    server, volume = state.compute.servers.get(work.server_id), state.volumes.get(work.volume_id)
    if server is None or volume is None:
        return
    place = server.seat_of(volume.id)
    gone = work.succeeds if work.kind == "detach" else not work.succeeds
    if gone and place is not None:
        if work.kind == "detach" and place.mounted and server.status == "ACTIVE":
            server.lost.append(volume.id)
        server.seats.remove(place)
    work.action.message = None if work.succeeds else "Error"
    work.action.updated_at = state.stamp()
    job = state.compute.jobs.get(work.job_id)
    if job is not None:
        job.status, job.end_time = "SUCCESS" if work.succeeds else "FAIL", state.stamp()
    show(state, volume)


def attached(state: State, server: Server) -> Iterable[Seat]:
    """Return the disks that Nova lists: one that is being attached has its place already."""
    return server.seats


def remove(state: State, server: Server) -> None:
    """Delete a server, and with it the disks that were to go with it."""
    for place in list(server.seats):
        volume = state.volumes.get(place.volume_id)
        server.seats.remove(place)
        if volume is None:
            continue
        if place.delete_on_termination:
            state.remove_volume(volume)
        else:
            show(state, volume)
    del state.compute.servers[server.id]


def dump(state: State, server: Server) -> dict[str, Any]:
    """Return everything about a server, for assertions."""
    return asdict(replace(server)) | {"tenant": state.projects[server.project_id].name}
