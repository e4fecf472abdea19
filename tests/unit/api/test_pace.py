# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""As many requests at a time as the server bears."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils import _module
from ansible_collections.otc.evs.plugins.module_utils._api.pace import RequestLimit
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET

BEARABLE = 3


def places(limit: RequestLimit) -> int:
    """How many requests may be under way."""
    return int(limit._limit)


def test_too_many_at_once_halve_the_limit_once() -> None:
    limit = RequestLimit(16)
    rounds = [limit.acquire() for dummy in range(16)]
    for acquired_in in rounds:
        limit.release(acquired_in, too_many=True)
    assert places(limit) == 8
    for dummy in range(10):
        limit.release(limit.acquire(), too_many=True)
    assert places(limit) == 1


def test_answers_raise_it_again_up_to_where_it_was() -> None:
    limit = RequestLimit(4)
    for dummy in range(2):
        limit.release(limit.acquire(), too_many=True)
    assert places(limit) == 1
    limit.release(limit.acquire(), too_many=False)
    assert places(limit) == 2
    for dummy in range(100):
        limit.release(limit.acquire(), too_many=False)
    assert places(limit) == 4


@pytest.mark.parametrize(("of_target", "limits"), [({}, [5, 5]), ({"concurrency": 2}, [2, 5])])
def test_each_tenant_has_a_limit_of_its_own(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch, of_target: dict[str, int], limits: list[int]
) -> None:
    sessions = []

    class Noted(Session):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            sessions.append(self)

    monkeypatch.setattr(_module, "Session", Noted)
    source, target = ({"auth": emulator.cloud(name)["auth"]} for name in (SOURCE, TARGET))
    result = run_module("evs_move", **source, volumes=[], concurrency=5, target={**target, **of_target})
    assert not result.get("failed"), result["msg"]
    assert sorted(places(session._request_limit) for session in sessions) == limits


@pytest.mark.usefixtures("quick")
def test_a_server_that_bears_little_is_asked_little(emulator: EmulatorServer) -> None:
    disks = 200
    emulator.configure(most_at_once=BEARABLE, latency=0.002)
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(disks)])
    emulator.forget_requests()
    source, target = ({"auth": emulator.cloud(name)["auth"], "concurrency": 16} for name in (SOURCE, TARGET))
    result = run_module("evs_move", **source, target=target, volumes=ids, check_constraints=False)
    assert not result.get("failed"), result["msg"]
    assert {disk["tenant"] for disk in emulator.volumes()} == {TARGET}
    throttled = sum(request.status == 429 for request in emulator.requests())
    assert 0 < throttled < disks, "most requests are not in vain"
