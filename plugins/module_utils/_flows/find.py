# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Find disks by name, ID or traits, and their pending transfers, in as few requests as it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AWAITING_TRANSFER, Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found, is_id, require_names
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import VolumeFilter, Wanted

FEW = 3
"""Up to so many disks are asked for one by one; beyond, the project's list costs fewer requests."""


def find(evs: Evs, refs: Iterable[str]) -> Found:
    """Look disks up by ID or else by name."""
    refs = list(dict.fromkeys(refs))
    require_names(refs)
    if len(refs) > FEW:
        return Found.among(refs, evs.volumes())
    volumes: list[Volume] = []
    for ref in refs:
        by_its_id = evs.volume(ref) if is_id(ref) else None
        volumes.extend([by_its_id] if by_its_id else evs.volumes(name=ref))
    return Found.among(refs, volumes)


def find_wanted(evs: Evs, wanted: Wanted) -> Found:
    """Look up what a user means; disks chosen by their traits come by ID, in the order of their names."""
    if wanted.refs is not None:
        return find(evs, wanted.refs)
    volumes = with_tags(evs, filter(wanted.chosen.matches, evs.volumes(status=wanted.chosen.status)), wanted.chosen)
    volumes.sort(key=lambda volume: volume.name)
    return Found.among([volume.id for volume in volumes], volumes)


def with_tags(evs: Evs, candidates: Iterable[Volume], chosen: VolumeFilter) -> list[Volume]:
    """The disks with all of these tags, which only EVS knows."""
    volumes = list(candidates)
    if not chosen.tags or not volumes:
        return volumes
    found = evs.placements([volume.id for volume in volumes])
    placements = {placement.volume_id: placement for placement in found or ()}
    if found is None:
        raise UsageError(f"Block storage of project {evs.project.label} knows no tags; use metadata or name instead.")
    return [
        volume
        for volume in volumes
        if volume.id in placements and chosen.tags.items() <= placements[volume.id].tags.items()
    ]


def by_id(evs: Evs, ids: Sequence[str]) -> dict[str, Volume]:
    """Those of the disks that the project has."""
    if len(ids) > FEW:
        wanted = set(ids)
        return {volume.id: volume for volume in evs.volumes() if volume.id in wanted}
    return {volume.id: volume for volume in (evs.volume(volume_id) for volume_id in ids) if volume}


def transfers_of(evs: Evs, volumes: Iterable[Volume]) -> dict[str, Transfer]:
    """The pending transfers of disks, by the disk's ID; nothing is asked if no disk is offered.

    Cinder shows at most a page of transfers and has no way to the next (it takes an offset for a
    filter), so those that are not on it are asked for one by one.
    """
    waiting = [volume.id for volume in volumes if volume.status == AWAITING_TRANSFER]
    if not waiting:
        return {}
    pending = {transfer.volume_id: transfer for transfer in evs.transfers()}
    for volume_id in waiting:
        if volume_id not in pending:
            pending.update({transfer.volume_id: transfer for transfer in evs.transfers(volume_id)})
    return {volume_id: pending[volume_id] for volume_id in waiting if volume_id in pending}


def with_transfers(evs: Evs, found: Found) -> tuple[Found, Mapping[str, Transfer]]:
    """The same disks, and their pending transfers.

    A disk that is offered and has no transfer may have been accepted or freed between both lists, so
    it is looked at again before anybody calls it stuck.
    """
    pending = transfers_of(evs, found.volumes)
    odd = [volume.id for volume in found.volumes if volume.status == AWAITING_TRANSFER and volume.id not in pending]
    if not odd:
        return found, pending
    seen = by_id(evs, odd)
    again = transfers_of(evs, seen.values())
    return found.replaced({volume_id: seen.get(volume_id) for volume_id in odd}), {**pending, **again}
