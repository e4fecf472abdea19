# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that EVS does not let go, and near misses that it does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import Cloud, offer

VDA = {"server_id": "b73023b3-b689-568b-a991-40ea5d928aab", "device": "/dev/vda"}
VDB = {**VDA, "device": "/dev/vdb"}
STATUS = "Invalid volume: status must be available"


def refused(cloud: Cloud, **traits: Any) -> dict[str, Any]:
    """Offer a disk that must be refused, and return the body of the refusal."""
    disk = cloud.server.create_volume("tenant-a", "data", **traits)
    status = cloud.a.volume(disk).json()["volume"]["status"]
    answer = cloud.a.call("POST", "/os-volume-transfer", offer(disk))
    assert answer.status_code == 400
    assert cloud.a.volume(disk).json()["volume"]["status"] == status
    assert cloud.server.transfers() == []
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("status", ["creating", "in-use", "error", "backing-up", "extending", "deleting"])
def test_status(cloud: Cloud, status: str) -> None:
    assert refused(cloud, status=status) == {"badRequest": {"code": 400, "message": STATUS}}


def test_a_second_offer(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "data")
    cloud.a.offer(disk)
    answer = cloud.a.call("POST", "/os-volume-transfer", offer(disk))
    assert answer.json() == {"badRequest": {"code": 400, "message": STATUS}}


def test_encrypted_as_cinder_knows_it(cloud: Cloud) -> None:
    text = "Invalid volume: transferring encrypted volume is not supported"
    assert refused(cloud, encrypted=True) == {"badRequest": {"code": 400, "message": text}}


@pytest.mark.parametrize(
    ("traits", "reason"),
    [
        ({"metadata": {"__system__encrypted": "1"}}, "is encrypted"),
        ({"metadata": {"__system__cmkid": "37486d06-d76c-5945-8dad-de66728565db"}}, "encrypted"),
        ({"vendor_encrypted": True}, "is encrypted"),
        ({"bootable": True}, "is a system disk"),
        ({"attachments": [VDA]}, "is a system disk"),
        ({"attachments": [VDB]}, "is attached"),
        ({"snapshots": 1}, "has snapshots"),
        *(({"snapshots": [{"status": status}]}, "has snapshots") for status in ("error", "deleting")),
        ({"snapshots": [{"made_by": "csbs"}]}, "has snapshots"),
        *(({"backups": [{"made_by": maker}]}, "has backups") for maker in ("cbr", "vbs", "csbs")),
        ({"backups": [{"status": "deleting"}]}, "has backups"),
        ({"server_backups": 1}, "has backups"),
        ({"server_backups": [{"made_by": "csbs"}]}, "has backups"),
        ({"vaults": [{"policies": [{}]}]}, "has a backup policy"),
        ({"vaults": [{"policies": [{"enabled": False}]}]}, "has a backup policy"),
        ({"vaults": [{}, {"policies": [{"operation_type": "replication"}]}]}, "has a backup policy"),
        ({"vbs_policy": "plan"}, "has a backup policy"),
        ({"metadata": {"policy": "4a8b2b0e"}}, "has a backup policy"),
        ({"pairs": 1}, "replication pair"),
        ({"pairs": [{"status": "invalid", "separator": ", "}]}, "replication pair"),
        ({"metadata": {"orderID": "CS1"}}, "is billed"),
        ({"service_type": "DSS"}, "dedicated storage"),
        ({"service_type": "DESS"}, "dedicated storage"),
        ({"dedicated_storage_id": "pool"}, "dedicated storage"),
    ],
)
def test_what_only_evs_refuses(cloud: Cloud, traits: dict[str, Any], reason: str) -> None:
    error = refused(cloud, **traits)["error"]
    assert error["code"] == "EVS.5400"
    assert reason in error["message"]


@pytest.mark.parametrize(
    "traits",
    [
        {"snapshot_id": "3e574c16-4461-45c5-ad40-641be4b8a0e7"},
        {"volume_image_metadata": {"image_name": "debian"}},
        {"bootable": False},
        {"metadata": {"__system__encrypted": "0"}},
        {"multiattach": True},
        {"vaults": [{}]},
        {"vaults": [{"resources": [{"id": "other-disk", "type": "OS::Nova::Server"}], "policies": [{}]}]},
        {"metadata": {"orderID": "", "policy": "", "__system__cmkid": ""}},
        {"service_type": "EVS", "dedicated_storage_name": "pool"},
        {"snapshots": []},
        {
            "pairs": [{"volumes": ["7d3f1c52-9a40-4c1e-b1d7-2f6a90c4e811"]}],
            "id": "7d3f1c52-9a40-4c1e-b1d7-2f6a90c4e813",
        },
        {"backups": [{"image_type": "replication"}]},
    ],
)
def test_near_misses(cloud: Cloud, traits: dict[str, Any]) -> None:
    disk = cloud.server.create_volume("tenant-a", "data", **traits)
    assert cloud.server.verdicts("tenant-a") == {disk: []}
    transfer = cloud.a.offer(disk)
    assert cloud.b.accept(transfer).status_code == 202


