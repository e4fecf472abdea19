# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Which disks are to be attached and detached, from what was read, and why others are not: pure.

Sources: EVS and ECS user guides of the Open Telekom Cloud, "Attaching an EVS Disk", "Detaching an EVS
Disk" and "Constraints"; Nova refuses besides what it says itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.otc.evs.plugins.module_utils._errors import quoted
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    ALREADY_ATTACHED,
    ALREADY_DETACHED,
    ATTACHED,
    BLOCKED,
    DETACHED,
    GONE,
    Devices,
    Place,
    Reason,
    Row,
    Servers,
)
from ansible_collections.otc.evs.plugins.module_utils._model.servers import ACTIVE, SHUTOFF, Seat, Server
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AVAILABLE,
    AWAITING_TRANSFER,
    DETACHING,
    IN_USE,
    ON_ITS_WAY_IN,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found, is_id

MOST_VBD, MOST_SCSI, MOST_DISKS = 24, 59, 60
"""How many disks a server takes, its system disk included."""
NEVER, STOPPED, RUNNING = "never", "stopped", "running"
"""From which servers a disk may be detached."""
IGNORABLE = ("zone", "slots")
"""What not every cloud demands: Nova may attach across zones, and takes more disks than OTC."""
RUNNING_STATES = (ACTIVE, "PAUSED", "SUSPENDED")


@dataclass(frozen=True)
class Wish:
    """A disk by name or ID, and the server that it is to be in, or is to leave; without one, wherever it is."""

    volume: str
    server: str | None = None


@dataclass(frozen=True)
class Rules:
    """What to do in the cases that need a decision; see the options of evs_attachment."""

    detach: str = STOPPED
    blocked: str = "fail"
    ignored: Collection[str] = ()


@dataclass(frozen=True)
class Known:
    """The servers of a project; of those that are meant the disks have their devices."""

    servers: Sequence[Server] = ()

    def named(self, ref: str) -> list[Server]:
        """Those that a name or an ID means; an ID is preferred."""
        by_id = [server for server in self.servers if server.id == ref]
        return by_id or [server for server in self.servers if server.name == ref]

    def with_disk(self, volume: Volume) -> list[Server]:
        """Those that Nova says the disk is in."""
        return [server for server in self.servers if server.has(volume.id)]

    def left_by(self, volume: Volume) -> list[Server]:
        """Those that it is leaving, by the word of block storage: Nova may have forgotten it already."""
        if volume.status != DETACHING:
            return []
        return [server for server in self.servers if volume.is_in(server.id)]


@dataclass(frozen=True)
class Step:
    """Something to do; a disk that is already on its way is only waited for."""

    row: Row
    volume: Volume
    server: Server
    sends: bool = True

    @property
    def seat(self) -> Seat:
        return self.server.seat_of(self.volume.id) or Seat(self.volume.id)


@dataclass(frozen=True)
class Plan:
    """The rows in the order asked for, what is to be done, and why nothing at all can be."""

    rows: Sequence[Row] = ()
    steps: Sequence[Step] = ()
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    details: Mapping[str, object] = field(default_factory=dict)

    def without(self, refused: Mapping[tuple[str, str], Reason], rules: Rules, warnings: Sequence[str]) -> Plan:
        """The same but for disks that the cloud would not attach to servers, by the IDs of both."""
        bad = {id(step.row): refused.get((step.volume.id, step.server.id)) for step in self.steps}
        rows = [_blocked(row, reason) if (reason := bad.get(id(row))) else row for row in self.rows]
        steps = [step for step in self.steps if not bad[id(step.row)]]
        problems = [
            *self.problems,
            *(
                f"Disk {row.label} cannot be attached: {row.why}"
                for old, row in zip(self.rows, rows)
                if rules.blocked == "fail" and old is not row
            ),
        ]
        return replace(self, rows=rows, steps=steps, problems=problems, warnings=[*self.warnings, *warnings])


def place(server: Server | None) -> Place | None:
    return Place(server.id, server.name) if server else None


