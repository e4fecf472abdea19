# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Child processes that serve on a socket of ours and do not outlive us."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import requests

from tests.cinder.api import lab_session
from tests.cinder.config import REPOSITORY, LabConfig
from tests.cinder.errors import LabError

TAIL = 4000


def environment(lab: LabConfig) -> dict[str, str]:
    """The environment of the lab's processes: nothing of a user's cloud, proxy or Python."""
    unwanted = ("OS_", "PYTHON", "HTTP_", "HTTPS_", "ALL_", "NO_", "VIRTUAL_")
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(unwanted)}
    return {
        **kept,
        "OS_KEYSTONE_CONFIG_FILES": str(lab.keystone_conf),
        "OTC_EVS_CINDER_STATE": str(lab.state),
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1",
    }


def reserve() -> socket.socket:
    """A socket with a free port that it keeps from others while nobody listens there."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


def listen(port: int = 0) -> socket.socket:
    """A listening socket; without a port, on one that is free."""
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    # Accepted connections inherit it; without it an answer in two writes waits 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def run(lab: LabConfig, *arguments: str | Path) -> None:
    """Run a program of the lab's environment to its end."""
    start_program(lab, *arguments).finish()


class Program:
    """A program of the lab's environment that ends by itself."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self._name = name
        self._process = process

    def finish(self, timeout: float = 1800) -> None:
        """Wait for it and raise with its output if it failed."""
        try:
            output, dummy = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            output, dummy = self._process.communicate()
        if self._process.returncode:
            raise LabError(f"{self._name} failed:\n{output[-TAIL:]}")


def start_program(lab: LabConfig, program: str | Path, *arguments: str | Path) -> Program:
    """Start a program of the lab's environment."""
    command = [lab.venv / "bin" / program, *arguments]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment(lab),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Program(str(program), process)


class Service:
    """One of the lab's servers."""

    def __init__(self, name: str, module: str, lab: LabConfig, health_url: str) -> None:
        self._name = name
        self._module = module
        self._lab = lab
        self._health_url = health_url
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it has been started and not stopped."""
        return self._process.pid if self._process else None

    def start(self, listener: socket.socket) -> None:
        """Start the process on that socket, which becomes its own."""
        with listener, self._lab.log_file(self._name).open("ab") as log:
            self._process = subprocess.Popen(
                self._command(listener.fileno()),
                cwd=REPOSITORY,
                env=environment(self._lab),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(listener.fileno(),),
                start_new_session=True,
            )

    def _command(self, descriptor: int) -> Sequence[str]:
        python = str(self._lab.venv / "bin" / "python")
        return [python, "-m", self._module, str(descriptor), str(self._lab.state)]

    def wait_until_healthy(self, timeout: float = 300) -> None:
        """Return when it answers; raise with its log when it dies or takes too long."""
        deadline = time.monotonic() + timeout
        while not self._healthy():
            if self._process is None or _has_ended(self._process.pid):
                raise LabError(f"{self._name} ended at its start:\n{self.log()}")
            if time.monotonic() > deadline:
                raise LabError(f"{self._name} is silent after {timeout:g} s:\n{self.log()}")
            time.sleep(0.05)

    def _healthy(self) -> bool:
        # The socket listens from the beginning, so a probe may wait rather than be refused.
        try:
            answer = lab_session().get(self._health_url, timeout=30)
        except requests.RequestException:
            return False
        return answer.ok

    def log(self) -> str:
        """The end of its log."""
        path = self._lab.log_file(self._name)
        return path.read_text(errors="replace")[-TAIL:] if path.exists() else ""

    def stop(self, timeout: float = 5) -> None:
        """End the process and whatever it started."""
        process, self._process = self._process, None
        if process is None:
            return
        # Popen's own methods would reap it, and its number could then be another's.
        os.kill(process.pid, signal.SIGTERM)
        _wait_for_exit(process.pid, timeout)
        _kill_group(process.pid)
        process.wait()
        if process.stdin:
            process.stdin.close()


def _wait_for_exit(pid: int, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not _has_ended(pid) and time.monotonic() < deadline:
        time.sleep(0.01)


def _has_ended(pid: int) -> bool:
    """Whether the child has ended, without reaping it: its number remains ours to signal."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
