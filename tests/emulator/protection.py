# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What protects disks and so keeps them from being transferred. No web code in here.

Snapshots are of EVS; backups of CBR and VBS; vaults and policies of CBR; VBS has policies of its
own; pairs are of SDRS (EVS_API B to E). What a refusal follows from these is in constraints.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulator.tables import Table

if TYPE_CHECKING:
    from tests.emulator.state import Volume

DISK = "OS::Cinder::Volume"
SERVER = "OS::Nova::Server"
BACKUP_MAKERS = ("cbr", "vbs", "csbs")


@dataclass
class Snapshot:
    """A snapshot of a disk. It belongs to whoever owns the disk."""

    id: str
    volume_id: str
    name: str | None = None
    description: str | None = None
    status: str = "available"
    size: int = 1
    metadata: dict[str, str] = field(default_factory=dict)
    service_type: str = "EVS"
    created_at: str = ""
    updated_at: str | None = None

    def about(self) -> Iterable[str]:
        """Return the disk."""
        return (self.volume_id,)


@dataclass
class Backup:
    """A backup of a disk, or of a server with a part for each of its disks."""

    id: str
    project_id: str
    resource_id: str
    resource_type: str = DISK
    resource_name: str = ""
    resource_size: int = 1
    resource_az: str = "eu-de-01"
    name: str | None = None
    description: str = ""
    status: str = "available"
    made_by: str = "cbr"
    """cbr, vbs or csbs; the list of VBS shows all of them, that of CBR its own (EVS_API C)."""
    vault_id: str | None = None
    checkpoint_id: str | None = None
    parent_id: str | None = None
    """The backup of the server that this is a part of."""
    image_type: str = "backup"
    """`replication` is a copy of a backup from another region: no backup of a disk of this one."""
    snapshot_id: str | None = None
    incremental: bool = False
    bootable: bool = False
    encrypted: bool = False
    auto_trigger: bool = False
    shared_with: list[str] = field(default_factory=list)
    """Projects that may see it."""
    created_at: str = ""
    updated_at: str | None = None
    expired_at: str | None = None

    def about(self) -> Iterable[str]:
        """Return what is backed up, and the backup this is a part of."""
        return (self.resource_id, self.parent_id) if self.parent_id else (self.resource_id,)

    def is_of_disk(self, volume_id: str) -> bool:
        """Tell whether it keeps the data of that disk."""
        return self.resource_id == volume_id and self.resource_type == DISK and self.image_type == "backup"


@dataclass
class Vault:
    """A vault of CBR with the disks or servers in it; no policy shows in it (EVS_API D.1)."""

    id: str
    project_id: str
    name: str = "vault"
    object_type: str = "disk"
    resources: list[dict[str, Any]] = field(default_factory=list)
    """`id` and `type`, the rest as in the API."""
    protect_type: str = "backup"
    size: int = 100
    status: str = "available"
    locked: bool = False
    auto_bind: bool = False
    tags: list[dict[str, str]] = field(default_factory=list)
    created_at: str = ""

    def about(self) -> Iterable[str]:
        """Return the disks; a server's vault says nothing of a detached disk (EVS_API D.1)."""
        return [resource["id"] for resource in self.resources if resource["type"] == DISK]


@dataclass
class Policy:
    """A policy of CBR; it names its vaults."""

    id: str
    project_id: str
    name: str = "policy"
    enabled: bool = True
    operation_type: str = "backup"
    vaults: list[str] = field(default_factory=list)
    created_at: str = ""

    def about(self) -> Iterable[str]:
        """Return the vaults."""
        return self.vaults


@dataclass
class VbsPolicy:
    """A policy of VBS. No call tells its disks; their metadata `policy` does (EVS_API D.2, K.12)."""

    id: str
    project_id: str
    name: str = "plan"
    status: str = "ON"
    volumes: list[str] = field(default_factory=list)
    """Disks bound to it without that hint."""
    created_at: str = ""

    def about(self) -> Iterable[str]:
        """Return the disks bound without a hint."""
        return self.volumes


@dataclass
class Pair:
    """A replication pair of SDRS; both of its disks are in it as long as it exists."""

    id: str
    project_id: str
    volumes: list[str] = field(default_factory=list)
    separator: str = ","
    """Between the ids in the one string of the API; there may be blanks (EVS_API E.1, K.3)."""
    name: str = "pair"
    status: str = "protected"
    replication_status: str = "active"
    server_group_id: str = ""
    protected_instance_id: str | None = None
    priority_station: str = "source"
    fault_level: str = "0"
    size: int = 1
    volume_type: str = "SSD"
    created_at: str = ""
    updated_at: str | None = None

    def about(self) -> Iterable[str]:
        """Return the disks."""
        return self.volumes


