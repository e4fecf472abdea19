# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Run one function over many things, a bounded number at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from ansible_collections.otc.evs.plugins.module_utils._errors import (
    ApiError,
    EvsError,
    LoginError,
    Unreachable,
    unexpected,
)

Item = TypeVar("Item")
Value = TypeVar("Value")
Other = TypeVar("Other")

WORTH_A_PAGE = 8
"""A page of a list costs as much time as so many requests for one thing, of which several are under way at once."""


@dataclass(frozen=True)
class Done(Generic[Item, Value]):
    """What became of one item: a value, or the error that prevented it, or it was not begun in time."""

    item: Item
    value: Value | None = None
    error: EvsError | None = None
    begun: bool = True


def both(first: Callable[[], Value], second: Callable[[], Other], concurrency: int) -> tuple[Value, Other]:
    """Make two calls at the same time, if so many may be under way; an error is raised when both have ended."""
    with ThreadPoolExecutor(max_workers=min(concurrency, 2)) as workers:
        ours, theirs = workers.submit(first), workers.submit(second)
    return ours.result(), theirs.result()


def run_all(
    function: Callable[[Item], Value], items: Iterable[Item], concurrency: int, seconds: float | None = None
) -> list[Done[Item, Value]]:
    """Call `function` on every item with at most `concurrency` at a time, in the items' order.

    An error of one item does not stop the others, unless it is one that they would all meet: then
    those not yet begun are not attempted.  After so many `seconds` none is begun, but for the first of
    each worker.
    """
    hopeless: list[EvsError] = []
    lock = threading.Lock()
    deadline = None if seconds is None else time.monotonic() + seconds
    begun = 0

    def one(item: Item) -> Done[Item, Value]:
        nonlocal begun
        with lock:
            if deadline is not None and begun >= concurrency and time.monotonic() > deadline:
                return Done(item, begun=False)
            begun += 1
        with lock:
            if hopeless:
                return Done(
                    item, error=EvsError(f"Not attempted, because the same would happen: {hopeless[0].message}")
                )
        try:
            return Done(item, value=function(item))
        except EvsError as error:
            if isinstance(error, (LoginError, Unreachable)) or (
                isinstance(error, ApiError) and error.status in (401, 403)
            ):
                with lock:
                    hopeless.append(error)
            return Done(item, error=error)
        except Exception as error:
            # A bug met by one item must not lose what the others have brought, such as keys.
            return Done(item, error=EvsError(unexpected(error)))

    with ThreadPoolExecutor(max_workers=concurrency) as workers:
        return list(workers.map(one, items))
