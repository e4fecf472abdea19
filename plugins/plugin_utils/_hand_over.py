# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""What a module's own process does: hand the module over to the process that is ready for it, or run it.

It loads nothing that it does not need: to load little is what a process that is ready is for; see _ready.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import NoReturn

PROFILE = "legacy"
"""How values are written that JSON does not know, as for every module that says nothing about it."""
SIZE = 8
"""Bytes of the number before a request that says how long it is."""
FILES = 4
"""Input, output, errors and the directory, which come with that number."""
BETWEEN = b"\0"
"""Is in no part of a request: not in JSON, and not in what an environment holds."""
TAKEN = b"t"
"""The first answer: from now on the module is run, and by nobody else."""
STATUS = 4
"""Bytes of the last answer, the exit status."""
LOST = "The process that ran the module was lost. It is not known whether the module has come to its end.\n"


def run(folder: str, module: str, arguments: bytes) -> NoReturn:
    """Run a module with its arguments as Ansible writes them, by the process with a door here if it takes it."""
    status = hand_over(folder, module, arguments) if folder else None
    if status is None:
        run_here(module, arguments)
    sys.exit(status)


def run_here(module: str, arguments: bytes) -> None:
    """As Ansible's own script does it, but with code that is not packed."""
    import runpy

    from ansible.module_utils import basic

    known = vars(basic)
    known["_ANSIBLE_ARGS"] = arguments
    known["_ANSIBLE_PROFILE"] = PROFILE
    root = sys.modules["ansible_collections"].__path__[0]
    runpy.run_module(module, {"_module_fqn": module, "_modlib_path": root}, "__main__", alter_sys=True)


def door_in(there: int) -> str:
    """The path of the door in an open folder, whose own may be longer than the address of a socket."""
    return f"/proc/self/fd/{there}/door"


def hand_over(folder: str, module: str, arguments: bytes) -> int | None:
    """Let the process with a door here run a module; gives its exit status, or None if it was not taken."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            there = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
            if not _is_own(os.fstat(there)):
                return None
            line.connect(door_in(there))
            here = os.open(".", os.O_PATH)
            umask = os.umask(0o077)
            os.umask(umask)
            environment = [name + b"=" + value for name, value in os.environb.items()]
            request = BETWEEN.join([b"%o" % umask, module.encode(), arguments, *environment])
            socket.send_fds(line, [len(request).to_bytes(SIZE, "big")], [0, 1, 2, here])
            line.sendall(request)
            if received(line, len(TAKEN)) != TAKEN:
                return None
        except OSError:
            return None
        status = received(line, STATUS)
    if len(status) < STATUS:
        sys.stderr.write(LOST)
        return 1
    return int.from_bytes(status, "big")


def _is_own(folder: os.stat_result) -> bool:
    """Whether nobody else can have made it, or a door in it: once it is gone, its name is anybody's to take."""
    return folder.st_uid == os.geteuid() and not folder.st_mode & 0o077


def received(line: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer if the other side has ended."""
    content = b""
    while len(content) < size and (more := line.recv(size - len(content))):
        content += more
    return content
