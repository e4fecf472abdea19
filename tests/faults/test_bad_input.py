# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of every module with every kind of nonsense: a clear message, or it is taken as it is.

The options are those of the argument specs, so that a new one is covered by being there.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.otc.evs.plugins.module_utils._options import shared_argument_spec
from tests.emulator.server import EmulatorServer
from tests.support.modules import MODULES, run_module
from tests.support.samples import number, sample
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

pytestmark = [
    pytest.mark.usefixtures("quick"),
    # openstacksdk says so of every cloud that it reads.
    pytest.mark.filterwarnings("ignore:Support for InfluxDB"),
]

NAMES = number("OTC_EVS_EXAMPLES", 25)
"""How many names a disk gets that chance chooses."""
Spec = Mapping[str, Any]

FOREIGN_ID = "11111111-1111-4111-8111-111111111111"
TEXTS: tuple[Any, ...] = (
    "",
    " ",
    "\t",
    " data",
    "a\nb",
    "a\x00b",
    "\x7f\x1b[31m",
    "a/b",
    ".",
    "..",
    "../../x",
    "detail",
    "?x=1&y",
    "%2e%2e",
    "{{ 1/0 }}",
    "null",
    "0",
    "1e5",
    "x" * 256,
    "ä" * 130,
    "\N{GRINNING FACE}" * 64,
    "\N{RIGHT-TO-LEFT OVERRIDE}atad",
    "data,data",
    FOREIGN_ID,
    "x" * 3000,
)
NOT_TEXTS: tuple[Any, ...] = (0, -1, 1.5, 1e999, True, [], [[]], ["wrong-1", "wrong-2"], {}, {"wrong": {"wrong": []}})
VALUES: Mapping[str, Sequence[Any]] = {
    "str": (*TEXTS, *NOT_TEXTS),
    "path": (*TEXTS, *NOT_TEXTS, "/", "/dev/null", "~nobody/x", "$HOME/x", "/" + "x" * 5000),
    "int": ("", "x", "1.5", "²", "0x10", 0, -1, 1.5, 10**10, 10**30, -(10**30), True, [], [1], {}),
    "bool": ("", "maybe", "ja", 2, -1, 1.5, [], [True], {}),
    "dict": (
        "",
        "x",
        "x=y",
        "{",
        0,
        True,
        [],
        ["wrong"],
        {},
        {"": ""},
        {"a": None},
        {"a": {"b": [1]}},
        {"ä": 5, "b": 1e999},
    ),
    "list": ("", ",", "a,,a", 0, True, {}, {"a": 1}, [], [[]], [{}], [None], [[["a"]]], [{"a": {}}], [0, 1.5, True]),
    "raw": (
        *TEXTS,
        *NOT_TEXTS,
        {"auth": None},
        {"auth": "x"},
        {"auth": []},
        {"auth": {"auth_url": []}},
        {"profile": {}},
    ),
}
LONG_LISTS: Mapping[str, Sequence[Any]] = {
    "str": (["x"] * 10_000, [f"x{number}" for number in range(10_000)]),
    "dict": ([{"size": 1}] * 10_000, [{"transfer_id": FOREIGN_ID, "auth_key": "0" * 16}] * 10_000),
}
AUTH: Mapping[str, Sequence[Any]] = {
    "auth_url": (
        *TEXTS,
        *NOT_TEXTS,
        "http://",
        "http://[",
        "http://127.0.0.1:9",
        "http://127.0.0.1:x/v3",
        "file:///etc",
    ),
    **dict.fromkeys(("username", "password", "project_name", "user_domain_name", "unknown"), (*TEXTS, *NOT_TEXTS)),
}
ENDPOINTS = (
    *TEXTS,
    *NOT_TEXTS,
    "http://",
    "http://[",
    "http://[x]/v2",
    "http://127.0.0.1:x",
    "http://127.0.0.1:99999",
    "ftp://x/",
)


