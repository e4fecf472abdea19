# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many pairs of tenants, spread over machines by the streams of ansible-runner, as automation controller does it.

A machine is a network namespace of its own, with a line to the one that the cloud is in; all of them are in a namespace
that this makes for itself.  That needs root, and the commands `ip`, `unshare` and `nsenter`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.memory import SELDOM, Peaks
from tests.benchmarks.pairs import FORKS, check_arrival, inventory_of, timed
from tests.benchmarks.results import LATENCY, Measured
from tests.benchmarks.subjects import TIMEOUT
from tests.emulator.server import EmulatorServer
from tests.support.conditions import wait_for
from tests.support.playbooks import BIN

MACHINES = 4
CLOUD = "10.77.0.1"
"""The address of the cloud, in a namespace where nobody else is."""
COMMANDS = ("ip", "unshare", "nsenter")


def can_be_made() -> bool:
    """Whether this user can make network namespaces here."""
    return os.geteuid() == 0 and all(map(shutil.which, COMMANDS))


def measured(pairs: int, disks: int) -> Measured:
    """What `main` of this file measures, in a process with a network namespace of its own."""
    command = ["unshare", "--net", sys.executable, "-m", __name__, str(pairs), str(disks)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT)
    return Measured(**json.loads(done.stdout))


def ip(*words: str, of: int | None = None) -> None:
    """Set up the network of this namespace, or of that of a process."""
    inside = ["nsenter", "--target", str(of), "--net"] if of else []
    subprocess.run([*inside, "ip", *words], check=True)


@contextmanager
def machine(number: int) -> Iterator[int]:
    """A network namespace with a line to this one; gives the process that holds it."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    try:
        ours = Path("/proc/self/ns/net").readlink()
        wait_for(lambda: Path(f"/proc/{holder.pid}/ns/net").readlink() != ours)
        here, there = f"cloud{number}", f"machine{number}"
        ip("link", "add", here, "type", "veth", "peer", "name", there)
        ip("link", "set", there, "netns", str(holder.pid))
        ip("address", "add", f"10.77.{number}.1/24", "dev", here)
        ip("link", "set", here, "up")
        ip("link", "set", "lo", "up", of=holder.pid)
        ip("address", "add", f"10.77.{number}.2/24", "dev", there, of=holder.pid)
        ip("link", "set", there, "up", of=holder.pid)
        ip("route", "add", "default", "via", f"10.77.{number}.1", of=holder.pid)
        yield holder.pid
    finally:
        holder.kill()
        holder.wait()


def fill_job(job: Path, inventory: Path, names: str, clouds: Path) -> None:
    """What is sent to a machine: the pairs of its slice."""
    for folder in ("project", "inventory", "env"):
        (job / folder).mkdir(parents=True)
    shutil.copy(inventory, job / "inventory")
    settings = f"OS_CLIENT_CONFIG_FILE: {clouds}\nANSIBLE_COLLECTIONS_PATH: {os.environ['ANSIBLE_COLLECTIONS_PATH']}\n"
    (job / "env" / "envvars").write_text(settings, encoding="utf-8")
    (job / "env" / "extravars").write_text("transfer_hosts: pairs\n", encoding="utf-8")
    (job / "env" / "cmdline").write_text(f"--forks {FORKS // MACHINES} --limit {names}", encoding="utf-8")


def stream(server: EmulatorServer, own: Path, inventory: Path, names: str, holder: int) -> float:
    """Send a machine its slice, and take what it returns; gives the megabytes of its ansible-playbook."""
    runner = str(BIN / "ansible-runner")
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    inside = ["nsenter", "--target", str(holder), "--net"]
    fill_job(own / "sent", inventory, names, server.clouds_file)
    sent = [runner, "transmit", str(own / "sent"), "-p", "otc.evs.transfer"]
    job = subprocess.run(sent, stdout=subprocess.PIPE, env=env, check=True).stdout
    worker = subprocess.Popen(
        [*inside, runner, "worker", "--private-data-dir", str(own / "worker")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=env,
    )
    try:
        with Peaks(worker.pid, SELDOM) as peaks:
            returned = worker.communicate(job, timeout=TIMEOUT)[0]
    finally:
        worker.kill()
    received = [runner, "process", str(own / "received")]
    shown = subprocess.run(received, input=returned, stdout=subprocess.PIPE, env=env, check=True).stdout
    if worker.returncode:
        raise RuntimeError(shown.decode())
    return peaks.controller


def streams(server: EmulatorServer, home: Path, inventory: Path, pairs: int, holders: list[int]) -> float:
    """All machines at the same time; gives the megabytes of the largest ansible-playbook."""

    def one(part: int) -> float:
        names = ",".join(f"pair-{index:03}" for index in range(part, pairs, len(holders)))
        return stream(server, home / f"machine-{part}", inventory, names, holders[part])

    with ThreadPoolExecutor(len(holders)) as workers:
        peaks = list(workers.map(one, range(len(holders))))
    check_arrival(server)
    return max(peaks)


def main(pairs: int, disks: int) -> None:
    """Measure, and print the figures as JSON; in a network namespace that has nothing yet."""
    ip("link", "set", "lo", "up")
    ip("address", "add", f"{CLOUD}/32", "dev", "lo")
    with ExitStack() as stack:
        server = stack.enter_context(EmulatorServer(latency=LATENCY, host=CLOUD))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        inventory = inventory_of(server, home, pairs, disks)
        holders = [stack.enter_context(machine(number)) for number in range(1, MACHINES + 1)]
        print(json.dumps(asdict(timed(lambda: streams(server, home, inventory, pairs, holders)))))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
