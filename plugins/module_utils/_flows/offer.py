# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Offer disks: evs_transfer with state present.

Read the disks and their pending transfers, plan (pure), and apply the plan so that a lost answer
ends in an offer whose key is known.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._api.answers import outcome_is_open
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    ApiError,
    EvsError,
    Timeout,
    UsageError,
    quoted,
)
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Evidence, Services, collect
from ansible_collections.otc.evs.plugins.module_utils._flows.find import find, transfers_of, wait_for
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import run_all
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    Failure,
    Result,
    explained,
    shortened,
    transfer_row,
)
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AVAILABLE,
    AWAITING_TRANSFER,
    Transfer,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import CONSTRAINTS, Blocker, blockers

DEFAULT_NAME = "ansible-evs-transfer"
LONGEST_NAME = 64
MOST_BYTES = 255
"""Of a name: EVS counts bytes where others count characters."""
MOST_ATTEMPTS = 3
REMEDIES: Mapping[int, str] = {
    400: "The server does not transfer this disk as it is; evs_volume_info tells which constraints it violates.",
    403: "The user needs the right evs:transfers:create (in Cinder the role member) in this project.",
    404: "The disk is not in this project any more.",
    413: "Wait for the throttling to end, or ask for a higher limit.",
}


@dataclass(frozen=True)
class OfferOptions:
    """What to do in the cases that need a decision; see the options of evs_transfer."""

    name: str
    pending: str = "keep"
    blocked: str = "fail"
    unchecked: str = "fail"
    ignored: Collection[str] = ()
    check_constraints: bool = True

    def __post_init__(self) -> None:
        if not self.name.strip() or self.name != self.name.strip():
            raise UsageError(
                f"The name of a transfer is {quoted(self.name)}; it must not be empty, nor begin or end with a blank."
            )
        if len(self.name) > LONGEST_NAME:
            raise UsageError(
                f"The name of a transfer has {len(self.name)} characters; "
                f"at most {LONGEST_NAME} are allowed: {quoted(self.name)}."
            )
        size = len(self.name.encode())
        if size > MOST_BYTES:
            raise UsageError(
                f"The name of a transfer has {size} bytes in UTF-8; at most {MOST_BYTES} are allowed: {self.name!r}."
            )


@dataclass(frozen=True)
class Step:
    """What is to be done with one disk: `created`, `replaced` or `kept`."""

    volume: Volume
    action: str
    pending: Transfer | None = None


@dataclass(frozen=True)
class Blocked:
    """A disk that cannot be offered, and all the reasons."""

    volume: Volume
    blockers: Sequence[Blocker]

    @property
    def sentence(self) -> str:
        reasons = " ".join(f"{blocker.constraint}: {blocker.reason}. {blocker.remedy}" for blocker in self.blockers)
        return f"Disk {self.volume.label}. {reasons}"

    def as_result(self) -> dict[str, Any]:
        return {
            "volume_id": self.volume.id,
            "volume_name": self.volume.name,
            "blockers": [blocker.as_result() for blocker in self.blockers],
        }


@dataclass(frozen=True)
class Plan:
    """What to do with each disk, and which constraints could not be checked for some, with the reason."""

    steps: Sequence[Step]
    blocked: Sequence[Blocked]
    unchecked: Mapping[str, str]


def plan(volumes: Sequence[Volume], pending: Mapping[str, Transfer], evidence: Evidence, options: OfferOptions) -> Plan:
    """Decide about every disk from what was read; `pending` holds transfers by the ID of their disk."""
    steps: list[Step] = []
    blocked: list[Blocked] = []
    unchecked: dict[str, str] = {}
    for volume in volumes:
        transfer = pending.get(volume.id) if volume.status == AWAITING_TRANSFER else None
        action = _action(transfer, options)
        excused = _excused(action, options)
        found = blockers(evidence.facts(volume, transfer), excused)
        if found:
            blocked.append(Blocked(volume, found))
        else:
            steps.append(Step(volume, action or "created", transfer))
            unchecked.update(evidence.unchecked_of(found, excused))
    return Plan(steps, blocked, unchecked)


def _action(transfer: Transfer | None, options: OfferOptions) -> str | None:
    """What a pending transfer allows to do; None if it stands in the way: it is not to be touched, or not ours."""
    if transfer is None:
        return "created"
    if options.pending == "replace":
        return "replaced" if transfer.name == options.name else None
    return "kept" if options.pending == "keep" else None


