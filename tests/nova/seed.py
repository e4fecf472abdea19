# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a clean lab with servers holds beyond that of Cinder: users of the services, catalogue, flavor, zones."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from tests.cinder import seed
from tests.cinder.api import Api, content
from tests.cinder.config import REGION, ZONES, password
from tests.cinder.database import connect
from tests.nova.config import NovaConfig

SERVICES = {"compute": "nova", "placement": "placement", "network": "neutron"}
FLAVOR = "s3.small.1"


class NovaApi(Api):
    """The lab's users at work, with Nova as well."""

    def __init__(self, lab: NovaConfig) -> None:
        super().__init__(lab)
        self._nova_url = lab.nova_url

    def nova(self, cloud: str, method: str, path: str, body: Any = None) -> Any:
        """Ask Nova; return the parsed answer, raise on a refusal."""
        headers = {"X-Auth-Token": self.token(cloud).value, "OpenStack-API-Version": "compute 2.60"}
        return content(self.send(method, f"{self._nova_url}{path}", body, headers))


def urls_of(lab: NovaConfig) -> dict[str, str]:
    """The endpoints beyond those of Cinder."""
    return {"compute": lab.nova_url, "placement": lab.placement_url, "network": lab.network_url}


def seed_identity(api: NovaApi, lab: NovaConfig) -> None:
    """Create what Cinder's lab has, and the users and endpoints of Nova and Placement."""
    seed.seed_identity(api, lab)
    projects = {row["name"]: row["id"] for row in api.keystone("GET", "/projects")["projects"]}
    roles = {row["name"]: row["id"] for row in api.keystone("GET", "/roles")["roles"]}
    for name in ("nova", "placement"):
        user = _create(api, "user", name=name, domain_id="default", password=password(name))
        for role in ("admin", "service"):
            api.keystone("PUT", f"/projects/{projects['service']}/users/{user}/roles/{roles[role]}")
    for service_type, name in SERVICES.items():
        service = _create(api, "service", name=name, type=service_type)
        for interface in ("public", "internal", "admin"):
            url = urls_of(lab)[service_type]
            _create(api, "endpoint", service_id=service, interface=interface, region_id=REGION, url=url)


def seed_compute(api: NovaApi) -> None:
    """Create a flavor, and a zone for each host."""
    flavor = {"name": FLAVOR, "id": FLAVOR, "ram": 1024, "vcpus": 1, "disk": 0}
    api.nova("admin", "POST", "/flavors", {"flavor": flavor})
    for zone in ZONES:
        aggregate = {"name": zone, "availability_zone": zone}
        made = api.nova("admin", "POST", "/os-aggregates", {"aggregate": aggregate})["aggregate"]["id"]
        api.nova("admin", "POST", f"/os-aggregates/{made}/action", {"add_host": {"host": f"compute-{zone}"}})


def point(lab: NovaConfig) -> None:
    """Let the catalogue name this lab's ports, and Nova's cells its files."""
    seed.point_catalogue(lab)
    endpoints = "UPDATE endpoint SET url = ? WHERE service_id IN (SELECT id FROM service WHERE type = ?)"
    with closing(connect(lab.state / "keystone.db")) as database:
        for service_type, url in urls_of(lab).items():
            database.execute(endpoints, (url, service_type))
    with closing(connect(lab.state / "nova_api.db")) as database:
        for cell in ("cell0", "cell1"):
            url = f"sqlite:///{lab.state}/nova_{cell}.db"
            database.execute("UPDATE cell_mappings SET database_connection = ? WHERE name = ?", (url, cell))


def _create(api: Api, kind: str, **properties: Any) -> str:
    return str(api.keystone("POST", f"/{kind}s", {kind: properties})[kind]["id"])
