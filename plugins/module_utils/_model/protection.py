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

from ansible_collections.otc.evs.plugins.module_utils._model.parse import Fields, Named

DISK = "OS::Cinder::Volume"
MADE_BY_A_BACKUP = ("autobk_snapshot_", "manualbk_snapshot_")
"""How the names of such snapshots begin, whichever service has made the backup."""


@dataclass(frozen=True)
class Snapshot(Named):
    """A snapshot of a disk; one `of_a_backup` goes only with its backup."""

    volume_id: str
    status: str
    of_a_backup: bool
    size: int = 0

    @classmethod
    def from_api(cls, body: Any) -> Snapshot:
        fields = Fields(body, "snapshot")
        name = fields.text("name")
        metadata = fields.nested("metadata")
        return cls(
            id=fields.required_text("id"),
            name=name,
            volume_id=fields.required_text("volume_id"),
            status=fields.text("status"),
            of_a_backup=name.startswith(MADE_BY_A_BACKUP) or "__system__enableActive" in metadata,
            size=fields.number("size"),
        )


@dataclass(frozen=True)
class Backup(Named):
    """A backup of a disk, by whichever service."""

    volume_id: str

    @classmethod
    def from_volume_api(cls, body: Any) -> Backup:
        """Read a backup of VBS or Cinder."""
        fields = Fields(body, "backup")
        return cls(
            id=fields.required_text("id"),
            name=fields.text("name"),
            volume_id=fields.required_text("volume_id"),
        )

    @classmethod
    def all_from_cbr(cls, body: Any) -> list[Backup]:
        """Read the backups of disks in a backup of CBR: itself, or the parts of a server's."""
        return cls._all_in(Fields(body, "backup"))

    @classmethod
    def _all_in(cls, fields: Fields) -> list[Backup]:
        parts = [backup for child in fields.objects("children", "backup") for backup in cls._all_in(child)]
        if fields.required_text("resource_type") == DISK:
            parts.append(
                cls(
                    id=fields.required_text("id"),
                    name=fields.text("name"),
                    volume_id=fields.required_text("resource_id"),
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
        fields = Fields(body, "vault")
        resources = fields.objects("resources", "resource of a vault")
        disks = [item for item in resources if item.required_text("type") == DISK]
        return cls(
            id=fields.required_text("id"),
            name=fields.text("name"),
            locked=fields.flag("locked"),
            binds_by_itself=fields.flag("auto_bind"),
            volume_ids=frozenset(item.required_text("id") for item in disks),
        )


@dataclass(frozen=True)
class Policy(Named):
    """A policy and the vaults that it is applied to; a disabled one is applied all the same."""

    enabled: bool
    vault_ids: frozenset[str]

    @classmethod
    def from_api(cls, body: Any) -> Policy:
        fields = Fields(body, "policy")
        vaults = fields.objects("associated_vaults", "vault of a policy")
        return cls(
            id=fields.required_text("id"),
            name=fields.text("name"),
            enabled=fields.get("enabled") is not False,
            vault_ids=frozenset(item.required_text("vault_id") for item in vaults),
        )


@dataclass(frozen=True)
class Pair(Named):
    """A replication pair; both of its disks are bound, whatever its status."""

    status: str
    volume_ids: frozenset[str]

    @classmethod
    def from_api(cls, body: Any) -> Pair:
        fields = Fields(body, "replication pair")
        return cls(
            id=fields.required_text("id"),
            name=fields.text("name"),
            status=fields.text("status"),
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
        fields = Fields(body, "disk")
        return cls(
            volume_id=fields.required_text("id"),
            service_type=fields.text("service_type"),
            pool_id=fields.text("dedicated_storage_id"),
            pool_name=fields.text("dedicated_storage_name"),
            tags=_tags(fields),
            wwn=fields.optional_text("wwn"),
        )


def _parts(fields: Fields) -> list[str]:
    """The disks of a pair: one string with commas by the documents; a list is understood as well."""
    given = fields.get("volume_ids")
    if isinstance(given, list) and given and all(isinstance(part, str) for part in given):
        return given
    return fields.required_text("volume_ids").split(",")


def _tags(fields: Fields) -> Mapping[str, str]:
    """Tags are an object in EVS, and a list of keys and values in its neighbours."""
    if not isinstance(fields.get("tags"), list):
        return fields.texts("tags")
    return {tag.text("key"): tag.text("value") for tag in fields.objects("tags", "tag")}
