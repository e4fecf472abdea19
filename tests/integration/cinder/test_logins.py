# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to log in that a real Keystone knows; docs/logins.md says which are tried here."""

from __future__ import annotations

import base64
import hmac
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from keystoneauth1.adapter import Adapter
from keystoneauth1.identity import v3
from keystoneauth1.session import Session as KeystoneSession

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._errors import LoginError
from ansible_collections.otc.evs.plugins.module_utils._options import LoginOptions
from tests.cinder.server import CinderServer
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import NOTHING_GIVEN

# Of openstacksdk about its own ways.
pytestmark = pytest.mark.filterwarnings("ignore::Warning")
SECRET = b"12345678901234567890"
Entry = dict[str, Any]


def keystone(server: CinderServer, cloud: str) -> Adapter:
    """Keystone, asked as that user."""
    http = requests.Session()
    http.trust_env = False
    session = KeystoneSession(auth=v3.Password(**server.cloud(cloud)["auth"]), session=http)
    return Adapter(session, service_type="identity", endpoint_override=server.auth_url)


def user_id(api: Adapter) -> str:
    return str(api.get_user_id())


def create(api: Adapter, path: str, kind: str, **values: Any) -> Entry:
    made: Entry = api.post(path, json={kind: values}).json()[kind]
    return made


def passcode() -> str:
    """The code of this half minute (RFC 6238)."""
    digest = hmac.digest(SECRET, struct.pack(">Q", int(time.time()) // 30), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def application_credential(server: CinderServer, by_name: bool) -> Entry:
    api = keystone(server, SOURCE)
    name = f"mover, {by_name}"
    made = create(api, f"/users/{user_id(api)}/application_credentials", "application_credential", name=name)
    auth = {"auth_url": server.auth_url, "application_credential_secret": made["secret"]}
    named = {"application_credential_name": name, "username": "alice", "user_domain_name": "Default"}
    return {"auth": {**auth, **(named if by_name else {"application_credential_id": made["id"]})}}


def trust(server: CinderServer) -> Entry:
    """Bob acts in alice's project."""
    alice, bob = keystone(server, SOURCE), keystone(server, TARGET)
    made = create(
        alice,
        "/OS-TRUST/trusts",
        "trust",
        trustor_user_id=user_id(alice),
        trustee_user_id=user_id(bob),
        project_id=server.project_id(SOURCE),
        impersonation=True,
        roles=[{"name": "member"}],
    )
    auth = dict(server.cloud(TARGET)["auth"])
    for name in ("project_name", "project_domain_id"):
        del auth[name]
    return {"auth": {**auth, "trust_id": made["id"]}}


def with_totp(server: CinderServer, name: str, *factors: str) -> Entry:
    """A user of the source who logs in with a code, or needs one besides his password."""
    admin = keystone(server, "admin")
    options = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [list(factors)]}
    user = create(admin, "/users", "user", name=name, domain_id="default", password="not-a-secret", options=options)
    role = next(r["id"] for r in admin.get("/roles").json()["roles"] if r["name"] == "member")
    admin.put(f"/projects/{server.project_id(SOURCE)}/users/{user['id']}/roles/{role}")
    blob = base64.b32encode(SECRET).decode()
    create(admin, "/credentials", "credential", type="totp", user_id=user["id"], blob=blob)
    auth = {**server.cloud(SOURCE)["auth"], "username": name, "password": "not-a-secret", "passcode": passcode()}
    if len(factors) == 1:
        del auth["password"]
        return {"auth": auth}
    return {"auth": {**auth, "auth_methods": [f"v3{factor}" for factor in factors]}, "auth_type": "v3multifactor"}


def token(server: CinderServer) -> Entry:
    value = keystone(server, SOURCE).get_token()
    return {"auth": {"auth_url": server.auth_url, "token": value, "project_id": server.project_id(SOURCE)}}


LOGINS: dict[str, Callable[[CinderServer], Entry]] = {
    "password": lambda server: {"auth": server.cloud(SOURCE)["auth"]},
    "password without a version": lambda server: {
        "auth": {**server.cloud(SOURCE)["auth"], "auth_url": server.auth_url.removesuffix("/v3")}
    },
    "token": token,
    "v3token": lambda server: {**token(server), "auth_type": "v3token"},
    "application credential by ID": lambda server: application_credential(server, by_name=False),
    "application credential by name": lambda server: application_credential(server, by_name=True),
    "trust": trust,
    "totp": lambda server: with_totp(server, "carol", "totp"),
    "multifactor": lambda server: with_totp(server, "dave", "password", "totp"),
}


def login_with(entry: Entry) -> Session:
    options: Entry = {**NOTHING_GIVEN, "endpoints": {}, "timeout": 30, **entry}
    return Session(LoginOptions(**options), 2)


@pytest.mark.parametrize("login", LOGINS)
def test_logins(server: CinderServer, login: str) -> None:
    server.create_volume(SOURCE, "disk-of-a")
    entry = LOGINS[login](server)
    for given in (entry, {"cloud": entry}):
        session = login_with(given)
        assert session.project.name == SOURCE
        assert [volume.name for volume in Evs.of(session).volumes()] == ["disk-of-a"]


def test_a_factor_that_is_missing_is_told(server: CinderServer) -> None:
    entry = with_totp(server, "erin", "password", "totp")
    auth = {name: value for name, value in entry["auth"].items() if name not in ("passcode", "auth_methods")}
    with pytest.raises(LoginError, match=r"requires all of .*totp.* Use auth_type v3multifactor") as caught:
        login_with({"auth": auth})
    assert "not-a-secret" not in str(caught.value)
