# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Offering, with foreign hands in it and with what cannot be read: what is told, and which keys are handed on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerLost, Unreachable
from ansible_collections.otc.evs.plugins.module_utils._flows.find import with_transfers
from ansible_collections.otc.evs.plugins.module_utils._flows.listing import volumes_info
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import offer
from ansible_collections.otc.evs.plugins.module_utils._model.rows import OFFERED
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import KnownTransfer, Rules
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import VolumeFilter, Wanted
from tests.emulator.server import EmulatorServer
from tests.support.flows import (
    HASTY,
    NAME,
    Blinded,
    client,
    make_offer,
    offered,
    outcomes,
    rows_of,
    said,
    services_of,
    take,
)
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

pytestmark = pytest.mark.usefixtures("quick")


def disks(emulator: EmulatorServer, number: int) -> list[str]:
    return emulator.create_volumes(SOURCE, [{"name": f"d{count}"} for count in range(number)])


def test_an_offer_that_is_withdrawn_right_after_it_was_made_has_failed(emulator: EmulatorServer) -> None:
    """T5: 4 disks; 3 are offered, 1 failed."""
    ids = disks(emulator, 4)

    class Overtaken(Evs):
        def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
            made = super().create_transfer(volume_id, name)
            if volume_id == ids[3]:
                self.delete_transfer(made.id)
            return made

    result = make_offer(client(Overtaken, emulator, SOURCE), *ids, timeout=HASTY)
    assert outcomes(result) == {**dict.fromkeys(ids[:3], "offered"), ids[3]: "failed"}
    assert [row["volume_id"] for row in result.transfers or ()] == ids[:3]
    assert len(result.after) == 3
    assert "Offering 4 disks: 1 failed. Disk d3" in (result.failure or "")
    assert "but then its status is available, not awaiting-transfer: somebody has withdrawn" in (result.failure or "")


def test_some_failures_do_not_lose_the_keys_of_the_others(emulator: EmulatorServer) -> None:
    ids = disks(emulator, 6)

    class Refusing(Evs):
        def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
            emulator.update_volume(ids[2], status="error")
            return super().create_transfer(volume_id, name)

    result = make_offer(client(Refusing, emulator, SOURCE), *ids)
    assert [row.id for row in rows_of(result) if row.outcome == "failed"] == [ids[2]]
    assert "status must be available" in (result.failure or "")
    assert result.changed
    assert all(row["auth_key"] for row in result.transfers or ())
    assert {row["volume_id"] for row in result.transfers or ()} == {*ids} - {ids[2]}


def test_keys_survive_whatever_happens_after_they_were_made(emulator: EmulatorServer) -> None:
    ids = disks(emulator, 5)

    class Fragile(Evs):
        offered = 0

        def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
            if volume_id == ids[1]:
                raise TypeError("a bug")
            transfer = super().create_transfer(volume_id, name)
            self.offered += 1
            return transfer

        def volume_pages(
            self, name: str | None = None, status: str | None = None
        ) -> Iterator[tuple[list[Volume], bool]]:
            if self.offered:
                raise Unreachable("the cloud is gone")
            return super().volume_pages(name, status)

        def volume(self, volume_id: str) -> Volume | None:
            if self.offered:
                raise Unreachable("the cloud is gone")
            return super().volume(volume_id)

    result = make_offer(client(Fragile, emulator, SOURCE), *ids, timeout=HASTY)
    assert {row["volume_id"] for row in result.transfers or () if row["auth_key"]} == {*ids} - {ids[1]}
    assert {key for key, outcome in outcomes(result).items() if outcome == "unknown"} == {*ids} - {ids[1]}
    told = {row.id: row.message or "" for row in rows_of(result)}
    assert "please report it: TypeError at test_offer.py" in told[ids[1]]
    assert "a bug" not in told[ids[1]], "the text of an exception may hold a secret"
    assert "could not be read back: the cloud is gone. Look with evs_transfer_info" in told[ids[0]]
    assert result.changed, "what was made is a change, though it could not be read back"


def test_an_offer_that_cannot_be_read_back_is_unknown_and_its_key_is_kept(emulator: EmulatorServer) -> None:
    """T8."""
    volume_id = emulator.create_volume(SOURCE, "data")
    result = make_offer(client(Blinded, emulator, SOURCE), volume_id, timeout=HASTY)
    assert outcomes(result) == {volume_id: "unknown"}
    assert outcomes(take(evs_of(emulator, TARGET), offered(result))) == {volume_id: "accepted"}


