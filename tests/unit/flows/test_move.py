# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving when something fails: what is left behind, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerLost, ApiError
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret, Volume
from tests.emulator.server import EmulatorServer
from tests.support.flows import (
    HASTY,
    Blinded,
    Forgetful,
    bring,
    client,
    make_offer,
    offered,
    outcomes,
    rows_of,
    said,
    take,
)
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

pytestmark = pytest.mark.usefixtures("quick")


def move(emulator: EmulatorServer, *volumes: str, **options: Any) -> dict[str, Any]:
    source, target = ({"auth": emulator.cloud(name)["auth"], "timeout": 1} for name in (SOURCE, TARGET))
    return run_module("evs_move", **source, target=target, volumes=list(volumes), **options)


def statuses(emulator: EmulatorServer) -> set[tuple[str, str]]:
    return {(disk["tenant"], disk["status"]) for disk in emulator.volumes()}


def told(result: dict[str, Any], outcome: str) -> list[dict[str, Any]]:
    return [row for row in result["disks"] if row["outcome"] == outcome]


def test_a_disk_that_is_not_accepted_is_freed(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    emulator.order_fault("status", status=403, path="accept$")
    result = move(emulator, volume_id)
    assert f"Disk data ({volume_id}) was not accepted in project tenant-b" in result["msg"]
    assert "evs:transfers:accept" in result["msg"]
    assert "locked" not in result["msg"]
    assert not result["changed"]
    (row,) = told(result, "failed")
    assert row["owner"] == emulator.project_id(SOURCE)
    assert statuses(emulator) == {(SOURCE, "available")}
    assert emulator.transfers() == []


@pytest.mark.parametrize("kind", ["status", "pretend"])
def test_a_disk_that_cannot_be_freed_is_told(emulator: EmulatorServer, kind: str) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    emulator.order_fault("status", status=403, path="accept$")
    emulator.order_fault(kind, status=500, method="DELETE", times=None)
    result = move(emulator, volume_id)
    assert "It is still awaiting-transfer and locked in project tenant-a" in result["msg"]
    assert "Run again, or withdraw the offer (playbook otc.evs.withdraw)." in result["msg"]
    assert statuses(emulator) == {(SOURCE, "awaiting-transfer")}
    emulator.end_faults()
    assert move(emulator, volume_id)["changed"]
    assert statuses(emulator) == {(TARGET, "available")}


def test_an_offer_may_be_left(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    emulator.order_fault("status", status=403, path="accept$")
    result = move(emulator, volume_id, withdraw_on_failure=False)
    assert "still awaiting-transfer and locked" in result["msg"]
    (left,) = emulator.transfers()
    assert [row["transfer_id"] for row in told(result, "failed")] == [left["id"]]


def test_the_others_move_and_few_are_offered_at_a_time(emulator: EmulatorServer) -> None:
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(20)])
    emulator.order_fault("status", status=400, path="accept$", times=3)
    result = move(emulator, *ids, concurrency=2)
    assert (len(told(result, "failed")), len(told(result, "moved"))) == (3, 17)
    asked = [
        "offer" if request.path.endswith("transfer") else "accept"
        for request in emulator.requests()
        if request.method == "POST" and "os-volume-transfer" in request.path
    ]
    pending = [asked[:number].count("offer") - asked[:number].count("accept") for number in range(len(asked) + 1)]
    assert max(pending) <= 2


def test_a_target_that_refuses_all_stops_the_rest(emulator: EmulatorServer) -> None:
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(20)])
    emulator.order_fault("status", status=403, path="accept$", times=None)
    result = move(emulator, *ids, concurrency=2)
    assert len(told(result, "failed")) == 20
    assert "Not attempted, because the same would happen" in str(result["disks"])
    offers = [r for r in emulator.requests() if r.method == "POST" and r.path.endswith("os-volume-transfer")]
    assert len(offers) <= 4
    assert statuses(emulator) == {(SOURCE, "available")}


