#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evs_quota_info
short_description: Show a tenant's quota of disks, and whether disks fit into it
version_added: 1.0.0
description:
  - Shows the limits for disks of the tenant and what is used of them.
  - Given disks to come, says whether they fit. Only a tenant itself can read its quota, so the target of a transfer
    has to ask.
options:
  for_volumes:
    description:
      - Disks that are to come, such as the list RV(otc.evs.evs_volume_info#module:volumes) of the source.
      - Of each, C(size) in GiB and C(volume_type) are looked at; a disk without them counts as one disk of no size.
    type: list
    elements: dict
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.info_attributes
author:
  - otc.evs contributors (@opentelekomcloud)
seealso:
  - module: otc.evs.evs_volume_info
  - module: otc.evs.evs_transfer_accept
"""

EXAMPLES = r"""
- name: Do two disks fit?
  otc.evs.evs_quota_info:
    cloud: tenant-b
    for_volumes:
      - size: 100
        volume_type: SSD
      - size: 40
        volume_type: SAS
  register: quota

- name: Stop if they do not
  ansible.builtin.assert:
    that: quota.fits
    fail_msg: "{{ quota.shortfalls | map(attribute='reason') | join('; ') }}"
"""

RETURN = r"""
quotas:
  description: The limits by their name, such as C(volumes), C(gigabytes) or C(gigabytes_SSD).
  returned: success
  type: dict
  contains:
    in_use:
      description: What is used.
      type: int
    limit:
      description: The limit; V(-1) is none.
      type: int
    reserved:
      description: What is reserved.
      type: int
  sample:
    volumes: {in_use: 4, limit: 10, reserved: 0}
fits:
  description: Whether all of O(for_volumes) together fit.
  returned: when O(for_volumes) is given
  type: bool
shortfalls:
  description: The limits that are exceeded.
  returned: when O(for_volumes) is given
  type: list
  elements: dict
  contains:
    resource:
      description: The limit.
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
    reason:
      description: All that in words.
      type: str
project_id:
  description: The ID of the project that was asked.
  returned: success
  type: str
project_name:
  description: The name of the project that was asked.
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

import re

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError, quoted
from ansible_collections.otc.evs.plugins.module_utils._flows.listing import quota_info
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._module import Task, run
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need

WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


def flow(task: Task) -> Result:
    disks = task.params["for_volumes"]
    return quota_info(task.evs, None if disks is None else [_need(disk) for disk in disks])


def _need(disk: dict[str, object]) -> Need:
    size, volume_type = disk.get("size"), disk.get("volume_type")
    if size is not None and (not isinstance(size, (int, str)) or not WHOLE_NUMBER.fullmatch(str(size))):
        raise UsageError(f"A disk in for_volumes has the size {quoted(str(size))}; it takes a number of GiB.")
    return Need(None if size is None else int(size), None if volume_type is None else str(volume_type))


def main() -> None:
    # Where keys may stand beside what is looked at: transfers have a size, too.
    run({"for_volumes": {"type": "list", "elements": "dict", "no_log": True}}, flow)


if __name__ == "__main__":
    main()
