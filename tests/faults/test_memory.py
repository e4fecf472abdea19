# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others send takes no more memory than is promised, whatever it is (S8, S10).

Each case runs in a process of its own, whose peak the kernel knows. Only memory is asserted, no time.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ansible_collections.otc.evs.plugins.plugin_utils import _handoff
from ansible_collections.otc.evs.plugins.plugin_utils._handoff import (
    MOST_BYTES,
    MOST_TRANSFERS,
    HandoffError,
    merge,
    seal,
)
from tests.conftest import ROOT
from tests.emulator.server import EmulatorServer
from tests.support.rows import HERE
from tests.support.scripted import Step, scripted
from tests.support.server import TARGET

MOST_MB = 300
BEGIN = """
import json, sys
import tests.conftest
given = json.load(sys.stdin)
"""
END = """
import re
with open("/proc/self/status", encoding="utf-8") as status:
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1]) // 1000
print(json.dumps([peak, told]))
"""


def peak_of(code: str, **given: object) -> tuple[int, str]:
    """The memory in MB that some code takes, and the text that it leaves in `told`."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code + END],
        input=json.dumps(given),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    peak, told = json.loads(done.stdout.splitlines()[-1])
    return peak, told


def body_of(unit: bytes, mebibytes: int) -> bytes:
    return b'{"volumes": [' + unit * (mebibytes * 2**20 // len(unit)) + b"0]}"


BODIES: Mapping[str, bytes] = {
    "objects": body_of(b"{},", 63),
    "nested": body_of(b'{"a":{"b":{"c":{}}}},', 63),
    "most parts": body_of(b'{"a":[1.5,{"b":"cc"}]},', 5),
    "one text": b'{"volumes": "' + "\N{GRINNING FACE}".encode() + b"x" * (60 * 2**20) + b'"}',
}
ANSWER = """
from tests.support.modules import run_module
told = run_module("evs_volume_info", auth=given["auth"], endpoints={"evs": given["url"]})["msg"]
"""


def sends(body: bytes, packed: bool) -> Step:
    content = gzip.compress(body, 1) if packed else body
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n" + "Content-Encoding: gzip\r\n" * packed

    def step(connection: socket.socket) -> None:
        try:
            connection.sendall(f"{head}\r\n".encode() + content)
        except OSError:
            connection.close()

    return step


@pytest.mark.parametrize(("name", "packed"), [*((name, False) for name in BODIES), ("objects", True)])
def test_an_answer_of_many_parts(emulator: EmulatorServer, name: str, packed: bool) -> None:
    """S10: 63 MiB of `{},` took 1.8 GB."""
    with scripted(*[sends(BODIES[name], packed)] * 3) as script:
        peak, told = peak_of(ANSWER, auth=emulator.cloud(TARGET)["auth"], url=script.url)
    assert peak < (MOST_MB if name != "one text" else 2 * MOST_MB + 50), told
    assert name in ("most parts", "one text") or "the answer has more than 1,000,000 parts" in told


def rows(number: int) -> list[dict[str, object]]:
    """Offers as evs_transfer returns them."""
    return [
        {"id": f"{n:032x}", "volume_id": f"{n + 10**9:032x}", "auth_key": f"{n:016x}", "volume_name": f"app-data-{n}"}
        | {"size": 100, "volume_type": "SSD", "created_at": "2026-01-01T00:00:00.123456Z"}
        for n in range(number)
    ]


def sealed(number: int) -> str:
    about = {"source": HERE.as_result(), "name": "n", "target_project": None, "created": "2026-01-01T00:00:00Z"}
    return seal(merge(None, rows(number), about), PASSWORD)


PASSWORD = "not-a-secret"
READ = """
from pathlib import Path
from ansible_collections.otc.evs.plugins.lookup.handoff import read
found = read(Path(given["path"]), given["password"], None)
told = found.get("problem") or str(len(found["transfers"]))
"""


def peak_of_file(path: Path, text: str) -> tuple[int, str]:
    path.write_text(text, encoding="utf-8")
    return peak_of(READ, path=str(path), password=PASSWORD)


def test_the_largest_handoff(tmp_path: Path) -> None:
    text = sealed(MOST_TRANSFERS)
    assert len(text) < MOST_BYTES * 0.7
    peak, told = peak_of_file(tmp_path / "handoff.vault", text)
    assert told == f"{MOST_TRANSFERS}"
    assert peak < MOST_MB


def test_a_handoff_of_a_hundred_thousand_rows(tmp_path: Path) -> None:
    """S8: it took 1.2 GB. One is not written, and not read, whatever stands in a file of that size."""
    with pytest.raises(HandoffError, match=r"it would have more than 20,000 transfers\. Let the disks be"):
        sealed(100_000)
    peak, told = peak_of_file(tmp_path / "handoff.vault", "$ANSIBLE_VAULT;1.1;AES256\n" + "36343238\n" * (108 * 2**17))
    assert told == "it is larger than 32 MiB."
    assert peak < MOST_MB


@pytest.mark.parametrize("unit", ["{},", '{"a":[{}]},'])
def test_a_handoff_that_is_full_of_junk(tmp_path: Path, unit: str) -> None:
    clear = '{"transfers":[' + unit * (MOST_BYTES * 6 // 25 // len(unit)) + "0]}"
    text = _handoff._vault(PASSWORD).encrypt(clear).decode()
    assert MOST_BYTES * 0.95 < len(text) < MOST_BYTES
    peak, told = peak_of_file(tmp_path / "handoff.vault", text)
    assert told.startswith("it has more than 20,000 transfers. Let the disks be offered in parts")
    assert peak < MOST_MB


ACCEPT = """
from tests.support.modules import run_module
result = run_module("evs_transfer_accept", auth=given["auth"], transfers=given["rows"], rehearse=True)
told = str(len(result["disks"]))
"""


def test_the_module_that_accepts_the_largest_handoff(emulator: EmulatorServer) -> None:
    peak, told = peak_of(ACCEPT, auth=emulator.cloud(TARGET)["auth"], rows=rows(MOST_TRANSFERS))
    assert told == f"{MOST_TRANSFERS}"
    assert peak < MOST_MB
