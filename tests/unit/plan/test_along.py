# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What disks may take along, by the user's word and the microversion of block storage."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._plan.along import NOTHING_ALONG, Along

BOTH = frozenset({"snapshots", "encrypted"})
# What is asked for, the newest microversion -> that of the offers, and what goes along.
CASES: list[tuple[set[str], tuple[int, int] | None, str | None, set[str]]] = [
    (set(), (3, 71), None, set()),
    ({"snapshots"}, (3, 71), "3.55", {"snapshots"}),
    ({"snapshots"}, (3, 55), "3.55", {"snapshots"}),
    ({"snapshots"}, (3, 54), None, set()),
    ({"snapshots"}, (3, 50), None, set()),
    ({"snapshots"}, None, None, set()),
    ({"encrypted"}, (3, 71), "3.70", {"encrypted"}),
    ({"encrypted"}, (3, 70), "3.70", {"encrypted"}),
    ({"encrypted"}, (3, 69), None, set()),
    ({"snapshots", "encrypted"}, (3, 70), "3.70", {"snapshots", "encrypted"}),
    ({"snapshots", "encrypted"}, (3, 60), "3.55", {"snapshots"}),
    ({"snapshots", "encrypted"}, (4, 0), "3.70", {"snapshots", "encrypted"}),
]


@pytest.mark.parametrize(("asked", "newest", "microversion", "taken"), CASES)
def test_what_goes_along(
    asked: set[str], newest: tuple[int, int] | None, microversion: str | None, taken: set[str]
) -> None:
    along = Along(frozenset(asked), newest)
    assert along.microversion == microversion
    assert {name for name in BOTH if along.takes(name)} == taken


@pytest.mark.parametrize(
    ("along", "snapshots", "encrypted"),
    [
        (Along(BOTH, (3, 71)), "", ""),
        (
            Along(BOTH, (3, 50)),
            "that takes microversion 3.55, and the newest of this block storage is 3.50",
            "that takes microversion 3.70, and the newest of this block storage is 3.50",
        ),
        (
            Along(BOTH),
            "that takes microversion 3.55 of Cinder, and this block storage has none, like EVS v2",
            "that takes microversion 3.70 of Cinder, and this block storage has none, like EVS v2",
        ),
        (
            Along(BOTH, (3, 71), unread="The versions could not be read."),
            "that takes microversion 3.55, and The versions could not be read",
            "that takes microversion 3.70, and The versions could not be read",
        ),
    ],
)
def test_why_not(along: Along, snapshots: str, encrypted: str) -> None:
    assert (along.refusal("snapshots"), along.refusal("encrypted")) == (snapshots, encrypted)


def test_what_is_not_asked_for_stays() -> None:
    assert not NOTHING_ALONG.takes("snapshots")
    assert NOTHING_ALONG.microversion is None
