# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills, failures, lost answers and tokens that end, on a real Keystone and Cinder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from keystoneauth1.identity.base import BaseIdentityPlugin

from tests.cinder.server import CinderServer
from tests.faults.conftest import FIGURES
from tests.faults.role import Role
from tests.integration.conftest import move_on
from tests.support.playbooks import begin
from tests.support.samples import sample
from tests.support.server import SOURCE, TARGET, Request
from tests.support.tenants import evs_of

DISKS = 10
KILLS = 10
LETTERS = {(SOURCE, "available"): "s", (SOURCE, "awaiting-transfer"): "w", (TARGET, "available"): "T"}
"""How the figures show where a disk is: in the source, waiting for the accept, in the target."""


@pytest.fixture
def cinder(running_cinder: CinderServer) -> CinderServer:
    """The cloud as new."""
    running_cinder.reset()
    running_cinder.forget_requests()
    return running_cinder


def places(server: CinderServer) -> dict[str, tuple[str, str]]:
    """Where every disk is, by name: its tenant and status; a disk in no tenant is not in it."""
    return {
        volume.name: (tenant, volume.status)
        for tenant in (SOURCE, TARGET)
        for volume in evs_of(server, tenant).volumes()
    }


def is_change(request: Request) -> bool:
    """Whether a request changes a disk."""
    return request.method == "POST" and "os-volume-transfer" in request.path


def fill(server: CinderServer, *names: str) -> list[str]:
    ids = [server.create_volume(SOURCE, name) for name in names]
    server.forget_requests()
    return ids


def test_killed_at_points_of_a_move(
    cinder: CinderServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    names = [f"disk-{number}" for number in range(DISKS)]
    sides = {"tenant_transfer_source": {"cloud": SOURCE}, "tenant_transfer_target": {"cloud": TARGET}}
    ids = fill(cinder, *names)
    move = move_on(cinder, tmp_path)
    assert move(ids).exit_status == 0
    calls = [number for number, request in enumerate(cinder.requests()) if is_change(request)]
    states = []
    kills = sample(range(KILLS), 5, 1)
    for kill in kills:
        cinder.reset()
        ids = fill(cinder, *names)
        running = begin(cinder, tmp_path, "otc.evs.transfer", **sides, tenant_transfer_volumes=ids)
        while len(cinder.requests()) <= calls[len(calls) * kill // KILLS]:
            assert not running.is_over, running.result().output
            time.sleep(0.01)
        running.kill()
        left = places(cinder)
        assert set(left) == set(names), "no disk is lost"
        states.append("".join(LETTERS[left[name]] for name in names))
        run = move(ids)
        assert run.exit_status == 0, run.output
        assert places(cinder) == dict.fromkeys(names, (TARGET, "available"))
        assert evs_of(cinder, SOURCE).transfers() == []
    told = f"real Cinder, {DISKS} disks, killed {len(kills)} times, all converged: {' '.join(states)}"
    record_property(FIGURES, told)


def test_a_disk_that_cannot_be_accepted_and_one_whose_accept_outlasts_the_client(
    cinder: CinderServer, tmp_path: Path
) -> None:
    names = ["good-0", "fail-accept", "slow-accept", "good-1"]
    cinder.set_slow_seconds(15)
    ids = fill(cinder, *names)
    sides = {
        "tenant_transfer_source": {"cloud": SOURCE},
        "tenant_transfer_target": {"cloud": TARGET, "api_timeout": 5},
    }
    move = move_on(cinder, tmp_path)
    first = move(ids, **sides)
    assert first.exit_status != 0
    assert "Disk fail-accept (" in first.words
    assert "3 moved, 0 already there, 1 failed" in first.words
    second = move(ids, **sides)
    assert second.exit_status != 0
    assert "0 moved, 3 already there, 1 failed" in second.words
    expected = dict.fromkeys(names, (TARGET, "available"))
    assert places(cinder) == {**expected, "fail-accept": (SOURCE, "available")}
    assert evs_of(cinder, SOURCE).transfers() == []


def test_a_token_that_ends_in_mid_run(monkeypatch: pytest.MonkeyPatch) -> None:
    # Keystoneauth would renew the token before it ends: let it believe that there is time.
    monkeypatch.setattr(BaseIdentityPlugin, "MIN_TOKEN_LIFE_SECONDS", -3600)
    with CinderServer(token_lifetime=4) as server:
        server.set_slow_seconds(0.8)
        names = [f"slow-accept-{number}" for number in range(DISKS)]
        ids = fill(server, *names)
        run = Role(server, ids, concurrency=1).run()
        rejected = [request for request in server.requests() if request.status == 401]
        logins = [request for request in server.requests() if request.path.endswith("/auth/tokens")]
        assert run.error is None
        assert rejected, "a token ended"
        assert len(logins) == 4 + len(rejected), (
            "each module has logged in once a tenant, and once for each token that ended"
        )
        assert places(server) == dict.fromkeys(names, (TARGET, "available"))
