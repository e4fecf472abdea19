# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key is in the result of evs_transfer and nowhere else."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import move_on, play_on
from tests.support.server import SOURCE, TARGET

# Keys that look like numbers: the ones that are most easily lost or changed on the way.
KEYS = ["1234567890123456", "12345678901234e5", "0000000000000007", "00000000000000ff"]
NAMES = [f"disk-{number}" for number in range(len(KEYS))]


class Watch:
    """Where secrets stand while a block runs: in command lines of any process, in files below a folder."""

    def __init__(self, home: Path, *secrets: str) -> None:
        self.home = home
        self.secrets = [secret.encode() for secret in secrets]
        self.commands = 0
        self.files = 0
        self.leaks: set[str] = set()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=[look]) for look in (self._processes, self._files)]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, look: Callable[[], None]) -> None:
        while not self._stop.wait(0.002):
            # Processes and files may go while they are looked for.
            with contextlib.suppress(OSError):
                look()

    def _processes(self) -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            text = self._read(path)
            self.commands += b"ansible-playbook" in text

    def _files(self) -> None:
        # A module and its arguments pass through a file here, unless they are piped.
        for path in self.home.glob("remote/**/*.py"):
            self.files += bool(self._read(path))

    def _read(self, path: Path) -> bytes:
        try:
            text = path.read_bytes()
        except OSError:
            return b""
        if any(secret in text for secret in self.secrets):
            self.leaks.add(str(path))
        return text


def test_the_role_shows_no_key_at_any_verbosity(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.set_auth_keys(*KEYS)
    for name in NAMES:
        emulator.create_volume(SOURCE, name)
    with Watch(tmp_path, *KEYS) as watch:
        run = move_on(emulator, tmp_path)(NAMES, "-vvv", "--diff")
    assert run.exit_status == 0, run.output
    assert {volume["name"] for volume in emulator.volumes(TARGET)} == set(NAMES), "all keys worked"
    assert watch.commands, "the watch saw the command"
    assert watch.files, "the watch saw modules that hold no key"
    assert watch.leaks == set()
    for key in KEYS:
        assert key not in run.output
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    for password in ("alicepw", "bobpw"):
        assert password not in run.output


def test_a_failing_role_shows_no_key_either(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.set_auth_keys(*KEYS)
    for name in NAMES:
        emulator.create_volume(SOURCE, name)
    emulator.set_outage("evs", 413, tenant=TARGET, path="/os-volume-transfer", method="POST")
    with Watch(tmp_path, *KEYS) as watch:
        run = move_on(emulator, tmp_path)(NAMES, "-vvv", "--diff")
    emulator.end_outages()
    assert run.exit_status != 0
    assert "was answered 413" in run.words
    assert "tenant-a -> tenant-b: 0 moved, 0 already there, 4 failed." in run.words
    assert emulator.transfers() == []
    assert watch.leaks == set()
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
