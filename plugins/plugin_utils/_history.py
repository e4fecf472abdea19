# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""Who was moved when, by which run: what follows from the facts that the runs of a role have left.

Every run leaves one fact in a file of its own, and nobody changes it again. All that a report says is
derived from these facts, in whatever order they are read. No I/O, and nothing of Ansible.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ansible_collections.otc.evs.plugins.module_utils._text import safe_message

VERSION = 2

OWNER_CHANGED = ("moved", "accepted")
OFFERED = ("offered",)
EVENTS = (*OWNER_CHANGED, *OFFERED, "withdrawn")
"""What a run can have done to a disk; every other outcome leaves it as it was."""
BESIDES = ("detached", "attached")
"""Steps of a run that took a disk from a server to a server."""

# What a run is called, and the file of a run: of localhost RUN.json, of another host RUN-HOST.json.
RUN = r"[0-9]{8}T[0-9]{6}Z-[0-9A-Za-z]{1,32}"
RUN_FILE = re.compile(rf"(?P<run>{RUN})(?:-(?P<host>.+))?\.json", re.DOTALL)
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
# strptime takes 2026-1-5, too. Times of one form are in order as text.
MOMENT_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
# More than any disk or count, and an exact number in every language that reads JSON.
LARGEST_NUMBER = 2**53 - 1


class NotAFact(Exception):
    """What is read is not the fact of a run; the message says why."""


class Side(NamedTuple):
    """A tenant, as far as the run looked at it."""

    project_id: str | None
    project_name: str | None
    region_name: str | None


class Reason(NamedTuple):
    """Why a disk stays where it is."""

    constraint: str | None
    reason: str | None
    remedy: str | None


class Seats(NamedTuple):
    """The servers that a disk was in before the run, and after, by their names, and its devices there."""

    before: str | None
    device_before: str | None
    after: str | None
    device_after: str | None


class Disk(NamedTuple):
    """What a run says of a disk."""

    id: str | None
    name: str | None
    size: int | None
    volume_type: str | None
    owner: str | None
    outcome: str
    reasons: tuple[Reason, ...]
    transfer_id: str | None
    at: str | None
    message: str | None
    servers: Seats | None = None
    guest_name: str | None = None
    steps: tuple[str, ...] = ()

    @property
    def done(self) -> list[str]:
        """All that the run did to it: of a disk that was in use more than its outcome tells."""
        if self.steps:
            return [step for step in self.steps if step in (*EVENTS, *BESIDES)]
        return [self.outcome] if self.outcome in EVENTS else []


class Fact(NamedTuple):
    """What a run leaves in tenant_transfer_result."""

    run: str
    entry_point: str
    rehearsed: bool
    started_at: str
    finished_at: str
    source: Side | None
    target: Side | None
    name: str
    message: str
    counts: Mapping[str, int]
    problems: tuple[str, ...]
    failures: tuple[str, ...]
    disks: tuple[Disk, ...]


class Event(NamedTuple):
    """A disk was moved, offered, accepted, or its offer withdrawn."""

    id: str | None
    name: str | None
    size: int | None
    volume_type: str | None
    outcome: str
    at: str
    run: str
    source: str | None
    target: str | None


class State(NamedTuple):
    """Where a disk stands, by the last real run that said something of it, and what became of it before."""

    id: str | None
    name: str | None
    size: int | None
    volume_type: str | None
    owner: str | None
    owner_name: str | None
    outcome: str
    reasons: tuple[Reason, ...]
    message: str | None
    at: str
    run: str
    moved_at: str | None
    moved_by: str | None
    offered_at: str | None
    offered_by: str | None


class Derived(NamedTuple):
    """All that a report says; `names` are those of the projects, by ID."""

    runs: tuple[Fact, ...]
    state: tuple[State, ...]
    history: tuple[Event, ...]
    names: Mapping[str, str]


class Ignored(NamedTuple):
    """A file beside those of the runs that nothing is derived from."""

    file: str
    reason: str


