# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of snapshots: filters, pages, links."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import Cloud

VERSIONS = pytest.mark.parametrize("version", ["v2", "v3"])


@pytest.fixture
def disks(cloud: Cloud) -> list[str]:
    """Create two disks with two snapshots each, and a foreign one."""
    cloud.server.load("tenant-b", volumes=[{"name": "foreign", "snapshots": 1}])
    specs: list[dict[str, Any]] = [
        {"name": "d0", "size": 3, "snapshots": [{"name": "s0"}, {"name": "s1", "status": "deleting"}]},
        {"name": "d1", "snapshots": [{"name": "s2"}, {"made_by": "vbs"}]},
    ]
    return cloud.server.create_volumes("tenant-a", specs)


def names(cloud: Cloud, query: str = "", kind: str = "snapshots/detail") -> list[str]:
    """Return the names that a query gives."""
    return [s["name"] for s in cloud.a.read("evs", f"/{kind}{query}")["snapshots"]]


@VERSIONS
def test_fields(cloud: Cloud, disks: list[str], version: str) -> None:
    shown = cloud.a.read("evs", "/snapshots/detail?name=s0", version)
    (snapshot,) = shown["snapshots"]
    assert {k: snapshot[k] for k in ("status", "volume_id", "size", "metadata")} == {
        "status": "available",
        "volume_id": disks[0],
        "size": 3,
        "metadata": {},
    }
    assert snapshot["os-extended-snapshot-attributes:project_id"] == cloud.a.project
    assert snapshot["os-extended-snapshot-attributes:progress"] == "100%"
    assert "snapshots_links" not in shown
    (brief,) = cloud.a.read("evs", "/snapshots?name=s0", version)["snapshots"]
    assert not [key for key in brief if key.startswith("os-")]
    one = cloud.a.read("evs", f"/snapshots/{snapshot['id']}", version)
    assert one == {"snapshot": snapshot}
    assert cloud.b.ask("evs", f"/snapshots/{snapshot['id']}").status_code == 404


def test_filters(cloud: Cloud, disks: list[str]) -> None:
    assert names(cloud, f"?volume_id={disks[0]}") == ["s1", "s0"]
    assert names(cloud, "?status=deleting") == ["s1"]
    assert names(cloud, "?volume_id=nope") == []
    assert len(names(cloud, f"?volume={disks[0]}")) == 4
    assert len(names(cloud, "?availability_zone=eu-de-01")) == 4
    assert names(cloud, "?availability_zone=eu-de-02") == []
    assert names(cloud, f"?id={disks[0]}", "cloudsnapshots/detail") == []


def test_a_snapshot_of_a_backup_says_so(cloud: Cloud, disks: list[str]) -> None:
    (made, dummy) = cloud.a.read("evs", f"/snapshots/detail?volume_id={disks[1]}")["snapshots"]
    assert made["name"].startswith("autobk_snapshot_vbs_")
    assert "__system__enableActive" in made["metadata"]
    cloud.server.add("snapshots", "tenant-a", volume_id=disks[0], made_by="csbs", auto=False)
    assert names(cloud)[0].startswith("manualbk_snapshot_csbs_")


def test_links_only_with_a_limit_and_null_at_the_end(cloud: Cloud, disks: list[str]) -> None:
    path, found = "/snapshots/detail?limit=3", []
    for dummy in range(2):
        body = cloud.a.read("evs", path)
        found += [s["name"] for s in body["snapshots"]]
        links: list[dict[str, Any]] | None = body["snapshots_links"]
        path = links[0]["href"].split(cloud.a.project)[1] if links else ""
    assert (found[1:], path) == (["s2", "s1", "s0"], "")
    assert cloud.a.read("evs", "/snapshots/detail?limit=4")["snapshots_links"] is None
    cloud.server.configure(max_limit=2)
    assert list(cloud.a.read("evs", "/snapshots/detail")) == ["snapshots"]


def test_marker_and_offset(cloud: Cloud, disks: list[str]) -> None:
    marker = cloud.a.read("evs", "/snapshots?name=s2")["snapshots"][0]["id"]
    assert names(cloud, f"?marker={marker}") == ["s1", "s0"]
    assert names(cloud, "?offset=2&limit=1") == ["s1"]
    assert names(cloud, "?offset=9") == []
    assert cloud.a.ask("evs", "/snapshots?marker=nope").status_code == 404
    for query in ("limit=x", "limit=0", "limit=1001", "offset=-1"):
        assert cloud.a.ask("evs", f"/snapshots?{query}").status_code == 400


def test_the_vendors_list_counts(cloud: Cloud, disks: list[str]) -> None:
    body = cloud.a.read("evs", "/cloudsnapshots/detail?limit=1")
    assert (body["count"], len(body["snapshots"])) == (4, 1)
    assert body["snapshots"][0]["service_type"] == "EVS"


def test_snapshots_count_in_the_quotas(cloud: Cloud, disks: list[str]) -> None:
    def used() -> list[int]:
        quota = cloud.a.read("evs", f"/os-quota-sets/{cloud.a.project}?usage=True")["quota_set"]
        return [quota[name]["in_use"] for name in ("snapshots", "snapshots_SSD", "gigabytes", "gigabytes_SSD")]

    assert used() == [4, 4, 4 + 8, 4 + 8]
    snapshot = cloud.server.records("snapshots")[-1]["id"]
    cloud.server.change("snapshots", snapshot, size=5)
    assert used() == [4, 4, 4 + 12, 4 + 12]
    cloud.server.remove("snapshots", snapshot)
    cloud.server.update_volume(disks[0], volume_type="SAS")
    assert used() == [3, 1, 4 + 7, 1 + 1]
    cloud.server.delete_volume(disks[0])
    assert used() == [1, 1, 2, 2]
    assert names(cloud) == ["s2"]


def test_a_disk_with_snapshots_cannot_be_deleted(cloud: Cloud, disks: list[str]) -> None:
    assert cloud.a.call("DELETE", f"/volumes/{disks[0]}").status_code == 400


def test_a_snapshot_is_made_and_deleted(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d", 3)
    body = {"snapshot": {"volume_id": disk, "name": "s"}}
    assert cloud.b.call("POST", "/snapshots", body).status_code == 404
    assert cloud.reader.call("POST", "/snapshots", body).status_code == 403
    answer = cloud.a.call("POST", "/snapshots", body)
    made = answer.json()["snapshot"]
    assert (answer.status_code, made["status"], made["size"]) == (202, "creating", 3)
    assert cloud.server.verdicts("tenant-a")[disk] == ["snapshots"]
    path = f"/snapshots/{made['id']}"
    assert cloud.a.read("evs", path)["snapshot"]["status"] == "available"
    assert [c.call("DELETE", path).status_code for c in (cloud.b, cloud.reader, cloud.a, cloud.a)] == [
        *(404, 403, 202, 404)
    ]


def test_the_snapshot_of_a_backup_can_only_be_looked_at(cloud: Cloud) -> None:
    """EVS_API B.4.2a."""
    cloud.server.load("tenant-a", volumes=[{"snapshots": [{"made_by": "vbs", "id": "of-a-backup"}]}])
    assert cloud.a.call("DELETE", "/snapshots/of-a-backup").status_code == 400


def test_no_snapshot_of_a_disk_on_offer(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d")
    cloud.a.offer(disk)
    assert cloud.a.call("POST", "/snapshots", {"snapshot": {"volume_id": disk, "force": True}}).status_code == 400
