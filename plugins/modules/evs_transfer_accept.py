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
  - Before the first one it checks the quota for all of them, and whether this tenant may use their volume types.
  - After that it reads every disk back until it is available and owned by this tenant; that is what counts as success.
  - A disk that came and is not what the transfer was said to be of, by its ID, name, size or type, is this tenant's all
    the same, and the task fails to say so.
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
          - With it, a disk that this tenant has already is RV(disks[].outcome=already_there).
          - Without it, a transfer that was accepted before is a failure, since it cannot be distinguished from
            one that was withdrawn.
        type: str
      volume_name:
        description: The name of the disk, for messages, and to be compared with that of the disk that comes.
        type: str
      size:
        description:
          - The size of the disk in GiB, for the check of the quota, and to be compared with that of the disk itself.
        type: int
      volume_type:
        description:
          - The type of the disk, for the check of the quota, and to be compared with that of the disk itself.
        type: str
      name:
        description: The name of the transfer; not used.
        type: str
      created_at:
        description: When the transfer was created; not used.
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
  gone:
    description:
      - What to do with a transfer that is not there (any more) and whose disk this tenant does not have.
      - With V(fail) its disk is RV(disks[].outcome=failed), with V(skip) it is RV(disks[].outcome=gone).
    type: str
    choices: [fail, skip]
    default: fail
  rehearse:
    description:
      - Only say what would be done, as in check mode, also when the task does not run in check mode.
      - Whether a transfer of another tenant is still there shows only when it is accepted.
    type: bool
    default: false
  stop_after:
    description:
      - Start no further disk after so many seconds; those that were not started are in RV(not_started).
      - For playbooks that show how far they have come.
    type: int
  check_quota:
    description:
      - Whether to check the quota of this tenant before accepting anything.
      - The number of disks can always be checked; gigabytes and types where the transfers say them.
      - A quota that cannot be read is a constraint that could not be checked, see O(unchecked).
    type: bool
    default: true
  blocked:
    description:
      - What to do if this tenant may not use the volume type of a disk.
      - V(fail) accepts nothing at all, V(skip) leaves that transfer and goes on with the others.
    type: str
    choices: [fail, skip]
    default: fail
  unchecked:
    description:
      - What to do if the quota of this tenant or its volume types could not be read.
      - V(fail) accepts nothing at all and says why. Unknown is never a pass.
      - V(allow) goes on, and says so in RV(disks[].reasons). The cloud may still refuse the disk.
    type: str
    choices: [fail, allow]
    default: fail
  ignore_constraints:
    description:
      - Constraints that are not checked. The cloud may still refuse the disk.
      - Of these only V(quota) and V(volume_type) are checked here.
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
disks:
  description:
    - What became of each disk, one row a disk. In a rehearsal, what would become of it.
    - What the row of a disk that came says was read from this project last.
      For others only what O(transfers) says is known.
  returned: always, unless the task fails before it has looked at the disks
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the disk; null if it is not known.
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
    owner:
      description: The ID of the project that had the disk when it was read last; null if that is not known.
      type: str
    outcome:
      description:
        - V(accepted) is done, and was read back. V(already_there) was this tenant's before.
        - V(blocked) stays, see RV(disks[].reasons).
        - V(gone) has no transfer any more that could be accepted, with O(gone=skip).
        - V(failed) did not happen; RV(disks[].message) says why.
        - V(unknown) could not be found out; RV(disks[].message) says what to run to find out.
        - The task fails if there is any V(failed) or V(unknown).
      type: str
    reasons:
      description:
        - Why a disk is V(blocked), or what could not be checked.
        - It is offered by this tenant itself, or is of a volume type that this tenant may not use.
        - Other constraints are checked when a disk is offered.
      type: list
      elements: dict
      contains:
        constraint:
          description: The name of the constraint.
          type: str
        reason:
          description: How the disk violates it.
          type: str
        remedy:
          description: What the owner of the disk can do.
          type: str
    transfer_id:
      description: The ID of the transfer, if there is or was one.
      type: str
    server:
      description: Only M(otc.evs.evs_attachment) returns it; null here.
      type: dict
    device:
      description: Only M(otc.evs.evs_attachment) returns it; null here.
      type: dict
    guest_name:
      description: Only M(otc.evs.evs_attachment) returns it; null here.
      type: str
    at:
      description: When the disk was read back, in UTC; null in a rehearsal and if there was nothing to do.
      type: str
    message:
      description: More about it, such as what failed, the server's message, and what to do.
      type: str