def suffix(host: str) -> str:
    """What the names of the files of a host have behind them: one directory may hold those of several."""
    return "" if host == "localhost" else "-" + host.replace("/", "%2F")


def run_of(file_name: str, host: str) -> str | None:
    """The run that this file of the host is of; None if it is of another host.

    Raises NotAFact for what is no file of a run at all.
    """
    match = RUN_FILE.fullmatch(file_name)
    if not match:
        raise NotAFact("its name is not that of a run's file")
    behind = f"-{match['host']}" if match["host"] else ""
    return match["run"] if behind == suffix(host) else None


def parse(text: str) -> Any:
    """What a file holds."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAFact(f"it is not JSON ({error})") from error


def as_fact(data: object, run: str | None = None) -> Fact:
    """The fact, of that run; raises NotAFact. What else is in it, a later release may know."""
    fields = _Fields(data, "what it holds")
    version = fields.get("version")
    if version != VERSION or isinstance(version, bool):
        raise NotAFact(f"its version is {_brief(version)}, and this release of otc.evs reads version {VERSION}")
    if not re.fullmatch(RUN, fields.text("run")):
        raise NotAFact(f"its run {_brief(fields.text('run'))} is not named as runs are")
    if run is not None and fields.text("run") != run:
        raise NotAFact(f"its name is of run {run}, but its content is of run {fields.text('run')}")
    return Fact(
        run=fields.text("run"),
        entry_point=fields.text("entry_point"),
        rehearsed=fields.flag("rehearsed"),
        started_at=fields.moment("started_at"),
        finished_at=fields.moment("finished_at"),
        source=_side(fields.inner("source")),
        target=_side(fields.inner("target")),
        name=fields.text("name"),
        message=fields.text("message"),
        counts=fields.inner("counts").numbers(),
        problems=fields.texts("problems"),
        failures=fields.texts("failures"),
        disks=tuple(_disk(each) for each in fields.each("disks")),
    )


def _side(fields: _Fields) -> Side | None:
    if not fields.data:
        return None
    return Side(*(fields.text_or_none(name) for name in Side._fields))


def _disk(fields: _Fields) -> Disk:
    return Disk(
        id=fields.text_or_none("id"),
        name=fields.text_or_none("name"),
        size=None if fields.get("size") is None else fields.number("size"),
        volume_type=fields.text_or_none("volume_type"),
        owner=fields.text_or_none("owner"),
        outcome=fields.text("outcome"),
        reasons=tuple(Reason(*(each.text_or_none(name) for name in Reason._fields)) for each in fields.each("reasons")),
        transfer_id=fields.text_or_none("transfer_id"),
        at=None if fields.get("at") is None else fields.moment("at"),
        message=fields.text_or_none("message"),
        **_besides(fields),
    )


def _besides(fields: _Fields) -> dict[str, Any]:
    """What is told of a disk that was in a server, or went into one."""
    if not fields.data.get("steps") and not fields.data.get("guest_name"):
        return {}
    servers, devices = (_Fields(fields.get(name) or {}, name) for name in ("server", "device"))
    names = []
    for when in ("before", "after"):
        place = _Fields(servers.data.get(when) or {"id": None, "name": None}, f"server {when}")
        device = devices.text_or_none(when) if when in devices.data else None
        names += [place.text_or_none("name") or place.text_or_none("id"), device]
    return {
        "servers": Seats(*names) if any(names) else None,
        "guest_name": fields.text_or_none("guest_name"),
        "steps": fields.texts("steps"),
    }


class _Fields:
    """An object of the file: what is asked for is of the right type, or the file is not a fact."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            raise NotAFact(f"{where} is not an object")
        self.data = data
        self._where = where

    def get(self, key: str) -> object:
        if key not in self.data:
            raise NotAFact(f"{self._where} has no {key}")
        return self.data[key]

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str):
            raise self._wrong(key, "a string")
        # The same names and IDs are in the facts of hundreds of runs.
        return sys.intern(value)

    def text_or_none(self, key: str) -> str | None:
        return None if self.get(key) is None else self.text(key)

    def flag(self, key: str) -> bool:
        value = self.get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def number(self, key: str) -> int:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_NUMBER:
            raise self._wrong(key, "a whole number")
        return value

    def numbers(self) -> dict[str, int]:
        return {key: self.number(key) for key in self.data}

    def moment(self, key: str) -> str:
        value = self.text(key)
        try:
            datetime.strptime(value, MOMENT)
        except ValueError as error:
            raise self._wrong(key, "a time such as 2026-11-25T08:15:00Z") from error
        if not MOMENT_FORM.fullmatch(value):
            raise self._wrong(key, "a time such as 2026-11-25T08:15:00Z")
        return value

    def inner(self, key: str) -> _Fields:
        return _Fields(self.get(key), key)

    def each(self, key: str) -> list[_Fields]:
        return [_Fields(item, f"number {number} of {key}") for number, item in enumerate(self._list(key), start=1)]

    def texts(self, key: str) -> tuple[str, ...]:
        if not all(isinstance(item, str) for item in self._list(key)):
            raise self._wrong(key, "a list of strings")
        return tuple(self._list(key))

    def _list(self, key: str) -> list[Any]:
        value = self.get(key)
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        return value

    def _wrong(self, key: str, kind: str) -> NotAFact:
        return NotAFact(f"{key} of {self._where} is {_brief(self.data[key])}, not {kind}")


