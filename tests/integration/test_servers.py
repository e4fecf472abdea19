# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role with disks that are in use: from servers of the one tenant to servers of the other."""

from __future__ import annotations

import json
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.server import EmulatorServer
from tests.support.attachments import places
from tests.support.playbooks import Run, play
from tests.support.server import SOURCE, TARGET

OFF = {"status": "SHUTOFF"}
CLOUDS = {"tenant_transfer_source": {"cloud": SOURCE}, "tenant_transfer_target": {"cloud": TARGET}}


@pytest.fixture
def four_disks(emulator: EmulatorServer) -> EmulatorServer:
    """Two servers with two data disks each, and two servers that are to get them."""
    for name in ("app01", "db01"):
        emulator.create_server(SOURCE, name, {"name": f"{name}-data"}, {"name": f"{name}-logs"}, **OFF)
        emulator.create_server(TARGET, f"{name}-new", **OFF)
    emulator.forget_requests()
    return emulator


ASKED: dict[str, Any] = {
    **CLOUDS,
    "tenant_transfer_servers": [{"name": "app01", "target": "app01-new"}],
    "tenant_transfer_volumes": ["db01-logs", {"volume": "db01-data", "attach_to": "db01-new"}],
    "tenant_transfer_detach": "stopped",
}
BEFORE = {
    "app01": ["app01-data", "app01-logs"],
    "app01-new": [],
    "db01": ["db01-data", "db01-logs"],
    "db01-new": [],
}
AFTER = {"app01": [], "app01-new": ["app01-data", "app01-logs"], "db01": [], "db01-new": ["db01-data"]}


def changes(emulator: EmulatorServer) -> list[str]:
    asked = [f"{r.method} {r.path.rpartition('/v')[2]}" for r in emulator.requests()]
    emulator.forget_requests()
    return [line for line in asked if not line.startswith("GET") and "auth/tokens" not in line]


def run(emulator: EmulatorServer, home: Path, *arguments: str, playbook: str = "transfer", **variables: Any) -> Run:
    return play(emulator, home, f"otc.evs.{playbook}", *arguments, **{**ASKED, **variables})


def result_of(home: Path) -> dict[str, Any]:
    """What the last run says of itself."""
    last = max((home / "reports/runs").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    result: dict[str, Any] = json.loads(last.read_text(encoding="utf-8"))
    return result


def test_a_chain_checked_done_and_done_again(four_disks: EmulatorServer, tmp_path: Path) -> None:
    reports = {"tenant_transfer_report_dir": "reports"}
    checked = run(four_disks, tmp_path, "--check", "--diff", **reports)
    assert (checked.exit_status, changes(four_disks)) == (0, []), checked.output
    assert changes(four_disks) == []
    assert "detach from app01, move, attach to app01-new" in checked.words
    assert "4 would be moved, 0 already there, 4 would be detached, 3 would be attached" in checked.words
    assert places(four_disks) == BEFORE

    done = run(four_disks, tmp_path, **reports)
    assert done.exit_status == 0, done.output
    assert places(four_disks) == AFTER
    assert "4 moved, 0 already there, 4 detached, 3 attached" in done.words
    rows = {row["name"]: row for row in result_of(tmp_path)["disks"]}
    row = rows["app01-logs"]
    assert row["steps"] == ["detached", "moved", "attached"]
    assert (row["server"]["before"]["name"], row["server"]["after"]["name"]) == ("app01", "app01-new")
    assert (row["device"]["before"], row["device"]["after"]) == ("/dev/vdc", "/dev/vdc")
    assert row["guest_name"] == f"virtio-{row['id'][:20]}"
    assert rows["db01-logs"]["server"]["after"] is None
    page = (tmp_path / "reports/report.html").read_text(encoding="utf-8")
    assert "Server before" in page
    assert f"<bdi>app01-new</bdi><br><code>/dev/vdc</code><br><code>{row['guest_name']}</code>" in page
    journal = tmp_path / "reports/attachments.json"
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    remembered = json.loads(journal.read_text(encoding="utf-8"))["disks"]
    assert Counter(item["server_name"] for item in remembered) == {"app01": 2, "db01": 2}
    assert all(item["is_over"] for item in remembered)

    four_disks.forget_requests()
    again = run(four_disks, tmp_path, **reports)
    assert (again.exit_status, again.changed) == (0, 0), again.output
    assert changes(four_disks) == []
    assert places(four_disks) == AFTER
    assert "0 moved, 4 already there" in again.words


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"tenant_transfer_detach": "never"}, "(attached): it is attached to server app01"),
        ({"tenant_transfer_servers": [{"name": "app01", "target": "elsewhere"}]}, "no server 'elsewhere'"),
        ({"tenant_transfer_servers": [{"name": "nobody"}]}, "There is no server 'nobody'"),
    ],
)
def test_all_is_checked_before_the_first_detach(
    four_disks: EmulatorServer, tmp_path: Path, variables: dict[str, Any], words: str
) -> None:
    refused = run(four_disks, tmp_path, **variables)
    assert refused.exit_status == 2, refused.output
    assert words in refused.words
    assert changes(four_disks) == []
    assert places(four_disks) == BEFORE


