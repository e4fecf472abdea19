# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the role that make no sense, as the role hands them to the action that begins a run."""

from __future__ import annotations

from collections import UserString
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.plugin_utils._mistakes import checked

GOOD: dict[str, Any] = {
    "volumes": ["data"],
    "select": {},
    "servers": [],
    "detach": "never",
    "ignore_constraints": [],
    "name": "ansible-evs-transfer",
    "batch_size": 5000,
    "report_dir": None,
    "handoff_file": "handoff.vault",
    "handoff_password": "not-a-secret",
    "target_project": None,
}
UNNAMED = {name: value for name, value in GOOD.items() if name != "volumes"}

BOTH = "Give the disks either in tenant_transfer_volumes or by their properties in tenant_transfer_select, not in both."
NEITHER = "Name the disks in tenant_transfer_volumes, or give at least one property of them in tenant_transfer_select."
NO_LIST = "tenant_transfer_volumes has to be a list of names or IDs."
NO_STRING = "tenant_transfer_volumes contains something that is not a string, such as a number; put it in quotes."
NO_PAIR = (
    "tenant_transfer_volumes holds a disk that is not written as {volume: DISK, attach_to: SERVER}, both of them "
    "strings that are not empty."
)
NO_SERVERS = (
    "tenant_transfer_servers has to be a list of servers, each written as {name: SERVER, target: SERVER} or "
    "{name: SERVER}, with strings that are not empty."
)
NO_CONSTRAINTS = "tenant_transfer_ignore_constraints has to be a list."
NO_NAME = (
    "tenant_transfer_name has to be a string of 1 to 64 characters and at most 255 bytes, without blanks around it."
)
NO_DIRECTORY = "tenant_transfer_report_dir has to be the path of a directory, without characters that cannot be seen."
NO_FILE = "tenant_transfer_handoff_file has to be the path of a file, without characters that cannot be seen."
NO_PASSWORD = "tenant_transfer_handoff_password has to be a string that is not empty; put a number into quotes."
NO_PROJECT = "tenant_transfer_target_project has to be a string; put a number into quotes."

ENTRY_POINTS = ("main", "check", "offer", "accept", "withdraw", "trial")
EVERYWHERE = frozenset(ENTRY_POINTS)
MOVING = {"main", "check", "offer"}
HANDING = {"offer", "accept"}
GRIN = "\N{GRINNING FACE}"


class Vaulted(UserString):
    """As ansible-core up to 2.18 has a text that is encrypted by itself: a sequence, and no str."""

    __ENCRYPTED__ = True


NOT_SERVERS: list[Any] = [
    "app01",
    Vaulted("app01"),
    None,
    5,
    {"name": "app01"},
    ["app01"],
    [Vaulted("app01")],
    [{"name": "app01"}, 5],
    [{}],
    [{"target": "app01"}],
    [{"name": " "}],
    [{"name": 5}],
    [{"name": "app01", "target": ""}],
    [{"name": "app01", "target": None}],
    [{"name": "app01", "taget": "app02"}],
]


def told(given: dict[str, Any], where: Set[str] = EVERYWHERE) -> dict[str, list[str]]:
    """The mistakes of each entry point of these."""
    return {entry: checked(seen(given, entry), entry)["mistakes"] for entry in ENTRY_POINTS if entry in where}


def seen(given: dict[str, Any], entry_point: str) -> dict[str, Any]:
    """What the role shows the filter: no variable that the entry point does not use."""
    hidden = set() if entry_point in MOVING else {"select", "detach"}
    hidden |= set() if entry_point in HANDING else {"handoff_file", "handoff_password", "target_project"}
    return {name: value for name, value in given.items() if name not in hidden}


def only(where: Set[str], *mistakes: str) -> dict[str, list[str]]:
    return {entry: list(mistakes) if entry in where else [] for entry in ENTRY_POINTS}


