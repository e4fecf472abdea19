# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The six calls answer as the recorded ones of a real Cinder."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.unit.emulator.conftest import Cloud, offer

UNKNOWN = "3e574c16-4461-45c5-ad40-641be4b8a0e7"
VERSIONS = pytest.mark.parametrize("version", ["v2", "v3"])


def volume(cloud: Cloud, **traits: Any) -> str:
    """Create a volume of tenant-a."""
    return cloud.server.create_volume("tenant-a", "data", **traits)


@VERSIONS
def test_create_answers_once_with_a_key(cloud: Cloud, version: str) -> None:
    disk = volume(cloud)
    transfer = cloud.a.offer(disk, "t1", version)
    assert set(transfer) == {"id", "created_at", "name", "volume_id", "auth_key", "links"}
    assert re.fullmatch(r"[0-9a-f]{16}", transfer["auth_key"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", transfer["created_at"])
    tail = f"/{cloud.a.project}/os-volume-transfer/{transfer['id']}"
    assert [link["rel"] for link in transfer["links"]] == ["self", "bookmark"]
    assert transfer["links"][0]["href"] == f"{cloud.a.root}/{version}{tail}"
    assert transfer["links"][1]["href"] == f"{cloud.a.root}{tail}"
    assert cloud.a.volume(disk).json()["volume"]["status"] == "awaiting-transfer"


@VERSIONS
def test_list_detail_and_show_never_have_a_key(cloud: Cloud, version: str) -> None:
    created = cloud.a.offer(volume(cloud), "t1", version)
    del created["auth_key"]
    path = "/os-volume-transfer"
    listed = cloud.a.call("GET", path, version=version).json()["transfers"]
    detail = cloud.a.call("GET", f"{path}/detail", version=version).json()["transfers"]
    shown = cloud.a.call("GET", f"{path}/{created['id']}", version=version).json()["transfer"]
    assert shown == created
    assert detail == [created]
    assert listed == [{k: v for k, v in created.items() if k != "created_at"}]


def test_headers_of_an_answer(cloud: Cloud) -> None:
    body = offer(volume(cloud))
    answer = cloud.a.call("POST", "/os-volume-transfer", body)
    assert answer.headers["OpenStack-API-Version"] == "volume 3.0"
    assert answer.headers["Vary"] == "OpenStack-API-Version"
    assert answer.headers["Content-Type"] == "application/json"
    request_id = answer.headers["X-Compute-Request-Id"]
    assert re.fullmatch(r"req-[0-9a-f-]{36}", request_id)
    assert answer.headers["X-Openstack-Request-Id"] == request_id


def test_others_do_not_see_the_transfer(cloud: Cloud) -> None:
    disk = volume(cloud)
    transfer = cloud.a.offer(disk)
    path = f"/os-volume-transfer/{transfer['id']}"
    missing = item_not_found(f"Transfer {transfer['id']} could not be found.")
    for method in ("GET", "DELETE"):
        answer = cloud.b.call(method, path)
        assert (answer.status_code, answer.json()) == (404, missing)
    assert cloud.b.call("GET", "/os-volume-transfer/detail").json() == {"transfers": []}
    assert cloud.b.volume(disk).status_code == 404


def test_delete_makes_the_volume_available(cloud: Cloud) -> None:
    disk = volume(cloud)
    path = f"/os-volume-transfer/{cloud.a.offer(disk)['id']}"
    answer = cloud.a.call("DELETE", path)
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert answer.headers["Content-Length"] == "0"
    assert cloud.a.volume(disk).json()["volume"]["status"] == "available"
    assert cloud.a.call("DELETE", path).status_code == 404
    assert cloud.a.call("GET", path).status_code == 404


def test_delete_leaves_a_status_that_changed_meanwhile(cloud: Cloud) -> None:
    disk = volume(cloud)
    transfer = cloud.a.offer(disk)
    cloud.server.update_volume(disk, status="error")
    assert cloud.a.call("DELETE", f"/os-volume-transfer/{transfer['id']}").status_code == 202
    assert cloud.a.volume(disk).json()["volume"]["status"] == "error"


def test_accept_changes_the_owner_and_nothing_else(cloud: Cloud) -> None:
    disk = volume(cloud, description="d", metadata={"k": "v"}, availability_zone="eu-de-03")
    before = cloud.a.volume(disk).json()["volume"]
    transfer = cloud.a.offer(disk, "t2")
    answer = cloud.b.accept(transfer)
    assert answer.status_code == 202
    assert set(answer.json()["transfer"]) == {"id", "name", "volume_id", "links"}
    after = cloud.b.volume(disk).json()["volume"]
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"os-vol-tenant-attr:tenant_id", "user_id", "updated_at", "links"}
    assert after["os-vol-tenant-attr:tenant_id"] == cloud.b.project
    assert after["status"] == "available"
    assert cloud.a.volume(disk).status_code == 404
    for client in (cloud.a, cloud.b):
        path = f"/os-volume-transfer/{transfer['id']}"
        assert client.call("GET", path).status_code == 404
    assert cloud.b.accept(transfer).status_code == 404


def test_accept_in_the_same_project_changes_no_owner(cloud: Cloud) -> None:
    disk = volume(cloud)
    transfer = cloud.a.offer(disk)
    assert cloud.a.accept(transfer).status_code == 202
    shown = cloud.a.volume(disk).json()["volume"]
    assert shown["os-vol-tenant-attr:tenant_id"] == cloud.a.project
    assert shown["status"] == "available"
    assert cloud.server.transfers() == []


def test_of_two_accepts_at_once_one_wins(cloud: Cloud) -> None:
    cloud.server.configure(latency=0.05)
    clients = [cloud.login("tenant-b") for dummy in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for dummy in range(5):
            transfer = cloud.a.offer(volume(cloud))
            answers = pool.map(lambda c, t=transfer: c.accept(t).status_code, clients)
            assert sorted(answers) == [202, 404]


@pytest.mark.parametrize("key", ["0000000000000000", "", " {} "])
def test_wrong_key(cloud: Cloud, key: str) -> None:
    disk = volume(cloud)
    transfer = cloud.a.offer(disk)
    answer = cloud.b.accept(transfer, key.format(transfer["auth_key"]))
    text = f"Invalid auth key: Attempt to transfer {transfer['id']} with invalid auth key."
    assert (answer.status_code, answer.json()) == (400, bad_request(text))
    assert cloud.a.volume(disk).json()["volume"]["status"] == "awaiting-transfer"
    assert cloud.b.accept(transfer).status_code == 202


def test_an_extra_property_echoes_the_key(cloud: Cloud) -> None:
    transfer = cloud.a.offer(volume(cloud))
    key = transfer["auth_key"]
    path = f"/os-volume-transfer/{transfer['id']}/accept"
    answer = cloud.b.call("POST", path, {"accept": {"auth_key": key, "x": 1}})
    text = (
        f"Invalid input for field/attribute accept. Value: {{'auth_key': '{key}', 'x': 1}}. "
        "Additional properties are not allowed ('x' was unexpected)"
    )
    assert (answer.status_code, answer.json()) == (400, bad_request(text))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"accept": {}},
            "Invalid input for field/attribute accept. Value: {}. 'auth_key' is a required property",
        ),
        (
            {"accept": {"auth_key": None}},
            "Invalid input for field/attribute auth_key. Value: None. None is not of type 'string', 'integer'",
        ),
        (b"{", "Malformed request body"),
    ],
)
def test_malformed_accept(cloud: Cloud, body: Any, text: str) -> None:
    transfer = cloud.a.offer(volume(cloud))
    answer = cloud.b.call("POST", f"/os-volume-transfer/{transfer['id']}/accept", body)
    assert (answer.status_code, answer.json()) == (400, bad_request(text))


