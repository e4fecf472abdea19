# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Tell the action plugin how far a module is: two numbers in a file, which it reads while the module runs."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")

PROGRESS = "OTC_EVS_PROGRESS"
"""The environment variable with the path of the file, which is there; without it nothing is told."""
WIDTH = 12
PAUSE = 0.25
"""Seconds between two tellings: nobody looks more often."""


def counted(function: Callable[[Item], Value], total: int) -> Callable[[Item], Value]:
    """The function, which after each call also tells how many of so many were made."""
    path = os.environ.get(PROGRESS)
    if not path:
        return function
    lock = threading.Lock()
    made = 0
    next_at = 0.0

    def call(item: Item) -> Value:
        nonlocal made, next_at
        try:
            return function(item)
        finally:
            with lock:
                made += 1
                if made == total or time.monotonic() >= next_at:
                    _write(path, made, total)
                    next_at = time.monotonic() + PAUSE

    return call


def _write(path: str, made: int, total: int) -> None:
    # Who cannot be told does without it.  The length is always the same, so no reader sees the half of a number.
    with contextlib.suppress(OSError):
        there = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
        try:
            os.write(there, f"{made:{WIDTH}}{total:{WIDTH}}".encode())
        finally:
            os.close(there)


def read(content: bytes) -> tuple[int, int] | None:
    """How many of how many; None if nothing was told yet."""
    try:
        return int(content[:WIDTH]), int(content[WIDTH:])
    except ValueError:
        return None
