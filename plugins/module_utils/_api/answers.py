# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Read what a server of this family answers: bodies, and errors in their three spellings."""

from __future__ import annotations

import datetime
import email.utils
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.otc.evs.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    EvsError,
    MalformedAnswer,
    sentence,
)
from ansible_collections.otc.evs.plugins.module_utils._secrets import Secrets
from ansible_collections.otc.evs.plugins.module_utils._text import safe, whole

if TYPE_CHECKING:
    import requests

REQUEST_ID_HEADERS = ("x-compute-request-id", "x-openstack-request-id", "X-Request-Id")
LONGEST_REASON = 500
LONGEST_CODE = 50
HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""How JSON writes half of a character, and both halves of one."""
SURELY_NOTHING_DONE = range(300, 500)


@dataclass(frozen=True)
class Answer:
    """What a server answered; the names of its headers may be in any case."""

    status_code: int
    reason: str | None
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content.decode("utf-8-sig", "replace"))


def decode(where: str, answer: Answer, secrets: Secrets) -> Mapping[str, Any]:
    """The JSON object of a successful answer; a DELETE is answered with an empty body."""
    if not answer.content and where.startswith("DELETE "):
        return {}
    try:
        body = answer.json()
        if HALF.search(answer.content):
            body = whole(body)
    except (ValueError, RecursionError) as error:
        kind = safe(secrets.cut(answer.headers.get("Content-Type", "untyped")), LONGEST_CODE)
        raise MalformedAnswer(f"{where}: the answer, {kind}, is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise MalformedAnswer(f"{where}: the answer is a {type(body).__name__}, not an object.")
    return body


def api_error(where: str, answer: Answer, secrets: Secrets, if_unknown: str = "") -> EvsError:
    """The error of an answer of 300 or more, with none of the secrets in it.

    `if_unknown` is what to do if the server does not know who asks.
    """
    body = _body(answer)
    reason, code = _reason(body)
    # First cut, then shorten: the beginning of a secret is one, too.
    reason = short(secrets.cut(reason or answer.reason or "no reason given"))
    code = None if code is None else safe(secrets.cut(code), LONGEST_CODE)
    request_id = next((answer.headers[name] for name in REQUEST_ID_HEADERS if name in answer.headers), None)
    request_id = request_id or (body.get("request_id") if isinstance(body.get("request_id"), str) else None)
    request_id = safe(secrets.cut(request_id), LONGEST_CODE) if request_id else None
    status = answer.status_code
    words = f"{where} was answered {status}"
    words += f" {code}" if code and code != str(status) else ""
    words += f": {reason}"
    words += f" (request id {request_id})" if request_id else ""
    if status < 400:
        words += ". A redirect is not followed, since it would show the token to another server; check the endpoint."
    if status == 401 and if_unknown:
        words = f"{sentence(words)} {if_unknown}"
    return ApiError(words, status=status, code=code, request_id=request_id, reason=reason)


def words_of(response: Answer | requests.Response | None) -> str | None:
    """The message of an error, in whichever of the ways it is told."""
    return None if response is None else _reason(_body(response))[0]


def short(words: str) -> str:
    """A server's words, as far as a message shows them."""
    return safe(words, LONGEST_REASON)


def outcome_is_open(error: EvsError) -> bool:
    """Whether the request behind this error may have been carried out all the same."""
    return isinstance(error, (AnswerLost, MalformedAnswer)) or (
        isinstance(error, ApiError) and error.status not in SURELY_NOTHING_DONE
    )


def may_be_under_way(error: EvsError) -> bool:
    """Whether the server may still be at work on the request behind this error: it has not ended it by an answer."""
    return isinstance(error, AnswerLost) or (isinstance(error, ApiError) and error.status == 504)


def retry_after(response: Answer | requests.Response) -> float | None:
    """The seconds a server asks us to wait: it says how many, or until when (RFC 9110, 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def _body(response: Answer | requests.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _reason(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The message and the code: gateway and CBR flat, Cinder and EVS one level down."""
    for level in (body, *(value for value in body.values() if isinstance(value, Mapping))):
        message = level.get("message") or level.get("error_msg")
        if isinstance(message, str) and message:
            code = level.get("code") or level.get("error_code")
            return message, str(code) if isinstance(code, (str, int)) else None
    return None, None
