# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that offering and moving disks share; their argument spec is in module_utils/_module.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  select:
    description:
      - All disks of the source that have all these properties. At least one property has to be given.
      - Give either this or O(volumes).
    type: dict
    suboptions:
      name:
        description: Disks with such a name, with the wildcards V(*) and V(?).
        type: str
      status:
        description: Disks in this status. A run that was interrupted leaves disks in V(awaiting-transfer).
        type: str
      volume_type:
        description: Disks of this type.
        type: str
      availability_zone:
        description: Disks in this availability zone.
        type: str
      metadata:
        description: Disks with all these metadata.
        type: dict
      tags:
        description: Disks with all these tags, which only EVS has.
        type: dict
  blocked:
    description:
      - What to do if a disk violates a constraint.
      - V(fail) changes nothing at all, and gives all reasons for all disks.
      - V(skip) leaves that disk where it is, says why in RV(disks), and goes on with the others.
    type: str
    choices: [fail, skip]
    default: fail
  unchecked:
    description:
      - What to do if a constraint could not be checked, because a service that the catalogue lists refuses to answer
        or fails.
      - V(fail) changes nothing at all, and says which and why, also with O(blocked=skip). Unknown is never a pass.
      - V(allow) goes on, and says so in RV(disks[].reasons). The cloud may still refuse the disk.
    type: str
    choices: [fail, allow]
    default: fail
  ignore_constraints:
    description:
      - Constraints that are not checked. The cloud may still refuse the disk.
      - A disk that a transfer of another name offers stays blocked, whatever is ignored.
    type: list
    elements: str
    choices:
      - status
      - attached
      - encrypted
      - snapshots
      - backups
      - backup_policy
      - system_disk
      - replication_pair
      - prepaid
      - dedicated_storage
      - group
      - volume_type
      - quota
      - region
    default: []
  snapshots:
    description:
      - What to do with a disk that has snapshots. With V(block) it stays, by the constraint V(snapshots).
      - With V(along) it takes its snapshots along, and they belong to the target then. They have to be in status
        C(available).
      - That takes a Cinder with microversion 3.55. EVS does not have it, so there the disk stays blocked.
    type: str
    choices: [block, along]
    default: block
  encrypted:
    description:
      - What to do with an encrypted disk. With V(block) it stays, by the constraint V(encrypted).
      - With V(along) it goes with its key. If it has snapshots, it needs O(snapshots=along) as well.
      - That takes a Cinder with microversion 3.70. EVS does not have it, so there the disk stays blocked.
    type: str
    choices: [block, along]
    default: block
  check_constraints:
    description:
      - Whether to check constraints at all. Set it to V(false) if an earlier task has done so.
      - A disk that a transfer of another name offers is blocked all the same.
    type: bool
    default: true
  rehearse:
    description:
      - Only say what would be done, as in check mode, also when the task does not run in check mode. Then
        RV(rehearsed) is true and C(changed) is false.
      - For playbooks that show what will be done, and then do it.
    type: bool
    default: false
  stop_after:
    description:
      - Start no further disk after so many seconds; those that were not started are in RV(not_started).
      - For playbooks that show how far they have come.
    type: int
"""
