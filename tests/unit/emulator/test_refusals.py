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
    ],
)
def test_near_misses(cloud: Cloud, traits: dict[str, Any]) -> None:
    cloud.a.offer(cloud.server.create_volume("tenant-a", "data", **traits))


def test_common_traits_of_the_handle(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "data", attached=True, encrypted=True)
    shown = cloud.a.volume(disk).json()["volume"]
    assert (shown["status"], shown["encrypted"]) == ("in-use", True)
    assert shown["attachments"][0]["device"] == "/dev/vdb"
    assert shown["metadata"]["__system__encrypted"] == "1"
