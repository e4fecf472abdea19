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
from tests.faults.orders import Accept, Move, Offer, Order, ReadTransfers, ReadVolumes, Withdrawal

BUGS = ("Traceback", "Unexpectedly failed", "unreachable")
ACTIONS = {"created", "replaced", "deleted", "accepted"}


@dataclass
class Run:
    """What happened while a module or the role ran."""

    order: Order
    stretches: list[Stretch]
    """The times in which nobody else acted."""
    changes: list[tuple[str, str]]
    """The requests by which it wanted to change something."""
    said: list[dict[str, Any]] = field(default_factory=list)
    """The results of the modules, without the keys where they belong; empty if the process died."""
    result: dict[str, Any] | None = None
    """The result of a module that ran by itself and did not die."""
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
    def created(self) -> dict[str, str]:
        """The transfers that it created and that are pending in the end, and the disks of these."""
        created = {key: row["volume_id"] for stretch in self.stretches for key, row in stretch.created.items()}
        return {key: volume_id for key, volume_id in created.items() if key in self.after.transfers}


def judge(run: Run, keys: Mapping[str, str]) -> None:
    """Raise AssertionError if anything is wrong; `keys` are those of all transfers whose key is known."""
    require_permission(run, keys)
    for said in run.said:
        require_silence(said)
    if run.role is not None:
        judge_role(run, run.role)
    elif run.result is not None:
        judge_result(run, run.result, keys)


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
    there = {key for key, disk in run.after.disks.items() if disk["tenant"] == "tenant-b"}
    assert told.moved - run.meddled <= there, f"not moved: {told.moved - there}"
    if told.error is None:
        asked = {key for key in run.after.disks if run.order.means(run.after, key)}
        assert asked - run.meddled <= there, "the role says of disks that they moved which did not"
        require_available(run, {volume_id for stretch in run.stretches for volume_id in stretch.moved})
    locked = set(run.created.values())
    assert not locked or run.lasting, f"disks stay locked: {locked}: {told.error}"
    assert locked <= told.may_be_locked, f"disks stay locked, and nobody says so: {told.error}"


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
    rows = result.get("transfers", [])
    told = any(row.get("action") in ACTIONS for row in rows)
    named = {row["volume_id"] for row in (*rows, *result.get("failures", ()))}
    named |= {volume_of(run, row["transfer_id"]) for row in result.get("failures", ())}
    assert run.touched <= named, f"changed and named nowhere: {run.touched - named}: {result}"
    if result.get("failed"):
        return
    if isinstance(run.order, Withdrawal):
        told = any(row["action"] == "deleted" for row in rows)
    assert result["changed"] == told, result
    if run.order.may_change:
        assert result["changed"] or not run.touched, f"changed, and says it did not: {result}"
        assert run.touched or not result["changed"] or not run.undisturbed, f"says that it changed: {result}"


def volume_of(run: Run, transfer_id: str | None) -> str | None:
    rows = [row for stretch in run.stretches for row in (stretch.before.transfers.get(transfer_id or ""),) if row]
    return str(rows[0]["volume_id"]) if rows else None


def ids_of(result: Mapping[str, Any]) -> set[str]:
    return {row["id"] for row in result["transfers"]}


def failed_disks(result: Mapping[str, Any]) -> dict[str, str]:
    return {row["volume_id"]: row["msg"] for row in result.get("failures", ())}


def judge_offer(run: Run, order: Offer, result: Mapping[str, Any]) -> None:
    rows, failed = result.get("transfers", []), failed_disks(result)
    actions = {row["volume_id"]: row["action"] for row in rows}
    blocked = {row["volume_id"] for row in result.get("blocked", ())}
    meant = set(order.meant(run.before))
    assert actions.keys() | failed.keys() | blocked <= meant
    if "transfers" in result:
        assert actions.keys() | failed.keys() | blocked == meant, f"a disk is not named: {result}"
    else:
        assert result["failed"]
    assert bool(failed) == ("failures" in result)
    for row in rows:
        fresh = row["action"] in ("created", "replaced") and not order.check
        assert isinstance(row["auth_key"], str) == fresh, row["action"]
        if row["volume_id"] in failed:
            assert run.hits or row["volume_id"] in run.meddled, f"offered and failed: {result}"
        elif (fresh or row["action"] == "kept") and row["volume_id"] not in run.meddled:
            require_pending(run, order.tenant, row)
    returned = {row["id"] for row in rows if row["auth_key"]}
    lost = {key: volume_id for key, volume_id in run.created.items() if key not in returned}
    assert not lost or run.lasting, f"keys were lost: {result}"
    for volume_id in lost.values():
        assert "locked" in failed.get(volume_id, ""), f"a key is lost, and nobody says so: {result}"
    if run.undisturbed:
        require_expected_offer(run, order, result, actions, blocked, set(failed))


