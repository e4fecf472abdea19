# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many pairs of tenants at once, in the ways in which Ansible spreads hosts; and one pair twice at once."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
import yaml

from tests.emulator.server import EmulatorServer
from tests.support.playbooks import BIN, TIMEOUT, begin, play
from tests.support.samples import sample
from tests.support.server import SOURCE, TARGET

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "pairs"
INVENTORY = EXAMPLE / "pairs.yml"
PAIRS: dict[str, dict[str, Any]] = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["pairs"]["hosts"]
DISKS = [disk for pair in PAIRS.values() for disk in pair["tenant_transfer_volumes"]]
MOVE_ALL = ("otc.evs.transfer", "-i", str(INVENTORY), "-e", "transfer_hosts=pairs")
MOVE_BATCH = "otc.evs.tenant_transfer : Move the disks of the batch"


@pytest.fixture
def clouds(emulator: EmulatorServer) -> str:
    """Disks for all pairs of the example, and its clouds.yaml: all sources are one tenant, and all targets."""
    emulator.create_volumes(SOURCE, [{"name": disk} for disk in DISKS])
    entries = {}
    for pair in PAIRS.values():
        for side, tenant in (("source", SOURCE), ("target", TARGET)):
            entries[pair[f"tenant_transfer_{side}"]["cloud"]] = emulator.cloud(tenant)
    return yaml.safe_dump({"clouds": entries})


@pytest.fixture
def homes(clouds: str, tmp_path: Path) -> list[Path]:
    """The homes of three users with that clouds.yaml."""
    homes = [tmp_path / name for name in ("one", "two", "three")]
    for home in homes:
        configuration = home / ".config" / "openstack"
        configuration.mkdir(parents=True)
        (configuration / "clouds.yaml").write_text(clouds, encoding="utf-8")
    return homes


def assert_moved(emulator: EmulatorServer, *pairs: str) -> None:
    """Exactly the disks of these pairs, or of all, are the target's; all can be used and none is offered."""
    wanted = [disk for pair in pairs or PAIRS for disk in PAIRS[pair]["tenant_transfer_volumes"]]
    assert sorted(disk["name"] for disk in emulator.volumes(TARGET)) == sorted(wanted)
    assert {disk["status"] for disk in emulator.volumes()} == {"available"}
    assert emulator.transfers() == []


def test_one_play_moves_the_disks_of_all_pairs_side_by_side(emulator: EmulatorServer, homes: list[Path]) -> None:
    one_a_batch = ("-e", "tenant_transfer_batch_size=1")
    moved = play(None, homes[0], *MOVE_ALL, *one_a_batch, "--forks", str(len(PAIRS)))
    assert moved.exit_status == 0, moved.output
    assert_moved(emulator)
    # Ansible says once what a number of hosts do side by side.
    sizes = [len(pair["tenant_transfer_volumes"]) for pair in PAIRS.values()]
    assert len(sizes) > max(sizes)
    assert moved.output.count(f"TASK [{MOVE_BATCH}]") == max(sizes), moved.output
    again = play(None, homes[0], *MOVE_ALL)
    assert again.exit_status == 0, again.output
    assert again.changed == 0


def test_a_play_takes_the_pairs_in_turns(emulator: EmulatorServer, homes: list[Path]) -> None:
    three = ("mail", "wiki", "archive")
    playbook = str(EXAMPLE / "two_at_a_time.yml")
    moved = play(None, homes[0], playbook, "-i", str(INVENTORY), "--limit", ",".join(three))
    assert moved.exit_status == 0, moved.output
    assert moved.output.count("PLAY [") == 2
    assert_moved(emulator, *three)


def test_slices_move_their_pairs_side_by_side(emulator: EmulatorServer, homes: list[Path]) -> None:
    slices = [list(PAIRS)[number::3] for number in range(3)]
    jobs = zip(homes, slices, strict=True)
    begun = [begin(None, home, *MOVE_ALL, "--limit", ",".join(pairs)) for home, pairs in jobs]
    for running, pairs in zip(begun, slices, strict=True):
        run = running.result()
        assert run.exit_status == 0, run.output
        assert {pair for pair in PAIRS if f"ok: [{pair}]" in run.output} == set(pairs)
    assert_moved(emulator)


