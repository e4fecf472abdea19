# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disks names and IDs mean."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import (
    Found,
    is_id,
    require_ids,
    require_names,
)
from tests.support.bodies import volume

ID = "1a7059f5-8ed7-45b7-8d05-2811e5d09f24"


@pytest.mark.parametrize(
    ("ref", "can_be"),
    [
        (ID, True),
        (ID.upper(), True),
        (ID.replace("-", ""), True),
        (ID[:-1], False),
        (ID + "0", False),
        (ID[:-1] + "g", False),
        ("-" * 36, False),
        ("-" * 4 + "0" * 28, False),
        ("0" * 36, False),
        ("data", False),
        ("", False),
        (ID[:-1] + "\N{ARABIC-INDIC DIGIT THREE}", False),
    ],
)
def test_what_can_be_an_id(ref: str, can_be: bool) -> None:
    assert is_id(ref) is can_be


def test_an_id_is_preferred_to_a_name() -> None:
    disk = volume(name="x")
    namesake = volume(name=disk.id)
    assert Found.among([disk.id], [namesake, disk]).volumes == [disk]


def test_a_disk_asked_for_by_name_and_id_or_read_twice_comes_once() -> None:
    disk, other = volume(), volume(name="other")
    found = Found.among([disk.id, "data", "data", "other"], [disk, other, disk])
    assert found.refs == [disk.id, "data", "other"]
    assert found.volumes == [disk, other]
    assert found.ambiguous == {}
    assert found.missing == []


def test_what_fits_nothing_is_missing_and_what_fits_several_is_ambiguous() -> None:
    twins = [volume(), volume()]
    found = Found.among(["nix", "data", "none"], [*twins, volume(name="other")])
    assert found.missing == ["nix", "none"]
    assert found.ambiguous == {"data": [twin.id for twin in twins]}


def test_some_of_what_was_found() -> None:
    one, two = volume(name="one"), volume(name="two")
    found = Found.among(["one", "two", "nix"], [one, two])
    some = found.only(["two", "nix", "two"])
    assert (some.refs, some.volumes, some.missing) == (["two", "nix"], [two], ["nix"])


def test_newer_readings_take_the_place_of_older_ones() -> None:
    """T7: a disk that was accepted between two lists is not here any more."""
    stays, left, other = volume(name="stays"), volume(name="left"), volume(name="other")
    now = volume(id=stays.id, name="stays", status="error")
    found = Found.among(["stays", "left", "other"], [stays, left, other]).replaced({stays.id: now, left.id: None})
    assert found.volumes == [now, other]
    assert found.missing == ["left"]


def test_names_that_fit_several_are_told_with_their_ids() -> None:
    twins = [volume(), volume()]
    found = Found.among(["data", "nix"], twins)
    words = f"In project P 'data' fits {twins[0].id}, {twins[1].id}. Give the ID of the disk."
    assert found.ambiguity("P") == words
    with pytest.raises(UsageError, match="Give the ID") as caught:
        found.require_unambiguous("P")
    assert caught.value.details == {"ambiguous": {"data": [twin.id for twin in twins]}}


def test_no_more_than_some_of_them_are_told() -> None:
    names = [f"disk-{number:02}" for number in range(22)]
    found = Found.among(names, [volume(name=name) for name in names for dummy in range(25)])
    told = found.ambiguity("P") or ""
    assert "'disk-19' fits" in told
    assert "'disk-20'" not in told
    assert "; and 2 more names. Give" in told
    assert told.count(", ") == 20 * 19
    twenty = Found.among(names[:20], [volume(name=name) for name in names for dummy in range(2)]).ambiguity("P") or ""
    assert "more names" not in twenty


def test_one_disk_a_name_is_not_ambiguous() -> None:
    found = Found.among(["data"], [volume()])
    assert found.ambiguity("P") is None
    found.require_unambiguous("P")


@pytest.mark.parametrize("refs", [[""], ["data", "  "]])
def test_an_empty_name_is_refused(refs: list[str]) -> None:
    with pytest.raises(UsageError, match="contains an empty name"):
        require_names(refs)
    require_names(["data", ID])


def test_what_is_no_id_is_refused_by_the_name_of_the_option() -> None:
    require_ids("transfer_ids", [ID])
    with pytest.raises(UsageError, match=r"Option transfer_ids holds '\.\./x', 'y'; it takes IDs such as"):
        require_ids("transfer_ids", ["../x", ID, "y"])
