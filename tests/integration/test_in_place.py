# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module tells the same, whether Ansible packs it or runs it from where it lies, there in a process that is ready."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

from tests.emulator.server import EmulatorServer
from tests.support.conditions import wait_for
from tests.support.playbooks import begin, children, play
from tests.support.server import SOURCE, TARGET

THIS_PYTHON = "{{ ansible_playbook_python }}"


def test_packed_or_not_a_module_tells_the_same(emulator: EmulatorServer, tmp_path: Path) -> None:
    """With and without pipelining; also what a module says that fails."""
    emulator.create_volume(SOURCE, "a '{{ disk }}'")
    other_python = tmp_path / "python"
    other_python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    other_python.chmod(0o755)
    tasks = []
    for number, python in enumerate((THIS_PYTHON, str(other_python))):
        for pipelining in (True, False):
            variables = {"ansible_python_interpreter": python, "ansible_pipelining": pipelining}
            for name, options in {"good": {}, "bad": {"volumes": [""]}}.items():
                tasks.append(
                    {
                        "otc.evs.evs_volume_info": {"cloud": "{{ cloud }}", **options},
                        "register": f"{name}_{number}_{int(pipelining)}",
                        "vars": variables,
                        "ignore_errors": name == "bad",
                    }
                )
    checks = [f"{name}_{run} == {name}_0_1" for name in ("good", "bad") for run in ("0_0", "1_1", "1_0")]
    check = {"ansible.builtin.assert": {"that": [*checks, "good_0_1.volumes | length == 1", "bad_0_1 is failed"]}}
    plays = [{"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, check]}]
    run = play(emulator, tmp_path, plays, cloud=SOURCE)
    assert run.exit_status == 0, run.output


def command_of(pid: int) -> bytes:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


@pytest.mark.skipif(sys.platform != "linux", reason="There is such a process on Linux only.")
def test_modules_run_in_a_process_that_is_ready_and_ends_with_the_play(
    emulator: EmulatorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    emulator.create_volume(SOURCE, "disk")
    emulator.configure(latency=0.2)
    sides = {f"tenant_transfer_{side}": {"cloud": name} for side, name in (("source", SOURCE), ("target", TARGET))}
    running = begin(emulator, tmp_path, "otc.evs.transfer", **sides, tenant_transfer_volumes=["disk"])
    ready: list[int] = []

    def runs_a_module() -> bool:
        assert not running.is_over, running.result().output
        ready[:] = [pid for pid in children(running.pid) if b"_ready.serve" in command_of(pid)]
        return any(map(children, ready))

    wait_for(runs_a_module)
    modules = children(ready[0])
    wait_for(lambda: set(children(ready[0])) - set(modules))
    run = running.result()
    assert run.exit_status == 0, run.output
    assert not Path(f"/proc/{ready[0]}").exists()
    assert list(folder.iterdir()) == []
