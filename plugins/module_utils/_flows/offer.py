# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Offer disks: evs_transfer with state present.

Read, plan (pure), apply the plan so that a lost answer ends in an offer whose key is known, and read
every disk back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._flows.decide import decide
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import run_all
from ansible_collections.otc.evs.plugins.module_utils._flows.progress import counted
from ansible_collections.otc.evs.plugins.module_utils._flows.proof import look, now, trouble, watch
from ansible_collections.otc.evs.plugins.module_utils._flows.recovery import create_one
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import OFFERED, UNKNOWN, Row, handed_on
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AWAITING_TRANSFER,
    Transfer,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import Plan, Rules, Step
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import Wanted
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import (
    Reading,
    Trouble,
    is_free,
    is_offered,
    of_offer,
)

REMEDIES: Mapping[int, str] = {
    400: "The server does not transfer this disk as it is; evs_volume_info shows which constraints it violates.",
    403: "The user needs the right evs:transfers:create (in Cinder the role member) in this project.",
    404: "The disk is not in this project any more.",
    413: "Wait for the throttling to end, or ask for a higher limit.",
}


def offer(
    services: Services,
    wanted: Wanted,
    rules: Rules,
    concurrency: int,
    timeout: float,
    *,
    rehearsed: bool,
    seconds: float | None = None,
) -> Result:
    """Offer disks; the whole flow.  After so many `seconds` no disk is begun."""
    evs = services.evs
    decided = decide(services, wanted, rules, concurrency)
    plan = decided.plan
    result = Result("Offering", plan.rows, problems=list(plan.problems), warnings=decided.warnings)
    result.transfers = [handed_on(decision.keeps, decision.row) for decision in plan.decisions if decision.keeps]
    result.values.update(source=evs.project.as_result(), stale_transfers=decided.stale, **plan.details)
    result.values.update(plan.chained(rules.chain))
    if plan.problems:
        return result
    result.to_do = [step.volume.id for step in plan.to_do]
    if rehearsed:
        for step in plan.to_do:
            _note(result, step, step.row, evs.project)
        return result
    _tell(result, evs, plan, _apply(evs, plan, rules.name, concurrency, timeout, seconds, decided.microversion))
    return result


@dataclass
class _Offers:
    """What was made, and what went wrong, by the ID of the disk."""

    made: dict[str, Transfer] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    """The disks whose former offer this run has withdrawn, to make a new one."""
    not_started: set[str] = field(default_factory=set)
    reading: Reading = field(default_factory=Reading)


def _tell(result: Result, evs: Evs, plan: Plan, offers: _Offers) -> None:
    """Put the rows, the transfers and the changes into the result."""
    rows = {decision.row.id: decision.row for decision in plan.decisions}
    made = []
    for step in plan.to_do:
        volume = step.volume
        if volume.id in offers.not_started:
            result.not_started.append(volume.id)
            del rows[volume.id]
            continue
        transfer, sight = offers.made.get(volume.id), offers.reading.of(volume.id)
        verdict = of_offer(
            volume, transfer.id if transfer else None, offers.troubles.get(volume.id), sight, evs.project
        )
        row = rows[volume.id] = replace(verdict, at=offers.reading.at, reasons=step.row.reasons)
        # A key is kept unless the disk was seen to be free: a disk that seems to be gone may be there all the same.
        if transfer and not (isinstance(sight, Volume) and is_free(sight)):
            made.append(handed_on(transfer, row))
        left_as = None
        if volume.id in offers.released:
            left_as = sight.status if isinstance(sight, Volume) else "not known"
        _note(result, step, row, evs.project, left_as)
    result.rows = list(rows.values())
    result.transfers = [*(result.transfers or ()), *made]


def _apply(
    evs: Evs,
    plan: Plan,
    name: str,
    concurrency: int,
    timeout: float,
    seconds: float | None,
    microversion: str | None = None,
) -> _Offers:
    """Withdraw what is to be replaced, create, and read back."""
    offers = _Offers()
    replaced = {step.volume.id: step.replaces for step in plan.to_do if step.replaces}
    for done in run_all(lambda key: evs.delete_transfer(replaced[key].id), list(replaced), concurrency):
        if done.error:
            offers.troubles[done.item] = trouble(done.error, "its earlier offer is withdrawn", REMEDIES)
        elif done.value:
            offers.released.add(done.item)
    # If they cannot be read, the create of each tells whether it is free.
    freed = watch(evs, replaced.keys() - offers.troubles.keys(), is_free, timeout)
    left = {key for key, volume in freed.seen.items() if volume is None}
    todo = [step.volume for step in plan.to_do if step.volume.id not in left | offers.troubles.keys()]
    for created in run_all(
        counted(lambda volume: create_one(evs, volume, name, timeout, microversion), len(todo)),
        todo,
        concurrency,
        seconds,
    ):
        volume_id = created.item.id
        if not created.begun:
            offers.not_started.add(volume_id)
        elif created.value:
            offers.made[volume_id] = created.value
        elif created.error:
            again = " again after its earlier offer was withdrawn" if volume_id in replaced else ""
            offers.troubles[volume_id] = trouble(created.error, f"offered{again}", REMEDIES)
    made, others = watch(evs, offers.made, is_offered, timeout), look(evs, offers.troubles, timeout)
    offers.reading = made.followed_by(others).followed_by(Reading(dict.fromkeys(left), at=now()))
    return offers


def _note(result: Result, step: Step, row: Row, owner: Project, left_as: str | None = None) -> None:
    """Note what changes, or in a rehearsal would change.

    `left_as` is the status of a disk whose former offer was withdrawn, whatever became of it then.
    """
    former = step.replaces.id if step.replaces else None
    before = {"owner": owner.label, "status": step.volume.status, "transfer": former}
    if row.outcome == OFFERED or (row.outcome == UNKNOWN and row.transfer_id):
        transfer_id = row.transfer_id or "known after the offer"
        result.change(row.label, before, {"owner": owner.label, "status": AWAITING_TRANSFER, "transfer": transfer_id})
    elif left_as:
        transfer = "not known" if left_as in (AWAITING_TRANSFER, "not known") else None
        result.change(row.label, before, {"owner": owner.label, "status": left_as, "transfer": transfer})
