# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What the services of a cloud tell about disks: their snapshots, backups, policies, pairs and pools.

Each kind of evidence is read for all disks at once.  A service that cannot be asked leaves the
constraints open that rest on it; the others are read all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

from ansible_collections.otc.evs.plugins.module_utils._api.cbr import Cbr
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import WORTH_A_PAGE, run_all
from ansible_collections.otc.evs.plugins.module_utils._model.parse import Named
from ansible_collections.otc.evs.plugins.module_utils._model.protection import Backup, Snapshot
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import blockers
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence

Item = TypeVar("Item", bound=Named)
Row = TypeVar("Row", Snapshot, Backup)


MOST_ASKED_FOR = 60
"""So many disks are asked about one by one, where no list tells."""


def collect(services: Services, volumes: Sequence[Volume], concurrency: int, ignored: Collection[str] = ()) -> Evidence:
    """Read all that the constraints need that are not `ignored`."""
    evidence = Evidence()
    if not volumes:
        return evidence
    ids = [volume.id for volume in volumes]
    made_of_something = [volume.id for volume in volumes if volume.has_data_source and _may_hide_encryption(volume)]
    readers: dict[str, Callable[[], None]] = {
        "snapshots": lambda: _sort(evidence.snapshots, ids, economical(services.evs.snapshots, ids)),
        "backups": lambda: _read_backups(services, ids, evidence),
        "backup_policy": lambda: _read_policies(services.cbr, ids, evidence),
        "replication_pair": lambda: _read_pairs(services, ids, evidence),
        "dedicated_storage": lambda: _read_placements(services.evs, ids, evidence),
        "encrypted": lambda: _read_encryption(services.evs, made_of_something, concurrency, evidence),
    }

    def read(constraint: str) -> None:
        try:
            readers[constraint]()
        except EvsError as error:
            evidence.unchecked[constraint] = error.message

    with ThreadPoolExecutor(max_workers=min(concurrency, len(readers))) as workers:
        list(workers.map(read, [constraint for constraint in readers if constraint not in ignored]))
    if "encrypted" not in ignored and "encrypted" not in evidence.unchecked:
        others = [volume for volume in volumes if not volume.has_data_source and _may_hide_encryption(volume)]
        readers["encrypted"] = lambda: _read_hidden_encryption(services.evs, others, concurrency, evidence, ignored)
        read("encrypted")
    # Which service was the first to fail is chance, and a rehearsal is told in the words of the run.
    evidence.unchecked = {name: evidence.unchecked[name] for name in readers if name in evidence.unchecked}
    return evidence


def _read_backups(services: Services, ids: Sequence[str], evidence: Evidence) -> None:
    """Backups of all services, once each; what one service has is evidence even if the other fails.

    Asked for one disk, CBR does not tell the parts of servers' backups; the list in the style of
    Cinder does, but not every cloud has it.
    """
    failures = []
    found: dict[str, Backup] = {}
    try:
        found.update((backup.id, backup) for backup in economical(services.vbs.backups, ids))
    except EvsError as error:
        failures.append(error)
    try:
        if services.cbr is not None:
            covered = services.vbs.exists and not failures
            read = services.cbr.backups
            rows = economical(read, ids) if covered else [row for page in read() for row in page]
            found.update((backup.id, backup) for backup in rows)
    except EvsError as error:
        failures.append(error)
    _sort(evidence.backups, ids, found.values())
    if failures:
        raise failures[0]


def _read_policies(cbr: Cbr | None, ids: Sequence[str], evidence: Evidence) -> None:
    """The vaults that hold the disks, and if there are any, the policies applied to vaults."""
    vaults = economical(cbr.vaults, ids) if cbr else []
    wanted = set(ids)
    for vault in vaults:
        for volume_id in vault.volume_ids & wanted:
            evidence.vaults.setdefault(volume_id, []).append(vault)
    held = sorted({vault.id for holding in evidence.vaults.values() for vault in holding})
    known: set[str] = set()
    for policy in chain.from_iterable(cbr.policies(held)) if cbr and held else ():
        for vault_id in policy.vault_ids if policy.id not in known else ():
            evidence.policies.setdefault(vault_id, []).append(policy)
        known.add(policy.id)


