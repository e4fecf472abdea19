# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What a request costs beside the network, as little of it as may be.

requests does much for each request that an API never needs: cookies, redirects, hooks, and proxies and
certificates looked up anew.  So it prepares the first request of a kind and makes the connections, with
their proxies and certificates, and urllib3 sends.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.otc.evs.plugins.module_utils._api.answers import Answer
from ansible_collections.otc.evs.plugins.module_utils._api.bound import Bounded
from ansible_collections.otc.evs.plugins.module_utils._api.recorder import Recorder
from ansible_collections.otc.evs.plugins.module_utils._api.signature import Signature
from ansible_collections.otc.evs.plugins.module_utils._api.stall import PART, Adapter

# A missing one is reported by the module frame.
with contextlib.suppress(ImportError):
    import requests

if TYPE_CHECKING:
    from urllib3 import HTTPConnectionPool

PLAIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
"""A URL that is sent as it is."""


@dataclass(frozen=True)
class Call:
    """A request."""

    method: str
    url: str
    params: Mapping[str, Any] | None
    body: bytes | None
    headers: Mapping[str, str]

    @property
    def where(self) -> str:
        return f"{self.method} {self.url}"


@dataclass(frozen=True)
class _Route:
    """The connections to a server, and how much of a URL a request on them names: to a proxy all of it."""

    pool: HTTPConnectionPool
    origin: str

    def target(self, url: str) -> str:
        return url[len(self.origin) :]


class Lines:
    """The connections of a session to all of its servers; safe to use from several threads."""

    def __init__(self, adapter: Adapter, headers: Mapping[str, str], recorder: Recorder | None = None) -> None:
        self._adapter = adapter
        self._headers = headers
        self._recorder = recorder
        self._routes: dict[str, _Route] = {}
        self._kinds: dict[tuple[object, ...], Mapping[str, str]] = {}

    def exchange(self, call: Call, token: str, signature: Signature | None, settings: Mapping[str, Any]) -> Answer:
        """Send a request once and read its answer; `settings` are the proxies and certificates for its server."""
        method, url, headers = self._prepared(call, token, signature)
        route = self._route(url, settings)
        raw = self._adapter.open(route.pool, method, route.target(url), call.body, headers)
        content = b"".join(Bounded(raw, f"{method} {url}").stream(PART, decode_content=True))
        if self._recorder is not None:
            self._recorder.note(method, url, call.body, raw.status, raw.headers, content)
        return Answer(raw.status, raw.reason, raw.headers, content)

    def _prepared(self, call: Call, token: str, signature: Signature | None) -> tuple[str, str, Mapping[str, str]]:
        """Its method, its URL and its headers, as requests prepares them: of a kind of request once."""
        if signature or call.params or not PLAIN.fullmatch(call.url):
            return self._by_requests(call, token, signature)
        kind = (call.method, token, *call.headers.items())
        headers = self._kinds.get(kind)
        if headers is None:
            headers = self._kinds[kind] = self._by_requests(call, token, None)[2]
        if call.body is not None:
            headers = {**headers, "Content-Length": str(len(call.body))}
        return call.method, call.url, headers

    def _by_requests(self, call: Call, token: str, signature: Signature | None) -> tuple[str, str, Mapping[str, str]]:
        prepared = requests.Request(
            call.method,
            call.url,
            headers={**self._headers, **call.headers, **({"X-Auth-Token": token} if token else {})},
            auth=signature,
            params=call.params,
            data=call.body,
        ).prepare()
        return prepared.method or "", prepared.url or "", dict(prepared.headers)

    def _route(self, url: str, settings: Mapping[str, Any]) -> _Route:
        """The connections to the server of a prepared URL."""
        origin = url[: url.index("/", url.index("//") + 2)]
        route = self._routes.get(origin)
        if route is None:
            request = requests.Request("GET", url).prepare()
            pool = self._adapter.pool(request, settings)
            whole = self._adapter.request_url(request, settings["proxies"]) == url
            route = self._routes[origin] = _Route(pool, "" if whole else origin)
        return route