def plan_detach(found: Found, wishes: Sequence[Wish], known: Known, rules: Rules, owner: Project) -> Plan:
    """Decide about every disk that is to leave a server."""
    rows: list[Row] = []
    steps: list[Step] = []
    warnings = []
    done: set[tuple[str, str | None]] = set()
    for wish in dict.fromkeys(wishes):
        matches = found.matches.get(wish.volume, [])
        if not matches:
            row = _nowhere(wish.volume, owner)
            rows.append(row)
            # Who has disks left out, as the role does, is told of them by their rows: one may have moved already.
            if row.id is None and rules.blocked == "fail":
                warnings.append(f"{quoted(wish.volume)}: {row.message} Check the spelling.")
        if len(matches) == 1 and (matches[0].id, wish.server) not in done:
            done.add((matches[0].id, wish.server))
            row, step = _leave(matches[0], wish.server, known, rules, owner)
            rows.append(row)
            steps += [step] if step else []
    steps.sort(key=lambda step: step.seat.order)
    return _plan(rows, steps, found, rules, owner, warnings, "detached")


def plan_attach(
    found: Found, wishes: Sequence[Wish], known: Known, disks: Mapping[str, Volume], rules: Rules, owner: Project
) -> Plan:
    """Decide about every disk that is to be in a server; `disks` are all of the project, by their ID."""
    rows: list[Row] = []
    steps: list[Step] = []
    missing = []
    done: set[tuple[str, str | None]] = set()
    for wish in dict.fromkeys(wishes):
        matches = found.matches.get(wish.volume, [])
        missing += [] if matches else [wish.volume]
        if not matches and rules.blocked == "skip":
            rows.append(_nowhere(wish.volume, owner))
        if len(matches) == 1 and (matches[0].id, wish.server) not in done:
            done.add((matches[0].id, wish.server))
            row, step = _enter(matches[0], wish.server or "", known, disks, steps, rules, owner)
            rows.append(row)
            steps += [step] if step else []
    plan = _plan(rows, steps, found, rules, owner, [], "attached")
    if not missing or rules.blocked == "skip":
        return plan
    problem = (
        f"Project {owner.label} has no disk with the name or ID {', '.join(map(quoted, missing))}. "
        "Check the spelling, the project and the region."
    )
    return replace(plan, problems=[problem, *plan.problems], details={**plan.details, "missing": missing})


def _plan(
    rows: Sequence[Row],
    steps: Sequence[Step],
    found: Found,
    rules: Rules,
    owner: Project,
    warnings: Sequence[str],
    doing: str,
) -> Plan:
    problems = []
    details: dict[str, object] = {}
    ambiguity = found.ambiguity(owner.label)
    if ambiguity:
        problems.append(ambiguity)
        details["ambiguous"] = found.ambiguous
    if rules.blocked == "fail":
        problems += [f"Disk {row.label} cannot be {doing}: {row.why}" for row in rows if row.outcome == BLOCKED]
    return Plan(rows, steps, problems, warnings, details)


def _nowhere(ref: str, owner: Project) -> Row:
    by_id = is_id(ref)
    message = f"Project {owner.label} has no such disk (any more), so no server of it has the disk attached."
    return Row(ref if by_id else None, GONE, None if by_id else ref, message=message)


# To leave a server


def _leave(volume: Volume, ref: str | None, known: Known, rules: Rules, owner: Project) -> tuple[Row, Step | None]:
    row = Row.of(volume, DETACHED, owner.id)
    holders = known.with_disk(volume) or known.left_by(volume)
    meant, unclear = (holders, None) if ref is None else _one(ref, known)
    if not holders and not volume.attachments and volume.status not in (IN_USE, DETACHING, *ON_ITS_WAY_IN):
        return replace(row, outcome=ALREADY_DETACHED, server=Servers(), device=Devices()), None
    if unclear:
        return _blocked(row, unclear), None
    if not holders:
        return _blocked(row, _lost(volume, owner)), None
    if len(meant) > 1:
        return _blocked(row, _shared(meant)), None
    server = meant[0]
    seat = server.seat_of(volume.id) or (Seat(volume.id) if server in known.left_by(volume) else None)
    if seat is None:
        labels = ", ".join(holder.label for holder in holders)
        return replace(row, outcome=ALREADY_DETACHED).saying(
            f"It is attached to server {labels}, which is not the one named."
        ), None
    row = replace(row, server=Servers(place(server), None), device=Devices(seat.device or None, None))
    if volume.status == DETACHING:
        return row, Step(row, volume, server, sends=False)
    reasons = detach_reasons(volume, server, seat, rules)
    return (_blocked(row, *reasons), None) if reasons else (row, Step(row, volume, server))


