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

from collections.abc import Iterable, Iterator

from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._model.protection import DISK, Backup, Policy, Vault


class Cbr:
    """The calls that tell about disks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def backups(self, volume_id: str | None = None) -> Iterator[list[Backup]]:
        """Backups of disks, page by page: of one disk, or all with those inside backups of servers."""
        filters = {"resource_id": volume_id, "resource_type": DISK} if volume_id else {}
        for page in self._client.counted_pages("backups", filters):
            yield [backup for body in page for backup in Backup.all_from_cbr(body)]

    def vaults(self, volume_id: str | None = None) -> Iterator[list[Vault]]:
        """Vaults, page by page: those that hold one disk, or all."""
        filters = {"resource_ids": volume_id} if volume_id else {}
        for page in self._client.counted_pages("vaults", filters):
            yield [Vault.from_api(body) for body in page]

    def policies(self, vault_ids: Iterable[str]) -> Iterator[list[Policy]]:
        """All policies, which the API does not page; those of the vaults alone if not all of them are shown."""
        entries, missing = self._client.whole("policies")
        yield [Policy.from_api(body) for body in entries]
        for vault_id in vault_ids if missing else ():
            entries, missing = self._client.whole("policies", vault_id=vault_id)
            yield [Policy.from_api(body) for body in entries]
            if missing:
                raise missing
