# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone and Cinder over HTTP as the lab itself uses them, to prepare what tests need."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import requests

from tests.cinder.config import LabConfig
from tests.cinder.errors import LabError
from tests.cinder.journal import LAB_AGENT

TIMEOUT = 300


@dataclass(frozen=True)
class Token:
    """A token and the project it is for."""

    value: str
    project_id: str


def lab_session() -> requests.Session:
    """A session whose requests the journal leaves out and no proxy sees."""
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = LAB_AGENT
    return session


class Api:
    """The lab's users at work; safe to use from several threads."""

    def __init__(self, lab: LabConfig) -> None:
        self._lab = lab
        self._local = threading.local()
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()

    def token(self, cloud: str) -> Token:
        """The token of that cloud's user, asked for once."""
        with self._lock:
            if cloud not in self._tokens:
                self._tokens[cloud] = self._authenticate(cloud)
            return self._tokens[cloud]

    def cinder(self, cloud: str, method: str, path: str, body: Any = None, microversion: str | None = None) -> Any:
        """Ask Cinder below /v3/{project_id}; return the parsed answer, raise on a refusal."""
        headers = {"OpenStack-API-Version": f"volume {microversion}"} if microversion else {}
        answer = self._as_user(cloud, method, f"/{path.lstrip('/')}", body, headers)
        if answer.status_code == 401:
            self.forget_tokens()
            answer = self._as_user(cloud, method, f"/{path.lstrip('/')}", body, headers)
        return content(answer)

    def keystone(self, method: str, path: str, body: Any = None) -> Any:
        """Ask Keystone as admin."""
        headers = {"X-Auth-Token": self.token("admin").value}
        return content(self.send(method, f"{self._lab.auth_url}{path}", body, headers))

    def forget_tokens(self) -> None:
        """Ask for new tokens from now on."""
        with self._lock:
            self._tokens.clear()

    def _as_user(self, cloud: str, method: str, path: str, body: Any, headers: dict[str, str]) -> requests.Response:
        token = self.token(cloud)
        url = f"{self._lab.cinder_url}/v3/{token.project_id}{path}"
        return self.send(method, url, body, {"X-Auth-Token": token.value, **headers})

    def _authenticate(self, cloud: str) -> Token:
        body = {"auth": _credentials(self._lab.clouds()[cloud]["auth"])}
        answer = self.send("POST", f"{self._lab.auth_url}/auth/tokens", body, {})
        project = content(answer)["token"]["project"]
        return Token(answer.headers["X-Subject-Token"], project["id"])

    def send(self, method: str, url: str, body: Any, headers: dict[str, str]) -> requests.Response:
        """Send one request."""
        if not hasattr(self._local, "session"):
            self._local.session = lab_session()
        session: requests.Session = self._local.session
        return session.request(method, url, json=body, headers=headers, timeout=TIMEOUT)


def _credentials(auth: dict[str, Any]) -> dict[str, Any]:
    user = {
        "name": auth["username"],
        "domain": {"id": auth["user_domain_id"]},
        "password": auth["password"],
    }
    project = {"name": auth["project_name"], "domain": {"id": auth["project_domain_id"]}}
    return {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": project},
    }


def content(answer: requests.Response) -> Any:
    """What is answered; a refusal is an error."""
    if not answer.ok:
        request = answer.request
        raise LabError(f"{request.method} {request.url}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else None
