# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read, sorted by disk."""

from __future__ import annotations

from ansible_collections.otc.evs.plugins.module_utils._model.protection import (
    Backup,
    Pair,
    Placement,
    Policy,
    Snapshot,
    Vault,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import Blocker, Facts
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence
from tests.support.bodies import transfer, volume


def test_a_disk_gets_its_own_facts_and_no_others() -> None:
    mine, other = volume(), volume()
    both = (mine.id, other.id)
    evidence = Evidence(
        snapshots={key: [Snapshot(f"s-{key}", "", key, "available", False)] for key in both},
        backups={key: [Backup(f"b-{key}", "", key)] for key in both},
        vaults={key: [Vault(f"t-{key}", "", False, False, frozenset({key}))] for key in both},
        policies={"t": [Policy("p", "", True, frozenset({"t"}))]},
        pairs={key: [Pair(f"r-{key}", "", "", frozenset({key}))] for key in both},
        placements={key: Placement(key, "EVS", "", "", {}) for key in both},
        encrypted={other.id},
    )
    offer = transfer(mine)
    assert evidence.facts(mine, offer) == Facts(
        mine,
        offer,
        snapshots=evidence.snapshots[mine.id],
        backups=evidence.backups[mine.id],
        vaults=evidence.vaults[mine.id],
        policies=evidence.policies,
        pairs=evidence.pairs[mine.id],
        placement=evidence.placements[mine.id],
    )
    assert evidence.facts(other).vendor_encrypted
    assert Evidence().facts(mine) == Facts(mine)


def test_what_is_violated_or_excused_is_not_open() -> None:
    evidence = Evidence(unchecked={"backups": "403", "snapshots": "500", "backup_policy": "404"})
    violated = [Blocker("snapshots", "it has one", {}, "Delete it.")]
    disk, other = volume(), volume()
    assert evidence.unchecked_of(disk, violated, ["backup_policy"]) == {"backups": "403"}
    assert evidence.unchecked_of(disk, [], ()) == evidence.unchecked
    evidence.unchecked_of_one[disk.id] = {"dedicated_storage": "not shown"}
    assert evidence.unchecked_of(disk, violated, ()) == {
        "backups": "403",
        "backup_policy": "404",
        "dedicated_storage": "not shown",
    }
    assert evidence.unchecked_of(other, [], ()) == evidence.unchecked
    assert evidence.unchecked_of(disk, [], ["dedicated_storage"]) == evidence.unchecked
