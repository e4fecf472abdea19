# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nova's version, its pages, and ECS where Nova refuses."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.nova import Nova, best
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError
from tests.emulator.server import EmulatorServer
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import session_of


def nova_of(emulator: EmulatorServer, tenant: str = SOURCE) -> Nova:
    return Nova.of(session_of(emulator, tenant))


@pytest.mark.parametrize(
    ("least", "most", "spoken"),
    [
        ("2.1", "2.60", "2.60"),
        ("2.1", "2.14", "2.14"),
        ("2.1", "2.96", "2.79"),
        ("2.1", "2.79", "2.79"),
        ("2.1", "2.1", None),
        ("", "", None),
        ("2.80", "2.96", None),
        ("3.0", "3.1", None),
    ],
)
def test_which_version_is_spoken(least: str, most: str, spoken: str | None) -> None:
    assert best(least, most) == spoken


@pytest.mark.parametrize(
    ("version", "locked", "flag"), [("2.1", None, None), ("2.14", False, True), ("2.96", False, True)]
)
def test_the_version_is_found_out_once(
    emulator: EmulatorServer, version: str, locked: bool | None, flag: bool | None
) -> None:
    emulator.configure(compute_version=version)
    server_id = emulator.create_server(SOURCE, "app01", {"name": "data", "delete_on_termination": True})
    nova = nova_of(emulator)
    emulator.forget_requests()
    (server,) = nova.servers()
    seats = nova.seats(server_id)
    assert seats is not None
    assert (server.locked, server.with_seats(seats).seats[-1].delete_on_termination) == (locked, flag)
    assert [request.path.rpartition("/v2.1")[2].partition("?")[0] for request in emulator.requests()] == [
        "/",
        f"/{nova.project.id}/servers/detail",
        f"/{nova.project.id}/servers/{server_id}/os-volume_attachments",
    ]


def test_without_its_range_the_oldest_version_is_spoken(emulator: EmulatorServer) -> None:
    emulator.order_fault("status", method="GET", path="/v2.1/$", status=403)
    emulator.create_server(SOURCE, "app01")
    assert [server.locked for server in nova_of(emulator).servers()] == [None]


def test_servers_of_all_pages_and_of_nobody_else(emulator: EmulatorServer) -> None:
    emulator.configure(max_limit=2)
    ids = {emulator.create_server(SOURCE, f"s{number}") for number in range(5)}
    emulator.create_server(TARGET, "foreign")
    assert {server.id for server in nova_of(emulator).servers()} == ids
    assert nova_of(emulator).seats("no-such-server") is None


@pytest.mark.parametrize("status", [403, 404, 410])
def test_where_nova_refuses_the_call_ecs_is_asked(emulator: EmulatorServer, status: int) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    server_id = emulator.create_server(SOURCE, "app01", {"name": "other"})
    other = emulator.servers()[0]["seats"][-1]["volume_id"]
    for method in ("POST", "DELETE"):
        emulator.order_fault("status", method=method, path="os-volume_attachments", status=status)
    nova = nova_of(emulator)
    nova.attach(server_id, volume_id)
    nova.detach(server_id, other)
    dummy = [nova.actions(server_id) for dummy in range(3)]
    seats = nova.seats(server_id) or ()
    assert [seat.volume_id for seat in seats][1:] == [volume_id]
    assert [action.failed for action in nova.actions(server_id)] == [False, False]


def test_a_refusal_of_the_disk_or_the_server_is_not_asked_again(emulator: EmulatorServer) -> None:
    server_id = emulator.create_server(SOURCE, "app01")
    foreign = emulator.create_volume(TARGET, "foreign")
    nova = nova_of(emulator)
    for call in (nova.attach, nova.detach):
        with pytest.raises(ApiError) as refused:
            call(server_id, foreign)
        assert refused.value.status == 404
    assert not [request for request in emulator.requests() if "/v1/" in request.path]


def test_what_neither_may_is_told_in_the_words_of_nova(emulator: EmulatorServer) -> None:
    server_id = emulator.create_server(SOURCE, "app01", {"name": "data"})
    reader = nova_of(emulator, "tenant-a-reader")
    volume_id = emulator.servers()[0]["seats"][-1]["volume_id"]
    # A plain Nova answers 300 there, with the versions that it has.
    for status in (None, 300, 400, 404):
        emulator.end_faults()
        if status:
            emulator.order_fault("status", path="/cloudservers/", status=status)
        with pytest.raises(ApiError, match=r"servers/.* was answered 403.*os-volumes-attachments:delete"):
            reader.detach(server_id, volume_id)


def test_what_ecs_refuses_is_told_in_its_own_words(emulator: EmulatorServer) -> None:
    server_id = emulator.create_server(SOURCE, "app01", {"name": "data"}, status="ERROR")
    emulator.order_fault("status", method="DELETE", path="os-volume_attachments", status=410)
    with pytest.raises(ApiError, match=r"detachvolume/.* was answered 409 Ecs\.0005: Cannot 'detach_volume'"):
        nova_of(emulator).detach(server_id, emulator.servers()[0]["seats"][-1]["volume_id"])
