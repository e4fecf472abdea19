# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every field of every answer replaced by junk: what is not understood is told, and never taken for a pass.

The answers are genuine ones of the emulator, changed on their way to the module, so that a request
or a field that is added later is covered by being there.
"""

from __future__ import annotations

import copy
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from ansible_collections.otc.evs.plugins.module_utils._flows import proof as _proof
from tests.emulator.server import EmulatorServer
from tests.faults.liar import (
    ACCEPT,
    CALLS,
    CHANGING,
    CREATE,
    DEEDS,
    DELETE,
    FOREIGN_ID,
    LOGIN,
    REMOVED,
    WORDS,
    Clock,
    Liar,
    Result,
    Scene,
    answers_to,
    at,
    new_scene,
    places,
    with_body,
    with_json,
)
from tests.support.samples import sample
from tests.support.server import TARGET

CASES = int(os.environ.get("OTC_EVS_FAULT_CASES", "60"))
SEED = int(os.environ.get("OTC_EVS_SEED", "1"))
DEEP = json.loads("[" * 50 + "]" * 50)
JUNK: tuple[Any, ...] = (None, 0, 1e999, True, "", "x", {}, [None], DEEP, REMOVED)
BODIES: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "no JSON": b"<html>gateway</html>",
    "half": b'{"volumes": [',
    "not UTF-8": b'{"volumes": "\xff\xfe\xc3"}',
    "UTF-16": '{"volumes": []}'.encode("utf-16"),
    "deep": b'{"volumes": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a long number": b'{"volumes": ' + b"9" * 10_000 + b"}",
    "NaN": b'{"volumes": NaN, "transfers": NaN, "quota_set": NaN, "transfer": NaN, "volume": NaN, "token": NaN}',
}
ERRORS: dict[str, bytes] = {
    "long words": json.dumps({"error": {"message": "x" * 10**6, "code": "y" * 10**6}}).encode(),
    "no words": b'{"error": {"message": {}, "code": []}}',
    "a code of junk": b'{"error": {"message": "no", "code": {"a": NaN}}, "request_id": []}',
    "a code beside": b'{"error_msg": "no", "error_code": NaN, "request_id": ["x"]}',
}


def assert_sane(scene: Scene, deed: str, result: Result, plain: bool, credible: bool) -> None:
    """No bug, nothing lost, and (where the lie was `plain`) nothing that only the lie let pass."""
    text = json.dumps(result)
    assert "Traceback" not in text
    assert "exception" not in result
    assert "Unexpected error" not in text
    if result.get("failed"):
        assert re.search(r"answer|status|endpoint|Keystone|catalogue|disk|transfer", result["msg"]), result["msg"]
        assert len(result["msg"]) < 12_000
    rows = result.get("disks", [])
    outcomes = {row["outcome"] for row in rows}
    assert result.get("failed") or not outcomes & {"failed", "unknown"}, result
    if deed.startswith("offer"):
        volume_id = scene.free if deed == "offer" else scene.offered
        left = {transfer["id"] for transfer in scene.emulator.transfers() if transfer["volume_id"] == volume_id}
        told = {row["id"] for row in result.get("transfers", ()) if row["auth_key"]}
        assert result.get("failed") or (left == told and (told or "gone" in outcomes)) or not plain, (left, result)
        assert result.get("failed") or told or not left - {scene.transfer.id}, (left, result)
        assert not plain or "offered" not in outcomes or left == told, (left, result)
        # An offer whose key is lost is told by the disk or the transfer.
        assert credible or left <= told | {scene.transfer.id} or "free" in result["msg"] or "offered" in result["msg"]
        assert scene.transfer.id in left or deed == "offer" or result["changed"]
    elif deed.startswith("withdraw"):
        gone = not scene.emulator.transfers()
        assert not plain or gone or "withdrawn" not in outcomes
        assert not plain or not gone or "failed" not in outcomes, result
        assert not gone or rows or scene.transfer.id in result["msg"]
    elif deed.startswith("accept"):
        moved = scene.owner(scene.offered) == TARGET
        assert not plain or moved or not outcomes & {"accepted", "already_there"}
        # What is answered twice otherwise is told so; a refusal is believed where nothing can be read.
        told_so = "the server answered that it was" in result.get("msg", "") or deed == "accept blindly"
        assert not plain or not moved or "failed" not in outcomes or told_so, result
        assert not moved or rows or (result.get("failed") and "accept" in result["msg"])
    elif deed.startswith("move"):
        moved = scene.owner(scene.free) == TARGET
        assert not plain or moved or not outcomes & {"moved", "already_there"}
        assert not plain or not moved or "failed" not in outcomes, result
        assert not moved or rows, result
        left = {transfer["id"] for transfer in scene.emulator.transfers()} - {scene.transfer.id}
        assert not left or any("locked" in (row["message"] or "") for row in rows) or credible, result
    elif deed.startswith("list") and plain:
        assert all(row["name"] in ("free",) for row in result.get("volumes", ()) if row["transferable"]), result
    elif deed == "quota" and plain:
        assert not result.get("fits"), result


@pytest.fixture(autouse=True)
def clock(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few polls, which take no time."""
    monkeypatch.setattr(_proof, "time", Clock())
    monkeypatch.setattr(_proof, "FIRST_PAUSE", 2)


