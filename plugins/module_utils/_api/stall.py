# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Wait for no answer for ever: what comes in drops, or never gets to its headers, is given up.

A timeout of requests holds for one look at the line: a server that sends a byte now and then, or says
"100 Continue" again and again, is never silent for long.  So each answer is watched: its headers, and
then each part of it, have to arrive within one and a half of api_timeout, and all of it within ten.
An honest answer on a thin line does.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerStalled

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.exceptions import HTTPError
except ImportError:  # reported by the module frame
    HTTPAdapter = HTTPConnection = HTTPSConnection = object  # type: ignore[misc, assignment]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc, assignment]

PART = 4096
"""Bytes that have to arrive in time."""
PATIENCE = 1.5
"""How often api_timeout may go by for a part: silence is noticed before, by the timeout of requests."""
MOST_TIMES = 10
"""How often api_timeout may go by until an answer has to be there."""

Value = TypeVar("Value")
_CURRENT = threading.local()


class _Answer:
    """An answer that is waited for; its times are seconds of time.monotonic()."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.last = float("inf")
        self.deadline = float("inf")
        self.line: socket.socket | None = None
        self.given_up = False

    def begin(self, line: Any) -> None:
        """The request is sent, and the answer is due."""
        # TLS within the TLS of a proxy is no socket, but has one.
        while line is not None and not isinstance(line, socket.socket):
            line = getattr(line, "socket", None)
        self.line = line
        self.last = time.monotonic() + MOST_TIMES * self.seconds
        self.proceed()

    def proceed(self) -> None:
        """A part of it has arrived, and the next is due."""
        self.deadline = min(self.last, time.monotonic() + PATIENCE * self.seconds)

    @property
    def error(self) -> AnswerStalled:
        return AnswerStalled(
            f"the answer arrives too slowly: a part of it took longer than {PATIENCE * self.seconds:.1f} s, or all of "
            f"it longer than {MOST_TIMES * self.seconds:.1f} s. Check the server and any proxy on the way, or "
            "raise api_timeout."
        )


class _Guard:
    """Cuts the lines of answers whose time is over; one thread for all."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._answers: set[_Answer] = set()
        self._thread: threading.Thread | None = None
        self._looks_at = 0.0
        """When the thread looks again."""

    def release(self, answer: _Answer) -> None:
        with self._changed:
            self._answers.discard(answer)

    def begin(self, answer: _Answer, line: Any) -> None:
        with self._changed:
            answer.begin(line)
            self._answers.add(answer)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            elif answer.deadline < self._looks_at:
                # Most are due later than those before, and to wake it costs.
                self._changed.notify()

    def rest(self, answer: _Answer) -> None:
        """Nothing is due for the moment."""
        with self._changed:
            answer.deadline = float("inf")

    def _work(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for answer in [each for each in self._answers if each.deadline <= now]:
                    self._answers.discard(answer)
                    answer.given_up = True
                    if answer.line is not None:
                        with contextlib.suppress(OSError):
                            # Not that of TLS, which would say good-bye first.
                            socket.socket.shutdown(answer.line, socket.SHUT_RDWR)
                # Parts that arrive move deadlines back only: a look too early does no harm.
                soonest = self._looks_at = min((each.deadline for each in self._answers), default=float("inf"))
                self._changed.wait(None if soonest == float("inf") else max(0.0, soonest - time.monotonic()))


class _Told:
    """A connection that tells its line to the answer that the thread waits for, and sends a request as one piece."""

    sock: Any
    _pieces: list[bytes] | None = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        # Its headers and its body by themselves are two packets, and twice the work for both ends.
        pieces = self._pieces = []
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
        finally:
            self._pieces = None
        self.send(b"".join(pieces))

    def send(self, data: Any) -> None:
        if self._pieces is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._pieces.append(data)

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        guard, answer = _CURRENT.guard, _CURRENT.answer
        guard.begin(answer, self.sock)
        return super().getresponse(*args, **kwargs)  # type: ignore[misc]

    def _tunnel(self) -> None:
        # A proxy has to answer before the request can be sent.
        guard, answer = _CURRENT.guard, _CURRENT.answer
        guard.begin(answer, self.sock)
        super()._tunnel()  # type: ignore[misc]
        guard.rest(answer)


class _Connection(_Told, HTTPConnection):
    pass


class _TlsConnection(_Told, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Adapter(HTTPAdapter):
    """What a session of requests sends through."""

    def __init__(self, seconds: float, **kwargs: Any) -> None:
        self._seconds = seconds
        self._guard = _Guard()
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        response, answer = self._awaited(super().send, *args, **kwargs)
        response.raw = Watched(response.raw, answer, self._guard)
        return response

    def pool(self, request: requests.PreparedRequest, settings: Mapping[str, Any]) -> Any:
        """The connections by which such a request is sent; `settings` are its proxies and certificates."""
        adapter: Any = self
        verify, cert, proxies = settings["verify"], settings["cert"], settings["proxies"]
        if hasattr(adapter, "get_connection_with_tls_context"):
            found = adapter.get_connection_with_tls_context(request, verify, proxies, cert)
        else:
            # requests before 2.32
            found = adapter.get_connection(request.url, proxies)
        adapter.cert_verify(found, request.url, verify, cert)
        return found

    def open(
        self, pool: HTTPConnectionPool, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Watched:
        """Send a request and return its answer, whose body is still to be read; send() without its extras."""
        raw, answer = self._awaited(
            pool.request,
            method,
            target,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=self._seconds,
            preload_content=False,
            decode_content=False,
        )
        return Watched(raw, answer, self._guard)

    def _awaited(self, send: Callable[..., Value], *args: Any, **kwargs: Any) -> tuple[Value, _Answer]:
        """Send and wait for the headers of the answer, but not for ever."""
        answer = _Answer(self._seconds)
        _CURRENT.guard, _CURRENT.answer = self._guard, answer
        try:
            result = send(*args, **kwargs)
        except (requests.exceptions.RequestException, HTTPError) as error:
            self._guard.release(answer)
            if answer.given_up:
                raise answer.error from error
            raise
        except BaseException:
            self._guard.release(answer)
            raise
        answer.proceed()
        return result, answer


class Watched:
    """A response of urllib3 whose body is watched."""

    def __init__(self, raw: Any, answer: _Answer, guard: _Guard) -> None:
        self._raw = raw
        self._answer = answer
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amt: int = PART, decode_content: bool | None = None) -> Iterator[bytes]:
        try:
            for chunk in self._raw.stream(min(amt, PART), decode_content=decode_content):
                self._answer.proceed()
                yield chunk
        except Exception as error:
            if self._answer.given_up:
                raise self._answer.error from error
            raise
        finally:
            self._guard.release(self._answer)
        if self._answer.given_up:
            # Without a length a cut line looks like the end.
            raise self._answer.error
