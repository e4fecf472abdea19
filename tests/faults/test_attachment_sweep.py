# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detach four disks of two servers, and attach them: requests hit by faults, and then a run that is left alone.

`make test` tries a random sample of the cases, `make nightly` all of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.nova import Nova
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError
from ansible_collections.otc.evs.plugins.module_utils._flows.attach import Options, attach, detach
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import Rules, Wish
from tests.emulator.server import EmulatorServer
from tests.faults.conftest import FIGURES
from tests.faults.test_sweep import FAULTS, FAULTS_OF_CHANGES, SEED
from tests.support.attachments import Dying, Killed
from tests.support.samples import WHOLE
from tests.support.server import SOURCE, Request
from tests.support.tenants import login_options

DISKS = {"app01": ["a", "b"], "db01": ["c", "d"]}
OF_OTHERS = ("accepted by another", "withdrawn by another")
ALL = {name: fault for name, fault in {**FAULTS, **FAULTS_OF_CHANGES}.items() if name not in OF_OTHERS}
KINDS = ("detach", "attach")
SAMPLE = 20
Case = tuple[str, str, int, str]
pytestmark = pytest.mark.usefixtures("quick")


def changes(request: Request) -> bool:
    return request.method == "DELETE" or (request.method == "POST" and "os-volume_attachments" in request.path)


def prepare(server: EmulatorServer, kind: str) -> None:
    """A new cloud: the disks are in their servers, or free."""
    server.reset()
    for name, disks in DISKS.items():
        if kind == "detach":
            server.create_server(SOURCE, name, *({"name": disk} for disk in disks), status="SHUTOFF")
        else:
            server.create_volumes(SOURCE, [{"name": disk} for disk in disks])
            server.create_server(SOURCE, name, status="SHUTOFF")
    server.forget_requests()


def act(server: EmulatorServer, kind: str, stalls: bool = False) -> Result:
    api_timeout = 0.15 if stalls else 60
    # Less than a second is nothing that a user can ask for.
    options = login_options(server, SOURCE, timeout=1, api_timeout=api_timeout)
    session = Session(options, 1)
    wishes = [Wish(disk, name) for name, disks in DISKS.items() for disk in disks]
    do = attach if kind == "attach" else detach
    return do(Evs.of(session), Nova.of(session), wishes, Options(Rules(), 1, 1), rehearsed=False)


def cases(server: EmulatorServer) -> Iterator[Case]:
    """Each request of an undisturbed run and each fault, once and from then on."""
    for kind in KINDS:
        prepare(server, kind)
        act(server, kind)
        for number, request in enumerate(server.requests(), 1):
            for name in ALL:
                if name in FAULTS or changes(request):
                    yield kind, name, number, "once"
                    if name not in ("refused", "refused for a moment"):
                        yield kind, name, number, "from then on"


def inside(server: EmulatorServer) -> dict[str, str | None]:
    """In which server each disk is, and for how long; past the API."""
    names = {volume["id"]: volume["name"] for volume in server.volumes() if not volume["bootable"]}
    seats = {seat["volume_id"]: host["name"] for host in server.servers() for seat in host["seats"]}
    return {name: seats.get(volume_id) for volume_id, name in names.items()}


def lies(server: EmulatorServer, kind: str, result: Result) -> list[str]:
    """What was said of disks and is not so."""
    where = inside(server)
    settled = {volume["name"]: volume["status"] in ("in-use", "available") for volume in server.volumes()}
    found = []
    for row in result.rows or ():
        name = row.name or ""
        is_in = where[name] is not None
        wanted = is_in == (kind == "attach")
        done = row.outcome in ("attached", "detached", "already_attached", "already_detached")
        if done and not (wanted and settled[name]):
            found.append(f"{name} is told to be {row.outcome}")
        if (
            row.outcome == "failed"
            and (wanted or not settled[name])
            and "may still be under way" not in (row.message or "")
        ):
            found.append(f"{name} is told to have failed: {row.message}")
        if row.outcome in ("attached", "detached") and row.server is not None:
            after = row.server.after.name if row.server.after else None
            found += [f"{name} is told to be in {after}"] if after != where[name] else []
    return found


def try_case(server: EmulatorServer, case: Case) -> tuple[list[str], bool]:
    """Run it disturbed, then undisturbed; returns what was wrong, and whether the first run did all."""
    kind, name, number, how = case
    prepare(server, kind)
    before = inside(server)
    server.order_fault(**ALL[name], number=number, times=1 if how == "once" else None)
    found = []
    first = None
    try:
        first = act(server, kind, stalls=ALL[name]["kind"] == "stall")
    except EvsError as error:
        if inside(server) != before:
            found.append(f"changed and told nowhere: {error}")
    server.end_faults()
    if first is not None:
        found += lies(server, kind, first)
    second = act(server, kind)
    found += lies(server, kind, second)
    wanted = {disk: host if kind == "attach" else None for host, disks in DISKS.items() for disk in disks}
    if inside(server) != wanted or second.failure:
        found.append(f"after the second run {inside(server)}: {second.failure}")
    order = [seat["device"] for host in server.servers() for seat in host["seats"]]
    if kind == "attach" and how == "once" and sorted(order) != sorted(["/dev/vda", "/dev/vdb", "/dev/vdc"] * 2):
        found.append(f"devices {order}")
    return [f"{case}: {what}" for what in found], first is not None and first.failure is None


def test_requests_hit_by_faults(emulator: EmulatorServer, record_property: Callable[[str, object], None]) -> None:
    everything = list(cases(emulator))
    chosen = everything if WHOLE else random.Random(SEED).sample(everything, SAMPLE)
    problems: list[str] = []
    converged = 0
    for case in chosen:
        found, done = try_case(emulator, case)
        problems += found
        converged += done
    record_property(
        FIGURES,
        f"detach and attach, {len(chosen)} of {len(everything)} cases, seed {SEED}: {converged} converged in the first "
        f"run, {len(chosen) - converged} in the second, {len(problems)} problems",
    )
    assert problems == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_ends_at_any_request(emulator: EmulatorServer, kind: str, after: bool) -> None:
    """As a kill does: what was asked for is done or not, nobody hears of it, and the next run finishes."""
    prepare(emulator, kind)
    act(emulator, kind)
    wishes = [Wish(disk, name) for name, disks in DISKS.items() for disk in disks]
    do = attach if kind == "attach" else detach
    # The first request is the login.
    for number in range(1, len(emulator.requests())):
        prepare(emulator, kind)
        session = Dying(login_options(emulator, SOURCE, timeout=1), 1)
        session.last, session.after = number, after
        with pytest.raises(Killed):
            do(Evs.of(session), Nova.of(session), wishes, Options(Rules(), 1, 1), rehearsed=False)
        second = act(emulator, kind)
        assert second.failure is None, number
        assert set(inside(emulator).values()) == (set(DISKS) if kind == "attach" else {None})
