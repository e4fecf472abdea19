# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volume Backup Service, and its list of backups at EVS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import Cloud

PLACES = pytest.mark.parametrize(("service", "version"), [("vbs", "v2"), ("vbs", "v3"), ("evs", "v2"), ("evs", "v3")])


@pytest.fixture
def disks(cloud: Cloud) -> list[str]:
    """Create a disk with a backup of each maker, and a foreign one."""
    cloud.server.load("tenant-b", volumes=[{"name": "foreign", "backups": 1}])
    specs: list[dict[str, Any]] = [
        {"name": "d0", "backups": [{"name": "by-vbs", "made_by": "vbs"}]},
        {"name": "d1", "backups": [{"name": "by-cbr"}]},
        {"name": "d2", "server_backups": [{"name": "server", "children": ["d2"]}]},
        {"name": "d3", "backups": [{"name": "by-csbs", "made_by": "csbs", "status": "error"}]},
    ]
    return cloud.server.create_volumes("tenant-a", specs)


def found(cloud: Cloud, query: str = "", service: str = "vbs", version: str = "v2") -> list[str]:
    """Return the names that a query gives."""
    return [b["name"] for b in cloud.a.read(service, f"/backups/detail{query}", version)["backups"]]


@PLACES
def test_one_list_of_all_makers(cloud: Cloud, disks: list[str], service: str, version: str) -> None:
    names = {"by-vbs", "by-cbr", "by-csbs", "backup-of-d2"}
    assert set(found(cloud, "", service, version)) == names
    assert found(cloud, f"?volume_id={disks[2]}", service, version) == ["backup-of-d2"]
    body = cloud.a.read(service, "/backups?limit=3", version)
    assert set(body["backups"][0]) == {"id", "name", "links"}
    assert f"/{version}/" in body["backups_links"][0]["href"]


def test_filters_and_pages(cloud: Cloud, disks: list[str]) -> None:
    (shown,) = cloud.a.read("vbs", "/backups/detail?status=error")["backups"]
    assert (shown["volume_id"], shown["size"], shown["is_incremental"]) == (disks[3], 1, False)
    assert found(cloud, "?name=by-cbr") == ["by-cbr"]
    assert found(cloud, "?volume_id=nope") == []
    assert len(found(cloud, f"?volume={disks[0]}")) == 4
    everything = found(cloud)
    assert found(cloud, "?limit=2") + found(cloud, "?limit=2&offset=2") == everything
    assert found(cloud, "?offset=4") == []
    assert "backups_links" not in cloud.a.read("vbs", "/backups/detail?limit=4")
    assert cloud.a.ask("vbs", "/backups?marker=nope").status_code == 404


def test_backups_count_in_the_quotas(cloud: Cloud, disks: list[str]) -> None:
    quota = cloud.a.read("evs", f"/os-quota-sets/{cloud.a.project}?usage=True")["quota_set"]
    assert (quota["backups"]["in_use"], quota["backup_gigabytes"]["in_use"]) == (4, 4)


def test_policies_tell_a_count_and_no_disk(cloud: Cloud) -> None:
    cloud.server.add("vbs_policies", "tenant-a", name="idle", status="OFF")
    disks = cloud.server.create_volumes("tenant-a", [{"name": f"d{n}", "vbs_policy": "nightly"} for n in range(2)])
    idle, nightly = cloud.a.read("vbs", "/backuppolicy")["backup_policies"]
    assert (idle["policy_resource_count"], nightly["policy_resource_count"]) == (0, 2)
    assert (idle["backup_policy_name"], idle["scheduled_policy"]["status"]) == ("idle", "OFF")
    assert nightly["scheduled_policy"]["rentention_num"] == 10
    shown = cloud.a.volume(disks[0]).json()["volume"]
    assert shown["metadata"] == {"policy": nightly["backup_policy_id"]}
    assert disks[0] not in str(nightly)
    assert cloud.b.read("vbs", "/backuppolicy") == {"backup_policies": []}


def test_a_policy_that_only_a_disk_knows_is_listed(cloud: Cloud) -> None:
    cloud.server.create_volume("tenant-a", "d", metadata={"policy": "p-1"})
    (policy,) = cloud.a.read("vbs", "/backuppolicy")["backup_policies"]
    assert (policy["backup_policy_id"], policy["policy_resource_count"]) == ("p-1", 1)


def test_a_disk_can_be_bound_without_a_hint(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d")
    cloud.server.add("vbs_policies", "tenant-a", volumes=["d"])
    assert cloud.a.read("vbs", "/backuppolicy")["backup_policies"][0]["policy_resource_count"] == 1
    assert cloud.a.volume(disk).json()["volume"]["metadata"] == {}
    assert cloud.server.verdicts("tenant-a")[disk] == ["backup_policy"]


def test_the_door(cloud: Cloud) -> None:
    url = f"{cloud.server.endpoints['vbs']}/v2/{cloud.a.project}/backuppolicy"
    answer = cloud.b.session.get(url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Common.0018")
    assert cloud.b.session.get(url, headers={"X-Auth-Token": "x"}).status_code == 401
    answer = cloud.a.ask("vbs", "/bogus")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "VBS.0404")
