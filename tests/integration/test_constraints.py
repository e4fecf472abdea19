# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every constraint, alone, with others, nearly and unchecked: in both modules and in the role."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api import pace as _backoff
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import CONSTRAINTS
from tests.emulator.server import EmulatorServer
from tests.integration.conftest import move_on
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET

ID = "33333333-3333-4333-8333-333333333333"

ALONE: dict[str, dict[str, Any]] = {
    "status": {"status": "error"},
    "attached": {"attached": True},
    "encrypted": {"metadata": {"__system__encrypted": "1"}},
    "snapshots": {"snapshots": [{"name": "nightly"}]},
    "backups": {"backups": [{"name": "weekly"}]},
    "backup_policy": {"vaults": [{"name": "vault-a", "policies": [{"name": "daily"}]}]},
    "system_disk": {"bootable": True},
    "replication_pair": {"pairs": [{"name": "dr"}]},
    "prepaid": {"metadata": {"orderID": "CS1"}},
    "dedicated_storage": {"service_type": "DSS", "dedicated_storage_id": ID, "dedicated_storage_name": "pool-a"},
    "group": {"consistencygroup_id": ID},
}
OF_A_DISK = [constraint for constraint in CONSTRAINTS if constraint != "volume_type"]
"""What the target may use, only the target tells."""
NEARLY: dict[str, dict[str, Any]] = {
    "status": {"status": "available"},
    "attached": {"multiattach": True},
    "encrypted": {"metadata": {"__system__encrypted": "0"}},
    "snapshots": {"snapshot_id": ID},
    "backups": {"metadata": {"restored_from_backup": ID}},
    "backup_policy": {"vaults": [{"name": "vault-idle"}]},
    "system_disk": {"volume_image_metadata": {"image_name": "Standard_Debian_12"}},
    "replication_pair": {"id": "7d3f1c52-9a40-4c1e-b1d7-2f6a90c4e8ff"},
    "prepaid": {"metadata": {"orderID": ""}},
    "dedicated_storage": {"service_type": "EVS"},
    "group": {"consistencygroup_id": None},
}
NAMED = {
    "snapshots": "nightly",
    "backups": "weekly",
    "backup_policy": "daily",
    "replication_pair": "dr",
    "prepaid": "CS1",
}
# The services that have to answer, and a disk that makes them worth asking.
OUTAGES: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "encrypted": [("evs", "/os-vendor-volumes", {"snapshot_id": ID})],
    "snapshots": [("evs", "/snapshots", {})],
    "backups": [("cbr", "/backups", {}), ("vbs", "/backups", {})],
    "backup_policy": [("cbr", "/vaults", {}), ("cbr", "/policies", {"vaults": ["vault-idle"]})],
    "replication_pair": [("sdrs", "", {}), ("evs", "/os-vendor-replications", {})],
    "dedicated_storage": [("evs", "/cloudvolumes", {})],
}
UNCHECKED = [(constraint, *outage) for constraint, outages in OUTAGES.items() for outage in outages]

Module = Callable[..., dict[str, Any]]


@pytest.fixture
def cloud(emulator: EmulatorServer) -> EmulatorServer:
    """With a disk in a pair that differs from another one's ID in its end only."""
    emulator.end_outages()
    emulator.load(
        SOURCE, pairs=[{"volumes": ["7d3f1c52-9a40-4c1e-b1d7-2f6a90c4e8fe", ID]}], vaults=[{"name": "vault-idle"}]
    )
    return emulator


@pytest.fixture
def module(cloud: EmulatorServer) -> Module:
    def run(name: str, tenant: str = SOURCE, /, **options: Any) -> dict[str, Any]:
        entry = cloud.cloud(tenant)
        return run_module(name, auth=entry["auth"], region_name=entry["region_name"], **options)

    return run


def posts(cloud: EmulatorServer) -> int:
    return sum(r.method != "GET" and "tokens" not in r.path for r in cloud.requests())


