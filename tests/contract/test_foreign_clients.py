# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that are not ours, on both servers: the openstack CLI, cinderclient, openstacksdk.

Each makes its calls in the order of its table, in which a call says what it needs of those before.
What a call comes to is "" if it works, or else a piece of the refusal.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cinderclient import client as cinder_client
from cinderclient.exceptions import ClientException
from cinderclient.v3.contrib.list_extensions import ListExtManager
from keystoneauth1.identity import v3
from keystoneauth1.session import Session
from openstack.connection import Connection
from openstack.exceptions import HttpException

from tests.support.conditions import wait_for
from tests.support.playbooks import TIMEOUT, environment
from tests.support.server import SOURCE, TARGET, Server

Outcome = tuple[str, str]
"""On the emulator and on the real Cinder."""
WORKS = ("", "")
NAMELESS = ("name of the transfer is mandatory", "")
"""EVS_API A.1."""
NOT_IN_EVS = ("could not be found", "")
"""No document of EVS has the call, though Cinder has (EVS_API A, K.5)."""


def session(server: Server, cloud: str) -> Session:
    """A login of keystoneauth."""
    return Session(auth=v3.Password(**server.cloud(cloud)["auth"]))


def held(server: Server, outcome: Outcome) -> str:
    """What a call has to come to on this server."""
    return outcome[server.kind == "cinder"]


# The openstack CLI: who, what, and what it comes to. "$N.field" is of the answer to call N.

CLI: list[tuple[str, str, Outcome]] = [
    (SOURCE, "volume show one", WORKS),
    (SOURCE, "volume create --size 1 --type SSD --property k=v two", WORKS),
    (SOURCE, "volume transfer request create --name first one", WORKS),
    (SOURCE, "volume transfer request list", WORKS),
    (SOURCE, "volume transfer request show $2.id", WORKS),
    (SOURCE, "volume transfer request show first", NOT_IN_EVS),
    (TARGET, "volume transfer request show $2.id", ("could not be found", "No Transfer found")),
    (SOURCE, "volume transfer request delete $2.id", WORKS),
    (SOURCE, "volume transfer request create --name second one", WORKS),
    (TARGET, "volume transfer request accept --auth-key $8.auth_key $8.id", WORKS),
    (TARGET, "volume show $0.id", WORKS),
    (SOURCE, "volume show $0.id", ("No Volume found", "No Volume found")),
    (TARGET, "volume list --long", WORKS),
    (TARGET, "volume list --name one --status available", WORKS),
    (TARGET, "volume list --property k=v --limit 10", WORKS),
    (TARGET, "volume summary", WORKS),
    (TARGET, "volume set --property a=b one", WORKS),
    (TARGET, "volume unset --property a one", WORKS),
    (TARGET, "volume set --bootable one", WORKS),
    (TARGET, "volume set --non-bootable one", WORKS),
    (TARGET, "volume snapshot create --volume one snap", WORKS),
    (TARGET, "volume snapshot list --volume one", WORKS),
    (TARGET, "volume snapshot show snap", WORKS),
    (TARGET, "volume snapshot delete snap", WORKS),
    (TARGET, "volume type list", WORKS),
    (TARGET, "volume type show SSD", WORKS),
    (TARGET, "volume backup list", WORKS),
    (TARGET, "availability zone list --volume", WORKS),
    (TARGET, "extension list --volume", WORKS),
    (TARGET, "quota show --volume", WORKS),
    (TARGET, "limits show --absolute", WORKS),
    (TARGET, "catalog list", WORKS),
    (TARGET, "versions show --service block-storage", WORKS),
    (TARGET, "volume group list", NOT_IN_EVS),
    # Of Cinder since 3.3, and asked for without a microversion.
    (TARGET, "volume message list", ("could not be found", "could not be found")),
    (TARGET, "volume attachment list", NOT_IN_EVS),
    (TARGET, "volume delete one", WORKS),
    (SOURCE, "volume transfer request create two", NAMELESS),
]
CALLS = Path(__file__).parents[1] / "support" / "openstack_calls.py"
SAYS_NOTHING = ("set", "unset", "delete")


