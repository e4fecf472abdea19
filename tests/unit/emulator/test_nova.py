# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and their disks: the answers that a real Nova gave, and what OTC does besides."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.emulator.server import EmulatorServer
from tests.support.server import SOURCE, TARGET
from tests.unit.emulator.conftest import Client, Cloud

UNKNOWN = "11111111-1111-4111-8111-111111111111"


def attach(client: Client, server_id: str, volume_id: str, **more: Any) -> requests.Response:
    body = {"volumeAttachment": {"volumeId": volume_id, **more}}
    return client.compute("POST", f"/servers/{server_id}/os-volume_attachments", body)


def detach(client: Client, server_id: str, volume_id: str) -> requests.Response:
    return client.compute("DELETE", f"/servers/{server_id}/os-volume_attachments/{volume_id}")


def disks(client: Client, server_id: str, microversion: str = "2.60") -> list[dict[str, Any]]:
    answer = client.compute("GET", f"/servers/{server_id}/os-volume_attachments", microversion=microversion)
    found: list[dict[str, Any]] = answer.json()["volumeAttachments"]
    return found


def statuses(client: Client, volume_id: str, most: int = 9) -> list[str]:
    """What reading a disk shows, until it does not change any more."""
    seen: list[str] = []
    for dummy in range(most):
        seen.append(client.volume(volume_id).json()["volume"]["status"])
        if seen[-2:] == [seen[-1]] * 2:
            return seen[:-1]
    return seen


def words(answer: requests.Response) -> tuple[int, str]:
    (error,) = answer.json().values()
    return answer.status_code, error["message"]


@pytest.fixture
def volume_id(server: EmulatorServer) -> str:
    return server.create_volume(SOURCE, "data")


@pytest.fixture
def server_id(server: EmulatorServer) -> str:
    return server.create_server(SOURCE, "app01")


def seated(server: EmulatorServer, **fields: Any) -> tuple[str, str]:
    """A server with one data disk."""
    server_id = server.create_server(SOURCE, "app01", {"name": "data"}, **fields)
    return server_id, server.servers()[0]["seats"][-1]["volume_id"]


def test_a_disk_is_attached_after_the_answer(
    cloud: Cloud, server: EmulatorServer, server_id: str, volume_id: str
) -> None:
    server.configure(settle_reads=2)
    answer = attach(cloud.a, server_id, volume_id, device="/dev/vdq")
    assert answer.status_code == 200
    shown = answer.json()["volumeAttachment"]
    assert shown == {"id": volume_id, "volumeId": volume_id, "serverId": server_id, "device": "/dev/vdb"}
    assert statuses(cloud.a, volume_id) == ["reserved", "attaching", "in-use"]
    (attachment,) = cloud.a.volume(volume_id).json()["volume"]["attachments"]
    assert (attachment["server_id"], attachment["device"]) == (server_id, "/dev/vdb")
    assert [disk["device"] for disk in disks(cloud.a, server_id)] == ["/dev/vda", "/dev/vdb"]


def test_a_disk_is_detached_after_the_answer(cloud: Cloud, server: EmulatorServer) -> None:
    server_id, volume_id = seated(server)
    answer = detach(cloud.a, server_id, volume_id)
    assert (answer.status_code, answer.content) == (202, b"")
    again = detach(cloud.a, server_id, volume_id)
    assert again.status_code == 400
    assert "Volume status must be 'in-use'" in words(again)[1]
    assert statuses(cloud.a, volume_id) == ["detaching", "available"]
    assert len(disks(cloud.a, server_id)) == 1
    assert words(detach(cloud.a, server_id, volume_id)) == (
        404,
        f"Instance {server_id} is not attached to volume {volume_id}",
    )


@pytest.mark.parametrize("kind", ["attach", "detach"])
def test_a_guest_that_refuses_is_told_by_the_actions_alone(cloud: Cloud, server: EmulatorServer, kind: str) -> None:
    server_id, attached = seated(server, refuses=[kind])
    volume_id = attached if kind == "detach" else server.create_volume(SOURCE, "other")
    before = disks(cloud.a, server_id)
    answer = (attach if kind == "attach" else detach)(cloud.a, server_id, volume_id)
    assert answer.status_code in (200, 202)
    after = {"attach": "available", "detach": "in-use"}[kind]
    assert statuses(cloud.a, volume_id)[-1] == after
    assert disks(cloud.a, server_id) == before
    (action,) = cloud.a.compute("GET", f"/servers/{server_id}/os-instance-actions").json()["instanceActions"]
    assert (action["action"], action["message"]) == (f"{kind}_volume", "Error")


