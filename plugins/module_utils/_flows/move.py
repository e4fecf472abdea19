# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Move disks between two tenants: evs_move.

Each disk is offered and accepted by the same worker, one right after the other.  So at any time only
as many disks are offered as there are workers, and no key leaves the process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError, sentence
from ansible_collections.otc.evs.plugins.module_utils._flows import accept, offer
from ansible_collections.otc.evs.plugins.module_utils._flows.decide import decide
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import economical
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import run_all
from ansible_collections.otc.evs.plugins.module_utils._flows.progress import counted
from ansible_collections.otc.evs.plugins.module_utils._flows.proof import look, trouble, watch
from ansible_collections.otc.evs.plugins.module_utils._flows.recovery import accept_one, create_one
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import MOVED, Row
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AVAILABLE, AWAITING_TRANSFER, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import Rules, Step
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import Wanted
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Reading, Trouble, is_free, is_owned, of_move


@dataclass(frozen=True)
class MoveOptions:
    """How to move; see the options of evs_move."""

    rules: Rules
    check_quota: bool
    withdraw_on_failure: bool
    concurrency: int
    timeout: float
    seconds: float | None = None
    """After so many no disk is begun."""


def move(source: Services, target: Evs, wanted: Wanted, options: MoveOptions, *, rehearsed: bool) -> Result:
    """Move disks; the whole flow."""
    decided = decide(source, wanted, options.rules, options.concurrency, target, options.check_quota)
    plan = decided.plan
    result = Result("Moving", plan.rows, problems=list(plan.problems), warnings=decided.warnings)
    result.values.update(source=source.evs.project.as_result(), target=target.project.as_result(), **plan.details)
    result.values.update(plan.chained(options.rules.chain))
    if plan.problems:
        return result
    result.to_do = [step.volume.id for step in plan.to_do]
    mover = _Mover(source.evs, target, options, decided.microversion)
    rows = {row.id: row for row in plan.rows}
    if not rehearsed:
        told = mover.move(plan.to_do)
        result.not_started = [step.volume.id for step in plan.to_do if step.volume.id not in told]
        rows = {key: row for key, row in {**rows, **told}.items() if key not in result.not_started}
        moved = [step for step in plan.to_do if step.snapshots and rows.get(step.volume.id, step.row).outcome == MOVED]
        rows.update(_with_snapshots(target, moved, rows, result))
        result.rows = list(rows.values())
    for step in plan.to_do:
        if step.volume.id in rows:
            mover.note(result, step, rows[step.volume.id])
    return result


def _with_snapshots(
    target: Evs, steps: Sequence[Step], rows: Mapping[str | None, Row], result: Result
) -> dict[str | None, Row]:
    """Read back which snapshots came along with the disks that arrived."""
    if not steps:
        return {}
    there: set[str] = set()
    unread = ""
    try:
        there = {snapshot.id for snapshot in economical(target.snapshots, [step.volume.id for step in steps])}
    except EvsError as error:
        unread = sentence(error.message)
    told = {}
    for step in steps:
        row = rows[step.volume.id]
        named = ", ".join(snapshot.label for snapshot in step.snapshots)
        missing = ", ".join(snapshot.label for snapshot in step.snapshots if snapshot.id not in there)
        message = f"It took its snapshots along: {named}."
        if unread:
            message = (
                f"Disk {row.label} has arrived, but whether its snapshots came along could not be read back: {unread} "
                f"Look for {named} with evs_volume_info."
            )
        elif missing:
            message = (
                f"Disk {row.label} has arrived, but project {target.project.label} does not show all of its snapshots: "
                f"{missing} did not come along."
            )
        if unread or missing:
            result.alarms.append(message)
        told[row.id] = row.saying(message)
    return told


