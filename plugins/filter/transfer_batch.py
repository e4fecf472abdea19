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
      - The result of the last task that acts on the batch, M(otc.evs.evs_transfer) or M(otc.evs.evs_transfer_accept).
    type: dict
    required: true
  at:
    description: The time.
    type: str
    required: true
  before:
    description: The result of the task before that one.
    type: dict
  withdrawal:
    description: The result of the task that withdrew what was pending, once it is known.
    type: dict
"""

EXAMPLES = r"""
- name: Note what became of the batch
  ansible.builtin.set_fact:
    batches: "{{ batches + [ids | otc.evs.transfer_batch(accepted, now(utc=true) | string, before=offered)] }}"
"""

RETURN = r"""
_value:
  description:
    - The time C(at), the C(ids) that succeeded, and the C(failures), why by ID.
    - In C(pending) what is to be withdrawn, C(transfer_ids) or C(volumes); empty if there is nothing.
  type: dict
"""


def transfer_batch(
    batch: Sequence[str],
    last: Mapping[str, Any],
    at: str,
    before: Mapping[str, Any] | None = None,
    withdrawal: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    results = [result for result in (before, last) if result is not None]
    succeeded = {row["volume_id"] for row in last.get("transfers", ())}
    told = {failure["volume_id"]: failure["msg"] for result in results for failure in result.get("failures", ())}
    # A module that ended without a word about this disk: what it said at all.
    otherwise = next((str(result["msg"]) for result in results if result.get("msg")), "no module told what happened")
    failed = [volume_id for volume_id in batch if volume_id not in succeeded]
    failures = {volume_id: told.get(volume_id, otherwise) for volume_id in failed}
    pending = _pending(failed, before) if before is not None else {}
    for volume_id, why in _locked(pending, before or {}, withdrawal or {}).items():
        failures[volume_id] += (
            f" The disk may stay offered and locked, because the offer could not be withdrawn: {why} "
            "Run again, or withdraw the offers (playbook otc.evs.withdraw)."
        )
    return {
        "at": at,
        "ids": [volume_id for volume_id in batch if volume_id in succeeded],
        "failures": failures,
        "pending": pending,
    }


def _pending(failed: Sequence[str], offered: Mapping[str, Any]) -> dict[str, list[str]]:
    """The offers to withdraw: our own, since another run may have offered the same disk meanwhile.

    If the task that offered ended without a result nobody knows which are ours, and it goes by the disks.
    """
    if "transfers" not in offered:
        return {"volumes": list(failed)}
    left = set(failed)
    ours = [row["id"] for row in offered["transfers"] if row["volume_id"] in left and row["id"]]
    return {"transfer_ids": ours} if ours else {}


def _locked(
    pending: Mapping[str, Sequence[str]], offered: Mapping[str, Any], withdrawal: Mapping[str, Any]
) -> dict[str, str]:
    """The disks that may still be offered, with the reason; all of them if the withdrawal names none."""
    named = {failure["volume_id"]: str(failure["msg"]) for failure in withdrawal.get("failures", ())}
    if named or not withdrawal.get("failed"):
        return named
    disks = {row["id"]: row["volume_id"] for row in offered.get("transfers", ())}
    ids = [disks[transfer_id] for transfer_id in pending.get("transfer_ids", ())] + list(pending.get("volumes", ()))
    return dict.fromkeys(ids, str(withdrawal.get("msg", "no module told why.")))


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_batch": transfer_batch}
