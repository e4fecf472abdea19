# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests a whole move costs, with all services of EVS: two a disk, and few more.

Among these few are one for the volume types of the target, and if there are not many disks one for each, since only its
own page tells whether a disk is encrypted that was made from a backup.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import move_on
from tests.support.server import SOURCE


@pytest.mark.parametrize(("disks", "most"), [(5, 39), (1000, 2060)])
def test_a_move_costs_two_requests_a_disk_and_few_more(
    emulator: EmulatorServer, tmp_path: Path, disks: int, most: int
) -> None:
    """Of a few disks each is asked for by its ID, so that it costs no more in a project with very many."""
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(disks)])
    emulator.forget_requests()
    run = move_on(emulator, tmp_path)(ids)
    assert run.exit_status == 0, run.output[-2000:]
    assert f"{disks} moved" in run.words
    requests = emulator.requests()
    assert len(requests) <= most
    assert sum(request.method == "POST" for request in requests) == 2 * disks + 4, (
        "and a login for each module and tenant"
    )
