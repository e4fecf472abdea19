# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests go wrong, and how: faults that a test orders. No web code in here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

KINDS = {
    "refuse": "connections are refused for `seconds`, beginning with that request",
    "reset": "the connection is reset instead of an answer",
    "stall": "no answer comes until the client gives up",
    "status": "`status` is answered, with `retry_after` if given",
    "truncate": "the answer ends in its middle",
    "html": "a page of HTML is answered, with 200",
    "pretend": "a change is answered as if it had been made",
    "late": "a change is made, but reading shows it only after `seconds`",
    "expire": "all tokens end before the request",
    "accepted": "somebody in tenant-b has accepted all that was offered before the request",
    "withdrawn": "somebody in tenant-a has withdrawn all offers before the request",
    "hold": "the request is held until the client goes away: the moment to kill it",
}
LOSES_ANSWER = ("reset", "stall", "status", "html", "hold")
"""The kinds that strike before or, with `after`, behind the call; the answer is lost then."""


@dataclass
class InjectedFault:
    """One order: by `number` of the request in the log, from 1, or by what the request is like.

    With a number and `times` of more than 1 (or null: for ever) it goes on hitting the same call:
    same method, same route.
    """

    kind: str
    number: int | None = None
    method: str | None = None
    path: str | None = None
    """A regular expression that is searched for in path and query."""
    project_id: str | None = None
    times: int | None = 1
    after: bool = False
    """Carry the request out first."""
    status: int = 503
    retry_after: str | None = None
    seconds: float = 0.3
    hits: int = 0
    _call: tuple[str, str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; there are {', '.join(KINDS)}")
        if self.after and self.kind not in LOSES_ANSWER:
            raise ValueError(f"{self.kind} does not strike after the call")
        HTTPStatus(self.status)
        try:
            re.compile(self.path or "")
        except re.error as error:
            raise ValueError(f"{self.path!r} is no regular expression: {error}") from error

    def strikes(self, number: int, method: str, path: str, route: str, project_id: str | None) -> bool:
        """Tell whether it hits a request; `route` is the path with names instead of ids."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.method not in (None, method) or self.project_id not in (None, project_id):
            return False
        if self.path is not None and not re.search(self.path, path):
            return False
        if self.number is not None:
            if number == self.number:
                self._call = (method, route)
            elif number < self.number or self._call != (method, route):
                return False
        self.hits += 1
        return True


class Faults:
    """The orders in force."""

    def __init__(self) -> None:
        """Start without any."""
        self.ordered: list[InjectedFault] = []
        self.held = 0
        """How many requests are held at this moment."""

    def order(self, **fields: Any) -> InjectedFault:
        """Add one."""
        fault = InjectedFault(**fields)
        if fault.kind == "refuse" and fault.number is None:
            raise ValueError("connections are refused from the request of a number on: give number")
        self.ordered.append(fault)
        return fault

    def strike(self, number: int, method: str, path: str, route: str, project_id: str | None) -> InjectedFault | None:
        """Return the fault that hits a request; the first one ordered counts."""
        request = (number, method, path, route, project_id)
        return next((fault for fault in self.ordered if fault.kind != "refuse" and fault.strikes(*request)), None)

    def refusal_before(self, number: int) -> InjectedFault | None:
        """Return the order to close the door before the request of that number comes."""
        for fault in self.ordered:
            if fault.kind == "refuse" and fault.number == number and not fault.hits:
                fault.hits += 1
                return fault
        return None

    def clear(self) -> None:
        """Let everything go well again."""
        self.ordered.clear()
