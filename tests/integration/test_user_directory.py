# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What openstacksdk reads from the user's directory and environment, is read from there; nothing needs root."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.emulator.server import EmulatorServer
from tests.support.playbooks import Run, play
from tests.support.server import SOURCE, TARGET

TENANTS = {"tenant_transfer_source": {"cloud": SOURCE}, "tenant_transfer_target": {"cloud": TARGET}}
LOOK = [{"otc.evs.evs_volume_info": {"cloud": SOURCE}, "register": "seen"}]


def write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def spread(emulator: EmulatorServer, folder: Path, suffix: str = "yaml") -> None:
    """The clouds in three files: what all share in the vendor's profile, the passwords in a file of their own."""
    clouds: dict[str, Any] = {}
    secrets: dict[str, Any] = {}
    for name in (SOURCE, TARGET):
        auth = dict(emulator.cloud(name)["auth"])
        secrets[name] = {"auth": {"password": auth.pop("password")}}
        auth.pop("auth_url")
        clouds[name] = {"profile": "ours", "auth": auth}
    profile = {"auth": {"auth_url": emulator.auth_url}, "region_name": emulator.cloud(SOURCE)["region_name"]}
    write(folder / f"clouds.{suffix}", {"clouds": clouds})
    write(folder / f"secure.{suffix}", {"clouds": secrets})
    write(folder / f"clouds-public.{suffix}", {"public-clouds": {"ours": profile}})


@pytest.mark.parametrize("suffix", ["yaml", "yml"])
def test_all_files_beside_clouds_yaml_are_read(emulator: EmulatorServer, tmp_path: Path, suffix: str) -> None:
    """L2: the playbooks are elsewhere, in the collection."""
    spread(emulator, tmp_path, suffix)
    emulator.create_volume(SOURCE, "disk")
    run = play(None, tmp_path, "otc.evs.transfer", "--check", tenant_transfer_volumes=["disk"], **TENANTS)
    assert run.exit_status == 0, run.output
    assert "1 would be moved" in run.words


def own_playbook(home: Path, *arguments: str, environment: Mapping[str, str] | None = None, **task: Any) -> Run:
    """A playbook of the user's own in a folder below the one in which he is."""
    tasks = [{**LOOK[0], **task}]
    path = home / "playbooks" / "own.yml"
    plays = [{"hosts": "localhost", "gather_facts": False, "environment": dict(environment or {}), "tasks": tasks}]
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(plays), encoding="utf-8")
    return play(None, home, str(path), *arguments)


def test_a_playbook_in_another_folder_reads_them_too(emulator: EmulatorServer, tmp_path: Path) -> None:
    """L2: modules in a playbook of one's own, and in a loop."""
    spread(emulator, tmp_path)
    run = own_playbook(tmp_path, loop=[1, 2])
    assert run.exit_status == 0, run.output


def test_files_named_from_there_are_found(emulator: EmulatorServer, tmp_path: Path) -> None:
    """L2: relative paths in OS_CLIENT_CONFIG_FILE and OS_CLIENT_SECURE_FILE."""
    spread(emulator, tmp_path / "mine")
    (tmp_path / "mine" / "clouds-public.yaml").rename(tmp_path / "clouds-public.yaml")
    named = {"OS_CLIENT_CONFIG_FILE": "mine/clouds.yaml", "OS_CLIENT_SECURE_FILE": "./mine/secure.yaml"}
    run = own_playbook(tmp_path, environment=named)
    assert run.exit_status == 0, run.output


def test_what_lies_beside_the_playbook_is_read_as_before(emulator: EmulatorServer, tmp_path: Path) -> None:
    spread(emulator, tmp_path / "playbooks")
    run = own_playbook(tmp_path)
    assert run.exit_status == 0, run.output


@pytest.mark.parametrize("way", ["ansible.cfg", "inventory", "command line"])
def test_the_playbooks_do_not_become_root(emulator: EmulatorServer, tmp_path: Path, way: str) -> None:
    """L9: become is set for everything, by a method that does not work."""
    spread(emulator, tmp_path)
    method = "otc.evs.no_such_method"
    arguments: list[str] = []
    if way == "ansible.cfg":
        (tmp_path / "ansible.cfg").write_text(
            f"[privilege_escalation]\nbecome = True\nbecome_method = {method}\n", encoding="utf-8"
        )
    elif way == "inventory":
        (tmp_path / "hosts").write_text(
            f"localhost ansible_become=true ansible_become_method={method}\n", encoding="utf-8"
        )
        arguments = ["-i", str(tmp_path / "hosts")]
    else:
        arguments = ["--become", "--become-method", method]
    emulator.create_volume(SOURCE, "disk")
    given = {"tenant_transfer_volumes": ["disk"], **TENANTS}
    run = play(None, tmp_path, "otc.evs.transfer", "--check", *arguments, **given)
    assert run.exit_status == 0, run.output
    assert "1 would be moved" in run.words
