# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed calls: what the emulator refuses, with a signer that is not the collection's (EVS_API G.2)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from tests.emulator.server import EmulatorServer
from tests.unit.emulator.conftest import plain_session


def ask(server: EmulatorServer, path: str = "/v3/auth/catalog", **changes: Any) -> requests.Response:
    """Sign a GET to Keystone with the key of alice, with some of it wrong, and send it."""
    login = server.key_login("tenant-a")
    url = urlsplit(server.auth_url)
    headers = {"Content-Type": "application/json", **changes.get("headers", {})}
    key = SimpleNamespace(ak=changes.get("ak", login["access_key"]), sk=changes.get("sk", login["secret_key"]))
    given = SdkRequest("GET", url.scheme, url.netloc, path, None, [], headers, None)
    signed = Signer(key).sign(given)
    sent = {**signed.header_params, **changes.get("sent", {})}
    return plain_session().get(f"{url.scheme}://{url.netloc}{path}", headers=sent)


def stamp(minutes: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime("%Y%m%dT%H%M%SZ")


def test_a_signed_call_is_that_of_its_user(server: EmulatorServer) -> None:
    catalogue = ask(server).json()["catalog"]
    urls = [endpoint["url"] for service in catalogue for endpoint in service["endpoints"]]
    assert any(server.project_id("tenant-a") in url for url in urls)
    for minutes in (-14, 14):
        assert ask(server, headers={"X-Sdk-Date": stamp(minutes)}).status_code == 200


REFUSED: dict[str, dict[str, Any]] = {
    "does not exist": {"ak": "AK"},
    "verify aksk signature fail": {"sk": "SK"},
    "too far from the time of the server": {"headers": {"X-Sdk-Date": stamp(-16)}},
    "x-project-id is no project": {"headers": {"X-Project-Id": "0" * 32}},
    "security token is not that": {"headers": {"X-Security-Token": "x"}},
    "cannot be read": {"sent": {"Authorization": "SDK-HMAC-SHA256 nonsense"}},
    "have to be signed": {
        "sent": {"Authorization": f"SDK-HMAC-SHA256 Access=AKALICE{'X' * 13}, SignedHeaders=host, Signature=00"}
    },
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused(server: EmulatorServer, why: str) -> None:
    answer = ask(server, **REFUSED[why])
    assert (answer.status_code, answer.json()["error_code"]) == (401, "APIG.0301")
    assert why in answer.json()["error_msg"]


def test_a_changed_header_breaks_the_signature(server: EmulatorServer) -> None:
    assert ask(server, sent={"Content-Type": "text/plain"}).status_code == 401
    assert ask(server, sent={"X-Other": "is not signed"}).status_code == 200


def test_some_wrong_signatures_lock_a_key(server: EmulatorServer) -> None:
    for dummy in range(4):
        assert ask(server, sk="SK").status_code == 401
    assert ask(server).status_code == 200
    for dummy in range(5):
        assert ask(server, sk="SK").status_code == 401
    assert "locked" in ask(server).json()["error_msg"]
    server.reset()
    assert ask(server).status_code == 200
