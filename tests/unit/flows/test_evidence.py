# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be read is told in the same order, whichever service failed first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import collect
from ansible_collections.otc.evs.plugins.module_utils._model.protection import Placement, Snapshot
from tests.emulator.server import EmulatorServer
from tests.support.bodies import volume
from tests.support.conditions import LONG
from tests.support.flows import client, services_of
from tests.support.server import SOURCE


class Failing(Evs):
    """Fails to tell snapshots only after it has failed to tell placements."""

    failed: threading.Event

    def placements(self, volume_ids: Any) -> list[Placement] | None:
        self.failed.set()
        raise ApiError("No placements.", 403, None, None, "")

    def snapshots(self, volume_id: str | None = None) -> Iterator[list[Snapshot]]:
        self.failed.wait(LONG)
        raise ApiError("No snapshots.", 403, None, None, "")


def test_what_is_open_is_told_in_one_order(emulator: EmulatorServer) -> None:
    evs = client(Failing, emulator, SOURCE, failed=threading.Event())
    evidence = collect(services_of(evs), [volume()], 6)
    assert list(evidence.unchecked.items()) == [
        ("snapshots", "No snapshots."),
        ("dedicated_storage", "No placements."),
    ]


def test_what_is_ignored_is_not_asked_for(emulator: EmulatorServer) -> None:
    evs = client(Failing, emulator, SOURCE, failed=threading.Event())
    assert list(collect(services_of(evs), [volume()], 1, ["snapshots"]).unchecked) == ["dedicated_storage"]
    assert collect(services_of(evs), [], 1).unchecked == {}
