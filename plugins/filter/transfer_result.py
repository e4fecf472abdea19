# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: transfer_result
short_description: Say what became of each disk on its way from one tenant to another
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - The result of the role P(otc.evs.tenant_transfer#role), from its plan and what became of its batches.
options:
  _input:
    description: The plan, as P(otc.evs.transfer_plan#filter) returns it.
    type: dict
    required: true
  about:
    description: What is known of the run, such as C(entry_point), C(check_mode) and C(started).
    type: dict
    required: true
  batches:
    description: What became of each batch, as P(otc.evs.transfer_batch#filter) notes it.
    type: list
    elements: dict
    default: []
  todo:
    description: The outcome of a disk that would be acted on, in check mode.
    type: str
    default: to_move
  success:
    description: The outcome of a disk that was acted on.
    type: str
    default: moved
"""

EXAMPLES = r"""
- name: Keep the result
  ansible.builtin.set_fact:
    result: "{{ plan | otc.evs.transfer_result(about, batches) }}"
"""

RETURN = r"""
_value:
  description: The result, with C(message), C(counts), C(problems), C(failures) (the reasons of disks that
    failed) and C(disks).
  type: dict
"""

WORDS = {
    "moved": "moved",
    "offered": "offered",
    "withdrawn": "withdrawn",
    "to_move": "would be moved",
    "to_offer": "would be offered",
    "to_withdraw": "would be withdrawn",
    "kept": "offered before",
    "taken": "taken by the target",
    "already_there": "already there",
    "blocked": "left because they cannot be transferred",
    "failed": "failed",
    "not_attempted": "not attempted",
}


def transfer_result(
    plan: Mapping[str, Any],
    about: Mapping[str, Any],
    batches: Sequence[Mapping[str, Any]] = (),
    todo: str = "to_move",
    success: str = "moved",
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    source, target = plan["source"], plan["target"]
    done = {volume_id: batch["at"] for batch in batches for volume_id in batch["ids"]}
    failures = {volume_id: why for batch in batches for volume_id, why in batch["failures"].items()}
    disks: list[dict[str, Any]] = []

    def tell(volume: Mapping[str, Any], outcome: str, when: str | None = None, why: Sequence[str] = ()) -> None:
        disks.append(
            {
                **{key: volume.get(key) for key in ("id", "name", "size", "volume_type")},
                "from": source["project_name"] if source else None,
                "to": target["project_name"] if target else None,
                "outcome": outcome,
                "when": when,
                "why": list(why),
            }
        )

    for volume in plan["move"]:
        if volume["id"] in done:
            tell(volume, success, done[volume["id"]])
        elif volume["id"] in failures:
            tell(volume, "failed", why=[failures[volume["id"]]])
        else:
            tell(volume, todo if about["check_mode"] else "not_attempted")
    for outcome, key in (("already_there", "done"), ("kept", "kept"), ("taken", "taken")):
        for volume in plan.get(key, ()):
            tell(volume, outcome)
    for volume in plan["blocked"]:
        tell(volume, "blocked", why=[f"{constraint}: {reason}" for constraint, reason in volume["reasons"].items()])
    counts = Counter(disk["outcome"] for disk in disks)
    return {
        "version": 1,
        **about,
        "source": source,
        "target": target,
        "message": _message(source, target, counts, todo if about["check_mode"] else success),
        "counts": {"total": len(disks), **counts},
        "problems": _problems(plan),
        "failures": [why for disk in disks if disk["outcome"] == "failed" for why in disk["why"]],
        "disks": disks,
    }


def _problems(plan: Mapping[str, Any]) -> list[str]:
    """Why nothing was begun; the reasons of single disks stand with the disks."""
    with_a_disk = set(plan.get("reasons", ()))
    problems = [problem for problem in plan["problems"] if problem not in with_a_disk]
    if len(problems) < len(plan["problems"]):
        problems.append(
            f"Disks that cannot be transferred: {len(plan['blocked'])}. The reasons stand with each of them."
        )
    return problems


def _message(source: Mapping[str, Any], target: Mapping[str, Any], counts: Mapping[str, int], first: str) -> str:
    """One line: from where to where, how many of what."""
    sides = [side["project_name"] for side in (source, target) if side]
    told = [first, *(outcome for outcome in WORDS if outcome != first and counts.get(outcome))]
    if first in ("moved", "to_move") and "already_there" not in told:
        told.insert(1, "already_there")
    return f"{' -> '.join(sides)}: " + ", ".join(f"{counts.get(outcome, 0)} {WORDS[outcome]}" for outcome in told) + "."


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_result": transfer_result}