def spec_of(module_name: str) -> Spec:
    """The argument spec that a module gives to its frame."""
    module = importlib.import_module(f"{MODULES}.{module_name}")
    with patch.object(module, "run") as run:
        module.main()
    spec: Spec = run.call_args.args[0]
    return spec


SPECS = {
    name: spec_of(name)
    for name in (
        "evs_move",
        "evs_transfer",
        "evs_transfer_accept",
        "evs_transfer_info",
        "evs_volume_info",
        "evs_quota_info",
    )
}
ANSIBLES_OWN = ("dictionary requested, could not parse", "unable to evaluate string as dictionary", "value of ")
"""How messages begin that AnsibleModule makes of a dict or a choice, without the option, or with all of the value."""
WITHDRAW = "evs_transfer, absent"
"""The same module doing the other thing."""
REQUESTS = {"offered": 1, "withdrawn": 1, "accepted": 1, "moved": 2}
"""How many requests change something for a disk that becomes this, and had no offer before."""
DEEDS = {**SPECS, WITHDRAW: SPECS["evs_transfer"]}


def trips_ansible(option: Spec, value: Any) -> bool:
    """What AnsibleModule itself ends over before any code of the collection runs."""
    # It looks for the parts of a dictionary before it looks whether it is one.
    return "options" in option and isinstance(value, (int, float))


def values_of(option: Spec) -> Iterator[Any]:
    """The nonsense for an option, by its type; of what is nested, within what is around it."""
    kind = option["type"]
    yield from (value for value in VALUES[kind] if not trips_ansible(option, value))
    if kind == "list":
        yield from LONG_LISTS[option["elements"]]
        if option["elements"] == "str":
            yield from ([text] for text in TEXTS)
    for name, nested in option.get("options", {}).items():
        for value in values_of(nested):
            yield [{name: value}] if kind == "list" else {name: value}


def all_cases() -> Iterator[tuple[str, list[tuple[str, str, Any]]]]:
    """The cases of each option, with its type."""
    for deed, spec in DEEDS.items():
        for name, option in spec.items():
            yield option["type"], [(deed, name, value) for value in values_of(option)]
    # The same code in every module.
    for name, option in shared_argument_spec().items():
        yield option["type"], [("evs_transfer", name, value) for value in values_of(option)]
    for name, values in AUTH.items():
        yield "a part of auth", [("evs_transfer", "auth", {name: value}) for value in values]
    for name in ("evs", "cbr"):
        yield "an endpoint", [("evs_transfer", "endpoints", {name: value}) for value in ENDPOINTS]


def cases() -> Iterator[tuple[str, str, Any]]:
    """All values for the first option of each type, and for each of the others every sixteenth, in turn."""
    known: set[str] = set()
    for turn, (kind, of_option) in enumerate(all_cases()):
        yield from sample(of_option, 16, turn) if kind in known else of_option
        known.add(kind)


def shortly(value: Any) -> str:
    text = ascii(value)
    return text if len(text) < 30 else f"{text[:20]}...{len(text)}"


