# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lost answers and foreign hands, on the emulator: what the flows do about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.vbs import Vbs
from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerLost, Unreachable
from ansible_collections.otc.evs.plugins.module_utils._flows.accept import Offered, accept
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Services
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import OfferOptions, offer
from ansible_collections.otc.evs.plugins.module_utils._flows.withdraw import WithdrawOptions, withdraw
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Result
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret, Transfer, Volume
from tests.emulator.server import EmulatorServer
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of, session_of

pytestmark = pytest.mark.usefixtures("quick")


class Forgetful(Evs):
    """Loses the answers of the first calls that change something, after or before they were carried out."""

    lost = 0
    done = True

    def _forget(self, call: Callable[[], Any]) -> Any:
        if self.lost == 0:
            return call()
        self.lost -= 1
        if self.done:
            call()
        raise AnswerLost("the answer was lost")

    def create_transfer(self, volume_id: str, name: str) -> Transfer:
        transfer: Transfer = self._forget(lambda: super(Forgetful, self).create_transfer(volume_id, name))
        return transfer

    def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
        volume_id: str = self._forget(lambda: super(Forgetful, self).accept_transfer(transfer_id, auth_key))
        return volume_id


def forgetful(emulator: EmulatorServer, cloud: str, lost: int, done: bool = True) -> Forgetful:
    evs = Forgetful.of(session_of(emulator, cloud))
    assert isinstance(evs, Forgetful)
    evs.lost, evs.done = lost, done
    return evs


def offered(result: Result) -> list[Offered]:
    return [Offered.from_params({**row, "transfer_id": row["id"]}) for row in result.values["transfers"]]


def make_offer(evs: Evs, *refs: str, **options: Any) -> Result:
    services = Services(evs, cbr=None, vbs=Vbs(evs._client, listed=False), sdrs=None)
    return offer(services, refs, OfferOptions(name="ours", **options), 4, 5, check_mode=False)


def take(evs: Evs, offers: list[Offered]) -> Result:
    return accept(evs, offers, check_quota=True, concurrency=4, timeout=5, check_mode=False)


