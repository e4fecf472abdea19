# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent with less work is what requests would send."""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from ansible_collections.otc.evs.plugins.module_utils._api.line import PLAIN, Call, Lines
from ansible_collections.otc.evs.plugins.module_utils._api.session import HEADERS
from ansible_collections.otc.evs.plugins.module_utils._api.stall import Adapter
from tests.emulator.server import EmulatorServer
from tests.support.scripted import Received, answer, scripted
from tests.support.server import SOURCE
from tests.support.tenants import session_of

SETTINGS: Mapping[str, Any] = {"proxies": {}, "verify": True, "cert": None, "stream": False}
BODY = b'{"transfer": {}}'
PATHS = [
    "/v2/p/os-volume-transfer",
    "/v2/p/os-volume-transfer/1a7059f5-8ed7-45b7-8d05-2811e5d09f24/accept",
    "/v2/p/volumes/..",
    "/v2/p/volumes/a b",
    "/v2/p/volumes/%2e%2e",
    "/v2/p/volumes/a%2Fb?x=1#y",
    "/v2/p/volumes/ä",
    "/v2/p//volumes",
    "/v2/p/.hidden",
    "/",
    "",
]


def parts(request: Received) -> tuple[str, str, dict[str, str], bytes]:
    return request.method, request.path, dict(request.headers), request.body


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("params", [None, {"limit": 1000, "marker": "a&b"}], ids=["plain", "with parameters"])
def test_it_is_what_requests_would_send(method: str, path: str, params: Mapping[str, Any] | None) -> None:
    body = BODY if method == "POST" else None
    extra = {"OpenStack-API-Version": "volume 3.55"}
    lines = Lines(Adapter(5, max_retries=0), HEADERS)
    with scripted(*[answer(200, {})] * 3) as script:
        url = f"{script.url}{path}"
        for dummy in range(2):
            told = lines.exchange(Call(method, url, params, body, extra), "token", None, SETTINGS)
            assert (told.status_code, told.json()) == (200, {})
        headers = {**HEADERS, **extra, "X-Auth-Token": "token"}
        prepared = requests.Request(method, url, headers=headers, params=params, data=body).prepare()
        with requests.Session() as session:
            session.send(prepared, allow_redirects=False)
    first, again, expected = map(parts, script.received)
    assert first == again == expected


def test_a_kind_of_request_is_not_mistaken_for_another() -> None:
    lines = Lines(Adapter(5, max_retries=0), HEADERS)
    calls = [
        ("POST", "one", BODY, {}),
        ("POST", "one", BODY * 2, {}),
        ("POST", "two", BODY, {}),
        ("POST", "two", BODY, {"X-OpenStack-Nova-API-Version": "2.60"}),
        ("DELETE", "two", None, {}),
        ("GET", "", None, {}),
    ]
    with scripted(*[answer(200, {})] * len(calls) * 2) as script:
        for method, token, body, headers in calls * 2:
            lines.exchange(Call(method, f"{script.url}/v2/x", None, body, headers), token, None, SETTINGS)
    for (method, token, body, headers), received in zip(calls * 2, script.received, strict=True):
        assert (received.method, received.body) == (method, body or b"")
        assert received.headers.get("x-auth-token", "") == token
        assert received.headers.get("x-openstack-nova-api-version") == headers.get("X-OpenStack-Nova-API-Version")


def test_a_plain_request_through_a_proxy_names_the_whole_url() -> None:
    lines = Lines(Adapter(5, max_retries=0), HEADERS)
    with scripted(answer(200, {"by": "proxy"})) as proxy:
        call = Call("POST", "http://evs.example.com/v2/p/os-volume-transfer", None, BODY, {})
        told = lines.exchange(call, "token", None, {**SETTINGS, "proxies": {"http": proxy.url}})
    assert told.json() == {"by": "proxy"}
    assert proxy.received[0].path == call.url


@pytest.mark.parametrize(
    ("url", "is_plain"),
    [
        ("https://evs.example.com/v2/p/volumes/1a7059f5", True),
        ("http://127.0.0.1:8776/v3/p/volumes", True),
        ("http://127.0.0.1:8776", False),
        ("http://127.0.0.1:8776/", False),
        ("http://[::1]:8776/v3", False),
        ("https://EVS.example.com/v3", False),
        ("https://evs.example.com/v3/../v2", False),
        ("https://evs.example.com/v3/x/.", False),
        ("https://evs.example.com/v3/x?y", False),
        ("https://evs.example.com/v3/x#y", False),
        ("https://evs.example.com/v3/x%20y", False),
        ("https://evs.example.com/v3/x\n", False),
        ("https://user@evs.example.com/v3", False),
        ("https://bücher.example/v3", False),
        ("ftp://evs.example.com/v3", False),
    ],
)
def test_only_what_needs_no_preparation_is_sent_without(url: str, is_plain: bool) -> None:
    assert bool(PLAIN.fullmatch(url)) is is_plain
    if is_plain:
        assert requests.Request("GET", url).prepare().url == url


def test_the_token_is_not_asked_for_with_each_request_and_a_rejected_one_is_not_kept(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(emulator, SOURCE)
    keystone = session._keystone
    asked = itertools.count()
    plainly = keystone._asked_token

    def counted() -> str:
        next(asked)
        return plainly()

    monkeypatch.setattr(keystone, "_asked_token", counted)
    tokens = {keystone.token() for dummy in range(5)}
    assert (len(tokens), next(asked)) == (1, 1)
    assert keystone.renew(tokens.pop())
    renewed = keystone.token()
    assert keystone.renew("another")
    assert keystone.token() == renewed != ""


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", BODY), ("DELETE", None)])
def test_a_request_leaves_as_one_piece(monkeypatch: pytest.MonkeyPatch, method: str, body: bytes | None) -> None:
    """On a new connection and on one that is there."""
    pieces: list[bytes] = []
    send = http.client.HTTPConnection.send

    def noted(self: Any, data: bytes) -> None:
        pieces.append(data)
        send(self, data)

    lines = Lines(Adapter(5, max_retries=0), HEADERS)
    with scripted(*[answer(200, {})] * 2) as script:
        monkeypatch.setattr(http.client.HTTPConnection, "send", noted)
        for dummy in range(2):
            lines.exchange(Call(method, f"{script.url}/v2/x", None, body, {}), "token", None, SETTINGS)
    assert len(pieces) == 2
    for piece in pieces:
        assert piece.startswith(f"{method} /v2/x HTTP/1.1\r\n".encode())
        assert piece.endswith(b"\r\n\r\n" + (body or b""))
