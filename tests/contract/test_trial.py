# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""evs_trial on both servers: everything holds, and nothing is left."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.support.modules import run_module
from tests.support.replay import replayed
from tests.support.server import SOURCE, SOURCE_READER, TARGET, Server
from tests.support.tenants import evs_of

Module = Callable[..., dict[str, Any]]


def trial(server: Server, module: Module, source: str = SOURCE, **options: Any) -> dict[str, Any]:
    entry = server.cloud(TARGET)
    side = {"auth": entry["auth"], "region_name": entry["region_name"]}
    return module("evs_trial", source, target=side, **options)


def steps(result: dict[str, Any]) -> dict[str, Any]:
    return {step["name"]: step["held"] for step in result["steps"]}


def test_everything_holds_and_nothing_is_left(server: Server, module: Module) -> None:
    result = trial(server, module, name="on-trial")
    assert not result.get("failed"), result
    assert result["changed"] is False
    assert result["left"] is None
    assert False not in steps(result).values()
    assert steps(result)["move it back"], "not tried"
    assert steps(result)["delete the disk"]
    assert result["steps"][-1]["message"] == "It is in neither project any more."
    for tenant in (SOURCE, TARGET):
        assert result["disk"] not in {volume.id for volume in evs_of(server, tenant).volumes()}


def test_the_transcript_holds_nothing_of_the_users(server: Server, module: Module) -> None:
    result = trial(server, module, name="on-trial-again")
    told = json.dumps(result["transcript"])
    own = [result["disk"], "on-trial-again", server.project_id(SOURCE), server.project_id(TARGET)]
    entry = server.cloud(SOURCE)["auth"]
    own += [entry[name] for name in ("username", "password", "project_name", "auth_url")]
    assert [value for value in own if re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", told)] == []
    created = [exchange for exchange in result["transcript"] if exchange["url"].endswith("/os-volume-transfer")]
    keys = [exchange["received"]["transfer"]["auth_key"] for exchange in created if exchange["method"] == "POST"]
    assert keys
    assert all(key.startswith("text-") for key in keys)


def test_a_transcript_can_be_replayed(server: Server, module: Module) -> None:
    """What somebody attaches to an issue is a test: the same steps come out of it."""
    first = trial(server, module)
    auth: dict[str, Any] = {
        "username": "anybody",
        "password": "a-dummy",
        "project_name": "any",
        "user_domain_name": "any",
    }
    with replayed(json.loads(json.dumps(first["transcript"]))) as auth_url:
        login: dict[str, Any] = {"auth": {**auth, "auth_url": auth_url, "project_domain_name": "any"}}
        region = server.cloud(SOURCE)["region_name"]
        again = run_module("evs_trial", **login, region_name=region, target={**login, "region_name": region})
    assert again.get("msg") is None, again["msg"]
    assert [(step["name"], step["held"]) for step in again["steps"]] == [
        (step["name"], step["held"]) for step in first["steps"]
    ]
    assert again["disk"].startswith("00000000-0000-4000-8000-")


def test_a_refusal_is_told_and_nothing_is_made(server: Server, module: Module) -> None:
    result = trial(server, module, source=SOURCE_READER)
    assert result["failed"]
    assert "create the disk: " in result["msg"]
    assert steps(result)["create the disk"] is False
    assert steps(result)["move it"] is None
    assert result["disk"] is None
    assert result["left"] is None


def test_check_mode_reads_only(server: Server, module: Module) -> None:
    server.forget_requests()
    result = trial(server, module, check=True)
    assert not result.get("failed"), result
    asked = [request for request in server.requests() if request.method != "GET"]
    assert [request for request in asked if not request.path.endswith("/auth/tokens")] == []
    assert steps(result)["read disks"]
    assert steps(result)["create the disk"] is None


def test_a_disk_of_that_name_is_left_alone(server: Server, module: Module, disk: Callable[..., str]) -> None:
    volume_id = disk("somebody-elses")
    result = trial(server, module, name="somebody-elses")
    assert "has a disk somebody-elses already" in result["msg"]
    assert volume_id in {volume.id for volume in evs_of(server, SOURCE).volumes()}


def test_one_project_is_no_trial(server: Server, module: Module) -> None:
    entry = server.cloud(SOURCE)
    side = {"auth": entry["auth"], "region_name": entry["region_name"]}
    result = module("evs_trial", SOURCE, target=side)
    assert result["failed"]
    assert "Source and target are the same" in result["msg"]
