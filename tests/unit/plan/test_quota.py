# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether disks fit into a quota."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Limit
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need, shortfalls


def quota(**limits: tuple[int, int, int]) -> dict[str, Limit]:
    return {key: Limit(*values) for key, values in limits.items()}


TWO = [Need(10, "SSD"), Need(30, "SAS")]

CASES: list[tuple[dict[str, tuple[int, int, int]], list[Need], list[str]]] = [
    ({}, TWO, []),
    ({"volumes": (8, 10, 0)}, TWO, []),
    ({"volumes": (8, 9, 0)}, TWO, ["volumes"]),
    ({"volumes": (8, 10, 1)}, TWO, ["volumes"]),
    ({"volumes": (12, 10, 0)}, [], []),
    ({"volumes": (5, -1, 0), "gigabytes": (5, -1, 0)}, TWO, []),
    ({"gigabytes": (60, 100, 0)}, TWO, []),
    ({"gigabytes": (61, 100, 0)}, TWO, ["gigabytes"]),
    ({"gigabytes_SAS": (0, 29, 0), "gigabytes_SSD": (0, 10, 0)}, TWO, ["gigabytes_SAS"]),
    ({"volumes_SAS": (3, 3, 0), "volumes_ESSD": (0, 0, 0)}, TWO, ["volumes_SAS"]),
    ({"per_volume_gigabytes": (0, 30, 0)}, TWO, []),
    ({"per_volume_gigabytes": (0, 29, 0)}, TWO, ["per_volume_gigabytes"]),
    ({"per_volume_gigabytes": (0, -1, 0)}, TWO, []),
    ({"volumes": (0, 1, 0), "gigabytes": (0, 0, 0)}, [Need(None, None)], []),
    ({"volumes": (0, 0, 0)}, [Need(None, None)], ["volumes"]),
    # Snapshots that go along count as well, each by its size.
    ({"snapshots": (0, 2, 0), "gigabytes": (0, 45, 0)}, [Need(30, "SSD", (5, 10))], []),
    ({"snapshots": (0, 1, 0), "gigabytes": (0, 44, 0)}, [Need(30, "SSD", (5, 10))], ["gigabytes", "snapshots"]),
    (
        {"snapshots_SSD": (0, 1, 0), "gigabytes_SSD": (0, 44, 0)},
        [Need(30, "SSD", (5, 10))],
        ["gigabytes_SSD", "snapshots_SSD"],
    ),
    ({"snapshots": (0, 1, 0), "snapshots_None": (0, 0, 0)}, [Need(30, None, (5, 10))], ["snapshots"]),
    ({"snapshots": (0, 0, 0), "per_volume_gigabytes": (0, 30, 0)}, TWO, []),
]


@pytest.mark.parametrize(("limits", "needs", "short"), CASES)
def test_names_each_limit_that_does_not_suffice(
    limits: dict[str, tuple[int, int, int]], needs: list[Need], short: list[str]
) -> None:
    assert [shortfall.resource for shortfall in shortfalls(quota(**limits), needs)] == short


def test_says_the_numbers() -> None:
    (shortfall,) = shortfalls(quota(gigabytes=(61, 100, 9)), TWO)
    assert shortfall.sentence == "gigabytes: 40 needed, 30 free (61 in use, 9 reserved, limit 100)"
