# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Whether disks fit into a quota: pure.

Accepting a transfer reserves one of `volumes`, its size of `gigabytes`, the same of the two limits
of its type, and has to respect `per_volume_gigabytes` (Cinder, transfer acceptance; EVS API
reference, "Querying Details of Tenant Quotas").  A limit that the cloud does not have limits nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.volumes import UNLIMITED, Limit


@dataclass(frozen=True)
class Need:
    """A disk to come; what is not known of it (None) cannot be checked."""

    size: int | None
    volume_type: str | None
    snapshots: Sequence[int] = ()
    """The sizes of those that it takes along."""


@dataclass(frozen=True)
class Shortfall:
    """A limit that would be exceeded, with the numbers."""

    resource: str
    needed: int
    free: int
    in_use: int
    reserved: int
    limit: int

    @property
    def sentence(self) -> str:
        if self.resource == "per_volume_gigabytes":
            return f"the largest disk has {self.needed} GiB, {self.resource} allows {self.limit}"
        return (
            f"{self.resource}: {self.needed} needed, {self.free} free "
            f"({self.in_use} in use, {self.reserved} reserved, limit {self.limit})"
        )

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


def shortfalls(quota: Mapping[str, Limit], needs: Iterable[Need]) -> list[Shortfall]:
    """The limits that do not suffice for all these disks together."""
    total: Counter[str] = Counter()
    largest = 0
    for need in needs:
        size = need.size or 0
        largest = max(largest, size)
        total["volumes"] += 1
        total["gigabytes"] += size
        if need.volume_type:
            total[f"volumes_{need.volume_type}"] += 1
            total[f"gigabytes_{need.volume_type}"] += size
        for size in need.snapshots:
            for kind in ("", f"_{need.volume_type}") if need.volume_type else ("",):
                total[f"snapshots{kind}"] += 1
                total[f"gigabytes{kind}"] += size
    found = [
        _shortfall(key, amount, quota[key])
        for key, amount in total.items()
        if key in quota and _exceeds(quota[key], amount)
    ]
    single = quota.get("per_volume_gigabytes")
    if single is not None and single.limit != UNLIMITED and largest > single.limit:
        found.append(Shortfall("per_volume_gigabytes", largest, single.limit, 0, 0, single.limit))
    return found


def _exceeds(limit: Limit, amount: int) -> bool:
    return amount > 0 and limit.free is not None and amount > limit.free


def _shortfall(key: str, amount: int, limit: Limit) -> Shortfall:
    return Shortfall(key, amount, max(limit.free or 0, 0), limit.in_use, limit.reserved, limit.limit)
