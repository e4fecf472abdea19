# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Withdraw offers: evs_transfer with state absent."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError, Timeout, UsageError, listed, quoted
from ansible_collections.otc.evs.plugins.module_utils._flows.find import (
    find,
    is_id,
    require_ids,
    transfers_of,
    wait_for,
)
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import DEFAULT_NAME
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import run_all
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Failure, Result, explained, transfer_row
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AVAILABLE,
    AWAITING_TRANSFER,
    Transfer,
    Volume,
    age,
)

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
REMEDIES: Mapping[int, str] = {
    403: "The user needs the right evs:transfers:delete (in Cinder the role member) in this project."
}


@dataclass(frozen=True)
class WithdrawOptions:
    """Which offers: of these disks or these transfers, and of this name, if given."""

    refs: Sequence[str] | None
    transfer_ids: Sequence[str] | None
    older_than: datetime.timedelta | None
    name: str | None

    @property
    def only_named(self) -> str | None:
        """The name that transfers must have: without disks or IDs only those that are ours are meant."""
        return DEFAULT_NAME if self.name is None and self.refs is None and self.transfer_ids is None else self.name


def duration(text: str) -> datetime.timedelta:
    """A time span such as 90s, 2h, 1d12h."""
    parts = re.findall(r"(\d+)([smhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(
            f"older_than is {quoted(text)}; it takes a number and a unit (s, m, h, d or w), such as 90s, 2h or 1d12h."
        )
    try:
        return sum((datetime.timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), datetime.timedelta())
    except (OverflowError, ValueError) as error:
        raise UsageError(
            f"older_than is {quoted(text)}, which is longer than any time that can be reckoned."
        ) from error


def select(pending: Sequence[Transfer], options: WithdrawOptions, now: datetime.datetime) -> list[Transfer]:
    """The transfers to withdraw, of those of the disks or IDs asked for, or else of all."""
    named = [transfer for transfer in pending if options.only_named in (None, transfer.name)]
    if not options.older_than:
        # No age is asked for: then the clocks, which may differ, do not matter.
        return named
    return [transfer for transfer in named if _older(transfer, options.older_than, now)]


def _older(transfer: Transfer, limit: datetime.timedelta, now: datetime.datetime) -> bool:
    existed = age(transfer.created_at, now)
    if existed is None:
        raise UsageError(
            f"The cloud does not tell when transfer {transfer.id} was created, so older_than cannot be applied to it."
        )
    return existed > limit


def withdraw(evs: Evs, options: WithdrawOptions, concurrency: int, timeout: float, check_mode: bool) -> Result:
    """Withdraw offers; the whole flow.  What is not offered is as wanted already."""
    result = Result("Withdrawing")
    pending, volumes = _pending(evs, options, result)
    chosen = select(pending, options, datetime.datetime.now(datetime.timezone.utc))
    if check_mode:
        _record(evs, result, chosen, volumes, {transfer.volume_id for transfer in chosen})
        return result
    withdrawn = []
    for done in run_all(lambda transfer: evs.delete_transfer(transfer.id), chosen, concurrency):
        if done.error:
            what = f"Transfer {done.item.id} of project {evs.project.label} was not withdrawn"
            result.failures.append(_failure(explained(what, done.error, REMEDIES), done.error, done.item, volumes))
        else:
            withdrawn.append(done.item)
    left = _prove(evs, result, withdrawn, volumes, timeout)
    _record(evs, result, withdrawn, volumes, set(left))
    return result


def _pending(evs: Evs, options: WithdrawOptions, result: Result) -> tuple[list[Transfer], dict[str, Volume]]:
    """The pending transfers that may be meant, and their disks by ID."""
    if options.refs is not None:
        found = find(evs, options.refs)
        found.require_unambiguous(evs.project.label)
        unknown = [ref for ref in found.missing if not is_id(ref)]
        if unknown:
            result.warnings.append(
                f"Project {evs.project.label} has no disk {listed(unknown)}; there is nothing to withdraw."
            )
        mine = {volume.id: volume for volume in found.volumes}
        # An offer may outlive a status that somebody has reset.
        offers = [transfer for transfer in evs.transfers() if transfer.volume_id in mine] if mine else []
        seen = {transfer.volume_id for transfer in offers}
        unseen = transfers_of(evs, [volume for volume in found.volumes if volume.id not in seen])
        order = {volume_id: number for number, volume_id in enumerate(mine)}
        return sorted([*offers, *unseen.values()], key=lambda transfer: order[transfer.volume_id]), mine
    require_ids("transfer_ids", options.transfer_ids or ())
    pending = evs.transfers()
    if options.transfer_ids is not None:
        known = {transfer.id: transfer for transfer in pending}
        asked = [
            known.get(transfer_id) or evs.transfer(transfer_id) for transfer_id in dict.fromkeys(options.transfer_ids)
        ]
        pending = [transfer for transfer in asked if transfer]
    volumes = evs.volumes(status=AWAITING_TRANSFER) if pending else ()
    return pending, {volume.id: volume for volume in volumes}


def _prove(
    evs: Evs, result: Result, withdrawn: Sequence[Transfer], volumes: Mapping[str, Volume], timeout: float
) -> Collection[str]:
    """Read the disks back: a withdrawn one is available, one that was accepted meanwhile is gone.

    Returns the IDs of those that are left to the project, as far as is known.
    """
    ids = [transfer.volume_id for transfer in withdrawn]
    try:
        seen = wait_for(evs, ids, lambda volume: volume is None or volume.status != AWAITING_TRANSFER, timeout)
    except EvsError as error:
        for transfer in withdrawn:
            message = f"Transfer {transfer.id} was withdrawn, but its disk could not be read back: {error.message}"
            result.failures.append(_failure(message, error, transfer, volumes))
        return ids
    for transfer in withdrawn:
        volume = seen.get(transfer.volume_id)
        if volume is None:
            result.warnings.append(
                f"Disk {transfer.volume_id} was accepted by another project "
                f"before transfer {transfer.id} could be withdrawn."
            )
        elif volume.status == AWAITING_TRANSFER:
            late = Timeout(
                f"Disk {volume.label} is still {AWAITING_TRANSFER}, "
                f"{timeout:.0f} s after its transfer {transfer.id} was withdrawn."
            )
            result.failures.append(_failure(late.message, late, transfer, volumes))
    return seen


def _failure(message: str, error: Any, transfer: Transfer, volumes: Mapping[str, Volume]) -> Failure:
    volume = volumes.get(transfer.volume_id)
    return Failure(message, error, transfer.id, transfer.volume_id, volume.name if volume else None)


def _record(
    evs: Evs,
    result: Result,
    withdrawn: Sequence[Transfer],
    volumes: Mapping[str, Volume],
    left: Collection[str],
) -> None:
    """Fill the result; a disk that is not `left` to the project was accepted by another one."""
    rows = result.values.setdefault("transfers", [])
    owner = evs.project.label
    for transfer in withdrawn:
        volume = volumes.get(transfer.volume_id)
        accepted = transfer.volume_id not in left
        rows.append(transfer_row(transfer, volume, "accepted" if accepted else "deleted"))
        if not accepted:
            status = volume.status if volume else AWAITING_TRANSFER
            freed = AVAILABLE if status == AWAITING_TRANSFER else status
            before = {"owner": owner, "status": status, "transfer": transfer.id}
            after = {"owner": owner, "status": freed, "transfer": None}
            result.change(volume.label if volume else transfer.volume_id, before, after)
    result.values.update(blocked=[], unchecked=[])