def test_what_cannot_be_attached(cloud: Cloud, server: EmulatorServer, server_id: str, volume_id: str) -> None:
    far = server.create_volume(SOURCE, "far", availability_zone="eu-de-02")
    foreign = server.create_volume(TARGET, "foreign")
    offered = server.create_volume(SOURCE, "offered")
    cloud.a.offer(offered)
    assert words(attach(cloud.a, server_id, far)) == (
        400,
        f"Invalid volume: Instance {server_id} and volume {far} are not in the same availability_zone. "
        "Instance is in eu-de-01. Volume is in eu-de-02",
    )
    assert words(attach(cloud.a, server_id, foreign)) == (404, f"Volume {foreign} could not be found.")
    assert "current status is awaiting-transfer" in words(attach(cloud.a, server_id, offered))[1]
    assert words(attach(cloud.a, server_id, volume_id, device="/dev/vda")) == (
        409,
        "The supplied device path (/dev/vda) is in use.",
    )
    attach(cloud.a, server_id, volume_id)
    assert words(attach(cloud.a, server_id, volume_id)) == (
        400,
        f"Invalid volume: volume {volume_id} is already attached to instances: {server_id}",
    )
    assert attach(cloud.b, server_id, foreign).status_code == 404
    assert attach(cloud.reader, server_id, volume_id).status_code == 403


def test_who_may_not_detach_and_what_stays(cloud: Cloud, server: EmulatorServer) -> None:
    server_id, volume_id = seated(server)
    system = server.servers()[0]["seats"][0]["volume_id"]
    assert words(detach(cloud.a, server_id, system)) == (400, "Cannot detach a root device volume")
    assert detach(cloud.reader, server_id, volume_id).status_code == 403
    assert len(disks(cloud.reader, server_id)) == 2
    assert words(detach(cloud.b, server_id, volume_id))[0] == 404


def test_a_locked_server_lets_nothing_be_done(cloud: Cloud, server: EmulatorServer, volume_id: str) -> None:
    server_id, attached = seated(server)
    path = f"/servers/{server_id}/action"
    assert cloud.a.compute("POST", path, {"lock": None}).status_code == 202
    locked = (409, f"Instance {server_id} is locked")
    assert words(attach(cloud.a, server_id, volume_id)) == locked
    assert words(detach(cloud.a, server_id, attached)) == locked
    assert words(cloud.a.compute("POST", path, {"os-stop": None})) == locked
    assert cloud.a.compute("POST", path, {"unlock": None}).status_code == 202
    assert cloud.a.compute("POST", path, {"os-stop": None}).status_code == 202
    assert words(cloud.a.compute("POST", path, {"os-stop": None})) == (
        409,
        f"Cannot 'stop' instance {server_id} while it is in vm_state stopped",
    )
    assert detach(cloud.a, server_id, attached).status_code == 202


@pytest.mark.parametrize(
    ("fields", "plain", "attached", "detached"),
    [
        ({"status": "SHUTOFF"}, False, 200, 202),
        ({"status": "PAUSED"}, False, 409, 202),
        ({"status": "SUSPENDED"}, False, 409, 202),
        ({"status": "PAUSED"}, True, 200, 202),
        ({"status": "SUSPENDED"}, True, 200, 202),
        ({"status": "ERROR"}, False, 409, 409),
        ({"task_state": "rebooting"}, False, 409, 409),
    ],
)
def test_the_state_of_the_server_decides(
    cloud: Cloud,
    server: EmulatorServer,
    volume_id: str,
    fields: dict[str, Any],
    plain: bool,
    attached: int,
    detached: int,
) -> None:
    server.configure(plain_nova=plain)
    server_id, seat = seated(server, **fields)
    assert attach(cloud.a, server_id, volume_id).status_code == attached
    assert detach(cloud.a, server_id, seat).status_code == detached


@pytest.mark.parametrize(("metadata", "most"), [({}, 23), ({"hw:passthrough": "true"}, 59)])
def test_a_server_takes_so_many_disks_on_otc(
    cloud: Cloud, server: EmulatorServer, metadata: dict[str, str], most: int
) -> None:
    """24 VBD with the system disk, or 59 SCSI and a system disk: 60 in all."""
    spec = {"metadata": metadata}
    server_id = server.create_server(SOURCE, "full", *({"name": f"d{number}", **spec} for number in range(most)))
    one_more = server.create_volume(SOURCE, "one-more", metadata=metadata)
    assert attach(cloud.a, server_id, one_more).status_code == 403
    server.configure(plain_nova=True)
    assert attach(cloud.a, server_id, one_more).status_code == 200


def test_a_shared_disk_stays_in_use_until_the_last_lets_go(cloud: Cloud, server: EmulatorServer) -> None:
    volume_id = server.create_volume(SOURCE, "shared", multiattach=True)
    ids = [server.create_server(SOURCE, name, volume_id) for name in ("one", "two")]
    detach(cloud.a, ids[0], volume_id)
    assert statuses(cloud.a, volume_id) == ["detaching", "in-use"]
    detach(cloud.a, ids[1], volume_id)
    assert statuses(cloud.a, volume_id) == ["detaching", "available"]


