# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a row says of a disk of which a module has told nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.plugin_utils._chain import chained
from ansible_collections.otc.evs.plugins.plugin_utils._notes import noted

ROW: dict[str, Any] = {
    "id": "1",
    "name": "data",
    "outcome": "moved",
    "message": None,
    "at": None,
    "server": {"before": {"id": "2", "name": "app01"}, "after": None},
    "device": {"before": "/dev/vdb", "after": None},
}
TOLD = {
    "disks": [ROW],
    "to_do": ["1"],
    "to_detach": [{"volume": "1", "server": "2"}],
    "to_attach": [{"volume": "1", "server": "3"}],
}
DIED = noted({"msg": "killed."}, ["1"])
OTHERS = noted({"msg": "killed."}, ["4"])
OUT = noted({"disks": [{**ROW, "outcome": "detached"}]}, ["1"])
FORESEEN = {**ROW, "outcome": "failed", "message": "not attempted"}


@pytest.mark.parametrize(
    ("row", "detached", "attached", "outcome", "words"),
    [
        (FORESEEN, [DIED], [], "unknown", "is not known to be detached, and stays in the source: the module ended"),
        (FORESEEN, [DIED], [], "unknown", "without a result: killed. Run again to find out."),
        (FORESEEN, [OTHERS], [], "failed", "was not detached, and stays in the source: it was not attempted."),
        (ROW, [OUT], [DIED], "unknown", "in the target, but is not known to be attached there: the module ended"),
        (ROW, [OUT], [OTHERS], "failed", "is in the target, but was not attached there: it was not attempted."),
        (ROW, [OUT], [], "failed", "is in the target, but was not attached there: it was not attempted."),
    ],
)
def test_silence_is_no_failure(
    row: dict[str, Any], detached: list[dict[str, Any]], attached: list[dict[str, Any]], outcome: str, words: str
) -> None:
    (told,) = chained([row], TOLD, detached, attached, [])
    assert told["outcome"] == outcome
    assert words in told["message"]
