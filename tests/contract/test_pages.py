# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that are longer than a page of the server, which is three entries here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api import client as _client
from tests.cinder.server import CinderServer
from tests.contract.conftest import module_of
from tests.emulator.server import EmulatorServer
from tests.support.server import SOURCE, TARGET, Server

SMALL_PAGES: dict[str, Callable[[], Server]] = {
    "emulator": lambda: EmulatorServer(max_limit=3),
    "cinder": lambda: CinderServer(max_limit=3),
}
NAMES = [f"disk-{number}" for number in range(8)]


@pytest.fixture(scope="module", params=SMALL_PAGES)
def small(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = SMALL_PAGES[request.param]()
    server.start()
    yield server
    server.stop()


def test_more_disks_and_transfers_than_a_page_holds(small: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    if small.kind == "emulator":
        # EVS promises pages of 1000; Cinder's are as short as its operator likes, and nobody is told.
        monkeypatch.setattr(_client, "PAGE", 3)
    module = module_of(small)
    ids = {small.create_volume(SOURCE, name): name for name in NAMES}
    listed = module("evs_volume_info", SOURCE)["volumes"]
    assert {row["id"]: row["name"] for row in listed} == ids

    offered = module("evs_transfer", SOURCE, volumes=NAMES)["transfers"]
    assert [row["volume_name"] for row in offered] == NAMES
    kept = module("evs_transfer", SOURCE, volumes=NAMES)
    assert {row["transfer_id"]: row["outcome"] for row in kept["disks"]} == {
        row["id"]: "already_offered" for row in offered
    }

    by_id = [row["id"] for row in offered[:2]]
    withdrawn = module("evs_transfer", SOURCE, state="absent", transfer_ids=by_id)
    assert [row["transfer_id"] for row in withdrawn["disks"]] == by_id
    withdrawn = module("evs_transfer", SOURCE, state="absent", volumes=NAMES[2:4])
    assert [row["name"] for row in withdrawn["disks"]] == NAMES[2:4]

    accepted = module("evs_transfer_accept", TARGET, transfers=offered[4:])
    assert [row["outcome"] for row in accepted["disks"]] == ["accepted"] * 4
    assert {row["name"] for row in module("evs_volume_info", SOURCE)["volumes"]} == set(NAMES[:4])