def test_a_disk_that_the_guest_uses(cloud: Cloud, server: EmulatorServer) -> None:
    """OTC: Linux refuses, Windows lets it be torn out."""
    for guest, status in (("linux", "in-use"), ("windows", "available")):
        server_id = server.create_server(SOURCE, guest, {"name": guest, "mounted": True}, os=guest)
        volume_id = server.servers()[-1]["seats"][-1]["volume_id"]
        detach(cloud.a, server_id, volume_id)
        assert statuses(cloud.a, volume_id)[-1] == status
        assert server.servers()[-1]["lost"] == ([volume_id] if guest == "windows" else [])


@pytest.mark.parametrize("version", ["2.1", "2.3", "2.9", "2.60", "2.79"])
def test_the_version_decides_what_is_told(cloud: Cloud, server: EmulatorServer, version: str) -> None:
    server.configure(compute_version="2.96")
    server_id, volume_id = seated(server)
    minor = int(version[2:])
    shown = cloud.a.compute("GET", f"/servers/{server_id}", microversion=version)
    assert shown.headers["OpenStack-API-Version"] == f"compute {version}"
    body = shown.json()["server"]
    assert ("locked" in body) == (minor >= 9)
    disk = body["os-extended-volumes:volumes_attached"][-1]
    assert disk["id"] == volume_id
    assert ("delete_on_termination" in disk) == (minor >= 3)
    assert ("delete_on_termination" in disks(cloud.a, server_id, version)[-1]) == (minor >= 79)
    assert cloud.a.compute("GET", "/servers", microversion="2.97").status_code == 406


def test_the_range_of_versions_is_told(cloud: Cloud, server: EmulatorServer) -> None:
    server.configure(compute_version="2.14")
    found = cloud.a.session.get(f"{server.endpoints['compute']}/v2.1/").json()["version"]
    assert (found["min_version"], found["version"]) == ("2.1", "2.14")


def test_servers_are_listed_page_by_page(cloud: Cloud, server: EmulatorServer) -> None:
    names = [f"s{number}" for number in range(5)]
    for name in names:
        server.create_server(SOURCE, name)
    server.create_server(TARGET, "foreign")
    seen, path = [], "/servers/detail?limit=2"
    while path:
        body = cloud.a.compute("GET", path).json()
        seen += [row["name"] for row in body["servers"]]
        links = body.get("servers_links")
        path = f"/servers/detail?{links[0]['href'].partition('?')[2]}" if links else ""
    assert seen == names[::-1]


def test_a_server_takes_the_disks_along_that_are_to_go_with_it(cloud: Cloud, server: EmulatorServer) -> None:
    server_id = server.create_server(
        SOURCE, "short", {"name": "goes", "delete_on_termination": True}, {"name": "stays"}
    )
    assert cloud.a.compute("DELETE", f"/servers/{server_id}").status_code == 204
    assert {disk["name"]: disk["status"] for disk in server.volumes()} == {
        "short-system": "available",
        "stays": "available",
    }


def test_the_calls_of_ecs_make_jobs(cloud: Cloud, server: EmulatorServer, volume_id: str) -> None:
    server_id, attached = seated(server)
    path, body = f"/cloudservers/{server_id}", {"volumeAttachment": {"volumeId": volume_id}}
    rehearsed = cloud.a.compute("POST", f"{path}/attachvolume", {**body, "dry_run": True}, version="v1")
    assert (rehearsed.status_code, statuses(cloud.a, volume_id)) == (202, ["available"])
    for answer in (
        cloud.a.compute("POST", f"{path}/attachvolume", body, version="v1"),
        cloud.a.compute("DELETE", f"{path}/detachvolume/{attached}", version="v1"),
    ):
        job = f"/jobs/{answer.json()['job_id']}"
        seen = [cloud.a.compute("GET", job, version="v1").json()["status"] for dummy in range(3)]
        assert seen[-1] == "SUCCESS"
        assert cloud.b.compute("GET", job, version="v1").status_code == 404
    assert statuses(cloud.a, volume_id) == ["in-use"]
    assert statuses(cloud.a, attached) == ["available"]
    server.update_server(server_id, locked=True)
    refused = cloud.a.compute("POST", f"{path}/attachvolume", {**body, "dry_run": True}, version="v1")
    assert refused.json()["error"]["code"] == "Ecs.0605"


def test_a_change_is_shown_late(cloud: Cloud, server: EmulatorServer, server_id: str, volume_id: str) -> None:
    server.order_fault("late", method="POST", path="os-volume_attachments", seconds=60)
    assert attach(cloud.a, server_id, volume_id).status_code == 200
    assert statuses(cloud.a, volume_id) == ["available"]
    assert len(disks(cloud.a, server_id)) == 1


def test_an_unknown_server(cloud: Cloud, volume_id: str) -> None:
    assert words(attach(cloud.a, UNKNOWN, volume_id)) == (404, f"Instance {UNKNOWN} could not be found.")