def _brief(value: object) -> str:
    """A value for a message, short whatever it is."""
    if isinstance(value, (dict, list)):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:60] + "..."


class _Statement(NamedTuple):
    """A row of a fact, in the order in which the rows were true."""

    at: str
    finished_at: str
    started_at: str
    run: str
    row: int
    disk: Disk
    fact: Fact


def derive(facts: Iterable[Fact]) -> Derived:
    """What follows from the facts, in whatever order they come; a run counts once."""
    by_run: dict[str, Fact] = {}
    for fact in facts:
        by_run.setdefault(fact.run, fact)
    runs = sorted(by_run.values(), key=lambda fact: (fact.started_at, fact.run))
    names = _names(runs)
    statements = sorted(
        (_statement(fact, row) for fact in runs if not fact.rehearsed for row in range(len(fact.disks))),
        # Before the disk and the fact, which have no order.
        key=lambda statement: statement[: _Statement._fields.index("disk")],
    )
    return Derived(
        runs=tuple(runs),
        state=_state(statements, names),
        history=tuple(_event(each, outcome) for each in statements for outcome in each.disk.done),
        names=names,
    )


def _names(runs: Iterable[Fact]) -> dict[str, str]:
    """The name of each project, as the last run read it."""
    sides = [side for fact in runs for side in (fact.source, fact.target) if side]
    return {side.project_id: side.project_name for side in sides if side.project_id and side.project_name}


def _statement(fact: Fact, row: int) -> _Statement:
    disk = fact.disks[row]
    # Of two runs side by side the one that looked last is right, not the one that began or ended last. But a
    # time from another clock, or of an offer made long before, does not move a row out of its run.
    at = min(max(disk.at or fact.finished_at, fact.started_at), fact.finished_at)
    return _Statement(at, fact.finished_at, fact.started_at, fact.run, row, disk, fact)


def _event(statement: _Statement, outcome: str) -> Event:
    disk, fact = statement.disk, statement.fact
    return Event(
        id=disk.id,
        name=disk.name,
        size=disk.size,
        volume_type=disk.volume_type,
        outcome=outcome,
        at=disk.at or fact.finished_at,
        run=fact.run,
        source=fact.source.project_name if fact.source else None,
        target=fact.target.project_name if fact.target else None,
    )


