# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that another process runs finds what its own would give it, and ends as it would end there."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible import context

from ansible_collections.otc.evs.plugins.plugin_utils import _hand_over, _in_place, _ready
from tests.support.conditions import wait_for
from tests.support.playbooks import children

PROBE = """\
import json, os, signal, stat, sys, threading, time
from ansible.module_utils import basic
arguments = json.loads(basic._ANSIBLE_ARGS)
umask = os.umask(0)
files = {number: stat.S_IFMT(os.stat(f"/proc/self/fd/{number}").st_mode) for number in (0, 1, 2)}
seen = {
    "cwd": os.getcwd(),
    "environment": dict(os.environ),
    "umask": umask,
    "zone": time.tzname,
    "files": files,
    "extra": len(os.listdir("/proc/self/fd")),
    "arguments": arguments,
    "profile": basic._ANSIBLE_PROFILE,
    "name": __name__,
    "threads": threading.active_count(),
    "child": signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL,
}
print(json.dumps({"me": os.getpid(), "parent": os.getppid(), "seen": seen}), flush=True)
print("an error", file=sys.stderr)
if arguments.get("wait"):
    sys.stdin.read()
if arguments.get("signal"):
    os.kill(os.getpid(), arguments["signal"])
sys.exit(arguments.get("status", 0))
"""
"""A module that tells what it finds."""
START = """\
import sys
from ansible_collections.otc.evs.plugins.plugin_utils import _ready
print(_ready.start(sys.argv[1]), flush=True)
sys.stdin.read()
"""
"""What ansible-playbook does."""


class Collections(NamedTuple):
    """A folder of collections with this one and the probe, and what has started a process for it."""

    root: Path
    starter: subprocess.Popen[str]
    door: str

    @property
    def ready(self) -> int:
        """The number of the process that is ready."""
        return children(self.starter.pid)[0]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "collections" / "ansible_collections"
    (root / "otc").mkdir(parents=True)
    (root / "otc" / "evs").symlink_to(Path(__file__).parents[3])
    (root / "probe.py").write_text(PROBE, encoding="utf-8")
    return root


@contextlib.contextmanager
def started(root: Path, **environment: str) -> Iterator[Collections]:
    starter = subprocess.Popen(
        [sys.executable, "-c", START, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root.parent), **environment},
    )
    assert starter.stdout
    assert starter.stdin
    try:
        yield Collections(root, starter, starter.stdout.readline().strip())
    finally:
        starter.stdin.close()
        starter.wait()
        starter.stdout.close()


@pytest.fixture
def collections(root: Path) -> Iterator[Collections]:
    with started(root) as collections:
        yield collections


def begun(root: Path, door: str, cwd: Path | None = None, /, **arguments: Any) -> subprocess.Popen[str]:
    """A module's own process."""
    program = (_ready.HEAD + _in_place.SCRIPT).format(
        root=str(root), ready=door, name="ansible_collections.probe", params=json.dumps(arguments).encode()
    )
    path = root.parent / f"program-{len(list(root.parent.iterdir()))}"
    path.write_text(program, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(root.parent), **arguments.get("environment", {})},
    )


class Ended(NamedTuple):
    told: dict[str, Any]
    status: int
    errors: str
    own: int
    """The number of the module's own process."""


def ended(process: subprocess.Popen[str]) -> Ended:
    output, errors = process.communicate()
    return Ended(json.loads(output), process.returncode, errors, process.pid)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_it_finds_what_its_own_process_would_give_it(collections: Collections, tmp_path: Path) -> None:
    """The name of the directory is in bytes that are no text, and the request is longer than a line takes at once."""
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/d\xff")
    Path(odd).mkdir()
    given: dict[str, Any] = {"status": 3, "long": "x" * 1_000_000, "environment": {"TZ": "UTC-7", "ODD": "a\udcff=\n'"}}
    umask = os.umask(0o027)
    try:
        other = ended(begun(collections.root, collections.door, Path(odd), **given))
        itself = ended(begun(collections.root, "", Path(odd), **given))
    finally:
        os.umask(umask)
    assert (other.told["parent"], other.status, other.errors) == (collections.ready, 3, "an error\n")
    assert (itself.told["me"], itself.status, itself.errors) == (itself.own, 3, "an error\n")
    assert other.told["seen"] == itself.told["seen"]
    assert other.told["seen"]["umask"] == 0o027


def test_nobody_else_can_reach_it(collections: Collections) -> None:
    assert Path(collections.door).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("whose", ["our own", "another user's", "open to others", "a link"])
def test_nobody_comes_to_a_door_that_others_may_have_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whose: str
) -> None:
    """When the directory is gone, anybody can make one of its name, and the arguments hold passwords."""
    came: list[str] = []

    def connect(self: socket.socket, address: str) -> None:
        came.append(address)
        raise OSError

    folder = tmp_path / "own"
    folder.mkdir(mode=0o755 if whose == "open to others" else 0o700)
    owner = folder.stat().st_uid
    if whose == "another user's":
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if whose == "a link":
        (tmp_path / "link").symlink_to(folder)
        folder = tmp_path / "link"
    monkeypatch.setattr(socket.socket, "connect", connect)
    assert _hand_over.hand_over(str(folder), "module", b"secret") is None
    assert len(came) == (whose == "our own")