def _read_pairs(services: Services, ids: Sequence[str], evidence: Evidence) -> None:
    old = services.evs.replications(ids[0] if len(ids) == 1 else None)
    wanted = set(ids)
    pages = chain(services.sdrs.pairs() if services.sdrs else (), old)
    for pair in {pair.id: pair for page in pages for pair in page}.values():
        for volume_id in pair.volume_ids & wanted:
            evidence.pairs.setdefault(volume_id, []).append(pair)


def _read_placements(evs: Evs, ids: Sequence[str], evidence: Evidence) -> None:
    wanted = set(ids)
    placements = evs.placements(ids)
    if placements is None:
        evidence.is_evs = False
        return
    evidence.is_evs = True
    evidence.placements.update((found.volume_id, found) for found in placements if found.volume_id in wanted)
    # EVS says nothing of disks that it does not know.
    for volume_id in wanted - evidence.placements.keys():
        why = "EVS does not show it in the list that says where each disk is kept"
        evidence.unchecked_of_one.setdefault(volume_id, {})["dedicated_storage"] = why


def _read_encryption(evs: Evs, ids: Sequence[str], concurrency: int, evidence: Evidence) -> None:
    """One request a disk, since EVS tells it in no list; none if it turns out that this is not EVS."""
    known = evs.vendor_encrypted(ids[0]) if ids else None
    if known is None:
        return
    others = run_all(evs.vendor_encrypted, ids[1:], concurrency)
    for done in others:
        if done.error:
            raise done.error
    evidence.encrypted.update(ids[:1] if known else (), (done.item for done in others if done.value))


def _read_hidden_encryption(
    evs: Evs, volumes: Sequence[Volume], concurrency: int, evidence: Evidence, ignored: Collection[str]
) -> None:
    """Ask about the disks that may be made from an encrypted backup, which nothing but EVS's own view shows.

    Any disk may be, so only those are asked about that nothing else blocks, and only so many.
    """
    if evidence.is_evs is False:
        return
    hidden = [volume.id for volume in volumes if not blockers(evidence.facts(volume), ignored)]
    if len(hidden) > MOST_ASKED_FOR:
        evidence.notes.append(
            f"Whether {len(hidden)} disks are encrypted was taken from their metadata: EVS would have to be asked "
            f"about each, and is asked about {MOST_ASKED_FOR} at most. A disk made from an encrypted backup may lack "
            "these metadata; EVS refuses it when it is offered, and it stays as it is."
        )
        return
    _read_encryption(evs, hidden, concurrency, evidence)


def _may_hide_encryption(volume: Volume) -> bool:
    """A disk whose metadata say that it is not encrypted is not; that they say nothing says nothing."""
    return not volume.metadata.get("__system__encrypted")


def _sort(target: dict[str, list[Row]], ids: Collection[str], rows: Iterable[Row]) -> None:
    """Sort rows by their disk, without those of disks that nobody asked about."""
    wanted = set(ids)
    for row in rows:
        if row.volume_id in wanted:
            target.setdefault(row.volume_id, []).append(row)


def economical(read: Callable[..., Iterator[list[Item]]], ids: Sequence[str]) -> list[Item]:
    """Rows of some disks in few requests: of one disk by a filter, of several from the project's list.

    If the list turns out to be long, the disks are asked for one by one after all.
    """
    rows: dict[str, Item] = {}
    if len(ids) > 1:
        for number, page in enumerate(read()):
            if len(ids) <= number * WORTH_A_PAGE:
                break
            rows.update((row.id, row) for row in page)
        else:
            return list(rows.values())
    for volume_id in ids:
        for page in read(volume_id):
            rows.update((row.id, row) for row in page)
    return list(rows.values())
