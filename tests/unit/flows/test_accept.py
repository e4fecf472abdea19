# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accepting: what is taken, what is proved, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, EvsError, Unreachable, UsageError
from ansible_collections.otc.evs.plugins.module_utils._flows.accept import (
    REMEDIES,
    WRONG_KEY,
    Checks,
    Offered,
    accept,
    distinct,
    plan,
    remedies_of,
)
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret, Volume
from tests.emulator.server import EmulatorServer
from tests.support.bodies import volume
from tests.support.flows import HASTY, client, make_offer, offered, outcomes, rows_of, said, take
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

pytestmark = pytest.mark.usefixtures("quick")

IDS = [f"{number:032x}" for number in range(4)]


def one(volume_id: str | None = None, transfer_id: str = "t-1", key: str = "k", **fields: Any) -> Offered:
    return Offered(transfer_id, Secret(key), volume_id, **fields)


def test_what_is_here_is_not_accepted() -> None:
    ours, theirs, unknown = one("v-1"), one("v-2"), one()
    made = plan([ours, theirs, unknown], {"v-1"}, set())
    assert (made.owned, made.to_accept) == ([ours], [theirs, unknown])


def test_a_project_does_not_accept_its_own_offer() -> None:
    own, other = one("v-1"), one("v-2", "t-2")
    made = plan([own, other], {"v-1"}, {"t-1"})
    assert (made.own, made.owned, made.to_accept) == ([own], [], [other])
    (problem,) = made.problems("b")
    assert "Transfer t-1 of disk v-1: the disk belongs to project b, which would accept its own offer." in problem
    assert plan([own, other], {"v-1"}, set()).problems("b") == []


@pytest.mark.parametrize("field", ["transfer_id", "auth_key"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_an_offer_has_an_id_and_a_key(field: str, value: str | None) -> None:
    params = {"transfer_id": IDS[0], "auth_key": "k", "volume_name": "db01", field: value}
    with pytest.raises(UsageError, match=f"no {field} for db01"):
        Offered.from_params(params)
    with pytest.raises(UsageError, match="for one of the transfers"):
        Offered.from_params({})


@pytest.mark.parametrize("field", ["transfer_id", "volume_id"])
def test_what_is_no_id_is_refused(field: str) -> None:
    with pytest.raises(UsageError, match=f"Option {field} holds"):
        Offered.from_params({"transfer_id": IDS[0], "auth_key": "k", field: "../x"})


def test_what_is_told_of_a_disk_is_optional() -> None:
    assert Offered.from_params({"transfer_id": IDS[0], "auth_key": "k"}).as_told.id is None
    whole = Offered.from_params(
        {"transfer_id": IDS[0], "auth_key": "k", "volume_id": IDS[1], "volume_name": "d", "size": 7, "volume_type": "S"}
    )
    row = whole.as_told
    assert (row.id, row.outcome, row.name, row.size, row.volume_type) == (IDS[1], "accepted", "d", 7, "S")
    assert row.transfer_id == IDS[0]


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({}, "Transfer t-1"),
        ({"volume_id": "v"}, "Transfer t-1 of disk v"),
        ({"volume_name": "d\x07"}, "Transfer t-1 of disk d\\x07"),
        ({"volume_id": "v", "volume_name": "d"}, "Transfer t-1 of disk d (v)"),
    ],
)
def test_how_messages_call_it(fields: dict[str, Any], label: str) -> None:
    assert one(**fields).label == label


def test_a_transfer_that_is_given_twice_counts_once() -> None:
    assert [offer.transfer_id for offer in distinct([one("v"), one("v"), one("w", "t-2")])] == ["t-1", "t-2"]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (one("v"), one("w"), "is given twice, with different values"),
        (one("v"), one(), "is given twice, with different values"),
        (one("v"), one("v", key="other"), "is given twice, with different values"),
        (one("v"), one("v", "t-2"), "Disk v is given with two transfers, t-1 and t-2"),
    ],
)
def test_what_contradicts_itself_is_refused(first: Offered, second: Offered, words: str) -> None:
    """S1: a disk that is named twice hides another."""
    with pytest.raises(UsageError, match=words) as caught:
        distinct([first, second])
    assert "other" not in caught.value.message


