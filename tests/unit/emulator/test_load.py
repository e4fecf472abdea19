# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling the cloud in bulk, the demo's data, and large clouds."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from tests.emulator.constraints import violated
from tests.emulator.load import load
from tests.emulator.server import EmulatorServer
from tests.emulator.state import Config, State
from tests.unit.emulator.conftest import Cloud

DEMO_VERDICTS = {
    "tmp01-in-error": ["status"],
    "app01-scratch": ["attached"],
    "hr-records": ["encrypted"],
    "db01-archive-encrypted": ["encrypted"],
    "app01-system": ["system_disk", "attached"],
    "old-app-system": ["system_disk"],
    "wiki01-with-snapshots": ["snapshots"],
    "wiki02-with-snapshot-of-backup": ["snapshots"],
    "mail01-with-cbr-backup": ["snapshots", "backups"],
    "mail02-with-vbs-backup": ["backups"],
    "erp01-in-server-backup": ["backups"],
    "crm01-with-policy": ["backup_policy"],
    "crm02-with-policy-off": ["backup_policy"],
    "fs01-with-vbs-policy": ["backup_policy"],
    "erp02-replicated": ["replication_pair"],
    "erp02-replica": ["replication_pair"],
    "lic01-prepaid": ["prepaid"],
    "ora01-dedicated": ["dedicated_storage"],
}


def test_the_demo_has_a_disk_for_every_constraint() -> None:
    with EmulatorServer(data="demo") as server:
        disks = {v["id"]: v["name"] for v in server.volumes("tenant-a")}
        verdicts = {disks[disk]: found for disk, found in server.verdicts("tenant-a").items()}
        assert {name: found for name, found in verdicts.items() if found} == DEMO_VERDICTS
        passed = [name for name, found in verdicts.items() if not found]
        assert len(passed) == 12
        assert {"app01-data", "app02-data", "db01-data", "db02-data"} <= set(passed)
        client = Cloud(server).a
        for disk, name in disks.items():
            body = {"transfer": {"volume_id": disk, "name": "t"}}
            answer = client.call("POST", "/os-volume-transfer", body)
            assert answer.status_code == (400 if name in DEMO_VERDICTS else 202), name


def test_things_refer_to_each_other_by_name_or_id(server: EmulatorServer) -> None:
    server.add("policies", "tenant-a", name="old")
    made = server.load(
        "tenant-a",
        volumes=[{"name": "a", "vaults": ["v"]}, {"name": "b"}, {"name": "c"}],
        vaults=[{"name": "v", "resources": ["b"], "policies": ["old"]}],
        policies=[{"name": "p", "vaults": ["v"]}],
        snapshots=[{"volume_id": "c"}],
    )
    assert {kind: len(ids) for kind, ids in made.items()} == {"volumes": 3, "vaults": 1, "policies": 1, "snapshots": 1}
    (vault,) = server.records("vaults")
    assert {r["id"] for r in vault["resources"]} == set(made["volumes"][:2])
    assert [p["vaults"] for p in server.records("policies")] == [made["vaults"], made["vaults"]]
    verdicts = server.verdicts("tenant-a")
    assert [verdicts[disk] for disk in made["volumes"]] == [["backup_policy"], ["backup_policy"], ["snapshots"]]


def test_records_can_be_changed_and_removed(server: EmulatorServer) -> None:
    disk = server.create_volume("tenant-a", "d")
    backup = server.add("backups", "tenant-a", children=["d"])
    pair = server.add("pairs", "tenant-a", volumes=[disk, "5b0b1a6e-5c6a-4b8f-9a52-7f3d1b1d2a10"])
    assert server.verdicts("tenant-a")[disk] == ["backups", "replication_pair"]
    server.change("pairs", pair, volumes=[])
    assert server.verdicts("tenant-a")[disk] == ["backups"]
    server.remove("backups", backup)
    assert server.records("backups") == []
    assert server.verdicts("tenant-a")[disk] == []


def test_a_deleted_disk_leaves_its_vault(server: EmulatorServer) -> None:
    disk = server.create_volume("tenant-a", "d", vaults=[{"name": "v"}])
    server.delete_volume(disk)
    assert server.records("vaults")[0]["resources"] == []


def test_mistakes_are_told(server: EmulatorServer) -> None:
    with pytest.raises(ValueError, match="nothing is called disks"):
        server.load("tenant-a", disks=[])
    with pytest.raises(ValueError, match="nothing in volumes is called x"):
        server.add("pairs", "tenant-a", volumes=["x"])
    with pytest.raises(ValueError, match="no volume 5b0b1a6e"):
        server.add("snapshots", "tenant-a", volume_id="5b0b1a6e-5c6a-4b8f-9a52-7f3d1b1d2a10")
    with pytest.raises(ValueError, match="no field colour"):
        server.add("vaults", "tenant-a", colour="red")
    with pytest.raises(ValueError, match="no kind of records disks"):
        server.records("disks")
    with pytest.raises(ValueError, match="no x in pairs"):
        server.change("pairs", "x", status="error")


def test_reset_forgets_what_protects(server: EmulatorServer) -> None:
    server.create_volume("tenant-a", "d", snapshots=1, backups=1, vaults=[{"policies": [{}]}], pairs=1, vbs_policy="p")
    server.reset()
    kinds = ("snapshots", "backups", "vaults", "policies", "vbs_policies", "pairs")
    assert [server.records(kind) for kind in kinds] == [[]] * 6


PROTECTED = ["snapshots", "backups", "backup_policy", "replication_pair"]


def protected(disks: int) -> dict[str, list[dict[str, Any]]]:
    """What to load for so many disks that are protected in every way."""
    common = {"snapshots": 1, "backups": 1, "server_backups": 1, "pairs": 1, "vaults": ["v"]}
    volumes = [{"name": f"d{n}", **common} for n in range(disks)]
    return {"vaults": [{"name": "v", "policies": [{}]}], "volumes": volumes}


def steps_for(disks: int) -> int:
    """How many lines of Python it takes to load so many and to judge them all."""
    steps = 0

    def step(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps
        steps += 1
        return step

    state = State(Config(), 1)
    before = sys.gettrace()
    sys.settrace(step)
    try:
        load(state, "tenant-a", protected(disks))
        found = [list(violated(state, volume)) for volume in state.volumes.values()]
    finally:
        sys.settrace(before)
    assert found == [PROTECTED] * disks
    return steps


def test_twice_as_many_disks_are_twice_the_work() -> None:
    assert steps_for(200) < 2.2 * steps_for(100)


def test_ten_thousand_protected_disks(cloud: Cloud) -> None:
    disks = cloud.server.load("tenant-a", **protected(10_000))["volumes"]
    assert cloud.server.verdicts("tenant-a") == dict.fromkeys(disks, PROTECTED)
    for service, path, kind in (
        ("evs", "/snapshots/detail", "snapshots"),
        ("vbs", "/backups/detail", "backups"),
        ("cbr", "/backups", "backups"),
        ("sdrs", "/replications", "replications"),
    ):
        pages = [cloud.a.read(service, f"{path}?limit=1000&offset={n * 1000}") for n in range(10)]
        assert len({row["id"] for page in pages for row in page[kind]}) == 10_000
    for disk in disks[:200]:
        assert len(cloud.a.read("evs", f"/snapshots/detail?volume_id={disk}")["snapshots"]) == 1
    (vault,) = cloud.a.read("cbr", f"/vaults?resource_ids={disks[5]}")["vaults"]
    assert len(vault["resources"]) == 10_000