def test_a_former_offer_that_is_gone_is_a_change(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    make_offer(evs_of(emulator, SOURCE), volume_id)
    emulator.order_fault("status", status=403, method="POST", path="transfer$")
    result = move(emulator, volume_id, name="ours", diff=True)
    assert "was not offered again after its earlier offer was withdrawn in project tenant-a" in result["msg"]
    assert result["changed"]
    (after,) = result["diff"]["after"].values()
    assert (after["status"], after["transfer"]) == ("available", None)
    assert statuses(emulator) == {(SOURCE, "available")}


def test_no_key_is_in_the_result(emulator: EmulatorServer) -> None:
    emulator.set_auth_keys("5ecre7", "5ecre7", "5ecre7")
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(3)])
    emulator.order_fault("status", status=400, path="accept$")
    result = move(emulator, *ids)
    assert len(told(result, "moved")) == 2
    assert "5ecre7" not in str(result)


def test_an_accept_whose_answer_is_lost_is_found_out(emulator: EmulatorServer) -> None:
    """T8: nobody says of a disk that arrived that it was not accepted."""
    volume_id = emulator.create_volume(SOURCE, "data")
    result = bring(evs_of(emulator, SOURCE), client(Forgetful, emulator, TARGET, lost=1), volume_id)
    assert (outcomes(result), result.failure, result.changed) == ({volume_id: "moved"}, None, True)


def test_a_disk_that_arrived_unseen_is_unknown_and_not_called_locked(emulator: EmulatorServer) -> None:
    """T8: the target cannot be read, and the source does not have it any more."""
    volume_id = emulator.create_volume(SOURCE, "data")
    target = client(Blinded, emulator, TARGET, lost=1)
    result = bring(evs_of(emulator, SOURCE), target, volume_id, timeout=HASTY)
    assert outcomes(result) == {volume_id: "unknown"}
    assert "has left project tenant-a" in said(result)
    assert "could not be read: the cloud is silent." in said(result)
    assert "locked" not in said(result)
    assert "was not" not in said(result)
    again = bring(evs_of(emulator, SOURCE), evs_of(emulator, TARGET), volume_id)
    assert outcomes(again) == {volume_id: "already_there"}


def test_a_disk_of_which_neither_tenant_can_be_read_is_unknown(emulator: EmulatorServer) -> None:
    """T8: both are silent, so it may be locked."""
    volume_id = emulator.create_volume(SOURCE, "data")
    source, target = client(Blinded, emulator, SOURCE), client(Blinded, emulator, TARGET, lost=1)
    result = bring(source, target, volume_id, timeout=HASTY)
    assert outcomes(result) == {volume_id: "unknown"}
    assert "It is not known whether Disk data" in said(result)
    assert "it may stay offered and locked" in said(result)


def test_a_refused_accept_with_a_source_that_cannot_be_read_may_leave_it_locked(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")

    class Refusing(Evs):
        def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
            raise ApiError("No.", 400, None, None, "No.")

    source = client(Blinded, emulator, SOURCE)
    result = bring(source, client(Refusing, emulator, TARGET), volume_id, timeout=HASTY)
    assert outcomes(result) == {volume_id: "failed"}
    assert "was not accepted in project tenant-b" in said(result)
    assert "It may stay offered and locked, for project tenant-a" in said(result)


def test_an_accept_that_shows_only_later_was_ours(emulator: EmulatorServer) -> None:
    """The answer was no answer and the disk came a while later: it did not come by another transfer."""
    volume_id = emulator.create_volume(SOURCE, "data")

    class Slow(Evs):
        looks = 0

        def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
            if not self.looks:
                super().accept_transfer(transfer_id, auth_key)
            raise AnswerLost("No answer arrived.")

        def volume(self, volume_id: str) -> Volume | None:
            self.looks += 1
            return super().volume(volume_id) if self.looks > 5 else None

    result = bring(evs_of(emulator, SOURCE), client(Slow, emulator, TARGET), volume_id)
    assert (outcomes(result), result.changed) == ({volume_id: "moved"}, True)
    assert rows_of(result)[0].message is None


def test_a_disk_whose_former_offer_was_accepted_first_is_there_already(emulator: EmulatorServer) -> None:
    """T12: B has accepted before our DELETE; it is told as B's, and nothing as changed."""
    volume_id = emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), volume_id))

    class Overtaken(Evs):
        def delete_transfer(self, transfer_id: str) -> bool:
            take(evs_of(emulator, TARGET), offers)
            return super().delete_transfer(transfer_id)

    result = bring(client(Overtaken, emulator, SOURCE), evs_of(emulator, TARGET), volume_id)
    (row,) = rows_of(result)
    assert (row.outcome, row.owner) == ("already_there", emulator.project_id(TARGET))
    assert row.message == "It came by another transfer than that of this run."
    assert (result.failure, result.changed) == (None, False)