def detach_reasons(volume: Volume, server: Server, seat: Seat, rules: Rules) -> list[Reason]:
    """Why a disk may not leave a server."""
    checks = (
        _never(server, rules),
        _not_settled(volume, "detached") if volume.status != IN_USE else None,
        _boots(volume, server, seat),
        _locked(server),
        _busy(server),
        _not_off(server, rules),
    )
    return [reason for reason in checks if reason]


def _never(server: Server, rules: Rules) -> Reason | None:
    if rules.detach != NEVER:
        return None
    return Reason(
        "attached",
        f"it is attached to server {server.label}",
        "Unmount it in the server and detach it, or let it be detached from a server that is shut off "
        "(detach: stopped).",
    )


def _boots(volume: Volume, server: Server, seat: Seat) -> Reason | None:
    if not server.is_root(seat.device) and (seat.device or not volume.bootable):
        return None
    device = seat.device or "an unknown device"
    return Reason(
        "system_disk",
        f"it is the disk that server {server.label} boots from, {device}",
        "A server keeps its system disk. Transfer an image of it instead.",
    )


def _locked(server: Server) -> Reason | None:
    if not server.locked:
        return None
    return Reason(
        "locked",
        f"server {server.label} is locked",
        "Ask who has locked it; then unlock it (openstack server unlock).",
    )


def _busy(server: Server) -> Reason | None:
    if not server.task_state:
        return None
    return Reason(
        "task", f"server {server.label} is busy: {server.task_state}", "Wait until that is over, and run again."
    )


def _not_off(server: Server, rules: Rules) -> Reason | None:
    if server.status == SHUTOFF:
        return None
    if server.status not in RUNNING_STATES:
        return _bad_state(server)
    if rules.detach == RUNNING:
        return None
    return Reason(
        "server_status",
        f"server {server.label} is {server.status}, not {SHUTOFF}",
        "Shut it down first: a disk that its guest still uses loses data. "
        "If nothing in the guest uses the disk, set detach: running.",
    )


def _bad_state(server: Server) -> Reason:
    return Reason(
        "server_status",
        f"server {server.label} is {server.status}",
        f"Bring it to {SHUTOFF} or {ACTIVE} first.",
    )


def _shared(servers: Sequence[Server]) -> Reason:
    labels = ", ".join(server.label for server in servers)
    return Reason(
        "shared",
        f"it is attached to {len(servers)} servers: {labels}",
        "Name the server that it is to leave; detach it from each of them to have it free.",
    )


def _lost(volume: Volume, owner: Project) -> Reason:
    ids = ", ".join(item.server_id or "unknown" for item in volume.attachments) or "a server that is not named"
    return Reason(
        "server",
        f"its status is {volume.status} and it is attached to {ids}, but no server of project {owner.label} has it",
        "If it is on its way, run again. Otherwise the server was deleted or is of another kind: detach the disk "
        "there, or let an administrator of the cloud reset it.",
    )


# To enter a server


def _enter(
    volume: Volume,
    ref: str,
    known: Known,
    disks: Mapping[str, Volume],
    before: Sequence[Step],
    rules: Rules,
    owner: Project,
) -> tuple[Row, Step | None]:
    row = Row.of(volume, ATTACHED, owner.id)
    holders = known.with_disk(volume)
    first = holders[0] if holders else None
    seat = first.seat_of(volume.id) if first else None
    row = replace(row, server=Servers(place(first), place(first)), device=_unchanged(seat))
    meant, unclear = _one(ref, known)
    if unclear:
        return _blocked(row, unclear), None
    server = meant[0]
    seat = server.seat_of(volume.id)
    if seat is not None:
        held = Servers(place(server), place(server))
        row = replace(row, server=held, device=_unchanged(seat))
        if volume.status == IN_USE:
            return replace(row, outcome=ALREADY_ATTACHED), None
        if volume.status in ON_ITS_WAY_IN:
            return row, Step(row, volume, server, sends=False)
        return _blocked(row, _not_settled(volume, "attached")), None
    planned = [step for step in before if step.volume.id == volume.id]
    reasons = [
        *_taken(volume, holders, [step.server for step in planned]),
        *attach_reasons(volume, server, disks, [step.volume for step in before if step.server.id == server.id], rules),
    ]
    if reasons:
        return _blocked(row, *reasons), None
    row = replace(
        row, server=Servers(place(first), place(server)), device=Devices(row.device.before if row.device else None)
    )
    return row, Step(row, volume, server)