def test_many_run_at_the_same_time(collections: Collections) -> None:
    running = [begun(collections.root, collections.door, status=number, wait=True) for number in range(12)]
    wait_for(lambda: len(children(collections.ready)) == len(running))
    all_ended = [ended(each) for each in running]
    assert [each.status for each in all_ended] == list(range(12))
    # None has the line of another one, which would keep that one waiting.
    assert len({each.told["seen"]["extra"] for each in all_ended}) == 1
    wait_for(lambda: not children(collections.ready))


def test_a_signal_that_ends_it_is_told_and_the_next_one_runs(collections: Collections) -> None:
    assert ended(begun(collections.root, collections.door, signal=int(signal.SIGKILL))).status == 128 + signal.SIGKILL
    assert ended(begun(collections.root, collections.door)).status == 0


def test_it_ends_with_its_own_process(collections: Collections) -> None:
    own = begun(collections.root, collections.door, wait=True)
    assert own.stdout
    module = json.loads(own.stdout.readline())["me"]
    assert children(collections.ready) == [module]
    own.kill()
    wait_for(lambda: not is_alive(module))
    assert ended(begun(collections.root, collections.door)).status == 0
    own.communicate()


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONNOUSERSITE", "LC_ALL", "LANG", "HOME", "LD_LIBRARY_PATH"])
def test_what_is_read_at_the_start_of_python_is_not_changed_later(collections: Collections, name: str) -> None:
    """A module that wants it another way runs in its own process."""
    here = ended(begun(collections.root, collections.door, environment={name: "/nowhere"}))
    assert (here.told["me"], here.status) == (here.own, 0)
    assert ended(begun(collections.root, collections.door)).told["parent"] == collections.ready


def test_without_such_a_process_a_module_runs_in_its_own(root: Path, tmp_path: Path) -> None:
    (tmp_path / "door").write_text("")
    for door in (str(tmp_path / "nowhere"), str(tmp_path), str(root)):
        here = ended(begun(root, door))
        assert (here.told["me"], here.status) == (here.own, 0)


def test_it_is_not_ready_for_modules_that_miss_a_library(root: Path, tmp_path: Path) -> None:
    """The library may be there when the next module runs."""
    (tmp_path / "keystoneauth1.py").write_text("raise ImportError('missing')")
    path = f"{tmp_path}{os.pathsep}{root.parent}"
    with started(root, PYTHONPATH=path) as collections:
        here = ended(begun(root, collections.door, environment={"PYTHONPATH": path}))
    assert (here.told["me"], here.status) == (here.own, 0)


def test_if_it_is_lost_nobody_says_that_the_module_has_ended(collections: Collections) -> None:
    own = begun(collections.root, collections.door, wait=True)
    assert own.stdout
    own.stdout.readline()
    os.kill(collections.ready, signal.SIGKILL)
    assert own.wait() == 1
    output, errors = own.communicate()
    assert output == ""
    assert _hand_over.LOST in errors
    here = ended(begun(collections.root, collections.door))
    assert here.told["me"] == here.own


@pytest.mark.parametrize("how", ["it ends", "it is killed"])
def test_it_ends_after_who_has_started_it_and_leaves_nothing(root: Path, how: str) -> None:
    with started(root) as collections:
        ready = collections.ready
        own = begun(root, collections.door, wait=True)
        assert own.stdout
        own.stdout.readline()
        if how == "it is killed":
            collections.starter.kill()
            collections.starter.wait()
            assert is_alive(ready)
            assert Path(collections.door).exists()
        assert own.communicate() == ("", "an error\n")
        assert own.returncode == 0
    wait_for(lambda: not is_alive(ready))
    assert not Path(collections.door).exists()


def test_a_copy_that_cannot_be_made_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail() -> int:
        raise OSError

    monkeypatch.setattr(os, "fork", fail)
    address = _hand_over.door_in(os.open(tmp_path, os.O_PATH))
    with socket.socket(socket.AF_UNIX) as door, socket.socket(socket.AF_UNIX) as line:
        door.bind(address)
        door.listen()
        line.connect(address)
        assert _ready._Copies(door)._copied() is None
        assert line.recv(1) == b""


def test_its_folder_may_have_a_long_name(root: Path, tmp_path: Path) -> None:
    """The address of a socket has at most 107 bytes."""
    long = tmp_path / ("x" * 200)
    long.mkdir()
    with started(root, TMPDIR=str(long)) as collections:
        assert Path(collections.door).parent == long
        assert ended(begun(root, collections.door)).told["parent"] == collections.ready


@pytest.mark.parametrize("missing", ["tempfile.mkdtemp", "socket.socket.bind", "subprocess.Popen"])
def test_where_it_cannot_be_started_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(missing, refuse)
    assert _ready.start("/nowhere") == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wanted", "differs"),
    [
        (True, {}),
        (False, {"arguments": {}}),
        (False, {"platform": "darwin"}),
        (False, {"root": "collection"}),
        (False, {"parent": object()}),
    ],
)
def test_only_what_runs_tasks_starts_one(
    monkeypatch: pytest.MonkeyPatch, wanted: bool, differs: dict[str, Any]
) -> None:
    """Not a worker, nor what only reads documentation."""
    so = {"arguments": {"forks": 5}, "platform": "linux", "root": "ansible_collections", "parent": None, **differs}
    monkeypatch.setattr(context, "CLIARGS", so["arguments"])
    monkeypatch.setattr(sys, "platform", so["platform"])
    monkeypatch.setattr(_in_place, "ROOT", Path("/") / str(so["root"]))
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: so["parent"])
    assert _in_place._wants_one() is wanted
