# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's processes were asked, in one file that all of them append to.

A request is two lines: one when it arrives, one just before its answer leaves.  So whoever has
the answer finds it in the journal, and what is still under way can be told from what is done.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

LAB_AGENT = "otc-evs-lab"
"""The user agent of the lab's own requests, which are no part of what a test did."""

SERVICE_AGENTS = (LAB_AGENT, "keystonemiddleware", "cinder/", "python-keystoneclient")

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


@dataclass(frozen=True)
class Entry:
    """One line pair of the journal; `status` is 0 while the request is under way."""

    kind: str
    method: str
    path: str
    agent: str
    status: int

    @property
    def from_outside(self) -> bool:
        """Whether a client asked this, rather than the lab or one of its services."""
        return self.kind == "request" and not self.agent.startswith(SERVICE_AGENTS)


class Journal:
    """The writing side, one for each process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._numbers = itertools.count()

    def begin(self, kind: str, method: str = "", path: str = "", agent: str = "") -> str:
        """Note that something starts; give the returned key to end()."""
        key = f"{os.getpid()}-{id(self)}-{next(self._numbers)}"
        self._write(key=key, kind=kind, method=method, path=path, agent=agent)
        return key

    def end(self, key: str, status: int = 0) -> None:
        """Note that what begin() announced is over."""
        self._write(key=key, status=status)

    @contextmanager
    def during(self, kind: str) -> Iterator[None]:
        """Note the start and the end of the enclosed block."""
        key = self.begin(kind)
        try:
            yield
        finally:
            self.end(key)

    def _write(self, **line: str | int) -> None:
        # One write of a short line to a file in append mode is not torn by other processes.
        os.write(self._file, json.dumps(line).encode() + b"\n")


class Journaled:
    """WSGI middleware that writes each request of an application to a journal."""

    def __init__(self, application: Application, journal: Journal) -> None:
        self._application = application
        self._journal = journal

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, and note it."""
        key = self._journal.begin(
            "request",
            environ["REQUEST_METHOD"],
            _path(environ),
            environ.get("HTTP_USER_AGENT", ""),
        )

        def start(status: str, *args: Any) -> Any:
            self._journal.end(key, int(status[:3]))
            return start_response(status, *args)

        try:
            return self._application(environ, start)
        except BaseException:
            self._journal.end(key, 500)
            raise


def _path(environ: dict[str, Any]) -> str:
    path = quote(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def size(path: Path) -> int:
    """Where the next line will be written."""
    return path.stat().st_size if path.exists() else 0


def read(path: Path, offset: int = 0) -> list[Entry]:
    """Everything begun since `offset`, in the order in which it began."""
    begun: dict[str, dict[str, Any]] = {}
    for line in _lines(path, offset):
        if "kind" in line:
            begun[line["key"]] = {**line, "status": 0}
        elif line["key"] in begun:
            begun[line["key"]].update(line)
    return [_entry(line) for line in begun.values()]


def under_way(path: Path) -> int:
    """How many requests and operations of the backend have begun and not ended."""
    open_keys: set[str] = set()
    for line in _lines(path, 0):
        if "kind" in line:
            open_keys.add(line["key"])
        else:
            open_keys.discard(line["key"])
    return len(open_keys)


def _lines(path: Path, offset: int) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def _entry(line: dict[str, Any]) -> Entry:
    return Entry(line["kind"], line["method"], line["path"], line["agent"], line["status"])
