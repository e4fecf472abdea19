# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone, Placement, Cinder and Nova: four processes on free ports."""

from __future__ import annotations

from pathlib import Path

from tests.cinder.process import Service, listen
from tests.nova.config import NovaConfig

NAMES = ("keystone", "placement", "cinder", "nova")
"""In the order in which they start."""


class Services:
    """The servers of one lab; their ports are theirs from the beginning."""

    def __init__(self, venv: Path, state: Path) -> None:
        self._sockets = {name: listen() for name in NAMES}
        ports = {f"{name}_port": int(listener.getsockname()[1]) for name, listener in self._sockets.items()}
        self.lab = NovaConfig(venv, state, **ports)
        lab = self.lab
        self._services = {
            "keystone": Service("keystone", "tests.cinder.keystone_app", lab, lab.auth_url),
            "placement": Service("placement", "tests.nova.placement_app", lab, f"{lab.placement_url}/"),
            "cinder": Service("cinder", "tests.cinder.cinder_app", lab, f"{lab.cinder_url}/healthcheck"),
            "nova": Service("nova", "tests.nova.nova_app", lab, f"http://127.0.0.1:{lab.nova_port}/"),
        }

    @property
    def pids(self) -> list[int]:
        """The processes that run."""
        return [service.pid for service in self._services.values() if service.pid is not None]

    def start(self, *names: str) -> None:
        """Start some of them, or all, at once, and return when they answer."""
        chosen = names or NAMES
        for name in chosen:
            self._services[name].start(self._sockets[name])
        for name in chosen:
            self._services[name].wait_until_healthy(timeout=180)

    def stop(self) -> None:
        """End all and give their ports up."""
        for name in reversed(NAMES):
            self._services[name].stop()
            self._sockets[name].close()

    def log(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"{name}:\n{service.log()}" for name, service in self._services.items())
