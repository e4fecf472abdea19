# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""A trial on a real cloud: one disk of its own goes all the ways that the modules know, and is deleted.

The steps are those of the modules, by the same flows.  Whatever fails in between, the disk is looked
for in both projects at the end, its offer is withdrawn, and it is deleted.  No other disk is touched.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ansible_collections.otc.evs.plugins.module_utils._api.answers import outcome_is_open
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.recorder import Exchange
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError, UsageError, sentence
from ansible_collections.otc.evs.plugins.module_utils._flows.decide import decide
from ansible_collections.otc.evs.plugins.module_utils._flows.move import MoveOptions, move
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import offer
from ansible_collections.otc.evs.plugins.module_utils._flows.proof import look, now, watch
from ansible_collections.otc.evs.plugins.module_utils._flows.withdraw import withdraw
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import ALREADY_THERE, MOVED, OFFERED, WITHDRAWN
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AVAILABLE, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import Rules, same_project
from ansible_collections.otc.evs.plugins.module_utils._plan.pseudonyms import Pseudonyms
from ansible_collections.otc.evs.plugins.module_utils._plan.region import apart
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import Wanted
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Unread
from ansible_collections.otc.evs.plugins.module_utils._plan.withdrawals import Withdrawal
from ansible_collections.otc.evs.plugins.module_utils._text import safe

NOT_TRIED = "Not tried, because an earlier step failed."
NOT_IN_CHECK_MODE = "Not tried in check mode, which makes no disk to try it with."
READS = ("read disks", "read transfers", "read the quota", "read volume types")
EVIDENCE = (
    *("read snapshots", "read backups (VBS)", "read backups (CBR)", "read vaults (CBR)", "read policies (CBR)"),
    *("read replication pairs (EVS)", "read replication pairs (SDRS)", "read what only EVS has"),
)
CHANGES = (
    *("create the disk", "judge the disk", "offer it", "query the offer", "withdraw the offer", "move it"),
    *("prove whose it is", "move it again", "move it back"),
)
DELETE = "delete the disk"


@dataclass(frozen=True)
class Step:
    """What was tried; `held` is None if it was not tried, or if there is nothing to hold."""

    tenant: str
    name: str
    held: bool | None
    message: str
    at: str | None = None

    def as_result(self) -> dict[str, object]:
        return {**vars(self), "message": safe(self.message, None)}


@dataclass(frozen=True)
class TrialOptions:
    """What disk to make, and how long to wait for it, in seconds."""

    name: str
    size: int
    traits: Mapping[str, str]
    unchecked: str
    concurrency: int
    timeout: float


@dataclass
class TrialRecord:
    """What was tried, and the disk that was made: `left` says where it may still be."""

    steps: list[Step] = field(default_factory=list)
    volume_id: str | None = None
    left: str | None = None

    @property
    def failure(self) -> str | None:
        """What did not hold; None if all did."""
        wrong = [f"{step.tenant}: {step.name}: {sentence(step.message)}" for step in self.steps if step.held is False]
        if not wrong and not self.left:
            return None
        tried = sum(step.held is not None for step in self.steps)
        return " ".join([f"{len(wrong)} of {tried} steps failed.", *wrong, self.left or ""]).strip()


class _StepFailed(Exception):
    """The steps that rest on this one make no sense."""


def trial(source: Services, target: Services, options: TrialOptions, *, rehearsed: bool) -> TrialRecord:
    """Try everything; the whole flow.  Raises UsageError where the two tenants cannot be tried."""
    problems = same_project(source.evs.project, target.evs.project)
    problems = problems or [why for why in (apart(source.evs.place, target.evs.place),) if why]
    if problems:
        raise UsageError(" ".join(problems))
    run = _Trial(source, target, options)
    for services in (source, target):
        run.read(services.evs)
    if next(source.evs.volumes(name=options.name), None) is not None:
        raise UsageError(f"Project {source.evs.project.label} has a disk {options.name} already. Give another name.")
    if rehearsed:
        run.leave_out(NOT_IN_CHECK_MODE)
        return run.record
    try:
        run.change()
    except _StepFailed:
        run.leave_out(NOT_TRIED)
    finally:
        run.clean_up()
    return run.record


