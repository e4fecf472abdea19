#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evs_transfer
short_description: Offer disks to another tenant, or withdraw the offers
version_added: 1.0.0
description:
  - Creates a transfer for each of a list of EVS disks (or Cinder volumes), so that another tenant can accept it with
    M(otc.evs.evs_transfer_accept); or withdraws transfers that were not accepted.
  - Before it offers anything it checks for all disks what would keep them from being transferred.
  - A transfer never expires. A disk that is offered cannot be used until the transfer is accepted or withdrawn.
options:
  volumes:
    description:
      - The disks, by name or ID.
      - A name that fits several disks is an error.
      - With O(state=present) give either this or O(select), and a disk that is not there is an error.
      - With O(state=absent) disks that are not there or not offered need nothing. O(select) cannot be used.
    type: list
    elements: str
    aliases: [volume]
  transfer_ids:
    description: With O(state=absent), the transfers to withdraw, instead of O(volumes).
    type: list
    elements: str
    aliases: [transfer_id]
  older_than:
    description:
      - With O(state=absent), only transfers that were created longer ago than this, such as V(90s), V(2h) or V(1d12h).
      - V(0s) is every age, even if the clocks of the cloud and of this host differ.
      - Without O(volumes) and O(transfer_ids), all transfers called O(name) that are older; without O(name) those
        called V(ansible-evs-transfer).
    type: str
  state:
    description: Whether the disks are to be offered.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - The name of the transfers, at most 64 characters and 255 bytes; without it V(ansible-evs-transfer).
      - With O(state=absent), only transfers of this name are withdrawn. If it is not given, those of O(volumes) or
        O(transfer_ids) are, whatever their name.
    type: str
  pending:
    description:
      - What to do with a disk that is offered already.
      - V(keep) leaves the transfer as it is. Its key cannot be read again, so RV(transfers[].auth_key) is null.
      - V(replace) withdraws the transfer and offers the disk again, for a key that was lost. It does so with transfers
        called O(name); a transfer of another name blocks the disk.
      - V(fail) blocks the disk.
    type: str
    choices: [keep, replace, fail]
    default: keep
  known_transfers:
    description:
      - Transfers of earlier runs whose keys you hold, such as those in a handoff file.
      - A disk that is offered by one of them stays so, whatever O(pending) says. A disk of O(volumes) that has left the
        project since is V(gone) and no error.
    type: list
    elements: dict
    default: []
    suboptions:
      transfer_id:
        description: The ID of the transfer.
        type: str
        required: true
      volume_id:
        description: The ID of the disk.
        type: str
        required: true
      volume_name:
        description: The name of the disk, by which O(volumes) may call it.
        type: str
  detaching:
    description:
      - What a rehearsal of M(otc.evs.evs_attachment) with C(state=absent) returned as C(disks). Disks that it would
        detach are judged as if they were free, and those that it cannot detach are blocked.
      - Only in a rehearsal. RV(to_detach) lists what has to be detached first.
    type: list
    elements: dict
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.attributes
  - otc.evs.disks
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    description: Running it again changes nothing.
    support: partial
    details:
      - With O(pending=replace) every run makes new transfers, since the keys of the old ones cannot be read.
notes:
  - The result contains keys. Without C(no_log) on the task Ansible prints them with C(-v), and if the task fails, logs
    them, and gives them to callbacks. Even with it C(async) writes them into a file, and a C(cacheable) fact into the
    fact cache.
author:
  - otc.evs contributors (@opentelekomcloud)
seealso:
  - module: otc.evs.evs_transfer_accept
  - module: otc.evs.evs_transfer_info
  - module: otc.evs.evs_volume_info
  - name: EVS user guide, managing EVS transfers
    description: What a transfer is, and which disks cannot be transferred.
    link: https://docs.otc.t-systems.com/elastic-volume-service/umn/managing_evs_transfers.html
"""

EXAMPLES = r"""
- name: Offer two disks
  otc.evs.evs_transfer:
    cloud: tenant-a
    volumes:
      - app01-data
      - db01-data
  register: offered
  no_log: true # the result contains the keys

- name: Accept them in the other tenant
  otc.evs.evs_transfer_accept:
    cloud: tenant-b
    transfers: "{{ offered.transfers }}"

- name: Offer a disk again whose key was lost
  otc.evs.evs_transfer:
    cloud: tenant-a
    volume: app02-data
    pending: replace
  register: offered_again
  no_log: true

- name: Withdraw the offer of a disk
  otc.evs.evs_transfer:
    cloud: tenant-a
    volume: app02-data
    state: absent

- name: Withdraw what nobody accepted within three days
  otc.evs.evs_transfer:
    cloud: tenant-a
    state: absent
    older_than: 3d
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
        - V(offered) and V(withdrawn) are done, and were read back.
        - V(already_offered) stays offered by a transfer of an earlier run.
        - V(gone) has left the project, because somebody accepted or deleted it. Where it is now is not known here.
        - V(blocked) stays, see RV(disks[].reasons).
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
        - The servers that the disk comes from and goes to, by O(detaching); null without these.
        - For a disk that has failed, C(after) is the server that was read to have it, by its C(id) alone.
      type: dict
    device:
      description: The devices in these, as far as they are known.
      type: dict
    guest_name:
      description: What a Linux guest calls the disk below C(/dev/disk/by-id), as O(detaching) says; else null.
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
    - The IDs of the disks, or with O(state=absent) of the transfers, that a run would process.
    - Empty unless this was a rehearsal.
  returned: with RV(disks)
  type: list
  elements: str
