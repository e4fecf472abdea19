# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Requests signed with an access key (AK/SK), by the algorithm SDK-HMAC-SHA256 of the gateway."""

from __future__ import annotations

import hashlib
import hmac
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

try:
    import requests
    from requests.auth import AuthBase
except ImportError:  # reported by the module frame
    AuthBase = object  # type: ignore[misc, assignment]

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
SIGNED = ("content-type", "host", "x-project-id", "x-sdk-date", "x-security-token")
"""The headers that a proxy has no reason to change, in the order of the algorithm."""
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class AccessKey:
    """An access key; a temporary one comes with a security token."""

    access: str
    secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)


def authorization(key: AccessKey, method: str, url: str, headers: Mapping[str, str], body: bytes) -> str:
    """The header Authorization for a request with exactly these headers, of which X-Sdk-Date is one."""
    values = {name.lower(): value.strip() for name, value in headers.items()}
    names = [name for name in sorted(values) if name in SIGNED]
    parts = urllib.parse.urlsplit(url)
    canonical = "\n".join(
        (
            method.upper(),
            canonical_path(parts.path),
            canonical_query(parts.query),
            *(f"{name}:{values[name]}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )
    to_sign = "\n".join((ALGORITHM, values["x-sdk-date"], hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(key.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Access={key.access}, SignedHeaders={';'.join(names)}, Signature={signature}"


def canonical_path(path: str) -> str:
    """The path as it is signed: each segment encoded once, and a slash at the end."""
    encoded = "/".join(_encoded(segment) for segment in urllib.parse.unquote(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def canonical_query(query: str) -> str:
    """The query as it is signed, and as it has to be sent: sorted, and encoded in the one way that all read alike."""
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)


def _encoded(text: str) -> str:
    return urllib.parse.quote(text, safe="~")


class Signature(AuthBase):
    """Signs each request anew, also when it is sent again: a signature is good for some minutes only."""

    def __init__(self, key: AccessKey, project_id: str | None = None) -> None:
        self._key = key
        self._project_id = project_id

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        parts = urllib.parse.urlsplit(request.url or "")
        request.url = parts._replace(query=canonical_query(parts.query)).geturl()
        signed = {
            "Host": _host(parts),
            "X-Sdk-Date": datetime.now(timezone.utc).strftime(DATE_FORMAT),
            "X-Project-Id": self._project_id,
            "X-Security-Token": self._key.security_token,
        }
        request.headers.update({name: value for name, value in signed.items() if value})
        headers = {name: _text(value) for name, value in request.headers.items()}
        body = request.body or b""
        request.headers["Authorization"] = authorization(
            self._key, request.method or "", request.url, headers, body.encode() if isinstance(body, str) else body
        )
        return request


def _host(parts: urllib.parse.SplitResult) -> str:
    """What the server sees as Host."""
    host = parts.netloc.rpartition("@")[2]
    return host.removesuffix(f":{DEFAULT_PORTS.get(parts.scheme)}")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