def test_two_controllers_and_wishes_that_attach_nothing(four_disks: EmulatorServer, tmp_path: Path) -> None:
    """A offers what was attached; B attaches by its own map, and A's wishes alone attach nothing."""
    secret = {"tenant_transfer_handoff_file": str(tmp_path / "handoff"), "tenant_transfer_handoff_password": "dummy"}
    given = {"tenant_transfer_source": CLOUDS["tenant_transfer_source"], **secret}
    asked = {key: ASKED[key] for key in ("tenant_transfer_servers", "tenant_transfer_detach")}
    offered = play(four_disks, tmp_path, "otc.evs.offer", **given, **asked)
    assert offered.exit_status == 0, offered.output
    assert "2 offered, 2 detached" in offered.words
    assert places(four_disks)["app01"] == []

    given = {"tenant_transfer_target": CLOUDS["tenant_transfer_target"], **secret}
    wrong = {"tenant_transfer_servers": [{"name": "db01", "target": "db01-new"}]}
    refused = play(four_disks, tmp_path, "otc.evs.accept", **given, **wrong)
    assert "has no disk and no server db01" in refused.words, refused.output
    accepted = play(four_disks, tmp_path, "otc.evs.accept", **given)
    assert accepted.exit_status == 0, accepted.output
    assert "was in server app01 of the source as /dev/vdb. It is not attached here" in accepted.words
    assert places(four_disks)["app01-new"] == []
    mapped = {"tenant_transfer_servers": [{"name": "app01", "target": "app01-new"}]}
    attached = play(four_disks, tmp_path, "otc.evs.accept", **given, **mapped)
    assert attached.exit_status == 0, attached.output
    assert "2 already there, 2 attached" in attached.words
    assert places(four_disks)["app01-new"] == ["app01-data", "app01-logs"]


def test_what_is_withdrawn_goes_back_into_its_server(four_disks: EmulatorServer, tmp_path: Path) -> None:
    """Rule 7: what was detached and does not move is attached again, in its order; also by the entry point withdraw."""
    reports = {"tenant_transfer_report_dir": "reports"}
    secret = {"tenant_transfer_handoff_file": str(tmp_path / "handoff"), "tenant_transfer_handoff_password": "dummy"}
    given = {"tenant_transfer_source": CLOUDS["tenant_transfer_source"], **reports}
    asked = {**given, **secret, "tenant_transfer_servers": [{"name": "app01"}], "tenant_transfer_detach": "stopped"}
    assert play(four_disks, tmp_path, "otc.evs.offer", **asked).exit_status == 0
    assert places(four_disks)["app01"] == []
    four_disks.forget_requests()

    checked = play(four_disks, tmp_path, "otc.evs.withdraw", "--check", "--diff", **given)
    assert (checked.exit_status, changes(four_disks)) == (0, []), checked.output
    assert "withdraw, attach to app01" in checked.words
    assert "2 would be withdrawn, 2 would be attached" in checked.words

    done = play(four_disks, tmp_path, "otc.evs.withdraw", **given)
    assert done.exit_status == 0, done.output
    assert "2 withdrawn, 2 attached" in done.words
    assert places(four_disks) == BEFORE
    row = result_of(tmp_path)["disks"][0]
    assert (row["steps"], row["server"]["after"]["name"]) == (["withdrawn", "attached"], "app01")
    assert json.loads((tmp_path / "reports/attachments.json").read_text(encoding="utf-8"))["disks"] == []
