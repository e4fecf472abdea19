# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What to do with each disk: the one planner, pure.

The modules decide by it for themselves, and the role by running a module that only rehearses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError, listed, quoted, sentence
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.protection import Snapshot
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    ALREADY_OFFERED,
    ALREADY_THERE,
    BLOCKED,
    GONE,
    Reason,
    Row,
)
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AWAITING_TRANSFER,
    DETACHING,
    Limit,
    Transfer,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.chain import Chain
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import CONSTRAINTS, Blocker, blockers
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need, shortfalls
from ansible_collections.otc.evs.plugins.module_utils._text import safe

DEFAULT_NAME = "ansible-evs-transfer"
LONGEST_NAME = 64
MOST_BYTES = 255
"""Of a name: EVS counts bytes where others count characters."""
IF_UNCHECKED = (
    "Give the user the right to read that, name the constraint in ignore_constraints, or set unchecked: allow."
)


@dataclass(frozen=True)
class KnownTransfer:
    """An offer of an earlier run whose key is known."""

    transfer_id: str
    volume_id: str
    volume_name: str | None = None


@dataclass(frozen=True)
class Rules:
    """What to do in the cases that need a decision; see the options of evs_transfer.

    `success` is the outcome of a disk that is dealt with, `known` the offers whose keys are known, by
    the ID of their disk, and `chain` what is to be done with disks before and after.
    """

    success: str
    name: str
    pending: str = "keep"
    blocked: str = "fail"
    unchecked: str = "fail"
    ignored: Collection[str] = ()
    check_constraints: bool = True
    known: Mapping[str, KnownTransfer] = field(default_factory=dict)
    along: frozenset[str] = frozenset()
    """What disks may take along, by the name of the constraint that it lifts."""
    chain: Chain = field(default_factory=Chain)

    def __post_init__(self) -> None:
        if not self.name.strip() or self.name != self.name.strip():
            raise UsageError(
                f"The name of a transfer is {quoted(self.name)}; it must not be empty, and must "
                "not begin or end with a space."
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

    def keeps(self, transfer: Transfer | None) -> bool:
        """Whether a disk stays offered by this transfer, as it is."""
        return transfer is not None and (self.pending == "keep" or self._knows(transfer))

    def replaces(self, transfer: Transfer | None) -> bool:
        """Whether this transfer gives way to a new one: it is of our name, and its key is not known."""
        if transfer is None or self.keeps(transfer):
            return False
        return self.pending == "replace" and transfer.name == self.name

    def excused(self, transfer: Transfer | None) -> set[str]:
        """The constraints that do not count for a disk with this pending transfer.

        An offer that is not ours to replace stands in the way, whatever is ignored.
        """
        excused = set(self.ignored)
        if not self.check_constraints:
            # Whether the quota is checked has an option of its own, and what goes along is asked for in any case.
            excused |= {*CONSTRAINTS, "region"} - self.along
        if transfer is None:
            return excused
        return excused | {"status"} if self.replaces(transfer) else excused - {"status"}

    def _knows(self, transfer: Transfer) -> bool:
        known = self.known.get(transfer.volume_id)
        return known is not None and known.transfer_id == transfer.id


@dataclass(frozen=True)
class Step:
    """Something to do with a disk that the source has; `replaces` is the offer to withdraw before."""

    row: Row
    volume: Volume
    replaces: Transfer | None = None
    snapshots: tuple[Snapshot, ...] = ()
    """Those that go along."""


@dataclass(frozen=True)
class Decision:
    """About one disk: `keeps` is the offer that stays, `unchecked` says which constraints could not be checked."""

    row: Row
    keeps: Transfer | None = None
    unchecked: Mapping[str, str] = field(default_factory=dict)
    step: Step | None = None
    """What is to be done, if anything is."""
    doing: str = "transferred"


@dataclass(frozen=True)
class Plan:
    """The decisions, and why nothing at all can be done; `details` go into the result of the module."""

    decisions: Sequence[Decision] = ()
    problems: Sequence[str] = ()
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def to_do(self) -> list[Step]:
        return [decision.step for decision in self.decisions if decision.step]

    @property
    def rows(self) -> list[Row]:
        return [decision.row for decision in self.decisions]

    def chained(self, chain: Chain) -> dict[str, object]:
        """What is to be done beside, in the order in which it is to be done, as the modules return it."""
        if chain == Chain():
            return {}
        go = [step.volume.id for step in self.to_do]
        there = [decision.row.id for decision in self.decisions if decision.row.outcome == ALREADY_THERE]
        arrive = chain.in_order([*go, *(volume_id for volume_id in there if volume_id)])
        pairs = {"to_detach": chain.to_detach(go), "to_attach": chain.to_attach(arrive)}
        return {name: [asdict(pair) for pair in found] for name, found in pairs.items()}

    def with_quota(self, target: Project, quota: Mapping[str, Limit]) -> Plan:
        """The same, with a problem if the disks to move do not fit into this quota."""
        volumes = [step.volume for step in self.to_do]
        needs = [
            Need(step.volume.size, step.volume.volume_type, [snapshot.size for snapshot in step.snapshots])
            for step in self.to_do
        ]
        missing = shortfalls(quota, needs)
        if not missing:
            return self
        return replace(
            self,
            problems=[
                *self.problems,
                f"The quota of project {target.label} is not enough for {len(volumes)} disks: "
                + "; ".join(shortfall.sentence for shortfall in missing)
                + ". Raise the quota or free some of it, and run again.",
            ],
            details={**self.details, "shortfalls": [shortfall.as_result() for shortfall in missing]},
        )


def same_project(source: Project, target: Project) -> list[str]:
    """Why disks cannot go from the one project to the other, whatever they are."""
    if source.id == target.id:
        return [f"Source and target are the same: project {source.label}. Check the credentials of both."]
    return []


def plan(
    here: Found,
    there: Found | None,
    pending: Mapping[str, Transfer],
    evidence: Evidence,
    rules: Rules,
    source: Project,
    target: Project | None = None,
    left: Mapping[str, Sequence[Volume]] | None = None,
) -> Plan:
    """Decide about every disk from what was read.

    `here` is what the source has of the disks asked for, `there` what the target has of those that
    the source does not have; `pending` holds transfers by the ID of their disk.  `left` are disks that
    the source had a moment ago, by the name or ID asked for.
    """
    decisions: dict[str, Decision] = {}
    left = left or {}
    missing: list[str] = []
    known = _by_ref(rules.known.values())
    leaving = {volume.id for volume in here.volumes if volume.status == DETACHING}
    for ref in here.refs:
        if len(here.matches[ref]) > 1:
            continue
        found = [_about(volume, pending.get(volume.id), evidence, rules, source) for volume in here.matches[ref]]
        found = found or [
            _about_one_there(volume, rules.chain, target) for volume in (there.matches.get(ref, []) if there else [])
        ]
        found = found or [_about_one_gone(transfer, source) for transfer in known.get(ref, [])]
        found = found or [_about_one_that_left(volume, source) for volume in left.get(ref, [])]
        for decision in found:
            row = rules.chain.placed(decision.row, decision.row.id in leaving)
            decisions.setdefault(row.id or ref, replace(decision, row=row))
        if not found:
            missing.append(ref)
    problems = []
    details: dict[str, object] = {}
    ambiguity = here.ambiguity(source.label)
    if ambiguity:
        problems.append(ambiguity)
        details["ambiguous"] = here.ambiguous
    if missing:
        problems.append(_nowhere(missing, source, target))
        details["missing"] = missing
    problems += _forbidden(list(decisions.values()), rules)
    return Plan(list(decisions.values()), problems, details)


def _about(volume: Volume, pending: Transfer | None, evidence: Evidence, rules: Rules, source: Project) -> Decision:
    """Decide about one disk that the source has."""
    transfer = pending if volume.status == AWAITING_TRANSFER else None
    transfer_id = transfer.id if transfer else None
    if rules.keeps(transfer):
        return Decision(Row.of(volume, ALREADY_OFFERED, source.id, transfer_id), keeps=transfer)
    excused = rules.excused(transfer)
    found = blockers(evidence.facts(rules.chain.freed(volume), transfer), excused)
    reasons = _reasons(volume, found, rules.chain)
    if reasons:
        return Decision(replace(Row.of(volume, BLOCKED, source.id, transfer_id), reasons=reasons))
    unchecked = evidence.unchecked_of(volume, found, excused)
    reasons = tuple(
        Reason(constraint, f"it could not be checked: {why.rstrip('.')}", IF_UNCHECKED)
        for constraint, why in unchecked.items()
    )
    if unchecked and rules.unchecked == "fail":
        row = replace(Row.of(volume, BLOCKED, source.id, transfer_id), reasons=reasons)
        return Decision(row, unchecked=unchecked)
    row = rules.chain.placed(replace(Row.of(volume, rules.success, source.id), reasons=reasons))
    snapshots = evidence.snapshots.get(volume.id, ()) if evidence.along.takes("snapshots") else ()
    return Decision(row, unchecked=unchecked, step=Step(row, volume, transfer, tuple(snapshots)))


def _reasons(volume: Volume, found: Sequence[Blocker], chain: Chain) -> tuple[Reason, ...]:
    """All that keeps a disk where it is; why it cannot be detached says more than that it is attached."""
    stays = chain.stays(volume.id)
    told = {reason.constraint for reason in stays} | ({"attached"} if stays else set())
    own = [Reason(blocker.constraint, blocker.reason, blocker.remedy) for blocker in found]
    return (*stays, *(reason for reason in own if reason.constraint not in told), *chain.stays_out(volume.id))


def _about_one_there(volume: Volume, chain: Chain, target: Project | None) -> Decision:
    """Decide about a disk that the target has; it may still be to be attached."""
    row = Row.of(volume, ALREADY_THERE, target.id if target else None)
    reasons = tuple(chain.stays_out(volume.id))
    return Decision(replace(row, outcome=BLOCKED, reasons=reasons), doing="attached") if reasons else Decision(row)


def _about_one_gone(transfer: KnownTransfer, source: Project) -> Decision:
    message = (
        f"Disk {safe(transfer.volume_name or transfer.volume_id)} has left project {source.label} since it was offered "
        f"by transfer {transfer.transfer_id}; "
        "where it is now is not known here."
    )
    row = Row(transfer.volume_id, GONE, transfer.volume_name, transfer_id=transfer.transfer_id, message=message)
    return Decision(row)


def _about_one_that_left(volume: Volume, source: Project) -> Decision:
    message = (
        f"Disk {volume.label} has left project {source.label} while it was looked at; "
        "where it is now is not known here."
    )
    return Decision(replace(Row.of(volume, GONE, None), message=message))


def _by_ref(transfers: Collection[KnownTransfer]) -> dict[str, list[KnownTransfer]]:
    """Known transfers by the name and by the ID of their disk."""
    found: dict[str, list[KnownTransfer]] = {}
    for transfer in transfers:
        for ref in dict.fromkeys((transfer.volume_id, transfer.volume_name or transfer.volume_id)):
            found.setdefault(ref, []).append(transfer)
    return found


def _nowhere(missing: Sequence[str], source: Project, target: Project | None) -> str:
    if target is None:
        return (
            f"Project {source.label} has no disk with the name or ID {listed(missing)}. "
            "Check the spelling, the project and the region."
        )
    return (
        f"{listed(missing)}: neither in project {source.label} nor in project {target.label} "
        "is a disk with such a name or ID. Check the spelling, the projects and the region."
    )


def _forbidden(decisions: Sequence[Decision], rules: Rules) -> list[str]:
    """Why the rules let nothing begin: disks that are blocked, and constraints that could not be checked."""
    blocked = [decision for decision in decisions if decision.row.outcome == BLOCKED]
    problems = []
    if rules.blocked == "fail":
        problems += [
            f"Disk {decision.row.label} cannot be {decision.doing}: {decision.row.why}"
            for decision in blocked
            if not decision.unchecked
        ]
    unchecked = {constraint: why for decision in blocked for constraint, why in decision.unchecked.items()}
    problems += [
        f"The constraint {constraint} could not be checked: {sentence(why)} {IF_UNCHECKED}"
        for constraint, why in unchecked.items()
    ]
    return problems


def stale(
    known: Collection[KnownTransfer], volumes: Mapping[str, Volume], pending: Mapping[str, Transfer]
) -> list[str]:
    """The IDs of known transfers that are not there any more, although the source has their disks."""
    return [
        transfer.transfer_id
        for transfer in known
        if transfer.volume_id in volumes
        and (transfer.volume_id not in pending or pending[transfer.volume_id].id != transfer.transfer_id)
    ]
