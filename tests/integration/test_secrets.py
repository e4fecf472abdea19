# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key is in the result of evs_transfer and nowhere else."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import move_on, play_on
from tests.support.server import SOURCE, TARGET

# Keys that look like numbers: the ones that are most easily lost or changed on the way.
KEYS = ["1234567890123456", "12345678901234e5", "0000000000000007", "00000000000000ff"]
NAMES = [f"disk-{number}" for number in range(len(KEYS))]


class CommandLines:
    """What the command lines of all processes hold while a block runs."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> CommandLines:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue


def test_the_role_shows_no_key_at_any_verbosity(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.set_auth_keys(*KEYS)
    for name in NAMES:
        emulator.create_volume(SOURCE, name)
    with CommandLines() as commands:
        run = move_on(emulator, tmp_path)(NAMES, "-vvv", "--diff")
    assert run.exit_status == 0, run.output
    assert {volume["name"] for volume in emulator.volumes(TARGET)} == set(NAMES), "all keys worked"
    assert any("ansible-playbook" in line for line in commands.seen)
    for key in KEYS:
        assert key not in run.output
        assert not [line for line in commands.seen if key in line]
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    for password in ("alicepw", "bobpw"):
        assert password not in run.output


def test_a_failing_role_shows_no_key_either(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.set_auth_keys(*KEYS)
    for name in NAMES:
        emulator.create_volume(SOURCE, name)
    emulator.set_quota(TARGET, volumes={"limit": 2, "reserved": 0})
    # The quota is hidden from the check by ignoring it: the server refuses in the middle of a batch.
    tasks = [
        {"otc.evs.evs_transfer": {"cloud": SOURCE, "volumes": NAMES}, "register": "offered", "no_log": True},
        {
            "otc.evs.evs_transfer_accept": {
                "cloud": TARGET,
                "transfers": "{{ offered.transfers }}",
                "check_quota": False,
            }
        },
    ]
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    run = play_on(emulator, tmp_path)(
        [{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}], "-vvv"
    )
    assert run.exit_status != 0
    assert "was answered 413" in run.words
    for key in KEYS:
        assert key not in run.output


def test_a_registered_result_holds_the_key_as_the_string_it_is(emulator: EmulatorServer, tmp_path: Path) -> None:
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
