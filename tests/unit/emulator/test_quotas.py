# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas: what is shown, and what accept and create say when they are used up."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.unit.emulator.conftest import Cloud


def quota(cloud: Cloud) -> dict[str, Any]:
    """Return tenant-b's quotas with their usage."""
    answer = cloud.b.call("GET", f"/os-quota-sets/{cloud.b.project}?usage=True")
    assert answer.status_code == 200
    quota_set: dict[str, Any] = answer.json()["quota_set"]
    return quota_set


def over(answer: requests.Response, message: str) -> None:
    """Check that this is Cinder's answer to a used up quota."""
    expected = {"overLimit": {"code": 413, "message": message, "retryAfter": "0"}}
    assert (answer.status_code, answer.json()) == (413, expected)
    assert answer.headers["Retry-After"] == "0"


def test_usage_follows_create_accept_resize_and_delete(cloud: Cloud) -> None:
    server = cloud.server
    disk = server.create_volume("tenant-a", "data", size=5, volume_type="SAS")
    assert quota(cloud)["volumes"]["in_use"] == 0
    cloud.b.accept(cloud.a.offer(disk))
    assert quota(cloud)["volumes"] == {"limit": -1, "in_use": 1, "reserved": 0}
    assert quota(cloud)["gigabytes_SAS"]["in_use"] == 5
    server.update_volume(disk, size=7, volume_type="SSD")
    assert quota(cloud)["gigabytes"]["in_use"] == 7
    assert [quota(cloud)[f"volumes_{t}"]["in_use"] for t in ("SAS", "SSD")] == [0, 1]
    cloud.b.call("DELETE", f"/volumes/{disk}")
    assert quota(cloud)["volumes"]["in_use"] == 0


def test_shape(cloud: Cloud) -> None:
    assert quota(cloud)["id"] == cloud.b.project
    flat = cloud.b.call("GET", f"/os-quota-sets/{cloud.b.project}").json()["quota_set"]
    assert flat["volumes"] == -1
    assert "gigabytes_GPSSD" not in flat
    cloud.server.set_quota("tenant-b", gigabytes_GPSSD=10, volumes_SAS=None)
    assert quota(cloud)["gigabytes_GPSSD"]["limit"] == 10
    assert "volumes_SAS" not in quota(cloud)


def test_only_ones_own(cloud: Cloud) -> None:
    answer = cloud.a.call("GET", f"/os-quota-sets/{cloud.b.project}?usage=True")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            {"volumes": 1},
            "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota 'volumes'.",
        ),
        (
            {"gigabytes": 7},
            "Requested volume or snapshot exceeds allowed gigabytes quota. Requested 2G, "
            "quota is 7G and 6G has been consumed.",
        ),
        (
            {"gigabytes": {"limit": 9, "reserved": 2}},
            "Requested volume or snapshot exceeds allowed gigabytes quota. Requested 2G, "
            "quota is 9G and 8G has been consumed.",
        ),
        (
            {"per_volume_gigabytes": 1},
            "VolumeSizeExceedsLimit: Requested volume size 2G is larger than maximum allowed limit 1G.",
        ),
        (
            {"volumes_SSD": 1},
            "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota 'volumes_SSD'.",
        ),
        (
            {"gigabytes_SSD": 7, "volumes": 1},
            "Requested volume or snapshot exceeds allowed gigabytes_SSD quota. Requested 2G, "
            "quota is 7G and 6G has been consumed.",
        ),
    ],
)
def test_accept_over_quota(cloud: Cloud, limits: dict[str, Any], message: str) -> None:
    server = cloud.server
    server.create_volume("tenant-b", "there", size=6, volume_type="SSD")
    disk = server.create_volume("tenant-a", "data", size=2, volume_type="SSD")
    server.set_quota("tenant-b", **limits)
    transfer = cloud.a.offer(disk)
    over(cloud.b.accept(transfer), message)
    assert cloud.a.volume(disk).json()["volume"]["status"] == "awaiting-transfer"
    server.set_quota("tenant-b", **dict.fromkeys(limits, -1))
    assert cloud.b.accept(transfer).status_code == 202


def test_a_quota_that_fits_exactly(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "data", size=2, volume_type="SSD")
    cloud.server.set_quota("tenant-b", volumes=1, gigabytes=2, gigabytes_SSD=2)
    assert cloud.b.accept(cloud.a.offer(disk)).status_code == 202


def test_create_over_quota(cloud: Cloud) -> None:
    cloud.server.set_quota("tenant-b", volumes=0)
    answer = cloud.b.call("POST", "/volumes", {"volume": {"size": 1}})
    over(
        answer,
        "VolumeLimitExceeded: Maximum number of volumes allowed (0) exceeded for quota 'volumes'.",
    )
