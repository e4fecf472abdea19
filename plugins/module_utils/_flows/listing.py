# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Read what is there: the flows of the _info modules."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Evidence, Services, collect
from ansible_collections.otc.evs.plugins.module_utils._flows.find import find, require_ids, require_names, transfers_of
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Result, transfer_row
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AWAITING_TRANSFER, Limit, Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import blockers, cautions
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need, shortfalls

FIELDS = (
    "id",
    "name",
    "status",
    "size",
    "volume_type",
    "project_id",
    "availability_zone",
    "description",
    "bootable",
    "encrypted",
    "created_at",
    "attachments",
    "metadata",
    "transfer",
    "transferable",
    "blockers",
    "unchecked",
    "cautions",
)
"""What is told of a disk."""


@dataclass(frozen=True)
class VolumeFilter:
    """Which disks to tell about; None lets every disk pass."""

    name: str | None = None
    status: str | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def matches(self, volume: Volume) -> bool:
        """Whether a disk passes all but the tags, which another call tells."""
        return (
            (self.name is None or fnmatch.fnmatchcase(volume.name, self.name))
            and self.status in (None, volume.status)
            and self.volume_type in (None, volume.volume_type)
            and self.availability_zone in (None, volume.availability_zone)
            and self.metadata.items() <= volume.metadata.items()
        )


def volumes_info(
    services: Services, refs: Sequence[str] | None, chosen: VolumeFilter, check_constraints: bool, concurrency: int
) -> Result:
    """The project's disks, each with what keeps it from being transferred."""
    evs = services.evs
    found = find(evs, refs) if refs is not None else None
    candidates = found.volumes if found else evs.volumes(status=chosen.status)
    volumes = [volume for volume in candidates if chosen.matches(volume)]
    if chosen.tags:
        volumes = _tagged(evs, volumes, chosen.tags)
    pending = transfers_of(evs, volumes)
    evidence = collect(services, volumes, concurrency) if check_constraints else None
    return Result(
        values={
            "volumes": [volume_row(volume, pending.get(volume.id), evidence) for volume in volumes],
            "missing": found.missing if found else [],
            **_place(evs),
        }
    )


def arrivals(target: Evs, refs: Sequence[str]) -> dict[str, Any]:
    """What the tenant that is to have disks has of them already, and its quota."""
    found = find(target, refs)
    return {
        "volumes": [volume.as_result() for volume in found.volumes],
        "missing": found.missing,
        "quotas": quota_rows(target.quota()),
        **_place(target),
    }


def _place(evs: Evs) -> dict[str, str | None]:
    return {
        "project_id": evs.project.id,
        "project_name": evs.project.name,
        "region_name": evs.project.region_name,
    }


def _tagged(evs: Evs, volumes: Sequence[Volume], tags: Mapping[str, str]) -> list[Volume]:
    """The disks with all of these tags, which only EVS knows."""
    placements = {placement.volume_id: placement for placement in evs.placements([volume.id for volume in volumes])}
    if volumes and not placements:
        raise UsageError(f"Block storage of project {evs.project.label} knows no tags; use metadata or name instead.")
    return [
        volume for volume in volumes if volume.id in placements and tags.items() <= placements[volume.id].tags.items()
    ]


def volume_row(volume: Volume, transfer: Transfer | None, evidence: Evidence | None) -> dict[str, Any]:
    """A disk as evs_volume_info returns it; without evidence its constraints were not checked."""
    row: dict[str, Any] = {
        **volume.as_result(),
        "transfer": {"id": transfer.id, "name": transfer.name, "created_at": transfer.created_at} if transfer else None,
    }
    if evidence is None:
        return row
    facts = evidence.facts(volume, transfer)
    found = blockers(facts)
    unchecked = evidence.unchecked_of(found, ())
    return {
        **row,
        "transferable": not found and not unchecked,
        "blockers": [blocker.as_result() for blocker in found],
        "unchecked": [{"constraint": constraint, "reason": reason} for constraint, reason in unchecked.items()],
        "cautions": cautions(facts),
    }


def transfers_info(
    evs: Evs, transfer_ids: Collection[str] | None, refs: Sequence[str] | None, name: str | None
) -> Result:
    """The pending transfers of the project's disks; never a key, which the API tells nobody afterwards."""
    require_ids("transfer_ids", transfer_ids or ())
    require_names(refs or ())
    wanted_ids, wanted = set(transfer_ids or ()), set(refs or ())
    transfers = evs.transfers()
    volumes = {volume.id: volume for volume in evs.volumes(status=AWAITING_TRANSFER)} if transfers else {}
    rows = []
    for transfer in transfers:
        volume = volumes.get(transfer.volume_id)
        if (
            (transfer_ids is None or transfer.id in wanted_ids)
            and (refs is None or transfer.volume_id in wanted or (volume is not None and volume.name in wanted))
            and name in (None, transfer.name)
        ):
            rows.append(transfer_row(transfer, volume))
    return Result(values={"transfers": rows})


def quota_info(evs: Evs, needs: Sequence[Need] | None) -> Result:
    """The project's quota, and whether disks fit into it."""
    quota = evs.quota()
    values: dict[str, Any] = {
        "quotas": quota_rows(quota),
        "project_id": evs.project.id,
        "project_name": evs.project.name,
    }
    if needs is not None:
        missing = shortfalls(quota, needs)
        values.update(
            fits=not missing,
            shortfalls=[{**shortfall.as_result(), "reason": shortfall.sentence} for shortfall in missing],
        )
    return Result(values=values)


def quota_rows(quota: Mapping[str, Limit]) -> dict[str, dict[str, int]]:
    """A quota as the modules return it."""
    return {key: asdict(limit) for key, limit in sorted(quota.items())}
