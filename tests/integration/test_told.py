# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role tells is what happened: rehearsals, failures, handoffs and what comes next.

The cases T1 to T20 come out of the field; those that need no playbook are with the modules.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import move_on
from tests.support.modules import run_module
from tests.support.playbooks import Run, play
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

PASSWORD = "not-a-secret"
ENTRY_POINTS = ("main", "check", "offer", "accept", "withdraw")


def role(
    server: EmulatorServer, home: Path, entry_point: str, *arguments: str, keywords: dict[str, Any], **variables: Any
) -> Run:
    """The role as a task with keywords of its own, which shows its result in the end."""
    given = {
        "source": {"cloud": SOURCE},
        "target": {"cloud": TARGET},
        "handoff_file": str(home / "handoff.vault"),
        "handoff_password": PASSWORD,
        **variables,
    }
    task = {
        "ansible.builtin.import_role": {"name": "otc.evs.tenant_transfer", "tasks_from": entry_point},
        "vars": {f"tenant_transfer_{name}": value for name, value in given.items()},
        **keywords,
    }
    keep = {
        "ansible.builtin.copy": {
            "content": "{{ tenant_transfer_result | to_json }}",
            "dest": str(home / "told.json"),
            "mode": "0600",
        },
        "check_mode": False,
        "diff": False,
    }
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    plays = [{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [task, keep]}]
    return play(server, home, plays, *arguments)


def told(home: Path) -> dict[str, Any]:
    """The result that the last run of `role` left."""
    result: dict[str, Any] = json.loads((home / "told.json").read_text(encoding="utf-8"))
    return result


def prepare(server: EmulatorServer, home: Path, entry_point: str, *names: str) -> dict[str, Any]:
    """Offer the disks to who accepts or withdraws; returns the variables that name them to the others."""
    if entry_point == "accept":
        assert role(server, home, "offer", keywords={}, volumes=list(names)).exit_status == 0
    elif entry_point == "withdraw":
        assert run_module("evs_transfer", auth=server.cloud(SOURCE)["auth"], volumes=list(names))["changed"]
    else:
        return {"volumes": list(names)}
    return {}


def state(server: EmulatorServer) -> list[tuple[str, str, str]]:
    return sorted((disk["name"], disk["tenant"], disk["status"]) for disk in server.volumes())


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_a_task_in_check_mode_is_a_rehearsal(emulator: EmulatorServer, tmp_path: Path, entry_point: str) -> None:
    """T3: the flag of the command line says nothing of the task."""
    emulator.create_volume(SOURCE, "one")
    emulator.create_volume(SOURCE, "two")
    given = prepare(emulator, tmp_path, entry_point, "one", "two")
    before = state(emulator), [row["id"] for row in emulator.transfers()]
    run = role(emulator, tmp_path, entry_point, keywords={"check_mode": True}, **given)
    assert run.exit_status == 0, run.output
    assert "2 would be " in run.words
    assert (state(emulator), [row["id"] for row in emulator.transfers()]) == before
    assert told(tmp_path)["rehearsed"] is True


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_a_task_out_of_check_mode_is_none(emulator: EmulatorServer, tmp_path: Path, entry_point: str) -> None:
    """T4: what is done all the same is told as done, and its keys are kept."""
    emulator.create_volume(SOURCE, "one")
    given = prepare(emulator, tmp_path, entry_point, "one")
    run = role(emulator, tmp_path, entry_point, "--check", keywords={"check_mode": False}, **given)
    assert run.exit_status == 0, run.output
    assert told(tmp_path)["rehearsed"] is (entry_point == "check")
    expected = {
        "main": ("one", TARGET, "available"),
        "check": ("one", SOURCE, "available"),
        "offer": ("one", SOURCE, "awaiting-transfer"),
        "accept": ("one", TARGET, "available"),
        "withdraw": ("one", SOURCE, "available"),
    }
    assert state(emulator) == [expected[entry_point]]
    if entry_point == "offer":
        taken = role(emulator, tmp_path, "accept", keywords={})
        assert taken.exit_status == 0, taken.output
        assert state(emulator) == [("one", TARGET, "available")]