@pytest.mark.parametrize(
    ("transfer", "text"),
    [
        (
            {"volume_id": "nope", "name": "x"},
            "Invalid input for field/attribute volume_id. Value: nope. 'nope' is not a 'uuid'",
        ),
        (
            {"name": "x"},
            "Invalid input for field/attribute transfer. Value: {'name': 'x'}. 'volume_id' is a required property",
        ),
        (
            {"volume_id": UNKNOWN, "x": 1},
            f"Invalid input for field/attribute transfer. Value: {{'volume_id': '{UNKNOWN}', "
            "'x': 1}. Additional properties are not allowed ('x' was unexpected)",
        ),
        (
            {"volume_id": UNKNOWN, "no_snapshots": True},
            f"Invalid input for field/attribute transfer. Value: {{'volume_id': '{UNKNOWN}', "
            "'no_snapshots': True}. "
            "Additional properties are not allowed ('no_snapshots' was unexpected)",
        ),
        (
            {"volume_id": UNKNOWN, "name": 5},
            "Invalid input for field/attribute name. Value: 5. 5 is not valid under any of the given schemas",
        ),
    ],
)
def test_malformed_create(cloud: Cloud, transfer: dict[str, Any], text: str) -> None:
    answer = cloud.a.call("POST", "/os-volume-transfer", {"transfer": transfer})
    assert (answer.status_code, answer.json()) == (400, bad_request(text))