class Protection:
    """All of it, and how much of the quotas it takes."""

    def __init__(self, volumes: Mapping[str, Volume], usage: Mapping[str, Counter[str]]) -> None:
        """Start with nothing protected."""
        self._volumes = volumes
        self._usage = usage
        self.snapshots: Table[Snapshot] = Table()
        self.backups: Table[Backup] = Table()
        self.vaults: Table[Vault] = Table()
        self.policies: Table[Policy] = Table()
        self.vbs_policies: Table[VbsPolicy] = Table()
        self.pairs: Table[Pair] = Table()

    def table(self, kind: str) -> Table[Any]:
        """Return the table of that name."""
        if kind not in KINDS:
            raise ValueError(f"there is no kind of records {kind}; the kinds are {', '.join(KINDS)}")
        table: Table[Any] = getattr(self, kind)
        return table

    def record(self, kind: str, record_id: str) -> Any:
        """Return a record."""
        row = self.table(kind).rows.get(record_id)
        if row is None:
            raise ValueError(f"there is no {record_id} in {kind}")
        return row

    def add(self, row: Any) -> None:
        """Add a record of any kind."""
        self.table(KIND_OF[type(row)]).add(row)
        self._count(row, 1)

    def remove(self, row: Any) -> None:
        """Delete a record, and the parts of a server's backup with it."""
        for part in self.parts(row) if isinstance(row, Backup) else ():
            self.remove(part)
        self._count(row, -1)
        self.table(KIND_OF[type(row)]).remove(row)

    def change(self, row: Any, values: dict[str, Any]) -> None:
        """Set fields of a record."""
        self._count(row, -1)
        try:
            self.table(KIND_OF[type(row)]).change(row, values)
        finally:
            self._count(row, 1)

    def put_into(self, vault: Vault, volume_id: str) -> None:
        """Put one disk more into a vault."""
        vault.resources.append({"id": volume_id, "type": DISK})
        self.vaults.link(vault, volume_id)

    def forget_disk(self, volume_id: str) -> None:
        """Follow the deletion of a disk: its snapshots go, its backups and pairs stay."""
        for snapshot in list(self.snapshots.of(volume_id)):
            self.remove(snapshot)
        for vault in list(self.vaults.of(volume_id)):
            self.change(vault, {"resources": [r for r in vault.resources if r["id"] != volume_id]})

    def snapshot_footprint(self, volume: Volume) -> Counter[str]:
        """Return what the snapshots of a disk take of its project's quotas."""
        taken: Counter[str] = Counter()
        for snapshot in self.snapshots.of(volume.id):
            taken.update(footprint(snapshot, volume))
        return taken

    # What holds a disk

    def snapshots_of(self, volume: Volume) -> Iterator[Snapshot]:
        """Yield the snapshots of a disk, those that backups made among them."""
        return iter(self.snapshots.of(volume.id))

    def backups_of(self, volume: Volume) -> Iterator[Backup]:
        """Yield the backups of a disk and the parts of servers' backups that keep its data."""
        return (b for b in self.backups.of(volume.id) if b.is_of_disk(volume.id))

    def policies_of(self, volume: Volume) -> Iterator[Policy]:
        """Yield the policies of the vaults that the disk is in."""
        for vault in self.vaults.of(volume.id):
            yield from self.policies.of(vault.id)

    def pairs_of(self, volume: Volume) -> Iterator[Pair]:
        """Yield the replication pairs of a disk."""
        return iter(self.pairs.of(volume.id))

    def parts(self, backup: Backup) -> list[Backup]:
        """Return the parts of a server's backup."""
        return [part for part in self.backups.of(backup.id) if part.parent_id == backup.id]

    def _count(self, row: Any, sign: int) -> None:
        if isinstance(row, Snapshot):
            volume = self._volumes[row.volume_id]
            taken, project = footprint(row, volume), volume.project_id
        elif isinstance(row, Backup) and row.resource_type == DISK:
            taken, project = {"backups": 1, "backup_gigabytes": row.resource_size}, row.project_id
        else:
            return
        self._usage[project].update({name: sign * amount for name, amount in taken.items()})


KIND_OF: dict[type[Any], str] = {
    Snapshot: "snapshots",
    Backup: "backups",
    Vault: "vaults",
    Policy: "policies",
    VbsPolicy: "vbs_policies",
    Pair: "pairs",
}
KINDS = tuple(KIND_OF.values())


def footprint(snapshot: Snapshot, volume: Volume) -> dict[str, int]:
    """Return what a snapshot takes of the quotas: gigabytes count both (EVS_API F)."""
    taken = {"snapshots": 1, "gigabytes": snapshot.size}
    if volume.volume_type:
        kind = volume.volume_type
        taken |= {f"snapshots_{kind}": 1, f"gigabytes_{kind}": snapshot.size}
    return taken
