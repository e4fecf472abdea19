# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""L3: any variable of the role may be encrypted by itself with Ansible Vault, on every ansible-core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.emulator.server import EmulatorServer
from tests.support.playbooks import Run, play
from tests.support.server import SOURCE, TARGET

VAULT_PASSWORD = "not-a-secret"
HANDOFF_PASSWORD = "481516234248"


class Vaulted(str):
    """A text to be written with the tag !vault."""


def represent(dumper: yaml.SafeDumper, text: Vaulted) -> yaml.ScalarNode:
    secret = VaultSecret(VAULT_PASSWORD.encode())
    sealed = VaultLib([("default", secret)]).encrypt(text, secret).decode()
    return dumper.represent_scalar("!vault", sealed, style="|")


class Dumper(yaml.SafeDumper):
    """Knows the tag."""


Dumper.add_representer(Vaulted, represent)


def vaulted(value: Any) -> Any:
    """All texts in it, each encrypted by itself."""
    if isinstance(value, dict):
        return {name: vaulted(item) for name, item in value.items()}
    if isinstance(value, list):
        return [vaulted(item) for item in value]
    return Vaulted(value) if isinstance(value, str) else value


def run(home: Path, entry_point: str, **variables: Any) -> Run:
    file = home / f"{entry_point}.yml"
    given = {f"tenant_transfer_{name}": vaulted(value) for name, value in variables.items()}
    file.write_text(yaml.dump(given, Dumper=Dumper), encoding="utf-8")
    password = home / "vault-password"
    password.write_text(VAULT_PASSWORD, encoding="utf-8")
    arguments = ("-e", f"@{file}", "--vault-password-file", str(password))
    return play(None, home, f"otc.evs.{entry_point}", *arguments)


def test_every_variable_may_be_encrypted(emulator: EmulatorServer, tmp_path: Path) -> None:
    disk = emulator.create_volume(SOURCE, "disk", metadata={"tier": "gold"})
    login = {
        name: {"auth": entry["auth"], "region_name": entry["region_name"], "interface": "public"}
        for name, entry in ((name, emulator.cloud(name)) for name in (SOURCE, TARGET))
    }
    shared = {"name": "handed on", "report_dir": str(tmp_path / "reports")}
    handoff = {"handoff_file": str(tmp_path / "handoff.vault"), "handoff_password": HANDOFF_PASSWORD}
    asked = {"target_project": emulator.project_id(TARGET), "blocked": "fail", "ignore_constraints": ["snapshots"]}
    offered = run(tmp_path, "offer", source=login[SOURCE], select={"name": "di*"}, **shared, **handoff, **asked)
    assert offered.exit_status == 0, offered.output
    assert "1 offered" in offered.words
    accepted = run(tmp_path, "accept", target=login[TARGET], **shared, **handoff)
    assert accepted.exit_status == 0, accepted.output
    assert "1 accepted" in accepted.words
    back = {"source": login[TARGET], "target": login[SOURCE], "unchecked": "fail", "on_failure": "stay"}
    emulator.create_server(TARGET, "db01", {"name": "of a server"}, status="SHUTOFF")
    emulator.create_server(SOURCE, "app01", status="SHUTOFF")
    emulator.create_volume(TARGET, "to a server")
    disks = [disk, {"volume": "to a server", "attach_to": "app01"}]
    servers = [{"name": "db01", "target": "app01"}]
    moved = run(tmp_path, "transfer", volumes=disks, servers=servers, detach="stopped", **shared, **back)
    assert moved.exit_status == 0, moved.output
    assert "3 moved" in moved.words
    assert "Attached: 2 of 2 disks" in moved.words


def test_what_is_encrypted_is_looked_at_before_anything_changes(emulator: EmulatorServer, tmp_path: Path) -> None:
    login = {
        side: {name: emulator.cloud(cloud)[name] for name in ("auth", "region_name")}
        for side, cloud in (("source", SOURCE), ("target", TARGET))
    }
    disks = ["d1", {"volume": "d2", "attach_to": " "}]
    refused = run(tmp_path, "transfer", **login, volumes=disks, servers=[{"name": ""}], name=" x", report_dir="a\tb")
    assert refused.exit_status != 0
    for name in ("volumes holds a disk", "servers has to be a list", "name has to be", "report_dir has to be"):
        assert f"tenant_transfer_{name}" in refused.words, refused.output
    assert emulator.requests() == []
