# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the main job on the emulator: `make demo`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.emulator.server import EmulatorServer

HERE = Path(__file__).parent
MOVE = HERE / "move.yml"
COMMAND = ["ansible-playbook", "otc.evs.transfer", "-e", f"@{MOVE.relative_to(HERE.parent.parent)}"]
TIMEOUT = 600


def main() -> int:
    """Move the disks twice; return the exit status for the shell."""
    with EmulatorServer(data="demo") as cloud, tempfile.TemporaryDirectory() as home:
        say("An emulated cloud with two tenants. Who owns what:")
        show_owners(cloud)
        say(f"Move disks from tenant-a to tenant-b: {' '.join(COMMAND)}")
        first = play(cloud, home)
        say("Who owns what now:")
        show_owners(cloud)
        say("The same again changes nothing:")
        second = play(cloud, home)
    say("To move your own disks, copy tests/demo/move.yml, write your clouds and disks into it, and run")
    print("    ansible-playbook otc.evs.transfer -e @move.yml --check --diff")
    print("with your clouds.yaml in the current directory or in ~/.config/openstack; then the same without --check.")
    return first or second


def say(line: str) -> None:
    print(f"\n=== {line}", flush=True)


def show_owners(cloud: EmulatorServer) -> None:
    """Print a line for each disk."""
    row = "{:<31} {:<10} {:>9}  {}"
    print(row.format("DISK", "OWNER", "SIZE", "STATUS"))
    for volume in sorted(cloud.volumes(), key=lambda volume: str(volume["name"])):
        print(row.format(volume["name"], volume["tenant"], f"{volume['size']} GiB", volume["status"]), flush=True)


def play(cloud: EmulatorServer, home: str) -> int:
    """Run the playbook as a user would, with the credentials of the emulated cloud."""
    environment = {
        **os.environ,
        "ANSIBLE_HOME": home,
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "OS_CLIENT_CONFIG_FILE": str(cloud.clouds_file),
    }
    command = [str(Path(sys.executable).parent / COMMAND[0]), *COMMAND[1:]]
    return subprocess.run(command, env=environment, timeout=TIMEOUT, check=False).returncode


sys.exit(main())