SINCE: list[tuple[str, dict[str, Any]]] = [
    ("snapshots", {"volume_id": "data"}),
    ("backups", {"resource_id": "data"}),
    ("backups", {"resource_id": "data", "made_by": "vbs"}),
    ("backups", {"children": ["data"]}),
    ("vaults", {"resources": ["data"], "policies": [{}]}),
    ("vbs_policies", {"volumes": ["data"]}),
    ("pairs", {"volumes": ["data"]}),
]


@pytest.mark.parametrize(("kind", "record"), SINCE)
def test_what_came_up_since_the_offer_is_refused_at_accept(cloud: Cloud, kind: str, record: dict[str, Any]) -> None:
    disk = cloud.server.create_volume("tenant-a", "data")
    transfer = cloud.a.offer(disk)
    made = cloud.server.add(kind, "tenant-a", **record)
    answer = cloud.b.accept(transfer)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "EVS.5400")
    assert [t["id"] for t in cloud.server.transfers()] == [transfer["id"]]
    assert cloud.a.volume(disk).json()["volume"]["status"] == "awaiting-transfer"
    cloud.server.remove(kind, made)
    assert cloud.b.accept(transfer).status_code == 202


@pytest.mark.parametrize(
    "traits",
    [
        {"metadata": {"policy": "p"}},
        {"metadata": {"orderID": "o"}},
        {"bootable": True},
        {"dedicated_storage_id": "pool"},
        {"encrypted": True},
    ],
)
def test_what_changed_since_the_offer_is_refused_at_accept(cloud: Cloud, traits: dict[str, Any]) -> None:
    disk = cloud.server.create_volume("tenant-a", "data")
    transfer = cloud.a.offer(disk)
    cloud.server.update_volume(disk, **traits)
    assert cloud.b.accept(transfer).json()["error"]["code"] == "EVS.5400"
    assert cloud.b.accept(transfer, "wrong").json()["badRequest"]["message"].startswith("Invalid auth key")
    assert len(cloud.server.transfers()) == 1


def test_a_policy_can_come_to_a_vault_since_the_offer(cloud: Cloud) -> None:
    transfer = cloud.a.offer(cloud.server.create_volume("tenant-a", "data", vaults=[{"name": "v"}]))
    cloud.server.add("policies", "tenant-a", vaults=["v"], enabled=False)
    assert cloud.b.accept(transfer).status_code == 400


@pytest.mark.parametrize(
    ("missing", "traits"),
    [
        ("cbr", {"backups": 1, "vaults": [{"policies": [{}]}]}),
        ("vbs", {"backups": [{"made_by": "vbs"}]}),
        ("sdrs", {"pairs": 1}),
    ],
)
def test_a_service_that_the_region_lacks_holds_no_disk(cloud: Cloud, missing: str, traits: dict[str, Any]) -> None:
    disk = cloud.server.create_volume("tenant-a", "data", **traits)
    assert cloud.server.verdicts("tenant-a")[disk]
    services = {"evs", "cbr", "vbs", "sdrs"} - {missing}
    cloud.server.configure(catalogue=sorted(services))
    assert cloud.server.verdicts("tenant-a") == {disk: []}
    assert cloud.a.read("evs", "/backups/detail") == {"backups": []}
    cloud.server.configure(volumev3_only=True)
    cloud.a.offer(disk)


def test_verdicts_name_every_constraint(cloud: Cloud) -> None:
    server = cloud.server
    disk = server.create_volume(
        "tenant-a",
        "data",
        status="error",
        bootable=True,
        encrypted=True,
        attachments=[VDB],
        metadata={"policy": "p", "orderID": "o"},
        service_type="DSS",
        **{"snapshots": 1, "backups": 1, "pairs": 1},
    )
    other = server.create_volume("tenant-a", "busy", attached=True)
    offered = server.create_volume("tenant-a", "offered")
    cloud.a.offer(offered)
    verdicts = server.verdicts("tenant-a")
    assert sorted(verdicts[disk]) == [
        *("attached", "backup_policy", "backups", "dedicated_storage", "encrypted", "prepaid"),
        *("replication_pair", "snapshots", "status", "system_disk"),
    ]
    assert (verdicts[other], verdicts[offered]) == (["attached"], ["status"])
    assert server.verdicts("tenant-b") == {}


def test_cinders_calls_do_not_tell_of_dedicated_storage(cloud: Cloud) -> None:
    pool: dict[str, Any] = {"service_type": "DSS", "dedicated_storage_id": "pool", "dedicated_storage_name": "n"}
    disk = cloud.server.create_volume("tenant-a", "data", tags={"k": "v"}, **pool)
    for version in ("v2", "v3"):
        for path in ("/volumes/detail", f"/volumes/{disk}"):
            assert not {"tags", *pool} & set(str(cloud.a.read("evs", path, version)).split("'"))
    for path in ("/cloudvolumes/detail", "/os-vendor-volumes/detail", f"/os-vendor-volumes/{disk}"):
        assert {"tags", *pool} <= set(str(cloud.a.read("evs", path)).split("'"))


def test_common_traits_of_the_handle(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "data", attached=True, encrypted=True)
    shown = cloud.a.volume(disk).json()["volume"]
    assert (shown["status"], shown["encrypted"]) == ("in-use", True)
    assert shown["attachments"][0]["device"] == "/dev/vdb"
    assert shown["metadata"]["__system__encrypted"] == "1"
