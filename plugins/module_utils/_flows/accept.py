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
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._api.answers import may_be_under_way, outcome_is_open
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerLost, ApiError, EvsError, Timeout, UsageError
from ansible_collections.otc.evs.plugins.module_utils._flows.find import by_id, require_ids, wait_for
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import run_all
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Failure, Result, explained, shortened
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AVAILABLE, AWAITING_TRANSFER, Secret, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need, shortfalls

MOST_ATTEMPTS = 3
TOLD = ("id", "name", "status", "size", "volume_type", "project_id", "availability_zone")
"""What the result tells of a disk."""
WRONG_KEY = (
    "Check the auth_key: it is shown once, when the transfer is created. "
    "If it is lost, the source has to offer the disk again (evs_transfer with pending: replace)."
)
REMEDIES: Mapping[int, str] = {
    400: "The transfer is not one that can be accepted now; "
    "let the source look at the disk's status and constraints with evs_volume_info.",
    403: "The user needs the right evs:transfers:accept (in Cinder the role member) in this project.",
    413: "The quota of this project does not suffice: raise it or free some of it, and accept again; "
    "the transfer is still pending.",
}


@dataclass(frozen=True)
class Offered:
    """A transfer as the source gave it; the disk's data are optional and make the checks sharper."""

    transfer_id: str
    auth_key: Secret
    volume_id: str | None = None
    volume_name: str | None = None
    size: int | None = None
    volume_type: str | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Offered:
        values = {name: params.get(name) for name in ("volume_id", "volume_name", "size", "volume_type")}
        for name in ("transfer_id", "auth_key"):
            if not (params.get(name) or "").strip():
                what = (
                    params.get("volume_name")
                    or params.get("volume_id")
                    or params.get("transfer_id")
                    or "one of the transfers"
                )
                raise UsageError(
                    f"There is no {name} for {what}. evs_transfer gives it when it creates a transfer, and only then; "
                    "let it offer the disk again with pending: replace."
                )
        require_ids("transfer_id", [params["transfer_id"]])
        require_ids("volume_id", [params["volume_id"]] if params.get("volume_id") else [])
        return cls(transfer_id=params["transfer_id"], auth_key=Secret(params["auth_key"]), **values)

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
        return f"Transfer {self.transfer_id} of disk {disk}"


def distinct(offered: Iterable[Offered]) -> list[Offered]:
    """Every transfer once; one that is given twice has to be given with the same key and disk."""
    found: dict[str, Offered] = {}
    for offer in offered:
        first = found.setdefault(offer.transfer_id, offer)
        if (first.auth_key.reveal(), first.volume_id) != (offer.auth_key.reveal(), offer.volume_id):
            raise UsageError(f"{offer.label} is given twice, with different values of auth_key or volume_id.")
    return list(found.values())


@dataclass(frozen=True)
class Plan:
    """Which transfers to accept; the others are of disks that are here already."""

    to_accept: Sequence[Offered]
    owned: Sequence[Offered]


def plan(offered: Sequence[Offered], mine: Collection[str], own_transfers: Collection[str], project_label: str) -> Plan:
    """Decide from what was read: `mine` are IDs of disks of this project, `own_transfers` of its own offers."""
    own = [offer for offer in offered if offer.transfer_id in own_transfers]
    if own:
        raise UsageError(
            f"{shortened([offer.label for offer in own], ', ')}: the disk belongs to project {project_label}, "
            "which would accept its own offer. Use the credentials of the target project."
        )
    to_accept = [offer for offer in offered if offer.volume_id not in mine]
    return Plan(to_accept, [offer for offer in offered if offer.volume_id in mine])


@dataclass(frozen=True)
class Outcome:
    """What became of a transfer: `accepted` or `already_owned`, and the disk it is of, if known."""

    action: str
    volume_id: str | None


def accept(
    evs: Evs, offered: Sequence[Offered], check_quota: bool, concurrency: int, timeout: float, check_mode: bool
) -> Result:
    """Accept transfers; the whole flow."""
    result = Result("Accepting")
    mine = by_id(evs, [offer.volume_id for offer in offered if offer.volume_id])
    decided = plan(offered, mine, {transfer.id for transfer in evs.transfers()}, evs.project.label)
    if check_quota and decided.to_accept:
        require_quota(evs, [Need(offer.size, offer.volume_type) for offer in decided.to_accept], result)
    outcomes = {offer.transfer_id: Outcome("already_owned", offer.volume_id) for offer in decided.owned}
    if check_mode:
        outcomes.update((offer.transfer_id, Outcome("accepted", offer.volume_id)) for offer in decided.to_accept)
    else:
        done = _accept_all(evs, result, decided.to_accept, concurrency)
        mine.update(_prove(evs, result, decided.to_accept, done, timeout))
        outcomes.update(done)
    _record(evs, result, offered, outcomes, mine)
    return result


def require_quota(evs: Evs, needs: Sequence[Need], result: Result) -> None:
    """The check is advisory, the server has the last word; so a quota that cannot be read is a warning."""
    try:
        quota = evs.quota()
    except ApiError as error:
        result.warnings.append(f"The quota of project {evs.project.label} could not be checked: {error.message}")
        return
    missing = shortfalls(quota, needs)
    if missing:
        raise UsageError(
            f"The quota of project {evs.project.label} does not suffice for {len(needs)} disks, "
            "so none was accepted: "
            + "; ".join(shortfall.sentence for shortfall in missing)
            + ". Raise the quota or free some of it, and try again; nothing was changed.",
            shortfalls=[shortfall.as_result() for shortfall in missing],
        )


