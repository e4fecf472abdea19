# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two teams with a controller each, who share nothing but a file."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import ON_CINDER
from tests.support.playbooks import BIN, Run, environment, play
from tests.support.server import SOURCE, TARGET, Server
from tests.support.tenants import evs_of

PASSWORD = "not-a-secret"
NAMES = ["app01-data", "app02-data", "db01-data"]


@dataclass
class Team:
    """A controller with the credentials of one tenant and a working directory of its own."""

    server: Server
    home: Path
    cloud: str
    side: str

    @property
    def file(self) -> Path:
        return self.home / "handoff.vault"

    def run(self, playbook: str, *arguments: str, password: str = PASSWORD, **variables: Any) -> Run:
        clouds = self.home / "clouds.yaml"
        own = {"clouds": {self.cloud: self.server.cloud(self.cloud)}}
        clouds.write_text(yaml.safe_dump(own), encoding="utf-8")
        given = {f"tenant_transfer_{self.side}": {"cloud": self.cloud}, **variables}
        if playbook != "otc.evs.withdraw":
            given["tenant_transfer_handoff_file"] = str(self.file)
            given["tenant_transfer_handoff_password"] = password
        return play(None, self.home, playbook, *arguments, **given)


@pytest.fixture
def team_a(server: Server, tmp_path: Path) -> Team:
    (tmp_path / "a").mkdir()
    return Team(server, tmp_path / "a", SOURCE, "source")


@pytest.fixture
def team_b(server: Server, tmp_path: Path) -> Team:
    (tmp_path / "b").mkdir()
    return Team(server, tmp_path / "b", TARGET, "target")


def send(sender: Team, receiver: Team) -> None:
    shutil.copy(sender.file, receiver.file)


def offer(team: Team, *arguments: str, **variables: Any) -> Run:
    return team.run("otc.evs.offer", *arguments, tenant_transfer_volumes=NAMES, **variables)


