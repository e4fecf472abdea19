#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evs_transfer_accept
short_description: Take over disks that another tenant offers
version_added: 1.0.0
description:
  - Accepts transfers of EVS disks (or Cinder volumes) with the credentials of the target tenant.
  - Before the first one it checks the quota for all of them.
  - After that it reads every disk back until it is available and owned by this tenant; that is what counts as success.
options:
  transfers:
    description:
      - The transfers to accept. The list RV(otc.evs.evs_transfer#module:transfers) can be given as it is.
    type: list
    elements: dict
    suboptions:
      transfer_id:
        description: The ID of the transfer.
        type: str
        aliases: [id]
      auth_key:
        description: The key of the transfer. Keep it a quoted string, since some keys look like numbers.
        type: str
      volume_id:
        description:
          - The ID of the disk.
          - With it, a transfer that was accepted before counts as done; without it, it is an error.
        type: str
      volume_name:
        description: The name of the disk, for messages.
        type: str
      size:
        description: The size of the disk in GiB, for the check of the quota.
        type: int
      volume_type:
        description: The type of the disk, for the check of the quota.
        type: str
      name:
        description: The name of the transfer; not used.
        type: str
      created_at:
        description: When the transfer was created; not used.
        type: str
      action:
        description: What M(otc.evs.evs_transfer) did; not used.
        type: str
  transfer_id:
    description: The ID of the transfer, for a single one instead of O(transfers).
    type: str
    aliases: [id]
  auth_key:
    description: The key of the transfer O(transfer_id).
    type: str
  volume_id:
    description: The ID of the disk of O(transfer_id).
    type: str
  check_quota:
    description:
      - Whether to check the quota of this tenant before accepting anything.
      - The number of disks can always be checked; gigabytes and types where the transfers tell them.
    type: bool
    default: true
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    description: Running it again changes nothing.
    support: partial
    details:
      - For transfers given with the ID of their disk.
author:
  - otc.evs contributors (@opentelekomcloud)
seealso:
  - module: otc.evs.evs_transfer
  - module: otc.evs.evs_quota_info
"""

EXAMPLES = r"""
- name: Accept what another task has offered
  otc.evs.evs_transfer_accept:
    cloud: tenant-b
    transfers: "{{ offered.transfers }}"

- name: Accept one transfer
  otc.evs.evs_transfer_accept:
    cloud: tenant-b
    transfer_id: 1a7059f5-8ed7-45b7-8d05-2811e5d09f24
    auth_key: "{{ vaulted_auth_key }}"
    volume_id: c86b9af4-151d-4ead-b62c-5fb967af0e37
"""

RETURN = r"""
volumes:
  description: The disks of the transfers, now owned by this tenant.
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
transfers:
  description: What became of each transfer; those that failed are in RV(failures).
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the transfer.
      type: str
    volume_id:
      description: The ID of the disk.
      type: str
    volume_name:
      description: The name of the disk.
      type: str
    action:
      description: V(accepted) or V(already_owned).
      type: str
shortfalls:
  description: The limits of the quota that do not suffice.
  returned: when the quota does not suffice
  type: list
  elements: dict
  contains:
    resource:
      description: The limit, such as V(volumes), V(gigabytes) or V(gigabytes_SSD).
      type: str
    needed:
      description: What the transfers need.
      type: int
    free:
      description: What is left.
      type: int
    in_use:
      description: What is used.
      type: int
    reserved:
      description: What is reserved.
      type: int
    limit:
      description: The limit.
      type: int
failures:
  description: The transfers that could not be accepted.
  returned: when some failed
  type: list
  elements: dict
  contains:
    transfer_id:
      description: The ID of the transfer.
      type: str
    volume_id:
      description: The ID of the disk, if given.
      type: str
    volume_name:
      description: The name of the disk, if given.
      type: str
    msg:
      description: What failed, the server's words, and what to do.
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
"""

from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._flows.accept import Offered, accept, distinct
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Result
from ansible_collections.otc.evs.plugins.module_utils._module import Task, run


def flow(task: Task) -> Result:
    params = task.params
    given: list[dict[str, Any]] = params["transfers"] if params["transfers"] is not None else [params]
    offered = distinct(map(Offered.from_params, given))
    # The result tells the invocation, with keys masked one by one in all of it: leave out what it has anyway.
    params["auth_key"] = None
    if params["transfers"] is not None:
        params["transfers"] = [{"transfer_id": offer.transfer_id, "volume_id": offer.volume_id} for offer in offered]
    task.spent.update(offer.auth_key.reveal() for offer in offered)
    return accept(
        task.evs,
        offered,
        params["check_quota"],
        task.concurrency,
        task.timeout,
        task.check_mode,
    )


def main() -> None:
    transfer = {
        "transfer_id": {"type": "str", "aliases": ["id"]},
        "auth_key": {"type": "str", "no_log": True},
        "volume_id": {"type": "str"},
    }
    about = {name: {"type": "str"} for name in ("volume_name", "volume_type", "name", "created_at", "action")}
    run(
        {
            "transfers": {
                "type": "list",
                "elements": "dict",
                "options": {**transfer, **about, "size": {"type": "int"}},
            },
            **transfer,
            "check_quota": {"type": "bool", "default": True},
        },
        flow,
        no_log=True,
        required_one_of=[("transfers", "transfer_id")],
        required_together=[("transfer_id", "auth_key")],
        mutually_exclusive=[("transfers", "transfer_id"), ("transfers", "volume_id")],
    )


if __name__ == "__main__":
    main()
