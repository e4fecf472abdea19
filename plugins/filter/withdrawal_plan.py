# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: withdrawal_plan
short_description: Tell withdrawn transfers in the form of a plan
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - What P(otc.evs.transfer_result#filter) takes, from the transfers that M(otc.evs.evs_transfer) withdrew.
options:
  _input:
    description: The transfers that M(otc.evs.evs_transfer) returned with C(state=absent).
    type: list
    elements: dict
    required: true
  source:
    description: What M(otc.evs.evs_volume_info) returned for the tenant that withdrew them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Tell what was withdrawn
  ansible.builtin.debug:
    msg: "{{ withdrawn.transfers | otc.evs.withdrawal_plan(at_source) }}"
"""

RETURN = r"""
_value:
  description: The disks of the transfers, in C(move) those that were freed, in C(taken) those that had been accepted.
  type: dict
"""


def withdrawal_plan(transfers: Sequence[Mapping[str, Any]], source: Mapping[str, Any]) -> dict[str, Any]:
    """See DOCUMENTATION."""

    def disks(action: str) -> list[dict[str, Any]]:
        return [
            {
                "id": row["volume_id"],
                "name": row["volume_name"] or "",
                "size": row["size"],
                "volume_type": row["volume_type"],
            }
            for row in transfers
            if row["action"] == action
        ]

    return {
        "source": {key: source[key] for key in ("project_id", "project_name", "region_name")},
        "target": {},
        "move": disks("deleted"),
        "taken": disks("accepted"),
        "done": [],
        "blocked": [],
        "problems": [],
    }


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"withdrawal_plan": withdrawal_plan}
