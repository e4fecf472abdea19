# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of what is tried in great numbers a run tries: `make test` a sample of every kind, `make nightly` all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Case = TypeVar("Case")

WHOLE = bool(os.environ.get("OTC_EVS_WHOLE"))
"""Whether tables of cases are tried as a whole."""


def sample(cases: Sequence[Case], one_in: int, turn: int = 0) -> Sequence[Case]:
    """One case in so many, evenly spread, but at least one; of tables with the same columns each turn takes others."""
    if WHOLE or not cases:
        return cases
    return cases[turn % min(one_in, len(cases)) :: one_in]


def number(variable: str, usual: int) -> int:
    """How many to try, from an environment variable."""
    return int(os.environ.get(variable) or usual)
