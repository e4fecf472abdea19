# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.packed import opened
from ansible_collections.otc.evs.plugins.plugin_utils._chain import state

DOCUMENTATION = r"""
name: transfer_state
short_description: Say where disks are on their way from a server to a server
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - Which disks are free to be moved, which have arrived and are to be attached, and which have stayed behind.
  - Private to the role P(otc.evs.tenant_transfer#role); it may change in any release.
options:
  _input:
    description: What P(otc.evs.transfer_chain#filter) or P(otc.evs.transfer_return#filter) returned.
    type: dict
    required: true
  detached:
    description: The notes of what was detached, of P(otc.evs.transfer_note#filter).
    type: list
    elements: dict
    required: true
  moved:
    description: The notes of what was moved, or withdrawn.
    type: list
    elements: dict
    default: []
  restored:
    description: The notes of what was attached in the source again.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show which disks are free
  ansible.builtin.debug:
    msg: "{{ (whole | otc.evs.transfer_state(detached)).free }}"
"""

RETURN = r"""
_value:
  description: The IDs C(free) and C(back), and the pairs C(arrived) and C(left).
  type: dict
"""


def transfer_state(
    told: Mapping[str, Any],
    detached: Sequence[Mapping[str, Any]],
    moved: Sequence[Mapping[str, Any]] = (),
    restored: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return state(opened(told), detached, moved, restored)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_state": transfer_state}
