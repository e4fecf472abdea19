# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every constraint: what it blocks, what it lets pass, and what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.protection import (
    Backup,
    Pair,
    Placement,
    Policy,
    Snapshot,
    Vault,
)
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Transfer
from ansible_collections.otc.evs.plugins.module_utils._plan.along import Along
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import (
    CONSTRAINTS,
    Facts,
    UsableTypes,
    blockers,
    cautions,
)
from tests.support.bodies import transfer, volume
from tests.support.rows import THERE

SYSTEM = {"server_id": "s-1", "device": "/dev/vda"}
DATA = {"server_id": "s-1", "device": "/dev/vdb"}
IMAGE = {"image_name": "Standard_Debian_12"}

OWN = Snapshot("n-1", "nightly", "v", "available", of_a_backup=False)
KEPT = Snapshot("n-2", "autobk_snapshot_vbs_7", "v", "available", of_a_backup=True)
BACKUP = Backup("b-1", "weekly", "v")
VAULT = Vault("t-1", "vault-a", locked=False, binds_by_itself=False, volume_ids=frozenset({"v"}))
LOCKED = Vault("t-2", "vault-b", locked=True, binds_by_itself=True, volume_ids=frozenset({"v"}))
DAILY = Policy("p-1", "daily", enabled=True, vault_ids=frozenset({"t-1", "t-2"}))
PAUSED = Policy("p-2", "paused", enabled=False, vault_ids=frozenset({"t-1"}))
PAIR = Pair("r-1", "dr", "protected", frozenset({"v", "w"}))
POOL = Placement("v", "DSS", "d-1", "pool-a", {})
BUSY = Snapshot("n-3", "busy", "v", "creating", of_a_backup=False)
ALONG = frozenset({"snapshots", "encrypted"})
NEW, OLD = Along(ALONG, (3, 71)), Along(ALONG, (3, 50))
KEY = Along(frozenset({"encrypted"}), (3, 70))

# Fields of the disk, or facts beside it -> the constraint, and words of the reason and of the remedy.
BLOCKED: list[tuple[str, dict[str, Any], str, str]] = [
    ("status", {"status": "creating"}, "its status is creating", "Wait"),
    ("status", {"status": "error"}, "its status is error", "repaired"),
    ("status", {"status": "backing-up"}, "its status is backing-up", "Wait"),
    ("status", {"status": "awaiting-transfer"}, "there is no transfer of it", "administrator"),
    ("attached", {"status": "in-use", "attachments": [DATA]}, "server s-1 as /dev/vdb", "detach"),
    ("attached", {"status": "in-use"}, "attached to a server", "detach"),
    ("attached", {"status": "in-use", "attachments": [{}]}, "attached to server unknown as unknown device", "detach"),
    ("attached", {"attachments": [DATA]}, "attached to server s-1 as /dev/vdb", "detach"),
    ("encrypted", {"encrypted": True}, "it is encrypted", "without encryption"),
    ("encrypted", {"metadata": {"__system__encrypted": "1"}}, "it is encrypted", "copy"),
    ("encrypted", {"metadata": {"__system__cmkid": "k-1"}}, "with the key k-1", "copy"),
    # P6: metadata may be of any type.
    ("encrypted", {"metadata": {"__system__encrypted": True}}, "it is encrypted", "copy"),
    ("encrypted", {"metadata": {"__system__encrypted": 1}}, "it is encrypted", "copy"),
    ("encrypted", {"vendor_encrypted": True}, "it is encrypted", "copy"),
    ("snapshots", {"snapshots": [OWN]}, "it has 1 snapshot: nightly (n-1)", "Delete nightly (n-1)"),
    ("snapshots", {"snapshots": [KEPT]}, "1 snapshot: autobk_snapshot_vbs_7", "goes only with it"),
    ("snapshots", {"snapshots": [OWN, KEPT]}, "it has 2 snapshots", "goes only with it"),
    ("snapshots", {"snapshots": [OWN] * 12}, "12 snapshots: nightly (n-1), ", "nightly (n-1) and 2 more; make"),
    ("backups", {"backups": [BACKUP]}, "it has 1 backup: weekly (b-1)", "Delete the backups"),
    ("backups", {"backups": [BACKUP], "vaults": [LOCKED]}, "weekly (b-1)", "vault-b (t-2) is locked"),
    ("backup_policy", {"vaults": [VAULT], "policies": {"t-1": [DAILY]}}, "vault-a (t-1)", "deletes the backups"),
    (
        "backup_policy",
        {"vaults": [VAULT], "policies": {"t-1": [PAUSED]}},
        "paused (p-2), disabled",
        "Remove the policy",
    ),
    ("backup_policy", {"vaults": [LOCKED], "policies": {"t-2": [DAILY]}}, "daily (p-1)", "is locked"),
    ("backup_policy", {"vaults": [LOCKED], "policies": {"t-2": [DAILY]}}, "daily (p-1)", "by their tags"),
    ("backup_policy", {"metadata": {"policy": "p-9"}}, "backup policy p-9 of VBS", "Volume Backup Service"),
    ("system_disk", {"bootable": "true"}, "it is bootable", "ignore_constraints"),
    ("system_disk", {"bootable": True}, "it is bootable", "--non-bootable"),
    ("replication_pair", {"pairs": [PAIR]}, "dr (r-1), protected", "both of its disks"),
    ("prepaid", {"metadata": {"orderID": "o-1"}}, "order o-1", "pay per use"),
    ("dedicated_storage", {"placement": POOL}, "DSS, pool pool-a", "Copy"),
    ("dedicated_storage", {"placement": replace(POOL, service_type="DESS", pool_id="")}, "DESS", "Copy"),
    ("dedicated_storage", {"placement": replace(POOL, service_type="EVS")}, "pool pool-a", "Copy"),
    ("group", {"group_id": "g-1"}, "in the volume group g-1", "cinder group-update --remove-volumes"),
    ("group", {"consistencygroup_id": "c-1"}, "in the volume group c-1", "Remove it from"),
    ("volume_type", {"usable": UsableTypes(THERE, frozenset({"SAS"}))}, "its type is SSD, which is none", "access"),
    ("volume_type", {"usable": UsableTypes(THERE, frozenset())}, THERE.label, f"--project {THERE.id} SSD"),
    ("snapshots", {"snapshots": [OWN], "along": OLD}, "nightly (n-1), which cannot be taken along: that ta", "Delete"),
    ("snapshots", {"snapshots": [OWN], "along": Along(ALONG)}, "cannot be taken along: that takes", "Delete"),
    ("snapshots", {"snapshots": [OWN], "along": KEY}, "it has 1 snapshot: nightly (n-1)", "Delete"),
    ("snapshots", {"snapshots": [OWN, BUSY], "along": NEW}, "not all of its snapshots can be taken along: b", "Wait"),
    ("encrypted", {"encrypted": True, "along": OLD}, "encrypted, which cannot be taken along: that takes", "copy"),
    ("encrypted", {"encrypted": True, "along": replace(NEW, asked=frozenset({"snapshots"}))}, "encrypted", "copy"),
]

