# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Withdraw offers: evs_transfer with state absent."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.otc.evs.plugins.module_utils._api.client import PAGE
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError, listed
from ansible_collections.otc.evs.plugins.module_utils._flows.find import find, transfers_of
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import Done, run_all
from ansible_collections.otc.evs.plugins.module_utils._flows.progress import counted
from ansible_collections.otc.evs.plugins.module_utils._flows.proof import look, trouble, watch
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import WITHDRAWN, Row
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AVAILABLE,
    AWAITING_TRANSFER,
    Transfer,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import is_id, require_ids
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Reading, of_withdrawal
from ansible_collections.otc.evs.plugins.module_utils._plan.withdrawals import Withdrawal, select

REMEDIES: Mapping[int, str] = {
    403: "The user needs the right evs:transfers:delete (in Cinder the role member) in this project."
}


@dataclass(frozen=True)
class Pending:
    """The pending transfers that may be meant, and their disks by ID."""

    transfers: Sequence[Transfer]
    volumes: Mapping[str, Volume]


def withdraw(
    evs: Evs, asked: Withdrawal, concurrency: int, timeout: float, *, rehearsed: bool, seconds: float | None = None
) -> Result:
    """Withdraw offers; the whole flow.  What is not offered is as wanted already.

    After so many `seconds` none is begun.
    """
    result = Result("Withdrawing", values={"source": evs.project.as_result()})
    pending = _of_disks(evs, asked.refs, result) if asked.refs is not None else _of_project(evs, asked.transfer_ids)
    chosen = select(pending.transfers, asked, datetime.datetime.now(datetime.timezone.utc))
    rows = [_row(transfer, pending.volumes.get(transfer.volume_id), evs.project) for transfer in chosen]
    result.transfers = []
    result.to_do = [transfer.id for transfer in chosen]
    if not rehearsed:
        done = run_all(
            counted(lambda transfer: evs.delete_transfer(transfer.id), len(chosen)), chosen, concurrency, seconds
        )
        result.not_started = [outcome.item.id for outcome in done if not outcome.begun]
        meant = [(row, outcome) for row, outcome in zip(rows, done) if outcome.begun]
        rows = _told(evs, meant, timeout)
    result.rows = rows
    for row in result.rows:
        volume = pending.volumes.get(row.id or "")
        if row.outcome == WITHDRAWN:
            status = volume.status if volume else AWAITING_TRANSFER
            freed = AVAILABLE if status == AWAITING_TRANSFER else status
            before = {"owner": evs.project.label, "status": status, "transfer": row.transfer_id}
            result.change(row.label, before, {"owner": evs.project.label, "status": freed, "transfer": None})
    return result


def _of_disks(evs: Evs, refs: Sequence[str], result: Result) -> Pending:
    found = find(evs, refs)
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
    return Pending(sorted([*offers, *unseen.values()], key=lambda transfer: order[transfer.volume_id]), mine)


def _of_project(evs: Evs, transfer_ids: Sequence[str] | None) -> Pending:
    require_ids("transfer_ids", transfer_ids or ())
    pending = evs.transfers()
    if transfer_ids is not None:
        known = {transfer.id: transfer for transfer in pending}
        asked = [known.get(transfer_id) or evs.transfer(transfer_id) for transfer_id in dict.fromkeys(transfer_ids)]
        pending = [transfer for transfer in asked if transfer]
    volumes = evs.volumes(status=AWAITING_TRANSFER) if pending else ()
    return Pending(pending, {volume.id: volume for volume in volumes})


def _row(transfer: Transfer, volume: Volume | None, owner: Project) -> Row:
    """What is meant to become of a transfer."""
    row = Row(transfer.volume_id, WITHDRAWN, owner=owner.id) if volume is None else Row.of(volume, WITHDRAWN, owner.id)
    since = f"It is offered since {transfer.created_at or 'an unknown time'}, by transfer {transfer.id}."
    return replace(row, transfer_id=transfer.id, message=since)


def _told(evs: Evs, meant: Sequence[tuple[Row, Done[Transfer, bool]]], timeout: float) -> list[Row]:
    """Read the disks back, and where that went wrong the transfers as well."""
    chosen = [done.item for dummy, done in meant]
    troubles = {done.item.id: trouble(done.error, "withdrawn", REMEDIES) for dummy, done in meant if done.error}
    pending = _still_pending(evs, troubles)
    stuck = {transfer.volume_id for transfer in chosen if pending.get(transfer.id)}
    freed = [transfer.volume_id for transfer in chosen if transfer.volume_id not in stuck]
    reading = watch(evs, freed, lambda volume: volume is None or volume.status != AWAITING_TRANSFER, timeout)
    # That an offer is gone is not told by the answer alone.
    pending.update(
        _still_pending(evs, [transfer.id for transfer in chosen if _is_doubtful(transfer, pending, reading)])
    )
    reading = reading.followed_by(look(evs, stuck, timeout))

    def verdict(transfer: Transfer, row: Row) -> Row:
        sight, still_pending = reading.of(row.id), pending.get(transfer.id, False)
        return replace(of_withdrawal(row, troubles.get(transfer.id), sight, still_pending, evs.project), at=reading.at)

    return [verdict(done.item, row) for row, done in meant]


def _is_doubtful(transfer: Transfer, pending: Collection[str], reading: Reading) -> bool:
    """Whether the disk stays offered although the server answered that the offer was withdrawn."""
    volume = reading.seen.get(transfer.volume_id)
    return transfer.id not in pending and volume is not None and volume.status == AWAITING_TRANSFER


def _still_pending(evs: Evs, troubles: Collection[str]) -> dict[str, bool | None]:
    """Whether transfers are there after all; None is not known."""
    if not troubles:
        return {}
    try:
        pending = {transfer.id for transfer in evs.transfers()}
        # Cinder shows one page at most.
        full = len(pending) >= PAGE
        return {key: key in pending or (full and evs.transfer(key) is not None) for key in troubles}
    except EvsError:
        return dict.fromkeys(troubles)
