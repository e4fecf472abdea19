# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication pairs at SDRS, and at EVS where the old call is still there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.emulator.conftest import Cloud


@pytest.fixture
def disks(cloud: Cloud) -> list[str]:
    """Create four disks in two pairs, and a foreign pair."""
    disks = cloud.server.create_volumes("tenant-a", [{"name": f"d{n}"} for n in range(4)])
    cloud.server.load("tenant-b", volumes=[{"name": "foreign", "pairs": 1}])
    common = {"server_group_id": "g1", "protected_instance_id": "i1"}
    pairs: list[dict[str, Any]] = [
        {"name": "pair-one", "volumes": ["d0", "d1"], "size": 9, **common},
        {"name": "pair-two", "volumes": ["d2", "d3"], "separator": ", ", "status": "error-deleting"},
    ]
    cloud.server.load("tenant-a", pairs=pairs)
    return disks


def names(cloud: Cloud, query: str = "") -> list[str]:
    """Return the names that a query gives."""
    return [p["name"] for p in cloud.a.read("sdrs", f"/replications{query}")["replications"]]


def test_both_disks_are_in_one_string(cloud: Cloud, disks: list[str]) -> None:
    body = cloud.a.read("sdrs", "/replications")
    two, one = body["replications"]
    assert body["count"] == 2
    assert one["volume_ids"] == f"{disks[0]},{disks[1]}"
    assert two["volume_ids"] == f"{disks[2]}, {disks[3]}"
    assert one["record_metadata"]["volume_size"] == 9
    assert one["attachment"] == [{"device": "/dev/vdb", "protected_instance": "i1"}]
    assert cloud.a.read("sdrs", f"/replications/{one['id']}") == {"replication": one}
    assert cloud.b.ask("sdrs", f"/replications/{one['id']}").status_code == 404


def test_no_filter_asks_for_a_disk(cloud: Cloud, disks: list[str]) -> None:
    assert len(names(cloud, f"?volume_id={disks[0]}")) == 2
    assert len(names(cloud, f"?volume_ids={disks[0]}")) == 2


def test_filters_and_pages(cloud: Cloud, disks: list[str]) -> None:
    assert names(cloud, "?name=one") == ["pair-one"]
    assert names(cloud, "?status=protected") == ["pair-one"]
    assert names(cloud, "?query_type=status_abnormal") == ["pair-two"]
    assert names(cloud, "?server_group_id=g1") == ["pair-one"]
    assert names(cloud, "?protected_instance_ids=['i1','i2']") == ["pair-one"]
    assert names(cloud, "?limit=1") + names(cloud, "?limit=1&offset=1") == ["pair-two", "pair-one"]
    assert names(cloud, "?offset=2") == []
    assert cloud.a.read("sdrs", "/replications?limit=1")["count"] == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "SDRS.0221"),
        ("limit=1001", "SDRS.0221"),
        ("offset=x", "SDRS.0400"),
        ("server_group_ids=" + ",".join("x" * 31), "SDRS.0400"),
    ],
)
def test_refused_parameters(cloud: Cloud, query: str, code: str) -> None:
    answer = cloud.a.ask("sdrs", f"/replications?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_pair_beyond_the_first_page_counts(cloud: Cloud) -> None:
    specs = [{"name": f"d{n}", "pairs": 1} for n in range(1001)]
    disks = cloud.server.create_volumes("tenant-a", specs)
    body = cloud.a.read("sdrs", "/replications")
    assert (body["count"], len(body["replications"])) == (1001, 1000)
    assert disks[0] not in json.dumps(body)
    assert cloud.server.verdicts("tenant-a")[disks[0]] == ["replication_pair"]


def vendor(cloud: Cloud, query: str = "") -> list[Any]:
    """Return the pairs that the old call gives."""
    pairs: list[Any] = cloud.a.read("evs", f"/os-vendor-replications{query}")["replications"]
    return pairs


def test_the_old_call_of_evs(cloud: Cloud, disks: list[str]) -> None:
    assert cloud.a.ask("evs", "/os-vendor-replications").status_code == 404
    cloud.server.configure(vendor_replications=True)
    assert cloud.a.ask("evs", "/os-vendor-replications", "v3").status_code == 404
    assert len(vendor(cloud)) == 2
    (pair,) = vendor(cloud, f"?volume_id={disks[0]}")
    assert json.loads(pair["record_metadata"])["volume_size"] == 9
    assert len(vendor(cloud, f"?volume_ids=['{disks[0]}','{disks[3]}']")) == 2
    assert vendor(cloud, "?volume_id=nope") == []
    assert [p["name"] for p in vendor(cloud, f"?marker={vendor(cloud)[0]['id']}")] == ["pair-one"]
    assert cloud.a.ask("evs", "/os-vendor-replications?marker=x").json()["error"]["code"] == "EVS.1024"
    cloud.server.configure(catalogue=["evs"])
    assert vendor(cloud) == []


def test_groups(cloud: Cloud, disks: list[str]) -> None:
    body = cloud.a.read("sdrs", "/server-groups")
    assert [(group["id"], group["replication_num"]) for group in body["server_groups"]] == [("g1", 1)]
    assert body["count"] == 1
    assert cloud.a.read("sdrs", "/server-groups/g1")["server_group"] == body["server_groups"][0]
    assert cloud.b.ask("sdrs", "/server-groups/g1").status_code == 404
    assert cloud.a.ask("sdrs", "/server-groups?limit=0").status_code == 400
