# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request of a role run over three disks, hit by every fault, and then a run that is left alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from unittest import mock

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api import clouds as _clouds
from tests.emulator.server import EmulatorServer
from tests.faults.cloud import Cloud
from tests.faults.conftest import FIGURES
from tests.faults.judge import Tally, prepare
from tests.faults.role import Role
from tests.support.samples import number, sample
from tests.support.server import Request

DISKS = 3
OPTIONS = {"concurrency": 1, "timeout": 1}
SEED = number("OTC_EVS_SEED", 20261121)
CASES = number("OTC_EVS_FAULT_CASES", 60)
"""How many runs with several faults at once."""

# Strike before the request is carried out, or the answer to it.
FAULTS: dict[str, dict[str, Any]] = {
    "refused for a moment": {"kind": "refuse", "seconds": 0.004},
    "refused": {"kind": "refuse", "seconds": 60},
    "reset": {"kind": "reset"},
    "stall": {"kind": "stall"},
    "expired token": {"kind": "expire"},
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403},
    "429": {"kind": "status", "status": 429},
    "429 with Retry-After": {"kind": "status", "status": 429, "retry_after": "1"},
    **{str(status): {"kind": "status", "status": status} for status in (500, 502, 503, 504)},
    "truncated": {"kind": "truncate"},
    "HTML": {"kind": "html"},
    "accepted by another": {"kind": "accepted"},
    "withdrawn by another": {"kind": "withdrawn"},
}
# Strike after it was carried out, which makes a difference only if that changed something.
FAULTS_OF_CHANGES: dict[str, dict[str, Any]] = {
    "answer lost": {"kind": "reset", "after": True},
    "done, then stall": {"kind": "stall", "after": True},
    **{f"done, then {status}": {"kind": "status", "status": status, "after": True} for status in (500, 504)},
    "done, then HTML": {"kind": "html", "after": True},
    "shown late": {"kind": "late", "seconds": 0.2},
    "only pretended": {"kind": "pretend"},
}
ALL = {**FAULTS, **FAULTS_OF_CHANGES}
pytestmark = pytest.mark.usefixtures("quick")


def changes(request: Request) -> bool:
    """Whether a request changes a disk."""
    return request.method == "DELETE" or (request.method == "POST" and "os-volume-transfer" in request.path)


def undisturbed(server: EmulatorServer) -> list[Request]:
    """The requests of a run that nothing disturbs."""
    run = Role(server, prepare(server, DISKS), **OPTIONS).run()
    assert run.error is None
    return server.requests()


def patience(names: Iterable[str]) -> Any:
    """Do not wait for an answer that does not come as long as usual."""
    stalls = any(ALL[name]["kind"] == "stall" for name in names)
    return mock.patch.object(_clouds, "DEFAULT_API_TIMEOUT", 0.5 if stalls else 60)


def try_case(
    server: EmulatorServer, tally: Tally, case: str, faults: Sequence[tuple[str, dict[str, Any]]], may_lock: bool
) -> None:
    """Run the role disturbed, then undisturbed."""
    ids = prepare(server, DISKS)
    role = Role(server, ids, **OPTIONS)
    before = Cloud.read(server, frozenset())
    for name, which in faults:
        server.order_fault(**ALL[name], **which)
    with patience(name for name, dummy in faults):
        run = role.run()
    done = tally.judge_first(case, server, ids, run, may_lock, before)
    server.end_faults()
    before = Cloud.read(server, frozenset())
    tally.judge_second(case, server, ids, role.run(), needed=not done, before=before)


def sweep(server: EmulatorServer, name: str, times: int | None) -> Tally:
    """Hit each request in turn, and without `times` each call from then on."""
    tally = Tally()
    requests = undisturbed(server)
    for place in places(requests, name, times):
        request = requests[place - 1]
        case = f"{name} at {place}, {request.method} {request.path}"
        # A fault that lasts may keep the role from freeing what it has offered; then it has to say so.
        lasting = times is None or name == "refused"
        try_case(server, tally, case, [(name, {"number": place, "times": times})], may_lock=lasting)
    return tally


def places(requests: Sequence[Request], name: str, times: int | None) -> list[int]:
    """The numbers of the requests to hit: of those that only read, a sample, which is another one for each fault."""
    turn = list(ALL).index(name)
    changing = [place for place, request in enumerate(requests, 1) if changes(request)]
    reading = [place for place in range(1, len(requests) + 1) if place not in changing] if name in FAULTS else []
    if times is None:
        # What ends the run before anything was changed needs no second look.
        reading = [place for place in reading if place > changing[0]]
        return sorted(sample([*changing, *reading], 2, turn))
    return sorted([*changing, *sample(reading, 9, turn)])


@pytest.mark.parametrize("name", ALL)
def test_each_request_once(emulator: EmulatorServer, name: str, record_property: Callable[[str, object], None]) -> None:
    tally = sweep(emulator, name, times=1)
    record_property(FIGURES, f"{name}, once: {tally.line}")
    assert tally.problems == []


@pytest.mark.parametrize("name", [name for name in ALL if not name.startswith("refused")])
def test_each_call_from_then_on(
    emulator: EmulatorServer, name: str, record_property: Callable[[str, object], None]
) -> None:
    tally = sweep(emulator, name, times=None)
    record_property(FIGURES, f"{name}, from then on: {tally.line}")
    assert tally.problems == []


def test_several_faults_in_one_run(emulator: EmulatorServer, record_property: Callable[[str, object], None]) -> None:
    """Recovery may be disturbed as well."""
    rng = random.Random(SEED)
    requests = len(undisturbed(emulator))
    tally = Tally()
    for case in range(CASES):
        # Its requests are more than those of an undisturbed run.
        numbers = sorted(rng.sample(range(1, requests + 10), k=rng.randint(2, 5)))
        names = [rng.choice([name for name in ALL if name != "refused"]) for dummy in numbers]
        faults = [(name, {"number": number}) for name, number in zip(names, numbers, strict=True)]
        told = ", ".join(f"{name} at {number}" for name, number in zip(names, numbers, strict=True))
        try_case(emulator, tally, f"case {case}: {told}", faults, may_lock=True)
    record_property(FIGURES, f"2 to 5 faults in a run, seed {SEED}: {tally.line}")
    assert tally.problems == []
