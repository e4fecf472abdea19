# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Read what the decisions rest on, and plan: the same for offering, moving and rehearsing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError, of_the_target
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import collect
from ansible_collections.otc.evs.plugins.module_utils._flows.find import find, find_wanted, with_transfers
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import both
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Limit, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.along import Along
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import NAMES, UsableTypes
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import Plan, Rules, plan, same_project, stale
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found
from ansible_collections.otc.evs.plugins.module_utils._plan.region import apart, doubt
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import Wanted


@dataclass(frozen=True)
class Decided:
    """The plan, the known transfers that are not there any more, and what the user should be warned of.

    `microversion` is that of offers with which disks take something along.
    """

    plan: Plan
    stale: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    microversion: str | None = None


def decide(
    source: Services,
    wanted: Wanted,
    rules: Rules,
    concurrency: int,
    target: Evs | None = None,
    check_quota: bool = False,
) -> Decided:
    """Read and plan; with `target` the disks are to go to that project."""
    evs = source.evs
    problems = same_project(evs.project, target.project) if target else []
    if target and not problems and "region" not in rules.ignored:
        problems = [why for why in (apart(evs.place, target.place),) if why]
    if problems:
        return Decided(Plan(problems=problems))
    here, elsewhere = _look(evs, wanted, rules)
    asked = here
    (here, pending), (elsewhere, others) = with_transfers(evs, here), with_transfers(evs, elsewhere)
    left = {ref: asked.matches[ref] for ref in here.missing if asked.matches[ref]}
    judged = [volume for volume in here.volumes if not rules.keeps(pending.get(volume.id))]

    def evidence() -> Evidence:
        return _evidence(source, judged, rules, concurrency)

    def at_target() -> tuple[Found | None, AtTarget]:
        if target is None:
            return None, AtTarget()
        with of_the_target():
            there = find(target, here.missing)
        wanted = [
            name for name, is_wanted in (("quota", check_quota), ("volume_type", rules.check_constraints)) if is_wanted
        ]
        return there, ask_target(target, [name for name in wanted if judged and name not in rules.ignored])

    known, (there, asked_there) = both(evidence, at_target, concurrency)
    known.usable = asked_there.usable
    known.unchecked.update(asked_there.unchecked)
    unsure = doubt(evs.place, target.place) if target else ""
    if unsure:
        known.unchecked["region"] = unsure
    decided = plan(here, there, pending, known, rules, evs.project, target.project if target else None, left)
    if target and asked_there.quota is not None:
        decided = decided.with_quota(target.project, asked_there.quota)
    dead = stale(rules.known.values(), {**_by_id(here.volumes), **_by_id(elsewhere.volumes)}, {**pending, **others})
    return Decided(decided, dead, known.notes, known.along.microversion)


@dataclass
class AtTarget:
    """What the target was asked for, and why it could not be read, by the name of the constraint."""

    quota: dict[str, Limit] | None = None
    usable: UsableTypes | None = None
    unchecked: dict[str, str] = field(default_factory=dict)


def ask_target(target: Evs, wanted: Collection[str]) -> AtTarget:
    """Ask a project for what a disk that comes needs: `quota`, `volume_type` or both."""
    found = AtTarget()
    try:
        if "quota" in wanted:
            found.quota = target.quota()
    except EvsError as error:
        found.unchecked["quota"] = f"the quota of project {target.project.label} could not be read: {error.message}"
    try:
        if "volume_type" in wanted:
            found.usable = UsableTypes(target.project, target.volume_types())
    except EvsError as error:
        why = f"the volume types that project {target.project.label} may use could not be read: {error.message}"
        found.unchecked["volume_type"] = why
    return found


def _evidence(source: Services, volumes: Sequence[Volume], rules: Rules, concurrency: int) -> Evidence:
    """What is known of the disks, and what they can take along."""
    if rules.check_constraints:
        found = collect(source, volumes, concurrency, rules.ignored)
    elif "snapshots" in rules.along:
        # What goes along is to be proved.
        found = collect(source, volumes, concurrency, [name for name in NAMES if name != "snapshots"])
    else:
        found = Evidence()
    if rules.along and volumes:
        try:
            found.along = Along(rules.along, source.evs.newest_microversion())
        except EvsError as error:
            found.along = Along(rules.along, unread=error.message)
    return found


def _look(evs: Evs, wanted: Wanted, rules: Rules) -> tuple[Found, Found]:
    """What is wanted, and beside it the disks of the transfers that are known."""
    if wanted.refs is None or not rules.known:
        return find_wanted(evs, wanted), find(evs, rules.known)
    found = find(evs, [*wanted.refs, *rules.known])
    others = [volume_id for volume_id in rules.known if volume_id not in wanted.refs]
    return found.only(wanted.refs), found.only(others)


def _by_id(volumes: Iterable[Volume]) -> dict[str, Volume]:
    return {volume.id: volume for volume in volumes}