def _state(statements: Iterable[_Statement], names: Mapping[str, str]) -> tuple[State, ...]:
    rows: dict[tuple[str | None, str | None], State] = {}
    for statement in statements:
        disk = statement.disk
        # A disk that was not found has nothing but the name it was asked for by. Several disks may have it, so this
        # row is nobody else's, and goes as soon as a run knows a disk of that name.
        key = (disk.id, None) if disk.id else (None, disk.name)
        rows[key] = _told(rows.get(key), statement, names)
        if disk.id:
            rows.pop((None, disk.name), None)
    return tuple(sorted(rows.values(), key=lambda row: (row.name or "", row.id or "")))


def _told(before: State | None, statement: _Statement, names: Mapping[str, str]) -> State:
    """The row of a disk after one more statement about it."""
    disk, fact = statement.disk, statement.fact
    at = disk.at or fact.finished_at
    moved = (
        (at, fact.run)
        if any(step in OWNER_CHANGED for step in disk.done)
        else (before and before.moved_at, before and before.moved_by)
    )
    offered = (
        (at, fact.run)
        if any(step in OFFERED for step in disk.done)
        else (before and before.offered_at, before and before.offered_by)
    )
    return State(
        id=disk.id,
        # What a disk is, stays so. Whose it is, does not: an owner that could not be read is not known.
        name=before.name if before and disk.name is None else disk.name,
        size=before.size if before and disk.size is None else disk.size,
        volume_type=before.volume_type if before and disk.volume_type is None else disk.volume_type,
        owner=disk.owner,
        owner_name=names.get(disk.owner or ""),
        outcome=disk.outcome,
        reasons=disk.reasons,
        message=disk.message,
        at=at,
        run=fact.run,
        moved_at=moved[0],
        moved_by=moved[1],
        offered_at=offered[0],
        offered_by=offered[1],
    )


def as_report(derived: Derived, ignored: Iterable[Ignored]) -> dict[str, Any]:
    """The report for machines."""
    return {
        "version": VERSION,
        "state": [
            {**state._asdict(), "reasons": [reason._asdict() for reason in state.reasons]} for state in derived.state
        ],
        "runs": [as_summary(fact) for fact in derived.runs],
        "history": [_renamed(event._asdict(), source="from", target="to") for event in derived.history],
        "ignored": [each._asdict() for each in ignored],
    }


def as_summary(fact: Fact) -> dict[str, Any]:
    """A run without its disks."""
    summary = fact._asdict()
    del summary["disks"]
    sides = {
        side: value._asdict() if value else {} for side, value in (("source", fact.source), ("target", fact.target))
    }
    return {**summary, **sides, "problems": list(fact.problems), "failures": list(fact.failures)}


def _renamed(row: Mapping[str, Any], **names: str) -> dict[str, Any]:
    # from is no name that Python takes.
    return {names.get(key, key): value for key, value in row.items()}


def as_page(derived: Derived, ignored: Iterable[Ignored], host: str) -> dict[str, Any]:
    """What the page for people shows: the same, with nothing in it that acts on the one who looks."""
    last = derived.runs[-1]
    said = {disk.message for disk in last.disks}
    shown: dict[str, Any] = _shown(
        {
            "host": "" if host == "localhost" else host,
            "last": _run_on_page(last),
            "disks": [{**disk._asdict(), "owner_name": derived.names.get(disk.owner or "")} for disk in last.disks],
            # What failed beside the disks, whose messages stand with them.
            "failures": [failure for failure in last.failures if failure not in said],
            "state": [state._asdict() for state in derived.state],
            "runs": [_run_on_page(fact) for fact in reversed(derived.runs)],
            "ignored": [each._asdict() for each in ignored],
        }
    )
    return shown


def _run_on_page(fact: Fact) -> dict[str, Any]:
    began, ended = (datetime.strptime(moment, MOMENT) for moment in (fact.started_at, fact.finished_at))
    return {**as_summary(fact), "seconds": max(0, int((ended - began).total_seconds()))}


def _shown(value: Any) -> Any:
    """The same value, with every character shown that would not be seen, or would turn others around."""
    if isinstance(value, str):
        return safe_message(value)
    if isinstance(value, Mapping):
        return {_shown(key): _shown(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _shown(value._asdict())
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    return value
