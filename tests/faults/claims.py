# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run did only what it may, and whether what it says is true."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults import role
from tests.faults.cloud import Cloud, Stretch
from tests.faults.judge import SECRETS
from tests.faults.orders import Accept, AnyOrder, Move, Offer, ReadTransfers, ReadVolumes, Withdrawal
from tests.faults.truth import DONE, Truth, differences, unknown
from tests.support.server import SOURCE, TARGET

BUGS = ("Traceback", "Unexpected error", "unreachable")


@dataclass
class Run:
    """What happened while a module or the role ran."""

    order: AnyOrder
    stretches: list[Stretch]
    """The times in which nobody else acted."""
    changes: list[tuple[str, str]]
    """The requests by which it wanted to change something."""
    said: list[dict[str, Any]] = field(default_factory=list)
    """The results of the modules, without the keys where they belong; empty if the process died."""
    result: dict[str, Any] | None = None
    """The result of a module that ran by itself and did not die."""
    rehearsal: dict[str, Any] | None = None
    """What the module had told before, asked only to rehearse the same."""
    role: role.Run | None = None
    hits: int = 0
    """How many of its requests went wrong."""
    lasting: bool = False
    """Whether more could go wrong than once."""

    @property
    def before(self) -> Cloud:
        """The cloud at the beginning."""
        return self.stretches[0].before

    @property
    def after(self) -> Cloud:
        """The cloud in the end."""
        return self.stretches[-1].after

    @property
    def undisturbed(self) -> bool:
        """Whether nothing went wrong and nobody got in between."""
        return not self.hits and len(self.stretches) == 1

    @property
    def others(self) -> list[Stretch]:
        """The times in which others acted."""
        ends = zip(self.stretches, self.stretches[1:], strict=False)
        return [Stretch(earlier.after, later.before) for earlier, later in ends]

    @property
    def meddled(self) -> set[str]:
        """The disks with which others did something meanwhile."""
        return {volume_id for stretch in self.others for volume_id in stretch.touched}

    @property
    def touched(self) -> set[str]:
        """The disks with which this run did something."""
        return {volume_id for stretch in self.stretches for volume_id in stretch.touched}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What was told of each disk in the end."""
        return list(self.role.disks if self.role else (self.result or {}).get("disks", ()))

    @property
    def unknown(self) -> int:
        """Of how many disks it was said that it is not known what became of them."""
        return unknown(self.rows)

    @property
    def created(self) -> dict[str, str]:
        """The transfers that it created and that are pending in the end, and the disks of these."""
        created = {key: row["volume_id"] for stretch in self.stretches for key, row in stretch.created.items()}
        return {key: volume_id for key, volume_id in created.items() if key in self.after.transfers}


def judge(run: Run, keys: Mapping[str, str]) -> None:
    """Raise AssertionError if anything is wrong; `keys` are those of all transfers whose key is known."""
    require_permission(run, keys)
    for said in run.said:
        require_silence(said)
    require_truth(run)
    if run.role is not None:
        judge_role(run, run.role)
    elif run.result is not None:
        judge_result(run, run.result, keys)


def require_truth(run: Run) -> None:
    """Of each disk was told what is, of each one that was touched, and in the rehearsal what then happened."""
    if run.result is None and run.role is None:
        return
    here, there = sides(run.order)
    rehearsed = bool(run.role.result.get("rehearsed") if run.role else (run.result or {}).get("rehearsed"))
    truth = Truth(run.before, run.after, here, there, run.touched, run.meddled, run.hits > 0)
    lies = truth.lies(run.rows, rehearsed)
    assert not lies, f"{FALSE}: {lies}"


FALSE = "false or missing words"


def sides(order: AnyOrder) -> tuple[str | None, str | None]:
    """Whose disks are to go, and who is to get them."""
    if isinstance(order, Move):
        return SOURCE, TARGET
    return (None, order.tenant) if isinstance(order, Accept) else (order.tenant, None)


def require_permission(run: Run, keys: Mapping[str, str]) -> None:
    """Nothing was changed but what the order permits, and of no other disk."""
    order = run.order
    for stretch in run.stretches:
        before = stretch.before
        assert not stretch.damaged, f"disks are damaged: {stretch.damaged}"
        for transfer in stretch.created.values():
            assert order.may_create(before, transfer), f"created without permission: {transfer}"
        for volume_id, owner in stretch.moved.items():
            assert order.may_move(before, volume_id, owner, keys), f"moved without permission: {volume_id}"
        for transfer in stretch.gone.values():
            accepted = transfer["volume_id"] in stretch.moved
            allowed = accepted or order.may_withdraw(before, transfer, lost=run.hits > 0)
            assert allowed, f"withdrawn without permission: {transfer}"
        alone = {row["volume_id"] for row in (*stretch.created.values(), *stretch.gone.values())}
        # A transfer that came and went leaves its disk as it was, but for the time of its last change.
        changed = {
            key for key in stretch.touched - alone if stretch.before.disks[key]["status"] != after_of(stretch, key)
        }
        assert not changed, f"status changed without a transfer: {changed}"
    if not order.may_change:
        assert not run.changes, f"sent although it may change nothing: {run.changes}"


def after_of(stretch: Stretch, volume_id: str) -> str:
    return str(stretch.after.disks[volume_id]["status"])


def require_silence(said: Mapping[str, Any]) -> None:
    """No key, no password, no sign of a bug."""
    text = json.dumps(said)
    found = [word for word in (*SECRETS, *BUGS) if word in text]
    assert not found, f"said {found}: {text}"
    assert "exception" not in said


def judge_role(run: Run, told: role.Run) -> None:
    """The role is right about what has moved, and names what it leaves locked."""
    assert isinstance(run.order, Move)
    there = {key for key, disk in run.after.disks.items() if disk["tenant"] == TARGET}
    assert told.moved - run.meddled <= there, f"not moved: {told.moved - there}"
    if told.error is None:
        asked = {key for key in run.after.disks if run.order.means(run.after, key)}
        assert asked - run.meddled <= there, "the role says of disks that they moved which did not"
        require_available(run, {volume_id for stretch in run.stretches for volume_id in stretch.moved})
    locked = set(run.created.values())
    assert not locked or run.lasting, f"disks stay locked: {locked}: {told.error}"
    assert locked <= told.may_be_locked, f"disks stay locked, and nobody says so: {told.error}"
    if run.undisturbed and told.result:
        found = differences(told.rehearsal, told.disks, "id", ())
        assert not found, f"rehearsed otherwise: {found}"


def require_available(run: Run, ids: set[str]) -> None:
    states = {run.after.disks[volume_id]["status"] for volume_id in ids - run.meddled}
    assert states <= {"available"}, f"not available: {states}"


def judge_result(run: Run, result: Mapping[str, Any], keys: Mapping[str, str]) -> None:
    order = run.order
    if isinstance(order, Offer):
        judge_offer(run, order, result)
    elif isinstance(order, Withdrawal):
        judge_withdrawal(run, order, result)
    elif isinstance(order, Accept):
        judge_accept(run, order, result, keys)
    elif isinstance(order, ReadTransfers):
        assert result.get("failed") or run.meddled or ids_of(result) == order.expected(run.before)
        assert not result.get("failed") or not run.undisturbed, result
    elif isinstance(order, ReadVolumes):
        judge_volumes(run, order, result)
    judge_changed(run, result)


def judge_changed(run: Run, result: Mapping[str, Any]) -> None:
    """What changed is told; what is told has changed, unless answers were lost or others were faster."""
    if "disks" not in result:
        assert not run.touched, f"changed and named nowhere: {run.touched}: {result}"
        return
    done = any(row["outcome"] in DONE for row in result["disks"])
    rehearsed = not run.order.may_change or bool(result["problems"])
    assert result["rehearsed"] == rehearsed, result
    assert result["check_mode"] == (not run.order.may_change), result
    assert bool(result.get("failed")) == failed(result), result
    assert result["changed"] or not done or bool(result["problems"]), f"says that it changes nothing: {result}"
    withdrawn = {row["volume_id"] for stretch in run.stretches for row in stretch.gone.values()} - run.meddled
    if isinstance(run.order, Offer) and not run.hits:
        assert result["changed"] or not withdrawn, f"withdrew an offer, and says that it changes nothing: {result}"
    if result.get("failed"):
        return
    assert result["changed"] == done or "gone" in outcomes_of(result, "id").values(), result
    if run.order.may_change:
        assert result["changed"] or not run.touched, f"changed, and says it did not: {result}"
        assert run.touched or not result["changed"] or not run.undisturbed, f"says that it changed: {result}"


def failed(result: Mapping[str, Any]) -> bool:
    """Whether its rows and problems make it one that has failed."""
    amiss = any(row["outcome"] in ("failed", "unknown") for row in result["disks"])
    return bool(amiss or result["problems"] or result["alarms"])


def ids_of(result: Mapping[str, Any]) -> set[str]:
    return {row["id"] for row in result["transfers"]}


def outcomes_of(result: Mapping[str, Any], by: str) -> dict[str, str]:
    """What became of each disk or transfer."""
    return {row[by]: row["outcome"] for row in result.get("disks", ())}


def judge_offer(run: Run, order: Offer, result: Mapping[str, Any]) -> None:
    rows, outcomes = result.get("transfers", []), outcomes_of(result, "id")
    messages = {row["id"]: row["message"] or "" for row in result.get("disks", ())}
    meant = set(order.meant(run.before))
    assert outcomes.keys() <= meant
    if "disks" in result:
        assert outcomes.keys() == meant or run.meddled, f"a disk is not named: {result}"
    else:
        assert result["failed"]
    for row in rows:
        outcome = outcomes[row["volume_id"]]
        assert isinstance(row["auth_key"], str) == (outcome != "already_offered"), result
        if outcome in ("offered", "already_offered"):
            if row["volume_id"] not in run.meddled:
                require_pending(run, order.tenant, row)
        else:
            assert run.hits or row["volume_id"] in run.meddled, f"offered and {outcome}: {result}"
    if not result.get("rehearsed"):
        offered = {key for key, outcome in outcomes.items() if outcome in ("offered", "already_offered")}
        assert offered <= {row["volume_id"] for row in rows}, f"offered, and no transfer is returned: {result}"
    returned = {row["id"] for row in rows if row["auth_key"]}
    lost = {key: volume_id for key, volume_id in run.created.items() if key not in returned}
    assert not lost or run.lasting, f"keys were lost: {result}"
    for volume_id in lost.values():
        assert "locked" in messages.get(volume_id, ""), f"a key is lost, and nobody says so: {result}"
    if run.undisturbed:
        require_expected_offer(run, order, result, outcomes)


def require_pending(run: Run, tenant: str, row: Mapping[str, Any]) -> None:
    transfer = run.after.transfers.get(row["id"])
    assert transfer is not None, f"not pending: {row['id']}"
    about = {name: transfer[name] for name in ("volume_id", "name", "tenant")}
    assert about == {"volume_id": row["volume_id"], "name": row["name"], "tenant": tenant}
    assert run.after.disks[row["volume_id"]]["status"] == "awaiting-transfer"


def require_expected_offer(run: Run, order: Offer, result: Mapping[str, Any], outcomes: Mapping[str, str]) -> None:
    """Nothing disturbed the run: exactly what was to be expected has happened."""
    expected = order.expected(run.before)
    known = {name for key in expected for name in (key, run.before.disks[key]["name"])}
    all_there = set(order.volumes or ()) <= known
    refused = {key for key, outcome in expected.items() if outcome == "refused"}
    foreseen = {key: "offered" if key in refused else outcome for key, outcome in expected.items()}
    may_begin = all_there and (order.blocked == "skip" or "blocked" not in expected.values())
    if order.check or not may_begin:
        assert outcomes == foreseen, result
        assert bool(result.get("failed")) == bool(result["problems"]) == (not may_begin), result
        assert not run.touched
    else:
        assert outcomes == {key: "failed" if key in refused else outcome for key, outcome in expected.items()}
        assert bool(result.get("failed")) == bool(refused), result
    require_same(run, "id", refused)


def require_same(run: Run, by: str, refused: set[str]) -> None:
    """The rehearsal had told what the run then did."""
    before, after = run.rehearsal, run.result or {}
    if before is None:
        return
    if "disks" not in before or "disks" not in after:
        assert before["msg"] == after["msg"], f"rehearsed otherwise: {before} {after}"
        return
    assert before["rehearsed"], before
    assert before["changed"] is False, before
    found = differences(before["disks"], after["disks"], by, refused)
    assert not found, f"rehearsed otherwise: {found}"
    for name in ("problems", "source", "target"):
        assert before.get(name) == after.get(name), f"rehearsed otherwise: {name}: {before} {after}"


def judge_withdrawal(run: Run, order: Withdrawal, result: Mapping[str, Any]) -> None:
    assert result.get("transfers", []) == []
    if "disks" not in result:
        assert result["failed"]
        return
    outcomes = outcomes_of(result, "transfer_id")
    expected = order.expected(run.before)
    unharmed = {key for key in expected if run.before.transfers[key]["volume_id"] not in run.meddled}
    assert unharmed <= outcomes.keys(), f"neither withdrawn nor failed: {unharmed}: {result}"
    assert set(outcomes.values()) <= {"withdrawn", "gone", "failed", "unknown"}, result
    if run.undisturbed:
        assert not result.get("failed"), result
        assert outcomes == dict.fromkeys(expected, "withdrawn"), f"withdraws something else than asked for: {result}"
        require_same(run, "transfer_id", set())


def judge_accept(run: Run, order: Accept, result: Mapping[str, Any], keys: Mapping[str, str]) -> None:
    outcomes = outcomes_of(result, "transfer_id")
    given = {transfer[0] for transfer in order.transfers}
    if "disks" in result:
        assert outcomes.keys() == given, f"a transfer is not named: {result}"
    else:
        assert result["failed"]
    if not result.get("rehearsed"):
        accepted = {row["id"] for row in result.get("disks", ()) if row["outcome"] == "accepted"}
        mine = {row["id"] for row in result.get("disks", ()) if row["outcome"] in ("accepted", "already_there")}
        mine -= run.meddled
        assert {run.after.disks[key]["tenant"] for key in mine} <= {order.tenant}, f"not accepted: {result}"
        require_available(run, accepted)
        owners = {row["id"]: row["owner"] for row in result.get("disks", ()) if row["id"] in mine}
        assert owners == {key: run.after.disks[key]["project_id"] for key in mine}, f"shown otherwise: {result}"
    if run.undisturbed:
        require_expected_accept(run, order, result, outcomes, keys)


def require_expected_accept(
    run: Run, order: Accept, result: Mapping[str, Any], outcomes: Mapping[str, str], keys: Mapping[str, str]
) -> None:
    expected = order.expected(run.before, keys)
    if expected is None:
        assert result.get("failed"), result
        if order.names_a_disk_twice:
            assert "is given with two transfers" in result["msg"], result
            assert "disks" not in result, result
        else:
            own = {id_ for id_, row in run.before.transfers.items() if row["tenant"] == order.tenant} & outcomes.keys()
            assert own, result
            assert {key for key, outcome in outcomes.items() if outcome == "blocked"} == own, result
            assert result["rehearsed"], result
            assert "own offer" in result["msg"]
        assert not run.touched
        require_same(run, "transfer_id", set())
        return
    refused = {key for key, outcome in expected.items() if outcome in ("failed", "gone")}
    if order.check:
        expected = {key: "accepted" if key in refused else outcome for key, outcome in expected.items()}
    assert outcomes == expected, result
    assert bool(result.get("failed")) == ("failed" in expected.values()), result
    require_same(run, "transfer_id", refused)


def judge_volumes(run: Run, order: ReadVolumes, result: Mapping[str, Any]) -> None:
    assert not result.get("failed") or not run.undisturbed, result
    if result.get("failed") or run.meddled:
        return
    rows = {}
    for row in result["volumes"]:
        transfer = row["transfer"]["id"] if row["transfer"] else None
        rows[row["id"]] = (row["status"], transfer, row["transferable"] or bool(row["unchecked"]))
        assert run.hits or not row["unchecked"]
    for volume_id, (status, transfer, transferable) in order.expected(run.before).items():
        told = rows.pop(volume_id)
        assert told[:2] == (status, transfer), result
        assert told[2] or not transferable, result
        assert run.hits or told[2] == transferable, result
    assert not rows, f"of somebody else: {rows}"
