# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client as a user would write it: its requests count."""

from __future__ import annotations

from typing import Any

import requests

from tests.cinder.server import CinderServer
from tests.support.conditions import LONG

TRANSFERS = "/os-volume-transfer"


class Client:
    """One user's requests to Cinder, found through the catalogue."""

    def __init__(self, server: CinderServer, cloud: str) -> None:
        auth = server.cloud(cloud)["auth"]
        domain = {"id": "default"}
        user = {"name": auth["username"], "password": auth["password"], "domain": domain}
        self._session = requests.Session()
        self._session.trust_env = False
        answer = self._session.post(
            f"{server.auth_url}/auth/tokens",
            json={
                "auth": {
                    "identity": {"methods": ["password"], "password": {"user": user}},
                    "scope": {"project": {"name": auth["project_name"], "domain": domain}},
                }
            },
            timeout=LONG,
        )
        self._session.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
        self._url = _block_storage(answer.json()["token"]["catalog"])

    def ask(self, method: str, path: str, body: Any = None, microversion: str | None = None) -> requests.Response:
        """Send one request below the endpoint of block storage."""
        headers = {"OpenStack-API-Version": f"volume {microversion}"} if microversion else {}
        return self._session.request(method, self._url + path, json=body, headers=headers, timeout=LONG)

    def volume(self, volume_id: str) -> dict[str, Any]:
        """Show a volume that is there."""
        volume: dict[str, Any] = self.ask("GET", f"/volumes/{volume_id}").json()["volume"]
        return volume

    def offer(self, volume_id: str) -> requests.Response:
        """Create a transfer."""
        return self.ask("POST", TRANSFERS, {"transfer": {"volume_id": volume_id, "name": "t"}})

    def accept(self, transfer: dict[str, Any], auth_key: str | None = None) -> requests.Response:
        """Accept a transfer, with its own key unless another is given."""
        key = transfer["auth_key"] if auth_key is None else auth_key
        path = f"{TRANSFERS}/{transfer['id']}/accept"
        return self.ask("POST", path, {"accept": {"auth_key": key}})


def _block_storage(catalogue: list[dict[str, Any]]) -> str:
    (service,) = (entry for entry in catalogue if entry["type"] == "block-storage")
    (url,) = (e["url"] for e in service["endpoints"] if e["interface"] == "public")
    return str(url)
