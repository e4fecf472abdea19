# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that go wrong to order."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests

from tests.emulator.faults import KINDS
from tests.emulator.server import EmulatorServer
from tests.support.conditions import LONG, wait_for
from tests.unit.emulator.conftest import Client, Cloud, offer, plain_session


def statuses(client: Client, path: str, times: int) -> list[int]:
    return [client.call("GET", path).status_code for dummy in range(times)]


def logged(server: EmulatorServer) -> list[int]:
    return [request.status for request in server.requests()]


@pytest.fixture
def disk(cloud: Cloud) -> str:
    return cloud.server.create_volume("tenant-a", "d")


def test_a_request_is_hit_by_its_number(cloud: Cloud) -> None:
    cloud.server.order_fault("status", number=2, status=503)
    assert statuses(cloud.a, "/volumes", 3) == [200, 503, 200]
    assert [fault["hits"] for fault in cloud.server.faults()] == [1]


def test_the_same_call_may_be_hit_again(cloud: Cloud, disk: str) -> None:
    cloud.server.order_fault("status", number=2, status=502, times=3)
    paths = ["/volumes", f"/volumes/{disk}", "/volumes", f"/volumes/{disk}", f"/volumes/{'1' * 32}", f"/volumes/{disk}"]
    assert [cloud.a.call("GET", path).status_code for path in paths] == [200, 502, 200, 502, 502, 200]


def test_a_request_is_hit_by_what_it_is_like(cloud: Cloud, disk: str) -> None:
    cloud.server.order_fault("status", method="POST", path="transfer$", tenant="tenant-a", times=None, status=500)
    assert statuses(cloud.a, "/os-volume-transfer", 1) == [200]
    assert [cloud.a.call("POST", "/os-volume-transfer", offer(disk)).status_code for dummy in range(2)] == [500, 500]
    cloud.server.end_faults()
    assert cloud.a.call("POST", "/os-volume-transfer", offer(disk)).status_code == 202


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["reset", "status", "html"])
def test_a_change_is_made_or_not(cloud: Cloud, disk: str, kind: str, after: bool) -> None:
    cloud.server.order_fault(kind, number=1, after=after, status=504)
    try:
        answer = cloud.a.call("POST", "/os-volume-transfer", offer(disk))
    except requests.exceptions.ConnectionError:
        assert kind == "reset"
    else:
        assert (answer.status_code, answer.headers["Content-Type"]) in [
            (504, "application/json; charset=utf-8"),
            (200, "text/html; charset=utf-8"),
        ]
    assert len(cloud.server.transfers()) == after


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["stall", "hold"])
def test_a_request_waits_until_the_client_gives_up(cloud: Cloud, disk: str, kind: str, after: bool) -> None:
    cloud.server.order_fault(kind, number=1, after=after)
    body = offer(disk)
    with pytest.raises(requests.exceptions.ReadTimeout):
        cloud.a.session.post(f"{cloud.a.root}/v3/{cloud.a.project}/os-volume-transfer", json=body, timeout=0.1)
    wait_for(cloud.server.requests)
    assert len(cloud.server.transfers()) == after
    assert statuses(cloud.a, "/volumes", 1) == [200]


def test_a_held_request_is_told() -> None:
    errors: list[Exception] = []
    with EmulatorServer() as server:
        server.order_fault("hold", number=1)

        def ask() -> None:
            try:
                plain_session().get(server.auth_url, timeout=LONG)
            except requests.exceptions.ConnectionError as error:
                errors.append(error)

        asker = threading.Thread(target=ask)
        asker.start()
        wait_for(server.held_requests)
    asker.join()
    assert errors, "it was held until the server ended"


def test_an_answer_is_cut_short(cloud: Cloud, disk: str) -> None:
    cloud.server.order_fault("truncate", method="POST")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        cloud.a.call("POST", "/os-volume-transfer", offer(disk))
    (transfer,) = cloud.server.transfers()
    cloud.server.order_fault("truncate", method="DELETE")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        cloud.a.call("DELETE", f"/os-volume-transfer/{transfer['id']}")
    assert cloud.server.transfers() == []


