# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for all tests, clean for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.nova.server import NovaServer
from tests.support.modules import run_module


@pytest.fixture(scope="session")
def running() -> Iterator[NovaServer]:
    with NovaServer() as server:
        yield server


@pytest.fixture
def lab(running: NovaServer) -> NovaServer:
    """The lab in its clean state."""
    running.reset()
    return running


@pytest.fixture
def module(lab: NovaServer) -> Callable[..., dict[str, Any]]:
    """Run a module as a tenant: module("evs_attachment", SOURCE, volumes=[...])."""

    def run(name: str, cloud: str, /, **options: Any) -> dict[str, Any]:
        entry = lab.cloud(cloud)
        return run_module(name, auth=entry["auth"], region_name=entry["region_name"], **options)

    return run
