# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud Backup and Recovery: backups, vaults, policies, and the traps of their filters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import Cloud

DISK = "OS::Cinder::Volume"


@pytest.fixture
def disks(cloud: Cloud) -> dict[str, str]:
    """Create disks with backups of every kind, and vaults."""
    cloud.server.load("tenant-b", volumes=[{"name": "foreign", "backups": 1, "vaults": [{"policies": [{}]}]}])
    specs: list[dict[str, Any]] = [
        {"name": "plain"},
        {"name": "own", "size": 7, "backups": [{"name": "b-own", "keeps_snapshot": True}], "vaults": ["daily"]},
        {"name": "part", "server_backups": [{"name": "b-server", "resource_name": "erp01"}]},
        {"name": "vbs", "backups": [{"name": "b-vbs", "made_by": "vbs"}], "vaults": ["empty"]},
    ]
    vaults = [{"name": "daily", "policies": [{"name": "p1"}, {"name": "p2", "operation_type": "replication"}]}]
    made = cloud.server.load("tenant-a", volumes=specs, vaults=[*vaults, {"name": "empty"}])
    return dict(zip([spec["name"] for spec in specs], made["volumes"], strict=True))


def backups(cloud: Cloud, query: str = "") -> list[str]:
    """Return the names that a query gives; the count must agree."""
    body = cloud.a.read("cbr", f"/backups{query}")
    return [b["name"] for b in body["backups"]]


def vaults(cloud: Cloud, query: str = "") -> list[str]:
    """Return the names of vaults."""
    return [v["name"] for v in cloud.a.read("cbr", f"/vaults{query}")["vaults"]]


def policies(cloud: Cloud, query: str = "") -> list[str]:
    """Return the names of policies."""
    return [p["name"] for p in cloud.a.read("cbr", f"/policies{query}")["policies"]]


def test_backups_are_those_of_cbr(cloud: Cloud, disks: dict[str, str]) -> None:
    body = cloud.a.read("cbr", "/backups")
    assert (set(body), body["count"]) == ({"backups", "count"}, 2)
    server, own = body["backups"]
    assert (own["resource_id"], own["resource_type"], own["resource_size"]) == (disks["own"], DISK, 7)
    snapshots = cloud.a.read("evs", f"/snapshots/detail?volume_id={disks['own']}")["snapshots"]
    assert own["extend_info"]["snapshot_id"] == snapshots[0]["id"]
    assert (server["resource_type"], server["resource_name"]) == ("OS::Nova::Server", "erp01")
    assert [(c["resource_id"], c["parent_id"]) for c in server["children"]] == [(disks["part"], server["id"])]
    assert own["provider_id"] != server["provider_id"]
    assert cloud.a.read("cbr", f"/backups/{own['id']}") == {"backup": own}
    assert cloud.b.ask("cbr", f"/backups/{own['id']}").status_code == 404


def test_filters_of_backups(cloud: Cloud, disks: dict[str, str]) -> None:
    assert backups(cloud, f"?resource_id={disks['own']}&resource_type={DISK}") == ["b-own"]
    assert backups(cloud, f"?resource_id={disks['vbs']}") == []
    assert backups(cloud, "?resource_type=OS::Nova::Server") == ["b-server"]
    assert backups(cloud, "?name=b-own") == ["b-own"]
    assert backups(cloud, "?vault_id=nope") == []
    assert backups(cloud, "?image_type=replication") == []
    assert len(backups(cloud, f"?resource={disks['own']}")) == 2
    assert backups(cloud, "?start_time=2999") == []


def test_parts_are_found_by_their_parent_only(cloud: Cloud, disks: dict[str, str]) -> None:
    parent = cloud.a.read("cbr", "/backups?name=b-server")["backups"][0]["id"]
    assert backups(cloud, f"?parent_id={parent}") == ["backup-of-part"]
    assert backups(cloud, f"?resource_id={disks['part']}") == []
    cloud.server.configure(children_by_resource=True)
    assert backups(cloud, f"?resource_id={disks['part']}") == ["backup-of-part"]
    assert len(backups(cloud)) == 2


