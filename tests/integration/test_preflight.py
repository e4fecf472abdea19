# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people met and the preflight did not know: each case by its number, in the modules and in the role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import move_on
from tests.support.modules import run_module
from tests.support.scripted import answer, scripted
from tests.support.server import SOURCE, TARGET

ID = "44444444-4444-4444-8444-444444444444"
Module = Callable[..., dict[str, Any]]


@pytest.fixture
def module(emulator: EmulatorServer) -> Iterator[Module]:
    emulator.end_outages()

    def run(name: str, tenant: str = SOURCE, /, **options: Any) -> dict[str, Any]:
        entry = emulator.cloud(tenant)
        if name == "evs_move":
            target = emulator.cloud(TARGET)
            options = {"target": {"auth": target["auth"], "region_name": target["region_name"]}, **options}
        return run_module(name, auth=entry["auth"], region_name=entry["region_name"], **options)

    yield run
    emulator.end_outages()


def posts(emulator: EmulatorServer) -> int:
    return sum(r.method != "GET" and "tokens" not in r.path for r in emulator.requests())


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["outcome"] for row in result["disks"]}


def constraints(row: dict[str, Any]) -> list[str]:
    return [reason["constraint"] for reason in row["reasons"]]


@pytest.mark.parametrize(
    ("config", "traits"),
    [
        ({}, {"consistencygroup_id": ID}),
        ({"volumev3_only": True}, {"group_id": ID}),
        ({"volumev3_only": True, "microversion": "3.12"}, {"consistencygroup_id": ID}),
        ({"volumev3_only": True, "microversion": "3.71"}, {"group_id": ID, "consistencygroup_id": None}),
    ],
)
def test_p1_a_disk_in_a_group_is_blocked(
    emulator: EmulatorServer, module: Module, config: dict[str, Any], traits: dict[str, Any]
) -> None:
    emulator.configure(**config)
    emulator.create_volume(SOURCE, "grouped", **traits)
    emulator.create_volume(SOURCE, "free")
    rows = {row["name"]: row for row in module("evs_volume_info")["volumes"]}
    assert [blocker["constraint"] for blocker in rows["grouped"]["blockers"]] == ["group"]
    assert rows["grouped"]["group_id"] == ID
    assert rows["free"]["transferable"]
    for volumes in (["grouped"], ["grouped", "free", "x", "y"]):
        result = module("evs_move", volumes=volumes, check=True)
        assert f"group: it is in the volume group {ID}" in result["msg"]
        assert "cinder group-update --remove-volumes" in result["msg"]
    moved = module("evs_move", volumes=["grouped", "free"], blocked="skip")
    assert outcomes(moved) == {"grouped": "blocked", "free": "moved"}


def test_p2_a_type_that_the_target_may_not_use_is_told_before(emulator: EmulatorServer, module: Module) -> None:
    emulator.configure(private_types={"SAS": [SOURCE]})
    emulator.create_volumes(SOURCE, [{"name": "private", "volume_type": "SAS"}, {"name": "public"}])
    emulator.forget_requests()
    stopped = module("evs_move", volumes=["private", "public"])
    assert outcomes(stopped) == {"private": "blocked", "public": "moved"}
    assert "volume_type: its type is SAS, which is none of the volume types that project tenant-b" in stopped["msg"]
    assert f"openstack volume type set --project {emulator.project_id(TARGET)} SAS" in stopped["msg"]
    assert posts(emulator) == 0
    assert sum("/types" in request.path for request in emulator.requests()) == 1, "once, not once a disk"
    skipped = module("evs_move", volumes=["private", "public"], blocked="skip")
    assert outcomes(skipped) == {"private": "blocked", "public": "moved"}
    forced = module("evs_move", volumes=["private"], ignore_constraints=["volume_type"])
    assert outcomes(forced) == {"private": "failed"}
    assert "was answered 404: Volume type SAS could not be found" in forced["msg"]


