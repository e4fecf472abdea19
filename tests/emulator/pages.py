# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters and pages of the lists beside those of volumes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from tests.emulator.calls import Call
from tests.emulator.errors import Refused

T = TypeVar("T")
Refusal = Callable[[str], Refused]


def filtered(call: Call, rows: Iterable[T], fields: Mapping[str, str]) -> list[T]:
    """Keep rows that have the values asked for, the newest first.

    `fields` names the field of each parameter that filters; any other parameter is ignored, a
    misspelled one too (EVS_API K.3, K.6).
    """
    wanted = [(attrgetter(field), call.query[name]) for name, field in fields.items() if name in call.query]
    kept = [row for row in rows if all(value_of(row) == value for value_of, value in wanted)]
    return sorted(kept, key=attrgetter("created_at", "id"), reverse=True)


def number(call: Call, name: str, default: int, least: int, refuse: Refusal, most: int | None = None) -> int:
    """Return a number from the query, or refuse one that is none or out of range."""
    try:
        value = int(call.query.get(name, default))
    except ValueError:
        raise refuse(f"The {name} must be an integer.") from None
    if value < least or (most is not None and value > most):
        raise refuse(f"The {name} is out of range.")
    return value


def behind(rows: list[Any], marker: str | None, missing: Refused) -> list[Any]:
    """Return the rows behind the one with that id."""
    if not marker:
        return rows
    for index, row in enumerate(rows):
        if row.id == marker:
            return rows[index + 1 :]
    raise missing


def window(rows: list[T], offset: int, limit: int) -> list[T]:
    """Return a page."""
    return list(islice(rows, offset, offset + limit))