@pytest.mark.parametrize(
    ("name", "value", "message", "where"),
    [
        ("select", {"name": "*"}, BOTH, MOVING),
        *(
            ("volumes", value, NO_LIST, EVERYWHERE)
            for value in ("data", "", None, 5, True, {"volume": "data"}, {"data"}, b"data", Vaulted("data"))
        ),
        *(("volumes", ["data", value], NO_STRING, EVERYWHERE) for value in (5, 5.5, True, None, b"x", ["x"], {"x"})),
        ("volumes", [{"volume": ""}, 5], NO_STRING, EVERYWHERE),
        *(
            ("volumes", ["data", value], NO_PAIR, EVERYWHERE)
            for value in (
                {},
                {"attach_to": "app01"},
                {"volume": ""},
                {"volume": 5, "attach_to": "app01"},
                {"volume": Vaulted(" ")},
                {"volume": "data", "attach_to": ""},
                {"volume": "data", "attach_to": " \t"},
                {"volume": "data", "attach_to": None},
                {"volume": "data", "attach_to": ["app01"]},
                {"volume": "data", "attach": "app01"},
                {"volume": "data", "attach_to": "app01", "device": "/dev/vdb"},
            )
        ),
        *(("servers", value, NO_SERVERS, EVERYWHERE) for value in NOT_SERVERS),
        *(
            ("ignore_constraints", value, NO_CONSTRAINTS, EVERYWHERE)
            for value in ("status", Vaulted("status"), None, 5, {"status": True}, {"status"})
        ),
        *(
            ("name", value, NO_NAME, EVERYWHERE)
            for value in ("", " ", " x", "x\n", "x" * 65, GRIN * 64, None, 5, ["a"], Vaulted(""), Vaulted("x "))
        ),
        *(
            ("batch_size", value, f"tenant_transfer_batch_size is {value}; it takes a number of 1 or more.", EVERYWHERE)
            for value in (0, -1, "0", "0.9", "many", None, "", [1], Vaulted("0"))
        ),
        *(
            ("report_dir", value, NO_DIRECTORY, EVERYWHERE)
            for value in (["x"], 5, {"x": "y"}, b"x", "x\x1b[2J", "x\0", "\ud800", __file__, Vaulted("x\n"))
        ),
        *(
            ("handoff_file", value, NO_FILE, HANDING)
            for value in (None, "", " ", 5, ["x"], "x\x1b[2J", "x\0", Vaulted(""), Vaulted(" "))
        ),
        # An environment variable that is not set is an empty one, and Ansible Vault would take that.
        *(("handoff_password", value, NO_PASSWORD, HANDING) for value in (None, "", " ", 5, ["x"], Vaulted(" "))),
        *(("target_project", value, NO_PROJECT, HANDING) for value in (5, ["x"], {"x": "y"}, b"x")),
    ],
)
def test_each_mistake_is_told_where_it_matters(name: str, value: Any, message: str, where: Set[str]) -> None:
    assert told({**GOOD, name: value}) == only(where, message)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("volumes", value)
            for value in (
                [],
                ("data",),
                ["data", "", "007"],
                [Vaulted("data")],
                [{"volume": "data"}, "data"],
                [{"volume": "data", "attach_to": "app01"}],
                [{"volume": Vaulted("data"), "attach_to": Vaulted("app01")}],
            )
        ),
        ("select", None),
        ("servers", [{"name": "app01"}, {"name": Vaulted("app02"), "target": Vaulted("app02")}]),
        ("ignore_constraints", ["status", Vaulted("quota")]),
        *(("name", value) for value in ("x", "x" * 64, "a b", GRIN * 63 + "\N{EURO SIGN}", "\ud800", Vaulted("x"))),
        *(("batch_size", value) for value in (1, "1", "1.9", True, Vaulted("1"))),
        *(
            ("report_dir", value)
            for value in ("", "~", ".", "not/there", "~nobody-of-this-name/x", "x" * 5000, f"{__file__}/x", Vaulted(""))
        ),
        ("report_dir", Vaulted("reports")),
        ("handoff_file", Vaulted("x")),
        ("handoff_password", Vaulted("x")),
        *(("target_project", value) for value in ("", "x", Vaulted("x"))),
    ],
)
def test_what_can_be_used_is_no_mistake(name: str, value: Any) -> None:
    assert told({**GOOD, name: value}) == only(set())


@pytest.mark.parametrize(
    ("given", "mistakes"),
    [
        ({}, [NEITHER]),
        ({"select": None}, [NEITHER]),
        ({"select": {"name": "*"}}, []),
        ({"servers": [{"name": "app01"}]}, []),
        ({"servers": [{"name": "app01"}], "select": {"name": "*"}}, []),
    ],
)
def test_disks_have_to_be_named_in_one_way(given: dict[str, Any], mistakes: list[str]) -> None:
    assert told({**UNNAMED, **given}) == only(MOVING, *mistakes)
    assert told({**GOOD, **given}) == only(MOVING, *([BOTH] if given.get("select") else []))


def test_a_report_directory_of_the_home_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert told({**GOOD, "report_dir": "~/file"}, {"main"}) == {"main": [NO_DIRECTORY]}
    assert told({**GOOD, "report_dir": Vaulted("~/file")}, {"main"}) == {"main": [NO_DIRECTORY]}
    assert told({**GOOD, "report_dir": "~/directory"}, {"main"}) == {"main": []}


def test_all_mistakes_are_told_at_once_in_the_order_of_the_variables() -> None:
    bad = dict.fromkeys(GOOD, 5) | {"batch_size": 0, "select": {"name": "*"}}
    lists = [NO_LIST, NO_SERVERS, NO_CONSTRAINTS, NO_NAME]
    values = ["tenant_transfer_batch_size is 0; it takes a number of 1 or more.", NO_DIRECTORY]
    assert told(bad, {"offer", "withdraw"}) == {
        "offer": [BOTH, *lists, *values, NO_FILE, NO_PASSWORD, NO_PROJECT],
        "withdraw": [*lists, *values],
    }


PAIR = {"volume": "data", "attach_to": "app01"}


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({}, set()),
        ({"volumes": ["data", {"volume": "data"}]}, set()),
        ({"volumes": ["data", PAIR]}, EVERYWHERE - {"withdraw"}),
        ({"servers": [{"name": "app01"}]}, EVERYWHERE - {"withdraw"}),
        ({"detach": "stopped"}, MOVING),
        ({"detach": "running", "volumes": [PAIR]}, EVERYWHERE - {"withdraw"}),
        # What is told as a mistake does not come in the way here.
        ({"volumes": None}, set()),
        ({"volumes": "attach_to"}, set()),
        ({"volumes": [["attach_to"]]}, set()),
        ({"servers": None}, set()),
        ({"servers": 5}, EVERYWHERE - {"withdraw"}),
    ],
)
def test_whether_servers_have_anything_to_do_with_a_run(given: dict[str, Any], where: Set[str]) -> None:
    assert {entry for entry in ENTRY_POINTS if checked(seen({**GOOD, **given}, entry), entry)["has_servers"]} == where
    unnamed = {**UNNAMED, **{name: value for name, value in given.items() if name != "volumes"}}
    assert all(isinstance(checked(seen(unnamed, entry), entry)["has_servers"], bool) for entry in ENTRY_POINTS)
