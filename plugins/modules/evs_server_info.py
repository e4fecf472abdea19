#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evs_server_info
short_description: List a tenant's servers and the disks in them
version_added: 1.0.0
description:
  - Lists the servers of a tenant, their state, and their disks in the order of their devices.
options:
  servers:
    description:
      - Only these servers, by name or ID. Those that the tenant does not have are in RV(missing).
      - A name that fits several servers lists them all.
    type: list
    elements: str
    aliases: [server]
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.info_attributes
author:
  - otc.evs contributors (@opentelekomcloud)
seealso:
  - module: otc.evs.evs_attachment
  - module: otc.evs.evs_volume_info
"""

EXAMPLES = r"""
- name: Which data disks does the server have, and in which order?
  otc.evs.evs_server_info:
    cloud: tenant-a
    servers: [app01]
  register: found

- name: Show them
  ansible.builtin.debug:
    msg: "{{ found.servers[0].disks | rejectattr('system') | map(attribute='name') }}"
"""

RETURN = r"""
servers:
  description: The servers.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the server.
      type: str
    name:
      description: The name of the server.
      type: str
    status:
      description: The status of the server, such as V(ACTIVE) or V(SHUTOFF).
      type: str
    task_state:
      description: What is being done with the server; null if nothing is.
      type: str
    locked:
      description: Whether the server is locked; null if this Nova does not say.
      type: bool
    availability_zone:
      description: The availability zone of the server.
      type: str
    disks:
      description: The disks of the server, in the order of their devices.
      type: list
      elements: dict
      contains:
        id:
          description: The ID of the disk.
          type: str
        name:
          description: The name of the disk; null if block storage of this tenant does not have it.
          type: str
        size:
          description: The size of the disk in GiB.
          type: int
        status:
          description: The status of the disk.
          type: str
        device:
          description: The device as Nova calls it. A detached disk that comes back may get another.
          type: str
        order:
          description: The place of the disk in the order of the devices, from 0 on.
          type: int
        system:
          description: Whether the server boots from it, by its device.
          type: bool
        delete_on_termination:
          description:
            - Whether the disk is deleted with the server; null if this Nova does not say.
            - A detach forgets it.
          type: bool
        guest_name:
          description:
            - What a Linux guest calls the disk below C(/dev/disk/by-id), whatever its device.
            - A virtio disk is C(virtio-) and the first 20 characters of its ID, a SCSI disk C(wwn-0x) and its WWN.
            - Null if the cloud does not show the WWN of a SCSI disk.
          type: str
missing:
  description: Those of O(servers) that the tenant does not have.
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

from ansible_collections.otc.evs.plugins.module_utils._flows.servers import servers_info
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._module import Task, run


def flow(task: Task) -> Result:
    return servers_info(task.evs, task.nova, task.params["servers"], task.concurrency)


def main() -> None:
    run({"servers": {"type": "list", "elements": "str", "aliases": ["server"]}}, flow)


if __name__ == "__main__":
    main()
