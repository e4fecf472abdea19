# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clean state that a lab begins with: making it takes long, copying it does not."""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.cinder.api import Api
from tests.cinder.config import REGION, LabConfig, password
from tests.cinder.process import run, start_program
from tests.cinder.seed import seed_identity, seed_volume_types
from tests.cinder.services import Services

KEPT = ("keystone.db", "cinder.db", "fernet", "credential")


def build_template(venv: Path, template: Path) -> None:
    """Create the databases, fill them through the APIs and keep them as `template`."""
    with tempfile.TemporaryDirectory(prefix="otc-evs-cinder-") as directory:
        services = Services(venv, Path(directory))
        lab = services.lab
        lab.write()
        create_databases(lab)
        try:
            _fill(services)
        finally:
            services.stop()
        keep(lab.state, template, KEPT)


def copy_template(template: Path, state: Path) -> None:
    """Begin a state directory with the clean state."""
    shutil.copytree(template, state, dirs_exist_ok=True)


def create_databases(lab: LabConfig) -> None:
    """Create the databases of Keystone and Cinder."""
    keystone = ("keystone-manage", "--config-file", lab.keystone_conf)
    cinder = start_program(lab, "cinder-manage", "--config-file", lab.cinder_conf, "db", "sync")
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    owner = ("--keystone-user", user, "--keystone-group", group)
    run(lab, *keystone, "db_sync")
    run(lab, *keystone, "fernet_setup", *owner)
    run(lab, *keystone, "credential_setup", *owner)
    run(lab, *keystone, "bootstrap", *_bootstrap(lab))
    cinder.finish()


def _bootstrap(lab: LabConfig) -> list[str]:
    urls = [f"--bootstrap-{name}-url={lab.auth_url}" for name in ("admin", "internal", "public")]
    return [
        f"--bootstrap-password={password('admin')}",
        f"--bootstrap-region-id={REGION}",
        *urls,
    ]


def _fill(services: Services) -> None:
    api = Api(services.lab)
    services.start_keystone()
    seed_identity(api, services.lab)
    services.start_cinder()
    seed_volume_types(api)


def keep(state: Path, template: Path, names: Iterable[str]) -> None:
    """Keep these files and directories of a state as the clean one."""
    half = template.with_name(f"{template.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    for name in names:
        source = state / name
        if source.is_dir():
            shutil.copytree(source, half / name)
        else:
            shutil.copy2(source, half / name)
    half.rename(template)
