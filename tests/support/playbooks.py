# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook and the openstack CLI as a user would, in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.server import Server

BIN = Path(sys.executable).parent
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
TIMEOUT = 1800


@dataclass(frozen=True)
class Run:
    """What a run of ansible-playbook came to."""

    output: str
    exit_status: int

    @property
    def changed(self) -> int:
        """How many tasks changed something, on all hosts."""
        return sum(int(numbers[2]) for numbers in RECAP.findall(self.output))

    @property
    def words(self) -> str:
        """The output without the line breaks and quotes that displays add."""
        return " ".join(self.output.replace('\\"', '"').split())


def environment(server: Server | None, home: Path) -> dict[str, str]:
    """The environment of a user who has nothing configured but a clouds.yaml."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "ANSIBLE_"))}
    return {
        **inherited,
        "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_REMOTE_TEMP": str(home / "remote"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "HOME": str(home),
        "PWD": str(home),
        **({"OS_CLIENT_CONFIG_FILE": str(server.clouds_file)} if server else {}),
    }


class Running:
    """A run of ansible-playbook under way."""

    def __init__(self, command: Sequence[str | Path], environ: dict[str, str], directory: Path) -> None:
        self._process = subprocess.Popen(
            command,
            env=environ,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether it has ended by itself."""
        return self._process.poll() is not None

    def result(self, timeout: float = TIMEOUT) -> Run:
        """Wait for its end, at most so many seconds."""
        try:
            output, dummy = self._process.communicate(timeout=timeout)
        except BaseException:
            self.kill()
            raise
        return Run(output, self._process.returncode)

    def kill(self) -> Run:
        """End it at once with all that it has started, as the loss of the machine would."""
        pids = [self._process.pid]
        # A stopped process starts no other; Ansible's workers leave its process group.
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                pids += children(pid)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        output, dummy = self._process.communicate()
        return Run(output, self._process.returncode)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still its own."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for listing in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, listing.read_text(encoding="ascii").split())
    return found


def begin(server: Server | None, home: Path, playbook: Any, *arguments: str, **variables: Any) -> Running:
    """Start a playbook: the name of one, or its plays as data. Of several at once each needs its own home."""
    if not isinstance(playbook, str):
        path = home / "playbook.yml"
        path.write_text(json.dumps(playbook), encoding="utf-8")
        playbook = str(path)
    given = home / "variables.json"
    given.write_text(json.dumps(variables), encoding="utf-8")
    command = [BIN / "ansible-playbook", playbook, "-e", f"@{given}", *arguments]
    return Running(command, environment(server, home), home)


def play(server: Server | None, home: Path, playbook: Any, *arguments: str, **variables: Any) -> Run:
    """Run a playbook: the name of one, or its plays as data."""
    return begin(server, home, playbook, *arguments, **variables).result()


def openstack(server: Server, home: Path, cloud: str, *arguments: str) -> Any:
    """Run the openstack CLI as a tenant and return what it says, parsed; its failure is an error."""
    silent = arguments[-1] == "--quiet-verb"
    words = arguments[:-1] if silent else (*arguments, "-f", "json")
    done = subprocess.run(
        [BIN / "openstack", "--os-cloud", cloud, *words],
        env=environment(server, home),
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"openstack {' '.join(words)}: {done.stderr}")
    return None if silent else json.loads(done.stdout)
