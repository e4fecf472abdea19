# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every field of every answer replaced by junk: what is not understood is told, and never taken for a pass.

The answers are genuine ones of the emulator, changed on their way to the module, so that a request
or a field that is added later is covered by being there.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from ansible_collections.otc.evs.plugins.module_utils._flows import proof as _proof
from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

Place = tuple[Any, ...]
"""The keys and numbers that lead to a value in a JSON document."""
FOREIGN_ID = "11111111-1111-4111-8111-111111111111"
REMOVED = object()
DEEP = json.loads("[" * 50 + "]" * 50)
JUNK: tuple[Any, ...] = (None, 0, 1e999, True, "", "x", {}, [None], DEEP, REMOVED)
WORDS = set(
    re.findall(
        r"[\"']([^\"'\s]+)[\"']",
        "".join(path.read_text(encoding="utf-8") for path in Path(_proof.__file__).parents[1].rglob("*.py")),
    )
)
"""Strings in the code, among them each field that it reads."""
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
NUMBERS_AND_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")


@dataclass
class Liar:
    """Changes the answers to requests that look like one, and notes what all answers looked like."""

    method: str = ""
    path: str = ""
    change: Callable[[requests.Response], None] | None = None
    seen: dict[tuple[str, str], Any] = field(default_factory=dict)
    lies: int = 0

    def tell(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        call = (request.method or "", NUMBERS_AND_IDS.sub("ID", urlsplit(request.url or "").path))
        if response.status_code < 300:
            self.seen.setdefault(call, response.json() if response.content else None)
        if call == (self.method, self.path) and self.change:
            self.lies += 1
            self.change(response)


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Liar:
    """Stands between the module and the cloud."""
    told = Liar()
    send = HTTPAdapter.send

    def pass_on(self: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        response = send(self, request, **{**options, "stream": False})
        told.tell(request, response)
        return response

    monkeypatch.setattr(HTTPAdapter, "send", pass_on)
    return told


def with_body(content: bytes, status: int | None = None, **headers: str) -> Callable[[requests.Response], None]:
    def change(response: requests.Response) -> None:
        response._content = content
        response.status_code = status or response.status_code
        response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})

    return change


def with_json(place: Place, junk: Any) -> Callable[[requests.Response], None]:
    def change(response: requests.Response) -> None:
        response._content = json.dumps(replaced(response.json(), place, junk)).encode()

    return change


def replaced(document: Any, place: Place, junk: Any) -> Any:
    """The document with something else in a place; if it has no such place, as it is."""
    document = copy.deepcopy(document)
    *around, last = place
    try:
        inner = at(document, tuple(around))
        if junk is REMOVED:
            del inner[last]
        else:
            inner[last] = junk
    except (LookupError, TypeError):
        pass
    return document


