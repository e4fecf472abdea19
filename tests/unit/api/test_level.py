# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests at once, decided by what answers take."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.level import FIRST, MOST, SLOWER, Level

Cloud = Callable[[int], float]
"""What an answer takes while so many requests are under way."""


def rounds(level: Level, cloud: Cloud, number: int, kind: str = "POST") -> list[int]:
    """The places after each of so many rounds of answers."""
    places = []
    for dummy in range(number):
        for under_way in [level.places] * level.places:
            level.answered(kind, cloud(under_way))
        places.append(level.places)
    return places


def bears(most: int) -> Cloud:
    """A cloud that does so many at once, and lets the rest wait."""
    return lambda under_way: max(1.0, under_way / most)


def test_a_cloud_that_bears_much_is_soon_asked_much() -> None:
    level = Level(MOST, FIRST)
    assert level.places == FIRST
    found = rounds(level, bears(1000), 30)
    assert found[0] == FIRST + 1, "the first round shows what is usual"
    assert found == sorted(found)
    assert found.index(MOST) <= 8
    assert found[-1] == MOST, "and never more"


@pytest.mark.parametrize("most", [4, 6, 8, 12, 20])
def test_the_level_comes_to_what_the_cloud_bears(most: int) -> None:
    level = Level(MOST, FIRST)
    found = rounds(level, bears(most), 80)[20:]
    assert min(found) >= min(most, FIRST)
    assert max(found) <= most * SLOWER + 2


def test_slow_answers_alone_never_lower_it_below_where_it_began() -> None:
    level = Level(MOST, FIRST)
    rounds(level, bears(1000), 3)
    assert min(rounds(level, lambda under_way: 50.0, 10)) == FIRST


def test_a_cloud_that_has_become_slow_for_all_is_found_out_anew() -> None:
    level = Level(MOST, FIRST)
    rounds(level, bears(1000), 3)
    assert rounds(level, lambda under_way: 50.0, 40)[-1] == MOST


def test_a_slow_round_ends_the_doubling() -> None:
    level = Level(MOST, FIRST)
    rounds(level, bears(1000), 2)
    before = level.places
    rounds(level, lambda under_way: 2.0, 1)
    after = level.places
    assert after <= before
    rounds(level, bears(1000), 1)
    assert level.places <= after + 1


@pytest.mark.parametrize("first", [None, FIRST])
def test_too_many_halves_it_down_to_one_and_it_comes_back_one_by_one(first: int | None) -> None:
    level = Level(16, first)
    rounds(level, bears(1000), 10)
    halved = []
    for dummy in range(5):
        level.too_many()
        halved.append(level.places)
    assert halved == [8, 4, 2, 1, 1]
    assert rounds(level, bears(1000), 1) == [2]
    back = rounds(level, bears(1000), 40)
    assert all(after - before <= 1 for before, after in itertools.pairwise(back))
    assert back[-1] == 16


def test_a_number_that_is_given_holds_from_the_first_to_the_last_however_slow_the_answers() -> None:
    level = Level(7)
    assert {7} == {level.places, *rounds(level, float, 10)}


@pytest.mark.parametrize("most", [1, 2, 3])
def test_less_than_the_first_level_may_be_the_most(most: int) -> None:
    level = Level(most, FIRST)
    assert max(level.places, *rounds(level, bears(1000), 10)) == most


def test_kinds_of_requests_are_not_compared_with_each_other() -> None:
    level = Level(MOST, FIRST)
    rounds(level, lambda under_way: 0.1, 2, kind="GET")
    before = level.places
    rounds(level, lambda under_way: 5.0, 2, kind="POST")
    assert level.places > before


def test_what_is_of_no_kind_tells_nothing() -> None:
    level = Level(MOST, FIRST)
    assert rounds(level, bears(1), 5, kind="")[-1] == FIRST
