# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option with the other tenant; its argument spec is in module_utils/_options.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  target:
    description:
      - The tenant that is to have the disks.
      - The options outside, such as O(cloud), are those of the tenant that has them.
    type: dict
    suboptions:
      cloud:
        description: As O(cloud).
        type: raw
      auth:
        description: As O(auth).
        type: dict
      auth_type:
        description: As O(auth_type).
        type: str
      region_name:
        description: As O(region_name).
        type: str
      interface:
        description: As O(interface).
        type: str
        choices: [admin, internal, public]
        aliases: [endpoint_type]
      validate_certs:
        description: As O(validate_certs).
        type: bool
        aliases: [verify]
      ca_cert:
        description: As O(ca_cert).
        type: path
        aliases: [cacert]
      client_cert:
        description: As O(client_cert).
        type: path
        aliases: [cert]
      client_key:
        description: As O(client_key).
        type: path
        aliases: [key]
      api_timeout:
        description: As O(api_timeout).
        type: int
      endpoints:
        description: As O(endpoints).
        type: dict
        suboptions:
          evs:
            description: Block storage.
            type: str
          cbr:
            description: Not used.
            type: str
          sdrs:
            description: Not used.
            type: str
          vbs:
            description: Not used.
            type: str
          compute:
            description: Not used.
            type: str
      concurrency:
        description: As O(concurrency), for requests to this tenant; without it that holds for both.
        type: int
      timeout:
        description: As O(timeout), for requests to this tenant.
        type: int
        default: 180
"""

    REQUIRED: str
    """The same for a module that cannot do without."""


# Not in the class, where ansible-test wants literals.
ModuleDocFragment.REQUIRED = ModuleDocFragment.DOCUMENTATION.replace(
    "    type: dict\n", "    type: dict\n    required: true\n", 1
)
