# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""T20: whether two projects are in one region of one cloud, by what was read, and told before anything changes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.projects import Place
from ansible_collections.otc.evs.plugins.module_utils._plan.region import apart, doubt

A, B = "https://evs.a.example.com/", "https://evs.b.example.com/"
KEYSTONE_A, KEYSTONE_B = "https://iam.a.example.com/v3", "https://iam.b.example.com/v3"
MINE, THEIRS = frozenset({("volumev3", "1"), ("evs", "2")}), frozenset({("volumev3", "3")})


def place(url: str = A, region: str | None = "eu-de", services: Any = MINE, keystone: str = KEYSTONE_A) -> Place:
    return Place(url, keystone, region, frozenset(services))


SAME, REGION, CLOUD = "", "in region eu-de and the target in region eu-nl", "are in two clouds"
NOT_KNOWN, NOT_ONE = "the region of both is not known", "they are not endpoints of one catalogue"
CASES: list[tuple[Place, Place, str, str]] = [
    # The source, the target, why they are apart, and why that is not known.
    (place(), place(), SAME, SAME),
    (place(), place(region="eu-nl"), REGION, ""),
    (place(), place(B, region="eu-nl", services=THEIRS), REGION, ""),
    (place(services=()), place(services=(), region="eu-nl"), REGION, ""),
    (place(), place(region=None), SAME, SAME),
    (place(region=None, services=()), place(region=None, services=(), keystone=KEYSTONE_B), SAME, SAME),
    (place(), place(services=THEIRS, keystone=KEYSTONE_B), SAME, SAME),
    # The internal endpoint of one, the public one of the other.
    (place(), place(B), SAME, SAME),
    (place(), place(B, services={("evs", "2")}, keystone=KEYSTONE_B), SAME, SAME),
    (place(), place(B, services=THEIRS, keystone=KEYSTONE_B), CLOUD, ""),
    (place(region=None), place(B, region=None, services=THEIRS), CLOUD, ""),
    # Of other types nothing can be said.
    (place(), place(B, services={("block-storage", "1")}, keystone=KEYSTONE_B), SAME, NOT_ONE),
    (place(services=()), place(B, services=(), keystone=KEYSTONE_B), SAME, NOT_ONE),
    (place(), place(B, services=(), keystone=KEYSTONE_B), SAME, NOT_ONE),
    (place(services=()), place(B, services=()), SAME, SAME),
    (place(), place(B, region=None), SAME, NOT_KNOWN),
    (place(region=None), place(B), SAME, NOT_KNOWN),
    (place(services=()), place(B, region=None, services=()), SAME, NOT_KNOWN),
]


@pytest.mark.parametrize(("source", "target", "why", "unsure"), CASES)
def test_whether_a_disk_can_go_from_one_place_to_the_other(source: Place, target: Place, why: str, unsure: str) -> None:
    told = apart(source, target)
    assert bool(told) == bool(why)
    assert why in told
    if not why:
        assert bool(doubt(source, target)) == bool(unsure)
        assert unsure in doubt(source, target)


def test_says_where_both_are() -> None:
    told = apart(place(), place(B, services=THEIRS, keystone=KEYSTONE_B))
    assert "lists block storage (volumev3) at https://evs.a.example.com/, that of the target" in told
    assert told.endswith(
        "at https://evs.b.example.com/. A disk stays in its cloud: give both the credentials of one cloud."
    )
    unsure = doubt(place(services=()), place(B, services=(), keystone=KEYSTONE_B))
    assert "of the source is at https://evs.a.example.com/, that of the target at https://evs.b.example.com/" in unsure
