# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Read what is there: the flows of the _info modules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import collect
from ansible_collections.otc.evs.plugins.module_utils._flows.find import find_wanted, with_tags, with_transfers
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import transfer_row
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AWAITING_TRANSFER, Limit, Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import blockers, cautions
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import require_ids, require_names
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need, shortfalls
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import VolumeFilter, Wanted
from ansible_collections.otc.evs.plugins.module_utils._text import safe_message


def volumes_info(
    services: Services, refs: Sequence[str] | None, chosen: VolumeFilter, check_constraints: bool, concurrency: int
) -> Result:
    """The project's disks, each with what keeps it from being transferred."""
    evs = services.evs
    asked = find_wanted(evs, Wanted(refs, chosen))
    found, pending = with_transfers(evs, asked)
    volumes = found.volumes if refs is None else with_tags(evs, filter(chosen.matches, found.volumes), chosen)
    evidence = collect(services, volumes, concurrency) if check_constraints else None
    return Result(
        values={
            "volumes": [volume_row(volume, pending.get(volume.id), evidence) for volume in volumes],
            "missing": asked.missing,
            **evs.project.as_result(),
        },
        warnings=list(evidence.notes) if evidence else [],
    )


def volume_row(volume: Volume, transfer: Transfer | None, evidence: Evidence | None) -> dict[str, object]:
    """A disk as evs_volume_info returns it; without evidence its constraints were not checked."""
    row: dict[str, object] = {
        **volume.as_result(),
        "transfer": {"id": transfer.id, "name": transfer.name, "created_at": transfer.created_at} if transfer else None,
    }
    if evidence is None:
        return row
    facts = evidence.facts(volume, transfer)
    found = blockers(facts)
    unchecked = evidence.unchecked_of(volume, found, ())
    return {
        **row,
        "transferable": not found and not unchecked,
        "blockers": [blocker.as_result() for blocker in found],
        "unchecked": [
            {"constraint": constraint, "reason": safe_message(reason)} for constraint, reason in unchecked.items()
        ],
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
    values: dict[str, object] = {
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