def keys(team: Team) -> dict[str, str]:
    """What is in the file, read as anybody would."""
    (team.home / "password").write_text(PASSWORD, encoding="utf-8")
    shown = subprocess.run(
        [BIN / "ansible-vault", "view", "--vault-password-file", team.home / "password", team.file],
        env=environment(None, team.home),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {row["volume_name"]: row["auth_key"] for row in json.loads(shown)["transfers"]}


@ON_CINDER
def test_disks_change_hands_between_two_controllers(server: Server, team_a: Team, team_b: Team) -> None:
    for name in NAMES:
        server.create_volume(SOURCE, name, size=2)

    foreseen = offer(team_a, "--check")
    assert "tenant-a: 3 would be offered." in foreseen.words
    assert not team_a.file.exists()
    offered = offer(team_a, "-vvv")
    assert offered.exit_status == 0, offered.output
    assert "tenant-a: 3 offered." in offered.words
    assert team_a.file.stat().st_mode & 0o777 == 0o600
    known = keys(team_a)
    assert sorted(known) == sorted(NAMES)
    for key in known.values():
        assert key not in offered.output
        assert not [path for path in team_a.home.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]

    again = offer(team_a)
    assert (again.exit_status, again.changed) == (0, 0), again.output
    assert "tenant-a: 0 offered, 3 already offered." in again.words
    assert keys(team_a) == known

    send(team_a, team_b)
    foreseen = team_b.run("otc.evs.accept", "--check")
    assert "tenant-a -> tenant-b: 3 would be accepted" in foreseen.words
    accepted = team_b.run("otc.evs.accept", "-vvv")
    assert accepted.exit_status == 0, accepted.output
    assert "tenant-a -> tenant-b: 3 accepted, 0 already there." in accepted.words
    assert not [key for key in known.values() if key in accepted.output]
    assert sorted(volume.name for volume in evs_of(server, TARGET).volumes()) == sorted(NAMES)
    again = team_b.run("otc.evs.accept")
    assert (again.exit_status, again.changed) == (0, 0), again.output
    assert "0 accepted, 3 already there" in again.words

    seen = offer(team_a)
    assert (seen.exit_status, seen.changed) == (0, 0), seen.output
    assert "tenant-a: 0 offered, 3 gone." in seen.words


def test_a_lost_file_is_written_anew_with_new_keys(server: Server, team_a: Team, team_b: Team) -> None:
    for name in NAMES:
        server.create_volume(SOURCE, name)
    offer(team_a)
    known = keys(team_a)
    send(team_a, team_b)
    team_a.file.unlink()
    renewed = offer(team_a)
    assert renewed.exit_status == 0, renewed.output
    assert not set(keys(team_a).values()) & set(known.values())
    expired = team_b.run("otc.evs.accept")
    assert expired.exit_status != 0
    assert "Nothing in the handoff file can be accepted any more." in expired.words
    assert "There is no such transfer (any more)" in expired.words
    assert "Let the source offer the disk again." in expired.words
    send(team_a, team_b)
    assert team_b.run("otc.evs.accept").exit_status == 0


def test_a_file_that_is_of_no_use_says_why(server: Server, team_a: Team, team_b: Team) -> None:
    """One that is not there, one for others, and one that cannot be read; all that there are, the unit tests have."""
    for name in NAMES:
        server.create_volume(SOURCE, name)
    missing = team_b.run("otc.evs.accept")
    assert "There is no handoff file" in missing.words
    offer(team_a, tenant_transfer_target_project="tenant-z")
    send(team_a, team_b)
    other = team_b.run("otc.evs.accept")
    assert "it is for project tenant-z, and these are credentials of project tenant-b" in other.words
    whole = team_b.file.read_text(encoding="utf-8")
    team_b.file.write_text(whole[: len(whole) // 2], encoding="utf-8")
    torn = team_b.run("otc.evs.accept")
    assert "cannot be used: the password is wrong, or the file is not complete." in torn.words
    for run in (missing, other, torn):
        assert run.exit_status != 0
        assert run.changed == 0
        assert "Traceback" not in run.output
    assert len(evs_of(server, SOURCE).transfers()) == 3


@ON_CINDER
def test_what_is_not_accepted_can_be_withdrawn(server: Server, team_a: Team, team_b: Team) -> None:
    for name in [*NAMES, "foreign"]:
        server.create_volume(SOURCE, name)
    source = evs_of(server, SOURCE)
    foreign = next(volume for volume in source.volumes(name="foreign"))
    source.create_transfer(foreign.id, "theirs")
    offer(team_a)
    young = team_a.run("otc.evs.withdraw", tenant_transfer_older_than="1h")
    assert (young.exit_status, young.changed) == (0, 0), young.output
    foreseen = team_a.run("otc.evs.withdraw", "--check")
    assert "tenant-a: 3 would be withdrawn." in foreseen.words
    one = team_a.run("otc.evs.withdraw", tenant_transfer_volumes=NAMES[:1])
    assert "tenant-a: 1 withdrawn." in one.words
    assert f'"{NAMES[0]} ' in one.output, "the table tells which"
    rest = team_a.run("otc.evs.withdraw")
    assert "tenant-a: 2 withdrawn." in rest.words
    assert [transfer.name for transfer in source.transfers()] == ["theirs"]
    again = team_a.run("otc.evs.withdraw")
    assert (again.exit_status, again.changed) == (0, 0), again.output


def test_a_file_for_another_region_says_so(emulator: EmulatorServer, tmp_path: Path) -> None:
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
    sender = Team(emulator, tmp_path / "a", SOURCE, "source")
    receiver = Team(emulator, tmp_path / "b", TARGET, "target")
    for name in NAMES:
        emulator.create_volume(SOURCE, name)
    offer(sender)
    send(sender, receiver)
    elsewhere = {"auth": emulator.cloud(TARGET)["auth"], "region_name": "eu-nl"}
    emulator.configure(region="eu-nl")
    try:
        run = receiver.run("otc.evs.accept", tenant_transfer_target=elsewhere)
    finally:
        emulator.configure(region="eu-de")
    assert run.exit_status != 0
    assert "it offers disks in region eu-de, and these are credentials for region eu-nl." in run.words
    assert len(emulator.transfers()) == len(NAMES)
