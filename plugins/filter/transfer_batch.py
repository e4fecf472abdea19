# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: transfer_batch
short_description: Note which disks of a batch succeeded, and why the others did not
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - The record of a batch for P(otc.evs.transfer_result#filter), without keys.
options:
  _input:
    description: The IDs of the disks of the batch.
    type: list
    elements: str
    required: true
  last:
    description:
      - The result of the task that acted on the batch, M(otc.evs.evs_move), M(otc.evs.evs_transfer) or
        M(otc.evs.evs_transfer_accept).
    type: dict
    required: true
  at:
    description: The time.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Note what became of the batch
  ansible.builtin.set_fact:
    batches: "{{ batches + [ids | otc.evs.transfer_batch(accepted, now(utc=true) | string)] }}"
"""

RETURN = r"""
_value:
  description:
    - The time C(at), the C(ids) that succeeded, and the C(failures), why by ID.
  type: dict
"""


def transfer_batch(batch: Sequence[str], last: Mapping[str, Any], at: str) -> dict[str, Any]:
    """See DOCUMENTATION."""
    # An offer tells of transfers; what tells of disks as well tells of those that were proved.
    rows, key = (last["volumes"], "id") if "volumes" in last else (last.get("transfers", ()), "volume_id")
    told = {disk["volume_id"]: _why_blocked(disk["blockers"]) for disk in last.get("blocked", ())}
    told.update((failure["volume_id"], failure["msg"]) for failure in last.get("failures", ()))
    # A disk that was offered and lost its offer again has a row and a failure: the failure counts.
    succeeded = {row[key] for row in rows} - told.keys()
    # A module that ended without a word about this disk: what it said at all.
    otherwise = str(last.get("msg") or "no module told what happened")
    return {
        "at": at,
        "ids": [volume_id for volume_id in batch if volume_id in succeeded],
        "failures": {volume_id: told.get(volume_id, otherwise) for volume_id in batch if volume_id not in succeeded},
    }


def _why_blocked(blockers: Sequence[Mapping[str, Any]]) -> str:
    """What has come in the way of a disk since the plan was made."""
    return " ".join(f"{blocker['constraint']}: {blocker['reason']}. {blocker['remedy']}" for blocker in blockers)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_batch": transfer_batch}
