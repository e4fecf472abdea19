# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""How many requests a cloud bears at once, found by its answers: pure.

It begins low and doubles with each round of answers until they take longer than at first, or the cloud says
that it is asked too much.  That halves it.  From then on there is one more a round, as long as the cloud bears it.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 4
"""So many requests are under way at first where the user gives no number."""
MOST = 32
"""And never more than these."""
SLOWER = 1.5
"""Answers of a round that took so many times what is usual are slower: the others share what the cloud can do."""


@dataclass
class _Round:
    """Answers to as many requests as there were places when it began."""

    of: int
    answers: int = 0
    seconds: float = 0.0


class Level:
    """How many requests may be under way: at most `most`, and with `first` as many as turn out to be borne.

    Without `first` the user has given `most`: only answers that tell of too many requests lower it.
    """

    def __init__(self, most: int, first: int | None = None) -> None:
        self._most = float(most)
        self._first = None if first is None else float(min(first, most))
        self._limit = self._first or self._most
        self._doubles = self._first is not None
        self._borne = self._first is None
        """Whether the last round was as quick as is usual."""
        self._usual: dict[str, float] = {}
        self._rounds: dict[str, _Round] = {}

    @property
    def places(self) -> int:
        return int(self._limit)

    def too_many(self) -> None:
        """The cloud has said so."""
        self._limit = max(1.0, self._limit / 2)
        self._doubles = False
        self._rounds.clear()

    def answered(self, kind: str = "", seconds: float = 0.0) -> None:
        """A request was answered, of a `kind` whose requests take about as long as each other, if any."""
        if self._first is not None and kind:
            self._note(kind, seconds)
        if self._borne or self._limit < (self._first or 0.0):
            self._limit = min(self._most, self._limit + (1.0 if self._doubles else 1.0 / self._limit))

    def _note(self, kind: str, seconds: float) -> None:
        now = self._rounds.setdefault(kind, _Round(self.places))
        now.answers += 1
        now.seconds += seconds
        if now.answers < now.of:
            return
        took = now.seconds / now.answers
        del self._rounds[kind]
        usual = self._usual.setdefault(kind, took)
        self._borne = took <= usual * SLOWER
        least = self._first or self._limit
        if self._borne:
            self._usual[kind] = min(usual, took)
        elif self._limit > least:
            self._doubles = False
            # As many as there would be under way if each took as long as usual, and so many a second were answered.
            self._limit = max(least, self._limit * usual / took)
        else:
            # It is not we who make it slow.
            self._usual[kind] = took
