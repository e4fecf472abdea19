# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test may ask of a cloud under test, whichever of the two it is.

The emulator and the real Cinder both offer this, with the same tenants and users, so that one
suite runs on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

SOURCE = "tenant-a"
TARGET = "tenant-b"
SOURCE_READER = "tenant-a-reader"


@dataclass(frozen=True)
class Request:
    """One request as the server logged it; `path` keeps its query."""

    method: str
    path: str
    status: int
    fault: str | None = None
    """The kind of the fault that the emulator was told to hit it with."""


class Server(Protocol):
    """A running Keystone and block storage with two tenants.

    Clouds: `tenant-a` (user alice), `tenant-b` (user bob) and `tenant-a-reader` (user alice-ro,
    role reader in tenant-a).  The projects are called tenant-a and tenant-b.
    """

    kind: str
    """`emulator` or `cinder`."""

    auth_url: str
    """The Keystone v3 URL."""

    clouds_file: Path
    """A clouds.yaml with the clouds named above."""

    def start(self) -> None:
        """Start the processes and return when they answer; raise with their log if they do not."""

    def stop(self) -> None:
        """End every process that start() began; safe to call twice."""

    def reset(self) -> None:
        """Go back to the state after start(): no volumes, no transfers, the default quotas."""

    def cloud(self, name: str) -> dict[str, Any]:
        """The entry of clouds.yaml called `name`."""

    def project_id(self, tenant: str) -> str:
        """The id of the project `tenant-a` or `tenant-b`."""

    def create_volume(self, tenant: str, name: str, size: int = 1, **traits: Any) -> str:
        """Create a volume in that tenant, wait until it is available, apply the traits.

        Returns its id.  Traits both servers know: `volume_type` (str), `description` (str),
        `metadata` (dict), `status` (str), `bootable` (bool),
        `attached` (bool: in-use by some server), `encrypted` (bool), `availability_zone` (str).
        """

    def set_quota(self, tenant: str, **limits: int) -> None:
        """Set quota limits by the API's names, such as volumes=3, gigabytes=100."""

    def requests(self) -> list[Request]:
        """What block storage and Keystone were asked since the last forget_requests(), in order."""

    def forget_requests(self) -> None:
        """Start a new log of requests."""
