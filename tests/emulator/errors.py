# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error bodies of the services (EVS_API H)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

CINDER_KINDS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    501: "notImplemented",
    503: "serviceUnavailable",
}


class Fault(Exception):
    """A refusal: what the client gets instead of an answer."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        """Keep what is to be answered."""
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def cinder(status: int, message: str) -> Fault:
    """Return a fault as Cinder words it."""
    kind = CINDER_KINDS.get(status, "computeFault")
    return Fault(status, {kind: {"code": status, "message": message}})


def over_limit(message: str) -> Fault:
    """Return Cinder's answer to a quota that is used up; its Retry-After is no throttling."""
    body = {"overLimit": {"code": 413, "message": message, "retryAfter": "0"}}
    return Fault(413, body, {"Retry-After": "0"})


def evs(status: int, code: str, message: str) -> Fault:
    """Return a fault in the envelope of EVS (EVS_API H, format 2)."""
    return Fault(status, {"error": {"message": message, "code": code}})


def keystone(status: int, message: str, headers: dict[str, str] | None = None) -> Fault:
    """Return a fault as Keystone and its middleware word it."""
    error = {"code": status, "title": HTTPStatus(status).phrase, "message": message}
    return Fault(status, {"error": error}, headers)


def unauthorized(identity_url: str = "") -> Fault:
    """Return the one answer to every missing, wrong or expired credential."""
    headers = {"WWW-Authenticate": f'Keystone uri="{identity_url}"'} if identity_url else None
    return keystone(401, "The request you have made requires authentication.", headers)


def forbidden(policy: str) -> Fault:
    """Return Cinder's answer to a role that does not suffice."""
    return cinder(403, f"Policy doesn't allow {policy} to be performed.")


def volume_not_found(volume_id: str) -> Fault:
    """Return the answer to a volume that is not there or not the caller's."""
    return cinder(404, f"Volume {volume_id} could not be found.")


def transfer_not_found(transfer_id: str) -> Fault:
    """Return the answer to a transfer that is not there or not the caller's."""
    return cinder(404, f"Transfer {transfer_id} could not be found.")
