# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Take disks over: evs_transfer_accept.

Read which disks are here already, check the quota for the others, accept them, and prove by the
target's own credentials whose they are now: that, not the 202, is success.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, EvsError, UsageError, quoted, sentence
from ansible_collections.otc.evs.plugins.module_utils._flows.decide import AtTarget, ask_target
from ansible_collections.otc.evs.plugins.module_utils._flows.find import by_id
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import Done, run_all
from ansible_collections.otc.evs.plugins.module_utils._flows.progress import counted
from ansible_collections.otc.evs.plugins.module_utils._flows.proof import look, trouble, watch
from ansible_collections.otc.evs.plugins.module_utils._flows.recovery import NoSuchTransfer, accept_one
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result, shortened
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    ACCEPTED,
    ALREADY_THERE,
    BLOCKED,
    FAILED,
    GONE,
    Reason,
    Row,
)
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    AVAILABLE,
    AWAITING_TRANSFER,
    Secret,
    Transfer,
    Volume,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import unusable
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import IF_UNCHECKED
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import require_ids
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need, shortfalls
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Sight, is_owned, of_accept
from ansible_collections.otc.evs.plugins.module_utils._text import safe

WRONG_KEY = (
    "Check the auth_key: it is shown once, when the transfer is created. "
    "If it is lost, the source has to offer the disk again (evs_transfer with pending: replace)."
)
REMEDIES: Mapping[int, str] = {
    400: "The transfer is not one that can be accepted now; "
    "let the source look at the disk's status and constraints with evs_volume_info.",
    403: "The user needs the right evs:transfers:accept (in Cinder the role member) in this project.",
    413: "The quota of this project is not enough: raise it or free some of it, and accept again; "
    "the transfer is still pending.",
}


@dataclass(frozen=True)
class Offered:
    """A transfer as the source told of it; the disk's data are optional and make the checks sharper."""

    transfer_id: str
    auth_key: Secret
    volume_id: str | None = None
    volume_name: str | None = None
    size: int | None = None
    volume_type: str | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, object]) -> Offered:
        texts = {name: value for name in TEXTS if isinstance(value := params.get(name), str)}
        for name in ("transfer_id", "auth_key"):
            if not texts.get(name, "").strip():
                what = texts.get("volume_name") or texts.get("volume_id") or texts.get("transfer_id")
                raise UsageError(
                    f"There is no {name} for {what or 'one of the transfers'}. evs_transfer gives it when it creates a "
                    "transfer, and only then; let it offer the disk again with pending: replace."
                )
        require_ids("transfer_id", [texts["transfer_id"]])
        require_ids("volume_id", [texts["volume_id"]] if texts.get("volume_id") else [])
        size = params.get("size")
        return cls(
            texts["transfer_id"],
            Secret(texts["auth_key"]),
            texts.get("volume_id") or None,
            texts.get("volume_name") or None,
            size if isinstance(size, int) else None,
            texts.get("volume_type") or None,
        )

    @property
    def label(self) -> str:
        """How messages call it: by the disk, if known."""
        if not self.volume_id and not self.volume_name:
            return f"Transfer {self.transfer_id}"
        disk = (
            f"{self.volume_name} ({self.volume_id})"
            if self.volume_name and self.volume_id
            else self.volume_name or self.volume_id
        )
        return safe(f"Transfer {self.transfer_id} of disk {disk}")

    @property
    def as_told(self) -> Row:
        """The disk as the source told of it: what a rehearsal has."""
        return Row(
            self.volume_id, ACCEPTED, self.volume_name, self.size, self.volume_type, transfer_id=self.transfer_id
        )

    def differences(self, volume: Volume) -> list[str]:
        """In what the disk that came is not the one that was told of."""
        told = {"id": self.volume_id, "name": self.volume_name, "size": self.size, "volume_type": self.volume_type}
        return [
            f"its {trait} is {_quoted(getattr(volume, trait))}, not {_quoted(value)}"
            for trait, value in told.items()
            if value is not None and value != getattr(volume, trait)
        ]


def _quoted(value: object) -> str:
    return quoted(value) if isinstance(value, str) else str(value)


TEXTS = ("transfer_id", "auth_key", "volume_id", "volume_name", "volume_type")


def distinct(offered: Iterable[Offered]) -> list[Offered]:
    """Every transfer once; one that is given twice has to be given with the same key and disk."""
    found: dict[str, Offered] = {}
    disks: dict[str, Offered] = {}
    for offer in offered:
        first = found.setdefault(offer.transfer_id, offer)
        if (first.auth_key.reveal(), first.volume_id) != (offer.auth_key.reveal(), offer.volume_id):
            raise UsageError(f"{offer.label} is given twice, with different values of auth_key or volume_id.")
        if offer.volume_id and disks.setdefault(offer.volume_id, offer).transfer_id != offer.transfer_id:
            raise UsageError(
                f"Disk {offer.volume_id} is given with two transfers, {disks[offer.volume_id].transfer_id} and "
                f"{offer.transfer_id}. A disk has one at most: ask the source which of them is valid."
            )
    return list(found.values())


