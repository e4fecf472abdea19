# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever others wrote, and wherever: what is shown of it acts on nobody's terminal and in nobody's browser (S4).

Every text of every answer, of a handoff file and of the files of runs is spoilt, and all that comes out is
looked through. Only fields that are known to be data may hold it as it is.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.otc.evs.plugins.filter.transfer_note import transfer_note
from ansible_collections.otc.evs.plugins.filter.transfer_progress import transfer_progress
from ansible_collections.otc.evs.plugins.filter.transfer_table import transfer_table
from ansible_collections.otc.evs.plugins.lookup.history import problem, renderer
from ansible_collections.otc.evs.plugins.module_utils._flows import proof as _proof
from ansible_collections.otc.evs.plugins.plugin_utils._handoff import HandoffError, known, parse, refusal
from ansible_collections.otc.evs.plugins.plugin_utils._result import whole as transfer_result
from tests.conftest import ROOT
from tests.emulator.server import EmulatorServer
from tests.faults.liar import (
    CALLS,
    DEEDS,
    DELETE,
    WORDS,
    Clock,
    Liar,
    answers_to,
    at,
    new_scene,
    places,
    replaced,
    with_body,
    with_json,
)
from tests.support.modules import run_module
from tests.support.rows import HERE, THERE, told
from tests.support.server import SOURCE, TARGET

ACTING = "\x1b[2J\x07\r\n\t\x85\x9b\x7f\u202e\u2066\u200b\u2028\u2029\ud800\u3164" + "\u0335" * 40 + "<i>{{ 7 * 7 }}"
LONG = "x" * 2**16
TEXTS = {"acting": ACTING, "long": LONG}
LONGEST = 12_000
"""Of anything that is shown at once."""
DATA = {
    *("id", "name", "volume_type", "owner", "transfer_id", "volume_id", "volume_name", "created_at", "auth_key"),
    *("project_id", "project_name", "region_name", "source", "target", "to_do", "not_started", "stale_transfers"),
    *("missing", "ambiguous", "metadata", "attachments", "availability_zone", "description", "status", "evidence"),
    *("quotas", "resource", "transfer", "invocation", "kept"),
}
"""Fields of a result that hold what a service sent, as it is. Whatever else there is, is shown to people."""
WHEN = "2026-01-01T00:00:00Z"
ABOUT = {"run": "20260101T000000Z-abc", "entry_point": "main", "name": "n", "started_at": WHEN, "finished_at": WHEN}


