# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which offers are withdrawn."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import DEFAULT_NAME
from ansible_collections.otc.evs.plugins.module_utils._plan.withdrawals import Withdrawal, duration, select
from tests.support.bodies import transfer, volume

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.timezone.utc)
HOUR = datetime.timedelta(hours=1)
NONE = datetime.timedelta()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("2h", 7200),
        ("1d12h", 129600),
        ("3w", 1814400),
        ("0s", 0),
        ("5m", 300),
        ("1w1d1h1m1s", 694861),
        ("1s1s", 2),
    ],
)
def test_duration_reads(text: str, seconds: int) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "3", "h", "3 h", "3y", "-3h", "3h!", "1.5h", "x3h", "3h4"])
def test_duration_refuses_and_says_how_to_write_it(text: str) -> None:
    with pytest.raises(UsageError, match="1d12h"):
        duration(text)


@pytest.mark.parametrize("text", ["999999999999w", "9" * 5000 + "s"])
def test_duration_refuses_what_is_too_long(text: str) -> None:
    with pytest.raises(UsageError, match="which is too long a time"):
        duration(text)


OLD = transfer(volume(), name="ours", created_at="2026-11-21T09:00:00.000000")
NEW = transfer(volume(), name="theirs", created_at="2026-11-21T11:59:00.000000")
USUAL = transfer(volume(), name=DEFAULT_NAME, created_at="2026-11-21T11:00:00.000000")
JUST = transfer(volume(), name=DEFAULT_NAME, created_at="2026-11-21T10:59:59.000000")
ALL = [OLD, NEW, USUAL, JUST]
DISKS = ["one", "two"]
IDS = [OLD.id]


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        (Withdrawal(DISKS, None, None, None), ALL),
        (Withdrawal(None, IDS, None, None), ALL),
        (Withdrawal(DISKS, None, HOUR, None), [OLD, JUST]),
        (Withdrawal(None, IDS, HOUR, None), [OLD, JUST]),
        # A name that is given counts always; without disks or IDs only those of the usual name are meant.
        (Withdrawal(DISKS, None, None, "theirs"), [NEW]),
        (Withdrawal(None, IDS, None, "theirs"), [NEW]),
        (Withdrawal(None, None, HOUR, "ours"), [OLD]),
        (Withdrawal(None, None, HOUR, "theirs"), []),
        (Withdrawal(None, None, NONE, "ours"), [OLD]),
        (Withdrawal(None, None, NONE, None), [USUAL, JUST]),
        (Withdrawal(None, None, HOUR, None), [JUST]),
        (Withdrawal([], None, None, None), ALL),
        (Withdrawal(None, [], None, None), ALL),
    ],
)
def test_which_are_meant(asked: Withdrawal, chosen: list[object]) -> None:
    assert select(ALL, asked, NOW) == chosen


@pytest.mark.parametrize("older_than", [None, NONE])
def test_without_an_age_no_clock_counts(older_than: datetime.timedelta | None) -> None:
    """T6: the server's clock is ahead, or tells nothing."""
    ahead = transfer(volume(), name="ours", created_at="2026-11-21T12:02:00.000000")
    undated = transfer(volume(), name="ours", created_at=None)
    assert select([ahead, undated], Withdrawal(None, None, older_than, "ours"), NOW) == [ahead, undated]


@pytest.mark.parametrize("created_at", [None, "yesterday"])
def test_no_age_is_guessed(created_at: str | None) -> None:
    undated = transfer(volume(), created_at=created_at)
    with pytest.raises(UsageError, match=undated.id):
        select([undated], Withdrawal(None, None, HOUR, "ours"), NOW)
