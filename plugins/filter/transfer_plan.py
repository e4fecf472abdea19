# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Limit
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need, shortfalls

DOCUMENTATION = r"""
name: transfer_plan
short_description: Decide what to do with each disk on its way from one tenant to another
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - The decisions of the role P(otc.evs.tenant_transfer#role), from what M(otc.evs.evs_volume_info) tells of both
    tenants.
  - Reads nothing and changes nothing.
options:
  _input:
    description: The names or IDs of the disks to move.
    type: list
    elements: str
    required: true
  source:
    description: What M(otc.evs.evs_volume_info) returned for these disks in the source.
    type: dict
    required: true
  target:
    description:
      - What M(otc.evs.evs_volume_info) returned for these disks in the target, if its credentials are known.
      - With RV(otc.evs.evs_volume_info#module:quotas) it is a problem if the disks to move do not fit into them.
    type: dict
  name:
    description: The name of the transfers that are ours, and that may be replaced.
    type: str
    required: true
  unchecked:
    description: Whether a constraint that could not be checked stops everything (V(fail)) or not (V(allow)).
    type: str
    choices: [fail, allow]
    default: fail
  ignore_constraints:
    description: Constraints that do not count.
    type: list
    elements: str
    default: []
  handoff:
    description:
      - The disks whose keys are known from an earlier run, as P(otc.evs.handoff#lookup) tells them in C(volumes).
    type: list
    elements: dict
    default: []
  blocked:
    description: Whether a disk that violates a constraint stops everything (V(fail)) or is left (V(skip)).
    type: str
    choices: [fail, skip]
    default: fail
  batch_size:
    description: How many disks a batch has at most.
    type: int
    default: 1000
seealso:
  - plugin: otc.evs.tenant_transfer
    plugin_type: role
"""

EXAMPLES = r"""
- name: Decide
  ansible.builtin.set_fact:
    plan: "{{ disks | otc.evs.transfer_plan(at_source, at_target, name='our-move') }}"
"""

RETURN = r"""
_value:
  description: The decisions.
  type: dict
  contains:
    source:
      description: The C(project_id), C(project_name) and C(region_name) of the source.
      type: dict
    target:
      description: Those of the target; empty if it is not known.
      type: dict
    move:
      description: The disks to move, each with C(id), C(name), C(size) and C(volume_type).
      type: list
      elements: dict
    batches:
      description: The IDs of the disks to move, batch by batch; empty if there are problems.
      type: list
      elements: list
    done:
      description: The disks that the target has already.
      type: list
      elements: dict
    kept:
      description: The disks that are offered by a transfer whose key is in O(handoff).
      type: list
      elements: dict
    taken:
      description: The disks of O(handoff) that have left the source.
      type: list
      elements: dict
    blocked:
      description: The disks that cannot be moved, with C(reasons) by constraint.
      type: list
      elements: dict
    unchecked:
      description: The constraints that could not be checked for some disks to move, with the reason.
      type: dict
    problems:
      description: Why nothing at all can be done; empty if it can.
      type: list
      elements: str
    reasons:
      description: Why disks cannot be moved, a line for each reason.
      type: list
      elements: str
    table:
      description: All that for people to read, a line for each disk.
      type: list
      elements: str
"""

HEADINGS = ("DISK", "SIZE", "TYPE", "NOW", "DECISION")

READ = ("id", "name", "size", "volume_type", "status", "transfer", "blockers", "unchecked")
"""What is read of a disk."""

Volume = Mapping[str, Any]


