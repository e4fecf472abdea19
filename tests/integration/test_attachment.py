# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules about servers: check mode, a second run, what is refused before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.emulator.server import EmulatorServer
from tests.support.attachments import places
from tests.support.modules import run_module
from tests.support.playbooks import play
from tests.support.server import SOURCE, TARGET

OFF = {"status": "SHUTOFF"}


def run(emulator: EmulatorServer, module: str, cloud: str = SOURCE, **options: Any) -> dict[str, Any]:
    entry = emulator.cloud(cloud)
    return run_module(module, auth=entry["auth"], region_name=entry["region_name"], **options)


def changes(emulator: EmulatorServer) -> list[str]:
    asked = [r.method for r in emulator.requests() if r.method != "GET" and not r.path.endswith("/auth/tokens")]
    emulator.forget_requests()
    return asked


@pytest.fixture
def server_id(emulator: EmulatorServer) -> str:
    made = emulator.create_server(
        SOURCE, "app01", {"name": "data", "delete_on_termination": True}, {"name": "logs", "size": 7}, **OFF
    )
    emulator.forget_requests()
    return made


def test_a_disk_in_eight_steps(emulator: EmulatorServer, server_id: str) -> None:
    """Detach and attach, each in check mode, for real, in check mode again, for real again."""
    steps: list[tuple[str, bool, bool, str, list[str]]] = [
        ("absent", True, True, "detached", []),
        ("absent", False, True, "detached", ["DELETE"]),
        ("absent", True, False, "already_detached", []),
        ("absent", False, False, "already_detached", []),
        ("present", True, True, "attached", []),
        ("present", False, True, "attached", ["POST"]),
        ("present", True, False, "already_attached", []),
        ("present", False, False, "already_attached", []),
    ]
    for number, (state, check, changed, outcome, asked) in enumerate(steps):
        result = run(emulator, "evs_attachment", volumes=["data"], server="app01", state=state, check=check, diff=True)
        (row,) = result["disks"]
        assert (result["changed"], row["outcome"], changes(emulator)) == (changed, outcome, asked), f"step {number}"
        assert (result["diff"]["before"] != result["diff"]["after"]) == changed
        assert (result["rehearsed"], result["check_mode"], result["problems"]) == (check, check, [])
        assert bool(result["to_do"]) == (check and changed)
        assert bool(row["at"]) == bool(asked)
        place = {"id": server_id, "name": "app01"}
        held = {
            "before": None if state == "present" and changed else place,
            "after": None if state == "absent" else place,
        }
        assert row["server"] == ({"before": None, "after": None} if outcome == "already_detached" else held)
    assert places(emulator) == {"app01": ["logs", "data"]}


def test_what_a_server_is_called_is_shown_safely(emulator: EmulatorServer) -> None:
    """S4: a name that others gave; it stays what it is as data."""
    emulator.create_server(SOURCE, "app\x1b[2J", {"name": "data"}, locked=True, **OFF)
    asked: dict[str, Any] = {"volumes": ["data"], "state": "absent"}
    blocked = run(emulator, "evs_attachment", **asked)
    assert "server app\\x1b[2J (" in blocked["msg"]
    assert blocked["disks"][0]["server"]["before"]["name"] == "app\x1b[2J"
    emulator.update_server(emulator.servers()[0]["id"], locked=False)
    (before,) = run(emulator, "evs_attachment", **asked, diff=True)["diff"]["before"].values()
    assert before["server"] == "app\\x1b[2J"


def test_several_servers_in_one_task(emulator: EmulatorServer) -> None:
    disks = {name: emulator.create_volume(SOURCE, name) for name in ("a", "b", "c")}
    for name in ("one", "two"):
        emulator.create_server(SOURCE, name, **OFF)
    pairs = [
        {"volume": "a", "server": "one"},
        {"volume": disks["b"], "server": "two"},
        {"volume": "c", "server": "one"},
    ]
    result = run(emulator, "evs_attachment", attachments=pairs)
    assert [row["outcome"] for row in result["disks"]] == ["attached"] * 3
    assert places(emulator) == {"one": ["a", "c"], "two": ["b"]}
    result = run(emulator, "evs_attachment", attachments=[{"volume": name} for name in disks], state="absent")
    assert [row["name"] for row in result["disks"]] == ["a", "b", "c"]
    assert places(emulator) == {"one": [], "two": []}


