# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight against a real Cinder: groups, private types, quotas, and what goes along with a disk.

OTC_EVS_CINDER_DISKS sets how many random disks are tried.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from tests.cinder.server import CinderServer
from tests.integration.cinder.client import Client
from tests.support.conditions import wait_for
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET

DISKS = int(os.environ.get("OTC_EVS_CINDER_DISKS", "12"))
SEED = int(os.environ.get("OTC_EVS_SEED", "1"))
PRIVATE = "private"


def call(server: CinderServer, name: str, tenant: str = SOURCE, /, **options: Any) -> dict[str, Any]:
    entry, target = server.cloud(tenant), server.cloud(TARGET)
    if name == "evs_move":
        options = {"target": {"auth": target["auth"], "region_name": target["region_name"]}, **options}
    return run_module(name, auth=entry["auth"], region_name=entry["region_name"], **options)


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["outcome"] for row in result["disks"]}


def make_group(server: CinderServer, source: Client) -> str:
    """A generic group for disks of type SSD."""
    kind = server.admin("POST", "/group_types", {"group_type": {"name": "kind"}}, "3.11")["group_type"]["id"]
    types = {item["name"]: item["id"] for item in source.ask("GET", "/types").json()["volume_types"]}
    body = {"group": {"name": "group", "group_type": kind, "volume_types": [types["SSD"]]}}
    group: str = source.ask("POST", "/groups", body, "3.13").json()["group"]["id"]
    wait_for(lambda: source.ask("GET", f"/groups/{group}", None, "3.13").json()["group"]["status"] == "available")
    return group


def put_into(source: Client, group: str, *volume_ids: str) -> None:
    body = {"group": {"add_volumes": ",".join(volume_ids)}}
    assert source.ask("PUT", f"/groups/{group}", body, "3.13").status_code == 202
    wait_for(lambda: source.ask("GET", f"/groups/{group}", None, "3.13").json()["group"]["status"] == "available")


def make_private_type(server: CinderServer) -> None:
    """A type that only the source may use."""
    body = {"volume_type": {"name": PRIVATE, "os-volume-type-access:is_public": False}}
    kind = server.admin("POST", "/types", body)["volume_type"]["id"]
    server.admin("POST", f"/types/{kind}/action", {"addProjectAccess": {"project": server.project_id(SOURCE)}})


def snapshot(source: Client, volume_id: str) -> str:
    body = {"snapshot": {"volume_id": volume_id, "name": "snap"}}
    made: str = source.ask("POST", "/snapshots", body).json()["snapshot"]["id"]
    wait_for(lambda: source.ask("GET", f"/snapshots/{made}").json()["snapshot"]["status"] == "available")
    return made


def snapshots_of(client: Client) -> set[str]:
    return {item["id"] for item in client.ask("GET", "/snapshots/detail").json()["snapshots"]}


def test_p1_a_disk_in_a_generic_group_is_blocked(server: CinderServer, source: Client) -> None:
    grouped, free = (server.create_volume(SOURCE, name, volume_type="SSD") for name in ("grouped", "free"))
    group = make_group(server, source)
    put_into(source, group, grouped)
    rows = {row["name"]: row for row in call(server, "evs_volume_info")["volumes"]}
    assert [blocker["constraint"] for blocker in rows["grouped"]["blockers"]] == ["group"]
    assert rows["free"]["transferable"]
    stopped = call(server, "evs_move", volumes=[grouped, free])
    assert f"group: it is in the volume group {group}" in stopped["msg"]
    assert outcomes(call(server, "evs_move", volumes=[grouped, free], blocked="skip")) == {
        "grouped": "blocked",
        "free": "moved",
    }


def test_p2_a_private_type_is_told_before_and_not_after(server: CinderServer) -> None:
    make_private_type(server)
    server.create_volume(SOURCE, "private", volume_type=PRIVATE)
    stopped = call(server, "evs_move", volumes=["private"], check=True)
    assert f"volume_type: its type is {PRIVATE}, which is none of the volume types that project" in stopped["msg"]
    forced = call(server, "evs_move", volumes=["private"], ignore_constraints=["volume_type"])
    assert outcomes(forced) == {"private": "failed"}
    assert "404" in forced["msg"]
    kind = server.admin("GET", "/types?is_public=false")["volume_types"][0]["id"]
    server.admin("POST", f"/types/{kind}/action", {"addProjectAccess": {"project": server.project_id(TARGET)}})
    assert outcomes(call(server, "evs_move", volumes=["private"])) == {"private": "moved"}


