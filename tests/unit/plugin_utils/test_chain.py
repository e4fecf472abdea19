# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disk is meant for which server, and what a row says of a disk of which a module has told nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.plugin_utils._chain import chained, wanted
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


def row(number: int, server: str | None = None, device: str | None = None) -> dict[str, Any]:
    """As a handoff file has it if there is a server, else as a module knows a disk that is in none."""
    if server is None:
        return {"id": f"id{number}", "name": f"disk{number}", "server": None, "device": None}
    before = {"id": None, "name": server} if server.islower() else {"id": server, "name": f"name of {server}"}
    return {**row(number), "server": {"before": before, "after": None}, "device": {"before": device, "after": None}}


ROWS = [row(1, "db", "/dev/vdc"), row(2, "APP", "/dev/vdc"), row(3, "db", "/dev/vdb"), row(4, "APP"), row(5)]


@pytest.mark.parametrize(
    ("volumes", "servers", "attachments", "unmatched"),
    [
        ([], [], [], []),
        (["disk1", {"volume": "disk2"}], [{"name": "db"}], [], []),
        ([], [{"name": "db", "target": "new"}], ["id3 new", "id1 new"], []),
        ([], [{"name": "APP", "target": "new"}], ["id4 new", "id2 new"], []),
        ([], [{"name": "name of APP", "target": "new"}], ["id4 new", "id2 new"], []),
        ([{"volume": "id5", "attach_to": "x"}], [], ["id5 x"], []),
        ([{"volume": "disk5", "attach_to": "x"}], [{"name": "db", "target": "y"}], ["id3 y", "id1 y", "id5 x"], []),
        ([{"volume": "disk1", "attach_to": "x"}], [{"name": "db", "target": "y"}], ["id3 y", "id1 x"], []),
        ([{"volume": "disk", "attach_to": "x"}], [{"name": "d", "target": "y"}, {"name": "e"}], [], ["disk", "d"]),
    ],
)
def test_which_disk_goes_into_which_server(
    volumes: list[Any], servers: list[dict[str, str]], attachments: list[str], unmatched: list[str]
) -> None:
    """The disks of a server in the order of their devices there, and each for the server that it is named with."""
    found = wanted(volumes, servers, ROWS)
    pairs = [pair.split() for pair in attachments]
    assert found["attachments"] == [{"volume": volume, "server": server} for volume, server in pairs]
    assert found["unmatched"] == unmatched
    assert found["refs"] == ["id1", "id2", "id3", "id4", "id5"]
    assert found["servers"] == [server["name"] for server in servers]


def test_a_disk_of_which_only_the_name_is_known() -> None:
    unknown = {"id": None, "name": "data"}
    found = wanted([{"volume": "data", "attach_to": "x"}, "data"], [], [unknown])
    assert (found["volumes"], found["refs"]) == (["data", "data"], ["data"])
    assert (found["attachments"], found["unmatched"]) == ([{"volume": "data", "server": "x"}], [])
    assert wanted(["data"], [], [unknown, unknown])["refs"] == ["data"]
