# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight blocks exactly the disks that the server refuses, over thousands of random disks.

The emulator has its own account of the constraints, from the same facts.  OTC_EVS_EXAMPLES sets how
many clouds of 40 disks are tried; if it is set, they are other ones each time.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import run_all
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret
from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.samples import number
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

EXAMPLES = number("OTC_EVS_EXAMPLES", 25)
DISKS = 40
PRIVATE, OF_THE_TARGET = "SAS", "SATA"
"""Volume types that only the source may use, and only the target."""
ORIGIN = "22222222-2222-4222-8222-222222222222"
IMAGE = {"image_name": "Standard_Debian_12"}
STATUSES = [
    *("available", "available", "available", "creating", "error", "attaching", "detaching", "backing-up"),
    *("restoring-backup", "error_restoring", "uploading", "downloading", "extending", "error_extending"),
    *("deleting", "error_deleting", "rollbacking", "error_rollbacking"),
]
POLICIES = [
    {"name": "daily"},
    {"name": "paused", "enabled": False},
    {"name": "copies", "operation_type": "replication"},
]


def attachment(device: str) -> dict[str, Any]:
    return {"server_id": ORIGIN, "device": device}


# What a disk may be or have.  Several of these are near misses; which, is for both sides to find out.
TRAITS = st.one_of(
    st.builds(lambda status: {"status": status}, st.sampled_from(STATUSES)),
    st.builds(
        lambda device: {"status": "in-use", "attachments": [attachment(device)]},
        st.sampled_from(["/dev/vda", "/dev/vdb", "/dev/sda", "/dev/xvda", "/dev/vdab"]),
    ),
    st.builds(lambda value: {"bootable": value}, st.booleans()),
    st.builds(lambda value: {"encrypted": value}, st.booleans()),
    st.builds(lambda value: {"metadata": {"__system__encrypted": value}}, st.sampled_from(["0", "1"])),
    # P6: metadata may hold anything.
    st.builds(lambda value: {"metadata": {"__system__encrypted": value}}, st.sampled_from([True, False, 0, 1, None])),
    st.builds(lambda value: {"metadata": {"full_clone": value}}, st.sampled_from([True, 1.5, [1], {"a": None}])),
    st.builds(lambda group: {"consistencygroup_id": group}, st.sampled_from([None, ORIGIN])),
    st.builds(lambda kind: {"volume_type": kind}, st.sampled_from(["SSD", PRIVATE, PRIVATE, OF_THE_TARGET, None])),
    st.builds(lambda value: {"metadata": {"__system__cmkid": value}}, st.sampled_from(["", ORIGIN])),
    # EVS itself tells what the metadata do not only of disks that were made of something.
    st.sampled_from(
        [
            {"vendor_encrypted": True, "snapshot_id": ORIGIN},
            {"vendor_encrypted": True, "volume_image_metadata": IMAGE},
            {"snapshot_id": ORIGIN},
            {"volume_image_metadata": IMAGE},
            # P4: made from a backup, which nothing shows.
            {"vendor_encrypted": True},
            {"multiattach": True},
        ]
    ),
    st.builds(
        lambda status, maker: {"snapshots": [{"status": status, **({"made_by": maker} if maker else {})}]},
        st.sampled_from(["available", "creating", "error", "deleting", "rollbacking"]),
        st.sampled_from([None, "vbs", "csbs"]),
    ),
    st.builds(
        lambda maker, keeps: {"backups": [{"made_by": maker, "keeps_snapshot": keeps}]},
        st.sampled_from(["cbr", "vbs", "csbs"]),
        st.booleans(),
    ),
    st.just({"server_backups": 1}),
    st.builds(
        lambda policies, locked: {"vaults": [{"policies": policies, "locked": locked}]},
        st.lists(st.sampled_from(POLICIES), max_size=2, unique_by=lambda policy: policy["name"]),
        st.booleans(),
    ),
    st.just({"vaults": ["shared-vault"]}),
    st.just({"vaults": ["shared-vault-with-policy"]}),
    st.just({"vbs_policy": "old-policy"}),
    st.builds(lambda separator: {"pairs": [{"separator": separator}]}, st.sampled_from([",", ", ", " ,"])),
    st.builds(lambda order: {"metadata": {"orderID": order}}, st.sampled_from(["", "CS2601"])),
    st.builds(lambda kind: {"service_type": kind}, st.sampled_from(["EVS", "DSS", "DESS"])),
    st.just({"dedicated_storage_id": ORIGIN, "dedicated_storage_name": "pool"}),
)