def _accept_all(evs: Evs, result: Result, to_accept: Sequence[Offered], concurrency: int) -> dict[str, Outcome]:
    outcomes = {}
    for done in run_all(lambda offer: accept_one(evs, offer), to_accept, concurrency):
        if done.value:
            outcomes[done.item.transfer_id] = done.value
        elif done.error:
            _fail(evs, result, done.item, done.error)
    return outcomes


def accept_one(evs: Evs, offer: Offered) -> Outcome:
    """Accept one transfer; after a lost answer look whose the disk is."""
    lost: EvsError | None = None
    for dummy in range(MOST_ATTEMPTS):
        try:
            volume_id = evs.accept_transfer(offer.transfer_id, offer.auth_key)
        except EvsError as error:
            gone = _is_gone(error)
            if not gone and not outcome_is_open(error):
                if lost and may_be_under_way(lost):
                    # The first request may still be under way.
                    raise AnswerLost(f"{lost.message} The next attempt: {error.message}") from error
                raise
            if offer.volume_id and evs.volume(offer.volume_id):
                # Gone at the first attempt: another run for this project has accepted it meanwhile.
                return Outcome("accepted" if lost or not gone else "already_owned", offer.volume_id)
            if gone:
                raise _gone(offer, lost) from error
            lost = error
            continue
        return Outcome("accepted", volume_id)
    raise lost or EvsError("unreachable")


def _is_gone(error: EvsError) -> bool:
    """A 404 is about the transfer, unless it is about a volume type that this project may not use."""
    return isinstance(error, ApiError) and error.status == 404 and "volume type" not in error.reason.lower()


def _gone(offer: Offered, lost: EvsError | None) -> UsageError:
    if offer.volume_id:
        return UsageError(
            "There is no such transfer (any more), and the disk is not in this project: "
            "the offer was withdrawn or renewed, accepted by another project, or made in another region. "
            "Let the source offer the disk again."
        )
    before = "its answer to the first attempt was lost, so it may be this project that accepted it; " if lost else ""
    return UsageError(
        f"There is no such transfer (any more): {before}it was accepted or withdrawn before. "
        "Pass volume_id as well: then a disk that this project has already counts as accepted."
    )


def _prove(
    evs: Evs, result: Result, to_accept: Sequence[Offered], outcomes: dict[str, Outcome], timeout: float
) -> dict[str, Volume]:
    """Read the disks back until each is available and this project's; what is not is no success."""
    ids = [outcome.volume_id for outcome in outcomes.values() if outcome.volume_id]
    try:
        seen = wait_for(evs, ids, lambda volume: volume is not None and is_proved(evs, volume), timeout)
    except EvsError as error:
        for offer in to_accept:
            if outcomes.pop(offer.transfer_id, None):
                _fail(
                    evs, result, offer, EvsError(f"The disk could not be read back after the accept: {error.message}")
                )
        return {}
    for offer in to_accept:
        outcome = outcomes.get(offer.transfer_id)
        volume = seen.get(outcome.volume_id or "") if outcome else None
        if outcome is None or (volume and is_proved(evs, volume)):
            continue
        state = "it is not in this project"
        if volume:
            owner = volume.project_id or "not told by the cloud"
            state = f"its status is {volume.status} and its owner {owner}"
        _fail(evs, result, offer, Timeout(f"The transfer was accepted, but {timeout:.0f} s later {state}."))
        del outcomes[offer.transfer_id]
    _compare(result, to_accept, outcomes)
    return seen


def _compare(result: Result, to_accept: Sequence[Offered], outcomes: Mapping[str, Outcome]) -> None:
    """What was taken over although something else was meant is in the result, and a failure all the same."""
    for offer in to_accept:
        outcome = outcomes.get(offer.transfer_id)
        if outcome and offer.volume_id and outcome.volume_id != offer.volume_id:
            error = UsageError(
                f"{offer.label} was accepted, but it was of disk {outcome.volume_id}, which is in this project now: "
                "the volume_id given with the transfer is wrong."
            )
            result.failures.append(Failure(error.message, error, offer.transfer_id, offer.volume_id, offer.volume_name))


def is_proved(evs: Evs, volume: Volume) -> bool:
    return volume.status == AVAILABLE and volume.project_id == evs.project.id


def remedies_of(error: EvsError) -> Mapping[int, str]:
    """What to do about a refusal, by its status; a wrong key is a 400 like others."""
    wrong_key = isinstance(error, ApiError) and "auth key" in error.reason.lower()
    return {**REMEDIES, 400: WRONG_KEY} if wrong_key else REMEDIES


def _fail(evs: Evs, result: Result, offer: Offered, error: EvsError) -> None:
    message = explained(f"{offer.label} was not accepted in project {evs.project.label}", error, remedies_of(error))
    result.failures.append(Failure(message, error, offer.transfer_id, offer.volume_id, offer.volume_name))


def _record(
    evs: Evs,
    result: Result,
    offered: Sequence[Offered],
    outcomes: Mapping[str, Outcome],
    mine: Mapping[str, Volume],
) -> None:
    rows = result.values.setdefault("transfers", [])
    volumes = result.values.setdefault("volumes", [])
    for offer in offered:
        outcome = outcomes.get(offer.transfer_id)
        if outcome is None:
            continue
        volume = mine.get(outcome.volume_id or "")
        name = volume.name if volume else offer.volume_name
        rows.append(
            {
                "id": offer.transfer_id,
                "volume_id": outcome.volume_id,
                "volume_name": name,
                "action": outcome.action,
            }
        )
        if volume:
            volumes.append({name: getattr(volume, name) for name in TOLD})
        if outcome.action == "accepted":
            before = {"owner": "the source project", "status": AWAITING_TRANSFER, "transfer": offer.transfer_id}
            after = {"owner": evs.project.label, "status": AVAILABLE, "transfer": None}
            result.change(volume.label if volume else offer.label, before, after)
