# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""One back-off for all workers of a task: who is told to slow down slows down the others too.

And there are fewer of them afterwards, until answers show that the server bears more again.
"""

from __future__ import annotations

import random
import threading
import time

from ansible_collections.otc.evs.plugins.module_utils._api.level import Level

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
MOST_ATTEMPTS = 5
"""For failures that are not throttling: those end by themselves soon, or not at all."""


class Backoff:
    """Exponential delays with jitter, shared between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._not_before = 0.0

    def wait(self) -> None:
        """Sleep until nobody's delay is running any more."""
        while True:
            with self._lock:
                remaining = self._not_before - time.monotonic()
            if remaining <= 0:
                return
            time.sleep(remaining)

    def delay(self, attempt: int, retry_after: float | None, deadline: float) -> bool:
        """Hold every worker back after the failed attempt number `attempt` (from 1).

        Returns False, and holds nobody back, if the delay would end after `deadline`
        (seconds of time.monotonic()).
        """
        seconds = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (attempt - 1))
        seconds *= random.SystemRandom().uniform(0.5, 1.0)
        end = time.monotonic() + max(seconds, retry_after or 0.0)
        if end > deadline:
            return False
        with self._lock:
            self._not_before = max(self._not_before, end)
        return True


class RequestLimit:
    """Lets so many requests be under way as the server bears."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self._inside = 0
        self._round = 0
        self._changed = threading.Condition()

    def acquire(self) -> int:
        """Wait for a place; returns the round, to be given back to release()."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self._level.places)
            self._inside += 1
            return self._round

    def release(self, acquired_in: int, too_many: bool, kind: str = "", seconds: float = 0.0) -> None:
        """Give the place back; those that were under way together and too many are too many once.

        `kind` and `seconds` are of a request that was answered, if its like take as long.
        """
        with self._changed:
            self._inside -= 1
            if not too_many:
                self._level.answered(kind, seconds)
            elif acquired_in == self._round:
                self._round += 1
                self._level.too_many()
            self._changed.notify_all()
