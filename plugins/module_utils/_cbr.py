# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Cloud Backup and Recovery of one project, one method a call: backups, vaults and policies.

Source: CBR API reference, "Querying All Backups", "Querying the Vault List", "Querying the Policy
List".  A filter that the server does not know is ignored, so callers check what comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._fields import flag, mapping, objects, text
from ansible_collections.otc.evs.plugins.module_utils._session import Client

DISK = "OS::Cinder::Volume"


@dataclass(frozen=True)
class Backup:
    """A backup of a disk, by whichever service."""

    id: str
    name: str
    volume_id: str


@dataclass(frozen=True)
class Vault:
    """A vault and the disks in it; from a locked one no disk can be taken, nor a backup deleted."""

    id: str
    name: str
    locked: bool
    volume_ids: frozenset[str]


@dataclass(frozen=True)
class Policy:
    """A policy and the vaults that it is applied to; a disabled one is applied all the same."""

    id: str
    name: str
    enabled: bool
    vault_ids: frozenset[str]


class Cbr:
    """The calls that tell about disks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def backups(self, volume_id: str | None = None) -> Iterator[list[Backup]]:
        """Backups of disks, page by page: of one disk, or all with those inside backups of servers."""
        filters = {"resource_id": volume_id, "resource_type": DISK} if volume_id else {}
        for page in self._client.counted_pages("backups", **filters):
            yield [backup for body in page for backup in _disk_backups(body)]

    def vaults(self, volume_id: str | None = None) -> Iterator[list[Vault]]:
        """Vaults, page by page: those that hold one disk, or all."""
        filters = {"resource_ids": volume_id} if volume_id else {}
        for page in self._client.counted_pages("vaults", **filters):
            yield [_vault(body) for body in page]

    def policies(self) -> list[Policy]:
        """All policies; the API does not page them."""
        return [_policy(body) for body in objects(self._client.get("policies").get("policies"))]


def _disk_backups(body: Any) -> list[Backup]:
    """The backups of disks in a backup: itself, or the parts of a server's."""
    fields = mapping(body)
    parts = [backup for child in objects(fields.get("children")) for backup in _disk_backups(child)]
    if fields.get("resource_type") == DISK:
        parts.append(Backup(text(fields, "id"), text(fields, "name"), text(fields, "resource_id")))
    return parts


def _vault(body: Any) -> Vault:
    fields = mapping(body)
    ids = frozenset(text(item, "id") for item in objects(fields.get("resources")) if item.get("type") == DISK)
    return Vault(text(fields, "id"), text(fields, "name"), flag(fields.get("locked")), ids)


def _policy(body: Any) -> Policy:
    fields = mapping(body)
    ids = frozenset(text(item, "vault_id") for item in objects(fields.get("associated_vaults")))
    return Policy(text(fields, "id"), text(fields, "name"), fields.get("enabled") is not False, ids)
