# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes: fields, filters, order, pages, and the few changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import Cloud

VERSIONS = pytest.mark.parametrize("version", ["v2", "v3"])


def fill(cloud: Cloud, count: int) -> list[str]:
    """Create disks of tenant-a and return their ids, the newest first."""
    specs = [{"name": f"d{n}", "size": n + 1} for n in range(count)]
    return cloud.server.create_volumes("tenant-a", specs)[::-1]


def ids(cloud: Cloud, query: str, kind: str = "volumes") -> list[str]:
    """Return the ids that a query gives."""
    answer = cloud.a.call("GET", f"/{kind}/detail{query}")
    assert answer.status_code == 200, answer.text
    return [volume["id"] for volume in answer.json()["volumes"]]


def walk(cloud: Cloud, path: str, version: str) -> list[str]:
    """Follow the next links and return the ids."""
    found: list[str] = []
    while path:
        body = cloud.a.call("GET", path, version=version).json()
        found += [volume["id"] for volume in body["volumes"]]
        links = {link["rel"]: link["href"] for link in body.get("volumes_links", [])}
        path = links.get("next", "").removeprefix(f"{cloud.a.root}/{version}/{cloud.a.project}")
    return found


@VERSIONS
@pytest.mark.parametrize("count", [0, 1, 6, 7])
@pytest.mark.parametrize("path", ["/volumes", "/volumes/detail", "/cloudvolumes/detail"])
def test_walking_the_pages_finds_everything_once(cloud: Cloud, version: str, count: int, path: str) -> None:
    made = fill(cloud, count)
    cloud.server.create_volume("tenant-b", "foreign")
    assert walk(cloud, f"{path}?limit=3", version) == made
    cloud.server.configure(max_limit=2)
    assert walk(cloud, path, version) == made


def test_pages_keep_filters_and_order(cloud: Cloud) -> None:
    made = fill(cloud, 6)
    cloud.server.update_volume(made[2], status="error")
    query = "/volumes/detail?limit=2&status=available&sort_key=size&sort_dir=asc"
    assert walk(cloud, query, "v3") == [i for i in made[::-1] if i != made[2]]


