# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server echoes of what it was sent is not shown (S7): tokens, and passwords that Ansible does not know."""

from __future__ import annotations

import base64
import html
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.scripted import Script, answer, scripted
from tests.support.server import SOURCE, TARGET
from tests.support.watch import forms

# Of openstacksdk about its own ways.
pytestmark = [pytest.mark.filterwarnings("ignore::Warning"), pytest.mark.usefixtures("quick")]

ID = "00000000-0000-4000-8000-000000000000"
KEY = "00000000000000ff"


MODULES: dict[str, dict[str, Any]] = {
    "evs_move": {"volumes": ["d"]},
    "evs_transfer": {"volumes": ["d"]},
    "evs_transfer_accept": {"transfer_id": ID, "volume_id": ID, "auth_key": KEY},
    "evs_transfer_info": {},
    "evs_volume_info": {},
    "evs_quota_info": {},
}


def echo_of(script: list[Script], status: int) -> Any:
    """Answer with the token of the request, with a password, and with what a key is."""

    def step(connection: socket.socket) -> None:
        token = script[0].received[-1].headers["x-auth-token"]
        password = base64.b64encode(b"someone:alicepw-of-alice").decode()
        words = f"token {token} of alice, whose password is alicepw, is no good. {json.dumps(json.dumps(token))}"
        error = {"message": words, "code": f"E{token}"}
        kind = "application/json" if status != 201 else f"x/{token}"
        body: Any = {"error": error} if status != 201 else f"{token} {password}"
        answer(status, body, kind, X_Request_Id=f"req-{token}")(connection)

    return step


@pytest.mark.parametrize("status", [400, 403, 200, 201])
@pytest.mark.parametrize(
    ("module", "way"),
    [*((module, "auth") for module in MODULES), ("evs_transfer_info", "cloud"), ("evs_move", "clouds.yaml")],
)
def test_no_echo_is_shown(
    emulator: EmulatorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, way: str, status: int
) -> None:
    entry = emulator.cloud(SOURCE)
    scripts: list[Script] = []
    with scripted(*[echo_of(scripts, status)] * 30) as script:
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
        login = {**options, "endpoints": endpoints}
        if module == "evs_move":
            # The one whose words are told is the target; the source is asked for its own first.
            other = emulator.cloud(TARGET)
            login = {"auth": other["auth"], "region_name": other["region_name"], "target": login}
            emulator.create_volume(TARGET, "d")
        result = run_module(module, **login, **MODULES[module], timeout=1)
        assert script.received, result
        token = script.received[0].headers["x-auth-token"]
    assert result["failed"]
    text = json.dumps(result)
    assert token not in text
    assert "alicepw" not in text
    assert "alice" in text or status in (200, 201), "what is no secret stays"


ODD = "5ecre7\\'\"\n\u200b{{ x }}%s/kraM"


@pytest.mark.parametrize("status", [401, 403, 500, 300, 200])
@pytest.mark.parametrize("password", [ODD, 481516234248, f" {ODD} "], ids=["odd", "number", "blanks"])
def test_no_echo_of_keystone_is_shown(emulator: EmulatorServer, password: Any, status: int) -> None:
    """S7: however Keystone writes it, and whatever the password is."""
    secret = str(password)
    spelt = [secret, repr(secret), json.dumps(secret), quote(secret, safe=""), html.escape(secret)]
    spelt.append(base64.b64encode(f"alice:{secret}".encode()).decode())
    words = {"error": {"code": status, "message": f"alice may not log in with {' or '.join(spelt)}", "title": secret}}
    with scripted(*[answer(status, words, X_Openstack_Request_Id=quote(secret))] * 9) as script:
        auth = {**emulator.cloud(SOURCE)["auth"], "auth_url": f"{script.url}/v3", "password": password}
        text = json.dumps(run_module("evs_transfer_info", auth=auth, timeout=1))
    assert script.received
    assert not [mark for mark in ("5ecre7", "kraM", secret.strip()) for form in forms(mark) if form.decode() in text]


@pytest.mark.parametrize("way", ["auth", "cloud"])
def test_names_that_hold_a_short_password_stay_whole(emulator: EmulatorServer, way: str) -> None:
    """The password of bob is bobpw, and that of alice alicepw."""
    names = ["alicepw", "alicepw-bobpw", "xbobpwx"]
    ids = emulator.create_volumes(SOURCE, [{"name": name, "metadata": {"bobpw": "alicepw"}} for name in names])
    source: dict[str, Any]
    source, target = (
        {"auth": emulator.cloud(name)["auth"]} if way == "auth" else {"cloud": emulator.cloud(name)}
        for name in (SOURCE, TARGET)
    )
    listed = run_module("evs_volume_info", **source)
    assert sorted(disk["name"] for disk in listed["volumes"]) == sorted(names)
    assert listed["volumes"][0]["metadata"] == {"bobpw": "alicepw"}
    moved = run_module("evs_move", volumes=names, target=target, diff=True, **source)
    assert {row["id"]: row["name"] for row in moved["disks"]} == dict(zip(ids, names, strict=True))
    assert {row["outcome"] for row in moved["disks"]} == {"moved"}
    # The newest ansible-core repeats the options only when it is asked to.
    if "invocation" in moved:
        assert moved["invocation"]["module_args"]["volumes"] == names
    refused = run_module("evs_transfer", volumes=["alicepw-missing"], **source)
    assert "alicepw-missing" in refused["msg"]


@pytest.mark.parametrize("before", [0, 430, 480, 495])
def test_half_an_echo_is_not_shown_either(emulator: EmulatorServer, before: int) -> None:
    """Long words are cut, and a part of a secret would not be known again."""
    password = "5ecre7" * 20
    words = {"error": {"code": 401, "message": "x" * before + password, "title": "Unauthorized"}}
    auth = {**emulator.cloud(SOURCE)["auth"], "password": password}
    with scripted(*[answer(401, words, X_Openstack_Request_Id=f"req-{password}")] * 3) as script:
        result = run_module("evs_transfer_info", auth={**auth, "auth_url": f"{script.url}/v3"})
    assert "refused the credentials" in result["msg"]
    assert "5ecre7" not in json.dumps({**result, "invocation": None})
    auth = emulator.cloud(SOURCE)["auth"]
    words = {"error": {"code": f"{'c' * 30}{auth['password']}", "message": "x" * before + auth["password"]}}
    with scripted(answer(403, words)) as script:
        result = run_module("evs_transfer_info", auth=auth, endpoints={"evs": script.url})
    assert "was answered 403" in result["msg"]
    assert auth["password"][:4] not in result["msg"].replace(auth["username"], "")


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
