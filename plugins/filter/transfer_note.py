# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.plugin_utils._notes import noted

DOCUMENTATION = r"""
name: transfer_note
short_description: Note what became of the disks of a batch
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - What P(otc.evs.transfer_progress#filter) and M(otc.evs.transfer_result) take, in a form that Ansible passes
    on quickly however many disks there are. Without keys.
  - Private to the role P(otc.evs.tenant_transfer#role); it may change in any release.
options:
  _input:
    description:
      - The result of the task that processed the disks, M(otc.evs.evs_move), M(otc.evs.evs_transfer) or
        M(otc.evs.evs_transfer_accept).
    type: dict
    required: true
  ids:
    description: The disks or transfers that the task was given.
    type: list
    elements: str
    required: true
  lost:
    description: Why the keys of its offers could not be kept; empty if they were.
    type: str
    default: ""
  undone:
    description: The result of the task that withdrew these offers.
    type: dict
"""

EXAMPLES = r"""
- name: Note what became of the disks
  ansible.builtin.set_fact:
    batches: "{{ batches + [moved | otc.evs.transfer_note(ids)] }}"
"""

RETURN = r"""
_value:
  description: How many disks had which outcome, in C(outcomes), and the rest in C(kept).
  type: dict
"""


def transfer_note(
    done: Mapping[str, Any], ids: Sequence[str], lost: str = "", undone: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return noted(done, ids, lost, undone)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_note": transfer_note}
