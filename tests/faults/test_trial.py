# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens to a trial, its disk is deleted, or what may be left is told; no other disk is touched."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET, Request

# A fault that lasts may keep a trial from cleaning up; then it has to say so.
CASES: dict[str, tuple[dict[str, Any], int | None]] = {
    "answer lost": ({"kind": "reset", "after": True}, 1),
    "500": ({"kind": "status", "status": 500}, 1),
    "403 from then on": ({"kind": "status", "status": 403}, None),
}
pytestmark = pytest.mark.usefixtures("quick")


def run(server: EmulatorServer) -> dict[str, Any]:
    source, target = server.cloud(SOURCE), server.cloud(TARGET)
    login: dict[str, Any] = {"auth": source["auth"], "region_name": source["region_name"]}
    side = {"auth": target["auth"], "region_name": target["region_name"]}
    return run_module("evs_trial", **login, target=side, concurrency=1, timeout=1, name="on-trial")


def changes(request: Request) -> bool:
    return request.method != "GET" and not request.path.endswith("/auth/tokens")


@pytest.mark.parametrize("name", CASES)
def test_each_change_hit(emulator: EmulatorServer, name: str) -> None:
    fault, times = CASES[name]
    run(emulator)
    numbers = [number for number, request in enumerate(emulator.requests(), 1) if changes(request)]
    left_behind = 0
    for number in numbers:
        emulator.reset()
        bystander = emulator.create_volume(SOURCE, "a-bystander")
        emulator.forget_requests()
        emulator.order_fault(**fault, number=number, times=times)
        result = run(emulator)
        emulator.end_faults()
        left = [volume["id"] for volume in emulator.volumes() if volume["name"] == "on-trial"]
        case = f"{name} at {number}: {result}"
        assert bystander in {volume["id"] for volume in emulator.volumes(SOURCE)}, case
        assert "report it" not in result.get("msg", ""), case
        if left:
            left_behind += 1
            assert result["failed"], case
            assert left[0] in result["left"] or "on-trial" in result["left"], case
        else:
            assert result["left"] is None or result["disk"] is None, case
    assert len(numbers) == 8, "create; offer, withdraw; offer and accept twice; delete"
    assert times is None or left_behind == 0
