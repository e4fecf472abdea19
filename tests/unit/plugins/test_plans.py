# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decisions, without a server: what is offered, withdrawn and accepted."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError, UsageError
from ansible_collections.otc.evs.plugins.module_utils._flows import accept as _accept
from ansible_collections.otc.evs.plugins.module_utils._flows import offer as _offer
from ansible_collections.otc.evs.plugins.module_utils._flows import withdraw as _withdraw
from ansible_collections.otc.evs.plugins.module_utils._flows.accept import Offered
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import OfferOptions
from ansible_collections.otc.evs.plugins.module_utils._flows.withdraw import WithdrawOptions, duration, select
from ansible_collections.otc.evs.plugins.module_utils._model.protection import Backup
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret, Volume
from tests.support.bodies import transfer, volume

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("status", "transfer_name", "pending", "decision"),
    [
        ("available", None, "keep", "created"),
        ("available", None, "fail", "created"),
        ("awaiting-transfer", "ours", "keep", "kept"),
        ("awaiting-transfer", "theirs", "keep", "kept"),
        ("awaiting-transfer", "ours", "replace", "replaced"),
        ("awaiting-transfer", "theirs", "replace", "status"),
        ("awaiting-transfer", "ours", "fail", "status"),
        ("awaiting-transfer", None, "keep", "status"),
        ("awaiting-transfer", None, "replace", "status"),
        ("error", None, "keep", "status"),
        # A transfer that was left behind when the disk became available again stands in nobody's way.
        ("available", "ours", "keep", "created"),
    ],
)
def test_offer_decides(status: str, transfer_name: str | None, pending: str, decision: str) -> None:
    disk = volume(status=status)
    transfers = {disk.id: transfer(disk, name=transfer_name)} if transfer_name else {}
    plan = _offer.plan([disk], transfers, Evidence(), OfferOptions(name="ours", pending=pending))
    decisions = [step.action for step in plan.steps]
    assert decisions + [blocker.constraint for blocked in plan.blocked for blocker in blocked.blockers] == [decision]


def test_offer_without_checks_offers_what_it_is_told_to() -> None:
    evidence = Evidence(unchecked={"backups": "no"})
    plan = _offer.plan([volume(bootable="true")], {}, evidence, OfferOptions(name="ours", check_constraints=False))
    assert [step.action for step in plan.steps] == ["created"]
    assert plan.unchecked == {}


@pytest.mark.parametrize(
    ("disk", "ignored", "open_questions"),
    [
        (volume(), [], ["backups", "snapshots"]),
        (volume(), ["backups"], ["snapshots"]),
        (volume(bootable="true"), [], []),
    ],
    ids=["free", "one ignored", "blocked anyway"],
)
def test_offer_tells_what_could_not_be_checked(disk: Volume, ignored: list[str], open_questions: list[str]) -> None:
    evidence = Evidence(unchecked={"backups": "403", "snapshots": "500"})
    plan = _offer.plan([disk], {}, evidence, OfferOptions(name="ours", ignored=ignored))
    assert list(plan.unchecked) == open_questions


def test_a_constraint_that_is_violated_is_not_open_as_well() -> None:
    disk = volume()
    evidence = Evidence(backups={disk.id: [Backup("b", "nightly", disk.id)]}, unchecked={"backups": "403"})
    plan = _offer.plan([disk], {}, evidence, OfferOptions(name="ours"))
    assert [blocker.constraint for blocker in plan.blocked[0].blockers] == ["backups"]
    assert plan.unchecked == {}


@pytest.mark.parametrize("name", ["", "  ", " a", "a ", "x" * 65])
def test_offer_refuses_a_name_that_the_api_would_not_keep(name: str) -> None:
    with pytest.raises(UsageError, match="name of a transfer"):
        OfferOptions(name=name)


def test_offer_takes_the_longest_name_whatever_its_bytes() -> None:
    assert OfferOptions(name="ü" * 64).name == "ü" * 64


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("2h", 7200), ("1d12h", 129600), ("3w", 1814400), ("0s", 0), ("5m", 300)]
)
def test_duration_reads(text: str, seconds: int) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "3", "h", "3 h", "3y", "-3h", "3h!", "1.5h"])
def test_duration_refuses_and_says_how_to_write_it(text: str) -> None:
    with pytest.raises(UsageError, match="1d12h"):
        duration(text)


def test_withdraw_selects() -> None:
    one, two = volume(name="one"), volume(name="two")
    old = transfer(one, name="ours", created_at="2026-11-21T09:00:00.000000")
    new = transfer(two, name="theirs", created_at="2026-11-21T11:59:00.000000")
    pending = [old, new]
    hour = datetime.timedelta(hours=1)

    def ids(
        refs: list[str] | None,
        transfer_ids: list[str] | None,
        older: datetime.timedelta | None,
        name: str | None = None,
    ) -> list[str]:
        return [item.id for item in select(pending, WithdrawOptions(refs, transfer_ids, older, name), NOW)]

    assert ids(["one", "two"], None, None) == [old.id, new.id]
    assert ids(["one", "two"], None, hour) == [old.id]
    assert ids(None, [old.id, new.id], None) == [old.id, new.id]
    assert ids(["one", "two"], None, None, "theirs") == [new.id], "a name that is given counts always"
    assert ids(None, None, hour, "ours") == [old.id]
    assert ids(None, None, datetime.timedelta(), "ours") == [old.id]
    assert ids(None, None, datetime.timedelta()) == [], "without disks or IDs only transfers of our usual name"


def test_without_an_age_no_clock_counts() -> None:
    ahead = transfer(volume(), name="ours", created_at="2026-11-21T12:02:00.000000")
    undated = transfer(volume(), name="ours", created_at=None)
    options = WithdrawOptions(None, None, datetime.timedelta(), "ours")
    assert select([ahead, undated], options, NOW) == [ahead, undated]


def test_withdraw_does_not_guess_an_age() -> None:
    undated = transfer(volume(), created_at=None)
    with pytest.raises(UsageError, match=undated.id):
        _withdraw.select([undated], WithdrawOptions(None, None, datetime.timedelta(hours=1), "ours"), NOW)


def offered(volume_id: str | None = None) -> Offered:
    return Offered("t-1", Secret("k"), volume_id)


def test_accept_decides() -> None:
    ours, theirs, unknown = offered("v-1"), offered("v-2"), offered(None)
    plan = _accept.plan([ours, theirs, unknown], {"v-1"}, set(), "b")
    assert list(plan.owned) == [ours]
    assert list(plan.to_accept) == [theirs, unknown]


def test_accept_refuses_its_own_offer() -> None:
    with pytest.raises(UsageError, match="own offer"):
        _accept.plan([offered("v-1")], {"v-1"}, {"t-1"}, "b")


@pytest.mark.parametrize("field", ["transfer_id", "auth_key"])
@pytest.mark.parametrize("value", [None, ""])
def test_accept_wants_id_and_key(field: str, value: str | None) -> None:
    params = {"transfer_id": "t-1", "auth_key": "k", "volume_name": "db01", field: value}
    with pytest.raises(UsageError, match=f"no {field} for db01"):
        Offered.from_params(params)


def test_a_key_does_not_show_itself() -> None:
    secret = Secret("0000000000000000")
    assert "0000" not in repr(secret)
    assert "0000" not in str(secret)
    assert "0000" not in f"{secret}"
    assert "0000" not in repr(Offered("t", secret))
    assert "0000" not in str(vars(EvsError(f"{secret}")))
    assert secret.reveal() == "0000000000000000"
