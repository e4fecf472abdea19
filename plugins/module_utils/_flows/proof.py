# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Is it really so?  Read disks back until they are as they should be, or time is over."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable, Mapping

from ansible_collections.otc.evs.plugins.module_utils._api.answers import may_be_under_way, outcome_is_open
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    AnswerTooLong,
    ApiError,
    EvsError,
    Unproved,
    Unreachable,
    UntrustedServer,
    sentence,
)
from ansible_collections.otc.evs.plugins.module_utils._flows.find import by_id
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Reading, Trouble

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0


class Patience:
    """Pauses that grow, until so many seconds are over."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._pause = FIRST_PAUSE

    def lasts(self) -> bool:
        """Pause, unless that would last too long; returns whether to look again."""
        if time.monotonic() + self._pause > self._deadline:
            return False
        time.sleep(self._pause)
        self._pause = min(LONGEST_PAUSE, self._pause * 2)
        return True


def passes(error: EvsError) -> bool:
    """Whether what keeps a service from answering may be over soon."""
    if isinstance(error, (AnswerTooLong, UntrustedServer)):
        return False
    return (
        outcome_is_open(error)
        or isinstance(error, Unreachable)
        or (isinstance(error, ApiError) and error.status == 429)
    )


def watch(evs: Evs, ids: Iterable[str | None], settled: Callable[[Volume | None], bool], timeout: float) -> Reading:
    """Read disks until every one is `settled` or `timeout` seconds are over.

    A disk that the project does not have is given to `settled` as None.  Only those that are not
    settled are read again.  An answer that does not come is waited for as long.
    """
    patience = Patience(timeout)
    seen: dict[str, Volume | None] = {}
    unread: dict[str, str] = {}
    waiting = [volume_id for volume_id in dict.fromkeys(ids) if volume_id]
    while waiting:
        try:
            found = by_id(evs, waiting)
        except EvsError as error:
            # What was seen of them before may not be so any more.
            seen = {key: volume for key, volume in seen.items() if key not in waiting}
            unread = dict.fromkeys(waiting, sentence(error.message))
            if not passes(error):
                break
        else:
            unread = {}
            seen.update({volume_id: found.get(volume_id) for volume_id in waiting})
            waiting = [volume_id for volume_id in waiting if not settled(found.get(volume_id))]
        if not waiting or not patience.lasts():
            break
    return Reading(seen, unread, now())


def look(evs: Evs, ids: Iterable[str | None], timeout: float) -> Reading:
    """Read disks once, whatever they are."""
    return watch(evs, ids, lambda volume: True, timeout)


def trouble(error: EvsError, doing: str, remedies: Mapping[int, str]) -> Trouble:
    """An error in the words of a verdict, with what to do about it."""
    message = sentence(error.message)
    remedy = remedies.get(error.status) if isinstance(error, ApiError) else None
    return Trouble(
        f"{message} {remedy}" if remedy else message,
        doing,
        is_open=outcome_is_open(error) or isinstance(error, Unproved),
        under_way=may_be_under_way(error) or isinstance(error, Unproved),
    )


def now() -> str:
    """The time, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
