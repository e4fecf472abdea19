#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evs_volume_info
short_description: List a tenant's disks and what keeps each from being transferred
version_added: 1.0.0
description:
  - Lists the EVS disks (or Cinder volumes) of a tenant, and says of each whether it can be transferred to another
    tenant.
options:
  volumes:
    description:
      - Only these disks, by name or ID. Those that the tenant does not have are in RV(missing).
      - A name that fits several disks lists them all.
    type: list
    elements: str
    aliases: [volume]
  name:
    description: Only disks with such a name, with the wildcards V(*) and V(?).
    type: str
  status:
    description: Only disks in this status.
    type: str
  volume_type:
    description: Only disks of this type.
    type: str
  availability_zone:
    description: Only disks in this availability zone.
    type: str
  metadata:
    description: Only disks with all these metadata.
    type: dict
  tags:
    description: Only disks with all these tags, which only EVS has.
    type: dict
  check_constraints:
    description:
      - Whether to look for what keeps each disk from being transferred.
      - V(false) spares the requests to the services that know about snapshots, backups, policies and pairs.
    type: bool
    default: true
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.info_attributes
author:
  - otc.evs contributors (@opentelekomcloud)
seealso:
  - module: otc.evs.evs_transfer
  - module: otc.evs.evs_quota_info
"""

EXAMPLES = r"""
- name: Which disks of the application can be transferred?
  otc.evs.evs_volume_info:
    cloud: tenant-a
    name: app*
  register: disks

- name: Show those that cannot
  ansible.builtin.debug:
    msg: "{{ disks.volumes | rejectattr('transferable') | map(attribute='blockers') | flatten }}"
"""

RETURN = r"""
volumes:
  description: The disks.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the disk.
      type: str
    name:
      description: The name of the disk.
      type: str
    status:
      description: The status of the disk.
      type: str
    size:
      description: The size of the disk in GiB.
      type: int
    volume_type:
      description: The type of the disk.
      type: str
    project_id:
      description: The ID of the project that owns the disk.
      type: str
    availability_zone:
      description: The availability zone of the disk.
      type: str
    description:
      description: The description of the disk.
      type: str
    bootable:
      description: Whether the disk is marked as bootable.
      type: bool
    encrypted:
      description: The API's field of this name, which EVS calls unsupported; see RV(volumes[].blockers).
      type: bool
    created_at:
      description: When the disk was created, in UTC.
      type: str
    attachments:
      description: The servers to which the disk is attached.
      type: list
      elements: dict
      contains:
        server_id:
          description: The ID of the server.
          type: str
        device:
          description: The device in the server.
          type: str
    multiattach:
      description: Whether the disk can be attached to several servers at once, a shared disk.
      type: bool
    metadata:
      description:
        - The metadata of the disk, each value as a string. What is not a string is written as in JSON.
      type: dict
    group_id:
      description: The volume group of Cinder that the disk is in; null if it is in none.
      type: str
    transfer:
      description: The pending transfer by which the disk is offered, or null.
      type: dict
      contains:
        id:
          description: The ID of the transfer.
          type: str
        name:
          description: The name of the transfer.
          type: str
        created_at:
          description: When the transfer was created, in UTC.
          type: str
    transferable:
      description: Whether all constraints are checked, and none is violated.
      returned: when O(check_constraints=true)
      type: bool
    blockers:
      description: The constraints that the disk violates.
      returned: when O(check_constraints=true)
      type: list
      elements: dict
      contains:
        constraint:
          description: The name of the constraint.
          type: str
        reason:
          description: How the disk violates it.
          type: str
        evidence:
          description: The fields that show it.
          type: dict
        remedy:
          description: What the owner of the disk can do.
          type: str
    unchecked:
      description: The constraints that could not be checked. Unknown is never a pass.
      returned: when O(check_constraints=true)
      type: list
      elements: dict
      contains:
        constraint:
          description: The name of the constraint.
          type: str
        reason:
          description: What the service answered that should know.
          type: str
    cautions:
      description: What does not keep the disk from being transferred, and is still worth knowing.
      returned: when O(check_constraints=true)
      type: list
      elements: str
missing:
  description: Those of O(volumes) that the tenant does not have.
  returned: success
  type: list
  elements: str
project_id:
  description: The ID of the project that was asked.
  returned: success
  type: str
project_name:
  description: The name of the project that was asked.
  returned: success
  type: str
region_name:
  description: The region that was asked; null if none was named.
  returned: success
  type: str
status:
  description: The status of the answer to the request that failed.
  returned: if the task fails because a server refuses a request
  type: int
code:
  description: The server's own code of that error; null if it gave none.
  returned: with RV(status)
  type: str
request_id:
  description: The server's ID of that request, for those who run the cloud; null if it gave none.
  returned: with RV(status)
  type: str
"""

from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._flows.listing import volumes_info
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._module import Task, run
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import VolumeFilter


def flow(task: Task) -> Result:
    params = task.params
    chosen = VolumeFilter.from_params(params)
    return volumes_info(
        Services.of(task.session), params["volumes"], chosen, params["check_constraints"], task.concurrency
    )


def main() -> None:
    run(
        {
            "volumes": {"type": "list", "elements": "str", "aliases": ["volume"]},
            "name": {"type": "str"},
            "status": {"type": "str"},
            "volume_type": {"type": "str"},
            "availability_zone": {"type": "str"},
            "metadata": {"type": "dict"},
            "tags": {"type": "dict"},
            "check_constraints": {"type": "bool", "default": True},
        },
        flow,
    )


if __name__ == "__main__":
    main()
