# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other services know of disks, as they answer it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer
from ansible_collections.otc.evs.plugins.module_utils._model.protection import (
    DISK,
    Backup,
    Pair,
    Placement,
    Policy,
    Snapshot,
    Vault,
)


@pytest.mark.parametrize(
    ("fields", "of_a_backup"),
    [
        ({"name": "nightly"}, False),
        ({"name": "autobk_snapshot_vbs_7"}, True),
        ({"name": "manualbk_snapshot_csbs_7"}, True),
        # P5: whichever service has made the backup.
        ({"name": "autobk_snapshot_2026-01-01"}, True),
        ({"name": "manualbk_snapshot_x"}, True),
        ({"name": "autobk_snapshots"}, False),
        ({"name": "my autobk_snapshot_vbs_7"}, False),
        ({"name": "x", "metadata": {"__system__enableActive": "true"}}, True),
        ({"name": None, "metadata": {"other": "true"}}, False),
    ],
)
def test_a_snapshot(fields: dict[str, Any], of_a_backup: bool) -> None:
    snapshot = Snapshot.from_api({"id": "n", "volume_id": "v", "status": "available", **fields})
    assert snapshot == Snapshot("n", fields["name"] or "", "v", "available", of_a_backup)


def test_a_backup_of_a_server_is_one_of_each_of_its_disks() -> None:
    part = {"id": "p", "name": "part", "resource_type": DISK, "resource_id": "v"}
    whole = {"id": "w", "resource_type": "OS::Nova::Server", "resource_id": "s", "children": [part]}
    assert Backup.all_from_cbr(whole) == [Backup("p", "part", "v")]
    assert Backup.all_from_cbr({**part, "children": None}) == [Backup("p", "part", "v")]
    assert Backup.all_from_cbr({**part, "resource_type": "OS::Native::Server"}) == []
    assert Backup.from_volume_api({"id": "b", "volume_id": "v"}) == Backup("b", "", "v")


def test_a_vault_holds_disks_and_other_things() -> None:
    resources = [{"type": DISK, "id": "v"}, {"type": "OS::Nova::Server", "id": "s"}]
    body = {"id": "t", "name": "vault", "locked": True, "auto_bind": "true", "resources": resources}
    assert Vault.from_api(body) == Vault("t", "vault", True, True, frozenset({"v"}))
    assert Vault.from_api({"id": "t"}) == Vault("t", "", False, False, frozenset())


@pytest.mark.parametrize(("enabled", "expected"), [(True, True), (False, False), (None, True), ("no", True)])
def test_a_policy_counts_unless_it_is_said_to_be_off(enabled: Any, expected: bool) -> None:
    body = {"id": "p", "name": "daily", "enabled": enabled, "associated_vaults": [{"vault_id": "t"}]}
    assert Policy.from_api(body) == Policy("p", "daily", expected, frozenset({"t"}))
    assert Policy.from_api({"id": "p"}) == Policy("p", "", True, frozenset())


def test_a_pair_binds_both_disks() -> None:
    body = {"id": "r", "name": "dr", "status": "protected", "volume_ids": "v, w,"}
    assert Pair.from_api(body) == Pair("r", "dr", "protected", frozenset({"v", "w"}))
    assert Pair.from_api({**body, "volume_ids": ["v", " w "]}).volume_ids == {"v", "w"}
    wrong: list[Any] = [None, [], [1], {}]
    for value in wrong:
        with pytest.raises(MalformedAnswer, match="replication pair whose 'volume_ids'"):
            Pair.from_api({"id": "r", "volume_ids": value})


def test_where_a_disk_is_kept() -> None:
    body = {"id": "v", "service_type": "DSS", "dedicated_storage_id": "d", "dedicated_storage_name": "pool"}
    assert Placement.from_api({**body, "tags": {"a": "b"}}) == Placement("v", "DSS", "d", "pool", {"a": "b"})
    listed = [{"key": "a", "value": "b"}, {"key": "c"}]
    assert Placement.from_api({**body, "tags": listed}).tags == {"a": "b", "c": ""}
    assert Placement.from_api({"id": "v"}) == Placement("v", "", "", "", {})