def attach_reasons(
    volume: Volume, server: Server, disks: Mapping[str, Volume], planned: Sequence[Volume], rules: Rules
) -> list[Reason]:
    """Why a disk may not enter a server, to which those `planned` are attached before."""
    checks = (
        None if volume.status in (AVAILABLE, IN_USE) else _not_settled(volume, "attached"),
        _locked(server),
        _busy(server),
        None if server.status in (ACTIVE, SHUTOFF) else _bad_state(server),
        None if "zone" in rules.ignored else _elsewhere(volume, server),
        None if "slots" in rules.ignored else _full(volume, server, disks, planned),
    )
    return [reason for reason in checks if reason]


def _taken(volume: Volume, holders: Iterable[Server], planned: Iterable[Server]) -> list[Reason]:
    """A disk is in one server, unless it is a shared one."""
    if volume.multiattach:
        return []
    held = [holder.label for holder in holders] or [
        item.server_id or "unknown" for item in volume.attachments if volume.status == IN_USE
    ]
    if held or volume.status == IN_USE:
        where = ", ".join(held) or "that is not named"
        return [Reason("attached", f"it is attached to server {where}", "Detach it there first (state: absent).")]
    wanted = [server.label for server in planned]
    if wanted:
        return [
            Reason("attached", f"it is to be attached to server {wanted[0]} as well", "Name one server for each disk.")
        ]
    return []


def _elsewhere(volume: Volume, server: Server) -> Reason | None:
    ours, theirs = volume.availability_zone, server.availability_zone
    if not ours or not theirs or ours == theirs:
        return None
    return Reason(
        "zone",
        f"it is in zone {ours}, and server {server.label} is in {theirs}",
        "Choose a server in the disk's zone. If this cloud attaches across zones, name zone in ignore_constraints.",
    )


def _full(volume: Volume, server: Server, disks: Mapping[str, Volume], planned: Sequence[Volume]) -> Reason | None:
    there = [disks.get(seat.volume_id) for seat in server.seats]
    everything = [*there, *planned]
    # A disk that is not known takes a place of the scarcer kind.
    same = sum((disk is not None and disk.is_scsi) == volume.is_scsi for disk in everything)
    kind, most = ("SCSI", MOST_SCSI) if volume.is_scsi else ("VBD", MOST_VBD)
    if same < most and len(everything) < MOST_DISKS:
        return None
    return Reason(
        "slots",
        f"server {server.label} has {len(everything)} disks with those that come before, {same} of them {kind}; it "
        f"takes {most} of that kind and {MOST_DISKS} in all",
        "Choose another server, or detach a disk from it. If this cloud takes more, name slots in ignore_constraints.",
    )


def _not_settled(volume: Volume, doing: str) -> Reason:
    if volume.status == AWAITING_TRANSFER:
        remedy = "Withdraw the offer with evs_transfer and state: absent, or let it be accepted."
        return Reason("status", "it is offered to another project", remedy)
    return Reason(
        "status",
        f"its status is {volume.status}, so it cannot be {doing}",
        "Wait until it is available or in-use; a disk in an error status has to be repaired first.",
    )


# Both


def _one(ref: str, known: Known) -> tuple[list[Server], Reason | None]:
    """The one server that is meant, or why that is not clear."""
    found = known.named(ref)
    if not found:
        return [], Reason(
            "server", f"there is no server {quoted(ref)}", "Check the spelling, the project and the region."
        )
    if len(found) > 1:
        ids = ", ".join(server.id for server in found)
        return [], Reason("server", f"{quoted(ref)} fits {len(found)} servers: {ids}", "Give its ID.")
    return found, None


def _unchanged(seat: Seat | None) -> Devices:
    device = (seat.device or None) if seat else None
    return Devices(device, device)


def _blocked(row: Row, *reasons: Reason) -> Row:
    """A disk that stays where it is."""
    before = (row.server or Servers()).before
    device = (row.device or Devices()).before
    return replace(
        row, outcome=BLOCKED, reasons=reasons, server=Servers(before, before), device=Devices(device, device)
    )
