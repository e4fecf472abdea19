# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Attach disks to servers and detach them: evs_attachment.

An answer is not success: both services are read until they agree.  A guest that refuses is told by the
server's list of actions alone.  The disks of a server go one after the other, in their order, and the
servers side by side.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._api.answers import may_be_under_way, outcome_is_open
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.nova import Nova
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    EvsError,
    Unproved,
    UsageError,
    sentence,
)
from ansible_collections.otc.evs.plugins.module_utils._flows.find import by_id, find, find_wanted
from ansible_collections.otc.evs.plugins.module_utils._flows.guests import guest_names
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import Done, both, run_all
from ansible_collections.otc.evs.plugins.module_utils._flows.progress import counted
from ansible_collections.otc.evs.plugins.module_utils._flows.proof import Patience, look, passes, trouble, watch
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result, State
from ansible_collections.otc.evs.plugins.module_utils._model.rows import ATTACHED, DETACHED, Reason, Row
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Job, Server
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AVAILABLE,
    AWAITING_TRANSFER,
    DETACHING,
    IN_USE,
    ON_ITS_WAY_IN,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import (
    Known,
    Plan,
    Rules,
    Step,
    Wish,
    plan_attach,
    plan_detach,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.memory import (
    Remembered,
    as_coming,
    meant,
    recalled,
    remembered_of,
    wishes_of_servers,
    wishes_to_go_back,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found, require_names
from ansible_collections.otc.evs.plugins.module_utils._plan.refusals import meaning, refusal
from ansible_collections.otc.evs.plugins.module_utils._plan.seats import Listed, is_in, is_out, of_attach, of_detach
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import VolumeFilter, Wanted
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Reading, Trouble
from ansible_collections.otc.evs.plugins.module_utils._text import safe

ATTACH, DETACH = "attach", "detach"
MOST_ATTEMPTS = 3
RIGHTS = {
    ATTACH: {
        403: "The user needs the right ecs:serverVolumeAttachments:create (in Nova the role member) in this project."
    },
    DETACH: {
        403: "The user needs the right ecs:serverVolumeAttachments:delete (in Nova the role member) in this project."
    },
}
AFTER_A_REFUSAL = {
    ATTACH: "Look at the messages of the server, and run again.",
    DETACH: "Unmount the disk in the guest, or shut the server down, and run again.",
}

Key = tuple[str, str]
"""The IDs of a disk and of a server."""


@dataclass(frozen=True)
class Options:
    """How to do it; see the options of evs_attachment.  After so many `seconds` no disk is begun."""

    rules: Rules
    concurrency: int
    timeout: float
    seconds: float | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class Whole:
    """What is to be free besides: all data disks of `servers`, disks by their traits, and what a journal tells."""

    servers: Sequence[str] = ()
    chosen: VolumeFilter = field(default_factory=VolumeFilter)
    journal: Sequence[Any] = ()


@dataclass(frozen=True)
class Back:
    """Which of the remembered disks go back: these, or those that are `freed`, or that were detached long ago."""

    refs: Sequence[str] | None = None
    freed: Sequence[str] = ()
    older_than: datetime.timedelta | None = None


def attach(
    evs: Evs, nova: Nova, wishes: Sequence[Wish], options: Options, *, rehearsed: bool, coming: Sequence[Volume] = ()
) -> Result:
    """Let disks be in servers; the whole flow.

    A rehearsal judges disks that are `coming` as if they had come.
    """
    if coming and not rehearsed:
        raise UsageError("Option coming is for rehearsals only: what is not here cannot be attached.")
    here, servers = both(lambda: list(evs.volumes()), lambda: list(nova.servers()), options.concurrency)
    known_here = {volume.id for volume in here}
    awaited = {volume.id: volume for volume in coming if volume.id not in known_here}
    found = _read_again(evs, Found.among(_refs(wishes), [*here, *awaited.values()]), servers)
    plan = _plan_attach(evs, nova, wishes, found, [*here, *awaited.values()], servers, options)
    # Whose they are is not read here.
    rows = [replace(row, owner=None) if row.id in awaited else row for row in plan.rows]
    return _carry_out(evs, nova, ATTACH, replace(plan, rows=rows), found, options, rehearsed)


def attach_again(
    evs: Evs, nova: Nova, journal: Sequence[Any], back: Back, options: Options, *, rehearsed: bool
) -> Result:
    """Let disks that runs have detached be in their servers again; the whole flow.

    A rehearsal judges disks whose offers are to be withdrawn as if that were done.  Where nothing is
    remembered, nothing is asked.
    """
    if back.freed and not rehearsed:
        raise UsageError("Option freed is for rehearsals only: a disk that is offered cannot be attached.")
    now = datetime.datetime.now(datetime.timezone.utc)
    remembered = meant(remembered_of(journal, evs.project.id), back.refs, back.freed, back.older_than, now)
    if all(item.is_over for item in remembered):
        return _carry_out(evs, nova, ATTACH, Plan(), Found.among([], []), options, rehearsed)
    here, servers = both(lambda: list(evs.volumes()), lambda: list(nova.servers()), options.concurrency)
    known_here = {volume.id: volume for volume in here}
    wishes = wishes_to_go_back(remembered, known_here, back.freed)
    found = _read_again(evs, Found.among(_refs(wishes), here), servers)
    found = found.replaced({volume.id: _as_freed(volume, back.freed) for volume in found.volumes})
    plan = _plan_attach(evs, nova, wishes, found, here, servers, options)
    return _carry_out(evs, nova, ATTACH, plan, found, options, rehearsed)


def _as_freed(volume: Volume, freed: Collection[str]) -> Volume:
    offered = volume.id in freed and volume.status == AWAITING_TRANSFER
    return replace(volume, status=AVAILABLE) if offered else volume


def _plan_attach(
    evs: Evs,
    nova: Nova,
    wishes: Sequence[Wish],
    found: Found,
    volumes: Sequence[Volume],
    servers: Sequence[Server],
    options: Options,
) -> Plan:
    known = _with_devices(nova, servers, wishes, found, options.concurrency)
    disks = {volume.id: volume for volume in volumes}
    plan = plan_attach(found, wishes, known, disks, options.rules, evs.project)
    if not options.dry_run or plan.problems:
        return plan
    return _asked(nova, plan, [step for step in plan.steps if step.sends and _is_free(disks[step.volume.id])], options)


def _is_free(volume: Volume) -> bool:
    """Whether the project has it, and it is in no server: of others ECS can say nothing."""
    return volume.status == AVAILABLE and volume.project_id is not None


def _asked(nova: Nova, plan: Plan, steps: Sequence[Step], options: Options) -> Plan:
    """The plan after ECS was asked about disks; what it would refuse is blocked."""
    warnings: list[str] = []
    refused: dict[Key, Reason] = {}
    for done in run_all(lambda step: nova.would_attach(step.server.id, step.volume.id), steps, options.concurrency):
        step = done.item
        if isinstance(done.error, ApiError) and done.error.status < 500:
            refused[_key(step)] = refusal(done.error.code, safe(done.error.reason, 1000))
        elif done.error or not done.value:
            why = sentence(done.error.message) if done.error else "there is no ECS at the address of Nova."
            warnings.append(f"Whether disk {step.volume.label} can be attached could not be asked (dry_run): {why}")
    return plan.without(refused, options.rules, warnings)


def detach(
    evs: Evs, nova: Nova, wishes: Sequence[Wish], options: Options, *, rehearsed: bool, whole: Whole | None = None
) -> Result:
    """Let disks be out of servers; the whole flow.  Nova is asked nothing if no disk is in use."""
    whole = whole or Whole()
    remembered = remembered_of(whole.journal, evs.project.id)
    if not whole.chosen.is_empty:
        chosen = find_wanted(evs, Wanted(None, whole.chosen)).volumes
        wishes = [*wishes, *(Wish(volume.id) for volume in chosen)]
    if whole.servers:
        found, wishes, known, unclear = _of_servers(evs, nova, wishes, whole.servers, remembered, options.concurrency)
    else:
        found, known, unclear = find(evs, _refs(wishes)), Known(), []
        if any(map(_is_used, found.volumes)):
            servers = list(nova.servers())
            found = _read_again(evs, found, servers)
            known = _with_devices(nova, servers, wishes, found, options.concurrency)
    plan = plan_detach(found, wishes, known, options.rules, evs.project)
    plan = replace(
        plan,
        rows=recalled(plan.rows, remembered),
        problems=[*unclear, *plan.problems],
        details={**plan.details, "coming": [as_coming(volume) for volume in found.volumes]},
    )
    return _carry_out(evs, nova, DETACH, plan, found, options, rehearsed)


def _of_servers(
    evs: Evs,
    nova: Nova,
    wishes: Sequence[Wish],
    refs: Sequence[str],
    remembered: Sequence[Remembered],
    concurrency: int,
) -> tuple[Found, list[Wish], Known, list[str]]:
    """The disks asked for and those of whole servers."""
    volumes, servers = both(lambda: list(evs.volumes()), lambda: list(nova.servers()), concurrency)
    asked = Found.among(_refs(wishes), volumes)
    known = _with_devices(nova, servers, [*wishes, *(Wish("", ref) for ref in refs)], asked, concurrency)
    more, unclear = wishes_of_servers(refs, known, remembered)
    named = {volume.id for volume in asked.volumes}
    everything = [*wishes, *(wish for wish in more if wish.volume not in named)]
    found = _read_again(evs, Found.among(_refs(everything), volumes), servers)
    return found, everything, known, unclear


def _refs(wishes: Iterable[Wish]) -> list[str]:
    refs = [wish.volume for wish in wishes]
    require_names(refs)
    return refs


def _is_used(volume: Volume) -> bool:
    return bool(volume.attachments) or volume.status in (IN_USE, DETACHING, *ON_ITS_WAY_IN)


def _read_again(evs: Evs, found: Found, servers: Sequence[Server]) -> Found:
    """The same disks; those of which the two services tell different things may have changed between both lists."""
    known = Known(servers)
    odd = [volume.id for volume in found.volumes if _is_used(volume) != bool(known.with_disk(volume))]
    seen = by_id(evs, odd)
    return found.replaced({volume_id: seen.get(volume_id) for volume_id in odd})


def _with_devices(
    nova: Nova, servers: Sequence[Server], wishes: Sequence[Wish], found: Found, concurrency: int
) -> Known:
    """The servers, and of those that are meant or hold a disk that is meant, the devices: a request each."""
    known = Known(servers)
    asked = [server for ref in dict.fromkeys(wish.server for wish in wishes) if ref for server in known.named(ref)]
    asked += [server for volume in found.volumes for server in known.with_disk(volume)]
    told: dict[str, Server | None] = {}
    for done in run_all(nova.seats, dict.fromkeys(server.id for server in asked), concurrency):
        if done.error:
            raise done.error
        server = next(server for server in servers if server.id == done.item)
        told[done.item] = None if done.value is None else server.with_seats(done.value)
    now = (told.get(server.id, server) for server in servers)
    return Known([server for server in now if server is not None])


def _carry_out(evs: Evs, nova: Nova, kind: str, plan: Plan, found: Found, options: Options, rehearsed: bool) -> Result:
    result = _done(evs, nova, kind, plan, options, rehearsed)
    rows = result.rows or []
    placed = {row.id for row in rows if row.server and (row.server.before or row.server.after)}
    names = guest_names(evs, [volume for volume in found.volumes if volume.id in placed])
    result.rows = [replace(row, guest_name=names.get(row.id or "")) if row.id in placed else row for row in rows]
    return result


def _done(evs: Evs, nova: Nova, kind: str, plan: Plan, options: Options, rehearsed: bool) -> Result:
    result = Result(
        "Attaching" if kind == ATTACH else "Detaching",
        list(plan.rows),
        problems=list(plan.problems),
        warnings=list(plan.warnings),
        values={"project": evs.project.as_result(), **plan.details},
    )
    if plan.problems:
        return result
    result.to_do = [step.volume.id for step in plan.steps]
    before = {_key(step): step for step in plan.steps}
    if not rehearsed:
        told = _Hand(evs, nova, kind, options).work(plan.steps)
        planned = {id(step.row): _key(step) for step in plan.steps}
        result.not_started = [key[0] for key in before if key not in told]
        keys = [planned.get(id(row)) for row in plan.rows]
        result.rows = [told[key] if key else row for key, row in zip(keys, plan.rows) if key is None or key in told]
        rows = [(before[key], told[key]) for key in before if key in told]
    else:
        rows = [(step, step.row) for step in plan.steps]
    for step, row in rows:
        if row.outcome in (ATTACHED, DETACHED):
            result.change(
                row.label, _state(step.volume.status, row, False), _state(_status_after(kind, step), row, True)
            )
    return result


def _status_after(kind: str, step: Step) -> str:
    shared = any(item.server_id != step.server.id for item in step.volume.attachments)
    return IN_USE if kind == ATTACH or shared else AVAILABLE


def _state(status: str, row: Row, after: bool) -> State:
    servers, devices = row.server, row.device
    where = (servers.after if after else servers.before) if servers else None
    return {
        "server": safe(where.name or where.id) if where else None,
        "device": (devices.after if after else devices.before) if devices else None,
        "status": status,
    }


def _key(step: Step) -> Key:
    return step.volume.id, step.server.id


class _Hand:
    """Sends, waits for both services, and tells what was read last."""

    def __init__(self, evs: Evs, nova: Nova, kind: str, options: Options) -> None:
        self._evs = evs
        self._nova = nova
        self._kind = kind
        self._options = options
        self._deadline = None if options.seconds is None else time.monotonic() + options.seconds
        self._failed: dict[str, set[str] | None] = {}
        """By server the requests that are known to have failed; None if that cannot be read."""
        self._refusals: dict[Key, str] = {}
        """The requests that the guest refused."""
        self._readings: dict[Key, Reading] = {}
        self._counted: Callable[[Step], bool] = self._one

    def work(self, steps: Sequence[Step]) -> dict[Key, Row]:
        """Do all that there is time for; returns what became of each."""
        groups: dict[str, list[Step]] = {}
        for step in steps:
            groups.setdefault(step.server.id, []).append(step)
        rows: dict[Key, Row] = {}
        self._counted = counted(self._one, len(steps))
        for outcome in run_all(self._serve, groups.values(), self._options.concurrency, self._options.seconds):
            if outcome.begun:
                rows.update(outcome.value or self._untold(outcome.item, outcome.error))
        return rows

    def _serve(self, steps: Sequence[Step]) -> dict[Key, Row]:
        """Deal with the disks of one server, one after the other."""
        server = steps[0].server
        self._failed[server.id] = self._failures(server)
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        done = [outcome for outcome in run_all(self._counted, steps, 1, left) if outcome.begun]
        return self._told(server, done)

    def _one(self, step: Step) -> bool:
        if step.sends:
            self._send(step)
        reading = watch(
            self._evs, [step.volume.id], lambda volume: self._is_settled(step, volume), self._options.timeout
        )
        self._readings[_key(step)] = reading
        refused = self._refusals.get(_key(step))
        if refused:
            raise EvsError(f"{refused} {AFTER_A_REFUSAL[self._kind]}")
        return True

    def _send(self, step: Step) -> None:
        """Ask for it; after a lost answer look whether it has begun, before it is asked for again."""
        lost: EvsError | None = None
        for dummy in range(MOST_ATTEMPTS):
            try:
                call = self._nova.attach if self._kind == ATTACH else self._nova.detach
                call(step.server.id, step.volume.id)
                return
            except EvsError as error:
                is_open = outcome_is_open(error)
                # A DELETE may have been sent again below, and the refusal be about what the first one did.
                if not is_open and lost is None and self._kind == ATTACH:
                    raise
                if self._has_begun(step, lost or error):
                    return
                if not is_open:
                    if lost and may_be_under_way(lost):
                        raise AnswerLost(f"{sentence(lost.message)} The next attempt: {error.message}") from error
                    raise
                lost = error
        raise lost or EvsError("unreachable")

    def _has_begun(self, step: Step, lost: EvsError) -> bool:
        try:
            volume = self._evs.volume(step.volume.id)
        except EvsError as error:
            if not outcome_is_open(lost):
                raise lost from error
            words = f"{sentence(lost.message)} What became of it could not be read either: {error.message}"
            raise Unproved(words) from error
        if self._kind == DETACH:
            return volume is None or volume.status == DETACHING or is_out(volume, step.server.id)
        return volume is not None and (volume.status in ON_ITS_WAY_IN or volume.is_in(step.server.id))

    def _is_settled(self, step: Step, volume: Volume | None) -> bool:
        """Whether there is nothing more to wait for."""
        if volume is None or volume.status.startswith("error"):
            return True
        if self._kind == DETACH:
            if is_out(volume, step.server.id):
                return self._job_is_over(step)
            return volume.status == IN_USE and self._is_refused(step)
        if is_in(volume, step.server.id):
            return self._job_is_over(step)
        return volume.status not in ON_ITS_WAY_IN and self._is_refused(step)

    def _is_refused(self, step: Step) -> bool:
        """Whether the server's actions tell of a new failure: a disk that is as before may not have been begun yet."""
        job = self._job(step)
        if job and job.failed:
            why = sentence(
                ": ".join(part for part in (job.code, safe(job.reason, 1000)) if part) or "it gives no reason"
            )
            told = f"ECS could not {self._kind} it: job {safe(job.id)} has ended with {job.status}: {why}"
            self._refusals[_key(step)] = f"{told} {meaning(job.code)}".strip()
            return True
        known, now = self._failed.get(step.server.id), self._failures(step.server)
        if known is None or now is None or not now - known:
            return False
        self._refusals[_key(step)] = (
            f"The guest refused: the list of actions of server {step.server.label} says Error for the {self._kind} "
            f"(request {sorted(now - known)[0]})."
        )
        known |= now
        return True

    def _job_is_over(self, step: Step) -> bool:
        """Whether ECS is done with it, if it was asked; until then the server may be busy."""
        job = self._job(step)
        return job is None or job.is_over

    def _job(self, step: Step) -> Job | None:
        try:
            return self._nova.job(step.server.id, step.volume.id)
        except EvsError:
            # What became of the disk, both services tell.
            return None

    def _failures(self, server: Server) -> set[str] | None:
        try:
            actions = self._nova.actions(server.id)
        except EvsError:
            return None
        return {action.request_id for action in actions if action.failed and action.name == f"{self._kind}_volume"}

    def _told(self, server: Server, done: Sequence[Done[Step, bool]]) -> dict[Key, Row]:
        """Read what is not read yet, and judge."""
        steps = [outcome.item for outcome in done]
        unread = [step.volume.id for step in steps if _key(step) not in self._readings]
        reading = look(self._evs, unread, self._options.timeout)
        listed = self._listed(server, steps)
        rows = {}
        for outcome in done:
            step = outcome.item
            problem = self._trouble(outcome.error) if outcome.error else None
            rows[_key(step)] = self._judge(step, problem, self._readings.get(_key(step), reading), listed)
        return rows

    def _trouble(self, error: EvsError) -> Trouble:
        found = trouble(error, f"{self._kind}ed", RIGHTS[self._kind])
        words = meaning(error.code) if isinstance(error, ApiError) else ""
        return replace(found, message=f"{found.message} {words}") if words else found

    def _judge(self, step: Step, problem: Trouble | None, reading: Reading, listed: Listed) -> Row:
        verdict = of_attach if self._kind == ATTACH else of_detach
        row = verdict(step, problem, reading.of(step.volume.id), listed, self._evs.project)
        return replace(row, at=reading.at)

    def _untold(self, steps: Sequence[Step], error: EvsError | None) -> Mapping[Key, Row]:
        """What a mistake of ours, or what all servers would meet, has kept from being done or told."""
        problem = trouble(error or EvsError("The server gave no reason."), f"{self._kind}ed", {})
        reading = look(self._evs, [step.volume.id for step in steps], self._options.timeout)
        listed = self._listed(steps[0].server, steps)
        return {_key(step): self._judge(step, problem, reading, listed) for step in steps}

    def _listed(self, server: Server, steps: Sequence[Step]) -> Listed:
        """What Nova lists, when it agrees with block storage or the time is over."""
        patience = Patience(self._options.timeout)
        while True:
            try:
                seats = self._nova.seats(server.id) or ()
            except EvsError as error:
                listed = Listed(unread=sentence(error.message))
                settled = not passes(error)
            else:
                listed = Listed({seat.volume_id: seat for seat in seats})
                settled = all(self._agree(step, listed) for step in steps)
            if settled or not patience.lasts():
                return listed

    def _agree(self, step: Step, listed: Listed) -> bool:
        reading = self._readings.get(_key(step))
        volume = reading.seen.get(step.volume.id) if reading else None
        if volume is None:
            return True
        if self._kind == ATTACH:
            return not is_in(volume, step.server.id) or step.volume.id in listed.seats
        return not is_out(volume, step.server.id) or step.volume.id not in listed.seats