def test_a_disk_that_is_blocked_stops_all_or_is_left_out(emulator: EmulatorServer, server_id: str) -> None:
    emulator.create_server(SOURCE, "busy", {"name": "held"}, status="ACTIVE", locked=True)
    asked: dict[str, Any] = {"volumes": ["data", "held"], "state": "absent"}
    result = run(emulator, "evs_attachment", **asked)
    assert result["failed"]
    assert result["msg"].startswith("Nothing was changed. Disk held (")
    assert "locked: server busy" in result["msg"]
    assert "server_status: server busy" in result["msg"]
    assert (result["changed"], changes(emulator)) == (False, [])
    result = run(emulator, "evs_attachment", **asked, blocked="skip")
    assert [row["outcome"] for row in result["disks"]] == ["detached", "blocked"]
    reasons = result["disks"][1]["reasons"]
    assert [reason["constraint"] for reason in reasons] == ["locked", "server_status"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"volumes": ["data"]}, "There is no server for disk 'data'"),
        ({"volumes": [" "], "server": "app01"}, "empty name"),
        ({"volumes": ["data"], "server": "", "state": "absent"}, "The server of disk 'data' is an empty name."),
        ({"attachments": [{"volume": "data", "server": " "}], "state": "absent"}, "is an empty name."),
        ({"attachments": [{"volume": "data"}]}, "There is no server for disk 'data'"),
        ({"volumes": ["no-such-disk"], "server": "app01"}, "has no disk with the name or ID 'no-such-disk'"),
        ({"volumes": ["data"], "server": "no-such-server"}, "there is no server 'no-such-server'"),
        ({"server": "app01"}, "one of the following is required: volumes, attachments"),
        ({"volumes": ["data"], "attachments": []}, "mutually exclusive"),
    ],
)
def test_what_makes_no_sense(emulator: EmulatorServer, server_id: str, options: dict[str, Any], words: str) -> None:
    result = run(emulator, "evs_attachment", **options)
    assert result["failed"]
    assert words in result["msg"]
    assert changes(emulator) == []


def test_whether_a_server_can_take_disks_that_are_to_come(emulator: EmulatorServer, server_id: str) -> None:
    """All is checked at both sides before the first detach."""
    emulator.create_server(TARGET, "app01-new", availability_zone="eu-de-01")
    far = emulator.create_server(TARGET, "far", availability_zone="eu-de-02")
    coming = run(emulator, "evs_volume_info", volumes=["data", "logs"])["volumes"]
    asked: dict[str, Any] = {"volumes": ["data", "logs"], "coming": coming, "rehearse": True}
    emulator.forget_requests()
    fits = run(emulator, "evs_attachment", TARGET, **asked, server="app01-new")
    assert [(row["outcome"], row["owner"]) for row in fits["disks"]] == [("attached", None)] * 2
    assert (fits["to_do"], fits["changed"]) == ([disk["id"] for disk in coming], False)
    wrong = run(emulator, "evs_attachment", TARGET, **asked, server=far, blocked="skip")
    assert [row["reasons"][0]["constraint"] for row in wrong["disks"]] == ["zone"] * 2
    assert changes(emulator) == []
    here = run(emulator, "evs_attachment", **asked, server="app01")
    assert [row["outcome"] for row in here["disks"]] == ["already_attached"] * 2, "what is here is as it is"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"coming": [{"id": "x"}], "rehearse": True}, "Option coming holds 'x'"),
        ({"coming": [{}], "rehearse": True}, "Option coming holds ''"),
        ({"coming": [{"id": "0a" * 16}]}, "Option coming is for rehearsals only"),
        ({"coming": [{"id": "0a" * 16, "size": "much"}], "rehearse": True}, "Give its list volumes unchanged"),
        ({"coming": [{"id": "0a" * 16}], "rehearse": True, "state": "absent"}, "give it with state: present"),
    ],
)
def test_what_cannot_be_coming(emulator: EmulatorServer, server_id: str, options: dict[str, Any], words: str) -> None:
    result = run(emulator, "evs_attachment", volumes=["data"], server="app01", **options)
    assert result["failed"]
    assert words in result["msg"]
    assert changes(emulator) == []