def test_p2_the_accept_tells_it_as_well(emulator: EmulatorServer, module: Module) -> None:
    emulator.configure(private_types={"SAS": [SOURCE]})
    emulator.create_volumes(SOURCE, [{"name": "private", "volume_type": "SAS"}, {"name": "public"}])
    offers = module("evs_transfer", volumes=["private", "public"])["transfers"]
    emulator.forget_requests()
    stopped = module("evs_transfer_accept", TARGET, transfers=offers)
    assert outcomes(stopped) == {"private": "blocked", "public": "accepted"}
    assert stopped["rehearsed"]
    assert "cannot be accepted: volume_type: its type is SAS" in stopped["msg"]
    assert posts(emulator) == 0
    skipped = module("evs_transfer_accept", TARGET, transfers=offers, blocked="skip")
    assert outcomes(skipped) == {"private": "blocked", "public": "accepted"}
    assert "failed" not in skipped
    assert {disk["name"] for disk in emulator.volumes(TARGET)} == {"public"}


@pytest.mark.parametrize(("constraint", "path"), [("quota", "/os-quota-sets"), ("volume_type", "/types")])
def test_p7_what_the_target_may_not_read_is_unchecked(
    emulator: EmulatorServer, module: Module, constraint: str, path: str
) -> None:
    for name in ("moved", "ignored", "accepted"):
        emulator.create_volume(SOURCE, name)
    offers = module("evs_transfer", volumes=["accepted"])["transfers"]
    emulator.set_outage("evs", 403, path=path, tenant=TARGET)
    emulator.forget_requests()
    calls: list[tuple[str, str, dict[str, Any], str]] = [
        ("evs_move", SOURCE, {"volumes": ["moved"]}, "moved"),
        ("evs_transfer_accept", TARGET, {"transfers": offers}, "accepted"),
    ]
    for name, tenant, options, outcome in calls:
        stopped = module(name, tenant, **options)
        assert f"Nothing was changed. The constraint {constraint} could not be checked: the " in stopped["msg"]
        assert "of project tenant-b" in stopped["msg"] or "that project tenant-b" in stopped["msg"]
        assert "set unchecked: allow." in stopped["msg"]
        assert [row["outcome"] for row in stopped["disks"]] == ["blocked"]
        assert constraints(stopped["disks"][0]) == [constraint]
        assert posts(emulator) == 0
        allowed = module(name, tenant, unchecked="allow", **options)
        assert [row["outcome"] for row in allowed["disks"]] == [outcome]
        assert constraints(allowed["disks"][0]) == [constraint]
        assert "failed" not in allowed
        emulator.forget_requests()
    ignored = module("evs_move", volumes=["ignored"], ignore_constraints=[constraint])
    assert (outcomes(ignored), ignored["disks"][0]["reasons"]) == ({"ignored": "moved"}, [])
    assert not [request for request in emulator.requests() if path in request.path], "it is not asked for"


def test_p7_the_role_goes_on_if_it_is_told_so(emulator: EmulatorServer, module: Module, tmp_path: Path) -> None:
    emulator.create_volume(SOURCE, "disk")
    emulator.set_outage("evs", 403, path="/os-quota-sets", tenant=TARGET)
    move = move_on(emulator, tmp_path)
    stopped = move(["disk"])
    assert stopped.exit_status != 0
    assert "The constraint quota could not be checked" in stopped.words
    assert emulator.volumes(TARGET) == []
    assert move(["disk"], tenant_transfer_unchecked="allow").exit_status == 0
    assert [disk["name"] for disk in emulator.volumes(TARGET)] == ["disk"]


def policy(name: str, *vaults: str) -> dict[str, Any]:
    return {"id": name, "name": name, "associated_vaults": [{"vault_id": vault} for vault in vaults]}


VAULT = {"id": "vault-1", "name": "vault-1", "resources": [{"id": ID, "type": "OS::Cinder::Volume"}]}
# What CBR answers to the vaults and the policies -> the constraints that are violated, and those that are open.
ANSWERS: list[tuple[list[dict[str, Any]], list[str], list[str]]] = [
    ([{"vaults": [VAULT], "count": 1}, {"policies": [policy("p")], "count": 1}], [], []),
    # The documents of CBR show one policy, and a count of 10.
    ([{"vaults": [VAULT], "count": 1}, *[{"policies": [policy("p")], "count": 10}] * 2], [], ["backup_policy"]),
    (
        [
            {"vaults": [VAULT], "count": 1},
            {"policies": [], "count": 10},
            {"policies": [policy("p", "vault-1")], "count": 1},
        ],
        ["backup_policy"],
        [],
    ),
    (
        [{"vaults": [VAULT], "count": 1}, *[{"policies": [policy("p", "vault-1")], "count": 10}] * 2],
        ["backup_policy"],
        [],
    ),
    ([{"vaults": [], "count": 1}], [], ["backup_policy"]),
    ([{"vaults": [], "count": 2}, {"vaults": [], "count": 2}], [], ["backup_policy"]),
    ([{"vaults": None}], [], ["backup_policy"]),
    ([{"vaults": None, "count": 0}], [], []),
]


