# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disks a filter means."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import VolumeFilter, Wanted
from tests.support.bodies import volume

DISK = volume(name="app01-data", status="available", metadata={"tier": "gold", "app": "7"})


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({}, True),
        ({"name": "app01-data"}, True),
        ({"name": "app*"}, True),
        ({"name": "app0?-data"}, True),
        ({"name": "App*"}, False),
        ({"name": "app"}, False),
        ({"name": ""}, False),
        ({"status": "available"}, True),
        ({"status": "in-use"}, False),
        ({"volume_type": "SSD"}, True),
        ({"volume_type": "SAS"}, False),
        ({"availability_zone": "eu-de-01"}, True),
        ({"availability_zone": "eu-de-02"}, False),
        ({"metadata": {"tier": "gold"}}, True),
        ({"metadata": {"tier": "gold", "app": 7}}, True),
        ({"metadata": {"tier": "gold", "app": "8"}}, False),
        ({"metadata": {"tie": "gold"}}, False),
        ({"name": "app*", "status": "in-use"}, False),
        ({"tags": {"whatever": "another call tells"}}, True),
    ],
)
def test_what_a_filter_lets_pass(asked: dict[str, Any], fits: bool) -> None:
    chosen = VolumeFilter.from_params(asked)
    assert chosen.matches(DISK) is fits
    assert chosen.is_empty is (not asked)


def test_reads_its_options_and_no_others() -> None:
    params = {"name": None, "status": "s", "volume_type": "t", "availability_zone": "z", "metadata": None, "other": "x"}
    chosen = VolumeFilter.from_params({**params, "tags": {1: "a", "b": 2}})
    assert chosen == VolumeFilter(None, "s", "t", "z", {}, {"1": "a", "b": "2"})


@pytest.mark.parametrize("option", ["metadata", "tags"])
@pytest.mark.parametrize("value", [True, False, None, 1.5, ["x"]])
def test_a_value_that_is_no_string_is_named(option: str, value: Any) -> None:
    with pytest.raises(
        UsageError, match=rf"Option {option} has a value that is not a string for 'k'; put it in quotes"
    ):
        VolumeFilter.from_params({option: {"k": value, "fine": "x", "number": 3}})


@pytest.mark.parametrize("option", ["metadata", "tags"])
def test_what_is_no_dictionary_is_named(option: str) -> None:
    with pytest.raises(UsageError, match=rf"Option {option} takes a dictionary\."):
        VolumeFilter.from_params({option: "tier=gold"})


def test_nothing_wanted_is_not_a_list_of_nothing() -> None:
    assert Wanted().refs is None
    assert Wanted([]).refs == []
    assert Wanted().chosen.is_empty