def transfer_plan(
    wanted: Sequence[str],
    source: Mapping[str, Any],
    target: Mapping[str, Any] | None = None,
    name: str = "ansible-evs-transfer",
    ignore_constraints: Sequence[str] = (),
    blocked: str = "fail",
    unchecked: str = "fail",
    handoff: Sequence[Volume] = (),
    batch_size: int = 1000,
) -> dict[str, Any]:
    """See DOCUMENTATION; `source` and `target` are results of evs_volume_info."""
    decisions = _Decisions(name, frozenset(ignore_constraints), blocked == "fail", unchecked == "fail")
    decisions.known = {volume["id"]: volume["transfer"]["id"] for volume in handoff}
    if target and source["project_id"] == target["project_id"]:
        decisions.problems.append(f"Source and target are the same: {_project(source)}. Check the credentials of both.")
    if target and source["region_name"] and target["region_name"] not in (None, source["region_name"]):
        decisions.problems.append(
            f"The source is in region {source['region_name']} and the target in region {target['region_name']}. "
            "A disk stays in its region: give both the same region_name."
        )
    at_source, at_target, handed_off = (
        _by_ref(wanted, volumes) for volumes in (source["volumes"], target["volumes"] if target else (), handoff)
    )
    for ref in dict.fromkeys(wanted):
        here, there = at_source[ref], at_target[ref]
        if len(here) > 1:
            ids = ", ".join(volume["id"] for volume in here)
            decisions.problems.append(
                f"{_project(source)} has several disks called {ref!r}: {ids}. Give the ID of the one you mean."
            )
        elif there and (not here or here[0]["id"] == there[0]["id"]):
            decisions.about_some_at_target(there)
        elif here:
            decisions.about_one_at_source(here[0])
        elif handed_off[ref]:
            decisions.about_some_taken(handed_off[ref])
        else:
            elsewhere = (
                f"neither in {_project(source)} nor in {_project(target)}" if target else f"not in {_project(source)}"
            )
            decisions.problems.append(f"Disk {ref!r} is {elsewhere}. Check its name, the projects and the region.")
    if target and target.get("quotas"):
        decisions.about_the_quota(target)
    return {
        "source": _place(source),
        "target": _place(target) if target else {},
        **decisions.as_result(int(batch_size)),
    }


