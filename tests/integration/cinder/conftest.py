# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for each module, clean for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cinder.server import CinderServer
from tests.integration.cinder.client import Client
from tests.support.server import SOURCE, SOURCE_READER, TARGET


@pytest.fixture(scope="module")
def running() -> Iterator[CinderServer]:
    """A lab that runs while the module's tests do."""
    server = CinderServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(running: CinderServer) -> CinderServer:
    """The lab in its clean state."""
    running.reset()
    return running


@pytest.fixture
def source(server: CinderServer) -> Client:
    """The user who gives disks away."""
    return Client(server, SOURCE)


@pytest.fixture
def target(server: CinderServer) -> Client:
    """The user who takes disks over."""
    return Client(server, TARGET)


@pytest.fixture
def reader(server: CinderServer) -> Client:
    """The user who may only look."""
    return Client(server, SOURCE_READER)