def test_a_change_is_only_pretended(cloud: Cloud, disk: str) -> None:
    transfer = cloud.a.offer(disk)
    cloud.server.order_fault("pretend", path="/accept$")
    assert cloud.b.accept(transfer).status_code == 202
    assert cloud.b.volume(disk).status_code == 404
    assert cloud.a.volume(disk).json()["volume"]["status"] == "awaiting-transfer"
    assert cloud.b.accept(transfer).status_code == 202
    assert cloud.b.volume(disk).json()["volume"]["status"] == "available"


def test_a_change_shows_late(cloud: Cloud, disk: str) -> None:
    cloud.server.order_fault("late", path="transfer$", seconds=60)
    transfer = cloud.a.offer(disk)
    assert cloud.a.volume(disk).json()["volume"]["status"] == "available"
    assert cloud.a.call("GET", "/os-volume-transfer").json()["transfers"] == []
    assert cloud.b.accept(transfer).status_code == 202
    assert cloud.a.volume(disk).status_code == 200
    assert [volume["tenant"] for volume in cloud.server.volumes()] == ["tenant-b"]


def test_a_change_that_was_late_shows_in_the_end(cloud: Cloud, disk: str) -> None:
    cloud.server.order_fault("late", seconds=0.0)
    cloud.a.offer(disk)
    assert cloud.a.volume(disk).json()["volume"]["status"] == "awaiting-transfer"


@pytest.mark.parametrize(("kind", "tenant"), [("accepted", "tenant-b"), ("withdrawn", "tenant-a")])
def test_somebody_else_was_faster(cloud: Cloud, disk: str, kind: str, tenant: str) -> None:
    transfer = cloud.a.offer(disk)
    cloud.server.order_fault(kind, path="/accept$")
    assert cloud.b.accept(transfer).status_code == 404
    assert [(volume["tenant"], volume["status"]) for volume in cloud.server.volumes()] == [(tenant, "available")]


def test_tokens_end(cloud: Cloud) -> None:
    cloud.server.order_fault("expire", number=2)
    assert statuses(cloud.a, "/volumes", 3) == [200, 401, 401]


def test_a_refusal_may_say_when_to_come_back(cloud: Cloud) -> None:
    cloud.server.order_fault("status", status=429, retry_after="7")
    answer = cloud.a.call("GET", "/volumes")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    cloud.server.order_fault("status", status=429)
    assert "Retry-After" not in cloud.a.call("GET", "/volumes").headers


@pytest.mark.parametrize("number", [1, 2])
def test_connections_are_refused_from_a_request_on(cloud: Cloud, number: int) -> None:
    cloud.server.order_fault("refuse", number=number, seconds=60)
    assert statuses(cloud.a, "/volumes", number - 1) == [200] * (number - 1)
    for client in (cloud.a, cloud.b):
        with pytest.raises(requests.exceptions.ConnectionError, match="refused"):
            client.call("GET", "/volumes")
    with pytest.raises(requests.exceptions.ConnectionError, match="refused"):
        plain_session().get(cloud.server.auth_url)
    assert len(cloud.server.requests()) == number - 1
    cloud.server.end_faults()
    assert statuses(cloud.a, "/volumes", 1) == [200]


def test_the_log_names_the_fault(cloud: Cloud) -> None:
    cloud.server.order_fault("html", number=2)
    cloud.server.order_fault("reset", number=3)
    statuses(cloud.a, "/volumes", 2)
    with pytest.raises(requests.exceptions.ConnectionError):
        cloud.a.call("GET", "/volumes")
    assert [request.fault for request in cloud.server.requests()] == [None, "html", "reset"]
    assert logged(cloud.server) == [200, 200, 444]


def test_a_reset_ends_all_faults(cloud: Cloud) -> None:
    for kind in KINDS:
        cloud.server.order_fault(kind, number=1, seconds=60)
    cloud.server.reset()
    assert statuses(cloud.a, "/volumes", 2) == [200, 200]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"kind": "explode"}, "no fault 'explode'"),
        ({"kind": "late", "after": True}, "late does not strike after"),
        ({"kind": "status", "status": 999}, "999"),
        ({"kind": "refuse"}, "give number"),
        ({"kind": "reset", "path": "("}, "unterminated"),
        ({"kind": "reset", "colour": "red"}, "colour"),
    ],
)
def test_mistakes_are_told(cloud: Cloud, order: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cloud.server.order_fault(**order)
