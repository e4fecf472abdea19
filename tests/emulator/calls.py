# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request and one answer as the services see them, free of the web framework."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.emulator import errors
from tests.emulator.state import State, Token


@dataclass
class Call:
    """A request that reached a service."""

    state: State
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    base: str
    """The root URL of the service that was called."""
    pairs: Sequence[tuple[str, str]] = ()
    """The query with every value of a parameter that comes more than once."""
    identity: Token | None = None
    microversion: str | None = None
    """The version to name in the answer, once it is negotiated."""

    @property
    def token(self) -> Token:
        """The caller's token; only calls that passed the door of access.py have one."""
        if self.identity is None:
            raise errors.unauthorized()
        return self.identity

    @property
    def project_id(self) -> str:
        """The project the caller acts in."""
        return self.token.project_id

    @property
    def version(self) -> str:
        """The first part of the path: v2 or v3."""
        return self.path.split("/", 2)[1]

    @property
    def minor(self) -> int:
        """The minor part of the microversion; v2 has none, which is less than any."""
        return int(self.microversion.partition(".")[2]) if self.microversion else -1

    @property
    def tail(self) -> str:
        """The path behind the project."""
        return "/" + self.path.split("/", 3)[3]

    def speaks(self, major: int, minor: int) -> bool:
        """Tell whether the caller asked for this microversion or a newer one."""
        return self.microversion is not None and tuple(map(int, self.microversion.split("."))) >= (major, minor)

    def every(self, name: str) -> list[str]:
        """Return all values of a parameter of the query."""
        return [value for key, value in self.pairs if key == name]

    def json(self) -> Any:
        """Return the body, or refuse it as Cinder does."""
        try:
            return json.loads(self.raw)
        except ValueError:
            raise errors.cinder(400, "Malformed request body") from None

    def body(self, name: str) -> dict[str, Any]:
        """Return the object that the body wraps under that name."""
        whole = self.json()
        if not isinstance(whole, dict) or name not in whole:
            raise errors.cinder(400, f"'{name}' is a required property")
        inner = whole[name]
        if not isinstance(inner, dict):
            message = f"{inner!r} is not of type 'object'"
            raise errors.cinder(400, invalid(name, inner, message))
        return inner


@dataclass(frozen=True)
class Reply:
    """An answer; a body of None is sent as an empty one."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Reply]
Route = tuple[str, str, Handler]


def invalid(field_name: str, value: Any, reason: str) -> str:
    """Word a schema violation as Cinder does: it quotes the value, even when that is a secret."""
    return f"Invalid input for field/attribute {field_name}. Value: {value}. {reason}"