rehearsed:
  description:
    - Whether nothing was sent that changes anything. The task was a rehearsal, in check mode or with
      O(rehearse=true), or it refused to start, see RV(problems).
  returned: with RV(disks)
  type: bool
check_mode:
  description: Whether the task ran in check mode.
  returned: with RV(disks)
  type: bool
to_do:
  description:
    - The IDs of the disks, or of the transfers if those are not known, that a run would process.
    - Empty unless this was a rehearsal.
  returned: with RV(disks)
  type: list
  elements: str
not_started:
  description: The IDs of the disks that were not started for O(stop_after), or of the transfers if those are not known.
  returned: with RV(disks)
  type: list
  elements: str
problems:
  description: Why nothing was started. Empty if nothing stood in the way; the task fails if there are any.
  returned: with RV(disks)
  type: list
  elements: str
alarms:
  description:
    - The disks that came and are not what their transfer was said to be of, by ID, name, size or type, and how.
    - They are this tenant's. The task fails if there are any.
  returned: with RV(disks)
  type: list
  elements: str
target:
  description: The project that is to get the disks, as its login says.
  returned: with RV(disks)
  type: dict
  contains:
    project_id:
      description: The ID of the project.
      type: str
    project_name:
      description: The name of the project.
      type: str
    region_name:
      description: The region, if one was given.
      type: str
shortfalls:
  description: The limits of the quota that are exceeded.
  returned: when the quota is not enough
  type: list
  elements: dict
  contains:
    resource:
      description: The limit, such as V(volumes), V(gigabytes) or V(gigabytes_SSD).
      type: str
    needed:
      description: What the disks need.
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
status:
  description: The status of the answer to the request that failed.
  returned: if the task fails because a server refuses a request before the task has looked at the disks
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

from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._flows.accept import Checks, Offered, accept, distinct
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._module import Task, batch_spec, run
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import NAMES


def flow(task: Task) -> Result:
    params = task.params
    given: list[dict[str, Any]] = params["transfers"] if params["transfers"] is not None else [params]
    offered = distinct(map(Offered.from_params, given))
    return accept(
        task.evs,
        offered,
        task.concurrency,
        task.timeout,
        check_quota=params["check_quota"],
        skip_gone=params["gone"] == "skip",
        rehearsed=task.rehearsed,
        seconds=task.seconds,
        checks=Checks(params["blocked"], params["unchecked"], params["ignore_constraints"]),
    )


def main() -> None:
    transfer = {
        "transfer_id": {"type": "str", "aliases": ["id"]},
        "auth_key": {"type": "str", "no_log": True},
        "volume_id": {"type": "str"},
    }
    about = {name: {"type": "str"} for name in ("volume_name", "volume_type", "name", "created_at")}
    run(
        {
            # Not the module's no_log: what the task says of it is what holds.
            "transfers": {
                "type": "list",
                "elements": "dict",
                "no_log": True,
                "options": {**transfer, **about, "size": {"type": "int"}},
            },
            **transfer,
            "gone": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
            "check_quota": {"type": "bool", "default": True},
            "blocked": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
            "unchecked": {"type": "str", "choices": ["fail", "allow"], "default": "fail"},
            "ignore_constraints": {"type": "list", "elements": "str", "choices": list(NAMES), "default": []},
            **batch_spec(),
        },
        flow,
        required_one_of=[("transfers", "transfer_id")],
        required_together=[("transfer_id", "auth_key")],
        mutually_exclusive=[("transfers", "transfer_id"), ("transfers", "volume_id")],
    )


if __name__ == "__main__":
    main()