def require_pending(run: Run, tenant: str, row: Mapping[str, Any]) -> None:
    transfer = run.after.transfers.get(row["id"])
    assert transfer is not None, f"not pending: {row['id']}"
    about = {name: transfer[name] for name in ("volume_id", "name", "tenant")}
    assert about == {"volume_id": row["volume_id"], "name": row["name"], "tenant": tenant}
    assert run.after.disks[row["volume_id"]]["status"] == "awaiting-transfer"


def require_expected_offer(
    run: Run, order: Offer, result: Mapping[str, Any], actions: Mapping[str, str], blocked: set[str], failed: set[str]
) -> None:
    """Nothing disturbed the run: exactly what was to be expected has happened."""
    expected = order.expected(run.before)
    known = {name for key in expected for name in (key, run.before.disks[key]["name"])}
    all_there = set(order.volumes or ()) <= known
    foreseen = {key for key, outcome in expected.items() if outcome == "blocked"}
    if not all_there or (foreseen and order.blocked == "fail"):
        assert result.get("failed"), result
        assert not actions
        assert not run.touched
        return
    refused = {key for key, outcome in expected.items() if outcome == "refused"}
    if order.check:
        assert actions.keys() == expected.keys() - foreseen
        refused = set()
    else:
        assert actions == {key: outcome for key, outcome in expected.items() if outcome not in ("blocked", "refused")}
    assert (blocked, failed) == (foreseen, refused), result
    assert bool(result.get("failed")) == bool(refused), result


def judge_withdrawal(run: Run, order: Withdrawal, result: Mapping[str, Any]) -> None:
    rows, failed = result.get("transfers", []), {row["transfer_id"] for row in result.get("failures", ())}
    assert bool(failed) == ("failures" in result)
    for row in rows:
        assert row["auth_key"] is None
        if not order.check and row["id"] not in failed:
            assert row["id"] not in run.after.transfers, f"still pending: {result}"
        if row["action"] == "accepted" and not order.check:
            assert run.after.disks.get(row["volume_id"], {}).get("tenant") != order.tenant or run.hits, result
    if "transfers" not in result:
        assert result["failed"]
        return
    expected = order.expected(run.before)
    unharmed = {key for key in expected if run.before.transfers[key]["volume_id"] not in run.meddled}
    assert unharmed <= ids_of(result) | failed, f"neither withdrawn nor failed: {unharmed}: {result}"
    if run.undisturbed:
        assert not result.get("failed"), result
        assert ids_of(result) == expected, f"withdraws something else than was asked for: {result}"
        assert {row["action"] for row in rows} <= {"deleted"}, result


def judge_accept(run: Run, order: Accept, result: Mapping[str, Any], keys: Mapping[str, str]) -> None:
    rows, failed = result.get("transfers", []), {row["transfer_id"] for row in result.get("failures", ())}
    actions = {row["id"]: row["action"] for row in rows}
    assert bool(failed) == ("failures" in result)
    given = {transfer[0] for transfer in order.transfers}
    if "transfers" in result:
        assert actions.keys() | failed == given, f"a transfer is not named: {result}"
        assert not actions.keys() & failed
    else:
        assert result["failed"]
    if not order.check:
        mine = {row["volume_id"] for row in rows} - run.meddled
        assert {run.after.disks[key]["tenant"] for key in mine} <= {order.tenant}, f"not accepted: {result}"
        require_available(run, {row["volume_id"] for row in rows if row["action"] == "accepted"})
        shown = {disk["id"]: disk["project_id"] for disk in result.get("volumes", ())}
        owners = {key: run.after.disks[key]["project_id"] for key in mine}
        assert {key: shown.get(key) for key in mine} == owners, f"shown otherwise: {result}"
    if run.undisturbed:
        require_expected_accept(run, order, result, actions, keys)


def require_expected_accept(
    run: Run, order: Accept, result: Mapping[str, Any], actions: Mapping[str, str], keys: Mapping[str, str]
) -> None:
    expected = order.expected(run.before, keys)
    if expected is None:
        assert result.get("failed"), result
        assert not actions
        assert not run.touched
        return
    if order.check:
        expected = {key: "accepted" if outcome == "refused" else outcome for key, outcome in expected.items()}
    assert actions == {key: outcome for key, outcome in expected.items() if outcome != "refused"}, result
    assert bool(result.get("failed")) == ("refused" in expected.values()), result


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
