# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.plugin_utils._handoff import merge, seal

DOCUMENTATION = r"""
name: handoff_seal
short_description: Write the handoff between the teams of two tenants
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - The text of a handoff file, encrypted with Ansible Vault, as the role P(otc.evs.tenant_transfer#role) writes it.
options:
  _input:
    description: The transfers that M(otc.evs.evs_transfer) returned. Those without a key are left out.
    type: list
    elements: dict
    required: true
  password:
    description: The password of the file.
    type: str
    required: true
  about:
    description: What else the target has to know, C(source), C(name), C(target_project) and C(created).
    type: dict
    required: true
  old:
    description: The handoff so far, whose other transfers are kept.
    type: dict
  dead:
    description: The IDs of transfers that are not there any more, and are left out.
    type: list
    elements: str
    default: []
seealso:
  - plugin: otc.evs.handoff
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Write a handoff file
  ansible.builtin.copy:
    content: "{{ offered.transfers | otc.evs.handoff_seal(password, about) }}"
    dest: handoff.vault
    mode: "0600"
  no_log: true
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""


def handoff_seal(
    offered: Sequence[Mapping[str, Any]],
    password: str,
    about: Mapping[str, Any],
    old: Mapping[str, Any] | None = None,
    dead: Sequence[str] = (),
) -> str:
    """See DOCUMENTATION."""
    return seal(merge(old, offered, about, dead), password)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"handoff_seal": handoff_seal}
