#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: transfer_result
short_description: Say what became of each disk of a run
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - The result of the role P(otc.evs.tenant_transfer#role), from its rehearsal and what became of its batches.
  - It runs on the controller, as an action, since Ansible would look at each value of what a filter returns.
  - Private to the role; it may change in any release.
attributes:
  check_mode:
    description: Can run in check mode, and changes nothing in any mode.
    support: full
options:
  rehearsal:
    description:
      - What the module returned that rehearsed, M(otc.evs.evs_move), M(otc.evs.evs_transfer) or
        M(otc.evs.evs_transfer_accept).
    type: dict
    required: true
  about:
    description: Of the run, C(run), C(entry_point), C(name), C(rehearsed), C(started_at) and C(finished_at).
    type: dict
    required: true
  batches:
    description:
      - The notes of the batches, of P(otc.evs.transfer_note#filter).
    type: list
    elements: dict
    default: []
  success:
    description: The outcome of a disk that is done.
    type: str
    default: moved
  source:
    description: The project of the source, if the module did not look at it.
    type: dict
  detached:
    description: The notes of what was detached before, in the source.
    type: list
    elements: dict
    default: []
  attached:
    description: The notes of what was attached afterwards, in the target.
    type: list
    elements: dict
    default: []
  restored:
    description: The notes of what was attached in the source again.
    type: list
    elements: dict
    default: []
  blocked:
    description: Whether a disk that was blocked since the rehearsal is a failure (V(fail)) or not (V(skip)).
    type: str
    choices: [fail, skip]
    default: skip
"""

EXAMPLES = r"""
- name: Keep the result
  otc.evs.transfer_result:
    rehearsal: "{{ rehearsal }}"
    about: "{{ about }}"
    batches: "{{ batches }}"
  register: result
"""

RETURN = r"""
message:
  description: One line, how many disks had which outcome. The page on reports says what else is returned.
  type: str
  returned: always
"""