@dataclass
class Lie:
    """A changed answer: a `plain` one has a form that no true one has, a `credible` one has that of a true one."""

    name: str
    change: Callable[[requests.Response], None]
    plain: bool
    credible: bool = False


def lies_about(document: Any, read: Callable[[str], bool]) -> Iterator[Lie]:
    """About each place of an answer; by day neighbours share the kinds of junk."""
    for number, place in enumerate(places(document, read)):
        genuine = at(document, place)
        for junk in sample(JUNK, 3, number):
            if junk is REMOVED or type(junk) is not type(genuine) or junk != genuine:
                credible = type(junk) is type(genuine)
                plain = not (credible or junk is REMOVED or junk is None)
                what = "nothing" if junk is REMOVED else json.dumps(junk)[:20]
                yield Lie(f"{'.'.join(map(str, place))} = {what}", with_json(place, junk), plain, credible)


def do_with(emulator: EmulatorServer, liar: Liar, deed: str, lies: Iterator[Lie]) -> None:
    """Do the deed with each lie about one call; the message of the test holds all that went wrong."""
    wrong = []
    scene = new_scene(emulator, liar)
    for lie in lies:
        if deed in CHANGING:
            scene = new_scene(emulator, liar)
        liar.change, liar.lies = lie.change, 0
        try:
            result = DEEDS[deed](scene)
            assert liar.lies, "nobody was lied to"
            assert_sane(scene, deed, result, lie.plain, lie.credible)
        except Exception as error:
            wrong.append(f"{lie.name}: {type(error).__name__}: {str(error)[:400]}")
    assert not wrong, f"{len(wrong)} lies:\n" + "\n".join(wrong)


UNANSWERABLE = {("GET", "/v2/ID/os-vendor-replications")}
"""Calls that the emulated cloud does not know."""


@pytest.mark.parametrize(("deed", "call"), [(deed, call) for deed, calls in CALLS.items() for call in calls])
def test_a_field_that_is_junk_is_told_or_does_no_harm(
    emulator: EmulatorServer, liar: Liar, deed: str, call: tuple[str, str]
) -> None:
    document = answers_to(emulator, liar, deed)[call]
    liar.method, liar.path = call
    read = (lambda key: True) if call == LOGIN else WORDS.__contains__
    do_with(emulator, liar, deed, lies_about(document, read))


def test_no_call_is_left_out(emulator: EmulatorServer, liar: Liar) -> None:
    made = {call for deed in DEEDS for call in answers_to(emulator, liar, deed)}
    assert made - UNANSWERABLE == {call for calls in CALLS.values() for call in calls} | {DELETE}


@pytest.mark.parametrize(
    ("deed", "call"), [*[(deed, call) for deed, calls in CALLS.items() for call in calls], ("withdraw", DELETE)]
)
def test_a_body_that_is_junk_is_told_or_does_no_harm(
    emulator: EmulatorServer, liar: Liar, deed: str, call: tuple[str, str]
) -> None:
    liar.method, liar.path = call
    lies = [Lie(name, with_body(content), True) for name, content in BODIES.items()]
    lies += [Lie(f"{status}", with_body(b"{}", status), True) for status in (100, 204, 302, 304, 399, 418, 599)]
    lies += [Lie(f"{name} and 400", with_body(content, 400), True) for name, content in (BODIES | ERRORS).items()]
    do_with(emulator, liar, deed, iter(lies))