@pytest.mark.parametrize("how", ["accepted", "withdrawn and deleted"])
def test_a_known_disk_that_has_left_is_gone(emulator: EmulatorServer, how: str) -> None:
    """T10: neither that it was taken is said, nor that it was not."""
    volume_id, other = disks(emulator, 2)
    (known,) = offered(make_offer(evs_of(emulator, SOURCE), volume_id))
    if how == "accepted":
        take(evs_of(emulator, TARGET), [known])
    else:
        emulator.delete_volume(volume_id)
    noted = {volume_id: KnownTransfer(known.transfer_id, volume_id, "d0")}
    for ref in (volume_id, "d0"):
        result = make_offer(evs_of(emulator, SOURCE), ref, other, pending="replace", known=noted, rehearsed=True)
        assert outcomes(result) == {volume_id: "gone", other: "offered"}
        assert "has left project" in (rows_of(result)[0].message or "")
        assert not result.failure
        assert result.values["stale_transfers"] == []


def test_a_known_transfer_that_was_withdrawn_is_stale_and_its_disk_is_offered_anew(emulator: EmulatorServer) -> None:
    """T9: offer prunes dead rows, also of disks that nobody asked about."""
    ids = disks(emulator, 3)
    evs = evs_of(emulator, SOURCE)
    made = offered(make_offer(evs, *ids))
    evs.delete_transfer(made[0].transfer_id)
    evs.delete_transfer(made[1].transfer_id)
    noted = {offer.volume_id: KnownTransfer(offer.transfer_id, offer.volume_id) for offer in made if offer.volume_id}
    result = make_offer(evs, ids[1], ids[2], pending="replace", known=noted)
    assert result.values["stale_transfers"] == [made[0].transfer_id, made[1].transfer_id]
    assert outcomes(result) == {ids[1]: "offered", ids[2]: "already_offered"}
    assert [(row["volume_id"], bool(row["auth_key"])) for row in result.transfers or ()] == [
        (ids[2], False),
        (ids[1], True),
    ]


def test_known_transfers_beside_disks_chosen_by_their_traits(emulator: EmulatorServer) -> None:
    ids = disks(emulator, 2)
    evs = evs_of(emulator, SOURCE)
    (made,) = offered(make_offer(evs, ids[0]))
    evs.delete_transfer(made.transfer_id)
    rules = Rules(success=OFFERED, name=NAME, known={ids[0]: KnownTransfer(made.transfer_id, ids[0])})
    result = offer(services_of(evs), Wanted(None, VolumeFilter(name="d1")), rules, 4, 5, rehearsed=True)
    assert result.values["stale_transfers"] == [made.transfer_id]
    assert outcomes(result) == {ids[1]: "offered"}


def test_a_disk_that_was_accepted_before_its_former_offer_was_withdrawn_is_gone(emulator: EmulatorServer) -> None:
    """T12: nothing is told as freed, and nothing as changed."""
    volume_id = emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), volume_id))

    class Overtaken(Evs):
        def delete_transfer(self, transfer_id: str) -> bool:
            take(evs_of(emulator, TARGET), offers)
            return super().delete_transfer(transfer_id)

    result = make_offer(client(Overtaken, emulator, SOURCE), volume_id, pending="replace")
    assert outcomes(result) == {volume_id: "gone"}
    assert "has left the project; where it is now is not known here" in said(result)
    assert (result.changed, result.transfers, result.failure) == (False, [], None)


class OvertakenBetweenLists(Evs):
    """The disks have been listed; before the transfers are, somebody accepts them."""

    emulator: EmulatorServer
    accepted = False

    def transfers(self, volume_id: str | None = None) -> list[Transfer]:
        if not self.accepted:
            self.accepted = True
            for transfer in self.emulator.transfers():
                super().delete_transfer(transfer["id"])
                self.emulator.update_volume(transfer["volume_id"], tenant=TARGET)
        return super().transfers(volume_id)


