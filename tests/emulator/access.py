# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door of a tenant's service: token, project in the URL, microversion, role."""

from __future__ import annotations

import re

from tests.emulator import errors
from tests.emulator.calls import Call, Handler, Reply
from tests.emulator.state import Token

MIN_VERSION = (3, 0)
MAX_VERSION = (3, 50)
"""EVS_API A: the highest microversion of EVS is Cinder's of Queens."""


def text(version: tuple[int, int]) -> str:
    """Write a microversion as the API does."""
    return f"{version[0]}.{version[1]}"


def authenticate(call: Call) -> Token:
    """Return the caller's token, or refuse as Keystone's middleware does."""
    token = call.state.token(call.headers.get("X-Auth-Token", ""))
    if token is None or not token.project_id:
        raise errors.unauthorized(call.state.endpoints.get("identity", ""))
    return token


def for_tenant(handler: Handler) -> Handler:
    """Let only calls through that have a valid token of the project in the URL."""

    def guarded(call: Call) -> Reply:
        call.identity = authenticate(call)
        if call.version == "v3":
            call.microversion = negotiate(call.headers.get("OpenStack-API-Version", ""))
        if call.params["project"] != call.project_id:
            # EVS_API A and H: EVS answers 400 with Common.0018 where Cinder answers 400 with
            # "Malformed request url".
            raise errors.evs(
                400,
                "Common.0018",
                "Malformed request url: the project id in the URL is not that of the token.",
            )
        return handler(call)

    return guarded


def negotiate(header: str) -> str:
    """Return the microversion to speak, or refuse one that EVS does not have."""
    asked = re.search(r"volume\s+(latest|\d+\.\d+)", header)
    if asked is None:
        return text(MIN_VERSION)
    if asked[1] == "latest":
        return text(MAX_VERSION)
    major, minor = asked[1].split(".")
    if not MIN_VERSION <= (int(major), int(minor)) <= MAX_VERSION:
        raise errors.cinder(
            406,
            f"Version {asked[1]} is not supported by the API. "
            f"Minimum is {text(MIN_VERSION)} and maximum is {text(MAX_VERSION)}.",
        )
    return asked[1]


def authorize(call: Call, policy: str) -> None:
    """Refuse what a reader may not do; reading needs no call of this."""
    if call.token.role == "reader":
        raise errors.forbidden(policy)
