# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.packed import opened
from ansible_collections.otc.evs.plugins.module_utils._model.rows import ACCEPTED, ALREADY_THERE, GONE
from ansible_collections.otc.evs.plugins.plugin_utils._chain import chained, interrupted, returned
from ansible_collections.otc.evs.plugins.plugin_utils._notes import batch_of
from ansible_collections.otc.evs.plugins.plugin_utils._telling import (
    counts,
    failures,
    merged,
    message,
    notes,
    since_blocked,
)

DOCUMENTATION = r"""
name: transfer_result
short_description: Say what became of each disk of a run
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - The result of the role P(otc.evs.tenant_transfer#role), from its rehearsal and what became of its batches.
  - Private to the role; it may change in any release.
options:
  _input:
    description:
      - What the module returned that rehearsed, M(otc.evs.evs_move), M(otc.evs.evs_transfer) or
        M(otc.evs.evs_transfer_accept).
    type: dict
    required: true
  about:
    description: What is known of the run, C(run), C(entry_point), C(name), C(rehearsed), C(started) and C(finished).
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
  ansible.builtin.set_fact:
    result: "{{ rehearsal | otc.evs.transfer_result(about, batches) }}"
"""

RETURN = r"""
_value:
  description: The result, as the page on reports of this collection describes.
  type: dict
"""

NOTHING_ALIVE = "Nothing in the handoff file can be accepted any more. Let the source offer the disks again."


def transfer_result(
    told: Mapping[str, Any],
    about: Mapping[str, Any],
    batches: Sequence[Mapping[str, Any]] = (),
    success: str = "moved",
    source: Mapping[str, Any] | None = None,
    blocked: str = "skip",
    detached: Sequence[Mapping[str, Any]] = (),
    attached: Sequence[Mapping[str, Any]] = (),
    restored: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    told = opened(told)
    rehearsed = bool(about["rehearsed"] or told["problems"])
    done = [batch_of(note) for note in batches]
    rows = [dict(row) for row in told["disks"]] if rehearsed else merged(told.get("withdrawn", told["disks"]), done)
    if "to_detach" in told and not rehearsed:
        rows = chained(rows, told, detached, attached, restored)
    if "backs" in told and not rehearsed:
        rows = returned(rows, told, restored)
    origin, target = told.get("source") or source or {}, told.get("target") or {}
    outcomes = {row["outcome"] for row in rows}
    wrong = failures(rows, [alarm for batch in done for alarm in batch["alarms"]])
    if blocked == "fail" and not rehearsed:
        wrong += since_blocked(told["disks"], rows)
    if told["problems"]:
        wrong += interrupted(told)
    if GONE in outcomes and success == ACCEPTED and not outcomes & {ACCEPTED, ALREADY_THERE}:
        wrong.append(NOTHING_ALIVE)
    return {
        "version": 2,
        **about,
        "rehearsed": rehearsed,
        "source": origin,
        "target": target,
        "message": message(rows, [origin, target], success, rehearsed),
        "counts": counts(rows),
        "problems": list(told["problems"]),
        "notes": notes(rows),
        "failures": wrong,
        "disks": rows,
    }


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_result": transfer_result}
