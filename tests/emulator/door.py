# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of the services: listening, or closed so that connections are refused."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

from aiohttp import web

HOST = "127.0.0.1"
"""Where the services listen unless another address is given: nobody else reaches it."""
BACKLOG = 1024


class Address:
    """A port that stays ours while nobody listens on it, and what answers there."""

    def __init__(self, runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Take a port, 0 for any, and listen; `runner` is set up."""
        self._host = host
        self._runner = runner
        self._tls = tls
        self._reserved = bound(host, port)
        self._serving: asyncio.Task[asyncio.Server] | None = None
        self.port: int = self._reserved.getsockname()[1]
        self.open()

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return self._serving is not None

    def open(self) -> None:
        """Accept connections from now on."""
        handler = self._runner.server
        if self._serving is not None or handler is None:
            return
        listener = bound(self._host, self.port)
        listener.listen(BACKLOG)
        loop = asyncio.get_running_loop()
        self._serving = loop.create_task(loop.create_server(handler, sock=listener, ssl=self._tls, backlog=BACKLOG))

    def close(self, busy: list[asyncio.BaseTransport | None]) -> None:
        """Refuse new connections and end those on which no request is in work."""
        serving, self._serving = self._serving, None
        if serving is not None and serving.done():
            serving.result().close()
        elif serving is not None:
            serving.add_done_callback(lambda begun: begun.result().close())
        handler = self._runner.server
        for connection in handler.connections if handler is not None else ():
            transport = connection.transport
            if transport is not None and transport not in busy:
                # At once: before whoever ordered this gets an answer.
                with contextlib.suppress(OSError):
                    transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
                transport.close()


class Door:
    """All addresses that faults may close."""

    def __init__(self) -> None:
        """Start with none."""
        self._addresses: list[Address] = []
        self._reopening: asyncio.TimerHandle | None = None
        self.busy: list[asyncio.BaseTransport | None] = []
        """The connections on which requests are in work."""

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return all(address.is_open for address in self._addresses)

    def add(self, address: Address) -> None:
        """Take an address in."""
        self._addresses.append(address)

    def close(self, seconds: float) -> None:
        """Refuse connections for so long."""
        self.open()
        for address in self._addresses:
            address.close(self.busy)
        self._reopening = asyncio.get_running_loop().call_later(seconds, self.open)

    def open(self) -> None:
        """Let everybody in again."""
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
        for address in self._addresses:
            address.open()


def bound(host: str, port: int) -> socket.socket:
    """Return a socket with that port; one that does not listen keeps others from getting the port."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    return made
