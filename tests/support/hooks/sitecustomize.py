# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every Python that has this folder in its PYTHONPATH begins with this.

What it sends to the system's log goes into the file that SYSLOG_FILE names. With CRASH_AFTER, such
as `POST /accept`, the first request of another kind after one with that method and end of the path
crashes, and the exception holds the token.
"""

from __future__ import annotations

import os
import sys
import syslog
from pathlib import Path
from typing import Any


def write(*message: Any) -> None:
    with Path(os.environ["SYSLOG_FILE"]).open("a", encoding="utf-8") as file:
        print(*message, file=file)


def crash_after(method: str, end: str) -> None:
    from http.client import HTTPConnection

    putrequest, putheader = HTTPConnection.putrequest, HTTPConnection.putheader
    # Since the first request that was meant: whether the one under way is of another kind.
    others: list[bool] = []

    def note(connection: HTTPConnection, verb: str, url: str, **options: bool) -> None:
        meant = verb == method and url.endswith(end)
        if meant or others:
            others.append(not meant)
        putrequest(connection, verb, url, **options)

    def crash(connection: HTTPConnection, name: str, *values: str) -> None:
        if others and others[-1] and name == "X-Auth-Token":
            raise ValueError(f"Invalid header value {values[0]!r}")
        putheader(connection, name, *values)

    for name, function in {"putrequest": note, "putheader": crash}.items():
        setattr(HTTPConnection, name, function)


# Without systemd's journal modules turn to syslog.
vars(sys)["modules"]["systemd"] = None
vars(syslog)["syslog"] = write
if "CRASH_AFTER" in os.environ:
    crash_after(*os.environ["CRASH_AFTER"].split())