def test_status_can_be_repeated(cloud: Cloud, disks: dict[str, str]) -> None:
    own = cloud.a.read("cbr", "/backups?name=b-own")["backups"][0]["id"]
    cloud.server.change("backups", own, status="deleting")
    assert backups(cloud, "?status=deleting") == ["b-own"]
    assert backups(cloud, "?status=deleting&status=available") == ["b-server", "b-own"]


def test_pages_of_backups(cloud: Cloud, disks: dict[str, str]) -> None:
    assert backups(cloud, "?limit=1") == ["b-server"]
    assert backups(cloud, "?limit=1&offset=1") == ["b-own"]
    assert backups(cloud, "?offset=5") == []
    marker = cloud.a.read("cbr", "/backups?limit=1")["backups"][0]["id"]
    assert backups(cloud, f"?marker={marker}") == ["b-own"]
    assert cloud.a.read("cbr", "/backups?limit=1")["count"] == 2


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "offset=-1", "marker=x", "own_type=x"])
def test_refused_parameters(cloud: Cloud, disks: dict[str, str], query: str) -> None:
    answer = cloud.a.ask("cbr", f"/backups?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"error_code", "error_msg", "request_id"}
    assert answer.json()["error_code"].startswith("BackupService.")


def test_shared_backups_and_copies_are_not_the_default(cloud: Cloud, disks: dict[str, str]) -> None:
    foreign = cloud.server.records("backups")[0]["id"]
    cloud.server.change("backups", foreign, shared_with=[cloud.a.project])
    assert len(backups(cloud)) == 2
    assert backups(cloud, "?own_type=shared") == ["backup-of-foreign"]
    assert len(backups(cloud, "?own_type=all_granted")) == 3
    cloud.server.add("backups", "tenant-a", resource_id=disks["plain"], image_type="replication", name="copy")
    assert len(backups(cloud)) == 2
    assert backups(cloud, "?image_type=replication") == ["copy"]
    assert cloud.server.verdicts("tenant-a")[disks["plain"]] == []


def test_vaults(cloud: Cloud, disks: dict[str, str]) -> None:
    empty, daily = cloud.a.read("cbr", "/vaults")["vaults"]
    assert [r["id"] for r in daily["resources"]] == [disks["own"]]
    assert {daily["resources"][0][k] for k in ("type", "name", "size")} == {DISK, "own", 7}
    assert daily["billing"]["object_type"] == "disk"
    assert "policy" not in str(daily).lower()
    assert [r["id"] for r in empty["resources"]] == [disks["vbs"]]


def test_filters_of_vaults(cloud: Cloud, disks: dict[str, str]) -> None:
    both = f"{disks['own']},{disks['vbs']}"
    assert vaults(cloud, f"?resource_ids={disks['own']}&object_type=disk") == ["daily"]
    assert vaults(cloud, f"?resource_ids={both}") == ["empty", "daily"]
    assert vaults(cloud, f"?resource_ids={disks['plain']}") == []
    assert vaults(cloud, "?object_type=server") == []
    policy = cloud.a.read("cbr", "/policies")["policies"][0]["id"]
    assert vaults(cloud, f"?policy_id={policy}") == ["daily"]
    assert vaults(cloud, "?policy_id=nope") == []
    assert vaults(cloud, "?limit=1&offset=1") == ["daily"]
    assert cloud.a.ask("cbr", "/vaults?limit=1001").status_code == 400


def test_a_server_in_a_vault(cloud: Cloud, disks: dict[str, str]) -> None:
    server = {"id": "3f0a3f5e-1c0b-4f6e-8d5b-0c8a4e6f9d11", "type": "OS::Nova::Server", "name": "erp01"}
    cloud.server.add("vaults", "tenant-a", name="servers", object_type="server", resources=[server], policies=[{}])
    assert vaults(cloud, f"?resource_ids={server['id']}") == ["servers"]
    assert vaults(cloud, "?object_type=server") == ["servers"]
    assert cloud.server.verdicts("tenant-a")[disks["plain"]] == []


@pytest.mark.parametrize("name", ["resources_ids", "resource_id"])
def test_a_misspelled_filter_of_vaults_filters_nothing(cloud: Cloud, disks: dict[str, str], name: str) -> None:
    assert vaults(cloud, f"?{name}={disks['plain']}") == ["empty", "daily"]


def test_policies(cloud: Cloud, disks: dict[str, str]) -> None:
    vault = cloud.a.read("cbr", "/vaults?name=daily")["vaults"][0]["id"]
    assert policies(cloud) == ["p2", "p1"]
    assert policies(cloud, f"?vault_id={vault}&operation_type=backup") == ["p1"]
    assert policies(cloud, "?vault_id=nope") == []
    first = cloud.a.read("cbr", "/policies?operation_type=backup")["policies"][0]
    cloud.server.change("policies", first["id"], enabled=False)
    (shown,) = cloud.a.read("cbr", "/policies?operation_type=backup")["policies"]
    assert shown == {**first, "enabled": False}
    assert shown["associated_vaults"] == [{"vault_id": vault, "destination_vault_id": None}]


def test_the_door(cloud: Cloud) -> None:
    url = f"{cloud.server.endpoints['cbr']}/v3/{cloud.a.project}/vaults"
    answer = cloud.b.session.get(url)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BackupService.0400")
    answer = cloud.b.session.get(url, headers={"X-Auth-Token": "x"})
    assert (answer.status_code, answer.json()["error_code"]) == (401, "APIG.0301")
    answer = cloud.a.ask("cbr", "/protectables")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "BackupService.0404")


