# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""T1: the rehearsal, check mode, the run and the role decide alike about every disk.

All kinds of disks lie in one project, and every combination of the options that matter is tried on
them: 13 disks times 40 combinations.  The role is evs_move that rehearses, and evs_move for what it
found, by ID and without its checks; see roles/tenant_transfer/tasks/move_some.yml.
"""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._model.rows import MOVED, OFFERED
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import Plan, Rules, plan
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found
from ansible_collections.otc.evs.plugins.plugin_utils._telling import merged
from tests.emulator.server import EmulatorServer
from tests.support.bodies import transfer, volume
from tests.support.modules import run_module
from tests.support.rows import HERE, THERE
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

pytestmark = pytest.mark.usefixtures("quick")

NAME = "ours"
WAITING = "awaiting-transfer"
OPEN = ("backups", "backup_policy")
"""The constraints that rest on the service that does not answer."""


@dataclass(frozen=True)
class Disk:
    """A kind of disk; `offered` names the transfer of one that is offered."""

    status: str
    offered: str | None = None
    bootable: bool = False

    @property
    def name(self) -> str:
        return f"{self.status}-{self.offered or 'not'}-{'bootable' if self.bootable else 'data'}"


KINDS = [
    Disk(status, offered, bootable)
    for status, offered in [
        ("available", None),
        (WAITING, None),
        (WAITING, NAME),
        (WAITING, "theirs"),
        ("in-use", None),
        ("error", None),
    ]
    for bootable in (False, True)
]
IDS = {kind: f"{number:08x}-0000-4000-8000-000000000000" for number, kind in enumerate(KINDS, 1)}
THERE_ALREADY = "ffffffff-0000-4000-8000-000000000000"
ALL = [*IDS.values(), THERE_ALREADY]


@dataclass(frozen=True)
class Options:
    """What the user says, and whether a service is silent."""

    silent: bool
    ignored: tuple[str, ...]
    blocked: str
    unchecked: str

    @property
    def given(self) -> dict[str, Any]:
        return {"ignore_constraints": list(self.ignored), "unchecked": self.unchecked, "name": NAME}


IGNORED: list[tuple[str, ...]] = [
    (),
    ("status",),
    ("system_disk",),
    OPEN,
    ("status", "attached", "system_disk", *OPEN),
]
COMBINATIONS = [
    Options(*values) for values in itertools.product((False, True), IGNORED, ("fail", "skip"), ("fail", "allow"))
]


def violated(kind: Disk, ignored: tuple[str, ...]) -> set[str]:
    """What keeps such a disk, in words of its own: a foreign offer counts whatever is ignored."""
    found = set()
    if kind.status == "error" or (kind.status == WAITING and kind.offered is None):
        found.add("status")
    if kind.status == "in-use":
        found.add("attached")
    if kind.bootable:
        found.add("system_disk")
    return (found - set(ignored)) | ({"status"} if kind.offered == "theirs" else set())


def expected(kind: Disk, options: Options) -> tuple[str, set[str]]:
    """The decision about a disk, and the constraints that are told with it."""
    found = violated(kind, options.ignored)
    if found:
        return "blocked", found
    left_open = set(OPEN) - set(options.ignored) if options.silent else set()
    return "blocked" if left_open and options.unchecked == "fail" else "moved", left_open


def arrange(emulator: EmulatorServer, source: Evs, options: Options) -> None:
    """Make the disks and their offers anew, and let a service be silent."""
    emulator.reset()
    emulator.create_volumes(SOURCE, [{"id": IDS[kind], "name": kind.name} for kind in KINDS])
    emulator.create_volumes(TARGET, [{"id": THERE_ALREADY, "name": "there"}])
    for kind in KINDS:
        if kind.offered:
            source.create_transfer(IDS[kind], kind.offered)
        attached = {"attachments": [{"server_id": "s", "device": "/dev/vdb"}]} if kind.status == "in-use" else {}
        emulator.update_volume(IDS[kind], status=kind.status, bootable=kind.bootable, **attached)
    emulator.end_outages()
    if options.silent:
        emulator.set_outage("cbr", 403)


@pytest.fixture(scope="module")
def source(running_emulator: EmulatorServer) -> Evs:
    return evs_of(running_emulator, SOURCE)


def told(rows: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """The decisions: what becomes of each disk, and for which constraints."""
    return [(row["id"], row["outcome"], [reason["constraint"] for reason in row["reasons"]]) for row in rows]


def whole(result: dict[str, Any]) -> str:
    """The rows and the problems in all words, but for the numbers that a server gives its answers."""
    return re.sub("req-[-0-9a-f]+", "req", json.dumps([result["disks"], result["problems"]]))


@pytest.mark.parametrize("options", COMBINATIONS, ids=str)
def test_all_decide_alike(emulator: EmulatorServer, source: Evs, options: Options) -> None:
    def move(volumes: list[str], **more: Any) -> dict[str, Any]:
        sides = [{"auth": emulator.cloud(name)["auth"]} for name in (SOURCE, TARGET)]
        given = {**options.given, "blocked": options.blocked, **more}
        return run_module("evs_move", **sides[0], target=sides[1], volumes=volumes, **given)

    arrange(emulator, source, options)
    emulator.forget_requests()
    rehearsed, checked = move(ALL, rehearse=True), move(ALL, check=True)
    assert {r.method for r in emulator.requests() if not r.path.endswith("/auth/tokens")} == {"GET"}
    assert whole(rehearsed) == whole(checked)
    assert [result["rehearsed"] for result in (rehearsed, checked)] == [True, True]
    assert [result["check_mode"] for result in (rehearsed, checked)] == [False, True]
    assert rehearsed["changed"] is False

    # Against the rules in words of their own.
    foreseen = {
        row["id"]: (row["outcome"], {reason["constraint"] for reason in row["reasons"]}) for row in rehearsed["disks"]
    }
    wanted = {kind: expected(kind, options) for kind in KINDS}
    assert foreseen == {
        **{IDS[kind]: decision for kind, decision in wanted.items()},
        THERE_ALREADY: ("already_there", set()),
    }
    stops = options.blocked == "fail" or any(
        outcome == "blocked" and not violated(kind, options.ignored) for kind, (outcome, dummy) in wanted.items()
    )
    stops = stops and any(outcome == "blocked" for outcome, dummy in wanted.values())
    assert bool(rehearsed["problems"]) == stops
    assert checked["changed"] == (not stops and any(outcome == "moved" for outcome, dummy in wanted.values()))

    done = move(ALL)
    if stops:
        assert whole(done) == whole(rehearsed)
        assert (done["rehearsed"], done["changed"]) == (True, False)
        return
    to_move = [row["id"] for row in rehearsed["disks"] if row["outcome"] == "moved"]
    # The cloud has the last word about what the user ignores.
    refused = {IDS[kind] for kind in KINDS if violated(kind, ()) and kind.offered != "theirs"} & set(to_move)
    assert told(done["disks"]) == [
        (key, "failed" if key in refused else outcome, constraints)
        for key, outcome, constraints in told(rehearsed["disks"])
    ]

    arrange(emulator, source, options)
    batch = move(to_move, blocked="skip", check_constraints=False, check_quota=False)
    assert told(merged(rehearsed["disks"], [{"ids": to_move, **batch}])) == told(done["disks"])


@pytest.mark.parametrize("ref", ["nowhere", "twin"])
def test_all_refuse_alike_what_cannot_be_meant(emulator: EmulatorServer, ref: str) -> None:
    emulator.create_volumes(SOURCE, [{"name": "twin"}, {"name": "twin"}, {"name": "data"}])
    sides = [{"auth": emulator.cloud(name)["auth"]} for name in (SOURCE, TARGET)]
    results = [
        run_module("evs_move", **sides[0], target=sides[1], volumes=["data", ref], blocked="skip", **how)
        for how in ({"rehearse": True}, {"check": True}, {})
    ]
    assert results[0]["problems"]
    for result in results:
        assert whole(result) == whole(results[0])
        assert (result["failed"], result["rehearsed"], result["changed"]) == (True, True, False)
    assert {disk["tenant"] for disk in emulator.volumes()} == {SOURCE}


def decided(kind: Disk, options: Options, success: str, *, again: bool = False) -> Plan:
    """The planner's word alone; `again` as the role asks it about what it has found already."""
    disk = volume(id=IDS[kind], status=kind.status, bootable=str(kind.bootable).lower())
    pending = {disk.id: transfer(disk, id="t", name=kind.offered)} if kind.offered else {}
    evidence = Evidence(unchecked=dict.fromkeys(OPEN, "403.") if options.silent and not again else {})
    rules = Rules(
        success,
        NAME,
        pending="replace",
        blocked="skip" if again else options.blocked,
        unchecked=options.unchecked,
        ignored=options.ignored,
        check_constraints=not again,
    )
    return plan(Found.among([disk.id], [disk]), None, pending, evidence, rules, HERE, THERE)


@pytest.mark.parametrize("options", COMBINATIONS, ids=str)
def test_the_planner_has_one_mind(options: Options) -> None:
    """Offering is decided as moving is, and what was to be done is to be done when the role asks again."""
    for kind in KINDS:
        moved, offered = decided(kind, options, MOVED), decided(kind, options, OFFERED)
        assert [row.outcome.replace(OFFERED, MOVED) for row in offered.rows] == [row.outcome for row in moved.rows]
        assert [row.reasons for row in offered.rows] == [row.reasons for row in moved.rows]
        assert offered.problems == moved.problems
        again = decided(kind, options, MOVED, again=True)
        if moved.to_do:
            assert (len(again.to_do), again.problems) == (1, [])
