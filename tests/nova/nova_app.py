# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that is all of Nova: API, scheduler, conductor, and a compute service in each zone.

Arguments: the descriptor of the listening socket, the state directory.  They are together in one process
because they then need no message broker.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

from tests.cinder.config import ZONES
from tests.cinder.journal import Journal, Journaled
from tests.cinder.parent import end_with_parent


class AnyHost(str):
    """Equal to every host: Nova asks whether an instance is on this one, and here are two."""

    def __eq__(self, other: object) -> bool:
        """Say yes."""
        return True

    def __ne__(self, other: object) -> bool:
        """Say no."""
        return False

    __hash__ = str.__hash__


class BothHosts:
    """Nova's configuration, on whatever host."""

    host = AnyHost("lab")

    def __init__(self, conf: Any) -> None:
        self._conf = conf

    def __getattr__(self, name: str) -> Any:
        """Give what is configured."""
        return getattr(self._conf, name)


def main() -> None:
    """Serve until the process is ended."""
    descriptor, state = int(sys.argv[1]), Path(sys.argv[2])
    end_with_parent(state)
    os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "false"
    os.environ["OS_NOVA_CONFIG_DIR"] = str(state)
    sys.argv = ["nova-api"]
    from nova import monkey_patch

    monkey_patch.patch(backend="eventlet")
    application = _start()
    import eventlet.wsgi

    eventlet.wsgi.server(
        socket.socket(fileno=descriptor), Journaled(application, Journal(state / "journal")), log_output=False
    )


def _start() -> Any:
    """Start all services and return the API's WSGI application."""
    import nova.conf
    import nova.virt.block_device
    import os_brick
    import os_vif
    from nova import context, objects, service
    from nova.api.openstack import wsgi_app
    from nova.compute import rpcapi as compute_rpcapi
    from nova.conductor import rpcapi as conductor_rpcapi
    from nova.objects import host_mapping
    from nova.scheduler import rpcapi as scheduler_rpcapi

    from tests.nova import compute_driver

    # Nova looks for drivers below nova.virt only.
    sys.modules["nova.virt.lab"] = compute_driver
    nova.virt.block_device.CONF = BothHosts(nova.conf.CONF)
    application = wsgi_app.init_application("osapi_compute", "nova-api")
    os_brick.setup(nova.conf.CONF)
    os_vif.initialize()
    objects.Service.enable_min_version_cache()
    service.Service.create(binary="nova-conductor", topic=conductor_rpcapi.RPC_TOPIC).start()
    for zone in ZONES:
        service.Service.create(
            binary="nova-compute",
            host=f"compute-{zone}",
            topic=compute_rpcapi.RPC_TOPIC,
            topic_alt=compute_rpcapi.RPC_TOPIC_ALT,
        ).start()
    host_mapping.discover_hosts(context.get_admin_context())
    service.Service.create(binary="nova-scheduler", topic=scheduler_rpcapi.RPC_TOPIC).start()
    return application


if __name__ == "__main__":
    main()