def together(traits: list[dict[str, Any]]) -> dict[str, Any]:
    """One disk with all of these traits; metadata and lists add up."""
    disk: dict[str, Any] = {}
    for trait in traits:
        for name, value in trait.items():
            if isinstance(value, dict) and name == "metadata":
                disk[name] = {**disk.get(name, {}), **value}
            elif isinstance(value, list):
                disk[name] = [*(disk[name] if isinstance(disk.get(name), list) else []), *value]
            else:
                disk[name] = value
    return disk


CLOUDS = st.lists(st.lists(TRAITS, max_size=3).map(together), min_size=DISKS, max_size=DISKS)


@settings(
    max_examples=EXAMPLES,
    derandomize="OTC_EVS_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(disks=CLOUDS)
def agree(emulator: EmulatorServer, tally: list[int], disks: list[dict[str, Any]]) -> None:
    emulator.reset()
    emulator.configure(private_types={PRIVATE: [SOURCE], OF_THE_TARGET: [TARGET]})
    shared = [{"name": "shared-vault"}, {"name": "shared-vault-with-policy"}]
    policy = {"name": "everybody", "vaults": ["shared-vault-with-policy"]}
    # Whatever chance brings, one disk can be offered and not be accepted.
    emulator.load(SOURCE, vaults=shared, policies=[policy], volumes=[*disks, {"volume_type": PRIVATE}])
    entry = emulator.cloud(SOURCE)
    rows = run_module("evs_volume_info", auth=entry["auth"], region_name=entry["region_name"])["volumes"]
    foreseen = {row["id"]: sorted(blocker["constraint"] for blocker in row["blockers"]) for row in rows}
    truth = {disk: sorted(names) for disk, names in emulator.verdicts(SOURCE).items()}
    assert {disk for disk, names in foreseen.items() if names} == {disk for disk, names in truth.items() if names}
    # Of what only EVS's own view of a disk shows nothing is asked if something else blocks the disk.
    unasked = {disk for disk in foreseen if {*truth[disk]} - {*foreseen[disk]} == {"encrypted"} and foreseen[disk]}
    assert {disk: names for disk, names in foreseen.items() if disk not in unasked} == {
        disk: names for disk, names in truth.items() if disk not in unasked
    }

    source = evs_of(emulator, SOURCE, concurrency=8)
    refused, offered = set(), []
    for done in run_all(lambda volume_id: source.create_transfer(volume_id, "x"), list(foreseen), 8):
        if done.error:
            assert isinstance(done.error, ApiError), done.error
            assert done.error.status == 400, done.error
            refused.add(done.item)
        elif done.value and done.value.auth_key:
            kinds = {row["id"]: row["volume_type"] for row in rows}
            about = {"volume_id": done.item, "volume_type": kinds[done.item]}
            offered.append({"id": done.value.id, "auth_key": done.value.auth_key.reveal(), **about})
    assert refused == {volume_id for volume_id, names in foreseen.items() if names}
    assert refused == {row["id"] for row in rows if not row["transferable"]}
    agree_at_the_target(emulator, offered, tally)
    tally[0] += len(foreseen)
    tally[1] += len(refused)


def agree_at_the_target(emulator: EmulatorServer, offered: list[dict[str, Any]], tally: list[int]) -> None:
    """P2: the target's preflight blocks exactly the transfers that the server does not let it accept."""
    entry = emulator.cloud(TARGET)
    options = {"auth": entry["auth"], "region_name": entry["region_name"], "transfers": offered}
    told = run_module("evs_transfer_accept", blocked="skip", rehearse=True, **options)["disks"] if offered else []
    blocked = {row["id"] for row in told if row["outcome"] == "blocked"}
    target = evs_of(emulator, TARGET, concurrency=8)
    accepts = run_all(lambda one: target.accept_transfer(one["id"], Secret(one["auth_key"])), offered, 8)
    refused = {done.item["volume_id"] for done in accepts if done.error}
    assert {done.error.status for done in accepts if isinstance(done.error, ApiError)} <= {404}
    assert refused == blocked
    tally[2] += len(refused)


def test_the_preflight_blocks_exactly_what_the_server_refuses(emulator: EmulatorServer) -> None:
    tally = [0, 0, 0]
    agree(emulator, tally)
    disks, refused, not_accepted = tally
    print(f"{disks} disks, {refused} not offered, {not_accepted} not accepted, none but those foreseen")
    assert not_accepted
    assert disks >= EXAMPLES * DISKS
    assert disks // 5 < refused < disks * 19 // 20, "both sides of the decision are tried"
