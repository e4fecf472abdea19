# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peak memory of ansible-playbook and of the modules that it runs, as the kernel has it."""

from __future__ import annotations

import contextlib
import re
import threading
from pathlib import Path

from tests.support.playbooks import children

PAUSE = 0.01
"""Seconds between two looks, so that the last one at a module comes shortly before its end."""
SELDOM = 0.5
"""Enough for what lives longer, and costs no time that others are measured by."""


class Peaks:
    """Looks at a process and all below it while a block runs; the figures are in MB."""

    def __init__(self, pid: int, pause: float = PAUSE) -> None:
        self._pid = pid
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.controller = 0.0
        self.module = 0.0

    def __enter__(self) -> Peaks:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(self._pause):
            pids = [self._pid]
            for pid in pids:
                pids += children(pid)
                self._note(pid)

    def _note(self, pid: int) -> None:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            process = Path(f"/proc/{pid}")
            found = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text(encoding="utf-8"))
            peak = int(found[1]) / 1000 if found else 0.0
            if b"ansible-playbook" in (process / "cmdline").read_bytes():
                self.controller = max(self.controller, peak)
            else:
                self.module = max(self.module, peak)
