# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What guests call disks, whatever their devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError
from ansible_collections.otc.evs.plugins.module_utils._model.servers import guest_name, scsi_guest_name
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Volume


def guest_names(evs: Evs, volumes: Iterable[Volume]) -> dict[str, str]:
    """By the ID of the disk; a disk is missing whose name cannot be known.

    The WWN of a SCSI disk is told by a list of EVS alone, which is asked only if there are such disks.
    """
    found = {volume.id: volume for volume in volumes}
    names = {volume.id: guest_name(volume.id) for volume in found.values() if not volume.is_scsi}
    scsi = [volume_id for volume_id in found if volume_id not in names]
    return {**names, **(_of_scsi(evs, scsi) if scsi else {})}


def _of_scsi(evs: Evs, volume_ids: list[str]) -> Mapping[str, str]:
    try:
        placements = evs.placements(volume_ids) or ()
    except EvsError:
        # What a disk is called changes nothing of what is done with it.
        return {}
    told = {item.volume_id: scsi_guest_name(item.wwn) for item in placements if item.volume_id in volume_ids}
    return {volume_id: name for volume_id, name in told.items() if name}
