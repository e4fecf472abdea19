# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor: nothing but the requests that it takes, with the standard library, as many at a time as may be.

Two for a disk, and two more for one that comes out of a server and goes into another.  No check, no
proof, no list, no result.  A process of its own, like ansible-playbook; reads a Job as JSON, and prints how
many seconds the requests took and how many were refused.
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
    servers: Servers | None


class Servers(TypedDict):
    """Nova's roots, and the servers of the disks, in their order."""

    source: str
    target: str
    before: list[str]
    after: list[str]


class Line:
    """A connection for each thread."""

    def __init__(self, root: str, token: str) -> None:
        parts = urlsplit(root)
        self._netloc, self._path = parts.netloc, parts.path
        self._headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        self._local = threading.local()

    def send(self, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """Send one request; returns the answer, or None if it was refused."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(self._netloc, timeout=120)
        content = None if body is None else json.dumps(body)
        connection.request(method, f"{self._path}{path}", content, self._headers)
        response = connection.getresponse()
        text = response.read()
        if response.status not in (200, 202):
            return None
        answer: dict[str, Any] = json.loads(text or b"{}")
        return answer


def move(job: Job) -> tuple[float, int]:
    """Detach all that is in servers, offer all, accept all, attach them again."""
    source, target = Line(job["source"], job["source_token"]), Line(job["target"], job["target_token"])

    def create(volume: str) -> dict[str, Any] | None:
        answer = source.send("POST", "/os-volume-transfer", {"transfer": {"volume_id": volume, "name": "floor"}})
        return None if answer is None else answer["transfer"]

    def accept(transfer: dict[str, Any] | None) -> bool:
        if transfer is None:
            return False
        body = {"accept": {"auth_key": transfer["auth_key"]}}
        return target.send("POST", f"/os-volume-transfer/{transfer['id']}/accept", body) is not None

    servers = job["servers"]
    began = time.perf_counter()
    done = detach(job, servers) if servers else []
    offers = run(create, job["volumes"], job["concurrency"])
    done += run(accept, offers, job["concurrency"])
    done += attach(job, servers) if servers else []
    return time.perf_counter() - began, done.count(False)


def detach(job: Job, servers: Servers) -> list[bool]:
    line = Line(servers["source"], job["source_token"])

    def one(seat: tuple[str, str]) -> bool:
        server, volume = seat
        return line.send("DELETE", f"/servers/{server}/os-volume_attachments/{volume}") is not None

    return run(one, list(zip(servers["before"], job["volumes"], strict=True)), job["concurrency"])


def attach(job: Job, servers: Servers) -> list[bool]:
    line = Line(servers["target"], job["target_token"])

    def one(seat: tuple[str, str]) -> bool:
        server, volume = seat
        body = {"volumeAttachment": {"volumeId": volume}}
        return line.send("POST", f"/servers/{server}/os-volume_attachments", body) is not None

    return run(one, list(zip(servers["after"], job["volumes"], strict=True)), job["concurrency"])


def run(function: Callable[[Any], Any], items: list[Any], concurrency: int) -> list[Any]:
    with ThreadPoolExecutor(concurrency) as workers:
        return list(workers.map(function, items))


if __name__ == "__main__":
    seconds, refused = move(json.load(sys.stdin))
    print(json.dumps({"seconds": seconds, "refused": refused}))
