# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every contract test runs on the emulator and on a real Cinder.

Where the two differ, the test says so with the fixture `expected`, which takes the outcome on each
and the reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.modules import run_module
from tests.support.server import SOURCE, Server

numbers = itertools.count(1)


@pytest.fixture(scope="session", params=["emulator", "cinder"])
def running(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue(f"running_{request.param}")
    return server


@pytest.fixture(scope="module")
def clean(running: Server) -> None:
    """Each module of tests begins with a clean state."""
    running.reset()


@pytest.fixture
def server(running: Server, clean: None) -> Server:
    """The server under test with an empty log of requests."""
    running.forget_requests()
    return running


@pytest.fixture
def expected(server: Server) -> Callable[..., Any]:
    """Pick the outcome for this server, where the two differ; `why` says why they do."""

    def pick(*, emulator: Any, cinder: Any, why: str) -> Any:
        assert why
        return {"emulator": emulator, "cinder": cinder}[server.kind]

    return pick


@pytest.fixture
def disk(server: Server) -> Callable[..., str]:
    """Create a disk of a name of its own in the source, and return its ID."""

    def create(name: str | None = None, **traits: Any) -> str:
        volume_id = server.create_volume(SOURCE, name or f"disk-{next(numbers)}", **traits)
        server.forget_requests()
        return volume_id

    return create


@pytest.fixture
def module(server: Server) -> Callable[..., dict[str, Any]]:
    return module_of(server)


@pytest.fixture
def changes(server: Server) -> Callable[[], list[str]]:
    """The requests that change something, since the last call: all POSTs and DELETEs but for the token."""

    def taken() -> list[str]:
        asked = [r.method for r in server.requests() if r.method != "GET" and not r.path.endswith("/auth/tokens")]
        server.forget_requests()
        return asked

    return taken


def module_of(server: Server) -> Callable[..., dict[str, Any]]:
    """Run a module as a tenant: module("evs_transfer", SOURCE, volumes=[...])."""

    def run(name: str, cloud: str, /, **options: Any) -> dict[str, Any]:
        entry = server.cloud(cloud)
        return run_module(name, auth=entry["auth"], region_name=entry["region_name"], **options)

    return run
