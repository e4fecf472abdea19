# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes as tests want them, made through the API."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.cinder.api import Api
from tests.cinder.errors import LabError
from tests.cinder.seed import ENCRYPTED_TYPE

CREATORS = 4
PROPERTIES = ("volume_type", "description", "metadata", "availability_zone")
LATER = frozenset({"bootable", "attached", "status"})


class Volumes:
    """Makes volumes and brings them into the states that tests need."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create(self, tenant: str, specs: Iterable[Mapping[str, Any]]) -> list[str]:
        """Create volumes, wait until they are available, give them their traits."""
        divided = [_divide(spec) for spec in specs]
        with ThreadPoolExecutor(CREATORS) as pool:
            ids = list(pool.map(lambda parts: self._begin(tenant, parts[0]), divided))
        # Waiting in turn keeps Cinder free to create the others.
        for volume_id, (dummy, traits) in zip(ids, divided, strict=True):
            self._wait(tenant, volume_id, "available")
            self._give(tenant, volume_id, traits)
        return ids

    def _begin(self, tenant: str, properties: dict[str, Any]) -> str:
        answer = self._api.cinder(tenant, "POST", "/volumes", {"volume": properties})
        return str(answer["volume"]["id"])

    def _give(self, tenant: str, volume_id: str, traits: dict[str, Any]) -> None:
        if "bootable" in traits:
            self._act(tenant, volume_id, "os-set_bootable", bootable=traits["bootable"])
        if traits.get("attached"):
            self._attach(tenant, volume_id)
        if "status" in traits:
            self._act("admin", volume_id, "os-reset_status", status=traits["status"])

    def _attach(self, tenant: str, volume_id: str) -> None:
        """Attach it as the compute service would, to a server that does not exist."""
        server = {"instance_uuid": str(uuid.uuid4()), "mountpoint": "/dev/vdb"}
        self._act(tenant, volume_id, "os-attach", **server)
        self._wait(tenant, volume_id, "in-use")

    def _act(self, cloud: str, volume_id: str, action: str, **arguments: Any) -> None:
        self._api.cinder(cloud, "POST", f"/volumes/{volume_id}/action", {action: arguments})

    def _wait(self, tenant: str, volume_id: str, status: str, timeout: float = 300) -> None:
        deadline = time.monotonic() + timeout
        while True:
            found = self._api.cinder(tenant, "GET", f"/volumes/{volume_id}")["volume"]["status"]
            if found == status:
                return
            if found.startswith("error") or time.monotonic() > deadline:
                raise LabError(f"volume {volume_id} is {found}, not {status}")
            time.sleep(0.02)


def _divide(spec: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties to create a volume with, and the traits to give it afterwards."""
    traits = dict(spec)
    properties = {"name": traits.pop("name"), "size": traits.pop("size", 1)}
    properties.update({p: traits.pop(p) for p in PROPERTIES if p in traits})
    if traits.pop("encrypted", False):
        if "volume_type" in properties:
            raise LabError(f"an encrypted volume here is of the type {ENCRYPTED_TYPE}")
        properties["volume_type"] = ENCRYPTED_TYPE
    unknown = traits.keys() - LATER
    if unknown:
        raise LabError(f"this lab knows no trait {', '.join(sorted(unknown))}")
    return properties, traits