PASSES: list[dict[str, Any]] = [
    {},
    {"bootable": "false"},
    {"bootable": False},
    {"snapshot_id": "the origin, not a snapshot it has"},
    {"volume_image_metadata": IMAGE},
    {"metadata": {"__system__encrypted": "0"}},
    {"metadata": {"__system__cmkid": ""}},
    {"metadata": {"policy": "", "orderID": ""}},
    {"metadata": {"__system__encrypted": False, "__system__cmkid": None, "policy": False, "orderID": False}},
    {"metadata": {"__system__encrypted": 0, "full_clone": True, "list": [1], "map": {"a": 1}}},
    {"multiattach": True},
    {"encrypted": None, "metadata": None, "attachments": None},
    {"vaults": [VAULT]},
    {"vaults": [VAULT], "policies": {"t-2": [DAILY]}},
    {"placement": Placement("v", "EVS", "", "", {})},
    {"group_id": None, "consistencygroup_id": ""},
    {"usable": UsableTypes(THERE, frozenset({"SSD"}))},
    {"usable": UsableTypes(THERE, frozenset()), "volume_type": None},
    {"snapshots": [OWN], "along": NEW},
    {"encrypted": True, "along": NEW},
    {"encrypted": True, "along": KEY},
    {"metadata": {"__system__cmkid": "k"}, "snapshots": [OWN, KEPT], "along": NEW},
]


def facts(transfer: Transfer | None = None, **fields: Any) -> Facts:
    """Facts of a disk; keywords that no fact has are fields of the disk."""
    beside = {name: fields.pop(name) for name in list(fields) if name in Facts.__dataclass_fields__}
    return Facts(volume(**fields), transfer, **beside)


@pytest.mark.parametrize(("constraint", "fields", "reason", "remedy"), BLOCKED)
def test_blocks_and_says_why(constraint: str, fields: dict[str, Any], reason: str, remedy: str) -> None:
    found = blockers(facts(**fields))
    assert [blocker.constraint for blocker in found] == [constraint]
    assert reason in found[0].reason
    assert remedy in found[0].remedy
    assert found[0].remedy.endswith(".")
    assert found[0].evidence


@pytest.mark.parametrize("fields", PASSES)
def test_lets_a_near_miss_pass(fields: dict[str, Any]) -> None:
    assert blockers(facts(**fields)) == []


def test_a_vault_without_policy_is_told_and_does_not_block() -> None:
    assert "vault-a (t-1), to which no policy is applied" in cautions(facts(vaults=[VAULT]))[0]
    assert cautions(facts(vaults=[VAULT], policies={"t-1": [DAILY]})) == []


def test_tells_all_reasons_at_once() -> None:
    disk = volume(status="in-use", attachments=[SYSTEM], bootable="true", metadata={"__system__encrypted": "1"})
    assert [blocker.constraint for blocker in blockers(Facts(disk))] == ["attached", "encrypted", "system_disk"]


