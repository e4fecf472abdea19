# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor: nothing but the 2 N requests, with the standard library, as many at a time as may be.

No check, no proof, no list, no result.  A process of its own, like ansible-playbook; reads a Job as
JSON, and prints how many seconds the requests took and how many were refused.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypedDict
from urllib.parse import urlsplit


class Job(TypedDict):
    """What to do: the tokens and roots (with version and project) of source and target."""

    source: str
    target: str
    source_token: str
    target_token: str
    volumes: list[str]
    concurrency: int


class Line:
    """A connection for each thread."""

    def __init__(self, root: str, token: str) -> None:
        parts = urlsplit(root)
        self._netloc, self._path = parts.netloc, parts.path
        self._headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        self._local = threading.local()

    def post(self, path: str, body: Any) -> dict[str, Any] | None:
        """Send one request; returns the transfer, or None if it was refused."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(self._netloc, timeout=120)
        connection.request("POST", f"{self._path}/os-volume-transfer{path}", json.dumps(body), self._headers)
        response = connection.getresponse()
        content = response.read()
        transfer: dict[str, Any] | None = json.loads(content)["transfer"] if response.status == 202 else None
        return transfer


def move(job: Job) -> tuple[float, int]:
    """Offer all, then accept all."""
    source, target = Line(job["source"], job["source_token"]), Line(job["target"], job["target_token"])

    def create(volume: str) -> dict[str, Any] | None:
        return source.post("", {"transfer": {"volume_id": volume, "name": "floor"}})

    def accept(transfer: dict[str, Any] | None) -> bool:
        if transfer is None:
            return False
        return target.post(f"/{transfer['id']}/accept", {"accept": {"auth_key": transfer["auth_key"]}}) is not None

    began = time.perf_counter()
    offers = run(create, job["volumes"], job["concurrency"])
    done = run(accept, offers, job["concurrency"])
    return time.perf_counter() - began, done.count(False)


def run(function: Callable[[Any], Any], items: list[Any], concurrency: int) -> list[Any]:
    with ThreadPoolExecutor(concurrency) as workers:
        return list(workers.map(function, items))


if __name__ == "__main__":
    seconds, refused = move(json.load(sys.stdin))
    print(json.dumps({"seconds": seconds, "refused": refused}))