@pytest.mark.parametrize("constraint", OF_A_DISK)
def test_alone(cloud: EmulatorServer, module: Module, constraint: str) -> None:
    volume_id = cloud.create_volume(SOURCE, "disk", **ALONE[constraint])
    (row,) = module("evs_volume_info")["volumes"]
    assert [blocker["constraint"] for blocker in row["blockers"]] == [constraint]
    assert NAMED.get(constraint, "") in row["blockers"][0]["reason"]
    assert not row["transferable"]
    result = module("evs_transfer", volumes=["disk"])
    assert result["failed"]
    assert row["blockers"][0]["reason"] in result["msg"]
    assert row["blockers"][0]["remedy"] in result["msg"]
    assert posts(cloud) == 0
    assert cloud.verdicts(SOURCE) == {volume_id: [constraint]}
    forced = module("evs_transfer", volumes=["disk"], ignore_constraints=[constraint])
    assert forced["disks"][0]["outcome"] == "failed"
    assert " was answered 400" in forced["disks"][0]["message"]


@pytest.mark.parametrize("constraint", OF_A_DISK)
def test_nearly(cloud: EmulatorServer, module: Module, constraint: str) -> None:
    cloud.create_volume(SOURCE, "disk", **NEARLY[constraint])
    (row,) = module("evs_volume_info")["volumes"]
    assert row["blockers"] == []
    assert row["transferable"]
    offered = module("evs_transfer", volumes=["disk"])
    assert offered["disks"][0]["outcome"] == "offered"
    assert module("evs_transfer_accept", TARGET, transfers=offered["transfers"])["changed"]


def test_a_vault_without_policy_is_a_caution(cloud: EmulatorServer, module: Module) -> None:
    cloud.create_volume(SOURCE, "disk", **NEARLY["backup_policy"])
    (row,) = module("evs_volume_info")["volumes"]
    assert "to which no policy is applied" in row["cautions"][0]


def test_all_together(cloud: EmulatorServer, module: Module) -> None:
    everything: dict[str, Any] = {}
    for traits in ALONE.values():
        metadata = {**everything.get("metadata", {}), **traits.get("metadata", {})}
        everything = {**everything, **traits, "metadata": metadata}
    everything.pop("attached")
    volume_id = cloud.create_volume(SOURCE, "disk", **everything)
    expected = [constraint for constraint in OF_A_DISK if constraint != "attached"]
    (row,) = module("evs_volume_info")["volumes"]
    assert [blocker["constraint"] for blocker in row["blockers"]] == expected
    (blocked,) = module("evs_transfer", volumes=["disk"], blocked="skip")["disks"]
    assert blocked["outcome"] == "blocked"
    assert [reason["constraint"] for reason in blocked["reasons"]] == expected
    assert sorted(cloud.verdicts(SOURCE)[volume_id]) == sorted(expected)
    assert posts(cloud) == 0


@pytest.mark.parametrize("status", [403, 503])
@pytest.mark.parametrize(("constraint", "service", "path", "traits"), UNCHECKED)
def test_unchecked(
    cloud: EmulatorServer,
    module: Module,
    monkeypatch: pytest.MonkeyPatch,
    constraint: str,
    service: str,
    path: str,
    traits: dict[str, Any],
    status: int,
) -> None:
    monkeypatch.setattr(_backoff, "FIRST_DELAY", 0.001)
    cloud.create_volume(SOURCE, "disk", **traits)
    cloud.create_volume(SOURCE, "system", bootable=True)
    cloud.set_outage(service, status, path=path)
    rows = {row["name"]: row for row in module("evs_volume_info")["volumes"]}
    assert [item["constraint"] for item in rows["disk"]["unchecked"]] == [constraint]
    assert not rows["disk"]["transferable"]
    assert [blocker["constraint"] for blocker in rows["system"]["blockers"]] == ["system_disk"], "the rest is checked"
    cloud.forget_requests()
    result = module("evs_transfer", volumes=["disk"])
    assert result["failed"]
    assert [reason["constraint"] for reason in result["disks"][0]["reasons"]] == [constraint]
    assert result["disks"][0]["outcome"] == "blocked"
    assert f"The constraint {constraint} could not be checked" in result["msg"]
    assert posts(cloud) == 0
    ignored = module("evs_transfer", volumes=["disk"], ignore_constraints=[constraint], check=True)
    assert ignored["disks"][0]["reasons"] == []
    allowed = module("evs_transfer", volumes=["disk"], unchecked="allow")
    assert (allowed["changed"], allowed["disks"][0]["outcome"]) == (True, "offered")
    assert [reason["constraint"] for reason in allowed["disks"][0]["reasons"]] == [constraint]


