# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Storage Disaster Recovery Service of one project: replication pairs.

Source: SDRS API reference, "Querying Replication Pairs".  There is no filter by disk, and the disks
of a pair are one string with commas.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._fields import mapping, text
from ansible_collections.otc.evs.plugins.module_utils._session import Client


@dataclass(frozen=True)
class Pair:
    """A replication pair; both of its disks are bound, whatever its status."""

    id: str
    name: str
    status: str
    volume_ids: frozenset[str]

    @classmethod
    def from_api(cls, body: Any) -> Pair:
        fields = mapping(body)
        ids = frozenset(part.strip() for part in text(fields, "volume_ids").split(",") if part.strip())
        return cls(text(fields, "id"), text(fields, "name"), text(fields, "status"), ids)


class Sdrs:
    """The calls that tell about disks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def pairs(self) -> Iterator[list[Pair]]:
        """All pairs, page by page."""
        for page in self._client.counted_pages("replications"):
            yield [Pair.from_api(body) for body in page]