def at(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


def places(document: Any, read: Callable[[str], bool], before: Place = ()) -> Iterator[Place]:
    """Every place in a document whose fields are read; of a list the first entry stands for all."""
    if before:
        yield before
    if isinstance(document, dict):
        for key, value in document.items():
            if read(key):
                yield from places(value, read, (*before, key))
    elif isinstance(document, list) and document:
        yield from places(document[0], read, (*before, 0))


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Scene:
    """Two tenants; a disk that can be offered, one that is, and one for each reason that keeps a disk where it is."""

    def __init__(self, emulator: EmulatorServer) -> None:
        emulator.reset()
        self.emulator = emulator
        bound: list[dict[str, Any]] = [
            {"attached": True},
            {"metadata": {"__system__encrypted": "1"}},
            {"snapshots": [{"name": "nightly"}]},
            {"backups": [{"name": "weekly"}]},
            {"server_backups": [{"name": "server"}]},
            {"vaults": [{"name": "vault", "policies": [{"name": "daily"}]}]},
            {"bootable": True},
            {"pairs": [{"name": "dr"}]},
            {"metadata": {"orderID": "CS1"}},
            {"service_type": "DSS", "dedicated_storage_id": FOREIGN_ID},
            {"vendor_encrypted": True, "snapshot_id": FOREIGN_ID},
        ]
        disks = [{"name": f"bound-{number}", **traits} for number, traits in enumerate(bound)]
        made = emulator.load(SOURCE, volumes=[*disks, {"name": "free"}, {"name": "offered"}])["volumes"]
        self.free, self.offered = made[-2:]
        self.transfer = evs_of(emulator, SOURCE).create_transfer(self.offered, "ansible-evs-transfer")
        emulator.set_quota(TARGET, volumes=10)

    def run(self, module_name: str, tenant: str, **options: Any) -> dict[str, Any]:
        return run_module(module_name, auth=self.emulator.cloud(tenant)["auth"], timeout=5, **options)

    @property
    def offer(self) -> dict[str, str]:
        assert self.transfer.auth_key
        return {"transfer_id": self.transfer.id, "auth_key": self.transfer.auth_key.reveal()}

    def owner(self, volume_id: str) -> str:
        (tenant,) = (disk["tenant"] for disk in self.emulator.volumes() if disk["id"] == volume_id)
        return str(tenant)


Result = dict[str, Any]
DEEDS: Mapping[str, Callable[[Scene], Result]] = {
    "list": lambda scene: scene.run("evs_volume_info", SOURCE),
    "transfers": lambda scene: scene.run("evs_transfer_info", SOURCE),
    "quota": lambda scene: scene.run("evs_quota_info", TARGET, for_volumes=[{"size": 1, "volume_type": "SSD"}] * 11),
    "offer": lambda scene: scene.run("evs_transfer", SOURCE, volumes=["free"]),
    "offer again": lambda scene: scene.run("evs_transfer", SOURCE, volumes=["offered"], pending="replace"),
    "withdraw": lambda scene: scene.run("evs_transfer", SOURCE, volumes=["offered"], state="absent"),
    "withdraw by ID": lambda scene: scene.run("evs_transfer", SOURCE, transfer_ids=[scene.transfer.id], state="absent"),
    "accept": lambda scene: scene.run(
        "evs_transfer_accept", TARGET, transfers=[{**scene.offer, "volume_id": scene.offered}]
    ),
    "accept blindly": lambda scene: scene.run("evs_transfer_accept", TARGET, **scene.offer),
    "move": lambda scene: scene.run(
        "evs_move", SOURCE, volumes=["free"], target={"auth": scene.emulator.cloud(TARGET)["auth"]}
    ),
}
CHANGING = [deed for deed in DEEDS if deed.split()[0] in ("offer", "withdraw", "accept", "move")]


def assert_sane(scene: Scene, deed: str, result: Result, plain: bool, credible: bool) -> None:
    """No bug, nothing lost, and (where the lie was `plain`) nothing that only the lie let pass."""
    text = json.dumps(result)
    assert "Traceback" not in text
    assert "exception" not in result
    assert "Unexpectedly" not in text
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
    for place in places(document, read):
        genuine = at(document, place)
        for junk in JUNK:
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


def new_scene(emulator: EmulatorServer, liar: Liar) -> Scene:
    liar.change = None
    scene = Scene(emulator)
    liar.seen.clear()
    return scene


def answers_to(emulator: EmulatorServer, liar: Liar, deed: str) -> dict[tuple[str, str], Any]:
    """The genuine answers that a deed gets, by method and path."""
    result = DEEDS[deed](new_scene(emulator, liar))
    assert not result.get("failed"), result
    return dict(liar.seen)


LOGIN = ("POST", "/v3/auth/tokens")
VOLUMES = ("GET", "/v2/ID/volumes/detail")
VOLUME = ("GET", "/v2/ID/volumes/ID")
TRANSFERS = ("GET", "/v2/ID/os-volume-transfer/detail")
CREATE = ("POST", "/v2/ID/os-volume-transfer")
ACCEPT = ("POST", "/v2/ID/os-volume-transfer/ID/accept")
DELETE = ("DELETE", "/v2/ID/os-volume-transfer/ID")
QUOTA = ("GET", "/v2/ID/os-quota-sets/ID")
EVIDENCE = (
    ("GET", "/v2/ID/snapshots/detail"),
    ("GET", "/v2/ID/backups/detail"),
    ("GET", "/v2/ID/cloudvolumes/detail"),
    ("GET", "/v2/ID/os-vendor-volumes/ID"),
    ("GET", "/v3/ID/backups"),
    ("GET", "/v3/ID/vaults"),
    ("GET", "/v3/ID/policies"),
    ("GET", "/v1/ID/replications"),
)
CALLS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "transfers": (LOGIN, TRANSFERS),
    "list": (VOLUMES, *EVIDENCE),
    "quota": (QUOTA,),
    "offer": (VOLUMES, CREATE, VOLUME),
    "offer again": (TRANSFERS, CREATE),
    "withdraw": (TRANSFERS, VOLUME),
    "withdraw by ID": (VOLUMES,),
    "accept": (TRANSFERS, ACCEPT, VOLUME),
    "accept blindly": (ACCEPT, VOLUME),
    "move": (VOLUMES, CREATE, ACCEPT, VOLUME),
}
"""Each call where its answer is decided upon; for evidence and the login one deed stands for all."""
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