def test_a_key_that_is_of_another_disk_is_not_passed_on(emulator: EmulatorServer, liar: Liar) -> None:
    scene = new_scene(emulator, liar)
    liar.method, liar.path = CREATE
    liar.change = with_json(("transfer", "volume_id"), FOREIGN_ID)
    result = DEEDS["offer"](scene)
    assert f"The server answered the offer of disk {scene.free} with one of {FOREIGN_ID}" in result["msg"]
    assert result["transfers"] == []
    assert [transfer["volume_id"] for transfer in emulator.transfers()] == [scene.offered]


def test_an_accept_that_is_answered_with_another_one_is_not_believed(emulator: EmulatorServer, liar: Liar) -> None:
    scene = new_scene(emulator, liar)
    liar.method, liar.path = ACCEPT
    liar.change = with_json(("transfer", "id"), FOREIGN_ID)
    result = DEEDS["accept blindly"](scene)
    assert "it may be this project that accepted it" in result["msg"]


class Spoiler:
    """Spoils some of the answers, whatever they are, in one place or as a whole.

    A `plain` one makes only answers that no true service gives.
    """

    def __init__(self, dice: random.Random, plain: bool) -> None:
        self._dice = dice
        self._plain = plain
        self.done: list[str] = []

    def __call__(self, response: requests.Response) -> None:
        if self._dice.random() < 0.7:
            return
        call = f"{response.request.method} {response.request.path_url}"
        if not self._plain and self._dice.random() < 0.2:
            response.status_code = self._dice.choice((200, 202, 204, 400, 401, 403, 404, 409, 413, 500, 503, 504))
            self.done.append(f"{call}: {response.status_code}")
        elif not response.content or self._dice.random() < 0.2:
            name = self._dice.choice(list(BODIES))
            with_body(BODIES[name])(response)
            self.done.append(f"{call}: {name}")
        else:
            self._spoil_json(call, response)

    def _spoil_json(self, call: str, response: requests.Response) -> None:
        document = response.json()
        place = self._dice.choice([*places(document, lambda key: True)] or [()])
        if not place:
            return
        *around, last = place
        inner = at(document, tuple(around))
        how = self._dice.choice(PLAIN if self._plain else [*PLAIN, *CREDIBLE])
        if how == "other type":
            genuine = inner[last]
            inner[last] = copy.deepcopy(self._dice.choice([each for each in OTHERS if type(each) is not type(genuine)]))
        elif how == "removed":
            del inner[last]
        elif how == "of others":
            inner[last] = FOREIGN_ID
        elif how == "twice" and isinstance(inner[last], list):
            inner[last] = inner[last] * 2
        elif how == "cut" and isinstance(inner[last], list):
            del inner[last][1:]
        else:
            inner[last] = copy.deepcopy(self._dice.choice(OTHERS))
        response._content = json.dumps(document).encode()
        self.done.append(f"{call}: {'.'.join(map(str, place))} {how}")


OTHERS: tuple[Any, ...] = (0, -1, 10**400, 1e999, float("nan"), True, {}, {"id": {}}, [[]], [None], [{"id": []}], DEEP)
PLAIN = ("other type",)
CREDIBLE = ("removed", "of others", "twice", "cut", "junk")


@pytest.mark.parametrize("plain", [True, False], ids=["malformed", "anything"])
def test_many_spoilt_answers_at_once(emulator: EmulatorServer, liar: Liar, plain: bool) -> None:
    """Seeded; OTC_EVS_FAULT_CASES sets how many runs, OTC_EVS_SEED which."""
    dice = random.Random(SEED)
    wrong = []
    for number in range(CASES):
        deed = dice.choice(list(DEEDS))
        scene = new_scene(emulator, liar)
        liar.of_all = spoiler = Spoiler(dice, plain)
        try:
            result = DEEDS[deed](scene)
            assert_sane(scene, deed, result, plain, credible=True)
            assert_keeps_secrets(scene, result)
        except Exception as error:
            wrong.append(f"{number} {deed} {spoiler.done}: {type(error).__name__}: {str(error)[:400]}")
    assert not wrong, f"{len(wrong)} of {CASES}:\n" + "\n".join(wrong)


def assert_keeps_secrets(scene: Scene, result: Result) -> None:
    """A key is in no other place than where it is handed on; the passwords are in none."""
    told = {**result, "transfers": [{**row, "auth_key": None} for row in result.get("transfers", ())]}
    text = json.dumps({name: value for name, value in told.items() if name != "invocation"})
    assert scene.offer["auth_key"] not in text
    assert all(row["auth_key"] not in text for row in result.get("transfers", ()) if row.get("auth_key"))
    assert scene.emulator.cloud(TARGET)["auth"]["password"] not in text