@pytest.mark.parametrize(("answers", "blocked", "unchecked"), ANSWERS)
def test_p3_a_list_that_says_more_than_it_shows_is_no_pass(
    emulator: EmulatorServer, module: Module, answers: list[dict[str, Any]], blocked: list[str], unchecked: list[str]
) -> None:
    emulator.create_volume(SOURCE, "disk", id=ID)
    ignored = ["backups"]
    with scripted(*(answer(200, body) for body in answers)) as script:
        result = module(
            "evs_transfer", volumes=["disk"], ignore_constraints=ignored, endpoints={"cbr": script.url}, rehearse=True
        )
    (row,) = result["disks"]
    assert constraints(row) == blocked + unchecked
    assert row["outcome"] == ("blocked" if blocked + unchecked else "offered")
    if unchecked:
        assert "The constraint backup_policy could not be checked: " in result["msg"]


HIDDEN: dict[str, Any] = {"vendor_encrypted": True}


@pytest.mark.parametrize(
    "metadata", [{}, {"full_clone": "1"}, {"__system__encrypted": ""}, {"__system__encrypted": None}]
)
@pytest.mark.parametrize("config", [{}, {"volumev3_only": True}])
def test_p4_a_disk_of_an_encrypted_backup_does_not_pass_for_lack_of_metadata(
    emulator: EmulatorServer, module: Module, metadata: dict[str, Any], config: dict[str, Any]
) -> None:
    emulator.configure(**config)
    emulator.create_volume(SOURCE, "restored", metadata=metadata, **HIDDEN)
    emulator.create_volume(SOURCE, "plain")
    rows = {row["name"]: row for row in module("evs_volume_info")["volumes"]}
    assert [blocker["constraint"] for blocker in rows["restored"]["blockers"]] == ["encrypted"]
    assert rows["plain"]["transferable"]
    result = module("evs_transfer", volumes=["restored", "plain"])
    assert outcomes(result) == {"restored": "blocked", "plain": "offered"}


def test_p4_if_the_own_view_cannot_be_read_it_is_unchecked(emulator: EmulatorServer, module: Module) -> None:
    emulator.create_volume(SOURCE, "restored", **HIDDEN)
    emulator.set_outage("evs", 403, path="/os-vendor-volumes")
    result = module("evs_transfer", volumes=["restored"])
    assert constraints(result["disks"][0]) == ["encrypted"]
    assert "The constraint encrypted could not be checked" in result["msg"]


def test_p4_of_very_many_disks_a_warning_says_that_they_were_not_asked_about(
    emulator: EmulatorServer, module: Module
) -> None:
    emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(61)])
    emulator.forget_requests()
    result = module("evs_volume_info")
    assert len(result["volumes"]) == 61
    assert "Whether 61 disks are encrypted was taken from their metadata" in str(result["warnings"])
    assert not [request for request in emulator.requests() if "/os-vendor-volumes/" in request.path]


@pytest.mark.parametrize("name", ["autobk_snapshot_2026-01-01", "autobk_snapshot_vbs_1", "manualbk_snapshot_csbs_1"])
def test_p5_a_snapshot_of_a_backup_goes_only_with_it(emulator: EmulatorServer, module: Module, name: str) -> None:
    emulator.create_volume(SOURCE, "disk", snapshots=[{"name": name}])
    (row,) = module("evs_volume_info")["volumes"]
    (blocker,) = row["blockers"]
    assert blocker["constraint"] == "snapshots"
    assert "was made by a backup and goes only with it: delete the backups of the disk." in blocker["remedy"]
    assert not blocker["remedy"].startswith("Delete")