class Cloud:
    """The emulator with a disk, another one that is offered, and what it was asked and holds since then."""

    def __init__(self, emulator: EmulatorServer) -> None:
        self.emulator = emulator
        self.volume_id = emulator.create_volume(SOURCE, "data")
        self.offered_id = emulator.create_volume(SOURCE, "offered")
        self.transfer = evs_of(emulator, SOURCE).create_transfer(self.offered_id, "ansible-evs-transfer")
        emulator.forget_requests()

    @property
    def key(self) -> str:
        assert self.transfer.auth_key
        return self.transfer.auth_key.reveal()

    def options(self, deed: str, option: str) -> dict[str, Any]:
        """What makes the module work, without the option and what cannot stand beside it."""
        tenant = TARGET if deed == "evs_transfer_accept" else SOURCE
        login: dict[str, Any] = {"auth": self.emulator.cloud(tenant)["auth"], "timeout": 2}
        if option == "cloud":
            login = {"timeout": 2}
        one = {"transfer_id": self.transfer.id, "auth_key": self.key, "volume_id": self.offered_id}
        single = option in one
        data = {} if option == "select" else {"volumes": ["data"]}
        own: Mapping[str, dict[str, Any]] = {
            "evs_move": {**data, "target": {"auth": self.emulator.cloud(TARGET)["auth"]}},
            "evs_transfer": data,
            WITHDRAW: {"state": "absent", **({} if option == "transfer_ids" else {"volumes": ["offered"]})},
            "evs_transfer_accept": one if single else {"transfers": [one]},
            "evs_transfer_info": {},
            "evs_volume_info": {},
            "evs_quota_info": {},
        }
        return {**login, **own[deed]}

    def with_value(self, given: dict[str, Any], option: str, value: Any) -> dict[str, Any]:
        """Set one option; a part of one, within what is there already."""
        if option == "auth" and isinstance(value, dict) and len(value) == 1 and next(iter(value)) in AUTH:
            value = {**given["auth"], **value}
        elif option == "transfers" and isinstance(value, list) and value and isinstance(value[0], dict):
            value = [{**given["transfers"][0], **entry} for entry in value]
        elif option == "known_transfers" and isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            value = [{"transfer_id": self.transfer.id, "volume_id": self.offered_id, **value[0]}]
        elif (
            option == "target" and isinstance(value, dict) and len(value) == 1 and not value.keys() & {"auth", "cloud"}
        ):
            value = {**given["target"], **value}
        return {**given, option: value}


@pytest.fixture
def cloud(emulator: EmulatorServer) -> Cloud:
    return Cloud(emulator)


def words_of(value: Any) -> Iterator[str]:
    """What a message may show of a value: the whole, or a name or a value in it."""
    if isinstance(value, dict):
        yield from map(str, value)
        yield from (word for item in value.values() for word in words_of(item))
    elif isinstance(value, list):
        yield from (word for item in value[:5] for word in words_of(item))
    yield str(value).strip()[:20]
    yield repr(value)


def assert_told(cloud: Cloud, result: Mapping[str, Any], option: str, value: Any) -> None:
    """No traceback, a message that names the option or the value if it failed, and what changed is in the result."""
    text = json.dumps(result)
    assert "Traceback" not in text
    assert "exception" not in result
    assert "Unexpected error" not in text
    if result.get("failed") and not result["msg"].startswith(ANSIBLES_OWN):
        words = [option.rstrip("s"), *words_of(value)]
        assert any(word in result["msg"] for word in words if word.strip()), result["msg"][:500]
        assert len(result["msg"]) < 8_000
    assert_reported(cloud, result)


def assert_reported(cloud: Cloud, result: Mapping[str, Any]) -> None:
    changes = [
        request
        for request in cloud.emulator.requests()
        if request.method != "GET" and not request.path.endswith("/auth/tokens") and request.status < 400
    ]
    told = [] if result.get("rehearsed") else [row for row in result.get("disks", ()) if row["outcome"] in REQUESTS]
    assert len(changes) == sum(REQUESTS[row["outcome"]] for row in told), (changes, result)
    offered = {row["id"] for row in told if row["outcome"] == "offered"}
    assert offered == {row["volume_id"] for row in result.get("transfers", ()) if row.get("auth_key")}
    assert result.get("changed", False) == bool(told)


@pytest.mark.parametrize(
    ("deed", "option", "value"),
    [pytest.param(*case, id=f"{case[0]}-{case[1]}-{number}-{shortly(case[2])}") for number, case in enumerate(cases())],
)
def test_nonsense_is_named_or_taken_as_it_is(cloud: Cloud, deed: str, option: str, value: Any) -> None:
    given = cloud.with_value(cloud.options(deed, option), option, value)
    assert_told(cloud, run_module(deed.split(",")[0], **given), option, value)


