# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulator for all these tests, clean before each, and clients of its tenants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.emulator.server import EmulatorServer

VERSIONS = {"evs": "v2", "cbr": "v3", "vbs": "v2", "sdrs": "v1", "compute": "v2.1"}


@dataclass
class Client:
    """A tenant's client that takes every answer as it is."""

    session: requests.Session
    root: str
    project: str
    roots: dict[str, str] = field(default_factory=dict)

    def ask(self, service: str, path: str, version: str | None = None) -> requests.Response:
        """Ask a service, in its usual version."""
        url = f"{self.roots[service]}/{version or VERSIONS[service]}/{self.project}{path}"
        return self.session.get(url)

    def read(self, service: str, path: str, version: str | None = None) -> Any:
        """Return what a service answers; it must answer."""
        answer = self.ask(service, path, version)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = "v3",
        project: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """Send one request to EVS."""
        url = f"{self.root}/{version}/{project or self.project}{path}"
        data = body if isinstance(body, bytes) else None
        payload = None if data is not None else body
        return self.session.request(method, url, json=payload, data=data, headers=headers)

    def compute(
        self, method: str, path: str, body: Any = None, microversion: str | None = "2.60", version: str = "v2.1"
    ) -> requests.Response:
        """Send one request to Nova, or with v1 to ECS."""
        url = f"{self.roots['compute']}/{version}/{self.project}{path}"
        headers = {"OpenStack-API-Version": f"compute {microversion}"} if microversion else None
        return self.session.request(method, url, json=body, headers=headers)

    def offer(self, volume: str, name: str | None = "t", version: str = "v3") -> dict[str, Any]:
        """Create a transfer that must succeed."""
        answer = self.call("POST", "/os-volume-transfer", offer(volume, name), version=version)
        assert answer.status_code == 202, answer.text
        transfer: dict[str, Any] = answer.json()["transfer"]
        return transfer

    def accept(self, transfer: dict[str, Any], key: str | None = None) -> requests.Response:
        """Accept a transfer."""
        path = f"/os-volume-transfer/{transfer['id']}/accept"
        body = {"accept": {"auth_key": transfer["auth_key"] if key is None else key}}
        return self.call("POST", path, body)

    def volume(self, volume: str) -> requests.Response:
        """Show a volume."""
        return self.call("GET", f"/volumes/{volume}")


class Cloud:
    """The emulator with a client for every entry of its clouds.yaml."""

    def __init__(self, server: EmulatorServer) -> None:
        """Log in everybody."""
        self.server = server
        self.a = self.login("tenant-a")
        self.b = self.login("tenant-b")
        self.reader = self.login("tenant-a-reader")

    def login(self, name: str) -> Client:
        """Return a client with a token of its own."""
        auth = self.server.cloud(name)["auth"]
        session = plain_session()
        answer = session.post(f"{self.server.auth_url}/auth/tokens", json=login(auth))
        session.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
        project = answer.json()["token"]["project"]["id"]
        return Client(session, self.server.endpoints["evs"], project, self.server.endpoints)


def plain_session() -> requests.Session:
    """Return a session that ignores proxies of the environment."""
    session = requests.Session()
    session.trust_env = False
    return session


def login(auth: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a password login."""
    domain = {"name": auth["user_domain_name"]}
    user = {"name": auth["username"], "password": auth["password"], "domain": domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"name": auth["project_name"], "domain": domain}}
    return {"auth": {"identity": identity, "scope": scope}}


def offer(volume: str, name: str | None = "t") -> dict[str, Any]:
    """Return the body that creates a transfer."""
    return {"transfer": {"volume_id": volume, "name": name}}


@pytest.fixture(scope="session")
def running() -> Iterator[EmulatorServer]:
    """Run one emulator for the whole session."""
    with EmulatorServer() as server:
        yield server


@pytest.fixture
def cloud(running: EmulatorServer) -> Cloud:
    """Return the emulator as it was after its start, with everybody logged in."""
    running.reset()
    clients = Cloud(running)
    running.forget_requests()
    return clients


@pytest.fixture
def server(cloud: Cloud) -> EmulatorServer:
    """Return the handle of the emulator."""
    return cloud.server
