# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""As many requests at a time as the server bears."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from ansible_collections.otc.evs.plugins.module_utils import _module
from ansible_collections.otc.evs.plugins.module_utils._api import session as _session
from ansible_collections.otc.evs.plugins.module_utils._api.level import FIRST, MOST, Level
from ansible_collections.otc.evs.plugins.module_utils._api.pace import RequestLimit
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET

BEARABLE = 3


def places(limit: RequestLimit) -> int:
    """How many requests may be under way."""
    return limit._level.places


def test_too_many_at_once_halve_the_limit_once() -> None:
    limit = RequestLimit(Level(16))
    rounds = [limit.acquire() for dummy in range(16)]
    for acquired_in in rounds:
        limit.release(acquired_in, too_many=True)
    assert places(limit) == 8
    for dummy in range(10):
        limit.release(limit.acquire(), too_many=True)
    assert places(limit) == 1


def test_answers_raise_it_again_up_to_where_it_was() -> None:
    limit = RequestLimit(Level(4))
    for dummy in range(2):
        limit.release(limit.acquire(), too_many=True)
    assert places(limit) == 1
    limit.release(limit.acquire(), too_many=False)
    assert places(limit) == 2
    for dummy in range(100):
        limit.release(limit.acquire(), too_many=False)
    assert places(limit) == 4


@pytest.mark.parametrize(
    ("given", "of_target", "limits"),
    [
        ({"concurrency": 5}, {}, [5, 5]),
        ({"concurrency": 5}, {"concurrency": 2}, [2, 5]),
        ({}, {}, [FIRST, FIRST]),
        ({}, {"concurrency": 2}, [2, FIRST]),
    ],
)
def test_each_tenant_has_a_limit_of_its_own(
    emulator: EmulatorServer,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    of_target: dict[str, int],
    limits: list[int],
) -> None:
    sessions = []

    class Noted(Session):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            sessions.append(self)

    monkeypatch.setattr(_module, "Session", Noted)
    source, target = ({"auth": emulator.cloud(name)["auth"]} for name in (SOURCE, TARGET))
    result = run_module("evs_move", **source, volumes=[], **given, target={**target, **of_target})
    assert not result.get("failed"), result["msg"]
    assert sorted(places(session._request_limit) for session in sessions) == limits


def move(emulator: EmulatorServer, disks: int, **options: Any) -> dict[str, Any]:
    """Move as many new disks."""
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(disks)])
    emulator.forget_requests()
    source, target = ({"auth": emulator.cloud(name)["auth"], **options} for name in (SOURCE, TARGET))
    return run_module("evs_move", **source, target=target, volumes=ids, check_constraints=False)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("options", [{"concurrency": 16}, {}], ids=["given", "found"])
def test_a_server_that_bears_little_is_asked_little(emulator: EmulatorServer, options: dict[str, int]) -> None:
    disks = 200
    emulator.configure(most_at_once=BEARABLE, latency=0.002)
    result = move(emulator, disks, **options)
    assert not result.get("failed"), result["msg"]
    assert {disk["tenant"] for disk in emulator.volumes()} == {TARGET}
    throttled = sum(request.status == 429 for request in emulator.requests())
    assert 0 < throttled < disks, "most requests are not in vain"


class Watched(RequestLimit):
    """Notes how many requests are under way whenever one begins."""

    under_way: ClassVar[list[int]] = []

    def acquire(self) -> int:
        acquired_in = super().acquire()
        with self._changed:
            self.under_way.append(self._inside)
        return acquired_in


@pytest.fixture
def under_way(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests to a tenant were under way, at the beginning of each request."""
    monkeypatch.setattr(_session, "RequestLimit", Watched)
    Watched.under_way.clear()
    return Watched.under_way


def test_a_number_that_is_given_is_never_exceeded(emulator: EmulatorServer, under_way: list[int]) -> None:
    move(emulator, 40, concurrency=3)
    assert max(under_way) == 3


@pytest.mark.usefixtures("quick")
def test_after_a_429_fewer_requests_are_under_way(emulator: EmulatorServer, under_way: list[int]) -> None:
    disks = 100
    emulator.configure(latency=0.002)
    move(emulator, disks)
    requests = len(emulator.requests())
    assert requests == 2 * disks + len([request for request in emulator.requests() if "/os-volume" not in request.path])
    assert max(under_way) <= MOST
    emulator.reset()
    emulator.configure(latency=0.002, most_at_once=BEARABLE)
    under_way.clear()
    result = move(emulator, disks)
    assert not result.get("failed"), result["msg"]
    throttled = sum(request.status == 429 for request in emulator.requests())
    assert throttled
    assert len(emulator.requests()) == requests + throttled, "no request but those that were refused is repeated"
    assert max(under_way[-disks:]) < MOST
    assert min(under_way[-disks:]) <= BEARABLE