class _Trial:
    """One disk on its way."""

    def __init__(self, source: Services, target: Services, options: TrialOptions) -> None:
        self._source = source
        self._target = target
        self._options = options
        self._begun = False
        """Whether a disk may have been made."""
        self.record = TrialRecord()

    def read(self, evs: Evs) -> None:
        """Which of the reads that every run needs are allowed."""
        options = self._options
        reads: Sequence[Callable[[], object]] = (
            lambda: next(evs.volumes(name=options.name), None),
            evs.transfers,
            evs.quota,
            evs.volume_types,
        )
        for name, call in zip(READS, reads):
            self._step(evs, name, lambda call=call: _answered(call()))  # type: ignore[misc]

    def change(self) -> None:
        """The disk's way."""
        here, there = self._source.evs, self._target.evs
        self._needed(here, CHANGES[0], self._create)
        self._evidence()
        self._needed(here, CHANGES[1], self._judge)
        self._needed(here, CHANGES[2], self._offer)
        self._step(here, CHANGES[3], self._query)
        self._needed(here, CHANGES[4], self._withdraw)
        self._needed(there, CHANGES[5], lambda: self._move(self._source, self._target, MOVED))
        self._needed(there, CHANGES[6], lambda: self._prove(there, here))
        self._needed(there, CHANGES[7], lambda: self._move(self._source, self._target, ALREADY_THERE))
        self._needed(here, CHANGES[8], lambda: self._move(self._target, self._source, MOVED))

    def leave_out(self, why: str) -> None:
        """Name the steps that were not come to."""
        done = {step.name for step in self.record.steps}
        for name in (*CHANGES, *EVIDENCE):
            if name not in done:
                self.record.steps.append(Step(self._source.evs.project.label, name, None, why))

    def clean_up(self) -> None:
        """Delete the disk wherever it is, and read back that it is gone."""
        if not self._begun:
            return
        sides = [side.evs for side in (self._source, self._target)]
        self._step(sides[0], DELETE, lambda: self._delete(sides))
        if self.record.steps[-1].held is False:
            disk = self.record.volume_id or self._options.name
            self.record.left = (
                f"Look for disk {disk} in the projects {sides[0].project.label} and {sides[1].project.label}, withdraw "
                "its offer if there is one, and delete it."
            )

    def _step(self, evs: Evs, name: str, act: Callable[[], str]) -> bool:
        """Do something, and note what came of it."""
        try:
            held, message = True, act()
        except EvsError as error:
            held, message = False, error.message
        self.record.steps.append(Step(evs.project.label, name, held, message, now()))
        return held

    def _needed(self, evs: Evs, name: str, act: Callable[[], str]) -> None:
        if not self._step(evs, name, act):
            raise _StepFailed

    def _wanted(self) -> Wanted:
        return Wanted([self.record.volume_id or self._options.name])

    def _create(self) -> str:
        evs, options = self._source.evs, self._options
        self._begun = True
        try:
            self.record.volume_id = evs.create_volume(options.name, options.size, options.traits)
        except EvsError as error:
            self._begun = outcome_is_open(error)
            raise
        disk = self.record.volume_id
        sight = watch(evs, [disk], _is_settled, options.timeout).of(disk)
        if not isinstance(sight, Volume) or sight.status != AVAILABLE:
            raise EvsError(f"Disk {disk} did not become available: {_seen(sight)}.")
        return f"Disk {sight.label}, {sight.size} GiB of type {sight.volume_type}, is available."

    def _evidence(self) -> None:
        """Which of the reads are allowed that tell what keeps a disk; a service that is not listed is none."""
        source, disk = self._source, self.record.volume_id or ""
        evs, cbr, sdrs = source.evs, source.cbr, source.sdrs
        reads: Sequence[Callable[[], object] | None] = (
            lambda: _rows(evs.snapshots(disk)),
            (lambda: _rows(source.vbs.backups(disk))) if source.vbs.exists else None,
            (lambda: _rows(cbr.backups(disk))) if cbr else None,
            (lambda: _rows(cbr.vaults(disk))) if cbr else None,
            (lambda: _rows(cbr.policies([]))) if cbr else None,
            lambda: _rows(evs.replications(disk)),
            (lambda: _rows(sdrs.pairs())) if sdrs else None,
            lambda: list(evs.placements([disk]) or ()),
        )
        for name, call in zip(EVIDENCE, reads):
            if call is None:
                absent = "The catalogue lists no such service, so it keeps no disk."
                self.record.steps.append(Step(evs.project.label, name, None, absent, now()))
            else:
                self._step(evs, name, lambda call=call: _answered(call()))  # type: ignore[misc]

    def _judge(self) -> str:
        decided = decide(self._source, self._wanted(), self._rules("keep", OFFERED), self._options.concurrency)
        if decided.plan.problems or not decided.plan.to_do:
            raise EvsError(" ".join([*decided.plan.problems, *(row.why for row in decided.plan.rows)]))
        reasons = " ".join(row.why for row in decided.plan.rows)
        return f"Nothing keeps it from being transferred. {reasons}".strip()

    def _offer(self) -> str:
        rules, options = self._rules("fail", OFFERED), self._options
        wanted = self._wanted()
        result = offer(self._source, wanted, rules, options.concurrency, options.timeout, rehearsed=False)
        return self._told(result, OFFERED, "It was read back as awaiting-transfer.")

    def _query(self) -> str:
        """Read the offer one by one and in the list, and see whether the target can read it."""
        evs, disk = self._source.evs, self.record.volume_id
        listed = next((transfer for transfer in evs.transfers() if transfer.volume_id == disk), None)
        if listed is None:
            raise EvsError("The list of transfers does not have it.")
        shown = evs.transfer(listed.id)
        if shown is None or (shown.volume_id, shown.name) != (listed.volume_id, listed.name):
            raise EvsError("Asked for by its ID, the transfer is not as the list shows it.")
        visible = self._target.evs.transfer(listed.id) is not None
        return f"The list and the single answer agree. The target {'can' if visible else 'cannot'} read the transfer."

    def _withdraw(self) -> str:
        asked = Withdrawal([self.record.volume_id or ""], None, None, None)
        options = self._options
        result = withdraw(self._source.evs, asked, options.concurrency, options.timeout, rehearsed=False)
        return self._told(result, WITHDRAWN, "It was read back as available.")

    def _move(self, source: Services, target: Services, expected: str) -> str:
        rules, options = self._rules("replace", MOVED), self._options
        how = MoveOptions(rules, True, True, options.concurrency, options.timeout)
        result = move(source, target.evs, self._wanted(), how, rehearsed=False)
        if expected == ALREADY_THERE and result.changed:
            raise EvsError("The second run changed something.")
        unchanged = ", and nothing was changed" if expected == ALREADY_THERE else ""
        return self._told(result, expected, f"It was read back in project {target.evs.project.label}{unchanged}.")

    def _prove(self, owner: Evs, former: Evs) -> str:
        """By the lists, not by the answers to what was done."""
        disk = self.record.volume_id
        there, here = (look(evs, [disk], self._options.timeout).of(disk) for evs in (owner, former))
        if not isinstance(there, Volume) or there.status != AVAILABLE:
            raise EvsError(f"In project {owner.project.label}: {_seen(there)}.")
        if here is not None:
            raise EvsError(f"In project {former.project.label}, which has given it away: {_seen(here)}.")
        if any(transfer.volume_id == disk for evs in (owner, former) for transfer in evs.transfers()):
            raise EvsError("A transfer of it is still listed.")
        return (
            f"Project {owner.project.label} has it, project {former.project.label} does not, and no transfer is left."
        )

    def _delete(self, sides: Iterable[Evs]) -> str:
        """In whichever project it is; by its ID, or by its name where the answer to its creation was lost."""
        found = 0
        for evs in sides:
            for volume in self._left_in(evs):
                found += 1
                self._delete_from(evs, volume.id)
        if not found and self.record.volume_id is None:
            raise EvsError("Whether it was made is not known, since the answer was lost; it is in neither project now.")
        return "It is in neither project any more." if found else "It was in neither project."

    def _left_in(self, evs: Evs) -> list[Volume]:
        if self.record.volume_id is None:
            return list(evs.volumes(name=self._options.name))
        volume = evs.volume(self.record.volume_id)
        return [volume] if volume else []

    def _delete_from(self, evs: Evs, volume_id: str) -> None:
        timeout = self._options.timeout
        for transfer in [transfer for transfer in evs.transfers() if transfer.volume_id == volume_id]:
            evs.delete_transfer(transfer.id)
        watch(evs, [volume_id], _is_settled, timeout)
        evs.delete_volume(volume_id)
        sight = watch(evs, [volume_id], lambda volume: volume is None, timeout).of(volume_id)
        if sight is not None:
            raise EvsError(f"It was to be deleted, and in project {evs.project.label} it is: {_seen(sight)}.")

    def _rules(self, pending: str, success: str) -> Rules:
        options = self._options
        return Rules(
            success=success,
            name="otc-evs-trial",
            pending=pending,
            unchecked=options.unchecked,
        )

    def _told(self, result: Result, outcome: str, message: str) -> str:
        """What a flow tells, held against what it should."""
        rows = result.rows or []
        if result.failure or [(row.id, row.outcome) for row in rows] != [(self.record.volume_id, outcome)]:
            raise EvsError(result.failure or f"Its outcome is {', '.join(row.outcome for row in rows) or 'nothing'}.")
        return message


def transcript(exchanges: Iterable[Exchange], names: Iterable[str]) -> list[dict[str, object]]:
    """The requests and answers with all that is the user's own replaced; `names` are known to be such."""
    shown = Pseudonyms(names)
    return [
        {
            "method": exchange.method,
            "url": shown.in_text(urllib.parse.unquote(exchange.url)),
            "sent": shown.of(exchange.sent),
            "status": exchange.status,
            "headers": dict(exchange.headers),
            "received": shown.of(exchange.received),
        }
        for exchange in exchanges
    ]


def _is_settled(volume: Volume | None) -> bool:
    return volume is not None and (volume.status == AVAILABLE or volume.status.startswith("error"))


def _answered(answer: object) -> str:
    return f"Answered, {len(answer)} listed." if isinstance(answer, (list, Mapping)) else "Answered."


def _rows(pages: Iterable[Sequence[object]]) -> list[object]:
    """The rows of the first page: enough to see that the call is allowed."""
    return [row for page in islice(pages, 1) for row in page]


def _seen(sight: Volume | Unread | None) -> str:
    """What was read of a disk, in a sentence."""
    if sight is None:
        return "it is not there"
    return f"its status is {sight.status}" if isinstance(sight, Volume) else f"it could not be read: {sight.why}"
