# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nova's own fake driver, which refuses and dawdles where a server's name says so.

`fail-attach` and `fail-detach` in the name of a server let its guest refuse, after the API has answered;
`slow-attach` and `slow-detach` let it take as many seconds as the file `slow` in the state directory says.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

from nova import exception
from nova.virt import fake

STATE = Path(os.environ["OTC_EVS_CINDER_STATE"])


def _dawdle(operation: str, instance: Any) -> None:
    began = time.monotonic()
    while f"slow-{operation}" in instance.display_name and time.monotonic() - began < float(
        (STATE / "slow").read_text()
    ):
        time.sleep(0.05)


def _id_of(host: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, host))


class LabDriver(fake.FakeDriver):  # type: ignore[misc]
    """Each host has the same ID after a restart, and a guest does as its name says."""

    def get_nodenames_by_uuid(self, refresh: bool = False) -> dict[str, str]:
        """Name the nodes of this host."""
        return {_id_of(name): name for name in self.get_available_nodes()}

    def get_available_resource(self, nodename: str) -> Any:
        """Tell what a node has."""
        return {**super().get_available_resource(nodename), "uuid": _id_of(nodename)}

    def attach_volume(
        self, context: Any, connection_info: Any, instance: Any, mountpoint: str, *more: Any, **named: Any
    ) -> Any:
        """Attach, or refuse."""
        _dawdle("attach", instance)
        if "fail-attach" in instance.display_name:
            raise exception.DeviceNotFound(device=mountpoint)
        return super().attach_volume(context, connection_info, instance, mountpoint, *more, **named)

    def detach_volume(
        self, context: Any, connection_info: Any, instance: Any, mountpoint: str, encryption: Any = None
    ) -> Any:
        """Detach, or refuse."""
        _dawdle("detach", instance)
        if "fail-detach" in instance.display_name:
            raise exception.DeviceDetachFailed(device=mountpoint, reason="the guest did not let go of it")
        return super().detach_volume(context, connection_info, instance, mountpoint, encryption)
