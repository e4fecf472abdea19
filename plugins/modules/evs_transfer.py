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
    M(otc.evs.evs_transfer_accept); or deletes transfers that were not accepted.
  - Before it offers anything it checks for all disks what would keep them from being transferred.
  - A transfer never expires. A disk that is offered cannot be used until the transfer is accepted or withdrawn.
options:
  volumes:
    description:
      - The disks, by name or ID.
      - A name that fits several disks is an error.
      - With O(state=absent), disks that are not there or not offered are as wanted already.
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
      - V(0s) is every age, whatever the clocks say.
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
        called O(name); a transfer of another name is somebody else's, and blocks the disk.
      - V(fail) takes the disk for one that cannot be offered.
    type: str
    choices: [keep, replace, fail]
    default: keep
  blocked:
    description:
      - What to do if a disk violates a constraint.
      - V(fail) offers nothing at all, and tells all reasons of all disks.
      - V(skip) offers the others, and tells in RV(blocked) which were left and why.
    type: str
    choices: [fail, skip]
    default: fail
  unchecked:
    description:
      - What to do if a constraint could not be checked, because a service that the catalogue lists refuses to answer
        or fails.
      - V(fail) offers nothing at all, and tells which and why. Unknown is never a pass.
      - V(allow) offers the disks all the same; the cloud may still refuse them.
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
      - With O(pending=replace) every run makes new transfers, since the keys of the old ones cannot be read.
notes:
  - The result holds keys. Without C(no_log) on the task Ansible prints them with C(-v), and if the task fails, logs
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
  no_log: true # the result holds the keys

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
transfers:
  description:
    - The transfers that were created, kept or deleted.
    - If some disks fail, the task fails and still returns those that succeeded, since a key exists only here.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the transfer; null in check mode, where it is not created.
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
    action:
      description:
        - V(created), V(replaced), V(kept) or V(deleted); or V(accepted), if another tenant accepted the transfer before
          it could be deleted.
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
      action: created
blocked:
  description: The disks that cannot be offered, with all reasons.
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
      description: The constraints that the disk violates.
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
  description: The constraints that could not be checked for some of the disks.
  returned: always
  type: list
  elements: dict
  contains:
    constraint:
      description: The name of the constraint.
      type: str
    reason:
      description: What the service answered that should know.
      type: str
failures:
  description: The disks that could not be offered or withdrawn although nothing was known against it.
  returned: when some failed
  type: list
  elements: dict
  contains:
    transfer_id:
      description: The ID of the transfer, if there is one.
      type: str
    volume_id:
      description: The ID of the disk.
      type: str
    volume_name:
      description: The name of the disk.
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

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Services
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import DEFAULT_NAME, OfferOptions, offer
from ansible_collections.otc.evs.plugins.module_utils._flows.withdraw import WithdrawOptions, duration, withdraw
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Result
from ansible_collections.otc.evs.plugins.module_utils._module import Task, run
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import CONSTRAINTS


def present(task: Task) -> Result:
    params = task.params
    for option in ("transfer_ids", "older_than"):
        if params[option] is not None:
            raise UsageError(f"Option {option} goes with state: absent only.")
    options = OfferOptions(
        name=DEFAULT_NAME if params["name"] is None else params["name"],
        pending=params["pending"],
        blocked=params["blocked"],
        unchecked=params["unchecked"],
        ignored=params["ignore_constraints"],
        check_constraints=params["check_constraints"],
    )
    return offer(Services.of(task.session), params["volumes"], options, task.concurrency, task.timeout, task.check_mode)


def absent(task: Task) -> Result:
    params = task.params
    older_than = duration(params["older_than"]) if params["older_than"] is not None else None
    options = WithdrawOptions(params["volumes"], params["transfer_ids"], older_than, params["name"])
    return withdraw(task.evs, options, task.concurrency, task.timeout, task.check_mode)


def main() -> None:
    run(
        {
            "volumes": {"type": "list", "elements": "str", "aliases": ["volume"]},
            "transfer_ids": {"type": "list", "elements": "str", "aliases": ["transfer_id"]},
            "older_than": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "name": {"type": "str"},
            "pending": {"type": "str", "choices": ["keep", "replace", "fail"], "default": "keep"},
            "blocked": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
            "unchecked": {"type": "str", "choices": ["fail", "allow"], "default": "fail"},
            "ignore_constraints": {"type": "list", "elements": "str", "choices": list(CONSTRAINTS), "default": []},
            "check_constraints": {"type": "bool", "default": True},
        },
        lambda task: present(task) if task.params["state"] == "present" else absent(task),
        required_if=[
            ("state", "present", ("volumes",)),
            ("state", "absent", ("volumes", "transfer_ids", "older_than"), True),
        ],
        mutually_exclusive=[("volumes", "transfer_ids")],
    )


if __name__ == "__main__":
    main()
