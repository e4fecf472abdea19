# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers under test, by their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.cinder.server import CinderServer
from tests.emulator.server import EmulatorServer
from tests.support.server import Server

SERVERS: dict[str, Callable[[], Server]] = {"emulator": EmulatorServer, "cinder": CinderServer}


@contextmanager
def running_server(kind: str) -> Iterator[Server]:
    """Start a server and stop it, whatever happens."""
    server = SERVERS[kind]()
    server.start()
    try:
        yield server
    finally:
        server.stop()
