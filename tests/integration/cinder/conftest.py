# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab, clean for each test."""

from __future__ import annotations

import pytest

from tests.cinder.server import CinderServer
from tests.integration.cinder.client import Client
from tests.support.server import SOURCE, SOURCE_READER, TARGET


@pytest.fixture
def server(running_cinder: CinderServer) -> CinderServer:
    """The lab in its clean state."""
    running_cinder.reset()
    return running_cinder


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