@pytest.mark.parametrize("two_teams", [False, True], ids=["one team", "two teams"])
def test_snapshots_go_along_and_are_the_targets(
    server: CinderServer, source: Client, target: Client, two_teams: bool
) -> None:
    volume_id = server.create_volume(SOURCE, "disk", volume_type="SSD")
    made = {snapshot(source, volume_id), snapshot(source, volume_id)}
    assert outcomes(call(server, "evs_move", volumes=["disk"], blocked="skip")) == {"disk": "blocked"}
    assert (snapshots_of(source), snapshots_of(target)) == (made, set())
    if two_teams:
        offers = call(server, "evs_transfer", volumes=["disk"], snapshots="along")["transfers"]
        assert outcomes(call(server, "evs_transfer_accept", TARGET, transfers=offers)) == {"disk": "accepted"}
    else:
        result = call(server, "evs_move", volumes=["disk"], snapshots="along")
        assert outcomes(result) == {"disk": "moved"}
        assert all(each in result["disks"][0]["message"] for each in made)
        assert not result.get("failed")
    assert (snapshots_of(source), snapshots_of(target)) == (set(), made)
    for each in made:
        assert target.ask("DELETE", f"/snapshots/{each}").status_code == 202, "and it can do with them what it likes"
    wait_for(lambda: not snapshots_of(target))
    assert target.ask("DELETE", f"/volumes/{volume_id}").status_code == 202


def test_an_encrypted_disk_goes_along_with_its_key(server: CinderServer, source: Client, target: Client) -> None:
    """The lab has a key of its configuration; what a key manager does with a secret of its own is not tried."""
    volume_id = server.create_volume(SOURCE, "disk", encrypted=True)
    assert outcomes(call(server, "evs_move", volumes=["disk"], blocked="skip")) == {"disk": "blocked"}
    made = snapshot(source, volume_id)
    alone = call(server, "evs_move", volumes=["disk"], encrypted="along")
    assert "snapshots: it has 1 snapshot" in alone["msg"]
    result = call(server, "evs_move", volumes=["disk"], encrypted="along", snapshots="along")
    assert outcomes(result) == {"disk": "moved"}, result
    assert target.volume(volume_id)["encrypted"]
    assert snapshots_of(target) == {made}


def random_disks(server: CinderServer, source: Client) -> dict[str, str]:
    """Disks of random traits, near misses among them; their names by ID."""
    chance = random.Random(SEED)
    make_private_type(server)
    group = make_group(server, source)
    names, grouped, kept = {}, [], []
    for number in range(DISKS):
        kind = chance.choice(["SSD", "SSD", "SSD", "SAS", PRIVATE, "encrypted"])
        state: dict[str, Any] = chance.choice(
            [*[{}] * 9, {"status": "error"}, {"status": "maintenance"}, {"attached": True}]
        )
        traits = {"encrypted": True} if kind == "encrypted" else {"volume_type": kind}
        volume_id = server.create_volume(SOURCE, f"disk-{number}", chance.choice([1, 2]), **traits)
        names[volume_id] = f"disk-{number}"
        if kind == "SSD" and chance.random() < 0.25:
            grouped.append(volume_id)
        elif chance.random() < 0.2:
            kept.append(volume_id)
        if kept and kept[-1] == volume_id:
            snapshot(source, volume_id)
        if state.get("attached"):
            attach(source, volume_id)
        elif state and volume_id not in grouped:
            server.admin("POST", f"/volumes/{volume_id}/action", {"os-reset_status": state})
    # Cinder takes 255 characters at once.
    for first in range(0, len(grouped), 6):
        put_into(source, group, *grouped[first : first + 6])
    return names


def attach(source: Client, volume_id: str) -> None:
    server = {"instance_uuid": "44444444-4444-4444-8444-444444444444", "mountpoint": "/dev/vdb"}
    assert source.ask("POST", f"/volumes/{volume_id}/action", {"os-attach": server}).status_code == 202
    wait_for(lambda: source.volume(volume_id)["status"] == "in-use")


@pytest.mark.parametrize("along", [{}, {"snapshots": "along", "encrypted": "along"}], ids=["block", "along"])
def test_random_disks_move_if_and_only_if_it_was_foreseen(
    server: CinderServer, source: Client, target: Client, along: dict[str, str]
) -> None:
    """All that is foreseen to go goes; and of what is blocked Cinder refuses all but what is said below."""
    names = random_disks(server, source)
    foreseen = call(server, "evs_move", volumes=list(names), blocked="skip", check=True, **along)
    told = {row["id"]: {reason["constraint"] for reason in row["reasons"]} for row in foreseen["disks"]}
    done = call(server, "evs_move", volumes=list(names), blocked="skip", **along)
    assert not done.get("failed"), done
    assert outcomes(done) == outcomes(foreseen)
    moved = {row["id"] for row in done["disks"] if row["outcome"] == "moved"}
    assert moved == {volume_id for volume_id, reasons in told.items() if not reasons}
    # Cinder takes a disk with snapshots or in a group, and breaks with it: those are ours to block.
    refused = {volume_id for volume_id, reasons in told.items() if reasons - {"snapshots", "group"}}
    every = ["status", "attached", "encrypted", "volume_type"]
    forced = call(server, "evs_move", volumes=sorted(refused), blocked="skip", ignore_constraints=every, timeout=10)
    assert {row["id"] for row in forced["disks"] if row["outcome"] in ("failed", "blocked")} == refused
    print(
        f"{len(names)} disks, {len(moved)} moved, {len(refused)} refused, {len(told) - len(moved) - len(refused)} ours"
    )
    assert moved
    assert refused