@dataclass
class _Decisions:
    """The decisions so far, and the rules that they follow."""

    name: str
    ignored: frozenset[str]
    stop_if_blocked: bool
    stop_if_unchecked: bool
    move: dict[str, Any] = field(default_factory=dict)
    done: dict[str, Any] = field(default_factory=dict)
    blocked: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    taken: dict[str, Any] = field(default_factory=dict)
    unchecked: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    """The transfers whose keys are known, by the ID of their disk."""
    problems: list[str] = field(default_factory=list)
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def about_one_at_source(self, volume: Volume) -> None:
        """Move it, or leave it; an offer of ours is no reason to leave it, since it will be replaced."""
        if volume["transfer"] and volume["transfer"]["id"] == self.known.get(volume["id"]):
            self.kept[volume["id"]] = _essence(volume)
            self.rows[volume["id"]] = _row(volume, "source", "is offered already")
            return
        excused = set(self.ignored)
        if volume["transfer"] and volume["transfer"]["name"] == self.name:
            excused.add("status")
        elif volume["transfer"]:
            # Somebody else's offer is left alone, whatever is ignored: evs_move and evs_transfer do so, too.
            excused.discard("status")
        reasons = {
            blocker["constraint"]: f"{blocker['reason']}. {blocker['remedy']}"
            for blocker in volume["blockers"]
            if blocker["constraint"] not in excused
        }
        if reasons:
            self.blocked[volume["id"]] = {**_essence(volume), "reasons": reasons}
            self.rows[volume["id"]] = _row(volume, "source", "stays: " + ", ".join(reasons))
            return
        unknown = {item["constraint"]: item["reason"] for item in volume["unchecked"]}
        unknown = {constraint: reason for constraint, reason in unknown.items() if constraint not in excused}
        self.unchecked.update(unknown)
        self.move[volume["id"]] = _essence(volume)
        decision = f"move, unchecked: {', '.join(unknown)}" if unknown else "move"
        self.rows[volume["id"]] = _row(volume, "source", decision)

    def about_some_at_target(self, volumes: Sequence[Volume]) -> None:
        """They are where they should be; a name may well fit several of them."""
        for volume in volumes:
            self.done[volume["id"]] = _essence(volume)
            self.rows[volume["id"]] = _row(volume, "target", "is there already")

    def about_some_taken(self, volumes: Sequence[Volume]) -> None:
        """They were offered, and have left the source since."""
        for volume in volumes:
            self.taken[volume["id"]] = _essence(volume)
            self.rows[volume["id"]] = _row({**volume, "status": "taken"}, "target", "was taken by the target")

    def about_the_quota(self, target: Mapping[str, Any]) -> None:
        """All disks to move have to fit into it."""
        quota = {key: Limit(**limit) for key, limit in target["quotas"].items()}
        missing = shortfalls(quota, [Need(disk["size"], disk["volume_type"]) for disk in self.move.values()])
        if missing:
            self.problems.append(
                f"The quota of {_project(target)} does not suffice for {len(self.move)} disks: "
                f"{'; '.join(shortfall.sentence for shortfall in missing)}. "
                "Raise it or free some of it, and run again."
            )

    def as_result(self, batch_size: int) -> dict[str, Any]:
        why = [
            f"{volume['name'] or volume['id']} stays ({constraint}): {reason}"
            for volume in self.blocked.values()
            for constraint, reason in volume["reasons"].items()
        ]
        open_questions = [
            f"The constraint {constraint} could not be checked: {reason}"
            for constraint, reason in self.unchecked.items()
        ]
        remedy = "Give the user the right to read that, or ignore the constraint, or allow what is unchecked."
        problems = [
            *self.problems,
            *(why if self.stop_if_blocked else []),
            *([*open_questions, remedy] if open_questions and self.stop_if_unchecked else []),
        ]
        ids = [] if problems else list(self.move)
        return {
            "move": list(self.move.values()),
            "batches": [ids[first : first + batch_size] for first in range(0, len(ids), batch_size)],
            "done": list(self.done.values()),
            "kept": list(self.kept.values()),
            "taken": list(self.taken.values()),
            "blocked": list(self.blocked.values()),
            "unchecked": self.unchecked,
            "problems": problems,
            "reasons": why,
            "table": [
                *_aligned([HEADINGS, *self.rows.values()]),
                *why,
                *open_questions,
                *(["None of that will be done; the last task says why."] if problems else []),
            ],
        }


def _essence(volume: Volume) -> dict[str, Any]:
    """What later tasks need of a disk; a thousand disks are passed on several times."""
    return {key: volume[key] for key in ("id", "name", "size", "volume_type")}


def _by_ref(wanted: Iterable[str], volumes: Iterable[Volume]) -> dict[str, list[Volume]]:
    """The disks that each name or ID means; an ID is preferred to a name."""
    # Ansible looks at a value each time that it is taken out of a variable: once is enough.
    by_id = {volume["id"]: volume for volume in ({key: row[key] for key in READ if key in row} for row in volumes)}
    by_name: dict[str, list[Volume]] = {}
    for volume in by_id.values():
        by_name.setdefault(volume["name"], []).append(volume)
    return {ref: [by_id[ref]] if ref in by_id else by_name.get(ref, []) for ref in wanted}


def _place(info: Mapping[str, Any]) -> dict[str, Any]:
    """Whose disks a module told of."""
    return {key: info[key] for key in ("project_id", "project_name", "region_name")}


def _project(info: Mapping[str, Any]) -> str:
    return f"project {info['project_name']} ({info['project_id']})"


def _row(volume: Volume, side: str, decision: str) -> tuple[str, ...]:
    return (
        volume["name"] or volume["id"],
        f"{volume['size']} GiB",
        volume["volume_type"] or "-",
        f"{side}, {volume['status']}",
        decision,
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]) for row in rows]


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_plan": transfer_plan}
