# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.otc.evs.plugins.plugin_utils._mistakes import checked

DOCUMENTATION = r"""
name: transfer_mistakes
short_description: Say what is wrong with the variables of the role
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - What the argument specs of the role P(otc.evs.tenant_transfer#role) let pass and the role cannot use, and whether
    the variables name servers. All disks are looked at once.
  - Private to the role; it may change in any release.
options:
  _input:
    description: The variables by their names without C(tenant_transfer_). C(volumes) is left out if it is not given.
    type: dict
    required: true
  entry_point:
    description: The entry point that is to use them.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Stop if a variable cannot be used
  ansible.builtin.fail:
    msg: "{{ (variables | otc.evs.transfer_mistakes('main')).mistakes | join(' ') }}"
  when: (variables | otc.evs.transfer_mistakes('main')).mistakes | length > 0
"""

RETURN = r"""
_value:
  description: The C(mistakes), a sentence each, and C(has_servers), whether servers have anything to do with the run.
  type: dict
"""


def transfer_mistakes(variables: Mapping[str, Any], entry_point: str) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return checked(variables, entry_point)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_mistakes": transfer_mistakes}
