# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who was moved when, by which run: what follows from the facts that runs have left."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import permutations
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.lookup import history
from ansible_collections.otc.evs.plugins.lookup.history import ADVICE, LARGEST, problem
from ansible_collections.otc.evs.plugins.module_utils._text import safe
from ansible_collections.otc.evs.plugins.plugin_utils._history import (
    Ignored,
    NotAFact,
    as_fact,
    as_page,
    as_report,
    derive,
    parse,
    run_of,
    suffix,
)

A = {"project_id": "a" * 32, "project_name": "tenant-a", "region_name": "eu-de"}
B = {"project_id": "b" * 32, "project_name": "tenant-b", "region_name": None}


def run_at(hour: int) -> str:
    return f"20261125T{hour:02}0000Z-3f9a2c"


def disk(volume_id: str | None, outcome: str, **others: Any) -> dict[str, Any]:
    """What a run says of a disk."""
    return {
        "id": volume_id,
        "name": volume_id,
        "size": 10,
        "volume_type": "SSD",
        "owner": None,
        "outcome": outcome,
        "reasons": [],
        "transfer_id": None,
        "at": None,
        "message": None,
        **others,
    }


def fact(hour: int, disks: Sequence[Mapping[str, Any]], **others: Any) -> dict[str, Any]:
    """What a run leaves that began at that hour and took a minute."""
    return {
        "version": 2,
        "run": run_at(hour),
        "entry_point": "main",
        "name": "ansible-evs-transfer",
        "rehearsed": False,
        "started_at": f"2026-11-25T{hour:02}:00:00Z",
        "finished_at": f"2026-11-25T{hour:02}:01:00Z",
        "source": A,
        "target": B,
        "message": "tenant-a -> tenant-b: all is told.",
        "counts": {"total": len(disks)},
        "problems": [],
        "failures": [],
        "disks": list(disks),
        **others,
    }


def report(*facts: Mapping[str, Any]) -> dict[str, Any]:
    """The report of these runs."""
    return as_report(derive(as_fact(each) for each in facts), [])


def only(rows: Sequence[Mapping[str, Any]], *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(row[field] for field in fields) for row in rows]