@dataclass(frozen=True)
class Plan:
    """Which transfers to accept, which are of disks that are here already, and which are this project's own."""

    to_accept: Sequence[Offered]
    owned: Sequence[Offered]
    own: Sequence[Offered] = ()

    def problems(self, project_label: str) -> list[str]:
        """Why none is accepted: who holds an own offer has the wrong credentials."""
        if not self.own:
            return []
        return [
            f"{shortened([offer.label for offer in self.own], ', ')}: the disk belongs to project {project_label}, "
            "which would accept its own offer. Use the credentials of the target project."
        ]


def plan(offered: Sequence[Offered], mine: Collection[str], own_transfers: Collection[str]) -> Plan:
    """Decide from what was read: `mine` are IDs of disks of this project, `own_transfers` of its own offers."""
    own = [offer for offer in offered if offer.transfer_id in own_transfers]
    others = [offer for offer in offered if offer.transfer_id not in own_transfers]
    to_accept = [offer for offer in others if offer.volume_id not in mine]
    return Plan(to_accept, [offer for offer in others if offer.volume_id in mine], own)


def accept(
    evs: Evs,
    offered: Sequence[Offered],
    concurrency: int,
    timeout: float,
    *,
    check_quota: bool,
    skip_gone: bool,
    rehearsed: bool,
    seconds: float | None = None,
    checks: Checks | None = None,
) -> Result:
    """Accept transfers; the whole flow.  After so many `seconds` none is begun."""
    checks = checks or Checks()
    mine = by_id(evs, [offer.volume_id for offer in offered if offer.volume_id])
    own_transfers = {transfer.id: transfer for transfer in evs.transfers()}
    decided = plan(offered, mine, own_transfers)
    rows = {
        offer.transfer_id: _here_already(offer, mine[offer.volume_id], evs.project)
        for offer in decided.owned
        if offer.volume_id
    }
    rows.update((offer.transfer_id, offer.as_told) for offer in decided.to_accept)
    # That the project has the disk is no success here: it is the one that offers it.
    rows.update((offer.transfer_id, _own(own_transfers[offer.transfer_id], mine, evs.project)) for offer in decided.own)
    result = Result(
        "Accepting", problems=decided.problems(evs.project.label), values={"target": evs.project.as_result()}
    )
    if decided.to_accept:
        wanted = [name for name in ("quota", "volume_type") if name not in checks.ignored]
        found = ask_target(evs, [name for name in wanted if check_quota or name != "quota"])
        decided = _check(decided, found, checks, rows, result, evs.project)
    result.to_do = [offer.volume_id or offer.transfer_id for offer in decided.to_accept]
    if not result.problems and not rehearsed:
        done = run_all(
            counted(
                lambda offer: accept_one(evs, offer.transfer_id, offer.auth_key, offer.volume_id),
                len(decided.to_accept),
            ),
            decided.to_accept,
            concurrency,
            seconds,
        )
        left = {outcome.item.transfer_id for outcome in done if not outcome.begun}
        result.not_started = [offer.volume_id or offer.transfer_id for offer in offered if offer.transfer_id in left]
        rows = {key: row for key, row in rows.items() if key not in left}
        told = _told(evs, result, [outcome for outcome in done if outcome.begun], timeout, skip_gone)
        rows.update({key: replace(row, reasons=rows[key].reasons) for key, row in told.items()})
    result.rows = [rows[offer.transfer_id] for offer in offered if offer.transfer_id in rows]
    for row in result.rows if not result.problems else ():
        if row.outcome == ACCEPTED:
            _note(result, row, evs.project)
    return result


def _here_already(offer: Offered, volume: Volume, owner: Project) -> Row:
    """A disk that the project has already.

    What is not as it was told may have been changed since the disk came, so it is no failure.
    """
    row = Row.of(volume, ALREADY_THERE, owner.id, offer.transfer_id)
    differences = offer.differences(volume)
    if not differences:
        return row
    return row.saying(
        f"Disk {volume.label} is in this project already, and differs from what the source said: "
        f"{'; '.join(differences)}. If nobody has changed it since it came, ask the source which disk was meant."
    )


@dataclass(frozen=True)
class Checks:
    """What to do about constraints; see the options of evs_transfer_accept."""

    blocked: str = "fail"
    unchecked: str = "fail"
    ignored: Collection[str] = ()


