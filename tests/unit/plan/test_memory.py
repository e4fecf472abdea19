# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the disks that a journal remembers go back into their servers."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.rows import Place
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Attachment, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import Wish
from ansible_collections.otc.evs.plugins.module_utils._plan.memory import Remembered, meant, wishes_to_go_back

NOW = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.timezone.utc)
HOUR = datetime.timedelta(hours=1)
RUN = "20261201T103000Z-00ff00"


def item(volume: str, server: str = "s1", device: str = "/dev/vdb", **traits: Any) -> Remembered:
    return Remembered("p1", volume, f"name-{volume}", Place(server, f"name-{server}"), device, **traits)


def disk(volume: str, status: str = "available", servers: Collection[str] = (), **traits: Any) -> Volume:
    attachments = [Attachment(server, "/dev/vdb") for server in servers]
    plain = Volume.from_api({"id": volume, "status": status, "size": 1, **traits})
    return Volume(**{**vars(plain), "attachments": tuple(attachments)})


def back(items: list[Remembered], *disks: Volume, freed: Collection[str] = ()) -> list[Wish]:
    return wishes_to_go_back(items, {volume.id: volume for volume in disks}, freed)


@pytest.mark.parametrize(
    ("remembered", "volume", "freed", "goes"),
    [
        pytest.param(item("a"), disk("a"), (), True, id="free"),
        pytest.param(item("a", is_over=True), disk("a"), (), False, id="has come to where it belonged"),
        pytest.param(item("a"), disk("b"), (), False, id="has left the project"),
        pytest.param(item("a"), disk("a", "awaiting-transfer"), (), False, id="still offered"),
        pytest.param(item("a"), disk("a", "awaiting-transfer"), ("a",), True, id="its offer is withdrawn"),
        pytest.param(item("a"), disk("a", "awaiting-transfer"), ("b",), False, id="the offer of another is withdrawn"),
        pytest.param(item("a"), disk("a", "in-use", ["s1"]), (), True, id="is back already"),
        pytest.param(item("a"), disk("a", "attaching", ["s1"]), (), True, id="is on its way back"),
        pytest.param(item("a"), disk("a", "in-use", ["s2"]), (), False, id="somebody has attached it elsewhere"),
        pytest.param(item("a"), disk("a", "in-use", ["s2"], multiattach=True), (), True, id="shared"),
        pytest.param(item("a"), disk("a", "error"), (), True, id="in an error, which is told"),
    ],
)
def test_what_goes_back(remembered: Remembered, volume: Volume, freed: Collection[str], goes: bool) -> None:
    assert back([remembered], volume, freed=freed) == ([Wish("a", "s1")] if goes else [])


def test_disks_go_back_in_the_order_of_their_devices() -> None:
    items = [item("a", "s2"), item("b", device="/dev/vdaa"), item("c", device="/dev/vdz"), item("d")]
    assert back(items, *map(disk, "abcd")) == [Wish("d", "s1"), Wish("c", "s1"), Wish("b", "s1"), Wish("a", "s2")]


def test_of_several_servers_the_last_one_counts_unless_the_disk_is_shared() -> None:
    items = [item("a", "s1"), item("a", "s2")]
    assert back(items, disk("a")) == [Wish("a", "s2")]
    assert back(items, disk("a", multiattach=True)) == [Wish("a", "s1"), Wish("a", "s2")]


@pytest.mark.parametrize(
    ("refs", "freed", "limit", "found"),
    [
        pytest.param(None, (), None, True, id="all"),
        pytest.param(["a"], (), None, True, id="by ID"),
        pytest.param(["name-a"], (), None, True, id="by name"),
        pytest.param(["b", "name-b"], (), None, False, id="another"),
        pytest.param([], (), None, False, id="none"),
        pytest.param(None, (), HOUR, True, id="detached long ago"),
        pytest.param(None, (), 2 * HOUR, False, id="detached not long ago"),
        pytest.param(None, ("a",), 2 * HOUR, True, id="its offer is withdrawn"),
        pytest.param(None, (), datetime.timedelta(), True, id="no age"),
        pytest.param(["b"], ("a",), HOUR, False, id="another is asked for"),
    ],
)
def test_which_of_them_are_meant(
    refs: list[str] | None, freed: Collection[str], limit: datetime.timedelta | None, found: bool
) -> None:
    remembered = [item("a", run=RUN)]
    assert meant(remembered, refs, freed, limit, NOW) == (remembered if found else [])


@pytest.mark.parametrize("run", ["", "1", "20261301T103000Z-00ff00", "yesterday-00ff00"])
def test_a_run_that_tells_no_time_is_not_known_to_be_older(run: str) -> None:
    assert meant([item("a", run=run)], None, (), HOUR, NOW) == []
    assert len(meant([item("a", run=run)], None, (), None, NOW)) == 1