def test_a_pair_that_fails_does_not_stop_the_others(emulator: EmulatorServer, homes: list[Path]) -> None:
    broken = next(disk for disk in emulator.volumes() if disk["name"] == "wiki01-data")
    emulator.update_volume(broken["id"], status="error")
    run = play(None, homes[0], *MOVE_ALL, "--limit", "wiki,reporting")
    assert run.exit_status != 0
    assert {disk["name"] for disk in emulator.volumes(TARGET)} == {"reports-2025"}
    emulator.update_volume(broken["id"], status="available")
    again = play(None, homes[0], *MOVE_ALL, "--limit", "wiki,reporting")
    assert again.exit_status == 0, again.output
    assert_moved(emulator, "wiki", "reporting")


def test_the_streams_of_ansible_runner_move_disks_and_hold_no_key(
    emulator: EmulatorServer, clouds: str, tmp_path: Path
) -> None:
    keys = [f"{number:016}" for number in range(1, len(DISKS) + 1)]
    emulator.set_auth_keys(*keys)
    sender, worker, receiver = (tmp_path / name for name in ("sender", "worker", "receiver"))
    fill_job(sender, clouds, worker)
    # As in an execution environment, the collection is where the worker is.
    installed = {"ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"]}
    with (
        ansible_runner("transmit", sender, "-p", MOVE_ALL[0]) as sent,
        ansible_runner("worker", "--private-data-dir", worker, stdin=sent.stdout, **installed) as worked,
    ):
        returned = output_of(worked)
        assert sent.wait(TIMEOUT) == 0
    with ansible_runner("process", receiver, stdin=subprocess.PIPE) as processed:
        shown = output_of(processed, returned)
    assert b"3 moved, 0 already there" in shown
    assert_moved(emulator)
    artifacts = [path.read_bytes() for path in (receiver / "artifacts").rglob("*") if path.is_file()]
    assert b"successful" in artifacts
    for secret in (*keys, "alicepw", "bobpw"):
        assert not [text for text in (returned, shown, *artifacts) if secret.encode() in text]


def fill_job(job: Path, clouds: str, worker: Path) -> None:
    """Prepare a job as automation controller does: inventory, variables, and a file for the credentials."""
    for directory in ("project", "inventory", "env"):
        (job / directory).mkdir(parents=True)
    (job / "inventory" / INVENTORY.name).write_bytes(INVENTORY.read_bytes())
    (job / "env" / "clouds.yaml").write_text(clouds, encoding="utf-8")
    (job / "env" / "envvars").write_text(f"OS_CLIENT_CONFIG_FILE: {worker}/env/clouds.yaml\n", encoding="utf-8")
    (job / "env" / "extravars").write_text("transfer_hosts: pairs\n", encoding="utf-8")
    (job / "env" / "cmdline").write_text("-vvv --forks 3", encoding="utf-8")


@contextmanager
def ansible_runner(
    verb: str, *arguments: str | Path, stdin: int | IO[bytes] | None = subprocess.DEVNULL, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """One of the three parts of a job, in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "ANSIBLE_"))}
    process = subprocess.Popen(
        [BIN / "ansible-runner", verb, *arguments],
        env={**inherited, **variables, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        stdin=stdin,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def output_of(process: subprocess.Popen[bytes], given: bytes | None = None) -> bytes:
    output, dummy = process.communicate(given, timeout=TIMEOUT)
    assert process.returncode == 0, output
    return output


@pytest.mark.parametrize("latency", sample([0.2, 0.0], 2))
def test_two_runs_on_one_pair_at_once_move_all_disks_and_lock_none(
    emulator: EmulatorServer, homes: list[Path], latency: float
) -> None:
    emulator.configure(latency=latency)
    move_shop = ("otc.evs.transfer", "-i", str(INVENTORY), "-e", "transfer_hosts=shop")
    begun = [begin(None, home, *move_shop) for home in homes[:2]]
    both = [running.result() for running in begun]
    output = "\n".join(run.output for run in both)
    assert_moved(emulator, "shop")
    assert emulator.transfers() == [], output
    assert {disk["status"] for disk in emulator.volumes()} == {"available"}, output

    emulator.configure(latency=0)
    last = play(None, homes[2], *move_shop)
    assert last.exit_status == 0, last.output
    assert last.changed == 0, last.output
    assert_moved(emulator, "shop")