@pytest.mark.parametrize("deed", [deed for deed, spec in DEEDS.items() if "volumes" in spec])
@pytest.mark.parametrize("name", ["", " ", "\t\n"], ids=ascii)
def test_an_empty_name_does_not_mean_the_disk_without_a_name(cloud: Cloud, deed: str, name: str) -> None:
    cloud.emulator.create_volume(SOURCE, "")
    result = run_module(deed.split(",")[0], **{**cloud.options(deed, "volumes"), "volumes": ["data", name]})
    assert result["msg"] == "Option volumes contains an empty name. Give each disk by its name or ID."
    assert_reported(cloud, result)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x" * 65, "has 65 characters; at most 64 are allowed"),
        ("x" * 256, "has 256 characters; at most 64 are allowed"),
        ("\N{GRINNING FACE}" * 64, "has 256 bytes in UTF-8; at most 255 are allowed"),
        (" ", "is ' '; it must not be empty"),
        ("\N{NO-BREAK SPACE}x", "must not begin or end with a space"),
    ],
    ids=["characters", "many", "bytes", "blank", "Unicode blank"],
)
def test_a_name_that_no_transfer_can_have_is_told(cloud: Cloud, name: str, message: str) -> None:
    result = run_module("evs_transfer", **{**cloud.options("evs_transfer", "name"), "name": name})
    assert message in result["msg"]
    assert_reported(cloud, result)


@pytest.mark.parametrize("name", ["x" * 64, "ä" * 64, "\N{GRINNING FACE}" * 63, "a\tb", "{{ 1/0 }}", "null"], ids=ascii)
def test_a_name_that_a_transfer_can_have_is_taken_as_it_is(cloud: Cloud, name: str) -> None:
    result = run_module("evs_transfer", **{**cloud.options("evs_transfer", "name"), "name": name})
    assert [row["name"] for row in result["transfers"]] == [name]
    assert_reported(cloud, result)


@pytest.mark.parametrize("value", [".", "..", "detail", "../volumes", "x", "0" * 33, f"{FOREIGN_ID}/accept"])
@pytest.mark.parametrize("deed", ["evs_transfer_accept", WITHDRAW, "evs_transfer_info"])
def test_what_is_no_id_never_becomes_a_part_of_a_path(cloud: Cloud, deed: str, value: str) -> None:
    options: dict[str, Any] = {"transfers": [{"transfer_id": value, "auth_key": cloud.key}]}
    if deed != "evs_transfer_accept":
        options = {"transfer_ids": [value]}
    result = run_module(deed.split(",")[0], **{**cloud.options(deed, next(iter(options))), **options})
    assert f"holds {value!r}; it takes IDs such as" in result["msg"]
    assert [request.method for request in cloud.emulator.requests() if "os-volume-transfer" in request.path] == []


def test_ids_of_another_kind_are_told(cloud: Cloud) -> None:
    project_id = cloud.emulator.project_id(SOURCE)
    for wrong in (cloud.transfer.id, project_id):
        result = run_module("evs_transfer", **{**cloud.options("evs_transfer", "volumes"), "volumes": [wrong]})
        assert f"has no disk with the name or ID '{wrong}'" in result["msg"]
        options = {**cloud.options("evs_transfer_accept", "transfer_id"), "transfer_id": wrong}
        if wrong != cloud.transfer.id:
            assert "There is no such transfer (any more)" in run_module("evs_transfer_accept", **options)["msg"]
    disk_as_transfer = {**cloud.options("evs_transfer_accept", "transfer_id"), "transfer_id": cloud.offered_id}
    assert "There is no such transfer (any more)" in run_module("evs_transfer_accept", **disk_as_transfer)["msg"]
    assert [transfer["id"] for transfer in cloud.emulator.transfers()] == [cloud.transfer.id]


def test_a_disk_that_is_taken_over_by_mistake_is_in_the_result(cloud: Cloud) -> None:
    options = {**cloud.options("evs_transfer_accept", "volume_id"), "volume_id": FOREIGN_ID}
    result = run_module("evs_transfer_accept", **options)
    assert result["failed"]
    assert f"its id is '{cloud.offered_id}', not '{FOREIGN_ID}'. It is in this project now" in result["msg"]
    assert [(row["id"], row["outcome"]) for row in result["disks"]] == [(cloud.offered_id, "accepted")]
    assert len(result["alarms"]) == 1
    assert "Accepting 1 disk: not all as expected." in result["msg"]
    assert_reported(cloud, result)