def test_marker_limit_and_offset(cloud: Cloud) -> None:
    made = fill(cloud, 6)
    assert ids(cloud, f"?marker={made[1]}") == made[2:]
    assert ids(cloud, f"?marker={made[1]}&limit=2&offset=1") == made[3:5]
    assert ids(cloud, "?sort=created_at:asc&limit=2") == made[::-1][:2]
    assert ids(cloud, f"?sort_dir=asc&marker={made[4]}") == made[:4][::-1]
    assert ids(cloud, "?limit=1000") == made


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=-1", "offset=0", "offset=-1", "offset=x"])
@pytest.mark.parametrize("path", ["volumes", "volumes/detail", "cloudvolumes/detail", "os-vendor-volumes/detail"])
def test_pages_out_of_range_are_refused(cloud: Cloud, path: str, query: str) -> None:
    """EVS_API B.2."""
    answer = cloud.a.call("GET", f"/{path}?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "EVS.5400")
    assert cloud.a.call("GET", "/volumes/detail?limit=-1").status_code == 400
    assert cloud.a.call("GET", "/volumes/detail?marker=nope").status_code == 404


def test_filters(cloud: Cloud) -> None:
    made = fill(cloud, 3)
    cloud.server.update_volume(made[0], metadata={"tier": "gold", "x": "y"})
    cloud.server.update_volume(made[1], availability_zone="eu-de-02", status="error")
    assert ids(cloud, "?name=d1") == [made[1]]
    assert ids(cloud, "?status=error") == [made[1]]
    assert ids(cloud, "?availability_zone=eu-de-02") == [made[1]]
    assert ids(cloud, "?metadata=%7B%27tier%27%3A%20%27gold%27%7D") == [made[0]]
    assert ids(cloud, "?all_tenants=1&bogus=1") == made


def test_filters_that_only_the_vendor_lists_have(cloud: Cloud) -> None:
    made = fill(cloud, 3)
    two = f"?ids=%5B%27{made[0]}%27%2C%27nope%27%2C%27{made[2]}%27%5D"
    assert ids(cloud, two, "cloudvolumes") == [made[0], made[2]]
    assert ids(cloud, two) == made
    many = "%2C".join(f"%27{n}%27" for n in range(61))
    answer = cloud.a.call("GET", f"/cloudvolumes/detail?ids=%5B{many}%5D")
    assert answer.json()["error"]["code"] == "EVS.5400"
    cloud.server.update_volume(made[0], dedicated_storage_id="pool")
    assert ids(cloud, "?dedicated_storage_id=pool", "cloudvolumes") == [made[0]]


def test_fields_that_only_the_vendor_calls_have(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d", tags={"k": "v"}, vendor_encrypted=True)
    listed = cloud.a.call("GET", "/cloudvolumes/detail?limit=1").json()
    assert listed["count"] == 1
    assert (listed["volumes"][0]["tags"], listed["volumes"][0]["encrypted"]) == ({"k": "v"}, False)
    assert "tags" not in cloud.a.volume(disk).json()["volume"]
    shown = cloud.a.call("GET", f"/os-vendor-volumes/{disk}").json()["volume"]
    assert (shown["service_type"], shown["encrypted"]) == ("EVS", True)


def test_fields(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d", 3, bootable=True, metadata={"k": "v"})
    shown = cloud.a.volume(disk).json()["volume"]
    assert shown["bootable"] == "true"
    assert shown["os-vol-tenant-attr:tenant_id"] == cloud.a.project
    recorded = {
        *("id", "status", "size", "availability_zone", "created_at", "updated_at", "name"),
        *("description", "volume_type", "snapshot_id", "source_volid", "metadata", "links"),
        *("user_id", "bootable", "encrypted", "replication_status", "consistencygroup_id"),
        *("multiattach", "attachments", "os-vol-tenant-attr:tenant_id"),
    }
    assert recorded <= set(shown)
    assert (shown["volume_image_metadata"], shown["shareable"]) == ({}, "false")
    rich = cloud.a.read("evs", f"/os-vendor-volumes/{disk}")["volume"]
    assert (rich["volume_image_metadata"], rich["shareable"]) == (None, False)
    assert rich["serial_number"]
    cloud.server.configure(cinder_fields=True)
    plain = cloud.a.volume(disk).json()["volume"]
    assert set(shown) - set(plain) == {
        *("os-vol-host-attr:host", "os-volume-replication:extended_status", "volume_image_metadata", "shareable")
    }


def test_create_show_rename_and_delete(cloud: Cloud) -> None:
    body = {"volume": {"size": 2, "name": "n", "volume_type": "SAS", "metadata": {"k": "v"}}}
    answer = cloud.a.call("POST", "/volumes", body)
    assert (answer.status_code, answer.json()["volume"]["status"]) == (202, "creating")
    disk = answer.json()["volume"]["id"]
    shown = cloud.a.volume(disk).json()["volume"]
    assert (shown["status"], shown["volume_type"]) == ("available", "SAS")
    cloud.a.call("PUT", f"/volumes/{disk}", {"volume": {"name": "m"}})
    assert cloud.a.volume(disk).json()["volume"]["name"] == "m"
    assert cloud.a.call("DELETE", f"/volumes/{disk}").status_code == 202
    assert cloud.a.volume(disk).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [({"size": 0}, 400), ({}, 400), ({"size": 1, "volume_type": "NOPE"}, 404)],
)
def test_create_refused(cloud: Cloud, body: dict[str, Any], status: int) -> None:
    assert cloud.a.call("POST", "/volumes", {"volume": body}).status_code == status


def test_a_reader_changes_nothing(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d")
    call = cloud.reader.call
    assert call("POST", "/volumes", {"volume": {"size": 1}}).status_code == 403
    assert call("DELETE", f"/volumes/{disk}").status_code == 403
    assert call("POST", f"/volumes/{disk}/action", {"os-extend": {}}).status_code == 403
    assert call("GET", "/volumes/detail").status_code == 200


def test_nothing_can_be_done_while_awaiting_transfer(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d")
    cloud.a.offer(disk)
    answer = cloud.a.call("DELETE", f"/volumes/{disk}")
    assert answer.status_code == 400
    assert "awaiting a transfer" in answer.json()["badRequest"]["message"]
    body = {"os-extend": {"new_size": 2}}
    answer = cloud.a.call("POST", f"/volumes/{disk}/action", body)
    assert answer.json()["badRequest"]["message"] == (
        f"Invalid volume: Volume {disk} status must be '{{'status': 'available'}}' to extend, "
        "currently awaiting-transfer."
    )


def test_actions(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d")
    path = f"/volumes/{disk}/action"
    assert cloud.a.call("POST", path, {"os-extend": {"new_size": 4}}).status_code == 202
    assert cloud.a.call("POST", path, {"os-set_bootable": {"bootable": True}}).status_code == 200
    server = {"instance_uuid": "s", "mountpoint": "/dev/vdb"}
    assert cloud.a.call("POST", path, {"os-attach": server}).status_code == 202
    shown = cloud.a.volume(disk).json()["volume"]
    assert (shown["size"], shown["bootable"], shown["status"]) == (4, "true", "in-use")
    assert shown["attachments"][0]["server_id"] == "s"
    assert cloud.a.call("POST", path, {"os-detach": {}}).status_code == 202
    assert cloud.a.volume(disk).json()["volume"]["attachments"] == []
    assert cloud.a.call("POST", path, {"os-bogus": {}}).status_code == 400


def test_links_can_name_another_host(cloud: Cloud) -> None:
    fill(cloud, 2)
    cloud.server.configure(link_base="https://volume.localdomain.com:8776")
    body = cloud.a.call("GET", "/volumes?limit=1").json()
    assert body["volumes_links"][0]["href"].startswith("https://volume.localdomain.com:8776/v3/")


def test_types(cloud: Cloud) -> None:
    cloud.server.create_volume("tenant-a", "d", volume_type="odd")
    types = cloud.a.call("GET", "/types").json()["volume_types"]
    assert [t["name"] for t in types] == ["SSD", "SAS", "SATA", "ESSD", "GPSSD", "odd"]
    shown = cloud.a.call("GET", f"/types/{types[1]['id']}").json()["volume_type"]
    assert shown["name"] == "SAS"
    assert cloud.a.call("GET", "/types/nope").status_code == 404


def test_the_vendors_create_and_delete_answer_with_a_job(cloud: Cloud) -> None:
    """EVS_API I."""
    answer = cloud.a.call("POST", "/cloudvolumes", {"volume": {"size": 2, "name": "n"}}, version="v2.1")
    (disk,) = answer.json()["volume_ids"]
    job = cloud.a.call("GET", f"/jobs/{answer.json()['job_id']}", version="v1").json()
    assert (job["status"], job["entities"]["volume_id"]) == ("SUCCESS", disk)
    assert cloud.a.volume(disk).json()["volume"]["size"] == 2
    assert "job_id" in cloud.a.call("DELETE", f"/cloudvolumes/{disk}", version="v2").json()
    assert cloud.a.volume(disk).status_code == 404
    assert cloud.a.call("POST", "/cloudvolumes", {"volume": {"size": 0}}, version="v2").status_code == 400
    assert cloud.reader.call("POST", "/cloudvolumes", {"volume": {"size": 1}}, version="v2").status_code == 403