@pytest.mark.parametrize("service", ["cbr", "vbs", "sdrs"])
def test_a_service_that_the_catalogue_does_not_list_has_nothing_to_say(
    cloud: EmulatorServer, module: Module, service: str
) -> None:
    cloud.configure(catalogue=[name for name in ("evs", "cbr", "vbs", "sdrs") if name != service])
    try:
        cloud.create_volume(SOURCE, "disk")
        (row,) = module("evs_volume_info")["volumes"]
        assert (row["transferable"], row["unchecked"]) == (True, [])
        assert not [request for request in cloud.requests() if f"/{service}" in request.path]
    finally:
        cloud.configure(catalogue=["evs", "cbr", "vbs", "sdrs"])


def test_backups_are_found_by_whichever_service_still_answers(cloud: EmulatorServer, module: Module) -> None:
    cloud.create_volume(SOURCE, "part", server_backups=1)
    cloud.create_volume(SOURCE, "other")
    for service in ("vbs", "cbr"):
        cloud.end_outages()
        cloud.set_outage(service, 403, path="/backups")
        for volumes in (["part"], ["part", "other"]):
            rows = {row["name"]: row for row in module("evs_volume_info", volumes=volumes)["volumes"]}
            assert [blocker["constraint"] for blocker in rows["part"]["blockers"]] == ["backups"], service
            assert rows["part"]["unchecked"] == [], "a constraint that is violated is not open"


def test_one_blocked_disk_of_a_hundred(cloud: EmulatorServer, module: Module) -> None:
    cloud.create_volumes(SOURCE, [{"name": f"disk-{number:02}"} for number in range(99)])
    cloud.create_volume(SOURCE, "policed", **ALONE["backup_policy"])
    names = [*(f"disk-{number:02}" for number in range(99)), "policed"]
    cloud.forget_requests()
    result = module("evs_transfer", volumes=names)
    assert "Nothing was changed. Disk policed (" in result["msg"]
    assert [row["outcome"] for row in result["disks"]].count("offered") == 99
    assert result["rehearsed"]
    assert posts(cloud) == 0
    result = module("evs_transfer", volumes=names, blocked="skip")
    assert len(result["transfers"]) == 99
    blocked = [row for row in result["disks"] if row["outcome"] == "blocked"]
    assert [(row["name"], row["reasons"][0]["constraint"]) for row in blocked] == [("policed", "backup_policy")]


@pytest.mark.parametrize(
    ("what", "fields"), [("snapshots", {}), ("backups", {}), ("pairs", {}), ("vaults", {"policies": [{"name": "new"}]})]
)
def test_what_comes_up_between_offer_and_accept_is_told(
    cloud: EmulatorServer, module: Module, what: str, fields: dict[str, Any]
) -> None:
    volume_id = cloud.create_volume(SOURCE, "disk")
    offered = module("evs_transfer", volumes=["disk"])["transfers"]
    about: dict[str, dict[str, Any]] = {
        "snapshots": {"volume_id": volume_id},
        "backups": {"resource_id": volume_id},
        "pairs": {"volumes": [volume_id, ID]},
        "vaults": {"resources": [volume_id]},
    }
    cloud.load(SOURCE, **{what: [{**about[what], **fields}]})
    result = module("evs_transfer_accept", TARGET, transfers=offered)
    assert result["disks"][0]["outcome"] == "failed"
    assert " was answered 400 EVS.5400" in result["disks"][0]["message"]
    assert "let the source look at the disk's status and constraints" in result["msg"]
    assert cloud.volumes(SOURCE)[0]["status"] == "awaiting-transfer"


