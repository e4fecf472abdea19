# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Find disks by name or ID, and wait until they are as they should be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import MOST_SHOWN, UsageError, listed, quoted
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AWAITING_TRANSFER, Transfer, Volume

FEW = 3
"""Up to so many disks are asked for one by one; beyond, the project's list costs fewer requests."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0


class Found:
    """What names and IDs refer to."""

    def __init__(self, refs: Sequence[str], volumes: Iterable[Volume]) -> None:
        self.refs = refs
        by_id: dict[str, Volume] = {}
        by_name: dict[str, list[Volume]] = {}
        wanted = set(refs)
        # A disk may come twice: asked for by name and by ID, or on two pages of a list that moves.
        for volume in {volume.id: volume for volume in volumes}.values():
            if volume.id in wanted:
                by_id[volume.id] = volume
            if volume.name in wanted:
                by_name.setdefault(volume.name, []).append(volume)
        self.matches = {ref: [by_id[ref]] if ref in by_id else by_name.get(ref, []) for ref in refs}

    @property
    def missing(self) -> list[str]:
        """The names and IDs that fit no disk."""
        return [ref for ref in self.refs if not self.matches[ref]]

    @property
    def ambiguous(self) -> dict[str, list[str]]:
        """The names that fit several disks, with the IDs of those."""
        return {ref: [volume.id for volume in fits] for ref, fits in self.matches.items() if len(fits) > 1}

    @property
    def volumes(self) -> list[Volume]:
        """Every disk once, in the order asked for."""
        return list({volume.id: volume for ref in self.refs for volume in self.matches[ref]}.values())

    def require_unambiguous(self, project_label: str) -> None:
        if self.ambiguous:
            lines = [f"{quoted(name)} fits {', '.join(ids[:MOST_SHOWN])}" for name, ids in self.ambiguous.items()]
            rest = f"; and {len(lines) - MOST_SHOWN} more names" if len(lines) > MOST_SHOWN else ""
            raise UsageError(
                f"In project {project_label} {'; '.join(lines[:MOST_SHOWN])}{rest}. Give the ID of the disk you mean.",
                ambiguous=self.ambiguous,
            )

    def require_all(self, project_label: str) -> None:
        self.require_unambiguous(project_label)
        if self.missing:
            raise UsageError(
                f"Project {project_label} has no disk with the name or ID {listed(self.missing)}. "
                "Check the spelling, the project and the region.",
                missing=self.missing,
            )


def find(evs: Evs, refs: Sequence[str]) -> Found:
    """Look disks up by ID or else by name, in as few requests as it takes."""
    refs = list(dict.fromkeys(refs))
    require_names(refs)
    if len(refs) > FEW:
        return Found(refs, evs.volumes())
    volumes: list[Volume] = []
    for ref in refs:
        by_id = evs.volume(ref) if is_id(ref) else None
        volumes.extend([by_id] if by_id else evs.volumes(name=ref))
    return Found(refs, volumes)


def require_names(refs: Iterable[str]) -> None:
    """Refuse an empty reference: it would mean the disks that have no name."""
    if not all(ref.strip() for ref in refs):
        raise UsageError("Option volumes holds an empty name. Give each disk by its name or ID.")


def require_ids(option: str, values: Iterable[str]) -> None:
    """Refuse what cannot be an ID, before it becomes a part of a path."""
    wrong = [value for value in values if not is_id(value)]
    if wrong:
        raise UsageError(
            f"Option {option} holds {listed(wrong)}; it takes IDs such as 1a7059f5-8ed7-45b7-8d05-2811e5d09f24."
        )


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


def wait_for(
    evs: Evs, ids: Sequence[str], settled: Callable[[Volume | None], bool], timeout: float
) -> dict[str, Volume]:
    """Read disks until every one is `settled` or `timeout` seconds are over; returns the last reading.

    A disk that the project does not have is given to `settled` as None.  Only those that are not
    settled are read again.
    """
    deadline = time.monotonic() + timeout
    pause = FIRST_PAUSE
    seen: dict[str, Volume] = {}
    waiting = list(dict.fromkeys(ids))
    while waiting:
        reading = by_id(evs, waiting)
        for volume_id in waiting:
            seen.pop(volume_id, None)
        seen.update(reading)
        waiting = [volume_id for volume_id in waiting if not settled(reading.get(volume_id))]
        if not waiting or time.monotonic() + pause > deadline:
            break
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)
    return seen


def is_id(ref: str) -> bool:
    """Whether a reference can be an ID: the API answers 404 to an ID, and to some names an error."""
    digits = ref.replace("-", "")
    return len(ref) in (32, 36) and len(digits) == 32 and all(digit in "0123456789abcdefABCDEF" for digit in digits)
