# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server echoes of what it was sent is not shown (S7): tokens, and passwords that Ansible does not know."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.scripted import Script, answer, scripted
from tests.support.server import SOURCE

# Of openstacksdk about its own ways.
pytestmark = pytest.mark.filterwarnings("ignore::Warning")


def echo_of(script: list[Script], status: int) -> Any:
    """Answer with the token of the request, and with a password."""

    def step(connection: socket.socket) -> None:
        token = script[0].received[-1].headers["x-auth-token"]
        words = f"token {token} of alice, whose password is alicepw, is no good"
        answer(status, {"error": {"message": words}}, X_Request_Id=f"req-{token}")(connection)

    return step


@pytest.mark.parametrize("status", [400, 403, 200])
@pytest.mark.parametrize("way", ["auth", "cloud", "clouds.yaml"])
def test_no_echo_is_shown(
    emulator: EmulatorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, status: int
) -> None:
    entry = emulator.cloud(SOURCE)
    scripts: list[Script] = []
    with scripted(echo_of(scripts, status)) as script:
        scripts.append(script)
        endpoints = {"evs": f"{script.url}/v3"}
        options: dict[str, Any] = {"auth": entry["auth"], "region_name": entry["region_name"]}
        if way == "cloud":
            options = {"cloud": entry}
        if way == "clouds.yaml":
            file = tmp_path / "clouds.yaml"
            file.write_text(yaml.safe_dump({"clouds": {"mine": entry}}), encoding="utf-8")
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
            options = {"cloud": "mine"}
        result = run_module("evs_transfer_info", endpoints=endpoints, **options)
        assert script.received, result
        token = script.received[0].headers["x-auth-token"]
    assert result["failed"]
    text = json.dumps(result)
    assert token not in text
    assert "alicepw" not in text
    assert "alice" in text or status == 200, "what is no secret stays"


def test_a_refused_login_does_not_show_the_password(
    emulator: EmulatorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"error": {"code": 401, "message": "alice may not log in with alicepw", "title": "Unauthorized"}}
    with scripted(*[answer(401, words)] * 3) as script:
        entry = {**emulator.cloud(SOURCE), "identity_api_version": 3}
        entry["auth"] = {**entry["auth"], "auth_url": f"{script.url}/v3"}
        file = tmp_path / "clouds.yaml"
        file.write_text(yaml.safe_dump({"clouds": {"mine": entry}}), encoding="utf-8")
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        result = run_module("evs_transfer_info", cloud="mine")
    assert "refused the credentials" in result["msg"]
    assert "alicepw" not in json.dumps(result)
