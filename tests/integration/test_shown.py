# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see of a run, whatever others called their things: on the oldest and the newest ansible-core, too (S4).

A sample, since a playbook takes seconds; `tests/faults/test_hostile_texts.py` tries every text.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

from ansible_collections.otc.evs.plugins.plugin_utils._handoff import seal
from tests.emulator.server import EmulatorServer
from tests.support.playbooks import play
from tests.support.rows import HERE
from tests.support.server import SOURCE, TARGET

ACTING = "a\x1b[2J\x07\r\n\x85\x9b\u202e\u2066\u2028\u2029\u200b\u3164z" + "\u0335" * 20 + "{{ 7 * 7 }}<i>"
HALF = "half \ud800"
LONG = "x" * 10_000
PASSWORD = "not-a-secret"


def acting_in(text: str) -> set[str]:
    """The characters of an output that do more than stand there."""
    hidden = ("Cc", "Cf", "Zl", "Zp", "Cs")
    found = {character for character in text if unicodedata.category(character) in hidden or character == "\u3164"}
    return (found | {"marks"} if "\u0335" * 5 in text else found) - {"\n"}


def test_no_name_acts_on_a_terminal_or_in_a_browser(emulator: EmulatorServer, tmp_path: Path) -> None:
    bound: list[dict[str, Any]] = [
        {"name": ACTING, "snapshots": [{"name": ACTING}]},
        {"name": LONG, "metadata": {"orderID": ACTING}, "backups": [{"name": ACTING}]},
        {"name": HALF, "vaults": [{"name": ACTING, "policies": [{"name": ACTING}]}]},
        {"name": "other", "metadata": {"policy": LONG}, "volume_type": "SSD", "availability_zone": ACTING},
    ]
    emulator.load(SOURCE, volumes=[*bound, {"name": ACTING}, {"name": HALF}, {"name": "data"}])
    row = {"transfer_id": "0" * 32, "auth_key": "k", "volume_id": "1" * 32}
    row |= {"volume_name": ACTING, "volume_type": ACTING}
    source = {**HERE.as_result(), "project_name": ACTING}
    handoff = {"format": "otc.evs handoff", "version": 1, "source": source, "name": "n", "created": "2026"}
    for name, target in (("foreign", ACTING), ("dead", None)):
        content = {**handoff, "target_project": target, "transfers": [row]}
        (tmp_path / f"{name}.vault").write_text(seal(content, PASSWORD), encoding="utf-8")
    tasks = [
        role("main", tenant_transfer_select={"name": "*"}, tenant_transfer_blocked="skip"),
        role("accept", tenant_transfer_handoff_file="foreign.vault"),
        role("accept", tenant_transfer_handoff_file="dead.vault"),
        role("accept", tenant_transfer_handoff_file=f"{ACTING}.vault"),
        role("accept", tenant_transfer_handoff_file="none", tenant_transfer_report_dir=ACTING),
    ]
    variables = {
        "tenant_transfer_source": {"cloud": SOURCE},
        "tenant_transfer_target": {"cloud": TARGET},
        "tenant_transfer_handoff_password": PASSWORD,
        "tenant_transfer_report_dir": "reports",
    }
    plays = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    run = play(emulator, tmp_path, plays, "--diff", **variables)
    assert "3 moved, 0 already there, 4 blocked" in run.words, run.output
    assert "it is for project a\\x1b[2J" in run.words.replace("\\\\", "\\")
    assert acting_in(run.output) == set()
    assert "Traceback" not in run.output
    assert max(map(len, run.output.splitlines())) < 12_000
    page = (tmp_path / "reports" / "report.html").read_text(encoding="utf-8")
    assert acting_in(page) == set()
    assert "<i>" not in page
    assert emulator.transfers() == []


def test_who_asks_for_more_sees_the_result_and_nothing_internal(emulator: EmulatorServer, tmp_path: Path) -> None:
    """With -v Ansible shows what tasks return: what the role keeps for itself is shown from -vvv on."""
    server = {"status": "SHUTOFF"}
    emulator.create_server(SOURCE, "app01", {"name": "data"}, **server)
    emulator.create_server(TARGET, "app02", **server)
    variables: dict[str, Any] = {
        "tenant_transfer_source": {"cloud": SOURCE},
        "tenant_transfer_target": {"cloud": TARGET},
        "tenant_transfer_servers": [{"name": "app01", "target": "app02"}],
        "tenant_transfer_detach": "stopped",
        "tenant_transfer_report_dir": "reports",
    }
    run = play(emulator, tmp_path, "otc.evs.transfer", "-v", **variables)
    shown = [line for line in run.output.splitlines() if " => {" in line and "false_condition" not in line]
    assert not [
        line for line in shown if "__tenant_transfer" in line or '"check_mode"' in line or '"invocation"' in line
    ], run.output
    (result,) = (line for line in shown if '"disks"' in line)
    assert '"entry_point": "main"' in result
    again = play(emulator, tmp_path, "otc.evs.transfer", "-vvv", **variables)
    assert "already there" in again.words, again.output
    assert "__tenant_transfer_batches" in again.output
    # Of the modules' results, too; whether how they were called is shown, depends on the core.
    assert '"check_mode"' in again.output


def role(entry_point: str, **variables: object) -> dict[str, object]:
    """The role by one of its entry points, whatever becomes of it."""
    included = {"name": "otc.evs.tenant_transfer", "tasks_from": entry_point}
    return {
        "block": [{"ansible.builtin.include_role": included, "vars": {**variables}}],
        "rescue": [{"ansible.builtin.meta": "noop"}],
    }
