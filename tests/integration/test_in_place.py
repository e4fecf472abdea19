# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module tells the same, whether Ansible packs it or runs it from where it lies."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.emulator.server import EmulatorServer
from tests.support.playbooks import play
from tests.support.server import SOURCE

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
