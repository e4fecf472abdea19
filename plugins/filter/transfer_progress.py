# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.rows import AMISS, BLOCKED, DONE, GONE
from ansible_collections.otc.evs.plugins.plugin_utils._telling import WORDS

DOCUMENTATION = r"""
name: transfer_progress
short_description: Say how far a run has come
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - A line for people, which the role P(otc.evs.tenant_transfer#role) shows after each batch.
  - Private to the role; it may change in any release.
options:
  _input:
    description: The notes of the batches so far, of P(otc.evs.transfer_note#filter).
    type: list
    elements: dict
    required: true
  total:
    description: How many disks the run is to move, offer, accept or withdraw.
    type: int
    required: true
  success:
    description: The outcome of a disk that is done, such as V(moved).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say how far it is
  ansible.builtin.debug:
    msg: "{{ (batches | otc.evs.transfer_progress(200, 'moved')).message }}"
"""

RETURN = r"""
_value:
  description: The C(message), and C(stuck), which is true if all disks of the last batch failed.
  type: dict
"""


def transfer_progress(batches: Sequence[Mapping[str, Any]], total: int, success: str) -> dict[str, Any]:
    """See DOCUMENTATION."""
    outcomes: Counter[str] = Counter()
    for batch in batches:
        outcomes.update(batch["outcomes"])
    stuck = bool(batches) and set(batches[-1]["outcomes"]) <= set(AMISS)
    others = [f"{outcomes[outcome]} {WORDS[outcome]}" for outcome in (BLOCKED, GONE, *AMISS) if outcomes[outcome]]
    done = sum(outcomes[outcome] for outcome in DONE)
    return {"message": ", ".join([f"{done} of {total} disks {WORDS[success]}", *others]), "stuck": stuck}


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_progress": transfer_progress}
