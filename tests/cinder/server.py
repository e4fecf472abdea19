# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Keystone and Cinder as the cloud under test."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.cinder import journal
from tests.cinder.api import Api
from tests.cinder.config import LabConfig
from tests.cinder.database import restore
from tests.cinder.errors import LabError
from tests.cinder.install import Installation, install
from tests.cinder.seed import point_catalogue
from tests.cinder.services import Services
from tests.cinder.template import copy_template
from tests.cinder.volumes import Volumes
from tests.support.server import Request

SLOW_SECONDS = 5.0
QUIET_SECONDS = 60.0
"""How long a reset lets requests end before it replaces the Cinder that works at them."""


class CinderServer:
    """A lab of its own: ports, state and processes shared with no other.

    `max_limit` is Cinder's page size and `token_lifetime` Keystone's, in seconds.  Where it
    answers is known from start() on.
    """

    kind = "cinder"
    auth_url: str
    clouds_file: Path

    def __init__(self, max_limit: int = 1000, token_lifetime: int = 14400) -> None:
        self._settings = {"max_limit": max_limit, "token_lifetime": token_lifetime}
        self._running: _Running | None = None

    def __enter__(self) -> CinderServer:
        """Start."""
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop."""
        self.stop()

    @property
    def pids(self) -> list[int]:
        """The processes that run; none before start() and after stop()."""
        return self._running.services.pids if self._running else []

    def start(self) -> None:
        """Install what is missing, start Keystone and Cinder, return when they answer."""
        if self._running:
            return
        self._running = _Running(install(), self._settings)
        self.auth_url = self._lab.auth_url
        self.clouds_file = self._lab.clouds_file
        atexit.register(self.stop)
        try:
            self._running.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End both processes and remove their state."""
        running, self._running = self._running, None
        if running:
            atexit.unregister(self.stop)
            running.stop()

    def reset(self) -> None:
        """Let slow operations end, then put the clean database in place under the servers."""
        self._live.reset()

    def cloud(self, name: str) -> dict[str, Any]:
        """The entry of clouds.yaml called `name`."""
        return self._lab.clouds()[name]

    def project_id(self, tenant: str) -> str:
        """The id of that tenant's project."""
        return self._live.api.token(tenant).project_id

    def create_volume(self, tenant: str, name: str, size: int = 1, **traits: Any) -> str:
        """Create a volume as that tenant, wait until it is available and apply the traits."""
        return self.create_volumes(tenant, [{"name": name, "size": size, **traits}])[0]

    def create_volumes(self, tenant: str, specs: Iterable[Mapping[str, Any]]) -> list[str]:
        """Create many volumes; a spec holds what create_volume() takes. The ids in that order."""
        return self._live.volumes.create(tenant, specs)

    def set_quota(self, tenant: str, **limits: int) -> None:
        """Set quota limits of that tenant, as admin."""
        project = self.project_id(tenant)
        self.admin("PUT", f"/os-quota-sets/{project}", {"quota_set": limits})

    def admin(self, method: str, path: str, body: Any = None, microversion: str | None = None) -> Any:
        """Ask Cinder below /v3/{project_id} as admin, for what no other method offers."""
        return self._live.api.cinder("admin", method, path, body, microversion)

    def set_slow_seconds(self, seconds: float) -> None:
        """Set how long a `slow-` operation lasts, those under way included; 0 lets them go."""
        self._lab.slow_file.write_text(str(seconds))

    def requests(self) -> list[Request]:
        """What clients asked of both servers, in order; status 0 while a request is under way."""
        entries = journal.read(self._lab.journal, self._live.forgotten)
        return [Request(e.method, e.path, e.status) for e in entries if e.from_outside]

    def forget_requests(self) -> None:
        """Start a new log of requests."""
        self._live.forgotten = journal.size(self._lab.journal)

    def log(self) -> str:
        """The ends of both servers' logs."""
        return self._live.services.log()

    @property
    def _live(self) -> _Running:
        if self._running is None:
            raise LabError("the lab is not running; call start() first")
        return self._running

    @property
    def _lab(self) -> LabConfig:
        return self._live.services.lab


class _Running:
    """What exists between start() and stop()."""

    def __init__(self, installation: Installation, settings: dict[str, int]) -> None:
        self._template = installation.template
        self._state = Path(tempfile.mkdtemp(prefix="otc-evs-cinder-"))
        self._database = self._state / "cinder.db"
        self._clean = self._state / "clean.db"
        self.services = Services(installation.venv, self._state, **settings)
        self.api = Api(self.services.lab)
        self.volumes = Volumes(self.api)
        self.forgotten = 0

    def start(self) -> None:
        copy_template(self._template, self._state)
        shutil.copy2(self._database, self._clean)
        lab = self.services.lab
        lab.write()
        lab.slow_file.write_text(str(SLOW_SECONDS))
        point_catalogue(lab)
        self.services.start()
        # One answer that needs both: the first is slow, and from then on they work together.
        self.api.cinder("admin", "GET", "/volumes")
        self.forgotten = journal.size(lab.journal)

    def stop(self) -> None:
        self.services.stop()
        shutil.rmtree(self._state, ignore_errors=True)

    def reset(self) -> None:
        lab = self.services.lab
        lab.slow_file.write_text("0")
        if self._quiet():
            restore(self._database, self._clean)
        else:
            self._restart_cinder()
        lab.slow_file.write_text(str(SLOW_SECONDS))
        self.forgotten = journal.size(lab.journal)

    def _quiet(self) -> bool:
        """Whether all that was begun has ended, which it is given a while for."""
        deadline = time.monotonic() + QUIET_SECONDS
        while journal.under_way(self.services.lab.journal):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _restart_cinder(self) -> None:
        self.services.stop_cinder()
        # What the ended process had begun will never end. Keystone goes on writing into the same file.
        os.truncate(self.services.lab.journal, 0)
        shutil.copy2(self._clean, self._database)
        self.services.start_cinder()
