# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that answers each request as it was told to, down to cutting the line.

For what no well-behaved server does: answers that are lost, cut short, or of the wrong kind.
"""

from __future__ import annotations

import json
import os
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Step = Callable[[socket.socket], None]
NO_LINGER = struct.pack("ii", 1, 0)


@dataclass
class Received:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def answer(status: int, body: Any = None, kind: str = "application/json", **headers: str) -> Step:
    """Answer with a status and a body: JSON, or a string as it is."""
    content = (body if isinstance(body, str) else json.dumps(body)).encode() if body is not None else b""
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} Scripted\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{extra}\r\n"
    return lambda connection: connection.sendall(head.encode() + content)


def cut_off(connection: socket.socket) -> None:
    """Reset the connection instead of answering."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    os.close(connection.detach())  # close() would wait for the files made of the socket


def half_an_answer(connection: socket.socket) -> None:
    """Begin an answer and reset the connection in its body."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    cut_off(connection)


def silence(connection: socket.socket) -> None:
    """Never answer; returns when the client has given up."""
    connection.recv(1)


@dataclass
class Script:
    """The steps to come and the requests that came; after the last step every answer is 200 {}."""

    url: str
    steps: list[Step]
    received: list[Received] = field(default_factory=list)


@contextmanager
def scripted(*steps: Step, tls: ssl.SSLContext | None = None) -> Iterator[Script]:
    """Run such a server on a free port, which speaks TLS if it has a context for it."""
    script = Script("", list(steps))
    lock = threading.Lock()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while request := _read(self.rfile):
                with lock:
                    script.received.append(request)
                    step = script.steps.pop(0) if script.steps else answer(200, {})
                step(self.connection)
                if self.connection.fileno() < 0:
                    return

        def finish(self) -> None:
            if self.connection.fileno() >= 0:
                super().finish()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        script.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


def _read(stream: Any) -> Received | None:
    try:
        line = stream.readline().decode()
    except (ConnectionError, ValueError):
        return None
    if not line.strip():
        return None
    method, path, dummy = line.split(" ", 2)
    headers = {}
    while (header := stream.readline().decode().strip()) != "":
        name, value = header.split(":", 1)
        headers[name.lower()] = value.strip()
    return Received(method, path, headers, stream.read(int(headers.get("content-length", 0))))
