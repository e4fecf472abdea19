# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Withdraw offers: evs_transfer with state absent."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import Timeout, UsageError
from ansible_collections.otc.evs.plugins.module_utils._evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._lookup import find, wait_for
from ansible_collections.otc.evs.plugins.module_utils._model import AVAILABLE, AWAITING_TRANSFER, Transfer, Volume, age
from ansible_collections.otc.evs.plugins.module_utils._pool import run_all
from ansible_collections.otc.evs.plugins.module_utils._result import Failure, Result, explained, transfer_row

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
REMEDIES: Mapping[int, str] = {
    403: "The user needs the right evs:transfers:delete (in Cinder the role member) in this project."
}


@dataclass(frozen=True)
class WithdrawOptions:
    """Which offers: of these disks, or these transfers; or else all that have this name."""

    refs: Sequence[str] | None
    transfer_ids: Sequence[str] | None
    older_than: datetime.timedelta | None
    name: str


def duration(text: str) -> datetime.timedelta:
    """A time span such as 90s, 2h, 1d12h."""
    parts = re.findall(r"(\d+)([smhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(
            f"older_than is {text!r}; it takes a number and a unit (s, m, h, d or w), such as 90s, 2h or 1d12h."
        )
    return sum((datetime.timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), datetime.timedelta())


def select(
    pending: Sequence[Transfer], volume_ids: Sequence[str], options: WithdrawOptions, now: datetime.datetime
) -> list[Transfer]:
    """The transfers to withdraw, of those pending."""
    chosen = []
    for transfer in pending:
        if options.refs is not None:
            wanted = transfer.volume_id in volume_ids
        elif options.transfer_ids is not None:
            wanted = transfer.id in options.transfer_ids
        else:
            wanted = transfer.name == options.name
        if wanted and (options.older_than is None or _older(transfer, options.older_than, now)):
            chosen.append(transfer)
    return chosen


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
    pending = evs.transfers()
    volume_ids = _volume_ids(evs, options.refs, pending, result) if options.refs is not None else []
    chosen = select(pending, volume_ids, options, datetime.datetime.now(datetime.timezone.utc))
    volumes = {volume.id: volume for volume in evs.volumes(status=AWAITING_TRANSFER)} if chosen else {}
    left = {}
    failed = set()
    if not check_mode:
        for done in run_all(lambda transfer: evs.delete_transfer(transfer.id), chosen, concurrency):
            if done.error:
                failed.add(done.item.id)
                message = explained(
                    f"Transfer {done.item.id} of project {evs.project.label} was not withdrawn", done.error, REMEDIES
                )
                result.failures.append(_failure(message, done.error, done.item, volumes))
        left = _prove(evs, result, [transfer for transfer in chosen if transfer.id not in failed], volumes, timeout)
    _record(
        evs,
        result,
        [transfer for transfer in chosen if transfer.id not in failed],
        volumes,
        left if not check_mode else None,
    )
    return result


def _volume_ids(evs: Evs, refs: Sequence[str], pending: Sequence[Transfer], result: Result) -> list[str]:
    """The disks meant; an ID that a pending transfer names needs no look-up."""
    offered = {transfer.volume_id for transfer in pending}
    ids = [ref for ref in refs if ref in offered]
    names = [ref for ref in refs if ref not in offered]
    if not names:
        return ids
    found = find(evs, names)
    found.require_unambiguous(evs.project.label)
    if found.missing:
        missing = ", ".join(repr(ref) for ref in found.missing)
        result.warnings.append(f"Project {evs.project.label} has no disk {missing}; there is nothing to withdraw.")
    return ids + [volume.id for volume in found.volumes]


def _prove(
    evs: Evs, result: Result, withdrawn: Sequence[Transfer], volumes: Mapping[str, Volume], timeout: float
) -> dict[str, Volume]:
    """Read the disks back: a withdrawn one is available, one that was accepted meanwhile is gone."""
    ids = [transfer.volume_id for transfer in withdrawn]
    seen = wait_for(evs, ids, lambda volume: volume is None or volume.status != AWAITING_TRANSFER, timeout)
    for transfer in withdrawn:
        volume = seen.get(transfer.volume_id)
        if volume is None:
            result.warnings.append(
                f"Disk {transfer.volume_id} was accepted by another project "
                f"before transfer {transfer.id} could be withdrawn."
            )
        elif volume.status == AWAITING_TRANSFER:
            error = Timeout(
                f"Disk {volume.label} is still {AWAITING_TRANSFER}, "
                f"{timeout:.0f} s after its transfer {transfer.id} was withdrawn."
            )
            result.failures.append(_failure(error.message, error, transfer, volumes))
    return seen


def _failure(message: str, error: Any, transfer: Transfer, volumes: Mapping[str, Volume]) -> Failure:
    volume = volumes.get(transfer.volume_id)
    return Failure(message, error, transfer.id, transfer.volume_id, volume.name if volume else None)


def _record(
    evs: Evs,
    result: Result,
    withdrawn: Sequence[Transfer],
    volumes: Mapping[str, Volume],
    left: Mapping[str, Volume] | None,
) -> None:
    """Fill the result; `left` is None in check mode, when nothing was withdrawn."""
    rows = result.values.setdefault("transfers", [])
    owner = evs.project.label
    for transfer in withdrawn:
        volume = volumes.get(transfer.volume_id)
        accepted = left is not None and transfer.volume_id not in left
        rows.append(transfer_row(transfer, volume, "accepted" if accepted else "deleted"))
        if not accepted:
            before = {"owner": owner, "status": AWAITING_TRANSFER, "transfer": transfer.id}
            after = {"owner": owner, "status": AVAILABLE, "transfer": None}
            result.change(volume.label if volume else transfer.volume_id, before, after)
    result.values["blocked"] = []
