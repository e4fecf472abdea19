# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Keystone, Cinder and Nova as the cloud under test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.cinder import journal
from tests.cinder.database import restore
from tests.cinder.errors import LabError
from tests.cinder.template import copy_template
from tests.cinder.volumes import Volumes
from tests.nova.config import NovaConfig
from tests.nova.install import install
from tests.nova.seed import FLAVOR, NovaApi, point
from tests.nova.services import Services
from tests.support.server import Request


class NovaServer:
    """A lab of its own: ports, state and processes shared with no other."""

    kind = "nova"
    auth_url: str
    clouds_file: Path

    def __init__(self) -> None:
        self._services: Services | None = None

    def __enter__(self) -> NovaServer:
        """Start."""
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Install what is missing, start all, return when they answer."""
        if self._services is not None:
            return
        installation = install()
        state = Path(tempfile.mkdtemp(prefix="otc-evs-nova-"))
        self._services = Services(installation.venv, state)
        self._clean = state / "clean.db"
        atexit.register(self.stop)
        try:
            lab = self._services.lab
            copy_template(installation.template, state)
            shutil.copy2(state / "cinder.db", self._clean)
            lab.write()
            self.set_slow_seconds(0)
            point(lab)
            self.auth_url, self.clouds_file = lab.auth_url, lab.clouds_file
            self.api = NovaApi(lab)
            self._volumes = Volumes(self.api)
            self._services.start()
            # One answer of each: the first is slow, and from then on they work together.
            self.api.cinder("admin", "GET", "/volumes")
            self.api.nova("admin", "GET", "/servers")
            self.forget_requests()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all processes and remove their state."""
        services, self._services = self._services, None
        if services is not None:
            atexit.unregister(self.stop)
            services.stop()
            shutil.rmtree(services.lab.state, ignore_errors=True)

    def reset(self) -> None:
        """Delete all servers, and put the clean database of block storage in place."""
        self.set_slow_seconds(0)
        path = "/servers?all_tenants=1"
        for server in self.api.nova("admin", "GET", path)["servers"]:
            self.api.nova("admin", "POST", f"/servers/{server['id']}/action", {"unlock": None})
            self.api.nova("admin", "DELETE", f"/servers/{server['id']}")
        self._until(lambda: self.api.nova("admin", "GET", path)["servers"], [])
        restore(self._lab.state / "cinder.db", self._clean)
        self.forget_requests()

    def cloud(self, name: str) -> dict[str, Any]:
        """The entry of clouds.yaml called `name`."""
        return self._lab.clouds()[name]

    def project_id(self, tenant: str) -> str:
        """The id of that tenant's project."""
        return self.api.token(tenant).project_id

    def create_volume(self, tenant: str, name: str, size: int = 1, **traits: Any) -> str:
        """Create a volume as that tenant, wait until it is available and apply the traits."""
        return self.create_volumes(tenant, [{"name": name, "size": size, **traits}])[0]

    def create_volumes(self, tenant: str, specs: Iterable[Mapping[str, Any]]) -> list[str]:
        """Create many volumes; the ids in that order."""
        return self._volumes.create(tenant, specs)

    def create_server(self, tenant: str, name: str, *volume_ids: str, zone: str = "eu-de-01", off: bool = True) -> str:
        """Create a server that boots from a disk of its own, with these data disks."""
        system = self.create_volume(tenant, f"{name}-system", bootable=True, availability_zone=zone)
        disks = [
            {
                "boot_index": 0 if volume_id == system else -1,
                "uuid": volume_id,
                "source_type": "volume",
                "destination_type": "volume",
                "delete_on_termination": False,
            }
            for volume_id in (system, *volume_ids)
        ]
        body = {
            "name": name,
            "flavorRef": FLAVOR,
            "networks": "none",
            "availability_zone": zone,
            "block_device_mapping_v2": disks,
        }
        made: str = self.api.nova(tenant, "POST", "/servers", {"server": body})["server"]["id"]
        self._until(lambda: self.server(tenant, made)["status"], "ACTIVE")
        if off:
            self.act(tenant, made, "os-stop")
            self._until(lambda: self.server(tenant, made)["status"], "SHUTOFF")
        return made

    def set_quota(self, tenant: str, **limits: int) -> None:
        """Set quota limits of that tenant, as admin."""
        self.api.cinder("admin", "PUT", f"/os-quota-sets/{self.project_id(tenant)}", {"quota_set": limits})

    def server(self, tenant: str, server_id: str) -> dict[str, Any]:
        """Show a server."""
        found: dict[str, Any] = self.api.nova(tenant, "GET", f"/servers/{server_id}")["server"]
        return found

    def act(self, tenant: str, server_id: str, action: str) -> None:
        """Stop, start, lock, unlock or pause a server."""
        self.api.nova(tenant, "POST", f"/servers/{server_id}/action", {action: None})

    def disks(self, tenant: str, server_id: str) -> list[str]:
        """The IDs of a server's data disks, in the order of their devices."""
        path = f"/servers/{server_id}/os-volume_attachments"
        rows = self.api.nova(tenant, "GET", path)["volumeAttachments"]
        return [row["volumeId"] for row in sorted(rows, key=lambda row: row["device"])][1:]

    def volume(self, tenant: str, volume_id: str) -> dict[str, Any]:
        """Show a disk."""
        found: dict[str, Any] = self.api.cinder(tenant, "GET", f"/volumes/{volume_id}")["volume"]
        return found

    def set_slow_seconds(self, seconds: float) -> None:
        """Set how long a slow operation lasts, those under way included."""
        self._lab.slow_file.write_text(str(seconds))

    def requests(self) -> list[Request]:
        """What clients asked, in order; status 0 while a request is under way."""
        entries = journal.read(self._lab.journal, self._forgotten)
        theirs = ("python-novaclient", "nova/", "openstacksdk", "python-cinderclient")
        return [
            Request(e.method, e.path, e.status) for e in entries if e.from_outside and not e.agent.startswith(theirs)
        ]

    def forget_requests(self) -> None:
        """Start a new log of requests."""
        self._forgotten = journal.size(self._lab.journal)

    def log(self) -> str:
        """The ends of all logs."""
        return self._services.log() if self._services else ""

    @property
    def _lab(self) -> NovaConfig:
        if self._services is None:
            raise LabError("the lab is not running; call start() first")
        return self._services.lab

    def _until(self, look: Any, wanted: Any, timeout: float = 300) -> None:
        deadline = time.monotonic() + timeout
        while True:
            found = look()
            if found == wanted:
                return
            if found == "ERROR" or time.monotonic() > deadline:
                raise LabError(f"it is {found}, not {wanted}:\n{self.log()}")
            time.sleep(0.1)
