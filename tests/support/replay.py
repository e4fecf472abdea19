# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that answers as a transcript of evs_trial tells, in the order of the transcript.

Of one method, path and set of parameters the answers come one after the other, and the last one stays.
What a transcript does not hold is answered 501, so that nobody takes it for an answer of that cloud.
"""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HOST = re.compile(r"https://(host-\d+)\.invalid")
UNKNOWN: Mapping[str, Any] = {"status": 501, "headers": {}}
Key = tuple[str, str, tuple[str, ...]]


def key_of(method: str, url: str) -> Key:
    """What tells one question from another; the values of parameters may differ, such as a time."""
    parts = urlsplit(url)
    return method, parts.path, tuple(sorted(name for name, dummy in parse_qsl(parts.query)))


def here(text: str, base: str) -> str:
    """A text of a transcript with the hosts in it replaced by folders of this server."""
    return HOST.sub(lambda found: f"{base}/{found[1]}", text)


@contextmanager
def replayed(transcript: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Serve a transcript; gives the URL to log in at."""
    login = next((entry["url"] for entry in transcript if entry["url"].endswith("/auth/tokens")), "")
    answers: dict[Key, deque[Mapping[str, Any]]] = defaultdict(deque)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            left = answers.get(key_of(self.command, self.path), deque())
            found = left.popleft() if len(left) > 1 else left[0] if left else UNKNOWN
            body = b"" if found.get("received") is None else here(json.dumps(found["received"]), base).encode()
            self.send_response(found["status"])
            for name, value in found["headers"].items():
                self.send_header(name, value)
            if self.path.endswith("/auth/tokens"):
                self.send_header("X-Subject-Token", "a-token-of-the-replay")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    for method in ("GET", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        base = f"http://127.0.0.1:{server.server_address[1]}"
        for exchange in transcript:
            url = here(exchange["url"], "")
            answers[key_of(exchange["method"], url)].append(exchange)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield here(login.removesuffix("/auth/tokens"), base)
        finally:
            server.shutdown()
            thread.join()