@pytest.mark.parametrize(
    ("config", "name", "made"),
    [
        ({}, "  t  ", "t"),
        ({}, None, False),
        ({}, "", False),
        ({}, "  ", False),
        ({}, "x" * 64, "x" * 64),
        ({}, "x" * 65, False),
        ({"name_optional": True}, None, None),
        ({"name_optional": True}, "", ""),
        ({"name_characters": 255}, "x" * 255, "x" * 255),
        ({"name_characters": 255}, "ü" * 127, "ü" * 127),
        ({"name_characters": 255}, "ü" * 128, False),
        ({"name_characters": 255, "name_optional": True}, "x" * 256, False),
    ],
)
def test_a_name_is_mandatory_and_not_too_long(cloud: Cloud, config: dict[str, Any], name: Any, made: Any) -> None:
    """EVS_API A.1, J: the documents disagree on both."""
    disk = volume(cloud)
    cloud.server.configure(**config)
    answer = cloud.a.call("POST", "/os-volume-transfer", offer(disk, name))
    assert answer.status_code == (400 if made is False else 202)
    if made is not False:
        assert answer.json()["transfer"]["name"] == made


def test_a_project_can_be_kept_from_its_own_offer(cloud: Cloud) -> None:
    """EVS_API L.i: no document says what EVS does."""
    transfer = cloud.a.offer(volume(cloud))
    cloud.server.configure(refuse_own_accept=True)
    answer = cloud.a.accept(transfer)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "EVS.5400")
    assert cloud.b.accept(transfer).status_code == 202


@pytest.mark.parametrize("foreign", [False, True])
def test_create_for_a_volume_that_is_not_ones_own(cloud: Cloud, foreign: bool) -> None:
    disk = volume(cloud) if foreign else UNKNOWN
    answer = cloud.b.call("POST", "/os-volume-transfer", offer(disk))
    text = f"Volume {disk} could not be found."
    assert (answer.status_code, answer.json()) == (404, item_not_found(text))


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/accept")])
@pytest.mark.parametrize("name", [UNKNOWN, "zzz"])
def test_unknown_transfer(cloud: Cloud, method: str, path: str, name: str) -> None:
    body = {"accept": {"auth_key": "a"}} if path else None
    answer = cloud.b.call(method, f"/os-volume-transfer/{name}{path}", body)
    text = f"Transfer {name} could not be found."
    assert (answer.status_code, answer.json()) == (404, item_not_found(text))


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("maintenance", "The volume cannot accept transfer in maintenance mode."),
        ("error", "Transfer {0}: Volume id {1} expected in awaiting-transfer state."),
        ("available", "Transfer {0}: Volume id {1} expected in awaiting-transfer state."),
    ],
)
def test_accept_of_a_volume_whose_status_changed(cloud: Cloud, status: str, text: str) -> None:
    disk = volume(cloud)
    transfer = cloud.a.offer(disk)
    cloud.server.update_volume(disk, status=status)
    answer = cloud.b.accept(transfer)
    expected = bad_request("Invalid volume: " + text.format(transfer["id"], disk))
    assert (answer.status_code, answer.json()) == (400, expected)


def test_a_reader_may_only_look(cloud: Cloud) -> None:
    disk = volume(cloud)
    body = offer(disk)
    denied = cloud.reader.call("POST", "/os-volume-transfer", body)
    assert (denied.status_code, denied.json()) == (403, forbidden("volume:create_transfer"))
    transfer = cloud.a.offer(disk)
    path = f"/os-volume-transfer/{transfer['id']}"
    assert cloud.reader.call("GET", path).status_code == 200
    assert len(cloud.reader.call("GET", "/os-volume-transfer").json()["transfers"]) == 1
    denied = cloud.reader.call("DELETE", path)
    assert (denied.status_code, denied.json()) == (403, forbidden("volume:delete_transfer"))
    denied = cloud.reader.accept(transfer)
    assert (denied.status_code, denied.json()) == (403, forbidden("volume:accept_transfer"))
    assert cloud.a.volume(disk).json()["volume"]["status"] == "awaiting-transfer"


