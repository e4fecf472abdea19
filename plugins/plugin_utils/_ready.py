# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""A process that has loaded what the modules need, and runs each of them in a copy of itself.

To start Python and to load keystoneauth1 and requests takes three times as much as to move twenty disks, and a play
does it twice for each pair of tenants.  So ansible-playbook starts one process that does it once.  A module's own
process, which Ansible starts as ever, hands over what it has (files, directory, environment, arguments) and waits.
Where there is no such process, or where it does not take the module, the module runs in its own.

This process ends when ansible-playbook and its workers have, and a module when its own process does.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.otc.evs.plugins.plugin_utils._hand_over import (
    BETWEEN,
    FILES,
    SIZE,
    STATUS,
    TAKEN,
    door_in,
    received,
    run_here,
)

HEAD = """\
import sys
if not getattr(sys.flags, "safe_path", False):
    del sys.path[0]
collections = type(sys)("ansible_collections")
collections.__path__ = [{root!r}]
sys.modules["ansible_collections"] = collections
"""
"""How a program begins that needs this collection: other collections are of no concern, nor is the first place where
Python looks, which is the directory or that of the program."""
PROGRAM = """\
from ansible_collections.otc.evs.plugins.plugin_utils import _ready
_ready.serve({door}, {folder!r})
"""
MODULES = "ansible_collections.otc.evs.plugins.modules"
AT_START = (b"PYTHON", b"LD_", b"LC_", b"LANG", b"HOME", b"OPENSSL_")
"""What Python and its libraries read when they start, by how the names begin: later they are what they were."""
KILLED = 128
"""What shells add to the number of the signal that has ended a process."""
PATIENCE = 1.0
"""Seconds that ansible-playbook waits at its end for this process, which then has nothing to do."""


# In ansible-playbook


def start(root: str) -> str:
    """Start the process, for the collections in this folder; gives the folder of its door, or nothing."""
    with contextlib.ExitStack() as stack:
        try:
            folder = tempfile.mkdtemp(prefix="otc-evs-")
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            started = _started(root, folder)
        except OSError:
            return ""
        # Both clean up, since each of them may be killed.
        atexit.register(_end, started, stack.pop_all())
    return folder


def _started(root: str, folder: str) -> subprocess.Popen[bytes]:
    there = os.open(folder, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(door_in(there))
            door.listen(socket.SOMAXCONN)
            program = (HEAD + PROGRAM).format(root=root, door=door.fileno(), folder=folder)
            # Its input ends when all are gone that could write there: this process and its workers.
            return subprocess.Popen(
                [sys.executable, "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[door.fileno()],
                start_new_session=True,
            )
    finally:
        os.close(there)


def _end(started: subprocess.Popen[bytes], folder: contextlib.ExitStack) -> None:
    with folder:
        if started.stdin:
            started.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(PATIENCE)


# In the process itself


def serve(number: int, folder: str) -> None:
    """Load what modules need, and run each that is handed over in a copy of this process."""
    line = None
    try:
        with socket.socket(fileno=number) as door:
            if _load():
                line = _Copies(door).next()
    finally:
        if line is None:
            shutil.rmtree(folder, ignore_errors=True)
    if line is not None:
        run_here(*_take_over(line))


def _load() -> bool:
    """Load all that modules import; False if something is missing, which may be there when the next one starts."""
    for path in sorted(Path(__file__).parents[1].glob("modules/evs_*.py")):
        importlib.import_module(f"{MODULES}.{path.stem}")
        # It is run as a program, and Python warns if it was loaded before.
        del sys.modules[f"{MODULES}.{path.stem}"]
    credentials: Any = sys.modules["ansible_collections.otc.evs.plugins.module_utils._api.credentials"]
    # The copies share what is in memory now as long as nobody touches it.
    gc.collect()
    gc.freeze()
    return not credentials.KEYSTONEAUTH_IMPORT_ERROR


class _Copies:
    """The copies that are running, each with the line to its module's own process."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self._lines: dict[int, socket.socket] = {}
        """By the process number of the copy."""
        self._ended, self._end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def next(self) -> socket.socket | None:
        """In each copy: the line to the module's own process.  In this process: nothing, once nobody can come."""
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._end)
        open_for = {self._door.fileno(), self._ended, sys.stdin.fileno()}
        while self._lines or sys.stdin.fileno() in open_for:
            heard = self._hear(open_for)
            open_for -= heard & {sys.stdin.fileno()}
            if self._ended in heard:
                os.read(self._ended, 4096)
            self._tell()
            for pid in [pid for pid, line in self._lines.items() if line.fileno() in heard]:
                # A module's own process has ended: nobody waits for the copy any more.
                os.kill(pid, signal.SIGKILL)
            if self._door.fileno() in heard and (line := self._copied()):
                return line
        return None

    def _hear(self, open_for: set[int]) -> set[int]:
        """Wait; gives what has something to read, has ended, or is a line whose other side has ended."""
        poll = select.poll()
        for file in open_for:
            poll.register(file, select.POLLIN)
        for line in self._lines.values():
            poll.register(line, select.POLLRDHUP)
        return {file for file, dummy in poll.poll()}

    def _copied(self) -> socket.socket | None:
        """The line, in the new copy.  In this process nothing, nor if there can be no copy: the line is closed then."""
        line = self._door.accept()[0]
        try:
            pid = os.fork()
        except OSError:
            line.close()
            return None
        if not pid:
            self._leave()
            return line
        self._lines[pid] = line
        return None

    def _leave(self) -> None:
        """In a copy: have nothing of what this process needs."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for line in self._lines.values():
            line.close()
        os.close(self._ended)
        os.close(self._end)

    def _tell(self) -> None:
        """Tell the exit status of all copies that have ended."""
        while self._lines:
            pid, code = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            status = os.waitstatus_to_exitcode(code)
            # The module's own process may have ended before.
            with self._lines.pop(pid) as line, contextlib.suppress(OSError):
                line.sendall((KILLED - status if status < 0 else status).to_bytes(STATUS, "big"))


# In a copy


def _take_over(line: socket.socket) -> tuple[str, bytes]:
    """Be as the module's own process is, and tell it so; gives the module and its arguments.

    What this process cannot be any more ends it, and the module runs in its own.
    """
    with line:
        header, files, dummy, dummy = socket.recv_fds(line, SIZE, FILES)
        umask, module, arguments, *pairs = received(line, int.from_bytes(header, "big")).split(BETWEEN)
        environment = dict(pair.split(b"=", 1) for pair in pairs)
        if _at_start(environment) != _at_start(os.environb):
            sys.exit()
        for number, file in enumerate(files[:3]):
            os.dup2(file, number)
        os.fchdir(files[3])
        for file in files:
            os.close(file)
        os.environb.clear()
        os.environb.update(environment)
        os.umask(int(umask, 8))
        time.tzset()
        line.sendall(TAKEN)
    return module.decode(), arguments


def _at_start(environment: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in environment.items() if name.startswith(AT_START)}
