# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, the catalogue, and what a client without a good token gets."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from keystoneauth1 import session as ks_session
from keystoneauth1.adapter import Adapter
from keystoneauth1.identity import v3

from tests.emulator.server import EmulatorServer
from tests.unit.emulator.conftest import Cloud, login, plain_session

UNAUTHORIZED = {
    "error": {
        "code": 401,
        "title": "Unauthorized",
        "message": "The request you have made requires authentication.",
    }
}


def post(server: EmulatorServer, body: Any) -> requests.Response:
    """Ask for a token."""
    return plain_session().post(f"{server.auth_url}/auth/tokens", json=body)


def adapter(server: EmulatorServer, cloud: str = "tenant-a", **kwargs: Any) -> Adapter:
    """Return keystoneauth's client of block storage."""
    auth = v3.Password(**server.cloud(cloud)["auth"])
    session = ks_session.Session(auth=auth, session=plain_session())
    return Adapter(session, region_name="eu-de", interface="public", **kwargs)


def test_password_login(server: EmulatorServer) -> None:
    answer = post(server, login(server.cloud("tenant-a-reader")["auth"]))
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert token["project"]["id"] == server.project_id("tenant-a")
    assert token["project"]["name"] == "tenant-a"
    assert [role["name"] for role in token["roles"]] == ["reader"]
    assert token["user"]["name"] == "alice-ro"
    assert token["issued_at"] < token["expires_at"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "x"},
        {"username": "nobody"},
        {"project_name": "tenant-b"},
        {"user_domain_name": "x"},
    ],
)
def test_wrong_credentials(server: EmulatorServer, wrong: dict[str, str]) -> None:
    answer = post(server, login(server.cloud("tenant-a")["auth"] | wrong))
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert "X-Subject-Token" not in answer.headers


@pytest.mark.parametrize("body", [{}, [], {"auth": {}}, {"auth": {"identity": {"methods": []}}}])
def test_malformed_login(server: EmulatorServer, body: Any) -> None:
    answer = post(server, body)
    assert (answer.status_code, answer.json()["error"]["title"]) == (400, "Bad Request")


def test_scope_by_id_and_token_method(server: EmulatorServer) -> None:
    body = login(server.cloud("tenant-a")["auth"])
    del body["auth"]["scope"]
    unscoped = post(server, body)
    assert "catalog" not in unscoped.json()["token"]
    scope = {"project": {"id": server.project_id("tenant-a")}}
    identity = {"methods": ["token"], "token": {"id": unscoped.headers["X-Subject-Token"]}}
    scoped = post(server, {"auth": {"identity": identity, "scope": scope}})
    assert scoped.json()["token"]["project"]["name"] == "tenant-a"
    headers = {"X-Auth-Token": unscoped.headers["X-Subject-Token"]}
    url = f"{server.endpoints['evs']}/v3/{server.project_id('tenant-a')}/volumes"
    assert plain_session().get(url, headers=headers).status_code == 401


def test_catalogue_as_in_eu_de(server: EmulatorServer) -> None:
    body = login(server.cloud("tenant-a")["auth"])
    catalog = post(server, body).json()["token"]["catalog"]
    urls = {entry["type"]: entry["endpoints"][0]["url"] for entry in catalog}
    evs, project = server.endpoints["evs"], server.project_id("tenant-a")
    assert urls == {
        "identity": server.auth_url,
        "volumev2": f"{evs}/v2/{project}",
        "volume": f"{evs}/v2/{project}",
        "evs": f"{evs}/v2/{project}",
        "volumev3": f"{evs}/v3/{project}",
        "cbr": f"{server.endpoints['cbr']}/v3/{project}",
        "vbsv2": f"{server.endpoints['vbs']}/v2/{project}",
        "vbs": f"{server.endpoints['vbs']}/v2/",
        "sdrs": f"{server.endpoints['sdrs']}/v1/{project}",
        "compute": f"{server.endpoints['compute']}/v2.1/{project}",
        "ecs": f"{server.endpoints['compute']}/v1/{project}",
    }
    assert {entry["endpoints"][0]["region"] for entry in catalog} == {"eu-de"}
    server.configure(volumev3_only=True)
    catalog = post(server, body).json()["token"]["catalog"]
    assert [entry["type"] for entry in catalog] == ["identity", "volumev3"]


