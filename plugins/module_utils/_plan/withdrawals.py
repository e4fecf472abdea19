# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Which offers are to be withdrawn: pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError, quoted
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Transfer, age
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import DEFAULT_NAME

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Withdrawal:
    """Which offers: of these disks or these transfers, older than that, and of this name, if given."""

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
        raise UsageError(f"older_than is {quoted(text)}, which is too long a time.") from error


def select(pending: Sequence[Transfer], asked: Withdrawal, now: datetime.datetime) -> list[Transfer]:
    """The transfers to withdraw, of those of the disks or IDs asked for, or else of all."""
    named = [transfer for transfer in pending if asked.only_named in (None, transfer.name)]
    if not asked.older_than:
        # No age is asked for: then the clocks, which may differ, do not matter.
        return named
    return [transfer for transfer in named if _older(transfer, asked.older_than, now)]


def _older(transfer: Transfer, limit: datetime.timedelta, now: datetime.datetime) -> bool:
    existed = age(transfer.created_at, now)
    if existed is None:
        raise UsageError(
            f"The cloud does not say when transfer {transfer.id} was created, so older_than cannot be applied to it."
        )
    return existed > limit
