# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key stays the string that it is."""

from __future__ import annotations

from pathlib import Path

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import play_on
from tests.support.server import SOURCE

# Keys that look like numbers: the ones that are most easily lost or changed on the way.
KEYS = ["1234567890123456", "12345678901234e5", "0000000000000007", "00000000000000ff"]
NAMES = [f"disk-{number}" for number in range(len(KEYS))]


def test_a_registered_result_holds_it_unchanged(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.set_auth_keys(*KEYS)
    for name in NAMES:
        emulator.create_volume(SOURCE, name)
    keys = "{{ offered.transfers | map(attribute='auth_key') | sort }}"
    tasks = [
        {"otc.evs.evs_transfer": {"cloud": SOURCE, "volumes": NAMES}, "register": "offered", "no_log": True},
        {
            "ansible.builtin.assert": {"that": "keys == known"},
            "vars": {"keys": keys, "known": sorted(KEYS)},
            "no_log": True,
        },
    ]
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    run = play_on(emulator, tmp_path)(
        [{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}]
    )
    assert run.exit_status == 0, run.output