def _check(
    decided: Plan, found: AtTarget, checks: Checks, rows: dict[str, Row], result: Result, target: Project
) -> Plan:
    """Hold what this project may have against what is offered; notes it in the rows, and returns what is left to do."""
    open_ones = tuple(
        Reason(name, f"it could not be checked: {why.rstrip('.')}", IF_UNCHECKED)
        for name, why in found.unchecked.items()
    )
    stopped = bool(open_ones) and checks.unchecked == "fail"
    left = []
    for offer in decided.to_accept:
        row = rows[offer.transfer_id]
        blocker = unusable(offer.volume_type, found.usable)
        if blocker:
            reason = Reason(blocker.constraint, blocker.reason, blocker.remedy)
            rows[offer.transfer_id] = replace(row, outcome=BLOCKED, reasons=(reason,))
            if checks.blocked == "fail":
                result.problems.append(f"{offer.label} cannot be accepted: {reason.sentence}")
        else:
            rows[offer.transfer_id] = replace(row, outcome=BLOCKED if stopped else row.outcome, reasons=open_ones)
            if not stopped:
                left.append(offer)
    if stopped:
        result.problems += [
            f"The constraint {name} could not be checked: {sentence(why)} {IF_UNCHECKED}"
            for name, why in found.unchecked.items()
        ]
    missing = shortfalls(found.quota or {}, [Need(offer.size, offer.volume_type) for offer in left])
    if missing:
        result.problems.append(
            f"The quota of project {target.label} is not enough for {len(left)} disks: "
            + "; ".join(shortfall.sentence for shortfall in missing)
            + ". Raise the quota or free some of it, and run again."
        )
        result.values["shortfalls"] = [shortfall.as_result() for shortfall in missing]
    return replace(decided, to_accept=left)


def _own(transfer: Transfer, mine: Mapping[str, Volume], owner: Project) -> Row:
    """A disk that this project offers itself, as its own list of transfers tells; nothing of what was given."""
    volume = mine.get(transfer.volume_id)
    row = Row.of(volume, BLOCKED, owner.id) if volume else Row(transfer.volume_id, BLOCKED, owner=owner.id)
    why = Reason("status", f"project {owner.label} offers it itself", "Use the credentials of the target project.")
    return replace(row, transfer_id=transfer.id, reasons=(why,))


def _told(
    evs: Evs, result: Result, done: Sequence[Done[Offered, tuple[str, bool]]], timeout: float, skip_gone: bool
) -> dict[str, Row]:
    """Read back what may have come, and tell of each transfer what became of it."""
    to_accept = [outcome.item for outcome in done]
    came = {outcome.item.transfer_id: outcome.value for outcome in done if outcome.value}
    troubles = {
        outcome.item.transfer_id: (outcome.error, trouble(outcome.error, "accepted", remedies_of(outcome.error)))
        for outcome in done
        if outcome.error
    }
    awaited = [volume_id for volume_id, dummy in came.values()]
    awaited += [
        offer.volume_id
        for offer in to_accept
        if offer.transfer_id in troubles and troubles[offer.transfer_id][1].under_way
        if offer.volume_id
    ]
    reading = watch(evs, awaited, lambda volume: is_owned(volume, evs.project), timeout)
    others = [
        offer.volume_id for offer in to_accept if offer.transfer_id in troubles and offer.volume_id not in awaited
    ]
    reading = reading.followed_by(look(evs, others, timeout))
    rows = {}
    for offer in to_accept:
        volume_id, by_us = came.get(offer.transfer_id, (offer.volume_id, True))
        error, problem = troubles.get(offer.transfer_id, (None, None))
        sight = reading.of(volume_id)
        row = of_accept(offer.as_told, offer.label, problem, sight, evs.project)
        if row.outcome == ACCEPTED and (not by_us or (problem and not problem.is_open)):
            row = replace(row, outcome=ALREADY_THERE)
        if row.outcome == FAILED and isinstance(error, NoSuchTransfer) and skip_gone:
            row = replace(row, outcome=GONE)
        rows[offer.transfer_id] = replace(_compared(result, offer, row, sight), at=reading.at)
    return rows


def _compared(result: Result, offer: Offered, row: Row, sight: Sight) -> Row:
    """What came although something else was told is this project's all the same, and an alarm."""
    if row.outcome not in (ACCEPTED, ALREADY_THERE) or not isinstance(sight, Volume):
        return row
    differences = offer.differences(sight)
    if not differences:
        return row
    message = (
        f"{offer.label} brought disk {sight.label}, which differs from what the source said: {'; '.join(differences)}. "
        "It is in this project now: ask the source which disk was meant."
    )
    result.alarms.append(message)
    return row.saying(message)


def remedies_of(error: EvsError) -> Mapping[int, str]:
    """What to do about a refusal, by its status; a wrong key is a 400 like others."""
    wrong_key = isinstance(error, ApiError) and "auth key" in error.reason.lower()
    return {**REMEDIES, 400: WRONG_KEY} if wrong_key else REMEDIES


def _note(result: Result, row: Row, owner: Project) -> None:
    before = {"owner": "the source project", "status": AWAITING_TRANSFER, "transfer": row.transfer_id}
    result.change(row.label, before, {"owner": owner.label, "status": AVAILABLE, "transfer": None})
