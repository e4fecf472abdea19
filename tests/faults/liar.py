# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Genuine answers of the emulator, changed on their way to a module, and what modules are asked to do then."""

from __future__ import annotations

import copy
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3 import BaseHTTPResponse, HTTPResponse

from ansible_collections.otc.evs.plugins.module_utils._flows import proof as _proof
from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of

Place = tuple[Any, ...]
"""The keys and numbers that lead to a value in a JSON document."""
FOREIGN_ID = "11111111-1111-4111-8111-111111111111"
REMOVED = object()
WORDS = set(
    re.findall(
        r"[\"']([^\"'\s]+)[\"']",
        "".join(path.read_text(encoding="utf-8") for path in Path(_proof.__file__).parents[1].rglob("*.py")),
    )
)
"""Strings in the code, among them each field that it reads."""
NUMBERS_AND_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")


@dataclass
class Liar:
    """Changes the answers to requests that look like one, and notes what all answers looked like."""

    method: str = ""
    path: str = ""
    change: Callable[[requests.Response], None] | None = None
    of_all: Callable[[requests.Response], None] | None = None
    """Is given every answer, whatever the request."""
    seen: dict[tuple[str, str], Any] = field(default_factory=dict)
    lies: int = 0

    def instead_of(self, raw: BaseHTTPResponse, method: str, url: str) -> HTTPResponse:
        """What arrives where this was answered."""
        response = requests.Response()
        response.request = requests.Request(method, urljoin("http://server", url)).prepare()
        response.status_code = raw.status
        response.headers.update(raw.headers)
        response._content = raw.read(decode_content=True)
        self.tell(method, url, response)
        for name in ("Content-Length", "Content-Encoding", "Transfer-Encoding"):
            response.headers.pop(name, None)
        return HTTPResponse(
            io.BytesIO(response.content),
            headers=dict(response.headers),
            status=response.status_code,
            reason=raw.reason,
            preload_content=False,
            request_method=method,
        )

    def tell(self, method: str, url: str, response: requests.Response) -> None:
        call = (method, NUMBERS_AND_IDS.sub("ID", urlsplit(url).path))
        if response.status_code < 300:
            self.seen.setdefault(call, response.json() if response.content else None)
        if call == (self.method, self.path) and self.change:
            self.lies += 1
            self.change(response)
        if self.of_all:
            self.of_all(response)


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
        return run_module(module_name, auth=self.emulator.cloud(tenant)["auth"], timeout=5, diff=True, **options)

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


def new_scene(emulator: EmulatorServer, liar: Liar) -> Scene:
    liar.change = liar.of_all = None
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
TYPES = ("GET", "/v2/ID/types")
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
    "move": (VOLUMES, TYPES, CREATE, ACCEPT, VOLUME),
}
"""Each call where its answer is decided upon; for evidence and the login one deed stands for all."""
