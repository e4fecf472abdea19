# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.packed import opened, packed
from ansible_collections.otc.evs.plugins.plugin_utils._chain import returning

DOCUMENTATION = r"""
name: transfer_return
short_description: Put the rehearsals of withdrawing and of attaching again together
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - What a run would do with each disk, of what the modules have rehearsed.
  - Private to the role P(otc.evs.tenant_transfer#role); it may change in any release.
options:
  _input:
    description: What M(otc.evs.evs_transfer) returned.
    type: dict
    required: true
  backs:
    description: What M(otc.evs.evs_attachment) returned of the disks that go back into their servers.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Keep what would be done
  ansible.builtin.set_fact:
    whole: "{{ withdrawal | otc.evs.transfer_return(backs) }}"
"""

RETURN = r"""
_value:
  description: The rehearsal of the whole.
  type: dict
"""


def transfer_return(told: Mapping[str, Any], backs: Mapping[str, Any]) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return packed(returning(opened(told), opened(backs)))


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_return": transfer_return}
