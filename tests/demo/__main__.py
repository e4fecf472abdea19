# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the main job on the emulator: `make demo`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from tests.emulator.datasets import KEY
from tests.emulator.server import EmulatorServer

HERE = Path(__file__).parent
MOVE = HERE / "move.yml"
COMMAND = ["ansible-playbook", "-i", "localhost,", "otc.evs.transfer", "-e", f"@{MOVE.relative_to(HERE.parent.parent)}"]
TIMEOUT = 600
QUIET = ("ok: [localhost]", "changed: [localhost]", "skipping: [localhost]", "included: ")
"""How a task ends that has nothing to say."""
PROGRESS = "Say how far it is"
"""Of a few disks it says what the last lines say, and a step should not fill more than a screen."""


def main() -> int:
    """Say what would be done, do it, and do it again; return the exit status for the shell."""
    with EmulatorServer(rng_seed=1) as cloud, tempfile.TemporaryDirectory() as home:
        fill(cloud)
        say("1/5  An emulated cloud with two tenants. Who has which disk:")
        show(cloud)
        say("2/5  See what moving the disks of tests/demo/move.yml to tenant-b would do:")
        seen = play(cloud, home, "--check")
        say("3/5  Do it:")
        done = play(cloud, home)
        say("4/5  Who has which disk now:")
        show(cloud)
        say("5/5  The same again changes nothing:")
        again = play(cloud, home)
    say(
        "To move disks of your own, write your clouds and disks into a copy of tests/demo/move.yml, as the README says."
    )
    return seen or done or again


def fill(cloud: EmulatorServer) -> None:
    """Disks that can be moved, one that cannot, and a server that is shut off, with two data disks."""
    disks = [
        {"name": "app-data", "size": 100, "volume_type": "SSD"},
        {"name": "db-data", "size": 500, "volume_type": "ESSD"},
        {"name": "hr-data", "size": 200, "volume_type": "SSD", "metadata": KEY},
    ]
    cloud.load("tenant-a", volumes=disks)
    web = [{"name": "web-data", "size": 100}, {"name": "web-logs", "size": 40}]
    cloud.create_server("tenant-a", "web1", *web, status="SHUTOFF")
    cloud.create_server("tenant-b", "web2", status="SHUTOFF")


def say(line: str) -> None:
    print(f"\n=== {line}\n", flush=True)


def show(cloud: EmulatorServer) -> None:
    """Print a line for each data disk."""
    row = "{:<12} {:<10} {:>7}  {:<10} {}"
    seats = {
        seat["volume_id"]: f"{server['name']} {seat['device']}"
        for server in cloud.servers()
        for seat in server["seats"]
    }
    print(row.format("DISK", "OWNER", "SIZE", "STATUS", "SERVER"))
    for disk in sorted(cloud.volumes(), key=lambda disk: str(disk["name"])):
        if disk["name"].endswith("-system"):
            continue
        size = f"{disk['size']} GiB"
        print(row.format(disk["name"], disk["tenant"], size, disk["status"], seats.get(disk["id"], "-")), flush=True)


def play(cloud: EmulatorServer, home: str, *arguments: str) -> int:
    """Run the playbook as a user would, and show what its tasks say; return its exit status."""
    environment = {
        **os.environ,
        "ANSIBLE_HOME": home,
        # Where the journal is.
        "XDG_STATE_HOME": home,
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "OS_CLIENT_CONFIG_FILE": str(cloud.clouds_file),
    }
    command = [*COMMAND, *arguments]
    print(f"$ {' '.join(command)}", flush=True)
    program = str(Path(sys.executable).parent / command[0])
    with subprocess.Popen(
        [program, *command[1:]], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in telling(process.stdout or ()):
            print(line, flush=True)
    return process.wait(TIMEOUT)


def telling(lines: Iterable[str]) -> Iterator[str]:
    """The lines of an output but for those of tasks that have nothing to say, or nothing else than the last one."""
    block: list[str] = []
    for line in chain(lines, [""]):
        if line.strip():
            block.append(line.rstrip())
            continue
        silent = all(said.startswith(QUIET) and not said.endswith("=>") for said in block[1:])
        if not silent and PROGRESS not in block[0]:
            yield block[0].replace("otc.evs.tenant_transfer : ", "").rstrip("* ")
            yield from block[1:]
        block = []


sys.exit(main())
