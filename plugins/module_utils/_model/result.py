# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What a flow hands to the module frame: what became of every disk, and how to say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

from ansible_collections.otc.evs.plugins.module_utils._model.rows import AMISS, FAILED, UNKNOWN, Row, amiss

SHOWN_IN_A_MESSAGE = 5
"""Messages name so many disks; the result holds them all."""
WORDS = {FAILED: "failed", UNKNOWN: "not known what became of them"}

State = Mapping[str, Optional[str]]
"""Of a disk in a diff: owner, status and transfer."""


@dataclass
class Result:
    """The result of a module run.

    `transfers` are what is handed on to the target, `to_do` is what a rehearsal would have dealt with,
    and `not_started` what there was no time for.  With `problems` nothing was begun.  `alarms` are what
    was done, but is not as it was told to be.  `values` are further values that the module returns.
    """

    doing: str = "Reading"
    rows: list[Row] | None = None
    transfers: list[dict[str, object]] | None = None
    problems: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    to_do: list[str] = field(default_factory=list)
    not_started: list[str] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    before: dict[str, State] = field(default_factory=dict)
    after: dict[str, State] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.after)

    def change(self, label: str, before: State, after: State) -> None:
        """Note that a disk changes; both sides tell its owner, status and transfer."""
        self.before[label] = before
        self.after[label] = after

    @property
    def failure(self) -> str | None:
        """Why the module fails, in a few sentences; None if it does not."""
        if self.problems:
            return f"Nothing was changed. {shortened(self.problems)}"
        rows = self.rows or []
        wrong = amiss(rows)
        if not wrong and not self.alarms:
            return None
        counted = Counter(row.outcome for row in wrong)
        counts = ", ".join(f"{counted[outcome]} {WORDS[outcome]}" for outcome in AMISS if counted[outcome])
        told = shortened([*(row.message or "" for row in wrong), *self.alarms])
        disks = "1 disk" if len(rows) == 1 else f"{len(rows)} disks"
        return f"{self.doing} {disks}: {counts or 'not all as expected'}. {told}"


def shortened(messages: Sequence[str], separator: str = " ") -> str:
    """Some messages in one."""
    rest = len(messages) - SHOWN_IN_A_MESSAGE
    return separator.join(messages[:SHOWN_IN_A_MESSAGE]) + (f" And {rest} more, see the result." if rest > 0 else "")