def test_the_openstack_cli(server: Server, tmp_path: Path) -> None:
    server.reset()
    server.create_volume(SOURCE, "one", volume_type="SSD", metadata={"k": "v"})
    calls = []
    for cloud, words, dummy in CLI:
        silent = any(verb in words.split() for verb in SAYS_NOTHING)
        calls.append(["--os-cloud", cloud, *words.split(), *(() if silent else ("-f", "json"))])
    done = subprocess.run(
        [sys.executable, str(CALLS)],
        input=json.dumps(calls),
        env=environment(server, tmp_path),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    for number, ((who, words, outcome), (status, output, errors)) in enumerate(
        zip(CLI, json.loads(done.stdout), strict=True)
    ):
        wanted = held(server, outcome)
        came = f"{number}: openstack --os-cloud {who} {words}: {status} {output} {errors}"
        assert bool(status) == bool(wanted), came
        assert wanted in errors, came


# cinderclient

Taken = dict[str, Any]
"""What the calls before have brought, by the name of the call."""
CinderCall = Callable[[Any, Any, Taken], Any]

CINDERCLIENT: list[tuple[str, CinderCall, Outcome]] = [
    ("create", lambda a, b, t: a.volumes.create(1, name="c", volume_type="SSD", metadata={"k": "v"}), WORKS),
    ("list", lambda a, b, t: a.volumes.list(search_opts={"name": "c", "bootable": "false"}), WORKS),
    ("get", lambda a, b, t: a.volumes.get(t["create"].id), WORKS),
    ("set_metadata", lambda a, b, t: a.volumes.set_metadata(t["create"], {"a": "b"}), WORKS),
    ("delete_metadata", lambda a, b, t: a.volumes.delete_metadata(t["create"], ["a"]), WORKS),
    ("rename", lambda a, b, t: a.volumes.update(t["create"], name="d"), WORKS),
    ("set_bootable", lambda a, b, t: a.volumes.set_bootable(t["create"], False), WORKS),
    ("summary", lambda a, b, t: a.volumes.summary(all_tenants=False), WORKS),
    ("snapshot", lambda a, b, t: a.volume_snapshots.create(t["create"].id, name="s"), WORKS),
    ("snapshots", lambda a, b, t: a.volume_snapshots.list(search_opts={"volume_id": t["create"].id}), WORKS),
    ("delete_snapshot", lambda a, b, t: a.volume_snapshots.delete(t["snapshot"]), WORKS),
    ("quota", lambda a, b, t: a.quotas.get(a.client.session.get_project_id(), usage=True), WORKS),
    ("limits", lambda a, b, t: a.limits.get(), WORKS),
    ("zones", lambda a, b, t: a.availability_zones.list(), WORKS),
    ("extensions", lambda a, b, t: ListExtManager(a).show_all(), WORKS),
    ("types", lambda a, b, t: a.volume_types.list(), WORKS),
    ("backups", lambda a, b, t: a.backups.list(), WORKS),
    ("versions", lambda a, b, t: a.services.server_api_version(), WORKS),
    ("nameless", lambda a, b, t: a.transfers.delete(a.transfers.create(t["create"].id)), NAMELESS),
    ("offer", lambda a, b, t: a.transfers.create(t["create"].id, name="first"), WORKS),
    ("transfers", lambda a, b, t: a.transfers.list(), WORKS),
    ("transfer", lambda a, b, t: a.transfers.get(t["offer"].id), WORKS),
    ("withdraw", lambda a, b, t: a.transfers.delete(t["offer"].id), WORKS),
    ("offer_again", lambda a, b, t: a.transfers.create(t["create"].id, name="second"), WORKS),
    ("accept", lambda a, b, t: b.transfers.accept(t["offer_again"].id, t["offer_again"].auth_key), WORKS),
    ("gone", lambda a, b, t: a.transfers.get(t["offer_again"].id), ("could not be found", "could not be found")),
    ("delete", lambda a, b, t: b.volumes.delete(t["create"].id), WORKS),
]


def test_cinderclient(server: Server) -> None:
    server.reset()
    a, b = (cinder_client.Client("3.50", session=session(server, cloud)) for cloud in (SOURCE, TARGET))
    taken: Taken = {}
    for name, call, outcome in CINDERCLIENT:
        wait_for(lambda: not [v for c in (a, b) for v in c.volumes.list() if v.status == "creating"])
        wait_for(lambda: not [s for s in a.volume_snapshots.list() if s.status in ("creating", "deleting")])
        try:
            taken[name], refusal = call(a, b, taken), ""
        except ClientException as error:
            refusal = str(error)
        require(server, name, outcome, refusal)
    assert [volume.name for volume in taken["list"]] == ["c"]
    assert taken["quota"].gigabytes["in_use"] == 1
    assert [transfer.id for transfer in taken["transfers"]] == [taken["offer"].id]
    assert taken["transfer"].volume_id == taken["create"].id


# openstacksdk

SdkCall = Callable[[Any, Any, Taken], Any]

OPENSTACKSDK: list[tuple[str, SdkCall, Outcome]] = [
    ("create", lambda a, b, t: a.block_storage.create_volume(name="o", size=1, volume_type="SSD"), WORKS),
    ("list", lambda a, b, t: list(a.block_storage.volumes(name="o", bootable="false")), WORKS),
    ("pages", lambda a, b, t: list(a.block_storage.volumes(limit=1)), WORKS),
    ("get", lambda a, b, t: a.block_storage.get_volume(t["create"].id), WORKS),
    ("find", lambda a, b, t: a.block_storage.find_volume("o", ignore_missing=False), WORKS),
    ("set_metadata", lambda a, b, t: a.block_storage.set_volume_metadata(t["create"], a="b"), WORKS),
    ("delete_metadata", lambda a, b, t: a.block_storage.delete_volume_metadata(t["create"], ["a"]), WORKS),
    ("set_bootable", lambda a, b, t: a.block_storage.set_volume_bootable_status(t["create"], False), WORKS),
    ("summary", lambda a, b, t: a.block_storage.summary(False), WORKS),
    ("snapshot", lambda a, b, t: a.block_storage.create_snapshot(volume_id=t["create"].id, name="s"), WORKS),
    ("snapshots", lambda a, b, t: list(a.block_storage.snapshots(volume_id=t["create"].id)), WORKS),
    ("delete_snapshot", lambda a, b, t: a.block_storage.delete_snapshot(t["snapshot"].id), WORKS),
    ("quota", lambda a, b, t: a.block_storage.get_quota_set(a.current_project_id, usage=True), WORKS),
    ("limits", lambda a, b, t: a.block_storage.get_limits(), WORKS),
    ("zones", lambda a, b, t: list(a.block_storage.availability_zones()), WORKS),
    ("extensions", lambda a, b, t: list(a.block_storage.extensions()), WORKS),
    ("types", lambda a, b, t: list(a.block_storage.types()), WORKS),
    ("backups", lambda a, b, t: list(a.block_storage.backups()), WORKS),
    ("versions", lambda a, b, t: a.block_storage.get_all_version_data(), WORKS),
    ("nameless", lambda a, b, t: revoke(a, a.block_storage.create_transfer(volume_id=t["create"].id)), NAMELESS),
    ("offer", lambda a, b, t: a.block_storage.create_transfer(volume_id=t["create"].id, name="first"), WORKS),
    ("transfers", lambda a, b, t: list(a.block_storage.transfers(details=True)), WORKS),
    ("transfer", lambda a, b, t: a.block_storage.get_transfer(t["offer"].id), WORKS),
    ("by_name", lambda a, b, t: a.block_storage.find_transfer("first", ignore_missing=False), NOT_IN_EVS),
    ("withdraw", lambda a, b, t: a.block_storage.delete_transfer(t["offer"].id), WORKS),
    ("offer_again", lambda a, b, t: a.block_storage.create_transfer(volume_id=t["create"].id, name="second"), WORKS),
    (
        "accept",
        lambda a, b, t: b.block_storage.accept_transfer(t["offer_again"].id, t["offer_again"].auth_key),
        WORKS,
    ),
    ("groups", lambda a, b, t: list(a.block_storage.groups()), NOT_IN_EVS),
    ("delete", lambda a, b, t: b.block_storage.delete_volume(t["create"].id, ignore_missing=False), WORKS),
]


def revoke(connection: Any, transfer: Any) -> None:
    """Withdraw an offer."""
    connection.block_storage.delete_transfer(transfer.id)


# It warns of itself.
@pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning")
def test_openstacksdk(server: Server) -> None:
    server.reset()
    a, b = (
        Connection(session=session(server, cloud), region_name=server.cloud(cloud)["region_name"])
        for cloud in (SOURCE, TARGET)
    )
    taken: Taken = {}
    for name, do, outcome in OPENSTACKSDK:
        wait_for(lambda: not [v for c in (a, b) for v in c.block_storage.volumes() if v.status == "creating"])
        wait_for(lambda: not [s for s in a.block_storage.snapshots() if s.status in ("creating", "deleting")])
        try:
            taken[name], refusal = do(a, b, taken), ""
        except HttpException as error:
            refusal = str(error)
        require(server, name, outcome, refusal)
    assert [volume.name for volume in taken["list"]] == ["o"]
    assert [transfer.id for transfer in taken["transfers"]] == [taken["offer"].id]
    assert taken["transfer"].volume_id == taken["create"].id


def require(server: Server, name: str, outcome: Outcome, refusal: str) -> None:
    """A call has come to what it has to come to."""
    wanted = held(server, outcome)
    assert bool(refusal) == bool(wanted), f"{name}: {refusal or 'works'}"
    assert wanted in refusal, f"{name}: {refusal}"