@pytest.mark.parametrize(
    ("constraint", "fields", "evidence"),
    [
        ("status", {"status": "error"}, {"status": "error"}),
        ("attached", {"status": "in-use"}, {"status": "in-use", "attachments": []}),
        ("attached", {"attachments": [DATA]}, {"status": "available", "attachments": [DATA]}),
        ("encrypted", {"metadata": {"__system__encrypted": "0", "__system__cmkid": "k"}}, {"__system__cmkid": "k"}),
        ("encrypted", {"encrypted": True}, {"encrypted": "true"}),
        ("encrypted", {"vendor_encrypted": True}, {"encrypted": "true"}),
        ("system_disk", {"bootable": True}, {"bootable": True, "devices": []}),
        (
            "replication_pair",
            {"pairs": [PAIR]},
            {"pairs": [{"id": "r-1", "status": "protected", "volume_ids": ["v", "w"]}]},
        ),
        ("prepaid", {"metadata": {"orderID": "o-1"}}, {"orderID": "o-1"}),
        ("group", {"group_id": "g-1"}, {"group_id": "g-1"}),
        ("volume_type", {"usable": UsableTypes(THERE, frozenset())}, {"volume_type": "SSD"}),
        ("dedicated_storage", {"placement": POOL}, {"service_type": "DSS", "dedicated_storage_id": "d-1"}),
        (
            "dedicated_storage",
            {"placement": replace(POOL, pool_id="")},
            {"service_type": "DSS", "dedicated_storage_id": None},
        ),
        (
            "backup_policy",
            {"vaults": [VAULT], "policies": {"t-1": [DAILY, PAUSED]}, "metadata": {"policy": "p-9"}},
            {"vaults": [{"id": "t-1", "name": "vault-a", "policies": ["p-1", "p-2"]}], "policy": "p-9"},
        ),
    ],
)
def test_shows_the_fields_that_say_so(constraint: str, fields: dict[str, Any], evidence: dict[str, Any]) -> None:
    (blocker,) = blockers(facts(**fields))
    assert (blocker.constraint, blocker.as_result()["evidence"]) == (constraint, evidence)


def test_what_is_not_so_is_not_said() -> None:
    said = {name: blockers(facts(**fields), ["attached"])[0] for name, fields in EXACT.items()}
    assert said["own"].remedy == "Delete nightly (n-1); make a disk of it before, if it is still needed."
    assert said["kept"].remedy.startswith("autobk_snapshot_vbs_7 (n-2) was made by a backup")
    assert "is locked" not in said["backup"].remedy
    assert "is locked" not in said["policy"].remedy
    assert "by their tags" not in said["policy"].remedy
    assert said["policy"].reason == "it is in vault vault-a (t-1), to which the policy daily (p-1) is applied"
    assert said["system"].reason == "it is the system disk of a server, /dev/vda"
    assert said["shared"].reason == "it is on dedicated storage (EVS, pool d-1)"
    assert said["nameless"].reason == "it is on dedicated storage (DSS)"
    assert said["unknown since"].reason.endswith("since an unknown time")


EXACT: dict[str, dict[str, Any]] = {
    "own": {"snapshots": [OWN]},
    "kept": {"snapshots": [KEPT]},
    "backup": {"backups": [BACKUP], "vaults": [VAULT]},
    "policy": {"vaults": [VAULT], "policies": {"t-1": [DAILY]}},
    "system": {"attachments": [SYSTEM, DATA]},
    "shared": {"placement": Placement("v", "", "d-1", "", {})},
    "nameless": {"placement": Placement("v", "DSS", "", "", {})},
    "unknown since": {"status": "awaiting-transfer", "transfer": transfer(volume(), created_at=None)},
}


def test_a_vault_in_which_policies_are_is_no_idle_one() -> None:
    both = facts(vaults=[VAULT, LOCKED], policies={"t-2": [DAILY]})
    assert cautions(both) == ["It is in vault vault-a (t-1), to which no policy is applied; the vault will lose it."]
    assert [blocker.reason for blocker in blockers(both)] == [
        "it is in vault vault-b (t-2), to which the policy daily (p-1) is applied"
    ]


def test_names_the_transfer_of_an_offered_disk() -> None:
    disk = volume(status="awaiting-transfer")
    offered = transfer(disk, name="theirs")
    (blocker,) = blockers(Facts(disk, offered))
    assert offered.id in blocker.reason
    assert "'theirs'" in blocker.reason
    assert "2026-11-21T09:00:00" in blocker.reason
    assert blocker.evidence["transfer_name"] == "theirs"


EVERYTHING: dict[str, Any] = {
    "status": "error",
    "attachments": [SYSTEM],
    "bootable": "true",
    "encrypted": True,
    "metadata": {"orderID": "o-1"},
    "snapshots": [OWN],
    "backups": [BACKUP],
    "vaults": [VAULT],
    "policies": {"t-1": [DAILY]},
    "pairs": [PAIR],
    "placement": POOL,
    "group_id": "g-1",
    "usable": UsableTypes(THERE, frozenset()),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_an_ignored_constraint_blocks_nothing(name: str) -> None:
    found = [blocker.constraint for blocker in blockers(facts(**EVERYTHING), [name])]
    assert found == [constraint for constraint in CONSTRAINTS if constraint != name]
