# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures equal those of the vendor's SDK, and those that were computed by others for known requests."""

from __future__ import annotations

import random
import urllib.parse
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from ansible_collections.otc.evs.plugins.module_utils._api.signature import SIGNED, AccessKey, Signature, authorization

PROJECT = "0123456789abcdef0123456789abcdef"
KEY = AccessKey("AKEXAMPLE0000000001", "SKExampleSecretKey0000000000000000000001")
HOST = "evs.eu-de.otc.t-systems.com"
HEADERS = {
    "Content-Type": "application/json",
    "Host": HOST,
    "X-Project-Id": PROJECT,
    "X-Sdk-Date": "20250101T000000Z",
    "User-Agent": "is not signed",
}
TRANSFERS = f"/v2/{PROJECT}/os-volume-transfer"
BODY = b'{"transfer": {"volume_id": "c86b9af4-151d-4ead-b62c-5fb967af0e37", "name": "t1"}}'
IDS = "%5B%27c86b9af4-151d-4ead-b62c-5fb967af0e37%27%2C%27894623a6-e901-4312-aa06-4275e6321cce%27%5D"


@pytest.mark.parametrize(
    ("method", "path", "body", "more", "signature"),
    [
        (
            "GET",
            f"{TRANSFERS}?limit=50&offset=0",
            b"",
            {},
            "fd4430f4a7e7d11ddc760e64c621619f137272f49bf18f104a91b41ea2f63997",
        ),
        ("POST", TRANSFERS, BODY, {}, "4fa748f7ba160a91132efadd06f080b6a4d17cef3c3c9eec530e0d1a76a3e510"),
        (
            "GET",
            f"/v2/{PROJECT}/cloudvolumes/detail?limit=60&ids={IDS}",
            b"",
            {"X-Security-Token": "tok"},
            "ff747746817db5529efb9fefb1b1d8acfa8520a99a61a82bd1d01c932af75000",
        ),
    ],
)
def test_known_requests(method: str, path: str, body: bytes, more: dict[str, str], signature: str) -> None:
    signed = ";".join(sorted(["content-type", "host", "x-project-id", "x-sdk-date", *map(str.lower, more)]))
    made = authorization(KEY, method, f"https://{HOST}{path}", {**HEADERS, **more}, body)
    assert made == f"SDK-HMAC-SHA256 Access={KEY.access}, SignedHeaders={signed}, Signature={signature}"


LETTERS = "aZ09-._~ !'()*+,;:@&=$/?#[]%äß€𝄞\t"


def word(source: random.Random, most: int = 12) -> str:
    return "".join(source.choice(LETTERS) for dummy in range(source.randint(1, most)))


def random_request(source: random.Random) -> dict[str, Any]:
    """A request with a path and a query of anything, and names that come several times."""
    path = "/".join(urllib.parse.quote(word(source), safe="") for dummy in range(source.randint(0, 4)))
    names = [word(source, 3) for dummy in range(3)] + ["limit"]
    port = source.choice(["", ":443", ":8443"])
    return {
        "method": source.choice(["GET", "POST", "PUT", "DELETE"]),
        "url": f"https://{HOST}{port}/{path}",
        "params": [(source.choice(names), word(source)) for dummy in range(source.randint(0, 5))],
        "data": source.choice([None, b"", word(source, 200).encode(), source.randbytes(100)]),
        "headers": {"Content-Type": "application/json", "User-Agent": "tests"},
    }


def by_the_vendor(given: dict[str, Any], sent: requests.PreparedRequest, key: AccessKey) -> str:
    """The header as the vendor's SDK makes it, for the headers that were signed."""
    url = urllib.parse.urlsplit(sent.url or "")
    request = SdkRequest(
        method=given["method"],
        schema=url.scheme,
        host=HOST,
        resource_path=url.path,
        query_params=list(given["params"]),
        header_params={name: value for name, value in sent.headers.items() if name.lower() in SIGNED},
        body=given["data"],
    )
    Signer(SimpleNamespace(ak=key.access, sk=key.secret)).sign(request)
    made: str = request.header_params["Authorization"]
    return made


@pytest.mark.parametrize("token", [None, "a-security-token/with+all=of~it"])
def test_random_requests_are_signed_as_the_vendors_sdk_does(token: str | None) -> None:
    source = random.Random(token)
    key = AccessKey(KEY.access, KEY.secret, token)
    for dummy in range(100):
        given = random_request(source)
        sent = requests.Request(**given, auth=Signature(key, PROJECT)).prepare()
        assert sent.headers["Authorization"] == by_the_vendor(given, sent, key), given
        assert sorted(urllib.parse.parse_qsl(urllib.parse.urlsplit(sent.url or "").query)) == sorted(given["params"])


def test_the_port_is_signed_as_it_is_sent() -> None:
    hosts = {
        url: requests.Request("GET", url, auth=Signature(KEY)).prepare().headers["Host"]
        for url in ("https://h/", "https://h:443/", "http://h:80/", "http://h:443/", "https://[::1]:8443/")
    }
    assert list(hosts.values()) == ["h", "h", "h", "h:443", "[::1]:8443"]


def test_a_key_does_not_show_its_secrets() -> None:
    shown = repr(AccessKey("AK", "the-secret", "the-token"))
    assert "the-secret" not in shown
    assert "the-token" not in shown
