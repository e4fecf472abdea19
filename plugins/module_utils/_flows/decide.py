# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Read what the decisions rest on, and plan: the same for offering, moving and rehearsing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, of_the_target
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import collect
from ansible_collections.otc.evs.plugins.module_utils._flows.find import find, find_wanted, with_transfers
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import both
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Limit, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import Plan, Rules, misplaced, plan, stale
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import Wanted


@dataclass(frozen=True)
class Decided:
    """The plan, the known transfers that are not there any more, and what the user should be warned of."""

    plan: Plan
    stale: list[str]
    warnings: list[str]


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
    problems = misplaced(evs.project, target.project) if target else []
    if problems:
        return Decided(Plan(problems=problems), [], [])
    here, elsewhere = _look(evs, wanted, rules)
    asked = here
    (here, pending), (elsewhere, others) = with_transfers(evs, here), with_transfers(evs, elsewhere)
    left = {ref: asked.matches[ref] for ref in here.missing if asked.matches[ref]}
    judged = [volume for volume in here.volumes if not rules.keeps(pending.get(volume.id))]

    def evidence() -> Evidence:
        return collect(source, judged, concurrency, rules.ignored) if rules.check_constraints else Evidence()

    def at_target() -> tuple[Found | None, dict[str, Limit] | ApiError | None]:
        if target is None:
            return None, None
        with of_the_target():
            there = find(target, here.missing)
            return there, _quota(target) if check_quota and judged else None

    known, (there, quota) = both(evidence, at_target, concurrency)
    decided = plan(here, there, pending, known, rules, evs.project, target.project if target else None, left)
    warnings = []
    if target and isinstance(quota, ApiError):
        warnings.append(f"The quota of project {target.project.label} could not be checked: {quota.message}")
    elif target and isinstance(quota, dict):
        decided = decided.with_quota(target.project, quota)
    dead = stale(rules.known.values(), {**_by_id(here.volumes), **_by_id(elsewhere.volumes)}, {**pending, **others})
    return Decided(decided, dead, warnings)


def _look(evs: Evs, wanted: Wanted, rules: Rules) -> tuple[Found, Found]:
    """What is wanted, and beside it the disks of the transfers that are known."""
    if wanted.refs is None or not rules.known:
        return find_wanted(evs, wanted), find(evs, rules.known)
    found = find(evs, [*wanted.refs, *rules.known])
    others = [volume_id for volume_id in rules.known if volume_id not in wanted.refs]
    return found.only(wanted.refs), found.only(others)


def _by_id(volumes: Iterable[Volume]) -> dict[str, Volume]:
    return {volume.id: volume for volume in volumes}


def _quota(target: Evs) -> dict[str, Limit] | ApiError:
    """The check is advisory, the server has the last word; so a quota that cannot be read is a warning."""
    try:
        return target.quota()
    except ApiError as error:
        return error
