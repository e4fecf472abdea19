# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Backups in the style of Cinder: by Volume Backup Service, or by block storage itself.

Source: VBS API reference, "Querying Details About VBS Backups (Native OpenStack V3 API)".  The list
shows the backups of VBS, CSBS and CBR, and the parts of those of servers.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError
from ansible_collections.otc.evs.plugins.module_utils._model.protection import Backup


class Vbs:
    """The list of backups; where the catalogue lists no VBS, block storage may have it or not."""

    def __init__(self, client: Client, listed: bool) -> None:
        self._client = client
        self._listed = listed
        self.exists = True
        """Whether there is such a list, as far as has been seen."""

    def backups(self, volume_id: str | None = None) -> Iterator[list[Backup]]:
        """Backups of disks, page by page: of one disk, or all."""
        filters = {"volume_id": volume_id} if volume_id else {}
        try:
            for page in self._client.linked_pages("backups/detail", "backups", filters, by_offset=True):
                yield [Backup.from_volume_api(body) for body in page.entries]
        except ApiError as error:
            if self._listed or error.status != 404:
                raise
            self.exists = False
