# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lost answers, on the emulator: what is done about them, and that no key and no disk gets lost."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerLost, ApiError, EvsError
from ansible_collections.otc.evs.plugins.module_utils._flows.accept import Offered
from ansible_collections.otc.evs.plugins.module_utils._flows.recovery import NoSuchTransfer, accept_one
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret, Transfer, Volume
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
)
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize("done", [True, False], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_create_ends_in_an_offer_whose_key_works(emulator: EmulatorServer, lost: int, done: bool) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    result = make_offer(client(Forgetful, emulator, SOURCE, lost=lost, done=done), "data")
    assert outcomes(result) == {volume_id: "offered"}
    assert len(emulator.transfers()) == 1
    assert outcomes(take(evs_of(emulator, TARGET), offered(result))) == {volume_id: "accepted"}
    assert [disk["name"] for disk in emulator.volumes(TARGET)] == ["data"]


@pytest.mark.parametrize("done", [True, False], ids=["carried out", "not carried out"])
def test_a_create_that_is_lost_for_good_leaves_the_disk_free(emulator: EmulatorServer, done: bool) -> None:
    emulator.create_volume(SOURCE, "data")

    class Lossy(Forgetful):
        def delete_transfer(self, transfer_id: str) -> bool:
            return Evs.delete_transfer(self, transfer_id)

    result = make_offer(client(Lossy, emulator, SOURCE, lost=3, done=done), "data")
    assert "was not offered: the answer was lost." in said(result)
    assert "may still be under way: look with evs_transfer_info whether the disk is offered and locked" in said(result)
    assert [row.outcome for row in rows_of(result)] == ["failed"]
    assert (result.transfers, result.changed) == ([], False)
    assert emulator.transfers() == []
    assert emulator.volumes(SOURCE)[0]["status"] == "available"


def test_a_create_that_shows_only_later_is_withdrawn_then(emulator: EmulatorServer) -> None:
    """T11: the disk is locked at once, the transfer is listed three looks later."""
    volume_id = emulator.create_volume(SOURCE, "data")

    class Busy(Forgetful):
        looks = 0

        def transfers(self, volume_id: str | None = None) -> list[Transfer]:
            found = super().transfers(volume_id)
            if volume_id is None:
                return found
            self.looks += 1
            return found if self.looks > 3 else []

        def delete_transfer(self, transfer_id: str) -> bool:
            return Evs.delete_transfer(self, transfer_id)

    busy = client(Busy, emulator, SOURCE, lost=1)
    result = make_offer(busy, volume_id)
    assert outcomes(result) == {volume_id: "offered"}
    assert busy.looks == 4
    assert [transfer["id"] for transfer in emulator.transfers()] == [row["id"] for row in result.transfers or ()]
    assert outcomes(take(evs_of(emulator, TARGET), offered(result))) == {volume_id: "accepted"}


def test_a_create_that_is_carried_out_after_the_next_attempt_began_is_withdrawn(emulator: EmulatorServer) -> None:
    """T11: neither the disk nor the list showed it, and the next create is refused for it."""
    volume_id = emulator.create_volume(SOURCE, "data")

    class Late(Evs):
        attempts = 0

        def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
            self.attempts += 1
            if self.attempts == 1:
                raise AnswerLost("the answer was lost")
            if self.attempts == 2:
                super().create_transfer(volume_id, name)
            return super().create_transfer(volume_id, name)

    late = client(Late, emulator, SOURCE)
    result = make_offer(late, volume_id)
    assert (outcomes(result), late.attempts) == ({volume_id: "offered"}, 3)
    assert len(emulator.transfers()) == 1


def test_a_refusal_without_a_lost_answer_before_is_final(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")

    class Refused(Evs):
        attempts = 0

        def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
            self.attempts += 1
            raise ApiError("No.", 400, None, None, "No.")

    refused = client(Refused, emulator, SOURCE)
    result = make_offer(refused, volume_id)
    assert refused.attempts == 1
    assert said(result).endswith("was not offered: No. The server does not transfer this disk as it is; "
                                 "evs_volume_info shows which constraints it violates.")  # fmt: skip


def test_a_lost_create_leaves_somebody_elses_offer_alone(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    other = evs_of(emulator, SOURCE)

    class Overtaken(Evs):
        def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
            other.create_transfer(volume_id, "theirs")
            raise AnswerLost("the answer was lost")

    result = make_offer(client(Overtaken, emulator, SOURCE), volume_id)
    assert "called 'theirs', has meanwhile offered the disk; it is left alone" in said(result)
    assert "locked" in said(result)
    assert [transfer["name"] for transfer in emulator.transfers()] == ["theirs"]


def test_a_lost_create_of_a_disk_that_left_is_gone(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")

    class Overtaken(Evs):
        def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
            emulator.delete_volume(volume_id)
            raise AnswerLost("the answer was lost")

    assert outcomes(make_offer(client(Overtaken, emulator, SOURCE), volume_id)) == {volume_id: "gone"}


def test_a_lost_create_of_which_nothing_can_be_found_out_is_unknown(emulator: EmulatorServer) -> None:
    """T8: the answer is lost, and nothing can be read afterwards."""
    volume_id = emulator.create_volume(SOURCE, "data")
    result = make_offer(client(Blinded, emulator, SOURCE, lost=1), volume_id, timeout=HASTY)
    assert outcomes(result) == {volume_id: "unknown"}
    assert "It is not known whether Disk data" in said(result)
    assert "the answer was lost. What became of it could not be read either: the cloud is silent" in said(result)
    assert "it may stay locked" in said(result)
    assert "was not" not in said(result)


def test_a_lost_offer_that_is_not_withdrawn_in_time_is_told(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    emulator.order_fault("reset", method="POST", path="os-volume-transfer", after=True)
    emulator.order_fault("pretend", method="DELETE", times=None)
    result = make_offer(evs_of(emulator, SOURCE), "data", timeout=HASTY)
    assert "0 s later the disk is still awaiting-transfer." in said(result)
    assert "so it is locked" in said(result)
    assert [row.outcome for row in rows_of(result)] == ["failed"]
    assert not result.changed


def test_looking_ends_where_it_will_not_help(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")

    class Forbidden(Forgetful):
        looks = 0

        def transfers(self, volume_id: str | None = None) -> list[Transfer]:
            self.looks += 1
            raise ApiError("You may not look.", 403, None, None, "")

    forbidden = client(Forbidden, emulator, SOURCE, lost=1)
    result = make_offer(forbidden, volume_id)
    assert forbidden.looks == 1
    assert "What became of it could not be read either: You may not look." in said(result)
    assert "so it is locked" in said(result)


@pytest.mark.parametrize("done", [True, False], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_accept_ends_with_the_disk_in_the_target(emulator: EmulatorServer, lost: int, done: bool) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))
    result = take(client(Forgetful, emulator, TARGET, lost=lost, done=done), offers)
    assert outcomes(result) == {volume_id: "accepted"}
    assert result.changed
    assert [disk["status"] for disk in emulator.volumes(TARGET)] == ["available"]


def test_a_lost_accept_of_which_nothing_can_be_found_out_is_unknown(emulator: EmulatorServer) -> None:
    """T8: it was carried out, and nobody can tell."""
    volume_id = emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))
    result = take(client(Blinded, emulator, TARGET, lost=1), offers, timeout=HASTY)
    assert outcomes(result) == {volume_id: "unknown"}
    assert "It is not known whether Transfer" in said(result)
    assert "was not" not in said(result)
    assert said(result).endswith("Run again to find out.")
    again = take(evs_of(emulator, TARGET), offers)
    assert (outcomes(again), again.changed) == ({volume_id: "already_there"}, False)


def test_a_lost_accept_without_volume_id_says_what_may_have_happened(emulator: EmulatorServer) -> None:
    emulator.create_volume(SOURCE, "data")
    (known,) = offered(make_offer(evs_of(emulator, SOURCE), "data"))
    result = take(client(Forgetful, emulator, TARGET, lost=1), [Offered(known.transfer_id, known.auth_key)])
    assert [row.outcome for row in rows_of(result)] == ["unknown"]
    assert "it may be this project that accepted it" in said(result)
    assert "Pass volume_id" in said(result)


class Answering(Evs):
    """Answers accepts with one error after the other."""

    errors: list[EvsError]
    has = False

    def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
        raise self.errors.pop(0)

    def volume(self, volume_id: str) -> Volume | None:
        return super().volume(volume_id) if self.has else None


def api_error(status: int, reason: str = "words") -> ApiError:
    return ApiError(f"It was answered {status}: {reason}.", status, None, None, reason)


LOST = AnswerLost("the answer was lost")


@pytest.mark.parametrize(
    ("errors", "raised", "words"),
    [
        ([api_error(400)], ApiError, "answered 400"),
        ([api_error(404)], NoSuchTransfer, "There is no such transfer (any more), and the disk is not in this project"),
        # A 404 about a volume type is not about the transfer.
        ([api_error(404, "Volume type 7 could not be found")], ApiError, "answered 404: Volume type 7"),
        ([LOST, api_error(404)], NoSuchTransfer, "There is no such transfer"),
        # The first request may still be under way.
        ([LOST, api_error(400)], AnswerLost, "the answer was lost. The next attempt: It was answered 400"),
        ([api_error(500), api_error(400)], ApiError, "answered 400"),
        ([api_error(504), api_error(400)], AnswerLost, "answered 504: words. The next attempt: It was answered 400"),
        ([api_error(500)] * 3, ApiError, "answered 500"),
        ([LOST] * 3, AnswerLost, "the answer was lost"),
    ],
)
def test_what_an_accept_comes_to(
    emulator: EmulatorServer, errors: list[EvsError], raised: type[EvsError], words: str
) -> None:
    evs = client(Answering, emulator, TARGET, errors=list(errors))
    with pytest.raises(raised) as caught:
        accept_one(evs, "t", Secret("k"), "v")
    assert words in caught.value.message
    assert evs.errors == []


@pytest.mark.parametrize(
    ("errors", "by_us"), [([api_error(404)], False), ([LOST], True), ([api_error(500)], True), ([LOST, LOST], True)]
)
def test_a_disk_that_is_there_after_a_lost_answer_was_accepted(
    emulator: EmulatorServer, errors: list[EvsError], by_us: bool
) -> None:
    volume_id = emulator.create_volume(TARGET, "data")
    evs = client(Answering, emulator, TARGET, errors=list(errors), has=True)
    assert accept_one(evs, "t", Secret("k"), volume_id) == (volume_id, by_us)


def test_without_the_disks_id_a_transfer_that_is_not_there_is_no_success(emulator: EmulatorServer) -> None:
    evs = client(Answering, emulator, TARGET, errors=[api_error(404)], has=True)
    with pytest.raises(NoSuchTransfer, match=r"it was accepted or withdrawn before\. Pass volume_id"):
        accept_one(evs, "t", Secret("k"), None)