def state(*facts: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return only(report(*facts)["state"], "id", "outcome", "owner", "moved_at", "moved_by")


R8, R9 = run_at(8), run_at(9)
AT8, AT9, AT10 = (f"2026-11-25T{hour:02}:00:30Z" for hour in (8, 9, 10))
END8, END9, END10, END11 = (f"2026-11-25T{hour:02}:01:00Z" for hour in (8, 9, 10, 11))
MOVED = disk("d1", "moved", owner=B["project_id"], at=AT8)
THERE = disk("d1", "already_there", owner=B["project_id"])
BACK = disk("d1", "moved", owner=A["project_id"], at=AT9)

# By what became of a disk in each run: its row in the end.
STATES: dict[str, tuple[list[dict[str, Any]], list[tuple[Any, ...]]]] = {
    "moved": ([fact(8, [MOVED])], [("d1", "moved", "b" * 32, AT8, R8)]),
    "moved, then found there": (
        [fact(8, [MOVED]), fact(9, [THERE])],
        [("d1", "already_there", "b" * 32, AT8, R8)],
    ),
    "moved, and the time of it is not known": (
        [fact(8, [{**MOVED, "at": None}])],
        [("d1", "moved", "b" * 32, END8, R8)],
    ),
    "moved there and back": (
        [fact(8, [MOVED]), fact(9, [BACK], source=B, target=A)],
        [("d1", "moved", "a" * 32, AT9, R9)],
    ),
    "accepted by the other team": (
        [fact(8, [disk("d1", "accepted", owner=B["project_id"], at=AT8)], entry_point="accept", source={})],
        [("d1", "accepted", "b" * 32, AT8, R8)],
    ),
    "failed, then moved": (
        [fact(8, [disk("d1", "failed", message="no")]), fact(9, [{**MOVED, "at": AT9}])],
        [("d1", "moved", "b" * 32, AT9, R9)],
    ),
    "moved, then failed": (
        [fact(8, [MOVED]), fact(9, [disk("d1", "failed", owner="a" * 32)])],
        [("d1", "failed", "a" * 32, AT8, R8)],
    ),
    "moved, then a check": (
        [fact(8, [MOVED]), fact(9, [disk("d1", "blocked")], entry_point="check", rehearsed=True)],
        [("d1", "moved", "b" * 32, AT8, R8)],
    ),
    "would be moved": ([fact(8, [MOVED], rehearsed=True)], []),
    "a check between two runs": (
        [fact(8, [disk("d1", "failed")]), fact(9, [{**MOVED, "at": AT9}], rehearsed=True), fact(10, [THERE])],
        [("d1", "already_there", "b" * 32, None, None)],
    ),
    "moved, then not known": (
        [fact(8, [MOVED]), fact(9, [disk("d1", "unknown")])],
        [("d1", "unknown", None, AT8, R8)],
    ),
    "moved, then gone": (
        [fact(8, [MOVED]), fact(9, [disk("d1", "gone")])],
        [("d1", "gone", None, AT8, R8)],
    ),
    "in one run twice: what has no time counts as the end of the run": (
        [fact(8, [disk("d1", "failed"), MOVED])],
        [("d1", "failed", None, AT8, R8)],
    ),
    "in one run twice, the other way round": (
        [fact(8, [disk("d1", "already_there", owner="b" * 32), disk("d1", "failed")])],
        [("d1", "failed", None, None, None)],
    ),
    "what no release knows yet": (
        [fact(8, [MOVED]), fact(9, [disk("d1", "attached", owner="b" * 32)])],
        [("d1", "attached", "b" * 32, AT8, R8)],
    ),
    "not asked for again": (
        [fact(8, [MOVED]), fact(9, [disk("d2", "failed")])],
        [("d1", "moved", "b" * 32, AT8, R8), ("d2", "failed", None, None, None)],
    ),
    "a long run, and a short one in it that saw it moved": (
        [fact(8, [MOVED], finished_at=END10), fact(9, [THERE])],
        [("d1", "already_there", "b" * 32, AT8, R8)],
    ),
    "a long run that moved it after a short one failed": (
        [fact(8, [{**MOVED, "at": AT10}], finished_at=END10), fact(9, [disk("d1", "failed")])],
        [("d1", "moved", "b" * 32, AT10, R8)],
    ),
    "a time from before its run": (
        [fact(8, [disk("d1", "failed")]), fact(9, [disk("d1", "already_offered", at="2026-01-01T00:00:00Z")])],
        [("d1", "already_offered", None, None, None)],
    ),
    "a time from after its run": (
        [fact(8, [disk("d1", "offered", at="2027-01-01T00:00:00Z")]), fact(9, [disk("d1", "failed")])],
        [("d1", "failed", None, None, None)],
    ),
    "two that began at once, by what they are called": (
        [fact(8, [disk("d1", "failed")], run=R8 + "b"), fact(8, [disk("d1", "blocked")], run=R8 + "a")],
        [("d1", "failed", None, None, None)],
    ),
    "a run counts once": (
        [fact(8, [MOVED]), fact(8, [disk("d1", "failed")])],
        [("d1", "moved", "b" * 32, AT8, R8)],
    ),
    "not found by its name": (
        [fact(8, [disk(None, "failed", name="x")])],
        [(None, "failed", None, None, None)],
    ),
    "not found, then known": (
        [fact(8, [disk(None, "failed", name="d1")]), fact(9, [{**MOVED, "at": AT9}])],
        [("d1", "moved", "b" * 32, AT9, R9)],
    ),
    "known, then not found: that may be another of its name": (
        [fact(8, [MOVED]), fact(9, [disk(None, "gone", name="d1")])],
        [(None, "gone", None, None, None), ("d1", "moved", "b" * 32, AT8, R8)],
    ),
    "not found, and another known": (
        [fact(8, [disk(None, "failed", name="x")]), fact(9, [{**MOVED, "at": AT9}])],
        [("d1", "moved", "b" * 32, AT9, R9), (None, "failed", None, None, None)],
    ),
    "two of one name": (
        [fact(8, [disk("d1", "moved", name="x", at=AT8), disk("d2", "failed", name="x")])],
        [("d1", "moved", None, AT8, R8), ("d2", "failed", None, None, None)],
    ),
    "neither a name nor an ID": (
        [fact(8, [disk(None, "failed", name=None), disk("d1", "blocked", name=None)])],
        [("d1", "blocked", None, None, None)],
    ),
}
IN_ANY_ORDER = [name for name in STATES if name != "a run counts once"]


@pytest.mark.parametrize("case", STATES)
def test_where_a_disk_stands(case: str) -> None:
    facts, expected = STATES[case]
    assert state(*facts) == expected


@pytest.mark.parametrize("case", IN_ANY_ORDER)
def test_the_order_in_which_files_are_read_is_no_matter(case: str) -> None:
    facts, dummy = STATES[case]
    assert all(report(*order) == report(*facts) for order in permutations(facts))


def test_what_is_told_of_where_a_disk_stands() -> None:
    reason = {"constraint": "attached", "reason": "it is in use", "remedy": "Detach it."}
    blocked = disk("d1", "blocked", owner=A["project_id"], reasons=[reason], message="it stays", at=AT8)
    assert report(fact(8, [blocked]))["state"] == [
        {
            "id": "d1",
            "name": "d1",
            "size": 10,
            "volume_type": "SSD",
            "owner": "a" * 32,
            "owner_name": "tenant-a",
            "outcome": "blocked",
            "reasons": [reason],
            "message": "it stays",
            "at": AT8,
            "run": R8,
            "moved_at": None,
            "moved_by": None,
            "offered_at": None,
            "offered_by": None,
        }
    ]


def test_what_a_disk_is_stays_known_and_whose_it_is_does_not() -> None:
    nothing = disk("d1", "unknown", name=None, size=None, volume_type=None)
    (row,) = report(fact(8, [MOVED]), fact(9, [nothing]))["state"]
    assert only([row], "name", "size", "volume_type", "owner", "owner_name") == [("d1", 10, "SSD", None, None)]
    assert only([row], "at", "run", "message", "reasons") == [(END9, R9, None, [])]
    (row,) = report(fact(8, [nothing]), fact(9, [{**MOVED, "name": "new", "size": 0, "volume_type": "SAS"}]))["state"]
    assert only([row], "name", "size", "volume_type", "owner_name") == [("new", 0, "SAS", "tenant-b")]
    (row,) = report(fact(8, [MOVED]), fact(9, [{**nothing, "name": "", "size": 0, "volume_type": ""}]))["state"]
    assert only([row], "name", "size", "volume_type") == [("", 0, "")]
    (row,) = report(fact(8, [nothing]))["state"]
    assert only([row], "name", "size", "volume_type") == [(None, None, None)]


def test_a_project_is_called_as_the_last_run_read_it_and_a_stranger_by_nothing() -> None:
    renamed = {**B, "project_name": "renamed"}
    nameless = {**B, "project_name": None}
    facts = [
        fact(8, [MOVED]),
        fact(9, [], target=renamed),
        fact(10, [disk("d2", "gone", owner="c" * 32)], target=nameless),
    ]
    assert only(report(*facts)["state"], "id", "owner_name") == [("d1", "renamed"), ("d2", None)]


def test_an_offer_is_no_move() -> None:
    offered = fact(8, [disk("d1", "offered", owner="a" * 32, at=AT8)], entry_point="offer", target={})
    fields = ("outcome", "moved_at", "moved_by", "offered_at", "offered_by")
    assert only(report(offered)["state"], *fields) == [("offered", None, None, AT8, R8)]
    again = fact(9, [disk("d1", "already_offered")], entry_point="offer")
    assert only(report(offered, again)["state"], *fields) == [("already_offered", None, None, AT8, R8)]
    withdrawn = fact(10, [disk("d1", "withdrawn", at=AT10)], entry_point="withdraw")
    assert only(report(offered, withdrawn)["state"], *fields) == [("withdrawn", None, None, AT8, R8)]
    moved = fact(9, [{**MOVED, "at": AT9}])
    assert only(report(offered, moved)["state"], *fields) == [("moved", AT9, R9, AT8, R8)]


def test_disks_stand_by_their_names() -> None:
    rows = [
        disk("2", "gone", name="b"),
        disk("1", "gone", name="b"),
        disk("3", "gone", name=None),
        disk("4", "gone", name="a"),
    ]
    assert only(report(fact(8, rows))["state"], "id") == [("3",), ("4",), ("1",), ("2",)]


def test_a_disk_that_went_from_server_to_server_has_all_its_events() -> None:
    """Also if the last step failed: that it was moved, and by which run, stays told."""
    servers = {"before": {"id": "s1", "name": "app01"}, "after": None}
    device = {"before": "/dev/vdb", "after": None}
    steps = ["detached", "moved"]
    row = disk("d1", "failed", at=AT8, server=servers, device=device, steps=steps, guest_name=None)
    told = report(fact(8, [row]))
    assert only(told["history"], "outcome") == [("detached",), ("moved",)]
    assert only(told["state"], "outcome", "moved_at") == [("failed", AT8)]
    with pytest.raises(NotAFact, match="name of server before"):
        as_fact(fact(8, [{**row, "server": {"before": {"id": "s1", "name": 1}}}]))


def test_the_history_has_each_real_event_in_order() -> None:
    outcomes = ["moved", "offered", "accepted", "withdrawn"]
    others = ["already_there", "already_offered", "gone", "blocked", "failed", "unknown", "attached"]
    facts = [
        fact(9, [BACK], source=B, target=A),
        fact(8, [disk(f"d{n}", outcome, at=AT8) for n, outcome in enumerate(outcomes, 1)], target={}),
        fact(10, [disk("d1", outcome) for outcome in others]),
        fact(11, [disk("d1", outcome) for outcome in outcomes], rehearsed=True),
    ]
    told = report(*facts)["history"]
    assert told[-1] == {
        "id": "d1",
        "name": "d1",
        "size": 10,
        "volume_type": "SSD",
        "outcome": "moved",
        "at": AT9,
        "run": R9,
        "from": "tenant-b",
        "to": "tenant-a",
    }
    assert only(told, "id", "outcome", "at", "run", "from", "to") == [
        ("d1", "moved", AT8, R8, "tenant-a", None),
        ("d2", "offered", AT8, R8, "tenant-a", None),
        ("d3", "accepted", AT8, R8, "tenant-a", None),
        ("d4", "withdrawn", AT8, R8, "tenant-a", None),
        ("d1", "moved", AT9, R9, "tenant-b", "tenant-a"),
    ]
    (event,) = report(fact(8, [disk("d1", "accepted")], source={}))["history"]
    assert only([event], "at", "from", "to") == [(END8, None, "tenant-b")]


def test_all_runs_are_there_without_their_disks_in_the_order_of_their_beginning() -> None:
    check = fact(9, [disk("d1", "blocked")], entry_point="check", rehearsed=True, problems=["no"], failures=["x", "y"])
    long = fact(8, [MOVED], finished_at=END11, source={})
    same = fact(9, [], run=R9 + "a", counts={"total": 0})
    told = report(same, check, long)
    assert only(told["runs"], "run") == [(R8,), (R9,), (R9 + "a",)]
    assert told["runs"][0] == {key: value for key, value in long.items() if key not in ("disks", "version")}
    assert told["runs"][1] == {key: value for key, value in check.items() if key not in ("disks", "version")}
    assert list(told) == ["version", "state", "runs", "history", "ignored"]
    assert told["version"] == 2


def test_what_is_ignored_is_told() -> None:
    derived = derive([as_fact(fact(8, []))])
    ignored = [Ignored("x\u202e.json", "it is not JSON")]
    assert as_report(derived, ignored)["ignored"] == [{"file": "x\u202e.json", "reason": "it is not JSON"}]
    assert as_page(derived, ignored, "localhost")["ignored"] == [{"file": "x\\u202e.json", "reason": "it is not JSON"}]


NAMES = {
    ("20261125T080000Z-3f9a2c.json", "localhost"): "20261125T080000Z-3f9a2c",
    ("20261125T080000Z-3f9a2c-wiki.json", "wiki"): "20261125T080000Z-3f9a2c",
    ("20261125T080000Z-3f9a2c-berlin%2Fwiki.json", "berlin/wiki"): "20261125T080000Z-3f9a2c",
    ("20261125T080000Z-3f9a2c-a-b.json.json", "a-b.json"): "20261125T080000Z-3f9a2c",
    ("20261125T080000Z-3f9a2c-a\nb.json", "a\nb"): "20261125T080000Z-3f9a2c",
    ("20261125T080000Z-3f9a2c-wiki.json", "localhost"): None,
    ("20261125T080000Z-3f9a2c.json", "wiki"): None,
    ("20261125T080000Z-3f9a2c-b.json", "a-b"): None,
    ("20261125T080000Z-3f9a2c-a-b.json", "b"): None,
}


@pytest.mark.parametrize(("file", "host"), NAMES)
def test_a_file_is_of_one_host(file: str, host: str) -> None:
    assert run_of(file, host) == NAMES[file, host]


@pytest.mark.parametrize(
    "file",
    [
        "",
        "notes.txt",
        "report.json",
        "20261125T080000Z.json",
        "20261125T080000Z-.json",
        "20261125T080000Z-3f_9.json",
        "20261125T080000Z-" + "3" * 33 + ".json",
        "20261125T080000Z-3f9a2c",
        "20261125T080000Z-3f9a2c.json~",
        "20261125T080000Z-3f9a2c-.json",
        "x20261125T080000Z-3f9a2c.json",
        "\u0662\u0660261125T080000Z-3f9a2c.json",
    ],
)
def test_other_files_are_of_no_run(file: str) -> None:
    with pytest.raises(NotAFact, match=r"^its name is not that of a run's file$"):
        run_of(file, "localhost")


def test_the_files_of_localhost_have_no_host_in_their_names() -> None:
    assert (suffix("localhost"), suffix("a/b"), suffix("Localhost")) == ("", "-a%2Fb", "-Localhost")


GOOD = fact(8, [disk("d1", "blocked", reasons=[{"constraint": "attached", "reason": "x", "remedy": None}])])
WHOLE = GOOD["disks"][0]


def without(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


def with_disk(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "disks": [WHOLE, {**WHOLE, **changes}]}


FOREIGN: dict[str, tuple[Any, str]] = {
    "a list": ([], "what it holds is not an object"),
    "nothing": (None, "what it holds is not an object"),
    "the report of the first release": (
        {**GOOD, "version": 1},
        "its version is 1, and this release of otc.evs reads version 2",
    ),
    "of a later release": ({**GOOD, "version": 3}, "its version is 3, and this release of otc.evs reads version 2"),
    "a version as text": ({**GOOD, "version": "2"}, 'its version is "2", and this release of otc.evs reads version 2'),
    "true is no version": (
        {**GOOD, "version": True},
        "its version is true, and this release of otc.evs reads version 2",
    ),
    "a long version": (
        {**GOOD, "version": "x" * 99},
        'its version is "' + "x" * 59 + "..., and this release of otc.evs reads version 2",
    ),
    "no version": (without(GOOD, "version"), "what it holds has no version"),
    "a run of another name": ({**GOOD, "run": "../x"}, 'its run "../x" is not named as runs are'),
    "another run": ({**GOOD, "run": R9}, f"its name is of run {R8}, but its content is of run {R9}"),
    "rehearsed as text": ({**GOOD, "rehearsed": "no"}, 'rehearsed of what it holds is "no", not true or false'),
    "a name that is none": ({**GOOD, "name": 7}, "name of what it holds is 7, not a string"),
    "a message that is a list": ({**GOOD, "message": []}, "message of what it holds is a list, not a string"),
    "an entry point that is an object": (
        {**GOOD, "entry_point": {}},
        "entry_point of what it holds is an object, not a string",
    ),
    "a time with a fraction": (
        {**GOOD, "started_at": "2026-11-25T08:00:00.5Z"},
        'started_at of what it holds is "2026-11-25T08:00:00.5Z", not a time such as 2026-11-25T08:15:00Z',
    ),
    "a time with short numbers": (
        {**GOOD, "finished_at": "2026-1-5T8:00:00Z"},
        'finished_at of what it holds is "2026-1-5T8:00:00Z", not a time such as 2026-11-25T08:15:00Z',
    ),
    "a day that is none": (
        {**GOOD, "finished_at": "2026-02-30T08:00:00Z"},
        'finished_at of what it holds is "2026-02-30T08:00:00Z", not a time such as 2026-11-25T08:15:00Z',
    ),
    "a source that is a text": ({**GOOD, "source": "tenant-a"}, "source is not an object"),
    "a target without a region": ({**GOOD, "target": without(B, "region_name")}, "target has no region_name"),
    "a target with a number": ({**GOOD, "target": {**B, "project_id": 1}}, "project_id of target is 1, not a string"),
    "counts that are none": ({**GOOD, "counts": {"total": "3"}}, 'total of counts is "3", not a whole number'),
    "counts below nothing": ({**GOOD, "counts": {"total": -1}}, "total of counts is -1, not a whole number"),
    "problems as text": ({**GOOD, "problems": "x"}, 'problems of what it holds is "x", not a list'),
    "failures that are none": (
        {**GOOD, "failures": ["x", 1]},
        "failures of what it holds is a list, not a list of strings",
    ),
    "disks that are none": ({**GOOD, "disks": {}}, "disks of what it holds is an object, not a list"),
    "a disk that is a text": ({**GOOD, "disks": [WHOLE, "x"]}, "number 2 of disks is not an object"),
    "a disk without an outcome": ({**GOOD, "disks": [without(WHOLE, "outcome")]}, "number 1 of disks has no outcome"),
    "an ID that is a number": (with_disk(id=1), "id of number 2 of disks is 1, not a string"),
    "an outcome that is nothing": (with_disk(outcome=None), "outcome of number 2 of disks is null, not a string"),
    "a size with a fraction": (with_disk(size=1.5), "size of number 2 of disks is 1.5, not a whole number"),
    "a size that is true": (with_disk(size=True), "size of number 2 of disks is true, not a whole number"),
    "a size beyond all": (with_disk(size=2**53), "size of number 2 of disks is 9007199254740992, not a whole number"),
    "a time that is none": (with_disk(at=""), 'at of number 2 of disks is "", not a time such as 2026-11-25T08:15:00Z'),
    "reasons as texts": (with_disk(reasons=["x"]), "number 1 of reasons is not an object"),
    "a reason without a remedy": (
        with_disk(reasons=[{"constraint": "x", "reason": "y"}]),
        "number 1 of reasons has no remedy",
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_what_is_no_fact_is_told_apart(case: str) -> None:
    data, why = FOREIGN[case]
    with pytest.raises(NotAFact) as told:
        as_fact(data, R8)
    assert str(told.value) == why


@pytest.mark.parametrize("key", [*GOOD, *(f"disks.{key}" for key in WHOLE)])
def test_no_field_may_be_missing(key: str) -> None:
    outer, dummy, inner = key.partition(".")
    data = {**GOOD, "disks": [without(WHOLE, inner)]} if inner else without(GOOD, outer)
    with pytest.raises(NotAFact, match=f" has no {inner or outer}$"):
        as_fact(data)


@pytest.mark.parametrize("key", ["id", "name", "size", "volume_type", "owner", "transfer_id", "at", "message"])
def test_what_may_be_null(key: str) -> None:
    assert getattr(as_fact(with_disk(**{key: None})).disks[1], key) is None


def test_what_a_later_release_adds_is_passed_over() -> None:
    more = {**GOOD, "notes": ["x"], "disks": [{**WHOLE, "server": "s"}]}
    assert as_fact(more, R8) == as_fact(GOOD)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 5000 + "x"])
def test_what_is_not_json(text: str) -> None:
    with pytest.raises(NotAFact, match=r"^it is not JSON "):
        parse(text)


VISIBLE = {
    "Platte für Übung ✓ 日本語": "Platte für Übung ✓ 日本語",
    "two  spaces\u00a0": "two  spaces\u00a0",
    "\x1b[31m\x07\r\n\t\x00": "\\x1b[31m\\x07\\x0d\\x0a\\x09\\x00",
    "\x9b\x85": "\\x9b\\x85",
    "\u202egnp.exe\u2066\u200f\ufeff": "\\u202egnp.exe\\u2066\\u200f\\ufeff",
    "a\u2028b\u2029c": "a\\u2028b\\u2029c",
    "\U000e0041": "\\U000e0041",
    "\ud800": "\\ud800",
}


@pytest.mark.parametrize("text", VISIBLE)
def test_what_cannot_be_seen_is_shown_by_its_number(text: str) -> None:
    assert safe(text) == VISIBLE[text]


def test_the_page_shows_everything_so_and_the_data_stay_as_they_are() -> None:
    bad = "\u202ex\x1b"
    side = dict.fromkeys(A, bad)
    rows = [
        disk(
            bad,
            bad,
            name=bad,
            volume_type=bad,
            owner=bad,
            message=bad,
            reasons=[dict.fromkeys(("constraint", "reason", "remedy"), bad)],
        )
    ]
    told = fact(
        8,
        rows,
        source=side,
        target=side,
        name=bad,
        message=bad,
        problems=[bad],
        failures=[bad + "!"],
        counts={bad: 1},
        entry_point=bad,
    )
    derived = derive([as_fact(told)])
    page = as_page(derived, [Ignored(bad, bad)], bad)
    assert "\u202e" not in str(page)
    assert "\x1b" not in json.dumps(page, ensure_ascii=False)
    assert json.dumps(page).count(r"\\u202ex\\x1b") > 20
    (row,) = as_report(derived, [])["state"]
    assert only([row], "id", "outcome", "name", "owner_name", "message") == [(bad,) * 5]


def test_the_page_is_of_the_last_run_and_lists_the_newest_first() -> None:
    check = fact(9, [disk("d2", "blocked", owner="b" * 32)], rehearsed=True, finished_at="2026-11-25T09:02:03Z")
    page = as_page(derive(as_fact(each) for each in (check, fact(8, [MOVED]))), [], "localhost")
    assert (page["host"], page["last"]["run"], page["last"]["seconds"]) == ("", R9, 123)
    assert only(page["disks"], "id", "owner_name") == [("d2", "tenant-b")]
    assert only(page["runs"], "run", "seconds") == [(R9, 123), (R8, 60)]
    assert only(page["state"], "id", "outcome") == [("d1", "moved")]


def test_the_page_tells_a_failure_once_and_no_time_below_nothing() -> None:
    failed = disk("d1", "failed", message="it broke")
    told = fact(8, [failed], failures=["it broke", "and more"], finished_at="2026-11-25T07:00:00Z")
    page = as_page(derive([as_fact(told)]), [], "a/b")
    assert page["failures"] == ["and more"]
    assert page["last"]["seconds"] == 0
    assert page["host"] == "a/b"


# The files: what the lookup does in a directory.


def page_of(data: Mapping[str, Any]) -> str:
    """A page that is its data."""
    return json.dumps(data)


def add(directory: Path, told: Mapping[str, Any], host: str = "localhost") -> str:
    return problem(directory, host, json.dumps(told), page_of)


def read(directory: Path, host: str = "") -> dict[str, Any]:
    """The report for machines; that for people is of the same runs."""
    told: dict[str, Any] = json.loads((directory / f"report{host}.json").read_text(encoding="utf-8"))
    page = json.loads((directory / f"report{host}.html").read_text(encoding="utf-8"))
    assert [run["run"] for run in reversed(page["runs"])] == [run["run"] for run in told["runs"]]
    return told


def test_each_run_is_kept_and_told(tmp_path: Path) -> None:
    directory = tmp_path / "not" / "there yet"
    first, second = fact(8, [MOVED], notes=["kept, too"]), fact(9, [THERE])
    for told in (first, second):
        assert add(directory, told) == ""
    assert [json.loads((directory / "runs" / f"{run}.json").read_text(encoding="utf-8")) for run in (R8, R9)] == [
        first,
        second,
    ]
    assert only(read(directory)["state"], "outcome", "moved_at", "moved_by") == [("already_there", AT8, R8)]
    assert sorted(path.name for path in directory.rglob("*")) == sorted(
        ["runs", f"{R8}.json", f"{R9}.json", "report.html", "report.json"]
    )
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [directory, *directory.rglob("*")]}
    assert {name for name, mode in modes.items() if mode == 0o755} == {"there yet", "runs"}
    assert {name for name, mode in modes.items() if mode == 0o644} == set(modes) - {"there yet", "runs"}


def test_what_ansible_adds_to_a_result_is_not_kept(tmp_path: Path) -> None:
    told = fact(8, [])
    assert add(tmp_path, {**told, "changed": False, "failed": False}) == ""
    assert json.loads((tmp_path / "runs" / f"{R8}.json").read_text(encoding="utf-8")) == told


def test_what_is_there_keeps_its_mode_whatever_the_umask(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        assert add(tmp_path, fact(8, [])) == ""
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "runs").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "runs" / f"{R8}.json").stat().st_mode) == 0o644


