# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs begin, live side by side and end, whatever happens to who began them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cinder import process
from tests.cinder.config import REPOSITORY, LabConfig
from tests.cinder.errors import LabError
from tests.cinder.install import install
from tests.cinder.server import CinderServer
from tests.integration.cinder.client import Client
from tests.support.conditions import LONG, wait_for
from tests.support.server import SOURCE


def _gone(pid: int) -> bool:
    """Whether there is no such process; one that nobody has reaped yet is gone too."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def test_two_labs_share_nothing_and_the_one_that_stops_leaves_nothing_behind(server: CinderServer) -> None:
    server.create_volume(SOURCE, "disk")
    other = CinderServer(max_limit=2)
    other.start()
    try:
        pids, state = other.pids, other.clouds_file.parent
        other.create_volumes(SOURCE, [{"name": "a"}, {"name": "b"}, {"name": "c"}])
        page = Client(other, SOURCE).ask("GET", "/volumes").json()
        assert len(page["volumes"]) == 2
        assert page["volumes_links"]
        (volume,) = Client(server, SOURCE).ask("GET", "/volumes").json()["volumes"]
        assert volume["name"] == "disk"
    finally:
        other.stop()
    other.stop()
    assert len(pids) == 2
    assert all(map(_gone, pids))
    assert not state.exists()
    assert other.pids == []


def test_a_token_lives_as_long_as_it_was_told() -> None:
    server = CinderServer(token_lifetime=1)
    server.start()
    try:
        source = Client(server, SOURCE)
        wait_for(lambda: source.ask("GET", "/volumes").status_code == 401)
        server.create_volume(SOURCE, "disk")
    finally:
        server.stop()


def test_a_killed_parent_takes_the_lab_with_it() -> None:
    script = (
        "import threading\n"
        "from tests.cinder.server import CinderServer\n"
        "server = CinderServer()\n"
        "starter = threading.Thread(target=server.start)\n"
        "starter.start()\n"
        "starter.join()\n"
        "print(*server.pids, server.clouds_file.parent, flush=True)\n"
        "threading.Event().wait()\n"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        keystone, cinder, state = parent.stdout.readline().split()
        assert not _gone(int(keystone))
        assert not _gone(int(cinder))
        os.kill(parent.pid, signal.SIGKILL)
    wait_for(lambda: _gone(int(keystone)) and _gone(int(cinder)))
    assert not Path(state).exists()


def test_a_process_that_dies_at_its_start_is_told_at_once(tmp_path: Path) -> None:
    lab = LabConfig(install().venv, tmp_path, keystone_port=0, cinder_port=0)
    service = process.Service("keystone", "tests.cinder.no_such_app", lab, "http://127.0.0.1:9/")
    service.start(process.listen())
    with pytest.raises(LabError, match="no_such_app"):
        service.wait_until_healthy()
    service.stop()


def test_up_runs_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "tests.cinder", "up"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as lab:
        assert lab.stdout
        assert lab.stdout.readline().startswith("keystone http://127.0.0.1:")
        clouds = Path(lab.stdout.readline().split()[1])
        assert clouds.exists()
        lab.send_signal(signal.SIGINT)
        assert lab.wait(LONG) == 0
    assert not clouds.exists()