def test_a_deleted_volume_takes_its_transfer_along(cloud: Cloud) -> None:
    disk = volume(cloud)
    transfer = cloud.a.offer(disk)
    cloud.server.delete_volume(disk)
    assert cloud.a.call("GET", f"/os-volume-transfer/{transfer['id']}").status_code == 404
    assert cloud.b.accept(transfer).status_code == 404


def test_pages_by_limit_and_offset(cloud: Cloud) -> None:
    disks = cloud.server.create_volumes("tenant-a", [{"name": str(n)} for n in range(5)])
    made = [cloud.a.offer(disk)["id"] for disk in disks]
    for path in ("/os-volume-transfer", "/os-volume-transfer/detail"):
        assert page(cloud, f"{path}?limit=2") == made[:2]
        assert page(cloud, f"{path}?limit=2&offset=2") == made[2:4]
        assert page(cloud, f"{path}?limit=2&offset=4") == made[4:]
        assert page(cloud, f"{path}?limit=2&offset=5") == []
        assert page(cloud, f"{path}?name=nope&marker={made[0]}") == made


def page(cloud: Cloud, path: str) -> list[str]:
    """Return the ids on a page of transfers."""
    return [t["id"] for t in cloud.a.call("GET", path).json()["transfers"]]


@pytest.mark.parametrize("query", ["offset=0", "offset=x", "limit=0", "limit=1001"])
def test_pages_out_of_range_are_refused(cloud: Cloud, query: str) -> None:
    answer = cloud.a.call("GET", f"/os-volume-transfer?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "EVS.5400"


def test_strict_offset(cloud: Cloud) -> None:
    cloud.a.offer(volume(cloud))
    cloud.server.configure(strict_offset=True)
    assert cloud.a.call("GET", "/os-volume-transfer?offset=1").status_code == 400


def test_the_default_page_is_the_largest(cloud: Cloud) -> None:
    cloud.server.configure(max_limit=3)
    for disk in cloud.server.create_volumes("tenant-a", [{} for dummy in range(4)]):
        cloud.a.offer(disk)
    assert len(page(cloud, "/os-volume-transfer")) == 3


def test_evs_has_no_newer_path_and_no_newer_microversion(cloud: Cloud) -> None:
    assert cloud.a.call("GET", "/volume-transfers").status_code == 404
    newest = {"OpenStack-API-Version": "volume 3.50"}
    answer = cloud.a.call("GET", "/os-volume-transfer", headers=newest)
    assert answer.headers["OpenStack-API-Version"] == "volume 3.50"
    newer = {"OpenStack-API-Version": "volume 3.55"}
    answer = cloud.a.call("GET", "/os-volume-transfer", headers=newer)
    assert answer.status_code == 406
    text = "Version 3.55 is not supported by the API. Minimum is 3.0 and maximum is 3.50."
    assert answer.json() == {"computeFault": {"code": 406, "message": text}}


def test_a_wrong_project_in_the_url(cloud: Cloud) -> None:
    answer = cloud.a.call("GET", "/os-volume-transfer", project=cloud.b.project)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "Common.0018"
    assert "Malformed request url" in answer.json()["error"]["message"]


def test_ids_are_uuids(cloud: Cloud) -> None:
    disk = volume(cloud)
    assert str(uuid.UUID(disk)) == disk
    transfer = cloud.a.offer(disk)["id"]
    assert str(uuid.UUID(transfer)) == transfer


def bad_request(message: str) -> dict[str, Any]:
    """Return Cinder's body of a 400."""
    return {"badRequest": {"code": 400, "message": message}}


def item_not_found(message: str) -> dict[str, Any]:
    """Return Cinder's body of a 404."""
    return {"itemNotFound": {"code": 404, "message": message}}


def forbidden(policy: str) -> dict[str, Any]:
    """Return Cinder's body of a 403."""
    message = f"Policy doesn't allow {policy} to be performed."
    return {"forbidden": {"code": 403, "message": message}}
