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
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._api.answers import may_be_under_way
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError, Timeout, UsageError, listed
from ansible_collections.otc.evs.plugins.module_utils._flows.accept import (
    Offered,
    accept_one,
    is_proved,
    remedies_of,
    require_quota,
)
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Services
from ansible_collections.otc.evs.plugins.module_utils._flows.find import find, wait_for
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import (
    REMEDIES,
    OfferOptions,
    Step,
    create_one,
    decide,
    is_free,
    judgement,
    require_permission,
)
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import run_all
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Failure, Result, explained
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AVAILABLE, AWAITING_TRANSFER, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need


@dataclass(frozen=True)
class MoveOptions:
    """How to move; see the options of evs_move."""

    offer: OfferOptions
    check_quota: bool
    withdraw_on_failure: bool
    concurrency: int
    timeout: float


def move(source: Services, target: Evs, refs: Sequence[str], options: MoveOptions, check_mode: bool) -> Result:
    """Move disks, given by name or ID; the whole flow."""
    evs = source.evs
    if evs.project.id == target.project.id:
        raise UsageError(
            f"Source and target are the same: project {target.project.label}. Check the credentials of both."
        )
    found = find(evs, refs)
    found.require_unambiguous(evs.project.label)
    there = _already_there(evs, target, found.missing)
    decided = decide(source, found.volumes, options.offer, options.concurrency)
    require_permission(evs, decided, options.offer)
    result = Result("Moving")
    if options.check_quota and decided.steps:
        require_quota(target, [Need(step.volume.size, step.volume.volume_type) for step in decided.steps], result)
    moved: Mapping[str, Volume] = {step.volume.id: step.volume for step in decided.steps}
    if not check_mode:
        moved = _Mover(evs, target, options, result).move(decided.steps)
    result.values.update(volumes=[_row(volume, "already_there") for volume in there], **judgement(decided))
    for step in decided.steps:
        volume = moved.get(step.volume.id)
        if volume is not None:
            result.values["volumes"].append(_row(volume, "moved"))
            transfer = step.pending.id if step.pending else None
            before = {"owner": evs.project.label, "status": step.volume.status, "transfer": transfer}
            after = {"owner": target.project.label, "status": AVAILABLE, "transfer": None}
            result.change(volume.label, before, after)
    return result


def _already_there(evs: Evs, target: Evs, missing: Sequence[str]) -> list[Volume]:
    """The disks that the source does not have: they are with the target, or it is an error."""
    if not missing:
        return []
    found = find(target, missing)
    if found.missing:
        raise UsageError(
            f"{listed(found.missing)}: neither in project {evs.project.label} nor in project {target.project.label} "
            "is a disk with such a name or ID. Check the spelling, the projects and the region.",
            missing=found.missing,
        )
    return found.volumes


def _row(volume: Volume, action: str) -> dict[str, Any]:
    return {
        "id": volume.id,
        "name": volume.name,
        "size": volume.size,
        "volume_type": volume.volume_type,
        "action": action,
    }


