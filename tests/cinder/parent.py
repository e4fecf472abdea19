# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""End this process when the one that started it is gone, however that ended.

To be imported before eventlet replaces functions of these modules: the names here stay the real
ones, and the watch a thread of its own.
"""

from __future__ import annotations

from _thread import start_new_thread
from os import _exit, getppid
from pathlib import Path
from select import select
from shutil import rmtree


def end_with_parent(state: Path) -> None:
    """Watch standard input, a pipe that only the parent holds; then remove the state and exit.

    A death signal of the kernel would follow the parent's thread, not its process.
    """
    start_new_thread(_watch, (state, getppid()))


def _watch(state: Path, parent: int) -> None:
    # The parent's number as well: a fork of the parent would keep the pipe open.
    while getppid() == parent and not select([0], [], [], 1.0)[0]:
        pass
    rmtree(state, ignore_errors=True)
    _exit(0)