def test_p6_metadata_may_hold_anything(emulator: EmulatorServer, module: Module) -> None:
    metadata = {"yes": True, "number": 1.5, "list": [1, {"a": None}], "nothing": None, "text": "x"}
    emulator.create_volume(SOURCE, "disk", metadata=metadata)
    emulator.create_volume(SOURCE, "locked", metadata={"__system__encrypted": True})
    rows = {row["name"]: row for row in module("evs_volume_info")["volumes"]}
    assert rows["disk"]["metadata"] == {
        "yes": "true",
        "number": "1.5",
        "list": '[1, {"a": null}]',
        "nothing": "",
        "text": "x",
    }
    assert rows["disk"]["transferable"]
    assert [blocker["constraint"] for blocker in rows["locked"]["blockers"]] == ["encrypted"]
    assert outcomes(module("evs_move", volumes=["disk"])) == {"disk": "moved"}


def test_p8_v2_that_was_left_over_is_not_taken(emulator: EmulatorServer, module: Module) -> None:
    emulator.configure(leftover_v2=True)
    emulator.create_volume(SOURCE, "disk")
    assert outcomes(module("evs_move", volumes=["disk"])) == {"disk": "moved"}


@pytest.mark.parametrize("suffix", ["", "/", "/v3", "/v2"])
def test_p8_an_endpoint_goes_with_or_without_version(emulator: EmulatorServer, module: Module, suffix: str) -> None:
    emulator.create_volume(SOURCE, "disk")
    result = module("evs_volume_info", endpoints={"evs": emulator.endpoints["evs"] + suffix})
    assert [row["transferable"] for row in result["volumes"]] == [True]


@pytest.mark.parametrize("name", ["evs_move", "evs_transfer"])
def test_p9_disks_by_name_and_by_properties_at_once_are_refused(
    emulator: EmulatorServer, module: Module, name: str
) -> None:
    emulator.create_volume(SOURCE, "disk")
    emulator.forget_requests()
    result = module(name, volumes=["disk"], select={"name": "other*"})
    assert result["failed"]
    assert "mutually exclusive: volumes" in result["msg"]
    assert emulator.requests() == []


