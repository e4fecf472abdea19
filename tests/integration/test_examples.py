# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the READMEs, of docs/modules.md and of the modules' documentation do what they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.emulator.server import EmulatorServer
from tests.integration.conftest import play_on
from tests.support.modules import run_module
from tests.support.playbooks import BIN, Run, Running, environment
from tests.support.server import SOURCE, TARGET

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
MODULES = ROOT / "docs/modules.md"
ROLE_README = ROOT / "roles/tenant_transfer/README.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
DISKS = ("app01-data", "db01-data", "app02-data")
MOVED_BY_EXAMPLES = {
    "evs_attachment": set(),
    "evs_move": {"app01-data", "db01-data"},
    "evs_quota_info": set(),
    "evs_server_info": set(),
    "evs_transfer": {"app01-data", "db01-data"},
    "evs_transfer_accept": set(DISKS),
    "evs_transfer_info": set(),
    "evs_trial": set(),
    "evs_volume_info": set(),
}


@pytest.fixture
def ids(emulator: EmulatorServer) -> dict[str, str]:
    """The disks that the examples name."""
    return {name: emulator.create_volume(SOURCE, name) for name in DISKS}


def blocks(readme: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(readme.read_text(encoding="utf-8")) if kind == language]


def playbooks(readme: Path) -> list[Any]:
    """The blocks that are whole playbooks."""
    parsed = [yaml.safe_load(text) for text in blocks(readme, "yaml")]
    return [block for block in parsed if isinstance(block, list)]


def commands(readme: Path, of: str) -> list[list[str]]:
    """The lines of the block that runs this playbook."""
    (block,) = (text for text in blocks(readme, "shell") if of in text)
    return [shlex.split(line, comments=True) for line in block.splitlines()]


def for_the_emulator(text: str, emulator: EmulatorServer) -> str:
    """The example of a clouds.yaml with the values of the emulated cloud for all that it names, and nothing else."""
    clouds = yaml.safe_load(text)["clouds"]
    for name, cloud in clouds.items():
        real = emulator.cloud(name)
        cloud["auth"] = {key: real["auth"][key] for key in cloud["auth"]}
        cloud["region_name"] = real["region_name"]
    return str(yaml.safe_dump({"clouds": clouds}))


def run(emulator: EmulatorServer | None, home: Path, command: list[str]) -> Run:
    assert command[0] == "ansible-playbook"
    # Whatever Ansible warns of, nothing is set to keep it from that, and nothing that we tell to type causes it.
    environ = {name: value for name, value in environment(emulator, home).items() if not name.endswith("_WARNING")}
    done = Running([BIN / command[0], *command[1:]], environ, home).result()
    assert "[WARNING]" not in done.output, done.output
    return done


def moved(emulator: EmulatorServer) -> set[str]:
    """The disks of the target; no other may be locked."""
    assert {disk["status"] for disk in emulator.volumes()} <= {"available", "in-use"}
    return {disk["name"] for disk in emulator.volumes() if disk["tenant"] == TARGET}


@pytest.mark.parametrize(
    "playbook", [*playbooks(MODULES), *playbooks(ROLE_README)], ids=lambda playbook: str(playbook[0]["name"])
)
@pytest.mark.usefixtures("ids")
def test_the_playbooks_of_the_readmes(emulator: EmulatorServer, tmp_path: Path, playbook: Any) -> None:
    result = play_on(emulator, tmp_path)(playbook)
    assert (result.exit_status, moved(emulator)) == (0, {"app01-data", "db01-data"}), result.output


@pytest.mark.usefixtures("ids")
def test_the_first_example_of_the_readme(emulator: EmulatorServer, tmp_path: Path) -> None:
    clouds, variables = blocks(README, "yaml")[:2]
    (tmp_path / "clouds.yaml").write_text(for_the_emulator(clouds, emulator), encoding="utf-8")
    (tmp_path / "move.yml").write_text(variables, encoding="utf-8")
    says, does = commands(README, "otc.evs.transfer -e")
    # The clouds.yaml is found where the user stands.
    assert run(None, tmp_path, says).exit_status == 0
    assert moved(emulator) == set()
    assert run(None, tmp_path, does).exit_status == 0
    assert moved(emulator) == {"app01-data", "db01-data"}


@pytest.mark.usefixtures("ids")
def test_the_example_of_two_teams(emulator: EmulatorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables are in the README of the role, each under the command that takes them."""
    monkeypatch.setenv("HANDOFF_PASSWORD", "dummy-password")
    named = {text.partition(":")[0].removeprefix("# "): text for text in blocks(ROLE_README, "yaml")}
    steps = commands(README, "otc.evs.offer")
    assert len(steps) == 3
    for command in steps:
        variables = command[-1].removeprefix("@")
        assert named[variables].startswith(f"# {variables}: {shlex.join(command)}\n")
        (tmp_path / variables).write_text(named[variables], encoding="utf-8")
        assert run(emulator, tmp_path, command).exit_status == 0
    assert moved(emulator) == {"app01-data"}


@pytest.mark.parametrize("path", sorted((ROOT / "plugins/modules").glob("evs_*.py")), ids=lambda path: str(path.stem))
def test_the_examples_of_a_module(emulator: EmulatorServer, tmp_path: Path, ids: dict[str, str], path: Path) -> None:
    """Its tasks, one after the other, with a real transfer in place of the IDs that are written there."""
    text = path.read_text(encoding="utf-8").partition('EXAMPLES = r"""\n')[2].partition('"""')[0]
    variables: dict[str, Any] = {}
    if path.stem in ("evs_attachment", "evs_server_info"):
        emulator.create_server(SOURCE, "app01", ids["app01-data"], status="SHUTOFF")
        for name in ("app02", "db01"):
            emulator.create_server(SOURCE, name)
        emulator.create_server(TARGET, "app01-new", boots=False)
    if path.stem == "evs_transfer_accept":
        tenant = {"auth": emulator.cloud(SOURCE)["auth"]}
        *several, single = run_module("evs_transfer", **tenant, volumes=list(ids.values()))["transfers"]
        variables = {"offered": {"transfers": several}, "vaulted_auth_key": single["auth_key"]}
        for option in ("transfer_id", "volume_id"):
            written = re.search(f"{option}: (.+)", text)
            assert written
            text = text.replace(written[1], single["id" if option == "transfer_id" else option])
    result = play_on(emulator, tmp_path)(
        [{"hosts": "localhost", "gather_facts": False, "tasks": yaml.safe_load(text)}], **variables
    )
    assert (result.exit_status, moved(emulator)) == (0, MOVED_BY_EXAMPLES[path.stem]), result.output