def test_a_disk_that_is_accepted_between_two_lists_is_there_already(emulator: EmulatorServer) -> None:
    """T7."""
    volume_id = emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), volume_id))

    class Overtaken(Evs):
        accepted = False

        def transfers(self, volume_id: str | None = None) -> Any:
            if not self.accepted:
                self.accepted = True
                take(evs_of(emulator, TARGET), offers)
            return super().transfers(volume_id)

    result = bring(client(Overtaken, emulator, SOURCE), evs_of(emulator, TARGET), volume_id)
    assert (outcomes(result), result.failure) == ({volume_id: "already_there"}, None)


def test_tenants_in_two_regions_are_told_before_anything_is_asked(emulator: EmulatorServer) -> None:
    """T20."""
    volume_id = emulator.create_volume(SOURCE, "data")
    source, target = evs_of(emulator, SOURCE), evs_of(emulator, TARGET)
    target.place = replace(target.place, region="eu-nl")
    emulator.forget_requests()
    result = bring(source, target, volume_id)
    assert "and the target in region eu-nl. A disk stays in its region" in (result.failure or "")
    assert rows_of(result) == []
    assert emulator.requests() == []


def test_tenants_of_two_clouds_are_told_before_anything_is_asked(emulator: EmulatorServer) -> None:
    """T20: two clouds may call their region alike; the IDs in their catalogues differ."""
    volume_id = emulator.create_volume(SOURCE, "data")
    with EmulatorServer() as other:
        other.configure(cloud="other")
        result = bring(evs_of(emulator, SOURCE), evs_of(other, TARGET), volume_id)
        assert f"lists another block storage, at {other.endpoints['evs']}/. A disk stays" in (result.failure or "")
        assert not [request for request in emulator.requests() if "tokens" not in request.path]


@pytest.mark.parametrize(
    ("unchecked", "ignored", "outcome", "open_ones"),
    [("fail", (), "blocked", ["region"]), ("allow", (), "moved", ["region"]), ("fail", ("region",), "moved", [])],
)
def test_what_is_not_known_of_the_places_is_unchecked(
    emulator: EmulatorServer, unchecked: str, ignored: tuple[str, ...], outcome: str, open_ones: list[str]
) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    source, target = evs_of(emulator, SOURCE), evs_of(emulator, TARGET)
    target.place = replace(target.place, url="http://elsewhere/", region=None)
    result = bring(source, target, volume_id, unchecked=unchecked, ignored=ignored)
    assert outcomes(result) == {volume_id: outcome}
    assert [reason.constraint for reason in rows_of(result)[0].reasons] == open_ones
    assert ("The constraint region could not be checked" in (result.failure or "")) == (outcome == "blocked")


def test_a_disk_that_cannot_be_offered_costs_no_other(emulator: EmulatorServer) -> None:
    ids = emulator.create_volumes(SOURCE, [{"name": f"d{number}"} for number in range(3)])

    class Partly(Evs):
        def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Any:
            if volume_id == ids[1]:
                raise ApiError("No.", 400, None, None, "No.")
            return super().create_transfer(volume_id, name)

    result = bring(client(Partly, emulator, SOURCE), evs_of(emulator, TARGET), *ids)
    assert outcomes(result) == {ids[0]: "moved", ids[1]: "failed", ids[2]: "moved"}
    assert "was not offered in project tenant-a" in (rows_of(result)[1].message or "")
    assert len(result.after) == 2


def test_a_withdrawal_whose_answer_is_lost_leaves_a_free_disk_free(emulator: EmulatorServer) -> None:
    """T8: what was freed is not called locked."""
    volume_id = emulator.create_volume(SOURCE, "data")

    class Lossy(Evs):
        def delete_transfer(self, transfer_id: str) -> bool:
            super().delete_transfer(transfer_id)
            raise AnswerLost("no answer")

    class Refusing(Evs):
        def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
            raise ApiError("No.", 400, None, None, "No.")

    result = bring(client(Lossy, emulator, SOURCE), client(Refusing, emulator, TARGET), volume_id)
    assert outcomes(result) == {volume_id: "failed"}
    assert "locked" not in said(result)
    assert emulator.transfers() == []