def _excused(action: str | None, options: OfferOptions) -> Collection[str]:
    """The constraints that do not count: none does for a disk that stays offered as it is."""
    if action == "kept":
        return CONSTRAINTS
    excused = set(options.ignored if options.check_constraints else CONSTRAINTS)
    if action == "replaced":
        return excused | {"status"}
    return excused if action else excused - {"status"}


def offer(
    services: Services, refs: Sequence[str], options: OfferOptions, concurrency: int, timeout: float, check_mode: bool
) -> Result:
    """Offer disks, given by name or ID; the whole flow."""
    evs = services.evs
    found = find(evs, refs)
    found.require_all(evs.project.label)
    decided = decide(services, found.volumes, options, concurrency)
    require_permission(evs, decided, options)
    result = _predicted(evs, decided) if check_mode else _apply(evs, decided, options.name, concurrency, timeout)
    result.values.update(judgement(decided))
    return result


def decide(services: Services, volumes: Sequence[Volume], options: OfferOptions, concurrency: int) -> Plan:
    """Read what the decisions rest on, and plan."""
    pending = transfers_of(services.evs, volumes)
    judged = [volume for volume in volumes if _action(pending.get(volume.id), options) != "kept"]
    evidence = collect(services, judged, concurrency, options.ignored) if options.check_constraints else Evidence()
    return plan(volumes, pending, evidence, options)


def judgement(decided: Plan) -> dict[str, Any]:
    """What the plan found out about the constraints, as the module returns it."""
    return {
        "blocked": [blocked.as_result() for blocked in decided.blocked],
        "unchecked": [{"constraint": constraint, "reason": reason} for constraint, reason in decided.unchecked.items()],
    }


def require_permission(evs: Evs, decided: Plan, options: OfferOptions) -> None:
    """Refuse to begin if a disk is blocked or a constraint unchecked, unless the user wants that."""
    reasons = []
    if decided.blocked and options.blocked == "fail":
        reasons += [blocked.sentence for blocked in decided.blocked]
    if decided.unchecked and options.unchecked == "fail":
        reasons += [
            f"The constraint {constraint} could not be checked: {reason} Give the user the right to read that, "
            "name the constraint in ignore_constraints, or set unchecked: allow."
            for constraint, reason in decided.unchecked.items()
        ]
    if reasons:
        total = len(decided.blocked) + len(decided.steps)
        many = f"{len(decided.blocked)} of {total} disks" if decided.blocked else f"The {total} disks"
        raise UsageError(
            f"{many} of project {evs.project.label} cannot be offered, so none was: {shortened(reasons)}",
            **judgement(decided),
        )


def _predicted(evs: Evs, decided: Plan) -> Result:
    """What applying the plan would give, as far as that can be known."""
    result = Result("Offering")
    _record(evs, result, decided, {step.volume.id: step.pending for step in decided.steps if step.action == "kept"})
    return result


def _apply(evs: Evs, decided: Plan, name: str, concurrency: int, timeout: float) -> Result:
    result = Result("Offering")
    replaced = [step for step in decided.steps if step.action == "replaced"]
    withdrawn = run_all(
        lambda step: evs.delete_transfer(step.pending.id if step.pending else ""), replaced, concurrency
    )
    stuck = {done.item.volume.id: done.error for done in withdrawn if done.error}
    freed = [step for step in replaced if step.volume.id not in stuck]
    # If they cannot be read, the offer of each tells what became of it.
    with contextlib.suppress(EvsError):
        wait_for(evs, [step.volume.id for step in freed], is_free, timeout)
    todo = [step for step in decided.steps if step.action != "kept" and step.volume.id not in stuck]
    created = run_all(lambda step: create_one(evs, step.volume, name, timeout), todo, concurrency)
    transfers = {done.item.volume.id: done.value for done in created if done.value}
    transfers.update({step.volume.id: step.pending for step in decided.steps if step.action == "kept" and step.pending})
    failed = {**stuck, **{done.item.volume.id: done.error for done in created if done.error}}
    for step in decided.steps:
        if step.volume.id in failed:
            _fail(evs, result, step, failed[step.volume.id], freed=step in freed)
    _prove(evs, result, [step for step in todo if step.volume.id in transfers], timeout)
    _record(evs, result, decided, transfers)
    return result


