# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left behind when the target cannot take a disk: nothing that is locked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import move_on
from tests.support.server import SOURCE, TARGET, Server
from tests.support.tenants import evs_of


@pytest.mark.parametrize("running", ["cinder"], indirect=True)  # Its driver fails by the name of the disk.
def test_offers_that_are_not_accepted_are_withdrawn(server: Server, tmp_path: Path) -> None:
    names = ["good-0", "good-1", "fail-accept", "good-2"]
    for name in names:
        server.create_volume(SOURCE, name)
    move = move_on(server, tmp_path)
    run = move(names)
    assert run.exit_status != 0
    assert "Accepting failed for 1 of 4" in run.words
    assert "The offers of this batch that were not accepted are withdrawn. Run again to move the rest." in run.words
    source, target = evs_of(server, SOURCE), evs_of(server, TARGET)
    assert sorted(volume.name for volume in target.volumes()) == ["good-0", "good-1", "good-2"]
    assert [(volume.name, volume.status) for volume in source.volumes()] == [("fail-accept", "available")]
    assert source.transfers() == []
