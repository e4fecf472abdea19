# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody of a tenant who uses the bare API, and nothing of the collection."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from tests.emulator.server import EmulatorServer
from tests.support.conditions import LONG


class Somebody:
    """A user with a token."""

    def __init__(self, server: EmulatorServer, tenant: str) -> None:
        """Log in."""
        self.tenant = tenant
        self._server = server
        self._root = f"{server.endpoints['evs']}/v3/{server.project_id(tenant)}"
        self._token = ""

    def offer(self, volume_id: str, name: str) -> dict[str, Any] | None:
        """Offer a disk; return the transfer with its key, or None if that was refused."""
        status, body = self._ask("POST", "/os-volume-transfer", {"transfer": {"volume_id": volume_id, "name": name}})
        return dict(body["transfer"]) if status == 202 else None

    def accept(self, transfer_id: str, key: str) -> bool:
        """Take a disk over; return whether that was allowed."""
        status, dummy = self._ask("POST", f"/os-volume-transfer/{transfer_id}/accept", {"accept": {"auth_key": key}})
        return status == 202

    def withdraw(self, transfer_id: str) -> bool:
        """Withdraw an offer; return whether that was allowed."""
        return self._ask("DELETE", f"/os-volume-transfer/{transfer_id}")[0] == 202

    def delete(self, volume_id: str) -> bool:
        """Delete a disk; return whether that was allowed."""
        return self._ask("DELETE", f"/volumes/{volume_id}")[0] == 202

    def sees(self) -> tuple[dict[str, str], set[str]]:
        """Return the statuses of the tenant's disks, and its transfers, as the API shows them."""
        volumes = self._ask("GET", "/volumes/detail")[1]["volumes"]
        transfers = self._ask("GET", "/os-volume-transfer")[1]["transfers"]
        return {volume["id"]: volume["status"] for volume in volumes}, {transfer["id"] for transfer in transfers}

    def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        status, dummy, answer = send(method, self._root + path, self._token, body)
        if status == 401:
            self._log_in()
            status, dummy, answer = send(method, self._root + path, self._token, body)
        return status, answer

    def _log_in(self) -> None:
        auth = self._server.cloud(self.tenant)["auth"]
        user = {"name": auth["username"], "password": auth["password"], "domain": {"id": "default"}}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"id": self._server.project_id(self.tenant)}}
        body = {"auth": {"identity": identity, "scope": scope}}
        self._token = send("POST", f"{self._server.auth_url}/auth/tokens", "", body)[1] or ""


def send(method: str, url: str, token: str, body: Any) -> tuple[int, str | None, Any]:
    """Send a request; return the status, the token if there is one, and the answer."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=LONG)
    try:
        headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        connection.request(method, place.path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        raw = response.read()
        answer = json.loads(raw) if raw and response.headers.get_content_type() == "application/json" else None
        return response.status, response.headers["X-Subject-Token"], answer
    finally:
        connection.close()