def shown(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """The texts in a result that people are shown, and where they stand."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"key of {where}", key
            if key not in DATA or where.startswith(".diff"):
                yield from shown(item, f"{where}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from shown(item, where)


def acts(text: str) -> str:
    """What in a text acts on a terminal, hides, or covers other text; nothing if it is safe to show."""
    found = [character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co")]
    marks = "\u0335" * 5 in text
    return repr("".join(found)) + marks * " marks" if found or marks else "\u3164" if "\u3164" in text else ""


def wrong_in(value: Any) -> list[str]:
    """What must not be shown as it is, or not so much of it."""
    # Ansible refuses a result with half a character in it, and all that is told is lost.
    json.dumps(value, ensure_ascii=False).encode()
    texts = list(shown(value))
    wrong = [f"{where}: {acts(text)} in {text[:200]!r}" for where, text in texts if acts(text)]
    return wrong + [f"{where}: {len(text)} characters" for where, text in texts if len(text) > LONGEST]


def as_role(result: dict[str, Any]) -> dict[str, Any]:
    """What the role shows of the result of a module, as one that rehearsed and as one that acted."""
    if "disks" not in result:
        return {}
    ids = [row["transfer_id"] or row["id"] for row in result["disks"]]
    note = transfer_note(result, ids, lost=f"the file {ACTING[:9]}", undone=result)
    about = {**ABOUT, "rehearsed": False}
    foreseen = {**result, "problems": []}
    return {
        "table": transfer_table(result),
        "progress": transfer_progress([note], 1, "moved"),
        "rehearsed": transfer_result(result, {**about, "rehearsed": True}),
        "acted": transfer_result(foreseen, about, [note], blocked="fail"),
        "untold": transfer_result(foreseen, about, [transfer_note({"msg": result.get("msg")}, ids)], blocked="fail"),
    }


@pytest.fixture(autouse=True)
def clock(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few polls, which take no time."""
    monkeypatch.setattr(_proof, "time", Clock())
    monkeypatch.setattr(_proof, "FIRST_PAUSE", 2)


READ = {*WORDS, "url", "region", "expires_at"}
EVERY_CALL = [(deed, call) for deed, calls in CALLS.items() for call in calls]


@pytest.mark.parametrize(("deed", "call"), EVERY_CALL)
def test_a_text_of_an_answer(emulator: EmulatorServer, liar: Liar, deed: str, call: tuple[str, str]) -> None:
    document = answers_to(emulator, liar, deed)[call]
    liar.method, liar.path = call
    texts = [place for place in places(document, READ.__contains__) if isinstance(at(document, place), str)]
    wrong = []
    for number, place in enumerate(texts):
        # Each text in one of the ways; which, changes from place to place.
        text = list(TEXTS.values())[number % len(TEXTS)]
        scene = new_scene(emulator, liar)
        liar.change = with_json(place, f"{at(document, place)}{text}")
        result = DEEDS[deed](scene)
        wrong += [f"{place}: {each}" for each in wrong_in(result) + wrong_in(as_role(result))]
    assert not wrong, "\n".join(wrong)


def refusals(text: str) -> Iterator[tuple[str, Callable[[requests.Response], None]]]:
    """Answers that are an error, or none, in the words of others."""
    body = json.dumps({"error": {"message": text, "code": text}, "request_id": text}).encode()
    # What a header can hold, which is Latin-1.
    header = text.replace("\r\n", "").encode("latin-1", "replace").decode("latin-1")
    for status in (400, 403, 404, 500):
        yield f"{status}", with_body(body, status, X_Openstack_Request_Id=header)
    yield "kind", with_body(b"no JSON", Content_Type=header)
    yield "flat", with_body(json.dumps({"error_msg": text, "error_code": text}).encode(), 409)

    def reason(response: requests.Response) -> None:
        with_body(b"", 418)(response)
        response.reason = header

    yield "reason", reason


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("deed", "call"), [*EVERY_CALL, ("withdraw", DELETE)])
def test_the_words_of_a_refusal(
    emulator: EmulatorServer, liar: Liar, deed: str, call: tuple[str, str], text: str
) -> None:
    liar.method, liar.path = call
    wrong = []
    for number, (name, change) in enumerate(refusals(TEXTS[text])):
        # All of them for a few calls, and for the others some.
        if (number + EVERY_CALL.index((deed, call)) if call != DELETE else number) % 3:
            continue
        scene = new_scene(emulator, liar)
        liar.change = change
        result = DEEDS[deed](scene)
        wrong += [f"{name}: {each}" for each in wrong_in(result) + wrong_in(as_role(result))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("text", TEXTS)
def test_the_rows_of_disks_in_what_the_role_shows(text: str) -> None:
    """Whatever a module tells as data."""
    spoilt = TEXTS[text].replace("\ud800", "")
    for outcome in ("moved", "blocked", "failed", "unknown", "gone", "already_there"):
        row = told(spoilt, outcome, "status", name=spoilt, volume_type=spoilt, owner=spoilt, transfer_id=spoilt)
        side = {"project_id": spoilt, "project_name": spoilt, "region_name": spoilt}
        result = {"disks": [row], "problems": [], "alarms": [], "source": side, "target": side, "msg": spoilt}
        assert wrong_in(as_role(result)) == []


HANDOFF = {
    "format": "otc.evs handoff",
    "version": 1,
    "source": {**HERE.as_result()},
    "name": "n",
    "target_project": "p",
    "created": WHEN,
    "transfers": [
        {"transfer_id": "0" * 32, "auth_key": "k", "volume_id": "1" * 32, "volume_name": "d", "size": 1}
        | {"volume_type": "SSD", "created_at": WHEN}
    ],
}


def read(document: Any) -> tuple[dict[str, Any] | None, str]:
    """What is in a handoff, or why it is refused."""
    try:
        return parse(json.dumps(document)), ""
    except HandoffError as error:
        return None, str(error)


@pytest.mark.parametrize("text", ["acting", "long", "lone"])
def test_a_field_of_a_handoff(emulator: EmulatorServer, liar: Liar, text: str) -> None:
    """The refusal of the file, and if it is taken what follows from it at both sides."""
    spoilt = {**TEXTS, "lone": "\ud800", "long": "x" * 900, "acting": ACTING.replace("\ud800", "")}[text]
    for place in places(HANDOFF, lambda key: True):
        content, why = read(replaced(HANDOFF, place, spoilt))
        assert not acts(why)
        assert len(why) < LONGEST
        if content is None:
            continue
        assert text != "lone"
        sides = [THERE.as_result(), {**HERE.as_result(), "region_name": "eu-nl"}, {**HERE.as_result()}]
        sentences = [refusal(content, place, to_offer) for place in sides for to_offer in (True, False)]
        assert not any(map(acts, sentences))
        scene = new_scene(emulator, liar)
        (row,) = known(content)
        taken = {**content["transfers"][0], **scene.offer}
        results = [
            scene.run("evs_transfer", SOURCE, volumes=[row["volume_id"]], known_transfers=[row]),
            scene.run("evs_transfer_accept", TARGET, transfers=[{**taken, "auth_key": "wrong"}]),
            scene.run("evs_transfer_accept", TARGET, transfers=[{**taken, "volume_id": None}]),
        ]
        assert [each for result in results for each in wrong_in(result) + wrong_in(as_role(result))] == []


def test_a_variable(emulator: EmulatorServer) -> None:
    """What is asked for may come from others, too, such as a survey or a ticket."""
    auth = emulator.cloud(SOURCE)["auth"]
    acting = ACTING.replace("\ud800", "")
    for options in (
        {"volumes": [acting]},
        {"volumes": [acting], "pending": "fail", "name": acting[:60]},
        {"volumes": ["d"], "name": acting},
        {"select": {"name": acting}},
        {"volumes": [acting], "state": "absent"},
        {"transfer_ids": [acting], "state": "absent"},
        {"older_than": acting, "state": "absent"},
        {"volumes": ["d"], "endpoints": {"evs": acting}},
        {"volumes": ["d"], "region_name": acting},
        {"volumes": ["d"], "auth_type": acting},
        {"volumes": ["d"], "ca_cert": f"/{acting}"},
    ):
        assert wrong_in(run_module("evs_transfer", **{"auth": auth, **options})) == []
    assert wrong_in(run_module("evs_volume_info", auth={**auth, "auth_url": f"http://127.0.0.1:1/{acting}"})) == []


@pytest.mark.parametrize("text", TEXTS)
def test_the_page_of_a_report(tmp_path: Path, text: str) -> None:
    """A run of this host, and what others have put beside it."""
    spoilt = TEXTS[text]
    row = told(spoilt, "failed", "status", name=spoilt, volume_type=spoilt, owner=spoilt) | {"message": spoilt}
    side = {"project_id": spoilt, "project_name": spoilt, "region_name": spoilt}
    fact = {"version": 2, **ABOUT, "rehearsed": False, "source": side, "target": side, "name": spoilt}
    fact |= {"message": spoilt, "counts": {spoilt: 1}, "problems": [spoilt], "failures": [spoilt], "disks": [row]}
    runs = tmp_path / "runs"
    runs.mkdir()
    for number, place in enumerate(places(fact, lambda key: True)):
        other = {**fact, "run": f"20260101T000000Z-{number}"}
        path = runs / f"{other['run']}.json"
        path.write_text(json.dumps(replaced(other, place, spoilt)), encoding="utf-8")
    for name in ("a\x1b[2J\u202e.json", "not UTF-8 \udcff"):
        (runs / name).touch()
    templates = str(ROOT / "roles" / "tenant_transfer" / "templates")
    assert problem(tmp_path, "localhost", json.dumps(fact), renderer(templates)) == ""
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not acts(page.replace("\n", ""))
    assert "<i>" not in page
    said = problem(tmp_path / spoilt[:90].replace("\ud800", ""), "localhost", "{}", renderer(templates))
    assert not acts(said)
