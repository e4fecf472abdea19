# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records by id with an index of what each is about, so that no question costs a walk over all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any, Generic, Protocol, TypeVar


class Record(Protocol):
    """Something with an id that is about other things: a backup is about a disk."""

    id: str

    def about(self) -> Iterable[str]:
        """Return the ids of what it is about."""


R = TypeVar("R", bound=Record)


class Table(Generic[R]):
    """Records in the order of their creation."""

    def __init__(self) -> None:
        """Start empty."""
        self.rows: dict[str, R] = {}
        self._about: defaultdict[str, dict[str, R]] = defaultdict(dict)

    def add(self, row: R) -> None:
        """Add a record; its id must be new."""
        if row.id in self.rows:
            raise ValueError(f"there is a {type(row).__name__} {row.id} already")
        self.rows[row.id] = row
        for key in row.about():
            self._about[key][row.id] = row

    def remove(self, row: R) -> None:
        """Take a record out."""
        del self.rows[row.id]
        self._forget(row)

    def change(self, row: R, values: dict[str, Any]) -> None:
        """Set fields of a record; it keeps its place."""
        self._forget(row)
        try:
            assign(row, values)
        finally:
            for key in row.about():
                self._about[key][row.id] = row

    def link(self, row: R, key: str) -> None:
        """Note that a record is about one thing more."""
        self._about[key][row.id] = row

    def of(self, key: str) -> Collection[R]:
        """Return the records about that."""
        found = self._about.get(key)
        return found.values() if found else ()

    def _forget(self, row: R) -> None:
        for key in row.about():
            self._about[key].pop(row.id, None)


def assign(target: Any, values: dict[str, Any]) -> None:
    """Set fields of a dataclass; refuse an unknown name."""
    unknown = set(values) - {f.name for f in fields(target)}
    if unknown:
        raise ValueError(f"{type(target).__name__} has no field {', '.join(sorted(unknown))}")
    for name, value in values.items():
        setattr(target, name, value)
