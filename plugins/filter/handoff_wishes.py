# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.plugin_utils._handoff import stated_wishes

DOCUMENTATION = r"""
name: handoff_wishes
short_description: Say which servers the source wishes for disks
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - Lines for people about disks that were in servers of the source, and that the target attaches to none.
  - Private to the role P(otc.evs.tenant_transfer#role); it may change in any release.
options:
  _input:
    description: The disks of the handoff file.
    type: list
    elements: dict
    required: true
  pairs:
    description: Which of them the target attaches.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ handoff.disks | otc.evs.handoff_wishes([]) }}"
"""

RETURN = r"""
_value:
  description: A sentence a disk.
  type: list
  elements: str
"""


def handoff_wishes(disks: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    """See DOCUMENTATION."""
    return stated_wishes(disks, pairs)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"handoff_wishes": handoff_wishes}
