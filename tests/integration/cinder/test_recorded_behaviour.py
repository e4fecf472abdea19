# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this Cinder answers, on which the collection and the emulator rely."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cinder.server import CinderServer
from tests.integration.cinder.client import TRANSFERS, Client
from tests.support.server import SOURCE, TARGET


@pytest.fixture
def volume_id(server: CinderServer) -> str:
    """A volume that can be transferred."""
    return server.create_volume(SOURCE, "disk", volume_type="SSD", metadata={"keep": "me"})


@pytest.fixture
def transfer(source: Client, volume_id: str) -> dict[str, Any]:
    """A transfer that waits to be accepted, with its key."""
    answer: dict[str, Any] = source.offer(volume_id).json()["transfer"]
    return answer


def test_create_gives_the_key_and_locks_the_volume(source: Client, volume_id: str) -> None:
    answer = source.offer(volume_id)
    assert answer.status_code == 202
    assert len(answer.json()["transfer"]["auth_key"]) == 16
    assert source.volume(volume_id)["status"] == "awaiting-transfer"


@pytest.mark.parametrize("path", [TRANSFERS, f"{TRANSFERS}/detail", TRANSFERS + "/{id}"])
def test_only_create_gives_the_key(source: Client, transfer: dict[str, Any], path: str) -> None:
    answer = source.ask("GET", path.format(**transfer))
    assert answer.status_code == 200
    assert transfer["id"] in answer.text
    assert "auth_key" not in answer.text


def test_delete_frees_the_volume_once(source: Client, transfer: dict[str, Any]) -> None:
    path = f"{TRANSFERS}/{transfer['id']}"
    assert source.ask("DELETE", path).status_code == 202
    assert source.volume(transfer["volume_id"])["status"] == "available"
    assert source.ask("DELETE", path).status_code == 404


def test_accept_changes_the_owner_at_once(
    server: CinderServer, source: Client, target: Client, transfer: dict[str, Any]
) -> None:
    assert target.accept(transfer).status_code == 202
    volume = target.volume(transfer["volume_id"])
    assert volume["os-vol-tenant-attr:tenant_id"] == server.project_id(TARGET)
    kept = (volume["status"], volume["name"], volume["volume_type"], volume["metadata"])
    assert kept == ("available", "disk", "SSD", {"keep": "me"})
    assert source.ask("GET", f"/volumes/{transfer['volume_id']}").status_code == 404


def test_accept_a_second_time_is_not_found(target: Client, transfer: dict[str, Any]) -> None:
    target.accept(transfer)
    assert target.accept(transfer).status_code == 404


@pytest.mark.parametrize("key", ["0123456789abcdef", "", " {auth_key}"])
def test_a_wrong_key_is_a_bad_request(source: Client, target: Client, transfer: dict[str, Any], key: str) -> None:
    answer = target.accept(transfer, key.format(**transfer))
    assert answer.status_code == 400
    assert source.ask("GET", f"{TRANSFERS}/{transfer['id']}").status_code == 200


def test_an_extra_property_makes_the_message_echo_the_key(target: Client, transfer: dict[str, Any]) -> None:
    body = {"accept": {"auth_key": transfer["auth_key"], "extra": 1}}
    answer = target.ask("POST", f"{TRANSFERS}/{transfer['id']}/accept", body)
    assert answer.status_code == 400
    assert transfer["auth_key"] in answer.text


@pytest.mark.parametrize("query", ["limit=1", "offset=0", "marker={id}", "unknown=1"])
def test_a_query_that_pages_elsewhere_finds_nothing_here(source: Client, transfer: dict[str, Any], query: str) -> None:
    answer = source.ask("GET", f"{TRANSFERS}?{query.format(**transfer)}")
    assert (answer.status_code, answer.json()) == (200, {"transfers": []})


def test_the_target_sees_neither_transfer_nor_volume(target: Client, transfer: dict[str, Any]) -> None:
    path = f"{TRANSFERS}/{transfer['id']}"
    assert target.ask("GET", path).status_code == 404
    assert target.ask("DELETE", path).status_code == 404
    assert target.ask("GET", TRANSFERS).json() == {"transfers": []}
    assert target.ask("GET", f"/volumes/{transfer['volume_id']}").status_code == 404


def test_a_reader_may_look_and_nothing_else(reader: Client, transfer: dict[str, Any]) -> None:
    path = f"{TRANSFERS}/{transfer['id']}"
    assert reader.ask("GET", path).status_code == 200
    assert reader.ask("GET", TRANSFERS).json()["transfers"]
    assert reader.offer(transfer["volume_id"]).status_code == 403
    assert reader.accept(transfer).status_code == 403
    assert reader.ask("DELETE", path).status_code == 403


@pytest.mark.parametrize("limits", [{"volumes": 0}, {"gigabytes": 0}, {"per_volume_gigabytes": 0}, {"volumes_SSD": 0}])
def test_accept_over_quota_is_413_and_the_transfer_stays(
    server: CinderServer,
    source: Client,
    target: Client,
    transfer: dict[str, Any],
    limits: dict[str, int],
) -> None:
    server.set_quota(TARGET, **limits)
    answer = target.accept(transfer)
    assert (answer.status_code, answer.headers["Retry-After"]) == (413, "0")
    assert source.ask("GET", f"{TRANSFERS}/{transfer['id']}").status_code == 200


@pytest.mark.parametrize(
    "traits",
    [{"status": "error"}, {"status": "maintenance"}, {"attached": True}, {"encrypted": True}],
)
def test_create_refuses(server: CinderServer, source: Client, traits: dict[str, Any]) -> None:
    volume_id = server.create_volume(SOURCE, "disk", **traits)
    assert source.offer(volume_id).status_code == 400


def test_create_does_not_mind_a_bootable_volume(server: CinderServer, source: Client) -> None:
    volume_id = server.create_volume(SOURCE, "disk", bootable=True)
    assert source.offer(volume_id).status_code == 202


def test_accept_when_the_backend_fails_leaves_the_transfer(
    server: CinderServer, source: Client, target: Client
) -> None:
    volume_id = server.create_volume(SOURCE, "fail-accept")
    transfer = source.offer(volume_id).json()["transfer"]
    assert target.accept(transfer).status_code == 500
    assert source.ask("GET", f"{TRANSFERS}/{transfer['id']}").status_code == 200
