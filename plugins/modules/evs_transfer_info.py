#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evs_transfer_info
short_description: List the pending transfers of a tenant's disks
version_added: 1.0.0
description:
  - Lists the transfers that this tenant has created and that nobody has accepted yet, one, some or all.
  - The API shows a transfer only to the tenant that owns the disk, and never shows its key again.
options:
  transfer_ids:
    description: Only these transfers.
    type: list
    elements: str
    aliases: [transfer_id]
  volumes:
    description: Only transfers of these disks, by name or ID.
    type: list
    elements: str
    aliases: [volume]
  name:
    description: Only transfers of this name.
    type: str
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.info_attributes
author:
  - otc.evs contributors (@opentelekomcloud)
seealso:
  - module: otc.evs.evs_transfer
"""

EXAMPLES = r"""
- name: What does this tenant offer?
  otc.evs.evs_transfer_info:
    cloud: tenant-a
  register: pending

- name: Is this disk offered?
  otc.evs.evs_transfer_info:
    cloud: tenant-a
    volume: app01-data
  register: offer_of_app01
"""

RETURN = r"""
transfers:
  description: The pending transfers.
  returned: success
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
  sample:
    - id: 1a7059f5-8ed7-45b7-8d05-2811e5d09f24
      name: ansible-evs-transfer
      volume_id: c86b9af4-151d-4ead-b62c-5fb967af0e37
      volume_name: app01-data
      size: 100
      volume_type: SSD
      created_at: "2026-11-21T09:15:02.081642Z"
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

from ansible_collections.otc.evs.plugins.module_utils._flows.listing import transfers_info
from ansible_collections.otc.evs.plugins.module_utils._module import run


def main() -> None:
    run(
        {
            "transfer_ids": {"type": "list", "elements": "str", "aliases": ["transfer_id"]},
            "volumes": {"type": "list", "elements": "str", "aliases": ["volume"]},
            "name": {"type": "str"},
        },
        lambda task: transfers_info(task.evs, task.params["transfer_ids"], task.params["volumes"], task.params["name"]),
    )


if __name__ == "__main__":
    main()
