# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What other services know of disks, as values: snapshots, backups, vaults, policies, pairs, pools.

The field names are those of the APIs of EVS, CBR, VBS and SDRS; see their API references, sections
"Querying Details About EVS Snapshots", "Querying All Backups", "Querying the Vault List", "Querying
the Policy List", "Querying Replication Pairs" and "Querying Details About All Disks".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.parse import (
    flag,
    mapping,
    nested,
    number,
    objects,
    optional_text,
    required_text,
    text,
    texts,
)
from ansible_collections.otc.evs.plugins.module_utils._text import safe

DISK = "OS::Cinder::Volume"
MADE_BY_A_BACKUP = ("autobk_snapshot_", "manualbk_snapshot_")
"""How the names of such snapshots begin, whichever service has made the backup."""


@dataclass(frozen=True)
class Named:
    """Something with an ID and perhaps a name."""

    id: str
    name: str

    @property
    def label(self) -> str:
        """How messages call it."""
        return safe(f"{self.name} ({self.id})" if self.name else self.id)


@dataclass(frozen=True)
class Snapshot(Named):
    """A snapshot of a disk; one `of_a_backup` goes only with its backup."""

    volume_id: str
    status: str
    of_a_backup: bool
    size: int = 0

    @classmethod
    def from_api(cls, body: Any) -> Snapshot:
        fields = mapping(body)
        name = text(fields, "name", "snapshot")
        metadata = nested(fields, "metadata", "snapshot")
        return cls(
            id=required_text(fields, "id", "snapshot"),
            name=name,
            volume_id=required_text(fields, "volume_id", "snapshot"),
            status=text(fields, "status", "snapshot"),
            of_a_backup=name.startswith(MADE_BY_A_BACKUP) or "__system__enableActive" in metadata,
            size=number(fields, "size", "snapshot"),
        )


@dataclass(frozen=True)
class Backup(Named):
    """A backup of a disk, by whichever service."""

    volume_id: str

    @classmethod
    def from_volume_api(cls, body: Any) -> Backup:
        """Read a backup of VBS or Cinder."""
        fields = mapping(body)
        return cls(
            id=required_text(fields, "id", "backup"),
            name=text(fields, "name", "backup"),
            volume_id=required_text(fields, "volume_id", "backup"),
        )

    @classmethod
    def all_from_cbr(cls, body: Any) -> list[Backup]:
        """Read the backups of disks in a backup of CBR: itself, or the parts of a server's."""
        fields = mapping(body)
        parts = [backup for child in objects(fields, "children", "backup") for backup in cls.all_from_cbr(child)]
        if required_text(fields, "resource_type", "backup") == DISK:
            parts.append(
                cls(
                    id=required_text(fields, "id", "backup"),
                    name=text(fields, "name", "backup"),
                    volume_id=required_text(fields, "resource_id", "backup"),
                )
            )
        return parts


@dataclass(frozen=True)
class Vault(Named):
    """A vault and the disks in it.

    From a locked one no disk can be taken, nor a backup deleted; one that binds by itself may take a
    disk back.
    """

    locked: bool
    binds_by_itself: bool
    volume_ids: frozenset[str]

    @classmethod
    def from_api(cls, body: Any) -> Vault:
        fields = mapping(body)
        resources = objects(fields, "resources", "vault")
        disks = [item for item in resources if required_text(item, "type", "resource of a vault") == DISK]
        return cls(
            id=required_text(fields, "id", "vault"),
            name=text(fields, "name", "vault"),
            locked=flag(fields, "locked", "vault"),
            binds_by_itself=flag(fields, "auto_bind", "vault"),
            volume_ids=frozenset(required_text(item, "id", "resource of a vault") for item in disks),
        )


@dataclass(frozen=True)
class Policy(Named):
    """A policy and the vaults that it is applied to; a disabled one is applied all the same."""

    enabled: bool
    vault_ids: frozenset[str]

    @classmethod
    def from_api(cls, body: Any) -> Policy:
        fields = mapping(body)
        vaults = objects(fields, "associated_vaults", "policy")
        return cls(
            id=required_text(fields, "id", "policy"),
            name=text(fields, "name", "policy"),
            enabled=fields.get("enabled") is not False,
            vault_ids=frozenset(required_text(item, "vault_id", "vault of a policy") for item in vaults),
        )


@dataclass(frozen=True)
class Pair(Named):
    """A replication pair; both of its disks are bound, whatever its status."""

    status: str
    volume_ids: frozenset[str]

    @classmethod
    def from_api(cls, body: Any) -> Pair:
        fields = mapping(body)
        return cls(
            id=required_text(fields, "id", "replication pair"),
            name=text(fields, "name", "replication pair"),
            status=text(fields, "status", "replication pair"),
            volume_ids=frozenset(part.strip() for part in _parts(fields) if part.strip()),
        )


@dataclass(frozen=True)
class Placement:
    """Where EVS keeps a disk: the service type, and the pool of dedicated storage; its WWN if it has one."""

    volume_id: str
    service_type: str
    pool_id: str
    pool_name: str
    tags: Mapping[str, str]
    wwn: str | None = None

    @classmethod
    def from_api(cls, body: Any) -> Placement:
        fields = mapping(body)
        return cls(
            volume_id=required_text(fields, "id", "disk"),
            service_type=text(fields, "service_type", "disk"),
            pool_id=text(fields, "dedicated_storage_id", "disk"),
            pool_name=text(fields, "dedicated_storage_name", "disk"),
            tags=_tags(fields),
            wwn=optional_text(fields, "wwn", "disk"),
        )


def _parts(fields: Mapping[str, Any]) -> list[str]:
    """The disks of a pair: one string with commas by the documents; a list is understood as well."""
    given = fields.get("volume_ids")
    if isinstance(given, list) and given and all(isinstance(part, str) for part in given):
        return given
    return required_text(fields, "volume_ids", "replication pair").split(",")


def _tags(fields: Mapping[str, Any]) -> Mapping[str, str]:
    """Tags are an object in EVS, and a list of keys and values in its neighbours."""
    if not isinstance(fields.get("tags"), list):
        return texts(fields, "tags", "disk")
    return {text(tag, "key", "tag"): text(tag, "value", "tag") for tag in objects(fields, "tags", "disk")}
