# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error bodies of the services (EVS_API H)."""

from __future__ import annotations

import uuid
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


class Refused(Exception):
    """A refusal: what the client gets instead of an answer."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        """Keep what is to be answered."""
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def cinder(status: int, message: str) -> Refused:
    """Return a refusal as Cinder words it."""
    kind = CINDER_KINDS.get(status, "computeFault")
    return Refused(status, {kind: {"code": status, "message": message}})


def over_limit(message: str) -> Refused:
    """Return Cinder's answer to a quota that is used up; its Retry-After is no throttling."""
    body = {"overLimit": {"code": 413, "message": message, "retryAfter": "0"}}
    return Refused(413, body, {"Retry-After": "0"})


def evs(status: int, code: str, message: str) -> Refused:
    """Return a refusal in the envelope of EVS (EVS_API H, format 2)."""
    return Refused(status, {"error": {"message": message, "code": code}})


def gateway(status: int, code: str, message: str) -> Refused:
    """Return a refusal of the gateway, whose envelope CBR shares (EVS_API H, format 3)."""
    return Refused(status, {"error_code": code, "error_msg": message, "request_id": uuid.uuid4().hex})


def of_service(service: str, status: int, message: str) -> Refused:
    """Return a service's own words for an error that every service has.

    Codes of CBR, VBS and SDRS for the general errors are documented nowhere, so theirs are the
    status after the service's prefix; but SDRS tells a missing permission by a 400 (EVS_API E.1).
    """
    if service == "cbr":
        return gateway(status, f"BackupService.{status:04}", message)
    if service == "compute":
        return cinder(status, message)
    if service == "sdrs" and status == 403:
        return evs(400, "SDRS.0003", message)
    code = {"evs": f"EVS.5{status}", "vbs": f"VBS.{status:04}", "sdrs": f"SDRS.{status:04}"}[service]
    return evs(status, code, message)


def outage(service: str, status: int) -> Refused:
    """Return the answer of a service that refuses or fails, or of the gateway before it."""
    if status == 429:
        return gateway(429, "APIG.0308", "The throttling threshold has been reached")
    if status in (502, 504):
        return gateway(status, "APIG.0201", HTTPStatus(status).phrase)
    message = {403: "Policy doesn't allow this call to be performed."}.get(status, HTTPStatus(status).phrase)
    return of_service(service, status, message)


def unrouted(service: str, status: int, message: str) -> Refused:
    """Return the answer to a URL that does not exist, or a crash."""
    if service in ("identity", "evs"):
        return cinder(status, message)
    return of_service(service, status, message)


def keystone(status: int, message: str, headers: dict[str, str] | None = None) -> Refused:
    """Return a refusal as Keystone and its middleware word it."""
    error = {"code": status, "title": HTTPStatus(status).phrase, "message": message}
    return Refused(status, {"error": error}, headers)


def unauthorized(identity_url: str = "") -> Refused:
    """Return the one answer to every missing, wrong or expired credential."""
    headers = {"WWW-Authenticate": f'Keystone uri="{identity_url}"'} if identity_url else None
    return keystone(401, "The request you have made requires authentication.", headers)


def forbidden(policy: str) -> Refused:
    """Return Cinder's answer to a role that is not enough."""
    return cinder(403, f"Policy doesn't allow {policy} to be performed.")


def volume_not_found(volume_id: str) -> Refused:
    """Return the answer to a volume that is not there or not the caller's."""
    return cinder(404, f"Volume {volume_id} could not be found.")


def transfer_not_found(transfer_id: str) -> Refused:
    """Return the answer to a transfer that is not there or not the caller's."""
    return cinder(404, f"Transfer {transfer_id} could not be found.")