def test_what_is_given_twice_is_done_once(cloud: Cloud) -> None:
    offered = run_module(
        "evs_transfer", **{**cloud.options("evs_transfer", ""), "volumes": ["data", cloud.volume_id, "data"]}
    )
    assert [row["volume_id"] for row in offered["transfers"]] == [cloud.volume_id]
    options = cloud.options("evs_transfer_accept", "")
    taken = run_module("evs_transfer_accept", **{**options, "transfers": [*options["transfers"] * 3]})
    assert [(row["id"], row["outcome"]) for row in taken["disks"]] == [(cloud.offered_id, "accepted")]


@pytest.mark.parametrize(
    "other", [{"auth_key": "0" * 16}, {"volume_id": FOREIGN_ID}], ids=lambda other: next(iter(other))
)
def test_a_transfer_that_is_given_twice_in_two_ways_is_told(cloud: Cloud, other: dict[str, str]) -> None:
    options = cloud.options("evs_transfer_accept", "")
    (one,) = options["transfers"]
    result = run_module("evs_transfer_accept", **{**options, "transfers": [one, {**one, **other}]})
    assert "is given twice, with different values" in result["msg"]
    assert one["auth_key"] not in result["msg"]
    assert_reported(cloud, result)


def test_ten_thousand_entries_are_told_shortly(cloud: Cloud) -> None:
    names = [f"x{number}" for number in range(10_000)]
    result = run_module("evs_transfer", **{**cloud.options("evs_transfer", "volumes"), "volumes": ["data", *names]})
    assert "'x0', 'x1'" in result["msg"]
    assert "and 9980 more" in result["msg"]
    assert result["missing"] == names
    assert_reported(cloud, result)


@pytest.mark.parametrize("key", ["metadata", "tags"])
@pytest.mark.parametrize("value", [True, None, 1.5, [], {}], ids=str)
def test_a_filter_that_is_no_string_is_told(cloud: Cloud, key: str, value: Any) -> None:
    told = f"Option {key} has a value that is not a string for 'tier'; put it in quotes."
    listed = run_module("evs_volume_info", **{**cloud.options("evs_volume_info", key), key: {"tier": value}})
    assert listed["msg"] == told
    for module in ("evs_move", "evs_transfer"):
        selected = run_module(module, **cloud.options(module, "select"), select={key: {"tier": value}})
        assert selected["msg"] == told
        assert_reported(cloud, selected)


def test_a_filter_that_yaml_takes_for_a_number_works(cloud: Cloud) -> None:
    cloud.emulator.update_volume(cloud.volume_id, metadata={"tier": "1"})
    result = run_module("evs_volume_info", **cloud.options("evs_volume_info", ""), metadata={"tier": 1})
    assert [row["id"] for row in result["volumes"]] == [cloud.volume_id]
    selected = run_module("evs_move", **cloud.options("evs_move", "select"), select={"metadata": {"tier": 1}})
    assert [(row["id"], row["outcome"]) for row in selected["disks"]] == [(cloud.volume_id, "moved")]


@settings(
    derandomize=True, max_examples=NAMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(min_size=1, max_size=40).filter(str.strip))
def test_a_disk_moves_whatever_it_is_called(emulator: EmulatorServer, name: str) -> None:
    emulator.reset()
    volume_id = emulator.create_volume(SOURCE, name)
    offered = run_module("evs_transfer", auth=emulator.cloud(SOURCE)["auth"], volumes=[name])
    assert [row["volume_name"] for row in offered["transfers"]] == [name]
    taken = run_module("evs_transfer_accept", auth=emulator.cloud(TARGET)["auth"], transfers=offered["transfers"])
    assert [(disk["id"], disk["name"]) for disk in taken["disks"]] == [(volume_id, name)]