def test_in_what_a_disk_is_another_than_was_told() -> None:
    disk = volume(id="v", name="data", size=10, volume_type="SSD")
    assert one("v", volume_name="data", size=10, volume_type="SSD").differences(disk) == []
    assert one().differences(disk) == []
    assert one("w", volume_name="x", size=1, volume_type="SAS").differences(disk) == [
        "its id is 'v', not 'w'",
        "its name is 'data', not 'x'",
        "its size is 10, not 1",
        "its volume_type is 'SSD', not 'SAS'",
    ]


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ApiError("m", 400, None, None, "Invalid Auth Key: no"), WRONG_KEY),
        (ApiError("m", 400, None, None, "no"), REMEDIES[400]),
        (EvsError("auth key"), REMEDIES[400]),
    ],
)
def test_a_wrong_key_has_a_remedy_of_its_own(error: EvsError, remedy: str) -> None:
    assert remedies_of(error)[400] == remedy
    assert remedies_of(error)[413] == REMEDIES[413]


def test_a_key_does_not_show_itself() -> None:
    assert "0000" not in repr(one(key="0000000000000000"))


def test_an_accept_is_proved_by_the_owner_not_by_the_answer(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))

    class Polite(Evs):
        def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
            return volume_id

    result = take(client(Polite, emulator, TARGET), offers, timeout=HASTY)
    assert outcomes(result) == {volume_id: "failed"}
    assert "the server answered that it was, but the disk is not in this project" in said(result)
    assert not result.changed


def test_an_accept_that_cannot_be_read_back_is_no_success(emulator: EmulatorServer) -> None:
    """T8."""
    volume_id = emulator.create_volume(SOURCE, "data")
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

    result = take(client(Blind, emulator, TARGET), offers, timeout=HASTY)
    assert outcomes(result) == {volume_id: "unknown"}
    assert "but the disk could not be read back: the cloud is gone. Run again to find out." in said(result)
    assert not result.changed
    assert outcomes(take(evs_of(emulator, TARGET), offers)) == {volume_id: "already_there"}


def test_what_came_although_something_else_was_told_is_an_alarm(emulator: EmulatorServer) -> None:
    """S1 and S2: what is told is what was read back."""
    volume_id = emulator.create_volume(SOURCE, "huge", size=900)
    (known,) = offered(make_offer(evs_of(emulator, SOURCE), "huge"))
    mistaken = Offered(known.transfer_id, known.auth_key, IDS[1], "small", 1)
    result = take(evs_of(emulator, TARGET), [mistaken])
    (row,) = rows_of(result)
    assert (row.id, row.name, row.size, row.outcome) == (volume_id, "huge", 900, "accepted")
    (alarm,) = result.alarms
    assert row.message == alarm
    assert f"brought disk huge ({volume_id}), which differs from what the source said: its id is" in alarm
    assert "its size is 900, not 1" in alarm
    assert "not all as expected" in (result.failure or "")
    assert result.changed


def test_what_is_here_already_and_is_not_as_it_was_told_is_told(emulator: EmulatorServer) -> None:
    """S2: by a second run as well; no failure, since the target may have changed it meanwhile."""
    emulator.create_volume(SOURCE, "huge", size=900)
    (known,) = offered(make_offer(evs_of(emulator, SOURCE), "huge"))
    take(evs_of(emulator, TARGET), [known])
    for told, differs in ((replace(known, volume_name="small", size=1), True), (known, False)):
        result = take(evs_of(emulator, TARGET), [told])
        (row,) = rows_of(result)
        assert (row.outcome, row.name, row.size) == ("already_there", "huge", 900)
        assert ("its name is 'huge', not 'small'; its size is 900, not 1" in (row.message or "")) is differs
        assert (result.alarms, result.failure, result.changed) == ([], None, False)