def types_listed(server: EmulatorServer) -> list[str]:
    """Return the types in the catalogue."""
    body = login(server.cloud("tenant-a")["auth"])
    return [entry["type"] for entry in post(server, body).json()["token"]["catalog"]]


def test_catalogues_of_regions(server: EmulatorServer) -> None:
    server.configure(catalogue=["evs", "cbr"])
    assert types_listed(server) == ["identity", "volumev2", "volume", "evs", "volumev3", "cbr"]
    server.configure(catalogue=["cbr", "vbs", "sdrs"])
    assert types_listed(server) == ["identity", "cbr", "vbsv2", "vbs", "sdrs", "sdrs"]
    with pytest.raises(ValueError, match="no service ecs"):
        server.configure(catalogue=["ecs"])
    server.reset()
    assert "sdrs" in types_listed(server)


@pytest.mark.parametrize("service_type", ["cbr", "vbsv2", "sdrs"])
def test_keystoneauth_finds_the_other_services(server: EmulatorServer, service_type: str) -> None:
    client = adapter(server, service_type=service_type)
    path = {"cbr": "/vaults", "vbsv2": "/backuppolicy", "sdrs": "/replications"}[service_type]
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("token", [None, "bad"])
def test_no_or_a_bad_token(cloud: Cloud, token: str | None) -> None:
    url = f"{cloud.a.root}/v3/{cloud.a.project}/os-volume-transfer"
    answer = plain_session().get(url, headers={"X-Auth-Token": token} if token else {})
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert answer.headers["Content-Length"] == "114"
    root = cloud.server.endpoints["identity"]
    assert answer.headers["WWW-Authenticate"] == f'Keystone uri="{root}"'


def test_tokens_can_be_ended_per_tenant(cloud: Cloud) -> None:
    a, b = cloud.login("tenant-a"), cloud.login("tenant-b")
    assert cloud.server.expire_tokens("tenant-b") >= 1
    assert a.call("GET", "/volumes").status_code == 200
    assert b.call("GET", "/volumes").json() == UNAUTHORIZED


def test_every_token_is_known(cloud: Cloud) -> None:
    issued = cloud.login("tenant-a").session.headers["X-Auth-Token"]
    assert issued in cloud.server.tokens()
    cloud.server.expire_tokens()
    assert cloud.server.tokens() == []


def test_tokens_expire_by_themselves(cloud: Cloud) -> None:
    cloud.server.configure(token_lifetime=0)
    assert cloud.login("tenant-a").call("GET", "/volumes").status_code == 401


def test_reset_keeps_sessions(cloud: Cloud) -> None:
    cloud.server.reset()
    assert cloud.a.call("GET", "/volumes").status_code == 200


@pytest.mark.parametrize(("service_type", "version"), [("volumev3", "v3"), ("volumev2", "v2"), ("evs", "v2")])
def test_keystoneauth_finds_the_endpoint(server: EmulatorServer, service_type: str, version: str) -> None:
    client = adapter(server, service_type=service_type)
    expected = f"{server.endpoints['evs']}/{version}/{server.project_id('tenant-a')}"
    assert client.get_endpoint() == expected
    assert client.get("/os-volume-transfer").json() == {"transfers": []}


def test_keystoneauth_discovers_the_microversions(server: EmulatorServer) -> None:
    client = adapter(server, service_type="block-storage", min_version="3", max_version="3.latest")
    data = client.get_endpoint_data()
    assert data is not None
    assert data.url == f"{server.endpoints['evs']}/v3/{server.project_id('tenant-a')}"
    assert (data.min_microversion, data.max_microversion) == ((3, 0), (3, 50))


