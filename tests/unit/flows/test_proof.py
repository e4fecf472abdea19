# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading back until things are as they should be, or time is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import (
    AnswerLost,
    AnswerTooLong,
    ApiError,
    EvsError,
    LoginError,
    MalformedAnswer,
    Unproved,
    Unreachable,
    UntrustedServer,
    UsageError,
)
from ansible_collections.otc.evs.plugins.module_utils._flows import proof
from ansible_collections.otc.evs.plugins.module_utils._flows.proof import Patience, look, passes, trouble, watch
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Reading, Trouble, is_free
from tests.support.bodies import volume

FREE = volume(id="a")
WAITING = volume(id="a", status="awaiting-transfer")


class Clock:
    """A clock that only pauses move on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(proof, "time", made)
    return made


class Told:
    """Tells of disks what it was told to, one reading after the other; the last one for ever."""

    def __init__(self, *readings: Mapping[str, Volume] | EvsError) -> None:
        self.readings = list(readings)
        self.asked: list[list[str]] = []

    def by_id(self, dummy: object, ids: list[str]) -> Mapping[str, Volume]:
        self.asked.append(list(ids))
        reading = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        if isinstance(reading, EvsError):
            raise reading
        return {key: reading[key] for key in ids if key in reading}


def reading_of(
    monkeypatch: pytest.MonkeyPatch, told: Told, *ids: str | None, timeout: float = 10, once: bool = False
) -> Reading:
    monkeypatch.setattr(proof, "by_id", told.by_id)
    nobody: Any = None
    return look(nobody, ids, timeout) if once else watch(nobody, ids, is_free, timeout)


def test_patience_has_pauses_that_grow_and_an_end(clock: Clock) -> None:
    patience = Patience(20)
    while patience.lasts():
        pass
    assert clock.pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert clock.now - 100 <= 20
    assert not Patience(0.4).lasts()
    assert Patience(0.5).lasts()


def test_only_what_is_not_settled_is_read_again(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    other = volume(id="b")
    told = Told({"a": WAITING, "b": other}, {"a": WAITING}, {"a": FREE})
    reading = reading_of(monkeypatch, told, "a", "b", "gone", "a", None)
    assert told.asked == [["a", "b", "gone"], ["a"], ["a"]]
    assert reading.seen == {"a": FREE, "b": other, "gone": None}
    assert reading.unread == {}
    assert reading.at
    assert reading.at.endswith("Z")
    assert clock.pauses == [0.5, 1.0]


def test_what_does_not_settle_is_told_as_it_was_read_last(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    reading = reading_of(monkeypatch, Told({"a": WAITING}), "a", timeout=3)
    assert reading.seen == {"a": WAITING}
    assert clock.pauses == [0.5, 1.0]


@pytest.mark.usefixtures("clock")
def test_an_answer_that_does_not_come_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(AnswerLost("no answer"), Unreachable("gone"), {"a": FREE})
    reading = reading_of(monkeypatch, told, "a", once=True)
    assert (reading.seen, reading.unread, len(told.asked)) == ({"a": FREE}, {}, 3)


@pytest.mark.usefixtures("clock")
def test_what_was_seen_before_it_could_not_be_read_any_more_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    other = volume(id="b")
    reading = reading_of(monkeypatch, Told({"a": WAITING, "b": other}, AnswerLost("no answer")), "a", "b")
    assert reading.seen == {"b": other}
    assert reading.unread == {"a": "no answer."}


def test_what_will_not_pass_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    reading = reading_of(monkeypatch, Told(ApiError("You may not.", 403, None, None, "")), "a")
    assert reading.unread == {"a": "You may not."}
    assert clock.pauses == []


def test_nothing_is_asked_for_nothing(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    told = Told({})
    assert reading_of(monkeypatch, told, None).seen == {}
    assert (told.asked, clock.pauses) == ([], [])


def api_error(status: int) -> ApiError:
    return ApiError(f"It was answered {status}", status, None, None, "words")


@pytest.mark.parametrize(
    ("error", "may_pass", "is_open", "under_way"),
    [
        (AnswerLost("lost"), True, True, True),
        (AnswerTooLong("long"), False, True, True),
        (MalformedAnswer("odd"), True, True, False),
        (Unreachable("gone"), True, False, False),
        (UntrustedServer("https://x", ValueError("no")), False, False, False),
        (LoginError("no"), False, False, False),
        (UsageError("no"), False, False, False),
        (Unproved("who knows"), False, True, True),
        (api_error(307), False, False, False),
        (api_error(400), False, False, False),
        (api_error(403), False, False, False),
        (api_error(404), False, False, False),
        (api_error(413), False, False, False),
        (api_error(429), True, False, False),
        (api_error(499), False, False, False),
        (api_error(500), True, True, False),
        (api_error(503), True, True, False),
        (api_error(504), True, True, True),
    ],
)
def test_what_an_error_leaves_open(error: EvsError, may_pass: bool, is_open: bool, under_way: bool) -> None:
    assert passes(error) is may_pass
    found = trouble(error, "offered", {})
    assert (found.doing, found.is_open, found.under_way) == ("offered", is_open, under_way)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (api_error(400), "It was answered 400. Do this."),
        (api_error(403), "It was answered 403."),
        (EvsError("It failed."), "It failed."),
        (EvsError("It failed"), "It failed."),
    ],
)
def test_an_error_is_told_with_its_remedy(error: EvsError, message: str) -> None:
    assert trouble(error, "offered", {400: "Do this."}) == Trouble(message, "offered")
