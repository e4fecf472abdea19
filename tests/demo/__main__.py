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
SERVERS = HERE / "servers.yml"
COMMAND = ["ansible-playbook", "otc.evs.transfer", "-e"]
TIMEOUT = 600


def main() -> int:
    """Move the disks twice, and those of two servers; return the exit status for the shell."""
    with EmulatorServer(data="demo") as cloud, tempfile.TemporaryDirectory() as home:
        say("An emulated cloud with two tenants. Who owns what:")
        show_owners(cloud)
        say(f"Move disks from tenant-a to tenant-b: {' '.join(command_of(MOVE))}")
        first = play(cloud, home, MOVE)
        say("Who owns what now:")
        show_owners(cloud)
        say("The same again changes nothing:")
        second = play(cloud, home, MOVE)
        say("Two servers of tenant-a are shut off; their data disks are to go to servers of tenant-b:")
        add_servers(cloud)
        show_servers(cloud)
        say(f"Detach, move and attach them: {' '.join(command_of(SERVERS))}")
        third = play(cloud, home, SERVERS)
        say("Which server has which disks now:")
        show_servers(cloud)
    say("To move your own disks, copy tests/demo/move.yml, write your clouds and disks into it, and run")
    print("    ansible-playbook otc.evs.transfer -e @move.yml --check --diff")
    print("with your clouds.yaml in the current directory or in ~/.config/openstack; then the same without --check.")
    return first or second or third


def command_of(variables: Path) -> list[str]:
    return [*COMMAND, f"@{variables.relative_to(HERE.parent.parent)}"]


def add_servers(cloud: EmulatorServer) -> None:
    """Two servers with data disks, and two that are to get them."""
    shop = [{"name": "shop01-data", "size": 100}, {"name": "shop01-logs", "size": 40}]
    cloud.create_server("tenant-a", "shop01", *shop, status="SHUTOFF")
    cloud.create_server("tenant-a", "ledger01", {"name": "ledger01-data", "size": 300}, status="SHUTOFF")
    for name in ("shop01-new", "ledger01-new"):
        cloud.create_server("tenant-b", name, status="SHUTOFF")


def show_servers(cloud: EmulatorServer) -> None:
    """Print a line for each server."""
    names = {volume["id"]: volume["name"] for volume in cloud.volumes()}
    row = "{:<14} {:<10} {}"
    print(row.format("SERVER", "OWNER", "DISKS"))
    for server in cloud.servers():
        disks = [f"{names[seat['volume_id']]} ({seat['device']})" for seat in server["seats"]]
        print(row.format(server["name"], server["tenant"], ", ".join(disks)), flush=True)


def say(line: str) -> None:
    print(f"\n=== {line}", flush=True)


def show_owners(cloud: EmulatorServer) -> None:
    """Print a line for each disk."""
    row = "{:<31} {:<10} {:>9}  {}"
    print(row.format("DISK", "OWNER", "SIZE", "STATUS"))
    for volume in sorted(cloud.volumes(), key=lambda volume: str(volume["name"])):
        print(row.format(volume["name"], volume["tenant"], f"{volume['size']} GiB", volume["status"]), flush=True)


def play(cloud: EmulatorServer, home: str, variables: Path) -> int:
    """Run the playbook as a user would, with the credentials of the emulated cloud."""
    environment = {
        **os.environ,
        "ANSIBLE_HOME": home,
        # Where the journal is.
        "XDG_STATE_HOME": home,
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "OS_CLIENT_CONFIG_FILE": str(cloud.clouds_file),
    }
    command = [str(Path(sys.executable).parent / COMMAND[0]), *command_of(variables)[1:]]
    return subprocess.run(command, env=environment, timeout=TIMEOUT, check=False).returncode


sys.exit(main())
