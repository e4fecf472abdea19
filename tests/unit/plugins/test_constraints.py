# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every constraint: what it blocks, what it lets pass, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._constraints import CONSTRAINTS, Facts, blockers
from tests.support.bodies import transfer, volume

SYSTEM = {"server_id": "s-1", "device": "/dev/vda"}
DATA = {"server_id": "s-1", "device": "/dev/vdb"}
IMAGE = {"image_name": "Standard_Debian_12"}

BLOCKED: list[tuple[str, dict[str, Any], str]] = [
    ("status", {"status": "creating"}, "its status is creating"),
    ("status", {"status": "error"}, "its status is error"),
    ("status", {"status": "backing-up"}, "its status is backing-up"),
    ("status", {"status": "awaiting-transfer"}, "there is no transfer of it"),
    ("attached", {"status": "in-use", "attachments": [DATA]}, "server s-1 as /dev/vdb"),
    ("attached", {"status": "in-use"}, "attached to a server"),
    ("encrypted", {"encrypted": True}, "it is encrypted"),
    ("encrypted", {"metadata": {"__system__encrypted": "1"}}, "it is encrypted"),
    ("encrypted", {"metadata": {"__system__cmkid": "k-1"}}, "with the key k-1"),
    ("system_disk", {"bootable": "true"}, "it is bootable"),
    ("system_disk", {"bootable": True}, "it is bootable"),
]

PASSES: list[dict[str, Any]] = [
    {},
    {"bootable": "false"},
    {"bootable": False},
    {"snapshot_id": "the origin, not a snapshot it has"},
    {"volume_image_metadata": IMAGE},
    {"metadata": {"__system__encrypted": "0"}},
    {"metadata": {"__system__cmkid": ""}},
    {"multiattach": True},
    {"encrypted": None, "metadata": None, "attachments": None},
]


@pytest.mark.parametrize(("constraint", "fields", "words"), BLOCKED)
def test_blocks_and_says_why(constraint: str, fields: dict[str, Any], words: str) -> None:
    found = blockers(Facts(volume(**fields)))
    assert [blocker.constraint for blocker in found] == [constraint]
    assert words in found[0].reason
    assert found[0].evidence
    assert found[0].remedy.endswith(".")


@pytest.mark.parametrize("fields", PASSES)
def test_lets_a_near_miss_pass(fields: dict[str, Any]) -> None:
    assert blockers(Facts(volume(**fields))) == []


def test_tells_all_reasons_at_once() -> None:
    disk = volume(status="in-use", attachments=[SYSTEM], bootable="true", metadata={"__system__encrypted": "1"})
    assert [blocker.constraint for blocker in blockers(Facts(disk))] == ["attached", "encrypted", "system_disk"]


def test_names_the_transfer_of_an_offered_disk() -> None:
    disk = volume(status="awaiting-transfer")
    offered = transfer(disk, name="theirs")
    (blocker,) = blockers(Facts(disk, offered))
    assert offered.id in blocker.reason
    assert "'theirs'" in blocker.reason
    assert "2026-11-21T09:00:00" in blocker.reason
    assert blocker.evidence["transfer_name"] == "theirs"


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_an_ignored_constraint_blocks_nothing(name: str) -> None:
    disk = volume(status="error", bootable="true", encrypted=True, attachments=[SYSTEM])
    assert set(CONSTRAINTS) - {name} == {blocker.constraint for blocker in blockers(Facts(disk), [name])}