def test_a_disk_that_is_accepted_between_two_lists_is_not_called_stuck(emulator: EmulatorServer) -> None:
    """T7: it is looked at again before anybody is sent to an administrator, and the others are offered."""
    volume_id = emulator.create_volume(SOURCE, "data")
    other = emulator.create_volume(SOURCE, "other")
    make_offer(evs_of(emulator, SOURCE), volume_id)
    evs = client(OvertakenBetweenLists, emulator, SOURCE, emulator=emulator)
    result = make_offer(evs, volume_id, other)
    assert (outcomes(result), result.failure, result.changed) == ({volume_id: "gone", other: "offered"}, None, True)
    assert "has left project" in (rows_of(result)[0].message or "")


def test_a_listing_leaves_out_what_was_accepted_meanwhile(emulator: EmulatorServer) -> None:
    """T7."""
    volume_id = emulator.create_volume(SOURCE, "data")
    make_offer(evs_of(emulator, SOURCE), volume_id)
    evs = client(OvertakenBetweenLists, emulator, SOURCE, emulator=emulator)
    told = volumes_info(services_of(evs), None, VolumeFilter(), True, 4)
    assert told.values["volumes"] == []


def test_an_offered_disk_without_a_transfer_is_looked_at_again_and_then_called_stuck(emulator: EmulatorServer) -> None:
    """T7: what is really stuck is still told as such."""
    volume_id = emulator.create_volume(SOURCE, "data")
    emulator.update_volume(volume_id, status="awaiting-transfer")
    evs = evs_of(emulator, SOURCE)
    emulator.forget_requests()
    disk = evs.volume(volume_id)
    assert disk
    found, pending = with_transfers(evs, Found.among([volume_id], [disk]))
    assert ([item.id for item in found.volumes], pending) == ([volume_id], {})
    assert "administrator" in (make_offer(evs, volume_id, pending="replace").failure or "")


@pytest.mark.parametrize("answer", ["refused", "lost"])
def test_a_former_offer_that_cannot_be_withdrawn_is_told(emulator: EmulatorServer, answer: str) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    (former,) = offered(make_offer(evs_of(emulator, SOURCE), volume_id))

    class Stuck(Evs):
        def delete_transfer(self, transfer_id: str) -> bool:
            raise AnswerLost("no answer") if answer == "lost" else Unreachable("the cloud is gone")

    result = make_offer(client(Stuck, emulator, SOURCE), volume_id, pending="replace", timeout=HASTY)
    assert outcomes(result) == {volume_id: "failed"}
    assert "was not its earlier offer is withdrawn, and is awaiting-transfer, so it is locked" in said(result)
    assert not result.changed
    assert [transfer["id"] for transfer in emulator.transfers()] == [former.transfer_id]


def test_an_offer_is_replaced_although_the_disk_cannot_be_read_in_between(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    make_offer(evs_of(emulator, SOURCE), volume_id)
    result = make_offer(client(Blinded, emulator, SOURCE), volume_id, pending="replace", timeout=HASTY)
    assert outcomes(result) == {volume_id: "unknown"}
    assert outcomes(take(evs_of(emulator, TARGET), offered(result))) == {volume_id: "accepted"}


def test_a_disk_that_lost_its_former_offer_and_got_no_new_one_is_a_change(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    (former,) = offered(make_offer(evs_of(emulator, SOURCE), volume_id))

    class Refusing(Evs):
        def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
            raise Unreachable("the cloud is gone")

    result = make_offer(client(Refusing, emulator, SOURCE), volume_id, pending="replace")
    assert outcomes(result) == {volume_id: "failed"}
    assert "was not offered again after its earlier offer was withdrawn: the cloud is gone." in said(result)
    ((before, after),) = zip(result.before.values(), result.after.values(), strict=True)
    assert (before["transfer"], after["transfer"], after["status"]) == (former.transfer_id, None, "available")


def test_a_rehearsal_tells_what_would_change_and_sends_nothing(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    evs = evs_of(emulator, SOURCE)
    emulator.forget_requests()
    result = make_offer(evs, volume_id, rehearsed=True)
    assert (outcomes(result), result.transfers) == ({volume_id: "offered"}, [])
    (after,) = result.after.values()
    assert (after["status"], after["transfer"]) == ("awaiting-transfer", "known after the offer")
    assert {request.method for request in emulator.requests()} == {"GET"}
