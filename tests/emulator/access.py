# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door of a tenant's service: token, project in the URL, microversion, role."""

from __future__ import annotations

import re

from tests.emulator import access_keys, errors
from tests.emulator.calls import Call, Handler, Reply
from tests.emulator.state import Token

MIN_VERSION = (3, 0)


def text(version: tuple[int, int]) -> str:
    """Write a microversion as the API does."""
    return f"{version[0]}.{version[1]}"


def authenticate(call: Call, service: str = "evs") -> Token:
    """Return the caller's token, or refuse as Keystone's middleware or the gateway does."""
    if access_keys.is_signed(call):
        return access_keys.signer(call)
    token = call.state.token(call.headers.get("X-Auth-Token", ""))
    if token is not None and token.project_id:
        return token
    if service == "evs":
        raise errors.unauthorized(call.state.endpoints.get("identity", ""))
    raise errors.gateway(401, "APIG.0301", "Incorrect IAM authentication information: decrypt token fail")


def for_tenant(handler: Handler, service: str = "evs") -> Handler:
    """Let only calls through that have a valid token of the project in the URL and no outage."""

    def guarded(call: Call) -> Reply:
        call.identity = authenticate(call, service)
        asked = call.headers.get("OpenStack-API-Version", "")
        if service == "evs" and call.version == "v3":
            call.microversion = negotiate(asked, "volume", MIN_VERSION, numbers(call.state.config.microversion))
        if service == "evs" and call.version == "v2" and call.state.config.leftover_v2:
            raise errors.unrouted(service, 404, "The resource could not be found.")
        if service == "compute" and call.version == "v2.1":
            call.microversion = negotiate(asked, "compute", (2, 1), numbers(call.state.config.compute_version))
        check_project(call, service)
        status = call.state.outage_of(service, call.identity, call.method, call.tail)
        if status is not None:
            raise errors.outage(service, status)
        return handler(call)

    return guarded


def check_project(call: Call, service: str) -> None:
    """Refuse the project of another.

    EVS answers 400 with Common.0018 where Cinder answers 400 with "Malformed request url"
    (EVS_API A, H); what the other services answer is not documented.
    """
    if call.params["project"] == call.project_id:
        return
    message = "Malformed request url: the project id in the URL is not that of the token."
    if service == "cbr":
        raise errors.of_service(service, 400, message)
    raise errors.evs(400, "Common.0018", message)


def negotiate(header: str, service_type: str, least: tuple[int, int], most: tuple[int, int]) -> str:
    """Return the microversion to speak, or refuse one that the service does not have."""
    asked = re.search(rf"{service_type}\s+(latest|\d+\.\d+)", header)
    if asked is None:
        return text(least)
    if asked[1] == "latest":
        return text(most)
    if not least <= numbers(asked[1]) <= most:
        raise errors.cinder(
            406,
            f"Version {asked[1]} is not supported by the API. Minimum is {text(least)} and maximum is {text(most)}.",
        )
    return asked[1]


def numbers(version: str) -> tuple[int, int]:
    """Read a microversion."""
    major, minor = version.split(".")
    return int(major), int(minor)


def authorize(call: Call, policy: str) -> None:
    """Refuse what a reader may not do; reading needs no call of this."""
    if call.token.role == "reader":
        raise errors.forbidden(policy)
