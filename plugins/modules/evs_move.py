#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evs_move
short_description: Move disks to another tenant, with the credentials of both
version_added: 1.0.0
description:
  - Offers EVS disks (or Cinder volumes), accepts each at once with the credentials of the other tenant, and proves with
    those that the disks are that tenant's. Disks that are there already stay as they are.
  - Only as many disks are offered at a time as O(concurrency) allows, and the keys of the transfers never leave the
    module. Without the credentials of both tenants use M(otc.evs.evs_transfer) and M(otc.evs.evs_transfer_accept).
  - Before it begins it checks for all disks what would keep them from being transferred, and the other tenant's quota.
options:
  volumes:
    description:
      - The disks, by name or ID.
      - A name that fits several disks is an error, and so is a disk that neither tenant has.
    type: list
    elements: str
    required: true
    aliases: [volume]
  name:
    description:
      - The name of the transfers, at most 64 characters and 255 bytes.
      - A disk that a transfer of this name offers already is offered anew, for its key is not known. A transfer of
        another name is somebody else's, and blocks the disk.
    type: str
    default: ansible-evs-transfer
  blocked:
    description:
      - What to do if a disk violates a constraint.
      - V(fail) moves nothing at all, and tells all reasons of all disks.
      - V(skip) moves the others, and tells in RV(blocked) which were left and why.
    type: str
    choices: [fail, skip]
    default: fail
  unchecked:
    description:
      - What to do if a constraint could not be checked, because a service that the catalogue lists refuses to answer
        or fails.
      - V(fail) moves nothing at all, and tells which and why. Unknown is never a pass.
      - V(allow) moves the disks all the same; the cloud may still refuse them.
    type: str
    choices: [fail, allow]
    default: fail
  ignore_constraints:
    description: Constraints that are not checked, because you know better. The cloud may still refuse.
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
    default: []
  check_constraints:
    description: Whether to check constraints at all; V(false) if the caller has done so already.
    type: bool
    default: true
  check_quota:
    description: Whether to check the other tenant's quota before moving anything.
    type: bool
    default: true
  withdraw_on_failure:
    description: Whether to withdraw the offer of a disk that could not be accepted, so that the disk is not locked.
    type: bool
    default: true
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.attributes
  - otc.evs.target.required
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    description: Running it again changes nothing.
    support: full
author:
  - otc.evs contributors (@opentelekomcloud)
seealso:
  - module: otc.evs.evs_transfer
  - module: otc.evs.evs_transfer_accept
"""

EXAMPLES = r"""
- name: Move two disks
  otc.evs.evs_move:
    cloud: tenant-a
    target:
      cloud: tenant-b
    volumes:
      - app01-data
      - db01-data
"""

RETURN = r"""
volumes:
  description: The disks that are with the other tenant now, as its own answer tells.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the disk.
      type: str
    name:
      description: The name of the disk.
      type: str
    size:
      description: The size of the disk in GiB.
      type: int
    volume_type:
      description: The type of the disk.
      type: str
    action:
      description: V(moved) or V(already_there).
      type: str
blocked:
  description: The disks that violate a constraint.
  returned: always
  type: list
  elements: dict
  contains:
    volume_id:
      description: The ID of the disk.
      type: str
    volume_name:
      description: The name of the disk.
      type: str
    blockers:
      description: The constraints, each with RV(ignore:constraint), C(reason), C(evidence) and C(remedy).
      type: list
      elements: dict
unchecked:
  description: The constraints that could not be checked, each with its C(constraint) and the C(reason).
  returned: always
  type: list
  elements: dict
failures:
  description: The disks that could not be moved.
  returned: when some failed
  type: list
  elements: dict
  contains:
    transfer_id:
      description: The ID of the transfer, if one was made.
      type: str
    volume_id:
      description: The ID of the disk.
      type: str
    volume_name:
      description: The name of the disk.
      type: str
    msg:
      description: What failed, the server's words, what to do, and whether the disk may stay locked.
      type: str
    status:
      description: The HTTP status of the server's answer.
      type: int
    code:
      description: The server's error code.
      type: str
    request_id:
      description: The server's ID of the request, for the cloud's support.
      type: str
shortfalls:
  description: The limits of the quota that do not suffice, as RV(otc.evs.evs_transfer_accept#module:shortfalls).
  returned: when the quota does not suffice
  type: list
  elements: dict
"""

from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Services
from ansible_collections.otc.evs.plugins.module_utils._flows.move import MoveOptions, move
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import DEFAULT_NAME, OfferOptions
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import both
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Result
from ansible_collections.otc.evs.plugins.module_utils._module import Task, run
from ansible_collections.otc.evs.plugins.module_utils._options import target_option
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import CONSTRAINTS


def flow(task: Task) -> Result:
    params = task.params
    offer = OfferOptions(
        name=params["name"],
        pending="replace",
        blocked=params["blocked"],
        unchecked=params["unchecked"],
        ignored=params["ignore_constraints"],
        check_constraints=params["check_constraints"],
    )
    options = MoveOptions(offer, params["check_quota"], params["withdraw_on_failure"], task.concurrency, task.timeout)
    source, target = both(lambda: task.session, task.target, task.concurrency)
    return move(Services.of(source), target, params["volumes"], options, task.check_mode)


def main() -> None:
    run(
        {
            "volumes": {"type": "list", "elements": "str", "required": True, "aliases": ["volume"]},
            "target": {**target_option(), "required": True},
            "name": {"type": "str", "default": DEFAULT_NAME},
            "blocked": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
            "unchecked": {"type": "str", "choices": ["fail", "allow"], "default": "fail"},
            "ignore_constraints": {"type": "list", "elements": "str", "choices": list(CONSTRAINTS), "default": []},
            "check_constraints": {"type": "bool", "default": True},
            "check_quota": {"type": "bool", "default": True},
            "withdraw_on_failure": {"type": "bool", "default": True},
        },
        flow,
    )


if __name__ == "__main__":
    main()
