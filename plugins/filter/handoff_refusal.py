# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.otc.evs.plugins.plugin_utils._handoff import refusal

DOCUMENTATION = r"""
name: handoff_refusal
short_description: Say why a handoff is of no use to a project
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - Whether a handoff file is for the project whose credentials the role P(otc.evs.tenant_transfer#role) has.
  - Private to the role; it may change in any release.
options:
  _input:
    description: The handoff, of which only C(source) and C(target_project) are looked at.
    type: dict
    required: true
  place:
    description: The project, as a module returns it.
    type: dict
    required: true
  to_offer:
    description: Whether it is the side that writes the file.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Stop if the file is not for this project
  ansible.builtin.fail:
    msg: "{{ handoff | otc.evs.handoff_refusal(found.target) }}"
  when: handoff | otc.evs.handoff_refusal(found.target) | length > 0
"""

RETURN = r"""
_value:
  description: A sentence; empty if the handoff is for this project.
  type: str
"""


def handoff_refusal(handoff: Mapping[str, Any], place: Mapping[str, Any], to_offer: bool = False) -> str:
    """See DOCUMENTATION."""
    return refusal(handoff, place, to_offer)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"handoff_refusal": handoff_refusal}
