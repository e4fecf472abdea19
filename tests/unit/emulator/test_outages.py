# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that refuse or fail, for some callers or calls or for all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import Client, Cloud, offer

PATHS = {"evs": "/snapshots/detail", "cbr": "/vaults", "vbs": "/backuppolicy", "sdrs": "/replications"}


def status(client: Client, service: str, path: str | None = None) -> int:
    """Return the status that a service answers with."""
    return client.ask(service, path or PATHS[service]).status_code


@pytest.mark.parametrize(
    ("service", "code", "sent", "body"),
    [
        ("evs", 403, 403, {"error": "EVS.5403"}),
        ("evs", 503, 503, {"error": "EVS.5503"}),
        ("cbr", 403, 403, "BackupService.0403"),
        ("cbr", 500, 500, "BackupService.0500"),
        ("vbs", 404, 404, {"error": "VBS.0404"}),
        ("sdrs", 403, 400, {"error": "SDRS.0003"}),
        ("sdrs", 500, 500, {"error": "SDRS.0500"}),
        ("sdrs", 429, 429, "APIG.0308"),
        ("evs", 502, 502, "APIG.0201"),
    ],
)
def test_each_service_has_its_words(cloud: Cloud, service: str, code: int, sent: int, body: Any) -> None:
    cloud.server.set_outage(service, code)
    answer = cloud.a.ask(service, PATHS[service])
    assert answer.status_code == sent
    got = answer.json()
    assert body == (got["error_code"] if "error_code" in got else {"error": got["error"]["code"]})
    cloud.server.set_outage(service, None)
    assert status(cloud.a, service) == 200


def test_a_permission_of_one_tenant(cloud: Cloud) -> None:
    cloud.server.set_outage("cbr", 403, tenant="tenant-a")
    assert [status(c, "cbr") for c in (cloud.a, cloud.b)] == [403, 200]
    assert status(cloud.a, "sdrs") == 200


def test_a_permission_of_one_user(cloud: Cloud) -> None:
    cloud.server.set_outage("vbs", 403, user="alice-ro")
    assert [status(c, "vbs") for c in (cloud.a, cloud.reader)] == [200, 403]


def test_one_kind_of_calls(cloud: Cloud) -> None:
    cloud.server.set_outage("cbr", 403, path="/policies")
    assert [status(cloud.a, "cbr", path) for path in ("/policies", "/vaults")] == [403, 200]
    cloud.server.set_outage("evs", 403, path="snapshots")
    assert [status(cloud.a, "evs", p) for p in ("/snapshots", "/snapshots/detail", "/volumes")] == [403, 403, 200]
    assert status(cloud.a, "evs", "/cloudsnapshots/detail") == 200


def test_one_method(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d")
    cloud.server.set_outage("evs", 403, path="/os-volume-transfer", method="POST")
    assert cloud.a.call("POST", "/os-volume-transfer", offer(disk)).status_code == 403
    assert cloud.a.call("GET", "/os-volume-transfer").status_code == 200


def test_the_last_outage_counts_and_each_ends_by_itself(cloud: Cloud) -> None:
    cloud.server.set_outage("cbr", 403)
    cloud.server.set_outage("cbr", 503, tenant="tenant-a")
    assert status(cloud.a, "cbr") == 503
    cloud.server.set_outage("cbr", None, tenant="tenant-a")
    assert status(cloud.a, "cbr") == 403
    cloud.server.end_outages()
    assert status(cloud.a, "cbr") == 200
    cloud.server.set_outage("cbr", 403)
    cloud.server.reset()
    assert status(cloud.a, "cbr") == 200


def test_mistakes_are_told(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="no service ecs"):
        cloud.server.set_outage("ecs", 403)
    with pytest.raises(ValueError, match="no tenant x"):
        cloud.server.set_outage("cbr", 403, tenant="x")
    with pytest.raises(ValueError, match="no user eve"):
        cloud.server.set_outage("cbr", 403, user="eve")
    with pytest.raises(ValueError, match="999"):
        cloud.server.set_outage("cbr", 999)
    with pytest.raises(ValueError, match="colour"):
        cloud.server.set_outage("cbr", 403, colour="red")
