# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What to do when an answer is lost: look, and only then send again or give up."""

from __future__ import annotations

from ansible_collections.otc.evs.plugins.module_utils._api.answers import may_be_under_way, outcome_is_open
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    EvsError,
    Unproved,
    UsageError,
    quoted,
    sentence,
)
from ansible_collections.otc.evs.plugins.module_utils._flows.proof import Patience, passes
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AWAITING_TRANSFER,
    Secret,
    Transfer,
    Volume,
)

MOST_ATTEMPTS = 3


class NoSuchTransfer(UsageError):
    """The transfer to accept is not there (any more), and its disk is not this project's."""


def create_one(evs: Evs, volume: Volume, name: str, timeout: float, microversion: str | None = None) -> Transfer:
    """Create a transfer; if its answer is lost, withdraw what was created, for its key is lost too."""
    lost: EvsError | None = None
    for dummy in range(MOST_ATTEMPTS):
        try:
            return evs.create_transfer(volume.id, name, microversion)
        except EvsError as error:
            late = lost is not None and isinstance(error, ApiError) and error.status == 400
            if not outcome_is_open(error) and not late:
                raise
            lost = error
        _withdraw_lost(evs, volume, name, timeout, lost)
    raise lost or EvsError("unreachable")


def _withdraw_lost(evs: Evs, volume: Volume, name: str, timeout: float, lost: EvsError) -> None:
    """Withdraw what a create whose answer was lost has made, also if that shows only later, until the disk is free."""
    patience = Patience(timeout)
    while True:
        try:
            if _is_free_again(evs, volume, name):
                return
            why = f"{timeout:.0f} s later the disk is still {AWAITING_TRANSFER}."
        except UsageError:
            raise
        except EvsError as error:
            why = error.message
            if not passes(error):
                raise Unproved(_nor(lost, why)) from error
        if not patience.lasts():
            raise Unproved(_nor(lost, why))


def _is_free_again(evs: Evs, volume: Volume, name: str) -> bool:
    ours = evs.transfers(volume.id)
    if ours and ours[0].name != name:
        raise UsageError(
            f"Transfer {ours[0].id}, called {quoted(ours[0].name)}, has meanwhile offered the disk; it is left alone."
        )
    for transfer in ours:
        evs.delete_transfer(transfer.id)
    now = evs.volume(volume.id)
    if now is None:
        raise UsageError("The disk has meanwhile left the project.")
    return now.status != AWAITING_TRANSFER


def accept_one(evs: Evs, transfer_id: str, auth_key: Secret, volume_id: str | None) -> tuple[str, bool]:
    """Accept one transfer; after a lost answer look whose the disk is.

    Returns the ID of the disk, and whether it was this call that brought it.
    """
    lost: EvsError | None = None
    for dummy in range(MOST_ATTEMPTS):
        try:
            return evs.accept_transfer(transfer_id, auth_key), True
        except EvsError as error:
            gone = _is_gone(error)
            if not gone and not outcome_is_open(error):
                if lost and may_be_under_way(lost):
                    # The first request may still be under way.
                    raise AnswerLost(f"{sentence(lost.message)} The next attempt: {error.message}") from error
                raise
            if volume_id and _has(evs, volume_id, lost or error):
                # Gone at the first attempt: another run for this project has accepted it meanwhile.
                return volume_id, bool(lost) or not gone
            if gone:
                raise _no_such_transfer(volume_id, lost) from error
            lost = error
    raise lost or EvsError("unreachable")


def _has(evs: Evs, volume_id: str, lost: EvsError) -> bool:
    try:
        return evs.volume(volume_id) is not None
    except EvsError as error:
        raise Unproved(_nor(lost, error.message)) from error


def _is_gone(error: EvsError) -> bool:
    """A 404 is about the transfer, unless it is about a volume type that this project may not use."""
    return isinstance(error, ApiError) and error.status == 404 and "volume type" not in error.reason.lower()


def _no_such_transfer(volume_id: str | None, lost: EvsError | None) -> EvsError:
    if volume_id:
        return NoSuchTransfer(
            "There is no such transfer (any more), and the disk is not in this project: "
            "the offer was withdrawn or renewed, accepted by another project, or made in another region. "
            "Let the source offer the disk again."
        )
    if lost:
        return Unproved(
            f"{sentence(lost.message)} The next attempt: there is no such transfer (any more), so it may be this "
            "project that accepted it, or somebody else did, or withdrew it. Pass volume_id as well: then a disk that "
            "this project has already counts as accepted."
        )
    return NoSuchTransfer(
        "There is no such transfer (any more): it was accepted or withdrawn before. "
        "Pass volume_id as well: then a disk that this project has already counts as accepted."
    )


def _nor(lost: EvsError, why: str) -> str:
    return f"{sentence(lost.message)} What became of it could not be read either: {why}"