@pytest.mark.parametrize("skip_gone", [True, False])
def test_a_dead_transfer_costs_no_other(emulator: EmulatorServer, skip_gone: bool) -> None:
    """T9: it is told once, and only fails if the user wants it to."""
    ids = emulator.create_volumes(SOURCE, [{"name": "dead"}, {"name": "alive"}])
    source = evs_of(emulator, SOURCE)
    offers = offered(make_offer(source, *ids))
    source.delete_transfer(offers[0].transfer_id)
    result = take(evs_of(emulator, TARGET), offers, skip_gone=skip_gone)
    assert outcomes(result) == {ids[0]: "gone" if skip_gone else "failed", ids[1]: "accepted"}
    assert bool(result.failure) is not skip_gone
    assert "no such transfer (any more)" in (rows_of(result)[0].message or "")
    assert [row.name for row in rows_of(result)] == ["dead", "alive"]


def test_another_refusal_is_no_dead_transfer(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    (known,) = offered(make_offer(evs_of(emulator, SOURCE), "data"))
    result = take(evs_of(emulator, TARGET), [Offered(known.transfer_id, Secret("no"), volume_id)], skip_gone=True)
    assert outcomes(result) == {volume_id: "failed"}
    assert "Check the auth_key" in said(result)


def test_a_disk_that_another_run_accepted_meanwhile_is_there(emulator: EmulatorServer) -> None:
    volume_id = emulator.create_volume(SOURCE, "data")
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))
    other = evs_of(emulator, TARGET)

    class Overtaken(Evs):
        def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
            other.accept_transfer(transfer_id, auth_key)
            return super().accept_transfer(transfer_id, auth_key)

    result = take(client(Overtaken, emulator, TARGET), offers)
    assert (outcomes(result), result.changed, result.failure) == ({volume_id: "already_there"}, False, None)


def test_a_quota_that_cannot_be_read_is_unchecked_and_one_that_does_not_suffice_a_problem(
    emulator: EmulatorServer,
) -> None:
    volume_id = emulator.create_volume(SOURCE, "data", size=3)
    offers = offered(make_offer(evs_of(emulator, SOURCE), "data"))

    class Unasked(Evs):
        def quota(self) -> Any:
            raise ApiError("You may not.", 403, None, None, "")

    def rehearse(evs: Evs, check_quota: bool = True, **checks: Any) -> Any:
        how = {"check_quota": check_quota, "skip_gone": False, "rehearsed": True}
        return accept(evs, offers, 4, 5, checks=Checks(**checks), **how)

    stopped = rehearse(client(Unasked, emulator, TARGET))
    assert stopped.problems[0].startswith("The constraint quota could not be checked: the quota of project tenant-b (")
    assert "could not be read: You may not. Give the user the right to read that" in stopped.problems[0]
    assert (outcomes(stopped), stopped.changed, stopped.to_do) == ({volume_id: "blocked"}, False, [])
    allowed = rehearse(client(Unasked, emulator, TARGET), unchecked="allow")
    assert (allowed.problems, outcomes(allowed), allowed.changed) == ([], {volume_id: "accepted"}, True)
    assert [reason.constraint for reason in allowed.rows[0].reasons] == ["quota"]
    ignored = rehearse(client(Unasked, emulator, TARGET), ignored=["quota"])
    assert (ignored.problems, ignored.rows[0].reasons) == ([], ())
    emulator.set_quota(TARGET, gigabytes=2)
    short = rehearse(evs_of(emulator, TARGET))
    assert "is not enough for 1 disks: gigabytes: 3 needed, 2 free" in short.problems[0]
    assert short.values["shortfalls"][0]["resource"] == "gigabytes"
    assert not short.changed
    assert rehearse(evs_of(emulator, TARGET), check_quota=False).problems == []
    assert len(emulator.transfers()) == 1