@pytest.mark.parametrize("done", [True, False], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_create_ends_in_an_offer_whose_key_works(emulator: EmulatorServer, lost: int, done: bool) -> None:
    emulator.create_volume(SOURCE, "data")
    result = make_offer(forgetful(emulator, SOURCE, lost, done), "data")
    assert result.failures == []
    assert len(emulator.transfers()) == 1
    assert take(evs_of(emulator, TARGET), offered(result)).failures == []
    assert [disk["name"] for disk in emulator.volumes(TARGET)] == ["data"]


def test_a_create_that_is_lost_for_good_leaves_the_disk_free(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    result = make_offer(forgetful(emulator, SOURCE, 3), "data")
    assert "was not offered: the answer was lost" in result.failures[0].message
    assert result.values["transfers"] == []
    assert emulator.transfers() == []
    assert emulator.volumes(SOURCE)[0]["status"] == "available"


def test_a_lost_create_leaves_somebody_elses_offer_alone(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    other = evs_of(emulator, SOURCE)

    class Overtaken(Evs):
        def create_transfer(self, volume_id: str, name: str) -> Transfer:
            other.create_transfer(volume_id, "theirs")
            raise AnswerLost("the answer was lost")

    result = make_offer(Overtaken.of(session_of(emulator, SOURCE)), volume_id)
    assert "'theirs', has meanwhile offered the disk" in result.failures[0].message
    assert [transfer["name"] for transfer in emulator.transfers()] == ["theirs"]


@pytest.mark.parametrize("done", [True, False], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_accept_ends_with_the_disk_in_the_target(emulator: EmulatorServer, lost: int, done: bool) -> None:
    emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))
    result = take(forgetful(emulator, TARGET, lost, done), offers)
    assert result.failures == []
    assert [row["action"] for row in result.values["transfers"]] == ["accepted"]
    assert [disk["status"] for disk in emulator.volumes(TARGET)] == ["available"]


def test_a_lost_accept_without_volume_id_says_what_may_have_happened(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    (known,) = offered(make_offer(evs_of(emulator, SOURCE), "data"))
    result = take(forgetful(emulator, TARGET, 1), [Offered(known.transfer_id, known.auth_key)])
    assert "it may be this project that accepted it" in result.failures[0].message
    assert "Pass volume_id" in result.failures[0].message


def test_some_failures_do_not_lose_the_keys_of_the_others(emulator: EmulatorServer) -> None:
    ids = [emulator.create_volume(SOURCE, f"d{number}") for number in range(6)]

    class Refusing(Evs):
        def create_transfer(self, volume_id: str, name: str) -> Transfer:
            emulator.update_volume(ids[2], status="error")
            return super().create_transfer(volume_id, name)

    result = make_offer(Refusing.of(session_of(emulator, SOURCE)), *ids)
    assert [failure.volume_id for failure in result.failures] == [ids[2]]
    assert "status must be available" in result.failures[0].message
    assert result.changed
    assert all(row["auth_key"] for row in result.values["transfers"])
    assert {row["volume_id"] for row in result.values["transfers"]} == {*ids} - {ids[2]}


def test_an_accept_is_proved_by_the_owner_not_by_the_answer(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))

    class Polite(Evs):
        def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
            return offers[0].volume_id or ""

    result = accept(Polite.of(session_of(emulator, TARGET)), offers, True, 4, 0.05, check_mode=False)
    assert "was accepted, but 0 s later it is not in this project" in result.failures[0].message
    assert not result.changed


def test_an_accept_of_another_disk_than_the_one_named_is_told(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    (known,) = offered(make_offer(evs_of(emulator, SOURCE), "data"))
    mistaken = Offered(known.transfer_id, known.auth_key, "11111111-1111-4111-8111-111111111111")
    result = take(evs_of(emulator, TARGET), [mistaken])
    assert f"it was of disk {known.volume_id}" in result.failures[0].message


def test_a_withdrawal_that_comes_too_late_says_so(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))

    class Late(Evs):
        def delete_transfer(self, transfer_id: str) -> bool:
            take(evs_of(emulator, TARGET), offers)
            return super().delete_transfer(transfer_id)

    options = WithdrawOptions(["data"], None, None, "ours")
    result = withdraw(Late.of(session_of(emulator, SOURCE)), options, 4, 5, check_mode=False)
    assert [row["action"] for row in result.values["transfers"]] == ["accepted"]
    assert "was accepted by another project before" in result.warnings[0]
    assert not result.changed
    assert not result.failures


def test_keys_survive_whatever_happens_after_they_were_made(emulator: EmulatorServer) -> None:
    ids = [emulator.create_volume(SOURCE, f"d{number}") for number in range(5)]

    class Fragile(Evs):
        offered = 0

        def create_transfer(self, volume_id: str, name: str) -> Transfer:
            if volume_id == ids[1]:
                raise TypeError("a bug")
            transfer = super().create_transfer(volume_id, name)
            self.offered += 1
            return transfer

        def volumes(self, name: str | None = None, status: str | None = None) -> Iterator[Volume]:
            if self.offered:
                raise Unreachable("the cloud is gone")
            return super().volumes(name, status)

    result = make_offer(Fragile.of(session_of(emulator, SOURCE)), *ids)
    assert {row["volume_id"] for row in result.values["transfers"] if row["auth_key"]} == {*ids} - {ids[1]}
    assert "please report it: TypeError at test_recovery.py" in result.failures[0].message
    assert "a bug" not in result.failures[0].message, "the text of an exception may hold a secret"
    assert "could not be read back: the cloud is gone" in result.warnings[0]


def test_an_accept_that_cannot_be_read_back_is_no_success(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))

    class Blind(Evs):
        accepted = False

        def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
            self.accepted = True
            return super().accept_transfer(transfer_id, auth_key)

        def volume(self, volume_id: str) -> Volume | None:
            if self.accepted:
                raise Unreachable("the cloud is gone")
            return super().volume(volume_id)

    result = take(Blind.of(session_of(emulator, TARGET)), offers)
    assert "could not be read back after the accept: the cloud is gone" in result.failures[0].message
    assert not result.changed
    assert take(evs_of(emulator, TARGET), offers).values["transfers"][0]["action"] == "already_owned"


class BlindAfterWithdrawing(Evs):
    """Cannot read disks after it has withdrawn an offer."""

    withdrawn = False

    def delete_transfer(self, transfer_id: str) -> bool:
        self.withdrawn = True
        return super().delete_transfer(transfer_id)

    def volume(self, volume_id: str) -> Volume | None:
        if self.withdrawn:
            raise AnswerLost("the cloud is silent")
        return super().volume(volume_id)


def test_an_offer_is_replaced_although_the_disk_cannot_be_read_in_between(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    make_offer(evs_of(emulator, SOURCE), "data")
    result = make_offer(BlindAfterWithdrawing.of(session_of(emulator, SOURCE)), "data", pending="replace")
    assert not result.failures
    assert take(evs_of(emulator, TARGET), offered(result)).changed


def test_a_withdrawal_that_cannot_be_read_back_names_what_it_has_withdrawn(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    (known,) = offered(make_offer(evs_of(emulator, SOURCE), "data"))
    options = WithdrawOptions(["data"], None, None, "ours")
    result = withdraw(BlindAfterWithdrawing.of(session_of(emulator, SOURCE)), options, 4, 5, check_mode=False)
    assert not emulator.transfers()
    (failure,) = result.failures
    assert (failure.transfer_id, failure.volume_id) == (known.transfer_id, known.volume_id)
    assert "was withdrawn, but its disk could not be read back: the cloud is silent" in failure.message
    assert [row["action"] for row in result.values["transfers"]] == ["deleted"]
    assert result.changed


@pytest.mark.parametrize("status", ["available", "error"])
@pytest.mark.parametrize("by", ["volumes", "transfer_ids"])
def test_an_offer_is_withdrawn_although_the_status_of_its_disk_was_reset(
    emulator: EmulatorServer, by: str, status: str
) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    evs = evs_of(emulator, SOURCE)
    (known,) = offered(make_offer(evs, "data"))
    emulator.update_volume(volume_id, status=status)
    options = WithdrawOptions(["data"], None, None, None)
    if by == "transfer_ids":
        options = WithdrawOptions(None, [known.transfer_id], None, None)
    for check_mode in (True, False):
        result = withdraw(evs, options, 4, 5, check_mode)
        assert [(row["id"], row["action"]) for row in result.values["transfers"]] == [(known.transfer_id, "deleted")]
        assert result.changed
    assert emulator.transfers() == []


def test_a_lost_offer_that_is_not_withdrawn_in_time_is_told(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    emulator.order_fault("reset", method="POST", path="os-volume-transfer", after=True)
    emulator.order_fault("pretend", method="DELETE", times=None)
    services = Services.of(session_of(emulator, SOURCE))
    result = offer(services, ["data"], OfferOptions(name="ours"), 4, 0.01, check_mode=False)
    (failure,) = result.failures
    assert "the disk may stay locked: 0 s after the offer was withdrawn the disk is still" in failure.message
