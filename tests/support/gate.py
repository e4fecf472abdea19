# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy that processes of their own send their requests through: it notes them, and stops them at one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import requests

from tests.support.conditions import LONG, wait_for

NOT_HANDED_ON = {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}


@dataclass
class Passed:
    """A request; status 0 while it has no answer."""

    method: str
    path: str
    status: int = 0

    @property
    def changes(self) -> bool:
        """Whether it changes something; a login does not."""
        return self.method != "GET" and not self.path.endswith("/auth/tokens")


class Gate:
    """A proxy for plain HTTP; the environment variables of a proxy name it to the processes of a test."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05])
        self.forget()

    def __enter__(self) -> Gate:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.let_go(drop=True)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What sends requests here."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        return {"http_proxy": url, "HTTP_PROXY": url, "no_proxy": "", "NO_PROXY": ""}

    def forget(self) -> None:
        """Begin anew: no requests, and nothing is stopped."""
        self.passed: list[Passed] = []
        self._wanted: Callable[[Passed], bool] | None = None
        self._left = 0
        self._after = False
        self._dropped = False
        self._stopped = threading.Event()
        self._under_way = 0
        self._open.set()

    @property
    def changes(self) -> list[Passed]:
        """The requests so far that change something."""
        return [request for request in self.passed if request.changes]

    def stop_at(self, number: int, of: Callable[[Passed], bool], after: bool = False) -> None:
        """Stop before the request of that number among some, or `after` it was carried out, and all that follow."""
        with self._lock:
            self._stopped.clear()
            self._wanted, self._left, self._after = of, number, after

    @property
    def is_shut(self) -> bool:
        """Whether that request has come."""
        return self._stopped.is_set()

    def let_go(self, drop: bool = False) -> None:
        """Go on; or `drop` what was stopped and what comes later, and return when nothing is under way."""
        self._dropped = drop
        self._open.set()
        if drop:
            wait_for(lambda: not self._under_way)

    def serve(self, request: Passed, send: Callable[[], requests.Response]) -> requests.Response | None:
        """Carry a request out; None if it was dropped."""
        with self._lock:
            if self._dropped:
                return None
            self._under_way += 1
            self.passed.append(request)
            waits = not self._open.is_set()
            due = self._is_due(request)
            if due:
                self._open.clear()
        try:
            if waits or (due and not self._after):
                if not self._waited(due):
                    return None
                due = False
            answer = send()
            request.status = answer.status_code
            return None if due and not self._waited(due) else answer
        finally:
            with self._lock:
                self._under_way -= 1

    def _is_due(self, request: Passed) -> bool:
        if self._wanted is None or not self._wanted(request):
            return False
        self._left -= 1
        return self._left == 0

    def _waited(self, due: bool) -> bool:
        """Stop here; returns whether to go on."""
        if due:
            self._stopped.set()
        assert self._open.wait(LONG), "nobody has opened the gate"
        return not self._dropped


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self._session = requests.Session()
            self._session.trust_env = False

        def finish(self) -> None:
            self._session.close()
            super().finish()

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_HANDED_ON}
            url = urlsplit(self.path)
            request = Passed(self.command, url.path + (f"?{url.query}" if url.query else ""))
            answer = gate.serve(
                request,
                lambda: self._session.request(
                    self.command, self.path, headers=headers, data=body, allow_redirects=False, timeout=LONG
                ),
            )
            if answer is None:
                self.close_connection = True
                return
            self.send_response_only(answer.status_code, answer.reason)
            for name, value in answer.headers.items():
                if name.lower() not in NOT_HANDED_ON:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.pass_on)
    return Handler
