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
  - Offers EVS disks (or Cinder volumes), accepts each at once with the credentials of the other tenant, and reads
    back there that the disks are that tenant's. Disks that are there already stay as they are.
  - Only as many disks are offered at a time as O(concurrency) allows, without it at most 32, and the keys never leave
    the module. Without the credentials of both tenants use M(otc.evs.evs_transfer) and M(otc.evs.evs_transfer_accept).
  - Before it begins it checks for all disks what would keep them from being transferred, the other tenant's quota and
    volume types, and that the tenants are two projects of one region.
options:
  volumes:
    description:
      - The disks, by name or ID.
      - A name that fits several disks is an error, and so is a disk that neither tenant has.
      - Give either this or O(select).
    type: list
    elements: str
    aliases: [volume]
  name:
    description:
      - The name of the transfers, at most 64 characters and 255 bytes.
      - If a transfer of this name offers a disk already, it is withdrawn and the disk offered again, because its key
        cannot be read. A transfer of another name blocks the disk.
    type: str
    default: ansible-evs-transfer
  check_quota:
    description:
      - Whether to check the other tenant's quota before moving anything.
      - A quota that cannot be read is a constraint that could not be checked, see O(unchecked).
    type: bool
    default: true
  withdraw_on_failure:
    description: Whether to withdraw the offer of a disk that could not be accepted, so that the disk is not locked.
    type: bool
    default: true
  detaching:
    description:
      - What a rehearsal of M(otc.evs.evs_attachment) with C(state=absent) returned as C(disks). Disks that it would
        detach are judged as if they were free, and those that it cannot detach are blocked.
      - Only in a rehearsal. RV(to_detach) lists what has to be detached first.
    type: list
    elements: dict
  attaching:
    description:
      - What a rehearsal of M(otc.evs.evs_attachment) with C(state=present) returned as C(disks) in the target. Disks
        that it cannot attach are blocked.
      - Only in a rehearsal. RV(to_attach) lists what has to be attached afterwards.
    type: list
    elements: dict
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.attributes
  - otc.evs.disks
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
disks:
  description:
    - What became of each disk, one row a disk. In a rehearsal, what would become of it.
    - What the row of a disk says was read from its project last.
  returned: always, unless the task fails before it has looked at the disks
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
    owner:
      description: The ID of the project that had the disk when it was read last; null if that is not known.
      type: str
    outcome:
      description:
        - V(moved) is done, and was read back in the other tenant.
        - V(already_there) is the other tenant's, without a transfer of this run.
        - V(blocked) stays, see RV(disks[].reasons).
        - V(gone) has left the source while it was looked at, and the other tenant does not have it.
        - V(failed) did not happen; RV(disks[].message) says why, and whether the disk may have stayed locked.
        - V(unknown) could not be found out; RV(disks[].message) says what to run to find out.
        - The task fails if there is any V(failed) or V(unknown).
      type: str
    reasons:
      description: The constraints that the disk violates, or that could not be checked.
      type: list
      elements: dict
      contains:
        constraint:
          description: The name of the constraint.
          type: str
        reason:
          description: How the disk violates it, or why it could not be checked.
          type: str
        remedy:
          description: What the owner of the disk can do.
          type: str
    transfer_id:
      description: The ID of the transfer, if there is or was one.
      type: str
    server:
      description:
        - The servers that the disk comes from and goes to, by O(detaching) and O(attaching); else null.
        - For a disk that has failed, C(after) is the server that was read to have it, by its C(id) alone.
      type: dict
    device:
      description: The devices in these, as far as they are known.
      type: dict
    guest_name:
      description: What a Linux guest calls the disk below C(/dev/disk/by-id), as O(detaching) and O(attaching) say.
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
    - The IDs of the disks, that a run would process.
    - Empty unless this was a rehearsal.
  returned: with RV(disks)
  type: list
  elements: str
not_started:
  description: The IDs of the disks that were not started for O(stop_after).
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
    - What was done, and differs from what was asked for.
    - The disks that arrived without all of the snapshots that O(snapshots=along) lets go along, or of which that could
      not be read back. The task fails if there are any.
  returned: with RV(disks)
  type: list
  elements: str
source:
  description: The project that has the disks, as its login says.
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
to_detach:
  description: The disks and servers that M(otc.evs.evs_attachment) has to detach before, in their order.
  returned: with O(detaching) or O(attaching)
  type: list
  elements: dict
  contains:
    volume:
      description: The ID of the disk.
      type: str
    server:
      description: The ID of the server.
      type: str
to_attach:
  description: The disks and servers that M(otc.evs.evs_attachment) has to attach afterwards, in their order.
  returned: with O(detaching) or O(attaching)
  type: list
  elements: dict
  contains:
    volume:
      description: The ID of the disk.
      type: str
    server:
      description: The ID of the server.
      type: str
missing:
  description: The names and IDs that fit no disk.
  returned: if there are any
  type: list
  elements: str
ambiguous:
  description: The names that fit several disks, each with the IDs of those.
  returned: if there are any
  type: dict
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

from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._flows.move import MoveOptions, move
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import both
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import MOVED
from ansible_collections.otc.evs.plugins.module_utils._module import (
    Task,
    along_of,
    chain_of,
    run,
    transfer_spec,
    wanted_of,
)
from ansible_collections.otc.evs.plugins.module_utils._options import target_option
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import DEFAULT_NAME, Rules


def flow(task: Task) -> Result:
    params = task.params
    wanted = wanted_of(params)
    rules = Rules(
        success=MOVED,
        name=params["name"],
        pending="replace",
        blocked=params["blocked"],
        unchecked=params["unchecked"],
        ignored=params["ignore_constraints"],
        check_constraints=params["check_constraints"],
        along=along_of(params),
        chain=chain_of(task),
    )
    options = MoveOptions(
        rules, params["check_quota"], params["withdraw_on_failure"], task.concurrency, task.timeout, task.seconds
    )
    source, target = both(lambda: task.session, task.target, task.concurrency)
    return move(Services.of(source), target, wanted, options, rehearsed=task.rehearsed)


def main() -> None:
    run(
        {
            **transfer_spec(),
            "target": {**target_option(), "required": True},
            "name": {"type": "str", "default": DEFAULT_NAME},
            "check_quota": {"type": "bool", "default": True},
            "detaching": {"type": "list", "elements": "dict"},
            "attaching": {"type": "list", "elements": "dict"},
            "withdraw_on_failure": {"type": "bool", "default": True},
        },
        flow,
        required_one_of=[("volumes", "select")],
        mutually_exclusive=[("volumes", "select")],
    )


if __name__ == "__main__":
    main()
