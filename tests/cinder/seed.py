# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a clean lab holds: projects, users, the catalogue and volume types."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import Any

from tests.cinder.api import Api
from tests.cinder.config import REGION, SERVICE_USER, LabConfig, password
from tests.cinder.database import connect

PROJECTS = ("service", "tenant-a", "tenant-b")
ROLES = (
    # user, project, role
    (SERVICE_USER, "service", "admin"),
    (SERVICE_USER, "service", "service"),
    ("alice", "tenant-a", "member"),
    ("bob", "tenant-b", "member"),
    ("alice-ro", "tenant-a", "reader"),
)
SERVICES = {"block-storage": "cinder", "volumev3": "cinderv3"}
VOLUME_TYPES = ("SSD", "SAS")
ENCRYPTED_TYPE = "encrypted"


def seed_identity(api: Api, lab: LabConfig) -> None:
    """Create projects, users, roles and the catalogue in a bootstrapped Keystone."""
    projects = {name: _create(api, "project", name=name, domain_id="default") for name in PROJECTS}
    users = {name: _create_user(api, name) for name in _users(ROLES)}
    answer = api.keystone("GET", "/roles")
    roles = {role["name"]: role["id"] for role in answer["roles"]}
    for user, project, role in ROLES:
        path = f"/projects/{projects[project]}/users/{users[user]}/roles/{roles[role]}"
        api.keystone("PUT", path)
    for service_type, name in SERVICES.items():
        service = _create(api, "service", name=name, type=service_type)
        _create_endpoints(api, service, _block_storage_url(lab))


def seed_volume_types(api: Api) -> None:
    """Create two plain volume types and one that encrypts."""
    for name in VOLUME_TYPES:
        _create_type(api, name)
    encrypted = _create_type(api, ENCRYPTED_TYPE)
    encryption = {
        "provider": "luks",
        "cipher": "aes-xts-plain64",
        "key_size": 256,
        "control_location": "front-end",
    }
    api.cinder("admin", "POST", f"/types/{encrypted}/encryption", {"encryption": encryption})


def point_catalogue(lab: LabConfig) -> None:
    """Let the catalogue in Keystone's database name this lab's ports."""
    urls = {"identity": lab.auth_url, **dict.fromkeys(SERVICES, _block_storage_url(lab))}
    statement = "UPDATE endpoint SET url = ? WHERE service_id IN (SELECT id FROM service WHERE type = ?)"
    with closing(connect(lab.state / "keystone.db")) as database:
        for service_type, url in urls.items():
            database.execute(statement, (url, service_type))


def _block_storage_url(lab: LabConfig) -> str:
    return f"{lab.cinder_url}/v3/%(project_id)s"


def _users(roles: Iterable[tuple[str, str, str]]) -> list[str]:
    return list(dict.fromkeys(user for user, *dummy in roles))


def _create_user(api: Api, name: str) -> str:
    return _create(api, "user", name=name, domain_id="default", password=password(name))


def _create_endpoints(api: Api, service: str, url: str) -> None:
    for interface in ("public", "internal", "admin"):
        _create(api, "endpoint", service_id=service, interface=interface, region_id=REGION, url=url)


def _create_type(api: Api, name: str) -> str:
    answer = api.cinder("admin", "POST", "/types", {"volume_type": {"name": name}})
    return str(answer["volume_type"]["id"])


def _create(api: Api, kind: str, **properties: Any) -> str:
    return str(api.keystone("POST", f"/{kind}s", {kind: properties})[kind]["id"])
