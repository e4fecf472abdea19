# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Every request of a session and its answer, as they were: material for a transcript.

What is recorded holds names and keys, and is for the memory of this process only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

KEPT_HEADERS = ("Content-Type", "Retry-After", "OpenStack-API-Version")


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; a body that is no JSON is None, and that of a login is not kept."""

    method: str
    url: str
    sent: object
    status: int
    headers: Mapping[str, str]
    received: object


@dataclass
class Recorder:
    """A hook of requests that keeps every answer, in the order in which they came."""

    exchanges: list[Exchange] = field(default_factory=list)

    def __call__(self, response: requests.Response, **kwargs: object) -> None:
        request = response.request
        self.note(
            request.method or "",
            request.url or "",
            request.body,
            response.status_code,
            response.headers,
            response.content,
        )

    def note(
        self, method: str, url: str, sent: object, status: int, headers: Mapping[str, str], received: bytes
    ) -> None:
        login = url.partition("?")[0].endswith("/auth/tokens")
        self.exchanges.append(
            Exchange(
                method,
                url,
                None if login else _decoded(sent),
                status,
                {name: headers[name] for name in KEPT_HEADERS if name in headers},
                _decoded(received),
            )
        )


def _decoded(body: object) -> object:
    if not isinstance(body, (bytes, str)) or not body:
        return None
    try:
        decoded: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return decoded
