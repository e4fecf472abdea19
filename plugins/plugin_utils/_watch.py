# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show that a module is at work, and how far it is, while Ansible waits for its end."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from ansible_collections.otc.evs.plugins.module_utils._flows.progress import read

EVERY = 8.0
"""Seconds between two lines: people who see nothing for ten wonder."""


@contextlib.contextmanager
def shown(say: Callable[[str], None], folder: str) -> Iterator[str]:
    """Say all the time how far it is; gives the path of the file in which the module tells that."""
    handle, path = tempfile.mkstemp(prefix="otc-evs-", dir=folder)
    os.close(handle)
    over = threading.Event()

    def look() -> None:
        seconds = 0.0
        while not over.wait(EVERY):
            seconds += EVERY
            say(line(Path(path).read_bytes(), seconds))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield path
    finally:
        over.set()
        watcher.join()
        Path(path).unlink()


def line(content: bytes, seconds: float) -> str:
    """What is shown: a disk counts when it was tried, whatever came of it; it is read back at the end."""
    told = read(content)
    if told is None:
        return f"still at work after {seconds:.0f} s"
    return f"{told[0]:,} of {told[1]:,} disks tried after {seconds:.0f} s"
