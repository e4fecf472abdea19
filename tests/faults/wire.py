# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of modules in this process: which they were, and where the process dies or others get in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

from urllib3 import BaseHTTPResponse, HTTPConnectionPool

SEND: Any = HTTPConnectionPool.urlopen


class Died(BaseException):
    """The process is gone: nothing in it catches this, and it sends nothing more."""


class Wire:
    """Watches what is sent while it is entered; what runs in between has a wire of its own."""

    def __init__(
        self,
        number: int = 0,
        of_changes: bool = False,
        dies: bool = False,
        after: bool = False,
        meanwhile: Callable[[], object] | None = None,
    ) -> None:
        """Before request `number`, from 1, or `after` its answer, the process dies, or `meanwhile` is called.

        With `of_changes` only those count that change something.
        """
        self.requests: list[tuple[str, str]] = []
        self.died = False
        self._number, self._of_changes, self._after = number, of_changes, after
        self._dies, self._meanwhile = dies, meanwhile
        self._failure: BaseException | None = None
        self._patch = mock.patch.object(HTTPConnectionPool, "urlopen", self._replacement())

    @property
    def changes(self) -> list[tuple[str, str]]:
        """The requests that change something in the cloud; a login does not."""
        return [request for request in self.requests if request[0] != "GET" and "/auth/tokens" not in request[1]]

    def __enter__(self) -> Wire:
        """Begin to watch."""
        self._patch.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop; an error of `meanwhile` comes out here, past what catches exceptions in between."""
        self._patch.stop()
        if self._failure is not None:
            raise self._failure

    def _replacement(self) -> Callable[..., BaseHTTPResponse]:
        def send(pool: HTTPConnectionPool, method: str, url: str, *arguments: Any, **options: Any) -> BaseHTTPResponse:
            if self.died:
                raise Died
            self.requests.append((method, url))
            counted = self.changes if self._of_changes else self.requests
            due = len(counted) == self._number and counted[-1] is self.requests[-1]
            if due and not self._after:
                self._strike()
            response: BaseHTTPResponse = SEND(pool, method, url, *arguments, **options)
            if due and self._after:
                try:
                    self._strike()
                except Died:
                    # What the system does for the dead.
                    response.close()
                    raise
            return response

        return send

    def _strike(self) -> None:
        try:
            if self._meanwhile:
                self._meanwhile()
        except BaseException as error:
            self._failure = error
        if self._dies or self._failure:
            self.died = True
            raise Died
