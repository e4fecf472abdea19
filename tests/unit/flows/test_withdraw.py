# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Withdrawing: what is read back, and what is told where it cannot be."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerLost, ApiError
from ansible_collections.otc.evs.plugins.module_utils._flows.withdraw import withdraw
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Transfer
from ansible_collections.otc.evs.plugins.module_utils._plan.withdrawals import Withdrawal
from tests.emulator.server import EmulatorServer
from tests.support.flows import (
    HASTY,
    Blinded,
    Forgetful,
    client,
    make_offer,
    offered,
    outcomes,
    rows_of,
    said,
    take,
    take_back,
)
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def volume_id(emulator: EmulatorServer) -> str:
    """A disk that is offered."""
    made = emulator.create_volume(SOURCE, "data")
    make_offer(evs_of(emulator, SOURCE), made)
    return made


def test_a_withdrawal_is_read_back(emulator: EmulatorServer, volume_id: str) -> None:
    (pending,) = emulator.transfers()
    rehearsed = take_back(evs_of(emulator, SOURCE), "data", rehearsed=True)
    assert "It is offered since 20" in said(rehearsed)
    assert said(rehearsed).endswith(f"by transfer {pending['id']}.")
    assert len(emulator.transfers()) == 1
    done = take_back(evs_of(emulator, SOURCE), "data")
    for result in (rehearsed, done):
        assert (outcomes(result), result.changed, result.transfers) == ({volume_id: "withdrawn"}, True, [])
        ((before, after),) = zip(result.before.values(), result.after.values(), strict=True)
        assert (before["status"], before["transfer"]) == ("awaiting-transfer", pending["id"])
        assert (after["status"], after["transfer"]) == ("available", None)
    (row,) = rows_of(done)
    assert (row.message, row.transfer_id) == (None, pending["id"])
    assert row.at
    assert emulator.transfers() == []


def test_a_withdrawal_that_comes_too_late_says_so(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))

    class Late(Evs):
        def delete_transfer(self, transfer_id: str) -> bool:
            take(evs_of(emulator, TARGET), offers)
            return super().delete_transfer(transfer_id)

    result = take_back(client(Late, emulator, SOURCE), "data")
    assert outcomes(result) == {volume_id: "gone"}
    assert "was accepted before it could be withdrawn" in said(result)
    assert (result.changed, result.failure) == (False, None)


def test_a_withdrawal_whose_answer_is_lost_is_found_out(emulator: EmulatorServer, volume_id: str) -> None:
    """T8: it was carried out, so nobody says that it was not."""
    result = take_back(client(Forgetful, emulator, SOURCE, lost=1), "data")
    assert (outcomes(result), result.failure, result.changed) == ({volume_id: "withdrawn"}, None, True)


def test_a_withdrawal_that_was_not_carried_out_is_found_out(emulator: EmulatorServer, volume_id: str) -> None:
    """T8."""
    result = take_back(client(Forgetful, emulator, SOURCE, lost=1, done=False), "data")
    assert outcomes(result) == {volume_id: "failed"}
    assert "was not withdrawn: the answer was lost. Its disk stays locked." in said(result)
    assert not result.changed


def test_a_withdrawal_of_which_nothing_can_be_found_out_is_unknown(emulator: EmulatorServer, volume_id: str) -> None:
    """T8: neither the transfers nor the disk can be read afterwards."""
    result = take_back(client(Blinded, emulator, SOURCE, lost=1), "data", timeout=HASTY)
    assert outcomes(result) == {volume_id: "unknown"}
    assert said(result).startswith("It is not known whether transfer ")
    assert said(result).endswith(" Its disk may stay locked. Run again to find out.")
    assert not result.changed
    assert emulator.transfers() == []


def test_a_withdrawal_that_cannot_be_read_back_names_what_it_has_withdrawn(
    emulator: EmulatorServer, volume_id: str
) -> None:
    (known,) = emulator.transfers()
    result = take_back(client(Blinded, emulator, SOURCE), "data", timeout=HASTY)
    assert not emulator.transfers()
    (row,) = rows_of(result)
    assert (row.transfer_id, row.id, row.outcome) == (known["id"], volume_id, "unknown")
    assert "was withdrawn, but its disk could not be read back and may stay locked: the cloud is silent." in said(
        result
    )


def test_a_refused_withdrawal_names_the_right(emulator: EmulatorServer, volume_id: str) -> None:
    class Reader(Evs):
        def delete_transfer(self, transfer_id: str) -> bool:
            raise ApiError("You may not.", 403, None, None, "")

    result = take_back(client(Reader, emulator, SOURCE), "data")
    assert outcomes(result) == {volume_id: "failed"}
    assert "was not withdrawn: You may not. The user needs the right evs:transfers:delete" in said(result)


