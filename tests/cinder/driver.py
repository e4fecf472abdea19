# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume driver that keeps no data, and fails or dawdles where a volume's name says so.

`fail-OP` in a name makes the operation fail, `slow-OP` makes it last as many seconds as the file
`slow` in the state directory says; OP is create, delete, extend, snapshot or accept.  That file
is read again and again, so a slow operation can be let go while it is under way.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from cinder import exception, interface
from cinder.volume import driver

from tests.cinder.journal import Journal

STATE = Path(os.environ["OTC_EVS_CINDER_STATE"])
JOURNAL = Journal(STATE / "journal")


def _hook(operation: str, name: str | None) -> None:
    if f"slow-{operation}" in (name or ""):
        with JOURNAL.during(f"slow {operation}"):
            began = time.monotonic()
            while time.monotonic() - began < _slow_seconds():
                time.sleep(0.02)
    if f"fail-{operation}" in (name or ""):
        raise exception.VolumeBackendAPIException(data=f"the name asks to fail at {operation}")


def _slow_seconds() -> float:
    return float((STATE / "slow").read_text())


@interface.volumedriver
class LabDriver(driver.VolumeDriver):  # type: ignore[misc]
    """Every operation succeeds at once, except as the hooks say."""

    VERSION = "1.0"

    def do_setup(self, context: Any) -> None:
        """Need nothing."""

    def check_for_setup_error(self) -> None:
        """Find nothing wrong."""

    def create_volume(self, volume: Any) -> None:
        """Create nothing."""
        _hook("create", volume.display_name)

    def delete_volume(self, volume: Any) -> None:
        """Delete nothing."""
        _hook("delete", volume.display_name)

    def extend_volume(self, volume: Any, new_size: int) -> None:
        """Extend nothing."""
        _hook("extend", volume.display_name)

    def create_snapshot(self, snapshot: Any) -> None:
        """Keep nothing."""
        _hook("snapshot", snapshot.volume.display_name)

    def delete_snapshot(self, snapshot: Any) -> None:
        """Delete nothing."""

    def create_volume_from_snapshot(self, volume: Any, snapshot: Any) -> None:
        """Copy nothing."""
        _hook("create", volume.display_name)

    def create_cloned_volume(self, volume: Any, src_vref: Any) -> None:
        """Copy nothing."""
        _hook("create", volume.display_name)

    def create_export(self, context: Any, volume: Any, connector: Any) -> None:
        """Export nothing."""

    def ensure_export(self, context: Any, volume: Any) -> None:
        """Export nothing."""

    def remove_export(self, context: Any, volume: Any) -> None:
        """Export nothing."""

    def initialize_connection(self, volume: Any, connector: Any) -> dict[str, Any]:
        """Connect to nothing."""
        return {"driver_volume_type": "fake", "data": {}}

    def terminate_connection(self, volume: Any, connector: Any, **kwargs: Any) -> None:
        """Disconnect nothing."""

    def accept_transfer(self, context: Any, volume: Any, new_user: str, new_project: str) -> None:
        """Hand over nothing."""
        _hook("accept", volume["display_name"])

    def _update_volume_stats(self) -> None:
        pool = {
            "pool_name": "lab",
            "total_capacity_gb": "infinite",
            "free_capacity_gb": "infinite",
            "reserved_percentage": 0,
            "thin_provisioning_support": False,
            "QoS_support": False,
            "multiattach": True,
        }
        self._stats = {
            "volume_backend_name": self.configuration.safe_get("volume_backend_name"),
            "vendor_name": "otc.evs",
            "driver_version": self.VERSION,
            "storage_protocol": "fake",
            "pools": [pool],
        }

    def get_volume_stats(self, refresh: bool = False) -> dict[str, Any]:
        """Say that there is room for anything."""
        if refresh or not self._stats:
            self._update_volume_stats()
        return self._stats