def test_the_role_leaves_what_is_blocked_and_moves_what_nearly_is(cloud: EmulatorServer, tmp_path: Path) -> None:
    for constraint in OF_A_DISK:
        cloud.create_volume(SOURCE, f"blocked-{constraint}", **ALONE[constraint])
        cloud.create_volume(SOURCE, f"nearly-{constraint}", **NEARLY[constraint])
    names = [f"{kind}-{constraint}" for kind in ("blocked", "nearly") for constraint in OF_A_DISK]
    move = move_on(cloud, tmp_path)
    cloud.forget_requests()
    stopped = move(names)
    assert stopped.exit_status != 0
    assert posts(cloud) == 0
    moved = move(names, tenant_transfer_blocked="skip")
    assert moved.exit_status == 0, moved.output
    for run in (stopped, moved):
        for constraint in OF_A_DISK:
            assert f"blocked-{constraint} stays ({constraint}): it" in run.words
    assert {disk["name"] for disk in cloud.volumes(TARGET)} == {f"nearly-{constraint}" for constraint in OF_A_DISK}
    assert "11 moved, 0 already there, 11 blocked" in moved.words


def test_the_role_does_not_take_unknown_for_a_pass(cloud: EmulatorServer, tmp_path: Path) -> None:
    cloud.create_volume(SOURCE, "disk", snapshot_id=ID, vaults=["vault-idle"])
    for service, path in (
        ("evs", "/snapshots"),
        ("evs", "/cloudvolumes"),
        ("evs", "/os-vendor-volumes"),
        ("cbr", ""),
        ("vbs", ""),
        ("sdrs", ""),
    ):
        cloud.set_outage(service, 403, path=path)
    move = move_on(cloud, tmp_path)
    cloud.forget_requests()
    stopped = move(["disk"])
    assert stopped.exit_status != 0
    assert posts(cloud) == 0
    for constraint in OUTAGES:
        assert f"The constraint {constraint} could not be checked: GET http" in stopped.words
    assert move(["disk"], tenant_transfer_unchecked="allow").exit_status == 0
    assert cloud.volumes(TARGET)[0]["name"] == "disk"


# A list in the style of Cinder that fills its last page announces one more.
COSTS = {1: 8, 5: 8, 100: 8, 1000: 13, 5000: 37}


@pytest.mark.parametrize("disks", COSTS)
def test_the_preflight_costs_requests_a_project_and_not_a_disk(
    cloud: EmulatorServer, module: Module, disks: int
) -> None:
    """Each disk has a snapshot, a backup and a pair, so that no list is shorter than that of the disks."""
    protected = {"snapshots": 1, "backups": 1, "pairs": 1}
    cloud.create_volumes(SOURCE, [{"name": f"disk-{number}", **protected} for number in range(disks)])
    cloud.forget_requests()
    rows = module("evs_volume_info", volumes=[f"disk-{number}" for number in range(disks)])["volumes"]
    found = {tuple(blocker["constraint"] for blocker in row["blockers"]) for row in rows}
    asked = [request.path.split("?")[0].rsplit("/", 2)[-2:] for request in cloud.requests() if request.method == "GET"]
    assert len(rows) == disks
    assert found == {("snapshots", "backups", "replication_pair")}
    print(f"{disks} disks: {len(asked)} requests")
    assert len(asked) == COSTS[disks], asked
