# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log in to a server under test with the collection's own session."""

from __future__ import annotations

from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._options import LoginOptions
from tests.support.server import Server

NOTHING_GIVEN = dict.fromkeys(LoginOptions.__dataclass_fields__)


def login_options(server: Server, cloud: str, **options: Any) -> LoginOptions:
    """The shared options with the credentials of a cloud of the server, given in the option auth."""
    entry = server.cloud(cloud)
    given = {"auth": entry["auth"], "region_name": entry.get("region_name"), "endpoints": {}, "timeout": 30}
    return LoginOptions(**{**NOTHING_GIVEN, **given, **options})


def session_of(server: Server, cloud: str, concurrency: int = 4, **options: Any) -> Session:
    return Session(login_options(server, cloud, **options), concurrency)


def evs_of(server: Server, cloud: str, concurrency: int = 4, **options: Any) -> Evs:
    return Evs.of(session_of(server, cloud, concurrency, **options))