def test_a_withdrawn_offer_does_not_spoil_the_handoff(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T9: offer leaves dead rows out; accept tells those that died on the way, and is green if all others arrived."""
    names = ["one", "two", "three", "four"]
    for name in names:
        emulator.create_volume(SOURCE, name)
    assert role(emulator, tmp_path, "offer", keywords={}, volumes=names).exit_status == 0
    assert role(emulator, tmp_path, "withdraw", keywords={}, volumes=["one"]).exit_status == 0
    dead = role(emulator, tmp_path, "accept", keywords={})
    assert dead.exit_status == 0, dead.output
    assert "3 accepted, 0 already there, 1 gone." in dead.words
    assert "of disk one (" in dead.words
    renewed = role(emulator, tmp_path, "offer", keywords={}, volumes=names)
    assert renewed.exit_status == 0, renewed.output
    assert "tenant-a: 1 offered, 3 gone." in renewed.words
    assert role(emulator, tmp_path, "withdraw", keywords={}, volumes=["one"]).exit_status == 0
    # The fourth offer finds one row dead, and the other disks gone.
    pruned = role(emulator, tmp_path, "offer", keywords={}, volumes=names[1:])
    assert (pruned.exit_status, "tenant-a: 0 offered, 3 gone." in pruned.words) == (0, True), pruned.output
    last = role(emulator, tmp_path, "accept", keywords={})
    assert last.exit_status == 0, last.output
    assert "0 accepted, 3 already there." in last.words


def test_a_disk_that_was_deleted_has_left_the_source(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T10: taken is said of nothing that is not known to be taken."""
    disk = emulator.create_volume(SOURCE, "one")
    assert role(emulator, tmp_path, "offer", keywords={}, volumes=["one"]).exit_status == 0
    assert role(emulator, tmp_path, "withdraw", keywords={}).exit_status == 0
    emulator.delete_volume(disk)
    again = role(emulator, tmp_path, "offer", keywords={}, volumes=["one"])
    assert again.exit_status == 0, again.output
    assert "tenant-a: 0 offered, 1 gone." in again.words
    assert "has left project tenant-a" in again.words
    assert "where it is now is not known here" in again.words
    assert "taken" not in again.words


def test_a_withdrawal_that_fails_is_told_like_others(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T13: summary, report and what to do, and the exit status."""
    emulator.create_volume(SOURCE, "one")
    prepare(emulator, tmp_path, "withdraw", "one")
    emulator.set_outage("evs", 403, path="/os-volume-transfer", method="DELETE")
    run = role(emulator, tmp_path, "withdraw", keywords={}, report_dir=str(tmp_path / "reports"))
    emulator.end_outages()
    assert run.exit_status != 0
    assert "tenant-a: 0 withdrawn, 1 failed." in run.words
    assert "was not withdrawn: " in run.words
    assert "evs:transfers:delete" in run.words
    assert "Run again to finish the rest." in run.words
    assert (tmp_path / "reports" / "report.json").exists()


def test_offers_whose_keys_cannot_be_kept_are_withdrawn(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T14: the disk with the handoff file is full when the keys are there."""
    disk = emulator.create_volume(SOURCE, "one")
    row = {"id": disk, "name": "one", "size": 1, "volume_type": "SSD", "outcome": "offered", "reasons": []}
    row |= {"owner": emulator.project_id(SOURCE), "transfer_id": None, "at": None, "message": None}
    row |= {"server": None, "device": None}
    place = {"project_id": emulator.project_id(SOURCE), "project_name": SOURCE, "region_name": None}
    facts = {
        "__tenant_transfer_batches": [],
        "__tenant_transfer_report_problem": "",
        "__tenant_transfer_next": [],
        "__tenant_transfer_leaving": {},
        "__tenant_transfer_entering": {},
        "__tenant_transfer_attachments": {"detached": [], "attached": [], "restored": []},
        "__tenant_transfer_begun": {
            "entry_point": "offer",
            "success": "offered",
            "run": "20260101T000000Z-000000",
            "started_at": "2026-01-01T00:00:00Z",
            "has_servers": False,
        },
        "__tenant_transfer_handoff_source": {},
        "__tenant_transfer_rehearsal": {
            "disks": [row],
            "problems": [],
            "check_mode": False,
            "source": place,
            "to_do": [disk],
        },
    }
    tenant = {
        "tenant_transfer_source": {"cloud": SOURCE},
        "tenant_transfer_handoff_file": str(tmp_path / "nowhere" / "handoff.vault"),
        "tenant_transfer_handoff_password": PASSWORD,
        "__tenant_transfer_number": 1,
    }

    def part(name: str) -> dict[str, Any]:
        included = {"name": "otc.evs.tenant_transfer", "tasks_from": name}
        return {"ansible.builtin.include_role": included, "vars": tenant}

    tasks = [{"ansible.builtin.set_fact": facts}, part("offer_some"), part("finish")]
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    run = play(emulator, tmp_path, [{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}])
    assert run.exit_status != 0
    assert "tenant-a: 0 offered, 1 failed." in run.words
    assert "Disk one was offered, but the handoff file" in run.words
    assert "could not be written" in run.words
    assert "The offer was withdrawn again. Run again." in run.words
    assert state(emulator) == [("one", SOURCE, "available")]


def test_a_report_that_cannot_be_written_comes_after_the_summary(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T15: what has happened is told first."""
    emulator.create_volume(SOURCE, "one")
    (tmp_path / "plain").write_text("no directory", encoding="utf-8")
    run = move_on(emulator, tmp_path)(["one"], tenant_transfer_report_dir=str(tmp_path / "plain" / "reports"))
    assert run.exit_status != 0
    assert run.words.index("1 moved, 0 already there.") < run.words.index("The report cannot be written")
    assert state(emulator) == [("one", TARGET, "available")]


def test_the_record_of_a_move_survives_later_runs(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T16: who was moved when, and by which run, after another run and a check."""
    disk = emulator.create_volume(SOURCE, "one")
    reports = tmp_path / "reports"
    move = move_on(emulator, tmp_path)
    assert move(["one"], tenant_transfer_report_dir=str(reports)).exit_status == 0
    first = json.loads((reports / "report.json").read_text(encoding="utf-8"))
    (row,) = first["state"]
    assert (row["id"], row["outcome"]) == (disk, "moved")
    assert row["moved_at"]
    assert row["moved_by"] == first["runs"][0]["run"]
    assert move(["one"], tenant_transfer_report_dir=str(reports)).exit_status == 0
    checked = move(["one"], "--check", tenant_transfer_report_dir=str(reports))
    assert checked.exit_status == 0, checked.output
    last = json.loads((reports / "report.json").read_text(encoding="utf-8"))
    assert [(run["entry_point"], run["rehearsed"]) for run in last["runs"]] == [
        ("main", False),
        ("main", False),
        ("main", True),
    ]
    (still,) = last["state"]
    assert (still["moved_at"], still["moved_by"]) == (row["moved_at"], row["moved_by"])


def test_a_damaged_file_asks_of_each_side_what_it_can_do(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T17: who has written the file does not have it sent again."""
    emulator.create_volume(SOURCE, "one")
    (tmp_path / "handoff.vault").write_text("$ANSIBLE_VAULT;1.1;AES256\nabcdef\n", encoding="utf-8")
    offered = role(emulator, tmp_path, "offer", keywords={}, volumes=["one"])
    accepted = role(emulator, tmp_path, "accept", keywords={})
    assert "move it away and run again" in offered.words
    assert "sent again" not in offered.words
    assert "let the source send it again." in accepted.words
    assert emulator.transfers() == []


def test_a_table_of_many_disks_has_totals_and_stays_short(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T18: those that go the usual way are counted, those that stay are named."""
    emulator.create_volumes(SOURCE, [{"name": f"disk-{number:03}", "size": 2} for number in range(500)])
    emulator.create_volume(SOURCE, "held", size=3, attached=True)
    run = move_on(emulator, tmp_path)(
        None, "--check", tenant_transfer_select={"name": "*"}, tenant_transfer_blocked="skip"
    )
    assert run.exit_status == 0, run.output
    assert "Total: 501 disks, 1,003 GiB: 500 to move, 1 blocked." in run.words
    assert "blocked (attached)" in run.words
    assert "... and 500 more disks" in run.words
    assert "disk-250" not in run.words


def test_a_long_batch_says_how_far_it_is_again_and_again(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T18: lines come while the module runs: here the cloud alone takes 12 seconds, and a line comes every 8."""
    emulator.create_volumes(SOURCE, [{"name": f"disk-{number:02}"} for number in range(12)])
    emulator.configure(latency=0.5)
    try:
        select = {"name": "*"}
        run = move_on(emulator, tmp_path)(None, tenant_transfer_select=select, tenant_transfer_concurrency=1)
    finally:
        emulator.configure(latency=0)
    assert run.exit_status == 0, run.output
    steps = [int(number) for number in re.findall(r"^\[localhost\] (\d+) of 12 disks tried", run.output, re.MULTILINE)]
    assert steps
    assert steps == sorted(steps)
    assert '"msg": "12 of 12 disks moved"' in run.output
    assert {disk["tenant"] for disk in emulator.volumes()} == {TARGET}


def test_an_offer_ends_with_what_comes_next(emulator: EmulatorServer, tmp_path: Path) -> None:
    """T19: the decision is to offer; where the keys are, and the command of the other team."""
    emulator.create_volume(SOURCE, "one")
    run = role(emulator, tmp_path, "offer", keywords={}, volumes=["one"])
    assert "one 1 GiB SSD tenant-a offer" in run.words
    assert f"The keys are in {tmp_path}/handoff.vault." in run.words
    assert "ansible-playbook -i localhost, otc.evs.accept -e @accept.yml" in run.words


@pytest.mark.parametrize("playbook", ["otc.evs.check", "otc.evs.transfer"])
def test_two_regions_are_told_before_anything_changes(emulator: EmulatorServer, tmp_path: Path, playbook: str) -> None:
    """T20: a disk stays in its region."""
    emulator.create_volume(SOURCE, "one")
    # The emulator's catalogue has one region: the endpoint stands in for the other's.
    there = evs_of(emulator, TARGET)._client.url
    elsewhere = {"auth": emulator.cloud(TARGET)["auth"], "region_name": "eu-nl", "endpoints": {"evs": there}}
    tenants = {"tenant_transfer_source": {"cloud": SOURCE}, "tenant_transfer_target": elsewhere}
    run = play(emulator, tmp_path, playbook, tenant_transfer_volumes=["one"], **tenants)
    assert run.exit_status != 0
    assert "The source is in region eu-de and the target in region eu-nl." in run.words
    assert state(emulator) == [("one", SOURCE, "available")]
