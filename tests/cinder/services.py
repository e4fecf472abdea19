# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone and Cinder as a pair of processes on free ports."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.cinder.config import LabConfig
from tests.cinder.process import Service, listen, reserve


class Services:
    """The two servers of one lab; their ports are theirs from the beginning."""

    def __init__(self, venv: Path, state: Path, **settings: int) -> None:
        self._reserved = [reserve(), reserve()]
        self._keystone_socket, self._cinder_socket = (listen(_port(reserved)) for reserved in self._reserved)
        self.lab = LabConfig(
            venv,
            state,
            keystone_port=_port(self._keystone_socket),
            cinder_port=_port(self._cinder_socket),
            **settings,
        )
        self._keystone = Service("keystone", "tests.cinder.keystone_app", self.lab, self.lab.auth_url)
        self._cinder = Service("cinder", "tests.cinder.cinder_app", self.lab, f"{self.lab.cinder_url}/healthcheck")

    @property
    def pids(self) -> list[int]:
        """The processes that run."""
        return [s.pid for s in (self._keystone, self._cinder) if s.pid is not None]

    def start(self) -> None:
        """Start both at once and return when both answer."""
        self._keystone.start(self._keystone_socket)
        self._cinder.start(self._cinder_socket)
        self._keystone.wait_until_healthy()
        self._cinder.wait_until_healthy()

    def start_keystone(self) -> None:
        """Start Keystone and return when it answers."""
        self._keystone.start(self._keystone_socket)
        self._keystone.wait_until_healthy()

    def start_cinder(self) -> None:
        """Start Cinder and return when it answers."""
        self._cinder.start(self._cinder_socket)
        self._cinder.wait_until_healthy()

    def stop_cinder(self) -> None:
        """End Cinder, and keep its port for the next one."""
        self._cinder.stop()
        self._cinder_socket = listen(self.lab.cinder_port)

    def stop(self) -> None:
        """End both and give their ports up."""
        self._cinder.stop()
        self._keystone.stop()
        self._keystone_socket.close()
        for reserved in self._reserved:
            reserved.close()
        self._cinder_socket.close()

    def log(self) -> str:
        """The ends of both logs."""
        return f"keystone:\n{self._keystone.log()}\ncinder:\n{self._cinder.log()}"


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])
