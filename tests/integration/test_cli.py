# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The openstack CLI works with both servers, and with what our modules did."""

from __future__ import annotations

from pathlib import Path

from tests.integration.conftest import ON_BOTH
from tests.support.playbooks import openstack
from tests.support.server import SOURCE, TARGET, Server

REQUEST = ("volume", "transfer", "request")


@ON_BOTH
def test_the_five_verbs(server: Server, tmp_path: Path) -> None:
    volume_id = server.create_volume(SOURCE, "by-cli")
    assert [row["Name"] for row in openstack(server, tmp_path, SOURCE, "volume", "list")] == ["by-cli"]
    made = openstack(server, tmp_path, SOURCE, *REQUEST, "create", volume_id, "--name", "mine")
    assert [row["ID"] for row in openstack(server, tmp_path, SOURCE, *REQUEST, "list")] == [made["id"]]
    assert openstack(server, tmp_path, SOURCE, *REQUEST, "show", made["id"])["volume_id"] == volume_id
    openstack(server, tmp_path, SOURCE, *REQUEST, "delete", made["id"], "--quiet-verb")
    made = openstack(server, tmp_path, SOURCE, *REQUEST, "create", volume_id, "--name", "again")
    openstack(server, tmp_path, TARGET, *REQUEST, "accept", made["id"], "--auth-key", made["auth_key"])
    assert [row["ID"] for row in openstack(server, tmp_path, TARGET, "volume", "list")] == [volume_id]
