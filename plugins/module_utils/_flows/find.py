# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Find disks by name, ID or traits, and their pending transfers, in as few requests as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import WORTH_A_PAGE
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AWAITING_TRANSFER, Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found, is_id, require_names
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import VolumeFilter, Wanted

Value = TypeVar("Value")

FEW = 3
"""Up to so many disks are asked for one by one; beyond, the project's list costs fewer requests."""
AT_A_TIME = 8
"""So many are asked for one by one at a time, if as many requests may be under way."""


def find(evs: Evs, refs: Iterable[str]) -> Found:
    """Look disks up by ID or else by name."""
    refs = list(dict.fromkeys(refs))
    require_names(refs)

    def one(ref: str) -> list[Volume]:
        by_its_id = evs.volume(ref) if is_id(ref) else None
        return [by_its_id] if by_its_id else list(evs.volumes(name=ref))

    few = AT_A_TIME if all(map(is_id, refs)) else FEW
    listed, left = _listed(evs, refs, few)
    return Found.among(refs, [*listed, *(volume for found in _each(one, left) for volume in found)])


def _listed(evs: Evs, refs: Sequence[str], few: int = FEW) -> tuple[list[Volume], list[str]]:
    """The disks that the project's list tells of, and what is to be asked for one by one.

    The list is read as far as it is needed: to the last of what is meant by its ID, since other disks may have the
    same name.  If it turns out to be long and to tell little, asking for the rest one by one is less.
    """
    left = dict.fromkeys(refs)
    if len(refs) <= few:
        return [], list(left)
    wanted = set(refs)
    found: list[Volume] = []
    for number, (page, more) in enumerate(evs.volume_pages(), 1):
        for volume in page:
            if volume.id in wanted or volume.name in wanted:
                found.append(volume)
            left.pop(volume.id, None)
        tells_little = len(found) < number * WORTH_A_PAGE
        if not left or (more and tells_little and len(left) <= number * WORTH_A_PAGE):
            return found, list(left)
    return found, []


def _each(one: Callable[[str], Value], refs: Sequence[str]) -> list[Value]:
    """What each of them means, in their order."""
    if len(refs) <= FEW:
        return [one(ref) for ref in refs]
    with ThreadPoolExecutor(max_workers=AT_A_TIME) as workers:
        return list(workers.map(one, refs))


def find_wanted(evs: Evs, wanted: Wanted) -> Found:
    """Look up what a user means; disks chosen by their traits come by ID, in the order of their names."""
    if wanted.refs is not None:
        return find(evs, wanted.refs)
    volumes = with_tags(evs, filter(wanted.chosen.matches, evs.volumes(status=wanted.chosen.status)), wanted.chosen)
    volumes.sort(key=lambda volume: volume.name)
    return Found.among([volume.id for volume in volumes], volumes)


def with_tags(evs: Evs, candidates: Iterable[Volume], chosen: VolumeFilter) -> list[Volume]:
    """The disks with all these tags, which only EVS knows."""
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
    wanted = set(ids)
    listed, left = _listed(evs, ids)
    return {volume.id: volume for volume in [*listed, *_each(evs.volume, left)] if volume and volume.id in wanted}


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
