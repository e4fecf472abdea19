# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.packed import opened
from ansible_collections.otc.evs.plugins.plugin_utils._telling import table, trial_table

DOCUMENTATION = r"""
name: transfer_table
short_description: Show what a module would do with each disk
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - Lines for people, of which the role P(otc.evs.tenant_transfer#role) shows the decisions before it acts, and what
    held in a trial.
  - Private to the role; it may change in any release.
options:
  _input:
    description:
      - What M(otc.evs.evs_move), M(otc.evs.evs_transfer), M(otc.evs.evs_transfer_accept), or M(otc.evs.evs_trial)
        returned.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what would be done
  ansible.builtin.debug:
    msg: "{{ rehearsal | otc.evs.transfer_table }}"
"""

RETURN = r"""
_value:
  description: A line for each disk or step, the totals, and the reasons of those that stay or were left out.
  type: list
  elements: str
"""


def transfer_table(told: Mapping[str, Any]) -> list[str]:
    """See DOCUMENTATION."""
    told = opened(told)
    if "steps" in told:
        return trial_table(told["steps"])
    return table(told["disks"], [told.get("source") or {}, told.get("target") or {}], told["problems"])


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_table": transfer_table}
