# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook otc.evs.trial, as somebody with an account runs it for the first time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from tests.emulator.server import EmulatorServer
from tests.support.playbooks import BIN, Run, Running, environment
from tests.support.server import SOURCE, SOURCE_READER, TARGET


def trial(server: EmulatorServer, home: Path, source: str = SOURCE) -> Run:
    variables = {
        "tenant_transfer_source": {"cloud": source},
        "tenant_transfer_target": {"cloud": TARGET},
        # The file of a move is used as it is.
        "tenant_transfer_volumes": ["app01-data"],
        "tenant_transfer_report_dir": "trial",
    }
    (home / "move.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
    command: list[str | Path] = [BIN / "ansible-playbook", "otc.evs.trial", "-e", "@move.yml"]
    return Running(command, environment(server, home), home).result()


def test_a_trial_tells_what_held_and_leaves_nothing(emulator: EmulatorServer, tmp_path: Path) -> None:
    run = trial(emulator, tmp_path)
    assert run.exit_status == 0, run.output
    assert run.changed == 0
    assert re.search(
        r"^ +\"yes +move it back +tenant-a +It was read back in project tenant-a\.", run.output, re.MULTILINE
    )
    page = (tmp_path / "trial" / "trial.md").read_text(encoding="utf-8")
    assert "| NO |" not in page
    assert "| yes | delete the disk |" in page
    transcript = json.loads((tmp_path / "trial" / "trial-transcript.json").read_text(encoding="utf-8"))
    assert transcript
    assert emulator.project_id(SOURCE) not in json.dumps(transcript)
    assert emulator.volumes() == []
    assert emulator.transfers() == []


def test_what_does_not_hold_is_told_and_ends_the_run(emulator: EmulatorServer, tmp_path: Path) -> None:
    run = trial(emulator, tmp_path, source=SOURCE_READER)
    assert run.exit_status == 2
    assert re.search(r"NO +create the disk +tenant-a +see the last lines", run.output)
    assert "Not tried, because an earlier step failed: judge the disk, " in run.words
    assert "1 of 9 steps failed" in run.words
    assert "| NO | create the disk |" in (tmp_path / "trial" / "trial.md").read_text(encoding="utf-8")
    assert emulator.volumes() == []
