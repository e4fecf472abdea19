# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access keys (AK/SK): who signs, and whether a signature is right (EVS_API G.2 and G.3).

Written from the description of the algorithm, and shares no code with the collection.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from tests.emulator import errors

if TYPE_CHECKING:
    from tests.emulator.calls import Call, Reply
    from tests.emulator.state import Token, User

SCHEME = "SDK-HMAC-SHA256"
STAMP = "%Y%m%dT%H%M%SZ"
TOLERANCE = timedelta(minutes=15)
MOST_WRONG = 5
LOCKED_FOR = timedelta(minutes=5)
HEADER = re.compile(rf"{SCHEME} Access=(?P<access>\S+), SignedHeaders=(?P<names>\S+), Signature=(?P<given>[0-9a-f]+)")


@dataclass
class AccessKey:
    """An access key of a user; a temporary one has a security token, and an end."""

    access: str
    secret: str
    user: User
    security_token: str = ""
    ends: datetime | None = None
    wrong: list[datetime] = field(default_factory=list)
    """When it was used with a wrong signature since the last right one."""


def permanent_keys(users: Iterable[User]) -> dict[str, AccessKey]:
    """Return a key for each user, by its ID; none of them is a secret."""
    made = (AccessKey(access_of(user.name), secret_of(user.name), user) for user in users)
    return {key.access: key for key in made}


def access_of(user: str) -> str:
    """Return the ID of a user's permanent key."""
    return f"AK{user.upper().replace('-', '0'):X<18}"


def secret_of(user: str) -> str:
    """Return the secret of a user's permanent key."""
    return hashlib.sha256(user.encode()).hexdigest()[:40]


def is_signed(call: Call) -> bool:
    """Tell whether the call is signed instead of having a token."""
    return call.headers.get("Authorization", "").startswith(SCHEME)


def signer(call: Call) -> Token:
    """Return who signed the call, as if that were a token; or refuse it as the gateway does."""
    parts = HEADER.fullmatch(call.headers["Authorization"])
    if parts is None:
        raise refusal("the Authorization header cannot be read")
    key = call.state.access_keys.get(parts["access"])
    now = datetime.now(timezone.utc)
    if key is None or (key.ends and now > key.ends):
        raise refusal("the access key does not exist or has expired")
    if len(key.wrong) >= MOST_WRONG and now - key.wrong[-1] < LOCKED_FOR:
        raise refusal("the access key is locked after too many wrong signatures")
    if call.headers.get("X-Security-Token", "") != key.security_token:
        raise refusal("the security token is not that of the access key")
    names = parts["names"].split(";")
    if names != sorted(names) or not {"host", "x-sdk-date"} <= set(names):
        raise refusal("host and x-sdk-date have to be signed, and the headers sorted")
    if abs(now - stamp(call.headers.get("X-Sdk-Date", ""))) > TOLERANCE:
        raise refusal("x-sdk-date is too far from the time of the server")
    if not hmac.compare_digest(parts["given"], expected(call, key, names)):
        key.wrong.append(now)
        raise refusal("verify aksk signature fail")
    key.wrong.clear()
    project = call.headers.get("X-Project-Id", key.user.project_id)
    if project != key.user.project_id:
        raise refusal("x-project-id is no project of the access key")
    return call.state.signed(key.user, project)


def refusal(why: str) -> errors.Refused:
    """Word a refusal as the gateway does (EVS_API H)."""
    return errors.gateway(401, "APIG.0301", f"Incorrect IAM authentication information: {why}")


def stamp(text: str) -> datetime:
    """Read the date of a request."""
    try:
        return datetime.strptime(text, STAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        raise refusal("x-sdk-date cannot be read") from None


def expected(call: Call, key: AccessKey, names: list[str]) -> str:
    """Compute the signature that the call should have."""
    path = "".join(f"{encode(part)}/" for part in call.path.removesuffix("/").split("/"))
    query = "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(call.pairs))
    headers = "".join(f"{name}:{call.headers.get(name, '').strip()}\n" for name in names)
    lines = [call.method, path, query, headers, ";".join(names), hashlib.sha256(call.raw).hexdigest()]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    message = f"{SCHEME}\n{call.headers['X-Sdk-Date']}\n{digest}"
    return hmac.digest(key.secret.encode(), message.encode(), "sha256").hex()


def encode(text: str) -> str:
    """Encode all but what RFC 3986 leaves unreserved."""
    return urllib.parse.quote(text, safe="-._~")


def create_temporary(call: Call) -> Reply:
    """Issue a temporary key for a token (EVS_API G.3)."""
    from tests.emulator.calls import Reply

    try:
        identity = call.json()["auth"]["identity"]
        wanted = dict(identity["token"])
        token = call.state.token(wanted.get("id") or call.headers.get("X-Auth-Token", ""))
        duration = int(wanted.get("duration_seconds", 900))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise errors.keystone(400, "Request parameter is invalid.") from None
    if token is None:
        raise errors.unauthorized()
    if not 900 <= duration <= 86400:
        raise errors.keystone(400, "Invalid duration_seconds.")
    ends = datetime.now(timezone.utc) + timedelta(seconds=duration)
    made = AccessKey(secrets.token_hex(10).upper(), secrets.token_hex(20), token.user, secrets.token_urlsafe(64), ends)
    call.state.access_keys[made.access] = made
    credential = {
        "access": made.access,
        "secret": made.secret,
        "securitytoken": made.security_token,
        "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    return Reply(201, {"credential": credential})
