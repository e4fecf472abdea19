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
  - Lists the EVS disks (or Cinder volumes) of a tenant, and tells of each whether it can be transferred to another
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
    description: Only disks with such a name; V(*) and V(?) are wildcards.
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
    description: Only disks with all of these metadata.
    type: dict
  tags:
    description: Only disks with all of these tags.
    type: dict
  check_constraints:
    description:
      - Whether to look for what keeps each disk from being transferred.
      - V(false) spares the requests to the services that know about snapshots, backups, policies and pairs.
    type: bool
    default: true
  fields:
    description:
      - Only these fields of each disk, of O(target) as well, which for many disks makes the result a lot smaller.
        Without it all are returned.
      - A disk has a field only if it is known, so none of those about constraints with O(check_constraints=false).
    type: list
    elements: str
    choices:
      - id
      - name
      - status
      - size
      - volume_type
      - project_id
      - availability_zone
      - description
      - bootable
      - encrypted
      - created_at
      - attachments
      - metadata
      - transfer
      - transferable
      - blockers
      - unchecked
      - cautions
  quota:
    description:
      - Whether to return the project's quota as well, as M(otc.evs.evs_quota_info) does.
    type: bool
    default: false
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.info_attributes
  - otc.evs.target
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

- name: Which of these has the other tenant already, and what may it have?
  otc.evs.evs_volume_info:
    cloud: tenant-a
    target:
      cloud: tenant-b
    volumes: [app01-data, db01-data]
  register: both
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
    metadata:
      description: The metadata of the disk.
      type: dict
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
quotas:
  description: The quota of the project, as RV(otc.evs.evs_quota_info#module:quotas).
  returned: when O(quota) is true
  type: dict
target:
  description:
    - What O(target) has of O(volumes). Both tenants are asked at the same time.
    - It tells nothing of disks that are chosen by other options, for the target may have others like these.
  returned: when O(target) is given
  type: dict
  contains:
    volumes:
      description: As RV(volumes), without what is told of transfers and constraints.
      type: list
      elements: dict
    missing:
      description: As RV(missing).
      type: list
      elements: str
    quotas:
      description: As RV(quotas).
      type: dict
    project_id:
      description: As RV(project_id).
      type: str
    project_name:
      description: As RV(project_name).
      type: str
    region_name:
      description: As RV(region_name).
      type: str
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
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError, listed
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Services
from ansible_collections.otc.evs.plugins.module_utils._flows.listing import (
    FIELDS,
    VolumeFilter,
    arrivals,
    quota_rows,
    volumes_info,
)
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import both
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Result
from ansible_collections.otc.evs.plugins.module_utils._module import Task, of_the_target, run
from ansible_collections.otc.evs.plugins.module_utils._options import target_option


def flow(task: Task) -> Result:
    params = task.params
    texts = {name: params[name] for name in ("name", "status", "volume_type", "availability_zone")}
    chosen = VolumeFilter(**texts, metadata=_texts(params, "metadata"), tags=_texts(params, "tags"))

    def fields_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        fields = params["fields"]
        return rows if fields is None else [{key: row[key] for key in row if key in fields} for row in rows]

    def source() -> Result:
        result = volumes_info(
            Services.of(task.session), params["volumes"], chosen, params["check_constraints"], task.concurrency
        )
        result.values.update(volumes=fields_of(result.values["volumes"]))
        if params["quota"]:
            result.values.update(quotas=quota_rows(task.evs.quota()))
        return result

    def target() -> dict[str, Any]:
        tenant = task.target()
        with of_the_target():
            there = arrivals(tenant, params["volumes"] or [])
        return {**there, "volumes": fields_of(there["volumes"])}

    if params["target"] is None:
        return source()
    result, there = both(source, target, task.concurrency)
    result.values.update(target=there)
    return result


def _texts(params: Mapping[str, Any], option: str) -> dict[str, str]:
    """The API knows only strings here; what YAML makes of an unquoted true is nobody's guess."""
    given = params[option] or {}
    wrong = [key for key, value in given.items() if isinstance(value, bool) or not isinstance(value, (str, int))]
    if wrong:
        raise UsageError(f"Option {option} has a value that is no string for {listed(wrong)}; put it into quotes.")
    return {str(key): str(value) for key, value in given.items()}


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
            "fields": {"type": "list", "elements": "str", "choices": list(FIELDS)},
            "quota": {"type": "bool", "default": False},
            "target": target_option(),
        },
        flow,
    )


if __name__ == "__main__":
    main()