not_started:
  description: The IDs of the disks, or with O(state=absent) of the transfers, that were not started for O(stop_after).
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
    - Always empty here. Only M(otc.evs.evs_transfer_accept) compares what came with what the source said.
  returned: with RV(disks)
  type: list
  elements: str
transfers:
  description:
    - The transfers of the disks that are offered, to be handed on to the other tenant.
    - If some disks fail, the task fails and still returns those that succeeded, since a key exists only here.
    - With O(state=absent) there are none, and in a rehearsal only those that exist.
  returned: with RV(disks)
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the transfer.
      type: str
    name:
      description: The name of the transfer.
      type: str
    volume_id:
      description: The ID of the disk.
      type: str
    volume_name:
      description: The name of the disk.
      type: str
    size:
      description: The size of the disk in GiB.
      type: int
    volume_type:
      description: The type of the disk.
      type: str
    created_at:
      description: When the transfer was created, in UTC.
      type: str
    auth_key:
      description:
        - The key that the target needs, only when this task created the transfer; else null.
        - A secret. Use C(no_log) on a task that registers it and on those that use it.
      type: str
  sample:
    - id: 1a7059f5-8ed7-45b7-8d05-2811e5d09f24
      name: ansible-evs-transfer
      volume_id: c86b9af4-151d-4ead-b62c-5fb967af0e37
      volume_name: app01-data
      size: 100
      volume_type: SSD
      created_at: "2026-11-21T09:15:02.081642Z"
      auth_key: "0000000000000000"
stale_transfers:
  description: The IDs of O(known_transfers) that are not there any more, although the project has their disks.
  returned: with O(state=present)
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
to_detach:
  description: The disks and servers that M(otc.evs.evs_attachment) has to detach before, in their order.
  returned: with O(detaching)
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
  description: Empty; see M(otc.evs.evs_move).
  returned: with O(detaching)
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
from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import offer
from ansible_collections.otc.evs.plugins.module_utils._flows.withdraw import withdraw
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import OFFERED
from ansible_collections.otc.evs.plugins.module_utils._module import (
    Task,
    along_of,
    chain_of,
    run,
    transfer_spec,
    wanted_of,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import DEFAULT_NAME, KnownTransfer, Rules
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import require_ids
from ansible_collections.otc.evs.plugins.module_utils._plan.withdrawals import Withdrawal, duration


def present(task: Task) -> Result:
    params = task.params
    for option in ("transfer_ids", "older_than"):
        if params[option] is not None:
            raise UsageError(f"Option {option} can only be used with state: absent.")
    known = [KnownTransfer(**transfer) for transfer in params["known_transfers"]]
    require_ids("known_transfers", [key for transfer in known for key in (transfer.transfer_id, transfer.volume_id)])
    rules = Rules(
        success=OFFERED,
        name=DEFAULT_NAME if params["name"] is None else params["name"],
        pending=params["pending"],
        blocked=params["blocked"],
        unchecked=params["unchecked"],
        ignored=params["ignore_constraints"],
        check_constraints=params["check_constraints"],
        along=along_of(params),
        known={transfer.volume_id: transfer for transfer in known},
        chain=chain_of(task),
    )
    wanted = wanted_of(params)
    return offer(
        Services.of(task.session),
        wanted,
        rules,
        task.concurrency,
        task.timeout,
        rehearsed=task.rehearsed,
        seconds=task.seconds,
    )


def absent(task: Task) -> Result:
    params = task.params
    if params["select"] is not None:
        raise UsageError("Option select can only be used with state: present.")
    older_than = duration(params["older_than"]) if params["older_than"] is not None else None
    asked = Withdrawal(params["volumes"], params["transfer_ids"], older_than, params["name"])
    return withdraw(task.evs, asked, task.concurrency, task.timeout, rehearsed=task.rehearsed, seconds=task.seconds)


def main() -> None:
    known = {
        "transfer_id": {"type": "str", "required": True},
        "volume_id": {"type": "str", "required": True},
        "volume_name": {"type": "str"},
    }
    run(
        {
            **transfer_spec(),
            "transfer_ids": {"type": "list", "elements": "str", "aliases": ["transfer_id"]},
            "older_than": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "name": {"type": "str"},
            "pending": {"type": "str", "choices": ["keep", "replace", "fail"], "default": "keep"},
            "detaching": {"type": "list", "elements": "dict"},
            "known_transfers": {"type": "list", "elements": "dict", "options": known, "default": []},
        },
        lambda task: present(task) if task.params["state"] == "present" else absent(task),
        required_if=[
            ("state", "present", ("volumes", "select"), True),
            ("state", "absent", ("volumes", "transfer_ids", "older_than"), True),
        ],
        mutually_exclusive=[("volumes", "transfer_ids", "select")],
    )


if __name__ == "__main__":
    main()
