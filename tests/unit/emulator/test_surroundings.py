# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What foreign clients ask beside disks and transfers."""

from __future__ import annotations

import pytest

from tests.unit.emulator.conftest import Cloud


@pytest.fixture
def disk(cloud: Cloud) -> str:
    return cloud.server.create_volume("tenant-a", "d", 3, metadata={"k": "v"})


def test_metadata_of_a_disk(cloud: Cloud, disk: str) -> None:
    path = f"/volumes/{disk}/metadata"
    assert cloud.a.read("evs", path) == {"metadata": {"k": "v"}}
    assert cloud.a.read("evs", f"{path}/k") == {"meta": {"k": "v"}}
    assert cloud.a.ask("evs", f"{path}/x").status_code == 404
    assert cloud.a.call("POST", path, {"metadata": {"n": "1"}}).json() == {"metadata": {"k": "v", "n": "1"}}
    assert cloud.a.call("PUT", f"{path}/n", {"meta": {"n": "2"}}).json() == {"meta": {"n": "2"}}
    assert cloud.a.call("PUT", f"{path}/n", {"meta": {"other": "2"}}).status_code == 400
    assert cloud.a.call("DELETE", f"{path}/k").status_code == 200
    assert cloud.a.read("evs", path) == {"metadata": {"n": "2"}}
    assert cloud.a.call("PUT", path, {"metadata": {"only": "this"}}).status_code == 200
    assert cloud.a.volume(disk).json()["volume"]["metadata"] == {"only": "this"}


def test_metadata_that_are_refused(cloud: Cloud, disk: str) -> None:
    path = f"/volumes/{disk}/metadata"
    assert cloud.a.call("POST", path, {"metadata": {"n": 1}}).status_code == 400
    assert cloud.reader.call("POST", path, {"metadata": {"n": "1"}}).status_code == 403
    assert cloud.b.ask("evs", path).status_code == 404
    cloud.a.offer(disk)
    assert cloud.a.call("POST", path, {"metadata": {"n": "1"}}).status_code == 400
    assert cloud.a.read("evs", path) == {"metadata": {"k": "v"}}


def test_availability_zones(cloud: Cloud) -> None:
    cloud.server.create_volume("tenant-a", "d", availability_zone="eu-de-07")
    zones = cloud.a.read("evs", "/os-availability-zone")["availabilityZoneInfo"]
    assert [zone["zoneName"] for zone in zones] == ["eu-de-01", "eu-de-02", "eu-de-03", "eu-de-07"]
    assert {zone["zoneState"]["available"] for zone in zones} == {True}


def test_extensions(cloud: Cloud) -> None:
    aliases = {row["alias"] for row in cloud.a.read("evs", "/extensions")["extensions"]}
    assert {"backups", "os-volume-encryption-metadata", "os-volume-transfer"} <= aliases


def test_summary_and_limits(cloud: Cloud, disk: str) -> None:
    new = {"OpenStack-API-Version": "volume 3.12"}
    answer = cloud.a.call("GET", "/volumes/summary", headers=new).json()
    assert answer == {"volume-summary": {"total_count": 1, "total_size": 3}}
    assert cloud.a.call("GET", "/volumes/summary").status_code == 404
    assert cloud.a.call("GET", "/volumes/summary", version="v2").status_code == 404
    cloud.server.set_quota("tenant-a", gigabytes=9)
    absolute = cloud.a.read("evs", "/limits")["limits"]["absolute"]
    assert (absolute["maxTotalVolumeGigabytes"], absolute["totalGigabytesUsed"]) == (9, 3)


@pytest.mark.parametrize(("value", "found"), [("true", ["system"]), ("False", ["d"]), ("1", ["system"])])
def test_the_filter_bootable(cloud: Cloud, disk: str, value: str, found: list[str]) -> None:
    cloud.server.create_volume("tenant-a", "system", bootable=True)
    assert [v["name"] for v in cloud.a.read("evs", f"/volumes?bootable={value}", "v3")["volumes"]] == found
    assert cloud.a.ask("evs", "/volumes?bootable=perhaps").status_code == 400


def test_an_administrator_sees_the_disks_of_all_projects(cloud: Cloud, disk: str) -> None:
    other = cloud.server.create_volume("tenant-b", "other")
    admin = cloud.login("tenant-a-admin")
    listed = [v["id"] for v in admin.read("evs", "/volumes/detail?all_tenants=1")["volumes"]]
    assert listed == [other, disk]
    assert [v["id"] for v in admin.read("evs", "/volumes/detail")["volumes"]] == [disk]
    assert admin.volume(other).status_code == 200
    assert [v["id"] for v in cloud.a.read("evs", "/volumes/detail?all_tenants=1")["volumes"]] == [disk]
    assert admin.call("DELETE", f"/volumes/{other}").status_code == 202


def test_what_a_create_does_not_answer(cloud: Cloud) -> None:
    """Cinder sends what its extensions add with the next show only."""
    made = cloud.a.call("POST", "/volumes", {"volume": {"size": 1}}).json()["volume"]
    shown = cloud.a.volume(made["id"]).json()["volume"]
    assert set(shown) - set(made) == {
        "os-vol-tenant-attr:tenant_id",
        "os-vol-host-attr:host",
        "os-vol-mig-status-attr:migstat",
        "os-vol-mig-status-attr:name_id",
        "os-volume-replication:extended_status",
        "volume_image_metadata",
        "shareable",
    }


def test_fields_of_a_backup(cloud: Cloud, disk: str) -> None:
    cloud.server.add("backups", "tenant-a", resource_id=disk, made_by="vbs")
    (shown,) = cloud.a.read("vbs", "/backups/detail")["backups"]
    assert shown["os-backup-project-attr:project_id"] == cloud.a.project
    assert shown["data_timestamp"] == shown["created_at"]
