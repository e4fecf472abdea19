# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of Keystone and Cinder with Nova and Placement beside them: ports, files, what they are told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cinder.config import REGION, ZONES, LabConfig, ini, password, sqlite

SERVICE_USERS = ("cinder", "nova", "placement")
FOREVER = 10 * 365 * 24 * 3600
COMPUTE_ID = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class NovaConfig(LabConfig):
    """One lab with servers."""

    nova_port: int = 0
    placement_port: int = 0

    @property
    def nova_url(self) -> str:
        """Nova's URL."""
        return f"http://127.0.0.1:{self.nova_port}/v2.1"

    @property
    def placement_url(self) -> str:
        """Placement's URL; what stands for Neutron is below it."""
        return f"http://127.0.0.1:{self.placement_port}"

    @property
    def network_url(self) -> str:
        """The URL of what stands for Neutron."""
        return f"{self.placement_url}/network"

    @property
    def nova_conf(self) -> Path:
        """The configuration of Nova."""
        return self.state / "nova.conf"

    def write(self) -> None:
        """Write every file that the processes and the clients read."""
        super().write()
        (self.state / "nova").mkdir(mode=0o700, exist_ok=True)
        # Nova refuses to start a second time without it; the driver gives each host an ID of its own.
        (self.state / "nova" / "compute_id").write_text(f"{COMPUTE_ID}\n")
        (self.state / "api-paste.ini").write_bytes((self.venv / "etc" / "nova" / "api-paste.ini").read_bytes())
        self.nova_conf.write_text(ini(self._nova()))
        (self.state / "placement.conf").write_text(ini(self._placement()))

    def _cinder(self) -> dict[str, dict[str, Any]]:
        """Cinder lets nobody detach past Nova, but for Nova, which shows a token of its own."""
        sections = super()._cinder()
        return {**sections, "keystone_authtoken": self._middleware("cinder"), "nova": self._user("cinder")}

    def _nova(self) -> dict[str, dict[str, Any]]:
        nova = self._user("nova")
        elsewhere = {key: value for key, value in nova.items() if key != "region_name"}
        return {
            "DEFAULT": self._nova_defaults(),
            "api": {"auth_strategy": "keystone"},
            "wsgi": {"api_paste_config": self.state / "api-paste.ini"},
            "database": sqlite(self.state / "nova_cell1.db"),
            "api_database": sqlite(self.state / "nova_api.db"),
            "keystone_authtoken": self._middleware("nova"),
            "service_user": {"send_service_user_token": "true", **elsewhere},
            "placement": self._user("placement"),
            "cinder": {
                **elsewhere,
                "os_region_name": REGION,
                "cross_az_attach": "false",
                "catalog_info": "block-storage::publicURL",
            },
            "neutron": nova,
            "glance": {**nova, "api_servers": self.network_url},
            "keystone": nova,
            "key_manager": {"backend": "nova.keymgr.conf_key_mgr.ConfKeyManager", "fixed_key": "0" * 64},
            "oslo_concurrency": {"lock_path": self.state / "lock"},
            "vnc": {"enabled": "false"},
            "spice": {"enabled": "false"},
            "filter_scheduler": {"track_instance_changes": "false"},
            "oslo_messaging_notifications": {"driver": "noop"},
        }

    def _nova_defaults(self) -> dict[str, Any]:
        never = {
            "update_resources_interval": 3600,
            "sync_power_state_interval": -1,
            "heal_instance_info_cache_interval": -1,
            "shelved_poll_interval": -1,
            "volume_usage_poll_interval": 0,
            "instance_build_timeout": 0,
            "running_deleted_instance_poll_interval": 0,
        }
        return {
            "host": "lab",
            "my_ip": "127.0.0.1",
            "transport_url": "fake:/",
            "state_path": self.state / "nova",
            "rpc_response_timeout": 60,
            "compute_driver": "lab.LabDriver",
            "report_interval": 3600,
            "service_down_time": FOREVER,
            "default_log_levels": "nova=WARN,amqp=WARN,sqlalchemy=WARN,stevedore=ERROR,oslo.messaging=WARN,"
            "keystonemiddleware=WARN,urllib3=WARN,oslo_policy=WARN",
            "default_availability_zone": ZONES[0],
            "force_config_drive": "false",
            **never,
        }

    def _placement(self) -> dict[str, dict[str, Any]]:
        return {
            "api": {"auth_strategy": "keystone"},
            "placement_database": {**sqlite(self.state / "placement.db"), "sync_on_startup": "true"},
            "keystone_authtoken": self._middleware("placement"),
        }

    def _user(self, user: str) -> dict[str, Any]:
        return {
            "auth_url": self.auth_url,
            "auth_type": "password",
            "project_domain_id": "default",
            "user_domain_id": "default",
            "project_name": "service",
            "username": user,
            "password": password(user),
            "region_name": REGION,
        }

    def _middleware(self, user: str) -> dict[str, Any]:
        known = {key: value for key, value in self._user(user).items() if key != "region_name"}
        return {
            "www_authenticate_uri": self.auth_url,
            "service_token_roles": "service",
            "service_token_roles_required": "true",
            "token_cache_time": 300,
            **known,
        }