def is_free(volume: Volume | None) -> bool:
    return volume is None or volume.status == AVAILABLE


def create_one(evs: Evs, volume: Volume, name: str, timeout: float) -> Transfer:
    """Create a transfer; if its answer is lost, withdraw what was created, for its key is lost too."""
    lost: EvsError | None = None
    for dummy in range(MOST_ATTEMPTS):
        try:
            return evs.create_transfer(volume.id, name)
        except EvsError as error:
            late = lost is not None and isinstance(error, ApiError) and error.status == 400
            if not outcome_is_open(error) and not late:
                raise
            lost = error
        try:
            _withdraw_lost(evs, volume, name, timeout)
        except UsageError:
            raise
        except EvsError as error:
            error.message = (
                f"{lost.message} Nor could it be found out what became of the offer, and the disk may stay locked: "
                f"{error.message} Offer it again, or withdraw the offer."
            )
            raise
    raise lost or EvsError("unreachable")


def _withdraw_lost(evs: Evs, volume: Volume, name: str, timeout: float) -> None:
    """Look what became of a create whose answer was lost, and make the disk available again."""
    ours = evs.transfers(volume.id)
    if ours and ours[0].name != name:
        raise UsageError(
            f"Transfer {ours[0].id}, called {ours[0].name!r}, has meanwhile offered the disk; it is left alone."
        )
    for transfer in ours:
        evs.delete_transfer(transfer.id)
    seen = wait_for(evs, [volume.id], is_free, timeout)
    if volume.id not in seen:
        raise UsageError("The disk has meanwhile left the project.")
    if seen[volume.id].status == AWAITING_TRANSFER:
        raise Timeout(f"{timeout:.0f} s after the offer was withdrawn the disk is still {AWAITING_TRANSFER}.")


def _prove(evs: Evs, result: Result, steps: Sequence[Step], timeout: float) -> None:
    """Read the disks back: an offered disk is awaiting-transfer.

    Whatever goes wrong here must not lose the keys, which exist only in this process.
    """
    ids = [step.volume.id for step in steps]
    try:
        seen = wait_for(evs, ids, lambda volume: volume is None or volume.status == AWAITING_TRANSFER, timeout)
    except EvsError as error:
        result.warnings.append(f"The disks are offered, but could not be read back: {error.message}")
        return
    for step in steps:
        volume = seen.get(step.volume.id)
        if volume is not None and volume.status != AWAITING_TRANSFER:
            _fail(
                evs,
                result,
                step,
                Timeout(f"{timeout:.0f} s after the offer its status is {volume.status}, not {AWAITING_TRANSFER}."),
            )


def _fail(evs: Evs, result: Result, step: Step, error: EvsError, freed: bool = False) -> None:
    """Note what failed; `freed` is a disk whose former offer is gone already, which is a change."""
    how = (
        f"was freed of transfer {step.pending.id}, but not offered again"
        if freed and step.pending
        else "was not offered"
    )
    message = explained(f"Disk {step.volume.label} of project {evs.project.label} {how}", error, REMEDIES)
    if freed and step.pending:
        before = {"owner": evs.project.label, "status": AWAITING_TRANSFER, "transfer": step.pending.id}
        result.change(step.volume.label, before, {**before, "status": AVAILABLE, "transfer": None})
    result.failures.append(Failure(message, error, volume_id=step.volume.id, volume_name=step.volume.name))


def _record(evs: Evs, result: Result, decided: Plan, transfers: Mapping[str, Transfer | None]) -> None:
    """Fill the result; a disk without its transfer is one that check mode would offer, or that failed."""
    failed = {failure.volume_id for failure in result.failures}
    rows = result.values.setdefault("transfers", [])
    owner = evs.project.label
    for step in decided.steps:
        transfer = transfers.get(step.volume.id)
        if transfer is None and step.volume.id in failed:
            continue
        rows.append(transfer_row(transfer, step.volume, step.action))
        if step.action != "kept":
            before = {
                "owner": owner,
                "status": step.volume.status,
                "transfer": step.pending.id if step.pending else None,
            }
            after = {
                "owner": owner,
                "status": AWAITING_TRANSFER,
                "transfer": transfer.id if transfer else "known after the offer",
            }
            result.change(step.volume.label, before, after)