def test_keystoneauth_logs_in_again_when_its_token_ends(server: EmulatorServer) -> None:
    client = adapter(server, service_type="volumev3")
    assert client.get("/volumes").status_code == 200
    server.expire_tokens()
    server.forget_requests()
    assert client.get("/volumes").status_code == 200
    assert [r.status for r in server.requests()] == [401, 201, 200]


def test_projects(cloud: Cloud) -> None:
    url = f"{cloud.server.auth_url}/projects"
    listed = cloud.a.session.get(url, params={"name": "tenant-a"}).json()["projects"]
    assert [p["id"] for p in listed] == [cloud.a.project]
    assert cloud.a.session.get(url, params={"name": "x"}).json() == {"projects": []}
    assert cloud.a.session.get(f"{url}/{cloud.a.project}").status_code == 200
    assert cloud.a.session.get(f"{url}/{cloud.b.project}").status_code == 404


def test_version_documents(server: EmulatorServer) -> None:
    evs, session = server.endpoints["evs"], plain_session()
    both = session.get(f"{evs}/")
    assert both.status_code == 300
    found = [(v["id"], v["status"], v["version"]) for v in both.json()["versions"]]
    assert found == [("v2.0", "SUPPORTED", ""), ("v3.0", "CURRENT", "3.50")]
    assert session.get(f"{evs}/v2/").json()["versions"] == [both.json()["versions"][0]]
    assert session.get(f"{evs}/v3").json()["versions"] == [both.json()["versions"][1]]
    assert session.get(server.auth_url).json()["version"]["id"] == "v3.14"
    assert session.get(server.endpoints["identity"]).status_code == 300


def test_the_second_domain(server: EmulatorServer) -> None:
    body = login(server.cloud("tenant-c")["auth"])
    token = post(server, body).json()["token"]
    assert token["project"]["domain"]["name"] == token["user"]["domain"]["name"] == "OTC00000000001000000002"
    wrong = server.cloud("tenant-c")["auth"] | {"user_domain_name": "Default", "project_domain_name": "Default"}
    assert post(server, login(wrong)).status_code == 401


def test_four_users_of_two_projects_two_of_them_administrators(server: EmulatorServer) -> None:
    clouds = ("tenant-a", "tenant-a-admin", "tenant-c", "tenant-c-admin")
    found = [post(server, login(server.cloud(name)["auth"])).json()["token"] for name in clouds]
    assert [(t["project"]["name"], t["roles"][0]["name"]) for t in found] == [
        ("tenant-a", "member"),
        ("tenant-a", "admin"),
        ("tenant-c", "member"),
        ("tenant-c", "admin"),
    ]


def assume(
    cloud: Cloud, client: str = "a", field: str = "xrole_name", agency: str = "movers", domain: str | None = None
) -> requests.Response:
    """Ask for a token of an agency."""
    owner = cloud.server.cloud("tenant-c")["auth"]["project_domain_name"]
    role = {"domain_name": domain or owner, field: agency}
    scope = {"project": {"name": "tenant-c"}}
    body = {"auth": {"identity": {"methods": ["assume_role"], "assume_role": role}, "scope": scope}}
    session: requests.Session = getattr(cloud, client).session
    return session.post(f"{cloud.server.auth_url}/auth/tokens", json=body)


@pytest.mark.parametrize("field", ["xrole_name", "agency_name"])
def test_an_agency_lets_another_domain_act(cloud: Cloud, field: str) -> None:
    """EVS_API G.4: the table and the example of the page name the field differently."""
    disk = cloud.server.create_volume("tenant-c", "theirs")
    answer = assume(cloud, field=field)
    assert answer.status_code == 201
    headers = {"X-Auth-Token": answer.headers["X-Subject-Token"]}
    url = f"{cloud.a.root}/v3/{cloud.server.project_id('tenant-c')}/volumes"
    assert [v["id"] for v in plain_session().get(url, headers=headers).json()["volumes"]] == [disk]


@pytest.mark.parametrize("wrong", [{"client": "b"}, {"agency": "others"}, {"domain": "Default"}])
def test_who_may_not_use_the_agency(cloud: Cloud, wrong: dict[str, str]) -> None:
    assert assume(cloud, **wrong).status_code == 401
