# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that is all of Cinder: API, scheduler and volume service.

Arguments: the descriptor of the listening socket, the state directory.  It runs in the lab's own
environment.  The services are together in one process because they then need no message broker,
and because separate ones would lock each other out of the SQLite file.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

from tests.cinder.journal import Journal, Journaled
from tests.cinder.parent import end_with_parent


def main() -> None:
    """Serve until the process is ended."""
    descriptor, state = int(sys.argv[1]), Path(sys.argv[2])
    end_with_parent(state)
    from cinder import monkey_patch

    monkey_patch.patch()
    application = _start(str(state / "cinder.conf"))
    import eventlet.wsgi

    eventlet.wsgi.server(
        _inherited(descriptor),
        Journaled(application, Journal(state / "journal")),
        log_output=False,
    )


def _inherited(descriptor: int) -> socket.socket:
    # The name is looked up after monkey patching, which makes this a green socket.
    return socket.socket(fileno=descriptor)


def _start(config_file: str) -> Any:
    """Configure Cinder, start its services and return the API's WSGI application."""
    conf = _configure(config_file)
    import eventlet
    from cinder import coordination, rpc
    from oslo_service import wsgi

    coordination.COORDINATOR.start()
    rpc.init(conf)
    # The scheduler's start waits for a volume service, so they start side by side; the API
    # answers when all have, and an error of any ends the process.
    starting = [eventlet.spawn(service.start) for service in _services(conf)]
    application = wsgi.Loader(conf).load_app("osapi_volume")
    for start in starting:
        start.wait()
    return application


def _services(conf: Any) -> list[Any]:
    from cinder.common import constants
    from cinder.service import Service

    scheduler = Service.create(binary=constants.SCHEDULER_BINARY)
    volumes = [
        Service.create(
            host=f"{conf.host}@{backend}",
            service_name=backend,
            binary=constants.VOLUME_BINARY,
            coordination=True,
        )
        for backend in conf.enabled_backends
    ]
    return [scheduler, *volumes]


def _configure(config_file: str) -> Any:
    import os_brick
    from cinder import i18n, objects, version
    from oslo_config import cfg
    from oslo_log import log

    i18n.enable_lazy()
    from cinder.common import config

    # These two register the options of their services.
    import cinder.cmd.scheduler  # isort: skip
    import cinder.cmd.volume  # isort: skip

    objects.register_all()
    cfg.CONF(["--config-file", config_file], project="cinder", version=version.version_string())
    for backend in cfg.CONF.enabled_backends:
        cfg.CONF.register_opt(cinder.cmd.volume.host_opt, group=backend)
    config.set_middleware_defaults()
    log.setup(cfg.CONF, "cinder")
    os_brick.setup(cfg.CONF)
    return cfg.CONF


if __name__ == "__main__":
    main()