class _Mover:
    """Offers, accepts, proves, and withdraws what did not arrive."""

    def __init__(self, source: Evs, target: Evs, options: MoveOptions, microversion: str | None) -> None:
        self._source = source
        self._target = target
        self._options = options
        self._microversion = microversion
        self._transfers: dict[str, str] = {}
        """The offers that were made, by the ID of the disk."""
        self._freed: set[str] = set()
        """The disks whose former offer is not there any more."""
        self._released: set[str] = set()
        """Those of them whose former offer this run has withdrawn."""
        self._here = Reading()
        """What the source has of the disks that did not arrive."""

    def move(self, steps: Sequence[Step]) -> dict[str | None, Row]:
        """Move all that there is time for; returns what became of each."""
        done = run_all(counted(self._move_one, len(steps)), steps, self._options.concurrency, self._options.seconds)
        steps = [outcome.item for outcome in done if outcome.begun]
        troubles = {
            outcome.item.volume.id: self._trouble(outcome.item, outcome.error) for outcome in done if outcome.error
        }
        there = self._prove([step.volume.id for step in steps], troubles)
        left = [step.volume.id for step in steps if not is_owned(there.seen.get(step.volume.id), self._target.project)]
        self._here = self._withdraw(left)
        # What has left the source since the target was asked may have arrived.
        vanished = [volume_id for volume_id in left if self._here.seen.get(volume_id, self) is None]
        there = there.followed_by(look(self._target, vanished, self._options.timeout))
        return {step.volume.id: self._row(step, troubles.get(step.volume.id), there) for step in steps}

    def _move_one(self, step: Step) -> bool:
        volume = step.volume
        if step.replaces is not None:
            if self._source.delete_transfer(step.replaces.id):
                self._released.add(volume.id)
            self._freed.add(volume.id)
            watch(self._source, [volume.id], is_free, self._options.timeout)
        options = self._options
        transfer = create_one(self._source, volume, options.rules.name, options.timeout, self._microversion)
        if transfer.auth_key is None:
            raise EvsError("unreachable")
        self._transfers[volume.id] = transfer.id
        accept_one(self._target, transfer.id, transfer.auth_key, volume.id)
        return True

    def _trouble(self, step: Step, error: EvsError) -> Trouble:
        """What went wrong, in the words of what was being done."""
        if step.volume.id in self._transfers:
            return trouble(error, "accepted", accept.remedies_of(error))
        if step.volume.id in self._freed:
            return trouble(error, "offered again after its earlier offer was withdrawn", offer.REMEDIES)
        return trouble(error, "its earlier offer is withdrawn" if step.replaces else "offered", offer.REMEDIES)

    def _prove(self, ids: Sequence[str], troubles: dict[str, Trouble]) -> Reading:
        """Ask the target whose the disks are: that, not the answer to the accept, is success."""
        target, timeout = self._target, self._options.timeout
        # An accept whose answer was lost may still be under way.
        awaited = [key for key in ids if key in self._transfers and (key not in troubles or troubles[key].under_way)]
        reading = watch(target, awaited, lambda volume: is_owned(volume, target.project), timeout)
        known = set(awaited)
        others = [volume_id for volume_id in ids if volume_id not in known]
        return reading.followed_by(look(target, others, timeout))

    def _withdraw(self, ids: Sequence[str]) -> Reading:
        """Free the disks that were offered and did not arrive, and read back what the source has."""
        if not ids:
            return Reading()
        if not self._options.withdraw_on_failure:
            return look(self._source, ids, self._options.timeout)
        offered = [volume_id for volume_id in ids if volume_id in self._transfers]
        # Whether it was freed, the source tells: a refusal is shown by the disk that stays offered.
        run_all(lambda key: self._source.delete_transfer(self._transfers[key]), offered, self._options.concurrency)
        freed = watch(self._source, offered, is_free, self._options.timeout)
        return freed.followed_by(look(self._source, set(ids) - set(offered), self._options.timeout))

    def _row(self, step: Step, problem: Trouble | None, there: Reading) -> Row:
        volume_id = step.volume.id
        row = of_move(
            step.volume,
            self._transfers.get(volume_id),
            problem,
            there.of(volume_id),
            self._here.of(volume_id),
            self._source.project,
            self._target.project,
        )
        return replace(row, at=there.at, reasons=step.row.reasons)

    def note(self, result: Result, step: Step, row: Row) -> None:
        """Note what has changed, or in a rehearsal would change."""
        source, target = self._source.project.label, self._target.project.label
        former = step.replaces.id if step.replaces else None
        before = {"owner": source, "status": step.volume.status, "transfer": former}
        here = self._here.seen.get(step.volume.id)
        if row.outcome == MOVED:
            result.change(row.label, before, {"owner": target, "status": AVAILABLE, "transfer": None})
        elif step.volume.id in self._released:
            status = here.status if isinstance(here, Volume) else "not known"
            transfer = "not known" if status in (AWAITING_TRANSFER, "not known") else None
            result.change(row.label, before, {"owner": source, "status": status, "transfer": transfer})
