# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The handle of the real Cinder: volumes, quotas, the log of requests, reset."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cinder import journal
from tests.cinder import server as _server
from tests.cinder.errors import LabError
from tests.cinder.server import CinderServer
from tests.integration.cinder.client import TRANSFERS, Client
from tests.support.conditions import LONG, wait_for
from tests.support.server import SOURCE, TARGET, Request, Server


def test_is_a_server_under_test(server: CinderServer) -> None:
    as_protocol: Server = server
    assert as_protocol.kind == "cinder"


def test_create_volume_gives_every_trait(server: CinderServer, source: Client) -> None:
    volume_id = server.create_volume(
        SOURCE,
        "disk",
        size=3,
        volume_type="SAS",
        description="words",
        metadata={"key": "value"},
        availability_zone="eu-de-02",
        bootable=True,
        status="error_restoring",
    )
    wanted = {
        "name": "disk",
        "size": 3,
        "volume_type": "SAS",
        "description": "words",
        "metadata": {"key": "value"},
        "availability_zone": "eu-de-02",
        "bootable": "true",
        "status": "error_restoring",
        "encrypted": False,
    }
    volume = source.volume(volume_id)
    assert {key: volume[key] for key in wanted} == wanted


def test_create_volume_can_attach(server: CinderServer, source: Client) -> None:
    volume = source.volume(server.create_volume(SOURCE, "disk", attached=True))
    assert volume["status"] == "in-use"
    assert len(volume["attachments"]) == 1


def test_create_volume_can_encrypt(server: CinderServer, source: Client) -> None:
    assert source.volume(server.create_volume(SOURCE, "disk", encrypted=True))["encrypted"]


def test_create_volume_refuses_an_unknown_trait(server: CinderServer) -> None:
    with pytest.raises(LabError, match="colour"):
        server.create_volume(SOURCE, "disk", colour="red")


def test_create_volumes_keeps_the_order(server: CinderServer, source: Client) -> None:
    names = [f"disk-{number}" for number in range(20)]
    ids = server.create_volumes(SOURCE, [{"name": name} for name in names])
    assert [source.volume(volume_id)["name"] for volume_id in ids] == names


def test_requests_are_those_of_clients_in_order(server: CinderServer) -> None:
    server.forget_requests()
    volume_id = server.create_volume(SOURCE, "disk")
    source = Client(server, SOURCE)
    source.ask("GET", f"{TRANSFERS}?limit=1")
    source.ask("DELETE", f"{TRANSFERS}/{volume_id}")
    base = f"/v3/{server.project_id(SOURCE)}{TRANSFERS}"
    assert server.requests() == [
        Request("POST", "/v3/auth/tokens", 201),
        Request("GET", f"{base}?limit=1", 200),
        Request("DELETE", f"{base}/{volume_id}", 404),
    ]
    server.forget_requests()
    assert server.requests() == []


def test_a_request_under_way_has_no_status_yet(server: CinderServer, source: Client, target: Client) -> None:
    server.set_slow_seconds(600)
    transfer = source.offer(server.create_volume(SOURCE, "slow-accept")).json()["transfer"]
    server.forget_requests()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(target.accept, transfer)
        wait_for(lambda: [request.status for request in server.requests()] == [0])
        assert source.volume(transfer["volume_id"])["status"] == "awaiting-transfer"
        server.set_slow_seconds(0)
        assert answer.result(LONG).status_code == 202
    assert server.requests()[0].status == 202


def test_reset_gives_the_clean_state_back(server: CinderServer, source: Client, target: Client) -> None:
    volume_id = server.create_volume(SOURCE, "disk")
    source.offer(volume_id)
    server.set_quota(TARGET, volumes=1)
    server.reset()
    assert server.requests() == []
    assert source.ask("GET", "/volumes").json() == {"volumes": []}
    assert source.ask("GET", TRANSFERS).json() == {"transfers": []}
    usage = server.admin("GET", f"/os-quota-sets/{server.project_id(SOURCE)}?usage=true")
    assert usage["quota_set"]["volumes"] == {"limit": 1000, "in_use": 0, "reserved": 0}
    quota = server.admin("GET", f"/os-quota-sets/{server.project_id(TARGET)}")["quota_set"]
    assert (quota["volumes"], quota["gigabytes"]) == (1000, 10000)
    assert target.accept(source.offer(server.create_volume(SOURCE, "disk")).json()["transfer"]).ok


def test_reset_lets_a_slow_request_end(server: CinderServer, source: Client, target: Client) -> None:
    server.set_slow_seconds(600)
    transfer = source.offer(server.create_volume(SOURCE, "slow-accept")).json()["transfer"]
    before = server.pids
    server.forget_requests()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(target.accept, transfer)
        wait_for(lambda: len(server.requests()) == 1)
        server.reset()
        assert answer.result(LONG).status_code == 202
    assert server.pids == before
    assert target.ask("GET", "/volumes").json() == {"volumes": []}


def test_reset_replaces_a_cinder_that_stays_busy(server: CinderServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that begins and never ends looks like a request that hangs."""
    monkeypatch.setattr(_server, "QUIET_SECONDS", 1)
    journal.Journal(server.clouds_file.parent / "journal").begin("request")
    keystone, cinder = server.pids
    server.create_volume(SOURCE, "disk")
    server.reset()
    assert server.pids[0] == keystone
    assert server.pids[1] != cinder
    assert Client(server, SOURCE).ask("GET", "/volumes").json() == {"volumes": []}
    assert [request.method for request in server.requests()] == ["POST", "GET"], "both go on to be noted"
    server.create_volume(SOURCE, "disk")
