# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a disk, by what block storage and Nova were read to say."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.rows import Devices, Place, Row, Servers
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Seat
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import Step
from ansible_collections.otc.evs.plugins.module_utils._plan.seats import Listed, of_attach, of_detach
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Sight, Trouble, Unread
from tests.support.bodies import attached, server, volume
from tests.support.rows import HERE

ID = "8af79d32-a09f-48ef-af25-25829b6a568f"
REFUSED = Trouble("The guest refused.", "detached")
OPEN = Trouble("No answer arrived.", "detached", is_open=True)
UNDER_WAY = Trouble("No answer arrived.", "detached", is_open=True, under_way=True)
HELD = Listed({ID: Seat(ID, "/dev/vdc")})
FREE = Listed()
BLIND = Listed(unread="Nova is silent.")
SILENT = Unread("Block storage is silent.")
INSIDE = attached("app01", id=ID)
OUTSIDE = volume(id=ID)
ELSEWHERE = attached("app02", id=ID, multiattach=True)
PLACE = Place("id-of-app01", "app01")


def disk(status: str) -> Volume:
    return volume(id=ID, status=status)


def leaving() -> Step:
    row = Row.of(INSIDE, "detached", HERE.id)
    row = Row(**{**vars(row), "server": Servers(PLACE, None), "device": Devices("/dev/vdb", None)})
    return Step(row, INSIDE, server("app01", INSIDE))


def entering() -> Step:
    row = Row.of(OUTSIDE, "attached", HERE.id)
    row = Row(**{**vars(row), "server": Servers(None, PLACE), "device": Devices(None, None)})
    return Step(row, OUTSIDE, server("app01"))


DETACHED: list[tuple[str, Trouble | None, Sight, Listed, str, bool]] = [
    # case, trouble, what block storage says, what Nova lists -> outcome, is in the server afterwards
    ("done", None, OUTSIDE, FREE, "detached", False),
    ("done, although the answer was lost", OPEN, OUTSIDE, FREE, "detached", False),
    ("done by others", REFUSED, OUTSIDE, FREE, "already_detached", False),
    ("shared, and others go on", None, ELSEWHERE, FREE, "detached", False),
    ("refused", REFUSED, INSIDE, HELD, "failed", True),
    ("answered and not done", None, INSIDE, HELD, "failed", True),
    ("lost and not done", UNDER_WAY, INSIDE, HELD, "failed", True),
    ("still leaving", None, disk("detaching"), HELD, "unknown", True),
    ("left block storage alone", None, OUTSIDE, HELD, "unknown", True),
    ("left Nova alone", None, INSIDE, FREE, "unknown", True),
    ("block storage silent", None, SILENT, FREE, "unknown", True),
    ("Nova silent", None, OUTSIDE, BLIND, "unknown", True),
    ("both silent and refused", REFUSED, SILENT, BLIND, "failed", True),
    ("both silent and lost", UNDER_WAY, SILENT, BLIND, "unknown", True),
    ("left the project", None, None, FREE, "gone", False),
]


@pytest.mark.parametrize(
    ("case", "trouble", "sight", "listed", "outcome", "inside"), DETACHED, ids=[c[0] for c in DETACHED]
)
def test_a_disk_that_was_to_leave(
    case: str, trouble: Trouble | None, sight: Sight, listed: Listed, outcome: str, inside: bool
) -> None:
    row = of_detach(leaving(), trouble, sight, listed, HERE)
    assert row.outcome == outcome
    assert row.server == Servers(PLACE, PLACE if inside else None)
    assert row.device == Devices("/dev/vdb", "/dev/vdb" if inside else None)
    assert bool(row.message) == (outcome not in ("detached", "already_detached"))
    if isinstance(sight, Unread):
        assert row.owner is None


ATTACHED: list[tuple[str, Trouble | None, Sight, Listed, str]] = [
    ("done", None, INSIDE, HELD, "attached"),
    ("done, although the answer was lost", OPEN, INSIDE, HELD, "attached"),
    ("done by others", REFUSED, INSIDE, HELD, "already_attached"),
    ("refused", REFUSED, OUTSIDE, FREE, "failed"),
    ("answered and not done", None, OUTSIDE, FREE, "failed"),
    ("lost and not done", UNDER_WAY, OUTSIDE, FREE, "failed"),
    ("still entering", None, disk("attaching"), HELD, "unknown"),
    ("reserved", None, disk("reserved"), FREE, "unknown"),
    ("in block storage alone", None, INSIDE, FREE, "unknown"),
    ("in Nova alone", None, OUTSIDE, HELD, "unknown"),
    ("taken by another server", REFUSED, attached("app02", id=ID), FREE, "failed"),
    ("block storage silent", None, SILENT, HELD, "unknown"),
    ("Nova silent", None, INSIDE, BLIND, "unknown"),
    ("both silent and refused", REFUSED, SILENT, BLIND, "failed"),
    ("left the project", None, None, FREE, "failed"),
]


@pytest.mark.parametrize(("case", "trouble", "sight", "listed", "outcome"), ATTACHED, ids=[c[0] for c in ATTACHED])
def test_a_disk_that_was_to_enter(
    case: str, trouble: Trouble | None, sight: Sight, listed: Listed, outcome: str
) -> None:
    row = of_attach(entering(), trouble, sight, listed, HERE)
    done = outcome in ("attached", "already_attached")
    assert row.outcome == outcome
    assert row.server == Servers(None, PLACE if done else None)
    assert row.device == Devices(None, "/dev/vdc" if done else None)
    assert bool(row.message) != done


def test_what_is_said_of_trouble_and_of_what_may_still_come() -> None:
    told = of_detach(leaving(), UNDER_WAY, INSIDE, HELD, HERE).message or ""
    assert told.startswith(f"Disk data ({ID}) was not detached from server app01 (id-of-app01)")
    assert told.endswith("No answer arrived. The request may still be under way: look again.")
    told = of_attach(entering(), REFUSED, OUTSIDE, FREE, HERE).message or ""
    assert told.endswith("its status is available: The guest refused.")