def test_the_list_of_policies_can_hold_less_than_it_counts(cloud: Cloud, disks: dict[str, str]) -> None:
    """P3: the example of the documents shows one of ten (EVS_API D.1.2)."""
    cloud.server.load("tenant-a", policies=[{"name": f"more-{n}"} for n in range(31)])
    assert len(policies(cloud)) == 33
    cloud.server.configure(policies_shown=1)
    body = cloud.a.read("cbr", "/policies")
    assert (len(body["policies"]), body["count"]) == (1, 33)
    vault = cloud.a.read("cbr", "/vaults?name=daily")["vaults"][0]["id"]
    assert cloud.a.read("cbr", f"/policies?vault_id={vault}")["count"] == 2


def test_one_vault_and_one_policy(cloud: Cloud, disks: dict[str, str]) -> None:
    listed = cloud.a.read("cbr", "/vaults?name=daily")["vaults"][0]
    assert cloud.a.read("cbr", f"/vaults/{listed['id']}")["vault"] == listed
    assert (listed["auto_expand"], listed["resources"][0]["extra_info"]) == (False, {"exclude_volumes": []})
    assert listed["user_id"]
    policy = cloud.a.read("cbr", "/policies")["policies"][0]
    assert cloud.a.read("cbr", f"/policies/{policy['id']}")["policy"] == policy
    for path in (f"/vaults/{listed['id']}", f"/policies/{policy['id']}"):
        assert cloud.b.ask("cbr", path).status_code == 404


def test_protectables(cloud: Cloud, disks: dict[str, str]) -> None:
    """EVS_API D.1.3."""
    vault = cloud.a.read("cbr", "/vaults?name=daily")["vaults"][0]
    taken = cloud.a.read("cbr", f"/protectables/disk/instances/{disks['own']}")["instance"]
    assert (taken["protectable"]["result"], taken["protectable"]["vault"]) == (False, vault)
    free = cloud.a.read("cbr", f"/protectables/disk/instances/{disks['plain']}")["instance"]
    assert free["protectable"]["result"] is True
    assert "vault" not in free["protectable"]
    assert taken in cloud.a.read("cbr", "/protectables/disk/instances")["instances"]
    assert cloud.a.read("cbr", "/protectables/server/instances")["instances"] == []
    assert cloud.a.ask("cbr", "/protectables/share/instances").status_code == 400
    assert cloud.b.ask("cbr", f"/protectables/disk/instances/{disks['own']}").status_code == 404
