# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where one lab lives, what it is told, and the files that tell it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
REGION = "RegionOne"
ZONES = ("eu-de-01", "eu-de-02")
DEFAULT_QUOTAS = {
    "volumes": 1000,
    "gigabytes": 10000,
    "snapshots": 1000,
    "backups": 1000,
    "backup_gigabytes": 10000,
}
USERS = {
    # name of the cloud: user, project
    "tenant-a": ("alice", "tenant-a"),
    "tenant-b": ("bob", "tenant-b"),
    "tenant-a-reader": ("alice-ro", "tenant-a"),
    "admin": ("admin", "admin"),
}
SERVICE_USER = "cinder"


def password(user: str) -> str:
    """The password of that user of the lab, which nothing protects."""
    return f"{user}-password"


@dataclass(frozen=True)
class LabConfig:
    """One lab: its environment, state directory, ports and settings."""

    venv: Path
    state: Path
    keystone_port: int
    cinder_port: int
    token_lifetime: int = 14400
    max_limit: int = 1000

    @property
    def auth_url(self) -> str:
        """Keystone's v3 URL."""
        return f"http://127.0.0.1:{self.keystone_port}/v3"

    @property
    def cinder_url(self) -> str:
        """Cinder's URL, below which /v3/{project_id} begins."""
        return f"http://127.0.0.1:{self.cinder_port}"

    @property
    def keystone_conf(self) -> Path:
        """The configuration of Keystone."""
        return self.state / "keystone.conf"

    @property
    def cinder_conf(self) -> Path:
        """The configuration of Cinder."""
        return self.state / "cinder.conf"

    @property
    def clouds_file(self) -> Path:
        """The clouds.yaml for the lab's users."""
        return self.state / "clouds.yaml"

    @property
    def journal(self) -> Path:
        """The file that all processes write requests to."""
        return self.state / "journal"

    @property
    def slow_file(self) -> Path:
        """The file that holds the seconds of a slow operation."""
        return self.state / "slow"

    def log_file(self, name: str) -> Path:
        """Where that process writes."""
        return self.state / f"{name}.log"

    def clouds(self) -> dict[str, dict[str, Any]]:
        """The entries of clouds.yaml."""
        return {
            cloud: {
                "auth": {
                    "auth_url": self.auth_url,
                    "username": user,
                    "password": password(user),
                    "project_name": project,
                    "user_domain_id": "default",
                    "project_domain_id": "default",
                },
                "region_name": REGION,
                "identity_api_version": "3",
            }
            for cloud, (user, project) in USERS.items()
        }

    def write(self) -> None:
        """Write every file that the processes and the clients read."""
        for name in ("fernet", "credential", "lock", "coordination"):
            (self.state / name).mkdir(mode=0o700, exist_ok=True)
        self.keystone_conf.write_text(ini(self._keystone()))
        self.cinder_conf.write_text(ini(self._cinder()))
        # JSON is YAML.
        self.clouds_file.write_text(json.dumps({"clouds": self.clouds()}, indent=2) + "\n")

    def _keystone(self) -> dict[str, dict[str, Any]]:
        return {
            "DEFAULT": {
                "default_log_levels": "keystone=WARN,keystone.common.fernet_utils=ERROR,oslo_policy=WARN",
            },
            "database": sqlite(self.state / "keystone.db"),
            "token": {"provider": "fernet", "expiration": self.token_lifetime},
            "fernet_tokens": {"key_repository": self.state / "fernet"},
            "credential": {"key_repository": self.state / "credential"},
            "auth": {"methods": "password,token,application_credential,totp"},
            "cache": {"enabled": "true", "backend": "oslo_cache.dict"},
            # Four rounds are bcrypt's fewest: these passwords need no protection.
            "identity": {"password_hash_rounds": 4, "max_password_length": 72},
        }

    def _cinder(self) -> dict[str, dict[str, Any]]:
        return {
            "DEFAULT": {
                **self._cinder_defaults(),
                **{f"quota_{name}": limit for name, limit in DEFAULT_QUOTAS.items()},
            },
            **{zone: _backend(zone) for zone in ZONES},
            "database": sqlite(self.state / "cinder.db"),
            "oslo_concurrency": {"lock_path": self.state / "lock"},
            "coordination": {"backend_url": f"file://{self.state / 'coordination'}"},
            "key_manager": {
                "backend": "cinder.keymgr.conf_key_mgr.ConfKeyManager",
                "fixed_key": "0" * 64,
            },
            "keystone_authtoken": self._cinder_user(),
            "oslo_messaging_notifications": {"driver": "noop"},
        }

    def _cinder_defaults(self) -> dict[str, Any]:
        etc = self.venv / "etc" / "cinder"
        return {
            "host": "lab",
            "my_ip": "127.0.0.1",
            "transport_url": "fake:/",
            "rpc_response_timeout": 600,
            # The services share a process, and with it the row that a heartbeat goes to: the zone
            # of one would become another's. So none beats, and none is taken for dead.
            "report_interval": 0,
            "service_down_time": 10 * 365 * 24 * 3600,
            "auth_strategy": "keystone",
            "api_paste_config": etc / "api-paste.ini",
            "resource_query_filters_file": etc / "resource_filters.json",
            "state_path": self.state,
            "default_log_levels": "cinder=WARN,stevedore=ERROR,castellan=ERROR,oslo.messaging=WARN,"
            "keystonemiddleware=WARN,urllib3=WARN",
            "osapi_max_limit": self.max_limit,
            "enabled_backends": ",".join(ZONES),
            "default_volume_type": "__DEFAULT__",
            "storage_availability_zone": ZONES[0],
        }

    def _cinder_user(self) -> dict[str, Any]:
        return {
            "www_authenticate_uri": self.auth_url,
            "auth_url": self.auth_url,
            "auth_type": "password",
            "project_domain_id": "default",
            "user_domain_id": "default",
            "project_name": "service",
            "username": SERVICE_USER,
            "password": password(SERVICE_USER),
        }


def _backend(zone: str) -> dict[str, Any]:
    return {
        "volume_driver": "tests.cinder.driver.LabDriver",
        "volume_backend_name": zone,
        "backend_availability_zone": zone,
    }


def sqlite(path: Path) -> dict[str, Any]:
    """How a service is told of its database."""
    return {"connection": f"sqlite:///{path}", "sqlite_synchronous": "false"}


def ini(sections: dict[str, dict[str, Any]]) -> str:
    """A configuration file."""
    return "\n".join(
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
        for section, options in sections.items()
    )
