# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own environment, and the clean state that every lab begins with.

Both are made once and kept in `.dev/nova` in the repository, or where the environment variable
OTC_EVS_NOVA_DIR says.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tests.cinder import install as cinder
from tests.cinder.config import REPOSITORY
from tests.cinder.install import Installation
from tests.cinder.process import start_program
from tests.cinder.seed import seed_volume_types
from tests.cinder.template import create_databases, keep
from tests.nova.seed import NovaApi, seed_compute, seed_identity
from tests.nova.services import Services

HERE = Path(__file__).resolve().parent
REQUIREMENTS = (
    "keystone==30.0.0",
    "cinder==29.0.0",
    "nova==34.0.0",
    "openstack-placement==16.0.0",
    "waitress",
)
CONSTRAINTS = HERE / "constraints.txt"
DATABASES = ("keystone.db", "cinder.db", "placement.db", "nova_api.db", "nova_cell0.db", "nova_cell1.db")
KEPT = (*DATABASES, "fernet", "credential")


def install() -> Installation:
    """Make what is missing of the installation; quick when nothing is."""
    chosen = os.environ.get("OTC_EVS_NOVA_DIR")
    directory = Path(chosen).resolve() if chosen else REPOSITORY / ".dev" / "nova"
    directory.mkdir(parents=True, exist_ok=True)
    with cinder.locked(directory / "lock"):
        venv = directory / "venv"
        cinder.install_environment(venv, REQUIREMENTS, CONSTRAINTS)
        template = directory / f"template-{cinder.digest_of(_shapers())}"
        if not template.exists():
            for outdated in directory.glob("template-*"):
                shutil.rmtree(outdated)
            _build(venv, template)
        return Installation(venv, template)


def _build(venv: Path, template: Path) -> None:
    """Create the databases, fill them through the APIs and keep them."""
    with tempfile.TemporaryDirectory(prefix="otc-evs-nova-") as directory:
        services = Services(venv, Path(directory))
        services.lab.write()
        services.lab.slow_file.write_text("0")
        nova = start_program(services.lab, "python", "-m", "tests.nova.create_databases", directory)
        create_databases(services.lab)
        nova.finish()
        try:
            _fill(services)
        finally:
            services.stop()
        keep(services.lab.state, template, KEPT)


def _fill(services: Services) -> None:
    api = NovaApi(services.lab)
    services.start("keystone")
    seed_identity(api, services.lab)
    services.start("placement", "cinder")
    seed_volume_types(api)
    services.start("nova")
    seed_compute(api)


def _shapers() -> list[Path]:
    ours = [HERE / name for name in ("config.py", "seed.py", "install.py", "create_databases.py", "constraints.txt")]
    theirs = [HERE.parent / "cinder" / name for name in ("config.py", "seed.py", "template.py")]
    return [*ours, *theirs]
