# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Storage Disaster Recovery Service of one project: replication pairs.

Source: SDRS API reference, "Querying Replication Pairs".  There is no filter by disk.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._model.protection import Pair


class Sdrs:
    """The calls that tell about disks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def pairs(self) -> Iterator[list[Pair]]:
        """All pairs, page by page."""
        for page in self._client.counted_pages("replications", {}):
            yield [Pair.from_api(body) for body in page]