class _Mover:
    """Offers, accepts, proves, and withdraws what did not arrive."""

    def __init__(self, source: Evs, target: Evs, options: MoveOptions, result: Result) -> None:
        self._source = source
        self._target = target
        self._options = options
        self._result = result
        self._transfers: dict[str, str] = {}
        """The offers that were made, by the ID of the disk: what failed behind one failed to arrive."""
        self._freed: dict[str, str] = {}
        """The former offers that were withdrawn to make new ones, by the ID of the disk."""
        self._locked: dict[str, str] = {}
        """Why disks may still be offered."""

    def move(self, steps: Sequence[Step]) -> dict[str, Volume]:
        """Move all; returns the disks that are proved to be the target's, as they are there."""
        done = run_all(self._move_one, steps, self._options.concurrency)
        errors = {outcome.item.volume.id: outcome.error for outcome in done if outcome.error}
        # An accept whose answer was lost may still be under way.
        perhaps = {key for key, error in errors.items() if key in self._transfers and may_be_under_way(error)}
        proved = self._prove(
            [step.volume for step in steps if step.volume.id not in errors or step.volume.id in perhaps], errors
        )
        failed = [(step.volume, errors[step.volume.id]) for step in steps if step.volume.id not in proved]
        self._withdraw([volume for volume, dummy in failed if volume.id in self._transfers])
        for volume, error in failed:
            self._fail(volume, error)
        return proved

    def _move_one(self, step: Step) -> bool:
        volume = step.volume
        if step.pending is not None:
            self._source.delete_transfer(step.pending.id)
            self._freed[volume.id] = step.pending.id
            wait_for(self._source, [volume.id], is_free, self._options.timeout)
        transfer = create_one(self._source, volume, self._options.offer.name, self._options.timeout)
        if transfer.auth_key is None:
            raise EvsError("unreachable")
        self._transfers[volume.id] = transfer.id
        accept_one(self._target, Offered(transfer.id, transfer.auth_key, volume.id, volume.name))
        return True

    def _prove(self, volumes: Sequence[Volume], errors: dict[str, EvsError]) -> dict[str, Volume]:
        """Ask the target whose the disks are: that, not the answer to the accept, is success."""
        target, timeout = self._target, self._options.timeout
        ids = [volume.id for volume in volumes]
        try:
            seen = wait_for(target, ids, lambda volume: volume is not None and is_proved(target, volume), timeout)
        except EvsError as error:
            unread = EvsError(f"The disk could not be read back after the accept: {error.message}")
            errors.update({volume_id: unread for volume_id in ids if volume_id not in errors})
            return {}
        proved = {volume_id: volume for volume_id, volume in seen.items() if is_proved(target, volume)}
        for volume_id in ids:
            if volume_id not in proved:
                there = seen.get(volume_id)
                state = f"its status is {there.status}" if there else "it is not in that project"
                late = Timeout(f"The server said that it was, but {timeout:.0f} s later {state}.")
                errors.setdefault(volume_id, late)
        return proved

    def _withdraw(self, volumes: Sequence[Volume]) -> None:
        """Free the disks that were offered and did not arrive, and read them back."""
        if not self._options.withdraw_on_failure:
            self._locked.update((volume.id, "withdraw_on_failure is false.") for volume in volumes)
            return
        done = run_all(
            lambda volume: self._source.delete_transfer(self._transfers[volume.id]), volumes, self._options.concurrency
        )
        self._locked.update((outcome.item.id, outcome.error.message) for outcome in done if outcome.error)
        ids = [volume.id for volume in volumes if volume.id not in self._locked]
        try:
            seen = wait_for(self._source, ids, is_free, self._options.timeout)
        except EvsError as error:
            self._locked.update((volume_id, error.message) for volume_id in ids)
            return
        for volume in seen.values():
            if volume.status == AWAITING_TRANSFER:
                self._locked[volume.id] = f"{self._options.timeout:.0f} s later its status is still {volume.status}."

    def _fail(self, volume: Volume, error: EvsError) -> None:
        if volume.id in self._transfers:
            doing = f"Disk {volume.label} was offered, but not accepted in project {self._target.project.label}"
            message = explained(doing, error, remedies_of(error))
        else:
            former = self._freed.get(volume.id)
            what = f"was freed of transfer {former}, but not offered again" if former else "was not offered"
            doing = f"Disk {volume.label} of project {self._source.project.label} {what}"
            message = explained(doing, error, REMEDIES)
        if volume.id in self._freed and volume.id not in self._locked:
            owner, transfer = self._source.project.label, self._freed[volume.id]
            before = {"owner": owner, "status": AWAITING_TRANSFER, "transfer": transfer}
            self._result.change(volume.label, before, {**before, "status": AVAILABLE, "transfer": None})
        if volume.id in self._locked:
            message += (
                f" The disk may stay offered and locked, because the offer was not withdrawn: {self._locked[volume.id]}"
                " Run again, or withdraw the offers (playbook otc.evs.withdraw)."
            )
        transfer_id = self._transfers.get(volume.id)
        self._result.failures.append(Failure(message, error, transfer_id, volume.id, volume.name))
