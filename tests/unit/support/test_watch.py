# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch finds a secret in every form, and in what does not stay."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.support.watch import Watch

SECRET = "5d01ab3fc9e2a774"


@pytest.mark.parametrize("before", ["", "x", "xx", "xxx"])
@pytest.mark.parametrize("encode", [bytes, bytes.hex, base64.b64encode])
def test_every_form(encode: Callable[[bytes], bytes | str], before: str, tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    encoded = encode(f"{before}{SECRET} and more".encode())
    watch.note("seen", encoded if isinstance(encoded, bytes) else encoded.encode())
    watch.note("other", SECRET[:-1].encode())
    assert watch.leaks({"key": SECRET, "token": "another"}) == {"key": {"seen"}}


def test_files_that_grow_and_files_that_go(tmp_path: Path) -> None:
    for folder in ("log", "temporary"):
        (tmp_path / folder).mkdir()
    log, temporary = tmp_path / "log" / "all", tmp_path / "temporary" / "file"
    watch = Watch(tmp_path)
    temporary.write_text(SECRET)
    log.write_text("begun")
    watch.look()
    temporary.unlink()
    log.write_text(f"begun {SECRET}")
    watch.look()
    log.write_text("turned over")
    watch.look()
    assert watch.where(SECRET) == {"log", "temporary"}
    assert watch.where("turned over") == {"log"}


def test_processes(tmp_path: Path) -> None:
    """Only those of the run that is watched: it may be one of many on this machine."""
    watch = Watch(tmp_path)
    command = [sys.executable, "-c", "import sys; print('begun', flush=True); sys.stdin.read()"]
    home = {**os.environ, "HOME": str(tmp_path)}
    with (
        subprocess.Popen([*command, "foreign"], stdin=PIPE, stdout=PIPE, text=True) as foreign,
        subprocess.Popen([*command, SECRET], stdin=PIPE, stdout=PIPE, text=True, env=home) as ours,
    ):
        for process in (foreign, ours):
            assert process.stdout
            assert process.stdout.readline() == "begun\n"
        watch.look()
    assert watch.where(SECRET) == {"argv"}
    assert watch.where(str(tmp_path)) == {"environ"}
    assert watch.where("foreign") == set()
