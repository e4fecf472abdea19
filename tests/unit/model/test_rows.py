# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of a disk: its words, and what modules return of it."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    AMISS,
    DONE,
    NOTHING_TO_DO,
    Reason,
    Row,
    amiss,
    handed_on,
    transfer_row,
)
from tests.support.bodies import transfer, volume


def test_every_outcome_has_its_word() -> None:
    assert DONE == ("moved", "offered", "accepted", "withdrawn", "attached", "detached")
    assert NOTHING_TO_DO == ("already_there", "already_offered", "already_attached", "already_detached", "gone")
    assert AMISS == ("failed", "unknown")


@pytest.mark.parametrize(
    ("volume_id", "name", "label"),
    [
        ("v", "data", "data (v)"),
        ("v", None, "v"),
        ("v", "", "v"),
        (None, "data", "data"),
        (None, None, "a disk"),
        ("v", "da\x1bta", "da\\x1bta (v)"),
    ],
)
def test_how_messages_call_a_disk(volume_id: str | None, name: str | None, label: str) -> None:
    assert Row(volume_id, "moved", name).label == label


def test_its_sentences_are_safe_to_show_and_its_name_stays_as_it_is() -> None:
    """S4: they quote what servers and other teams wrote."""
    row = Row("v", "failed", "da\x1bta", reasons=(Reason("status", "it\n is", "\u202ego"),)).saying("It said \x07.")
    told = row.as_result()
    assert told["name"] == "da\x1bta"
    assert told["message"] == "It said \\x07."
    assert told["reasons"] == [{"constraint": "status", "reason": "it\\x0a is", "remedy": "\\u202ego"}]


def test_its_reasons_are_sentences() -> None:
    first, second = Reason("status", "it is busy", "Wait."), Reason("prepaid", "it is paid for", "")
    assert first.sentence == "status: it is busy. Wait."
    assert second.sentence == "prepaid: it is paid for."
    assert Row("v", "blocked", reasons=(first, second)).why == "status: it is busy. Wait. prepaid: it is paid for."
    assert Row("v", "moved").why == ""


def test_a_row_of_a_disk_and_what_modules_return() -> None:
    disk = volume(id="v", name="data", size=7, volume_type="SAS")
    row = Row.of(disk, "offered", "p", "t").saying("Look.")
    assert row == Row("v", "offered", "data", 7, "SAS", "p", transfer_id="t", message="Look.")
    assert row.as_result() == {
        "id": "v",
        "outcome": "offered",
        "name": "data",
        "size": 7,
        "volume_type": "SAS",
        "owner": "p",
        "reasons": [],
        "transfer_id": "t",
        "server": None,
        "device": None,
        "guest_name": None,
        "at": None,
        "message": "Look.",
    }
    reasons = Row("v", "blocked", reasons=(Reason("c", "r", "m"),)).as_result()["reasons"]
    assert reasons == [{"constraint": "c", "reason": "r", "remedy": "m"}]


def test_which_rows_make_a_run_a_failed_one() -> None:
    rows = [Row("v", outcome) for outcome in (*DONE, *NOTHING_TO_DO, "blocked", *AMISS)]
    assert [row.outcome for row in amiss(rows)] == ["failed", "unknown"]


def test_a_key_is_handed_on_and_nowhere_else() -> None:
    disk = volume(id="v", name="data", size=7, volume_type="SAS")
    offer = transfer(disk, id="t", name="ours", auth_key="0123456789abcdef")
    told = {
        "id": "t",
        "name": "ours",
        "volume_id": "v",
        "volume_name": "data",
        "size": 7,
        "volume_type": "SAS",
        "created_at": "2026-11-21T09:00:00.000000Z",
    }
    assert transfer_row(offer, disk) == told
    assert handed_on(offer, Row.of(disk, "offered", None)) == {**told, "auth_key": "0123456789abcdef"}
    assert handed_on(transfer(disk, id="t"), disk) == {**told, "auth_key": None}
    unknown = transfer_row(offer, None)
    assert (unknown["volume_name"], unknown["size"], unknown["volume_type"]) == (None, None, None)