def test_a_disk_that_is_offered_again_meanwhile_is_told(emulator: EmulatorServer, volume_id: str) -> None:
    other = evs_of(emulator, SOURCE)

    class Overtaken(Evs):
        def delete_transfer(self, transfer_id: str) -> bool:
            deleted = super().delete_transfer(transfer_id)
            other.create_transfer(volume_id, "theirs")
            return deleted

    result = take_back(client(Overtaken, emulator, SOURCE), "data", timeout=HASTY)
    assert outcomes(result) == {volume_id: "failed"}
    assert "is still awaiting-transfer and locked: somebody has offered it again" in said(result)


def test_one_that_cannot_be_withdrawn_costs_no_other(emulator: EmulatorServer) -> None:
    ids = emulator.create_volumes(SOURCE, [{"name": f"d{number}"} for number in range(3)])
    offers = offered(make_offer(evs_of(emulator, SOURCE), *ids))

    class Partly(Evs):
        def delete_transfer(self, transfer_id: str) -> bool:
            if transfer_id == offers[1].transfer_id:
                raise AnswerLost("no answer")
            return super().delete_transfer(transfer_id)

    result = take_back(client(Partly, emulator, SOURCE), *ids, timeout=HASTY)
    assert outcomes(result) == {ids[0]: "withdrawn", ids[1]: "failed", ids[2]: "withdrawn"}
    assert (result.failure or "").startswith("Withdrawing 3 disks: 1 failed. The transfer ")


@pytest.mark.parametrize("full", [True, False], ids=["a full page", "a page"])
def test_a_transfer_on_no_page_is_asked_for(
    emulator: EmulatorServer, volume_id: str, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    """Cinder shows one page at most: what is not on a full one may be there all the same."""
    from ansible_collections.otc.evs.plugins.module_utils._flows import withdraw as module

    monkeypatch.setattr(module, "PAGE", 0 if full else 1)

    class ShortList(Forgetful):
        def transfers(self, volume_id: str | None = None) -> list[Transfer]:
            return [] if self.lost == 0 else super().transfers(volume_id)

    result = take_back(client(ShortList, emulator, SOURCE, lost=1, done=False), "data", timeout=HASTY)
    assert ("was not withdrawn" in said(result)) == full
    assert outcomes(result) == {volume_id: "failed"}


@pytest.mark.parametrize("status", ["available", "error"])
@pytest.mark.parametrize("by", ["volumes", "transfer_ids"])
def test_an_offer_is_withdrawn_although_the_status_of_its_disk_was_reset(
    emulator: EmulatorServer, volume_id: str, by: str, status: str
) -> None:
    (known,) = emulator.transfers()
    emulator.update_volume(volume_id, status=status)
    asked = Withdrawal(["data"], None, None, None) if by == "volumes" else Withdrawal(None, [known["id"]], None, None)
    for rehearsed in (True, False):
        result = withdraw(evs_of(emulator, SOURCE), asked, 4, 5, rehearsed=rehearsed)
        assert [(row.transfer_id, row.outcome) for row in rows_of(result)] == [(known["id"], "withdrawn")]
        assert result.changed
    assert emulator.transfers() == []


@pytest.mark.parametrize("older_than", [None, datetime.timedelta()])
@pytest.mark.parametrize("created_at", ["2126-11-21T12:02:00.000000", "2020-11-21T12:02:00.000000"])
def test_all_are_withdrawn_whatever_clocks_say(
    emulator: EmulatorServer, volume_id: str, older_than: datetime.timedelta | None, created_at: str
) -> None:
    """T6: the clock of the server is ahead."""
    (known,) = emulator.transfers()
    emulator.update_transfer(known["id"], created_at=created_at)
    result = withdraw(evs_of(emulator, SOURCE), Withdrawal(None, None, older_than, "ours"), 4, 5, rehearsed=False)
    assert outcomes(result) == {volume_id: "withdrawn"}
    assert emulator.transfers() == []


def test_disks_that_are_not_there_or_not_offered_are_as_wanted(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "free")
    result = take_back(evs_of(emulator, SOURCE), "free", "nix", "0" * 32)
    assert (result.rows, result.changed, result.failure) == ([], False, None)
    (warning,) = result.warnings
    assert "has no disk 'nix'; there is nothing to withdraw" in warning