def test_hosts_in_one_directory_have_nothing_of_each_other(tmp_path: Path) -> None:
    assert add(tmp_path, fact(8, [MOVED])) == add(tmp_path, fact(8, [disk("d2", "failed")]), "a/b") == ""
    assert add(tmp_path, fact(9, []), "a") == ""
    assert only(read(tmp_path)["state"], "id") == [("d1",)]
    assert only(read(tmp_path, "-a%2Fb")["state"], "id") == [("d2",)]
    assert only(read(tmp_path, "-a")["runs"], "run") == [(R9,)]
    assert [read(tmp_path, host)["ignored"] for host in ("", "-a", "-a%2Fb")] == [[], [], []]


def test_a_run_may_be_told_again_but_not_otherwise(tmp_path: Path) -> None:
    told = fact(8, [MOVED])
    assert add(tmp_path, told) == add(tmp_path, told) == ""
    file = tmp_path / "runs" / f"{R8}.json"
    before = file.read_bytes()
    assert add(tmp_path, fact(8, [])) == (
        f"The report cannot be written: {file} exists and is not of this run. Move it away, and run again."
    )
    assert file.read_bytes() == before
    assert only(read(tmp_path)["state"], "id") == [("d1",)]
    file.unlink()
    file.symlink_to("/dev/zero")
    assert "exists and is not of this run" in add(tmp_path, told)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def link(dummy_source: object, dummy_target: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", link)
    assert add(tmp_path, fact(8, [MOVED])) == add(tmp_path, fact(8, [MOVED])) == ""
    assert "exists and is not of this run" in add(tmp_path, fact(8, []))
    assert only(read(tmp_path)["state"], "id") == [("d1",)]
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_what_is_no_run_is_told_and_left_alone(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    (runs / "sub").mkdir(parents=True)
    names = [f"20261125T0700{number:02}Z-ab.json" for number in range(11)]
    link, pipe, folder, huge, cut, binary, later, renamed, deep, foreign, wrong = names
    (tmp_path / "elsewhere.json").write_text(json.dumps(fact(7, [])), encoding="utf-8")
    (runs / link).symlink_to(tmp_path / "elsewhere.json")
    os.mkfifo(runs / pipe)
    (runs / folder).mkdir()
    (runs / huge).touch()
    os.truncate(runs / huge, LARGEST + 1)
    contents = {
        cut: b'{"version": 2,',
        binary: b"\xff\xfe{}",
        later: json.dumps(fact(7, [], version=3, run=later[:-5])).encode(),
        renamed: json.dumps(fact(8, [])).encode(),
        deep: b"[" * 100_000,
        foreign: b'"text"',
        wrong: json.dumps({**fact(7, [], run=wrong[:-5]), "disks": [1]}).encode(),
        "notes.txt": b"mine",
        ".hidden": b"",
        f"{R9}-wiki.json": b"of another host, and broken",
        ".otc-evs.abc.tmp": b"of a run that was killed",
    }
    for name, content in contents.items():
        (runs / name).write_bytes(content)
    assert add(tmp_path, fact(8, [MOVED])) == ""
    told = read(tmp_path)
    assert only(told["runs"], "run") == [(R8,)]
    reasons = {each["file"]: each["reason"] for each in told["ignored"]}
    assert reasons.pop(cut).startswith("it is not JSON (Expecting property name")
    assert reasons.pop(deep).startswith("it is not JSON (maximum recursion depth exceeded")
    assert reasons == {
        link: "it is a symbolic link",
        pipe: "it is not a plain file",
        folder: "it is a directory",
        huge: "it is larger than 64 MiB",
        binary: "it is not UTF-8",
        later: "its version is 3, and this release of otc.evs reads version 2",
        renamed: f"its name is of run {renamed[:-5]}, but its content is of run {R8}",
        foreign: "what it holds is not an object",
        wrong: "number 1 of disks is not an object",
        "notes.txt": "its name is not that of a run's file",
        ".hidden": "its name is not that of a run's file",
        "sub": "its name is not that of a run's file",
    }
    assert {name: (runs / name).read_bytes() for name in contents} == contents
    assert (runs / link).is_symlink()


@pytest.mark.parametrize("name", ["reports", "reports/runs"])
def test_nothing_is_written_where_a_link_of_another_user_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """S9: planted in a place that all may write to. One of one's own is fine."""
    elsewhere, link = tmp_path / "elsewhere", tmp_path / name
    elsewhere.mkdir()
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    lstat = os.lstat

    def of_another(path: Path) -> os.stat_result:
        status = list(lstat(path))
        status[stat.ST_UID] = 4711
        return os.stat_result(status)

    with monkeypatch.context() as patch:
        patch.setattr(os, "lstat", of_another)
        told = add(tmp_path / "reports", fact(8, [MOVED]))
    assert told == f"The report cannot be written: {link}: it is a symbolic link of another user. {ADVICE}"
    assert list(elsewhere.iterdir()) == []
    assert add(tmp_path / "reports", fact(8, [MOVED])) == ""
    assert list(elsewhere.iterdir()) != []


def test_the_largest_file_is_read_and_a_larger_one_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = fact(8, [MOVED])
    size = len(json.dumps(told, indent=2)) + 1
    monkeypatch.setattr(history, "LARGEST", size)
    assert add(tmp_path, told) == ""
    monkeypatch.setattr(history, "LARGEST", size - 1)
    assert add(tmp_path, fact(9, [MOVED])) == (
        f"The report cannot be written: {tmp_path}/runs/{R9}.json would be larger than 0 MiB. "
        "Move fewer disks in one run."
    )


def test_a_name_that_no_text_can_hold(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (Path(os.fsdecode(os.fsencode(tmp_path / "runs") + b"/\xff\x1b"))).touch()
    assert add(tmp_path, fact(8, [MOVED], message="half \ud800")) == ""
    assert [each["file"] for each in read(tmp_path)["ignored"]] == ["\udcff\x1b"]


NO_RUN = ["", "[]", json.dumps(fact(8, [], run="../../x")), json.dumps(fact(8, [disk("d", "moved", size="1")]))]


@pytest.mark.parametrize("text", NO_RUN)
def test_what_no_run_leaves_is_not_written(tmp_path: Path, text: str) -> None:
    told = problem(tmp_path, "localhost", text, page_of)
    assert told.startswith("The report cannot be written: tenant_transfer_result is not as a run leaves it: ")
    assert list(tmp_path.iterdir()) == []


def test_why_a_report_cannot_be_written(tmp_path: Path) -> None:
    plain = tmp_path / "plain\x1b"
    plain.touch()
    shown = f"{tmp_path}/plain\\x1b"
    assert add(plain, fact(8, [])) == f"The report cannot be written: {shown}: File exists. {ADVICE}"
    assert add(plain / "x", fact(8, [])) == f"The report cannot be written: {shown}/x: Not a directory. {ADVICE}"
    # Pythons differ in what they call it.
    no_path = add(Path("a\0b"), fact(8, []))
    assert re.fullmatch(rf"The report cannot be written: a\\x00b: .*embedded null .*\. {re.escape(ADVICE)}", no_path)
    (tmp_path / "report.json").mkdir()
    assert f"report.json: Is a directory. {ADVICE}" in add(tmp_path, fact(8, []))
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [f"{R8}.json"], "what happened is kept"
    assert not list(tmp_path.glob(".otc-evs.*"))


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert add(tmp_path, fact(8, [MOVED])) == ""
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}

    def fsync(dummy: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    why = f"{tmp_path}: No space left on device"
    assert add(tmp_path, fact(9, [])) == f"The report cannot be written: {why}. {ADVICE}"
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_a_run_that_is_added_meanwhile_is_told_too(tmp_path: Path) -> None:
    other = tmp_path / "runs" / f"{R9}.json"

    def render(data: Mapping[str, Any]) -> str:
        if not other.exists():
            other.write_text(json.dumps(fact(9, [disk("d2", "failed")])), encoding="utf-8")
        return page_of(data)

    assert problem(tmp_path, "localhost", json.dumps(fact(8, [MOVED])), render) == ""
    assert only(read(tmp_path)["state"], "id") == [("d1",), ("d2",)]


def test_it_ends_when_others_never_do(tmp_path: Path) -> None:
    rounds: list[int] = []

    def render(data: Mapping[str, Any]) -> str:
        rounds.append(len(data["ignored"]))
        (tmp_path / "runs" / f"{len(rounds)}").touch()
        return page_of(data)

    told = problem(tmp_path, "localhost", json.dumps(fact(8, [])), render)
    assert told.endswith(f"other runs are added to {tmp_path}/runs all the time. Run again when they have ended.")
    assert rounds == list(range(100))


def test_somebody_takes_the_run_away(tmp_path: Path) -> None:
    def render(data: Mapping[str, Any]) -> str:
        (tmp_path / "runs" / f"{R8}.json").unlink()
        return page_of(data)

    told = problem(tmp_path, "localhost", json.dumps(fact(8, [])), render)
    assert told.endswith(f"{R8}.json was changed or removed by somebody else. Run again.")


WORKERS, ROUNDS = 5, 8
ROOT = Path(__file__).resolve().parents[3]
WORKER = (
    "import sys, tests.conftest; from tests.unit.plugin_utils.test_history import add_on_demand; "
    "add_on_demand(*sys.argv[1:])"
)


def add_on_demand(directory: str, worker: str) -> None:
    """Add a run for each line that is read."""
    for number, dummy in enumerate(sys.stdin):
        told = fact(8, [disk(f"{worker}.{number}", "moved")], run=f"20261125T080000Z-{worker}x{number}")
        print(add(Path(directory), told) or "added", flush=True)


def test_processes_side_by_side_lose_nothing(tmp_path: Path) -> None:
    """After each round, in which every process has added a run, both reports tell of all."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                Popen(
                    [sys.executable, "-c", WORKER, str(tmp_path), str(number)],
                    cwd=ROOT,
                    stdin=PIPE,
                    stdout=PIPE,
                    text=True,
                )
            )
            for number in range(WORKERS)
        ]
        pipes = [(worker.stdin, worker.stdout) for worker in workers if worker.stdin and worker.stdout]
        for number in range(1, ROUNDS + 1):
            for into, dummy in pipes:
                into.write("\n")
                into.flush()
            assert [out.readline() for dummy, out in pipes] == ["added\n"] * WORKERS
            seen = {row["id"] for row in read(tmp_path)["state"]}
            assert seen == {f"{worker}.{done}" for worker in range(WORKERS) for done in range(number)}
    assert len(read(tmp_path)["runs"]) == WORKERS * ROUNDS
    assert read(tmp_path)["ignored"] == []
