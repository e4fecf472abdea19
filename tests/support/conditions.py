# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what must become true."""

from __future__ import annotations

import time
from collections.abc import Callable

LONG = 300.0
"""Seconds in which even a machine with much else to do gets anything done: only what is broken lasts longer."""


def wait_for(condition: Callable[[], object], pause: float = 0.02) -> None:
    """Return when the condition holds; fail when it never does."""
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(pause)