def test_p9_so_does_the_role(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.create_volume(SOURCE, "disk")
    run = move_on(emulator, tmp_path)(["disk"], tenant_transfer_select={"name": "other*"})
    assert run.exit_status != 0
    assert (
        "either in tenant_transfer_volumes or by their properties in tenant_transfer_select, not in both" in run.words
    )


def test_p9_evs_volume_info_means_both(emulator: EmulatorServer, module: Module) -> None:
    emulator.create_volumes(SOURCE, [{"name": "one"}, {"name": "two"}])
    found = module("evs_volume_info", volumes=["one", "two"], name="t*")["volumes"]
    assert [row["name"] for row in found] == ["two"]


SNAPSHOTS: dict[str, Any] = {"snapshots": [{"name": "before"}, {"name": "after"}]}
KEY: dict[str, Any] = {"encrypted": True}
PLAIN = "os-volume-transfer"
NEWER = "volume-transfers"
# The newest microversion, the disk, the options -> the outcome, words of its reason, and by which call it is offered.
ALONG: list[tuple[str | None, dict[str, Any], dict[str, str], str, str, str]] = [
    ("3.71", SNAPSHOTS, {}, "blocked", "snapshots: it has 2 snapshots", ""),
    ("3.71", SNAPSHOTS, {"snapshots": "along"}, "moved", "", NEWER),
    ("3.55", SNAPSHOTS, {"snapshots": "along"}, "moved", "", NEWER),
    ("3.54", SNAPSHOTS, {"snapshots": "along"}, "blocked", "microversion 3.55, and the newest of this block", ""),
    ("3.50", SNAPSHOTS, {"snapshots": "along"}, "blocked", "block storage is 3.50", ""),
    (
        None,
        SNAPSHOTS,
        {"snapshots": "along"},
        "blocked",
        "microversion 3.55 of Cinder, and this block storage has none",
        "",
    ),
    ("3.71", KEY, {}, "blocked", "encrypted: it is encrypted", ""),
    ("3.71", KEY, {"snapshots": "along"}, "blocked", "encrypted: it is encrypted", ""),
    ("3.70", KEY, {"encrypted": "along"}, "moved", "", NEWER),
    ("3.69", KEY, {"encrypted": "along"}, "blocked", "microversion 3.70, and the newest of this block", ""),
    (None, KEY, {"encrypted": "along"}, "blocked", "microversion 3.70 of Cinder, and this block storage has none", ""),
    ("3.71", {**KEY, **SNAPSHOTS}, {"encrypted": "along"}, "blocked", "snapshots: it has 2 snapshots", ""),
    ("3.71", {**KEY, **SNAPSHOTS}, {"encrypted": "along", "snapshots": "along"}, "moved", "", NEWER),
    (
        "3.71",
        {"snapshots": [{"status": "creating"}]},
        {"snapshots": "along"},
        "blocked",
        "not all of its snapshots",
        "",
    ),
    # Where nothing is to be taken along, what cannot be done stands in nobody's way.
    (None, {}, {"snapshots": "along", "encrypted": "along"}, "moved", "", PLAIN),
    ("3.50", {}, {"snapshots": "along"}, "moved", "", PLAIN),
]


@pytest.mark.parametrize(("newest", "traits", "options", "outcome", "words", "call"), ALONG)
def test_what_goes_along_by_the_users_word(
    emulator: EmulatorServer,
    module: Module,
    newest: str | None,
    traits: dict[str, Any],
    options: dict[str, str],
    outcome: str,
    words: str,
    call: str,
) -> None:
    if newest:
        emulator.configure(volumev3_only=True, microversion=newest)
    emulator.create_volume(SOURCE, "disk", **traits)
    emulator.forget_requests()
    rehearsed = module("evs_move", volumes=["disk"], check=True, **options)
    result = module("evs_move", volumes=["disk"], **options)
    assert outcomes(rehearsed) == outcomes(result) == {"disk": outcome}
    assert words in result.get("msg", "")
    asked = [r.path.rsplit("/", 1)[-1] for r in emulator.requests() if r.method == "POST" and "transfer" in r.path]
    assert asked == ([call, "accept"] if outcome == "moved" else [])
    message = result["disks"][0]["message"]
    if outcome == "moved" and traits.get("snapshots"):
        assert message.startswith("It took its snapshots along: ")
        assert "before (" in message
        assert "after (" in message
    else:
        assert message is None


def test_snapshots_that_did_not_arrive_are_an_alarm(emulator: EmulatorServer, module: Module) -> None:
    emulator.configure(volumev3_only=True, microversion="3.71")
    emulator.create_volume(SOURCE, "disk", **SNAPSHOTS)
    emulator.set_outage("evs", 403, path="/snapshots", tenant=TARGET)
    result = module("evs_move", volumes=["disk"], snapshots="along")
    assert outcomes(result) == {"disk": "moved"}
    assert result["failed"]
    assert "has arrived, but whether its snapshots came along could not be read back" in result["alarms"][0]


def test_snapshots_that_go_along_count_in_the_quota(emulator: EmulatorServer, module: Module) -> None:
    emulator.configure(volumev3_only=True, microversion="3.71")
    emulator.create_volume(SOURCE, "disk", size=3, **SNAPSHOTS)
    emulator.set_quota(TARGET, gigabytes=8, snapshots=1)
    result = module("evs_move", volumes=["disk"], snapshots="along")
    assert {shortfall["resource"]: shortfall["needed"] for shortfall in result["shortfalls"]} == {
        "gigabytes": 9,
        "snapshots": 2,
    }


def test_what_cannot_be_found_out_about_the_versions_blocks(emulator: EmulatorServer, module: Module) -> None:
    emulator.configure(volumev3_only=True, microversion="3.71")
    emulator.create_volume(SOURCE, "disk", **SNAPSHOTS)
    emulator.order_fault("status", status=403, method="GET", path="^/$", times=None)
    result = module("evs_move", volumes=["disk"], snapshots="along")
    assert "which cannot be taken along: that takes microversion 3.55, and The versions of the service" in result["msg"]


def test_the_role_passes_on_what_goes_along(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.configure(volumev3_only=True, microversion="3.71")
    ids = emulator.create_volumes(SOURCE, [{"name": "disk", **SNAPSHOTS}, {"name": "key", **KEY}, {"name": "plain"}])
    move = move_on(emulator, tmp_path)
    stopped = move(ids)
    assert stopped.exit_status != 0
    assert "disk stays (snapshots)" in stopped.words
    moved = move(ids, tenant_transfer_snapshots="along", tenant_transfer_encrypted="along")
    assert moved.exit_status == 0, moved.output
    assert {disk["name"] for disk in emulator.volumes(TARGET)} == {"disk", "key", "plain"}
    assert "3 moved" in moved.words