def test_a_cloud_without_servers_is_told(emulator: EmulatorServer) -> None:
    emulator.configure(catalogue=["evs"])
    result = run(emulator, "evs_server_info")
    assert "has no compute with interface public in region eu-de" in result["msg"]
    assert "endpoints: {compute: ...}" in result["msg"]


@pytest.mark.parametrize("version", ["2.1", "2.60", "2.96"])
def test_servers_and_their_disks_are_listed(emulator: EmulatorServer, server_id: str, version: str) -> None:
    emulator.configure(compute_version=version)
    emulator.create_server(SOURCE, "app02", locked=True, task_state="rebooting", availability_zone="eu-de-02")
    emulator.create_server(TARGET, "app01")
    emulator.forget_requests()
    result = run(emulator, "evs_server_info", servers=["app01", "nobody"])
    (server,) = result["servers"]
    assert (server["id"], server["status"], server["availability_zone"]) == (server_id, "SHUTOFF", "eu-de-01")
    assert result["missing"] == ["nobody"]
    disks = server["disks"]
    assert [(d["name"], d["device"], d["order"], d["system"], d["size"]) for d in disks] == [
        ("app01-system", "/dev/vda", 0, True, 40),
        ("data", "/dev/vdb", 1, False, 1),
        ("logs", "/dev/vdc", 2, False, 7),
    ]
    assert [d["delete_on_termination"] for d in disks] == ([None] * 3 if version == "2.1" else [False, True, False])
    assert disks[1]["guest_name"] == f"virtio-{disks[1]['id'][:20]}"
    paths = [request.path.partition("?")[0].rpartition("/")[2] for request in emulator.requests()]
    # Two logins of Keystone, the version, two lists, and one request for the server.
    assert sorted(paths) == sorted(["tokens", "", "detail", "detail", "os-volume_attachments"]), paths
    other = run(emulator, "evs_server_info", servers=["app02"])["servers"][0]
    known = version != "2.1"
    assert (other["locked"], other["task_state"]) == (True if known else None, "rebooting")
    assert len(run(emulator, "evs_server_info")["servers"]) == 2


def test_a_disk_goes_from_a_server_of_one_tenant_to_one_of_the_other(
    emulator: EmulatorServer, server_id: str, tmp_path: Path
) -> None:
    """As a user writes it today: detach, move, attach; and the second run changes nothing."""
    emulator.create_server(TARGET, "app01-new")
    cloud = {"cloud": SOURCE}
    tasks = [
        {"otc.evs.evs_attachment": {**cloud, "volumes": ["data", "logs"], "server": "app01", "state": "absent"}},
        {"otc.evs.evs_move": {**cloud, "target": {"cloud": TARGET}, "volumes": ["data", "logs"]}},
        {"otc.evs.evs_attachment": {"cloud": TARGET, "volumes": ["data", "logs"], "server": "app01-new"}},
    ]
    plays = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    first = play(emulator, tmp_path, plays)
    assert (first.exit_status, first.changed) == (0, 3), first.output
    assert places(emulator) == {"app01": [], "app01-new": ["data", "logs"]}
    again = play(emulator, tmp_path, plays)
    assert (again.exit_status, again.changed) == (0, 0), again.output
    assert places(emulator) == {"app01": [], "app01-new": ["data", "logs"]}
