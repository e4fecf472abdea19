# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""ECS's own calls to attach and detach disks, for clouds where those of Nova are switched off.

Source: ECS API reference, "Attaching a Disk to an ECS" and "Detaching a Disk from an ECS".  The job that
they answer with is not asked for: what became of a disk, block storage and Nova tell.
"""

from __future__ import annotations

import urllib.parse

from ansible_collections.otc.evs.plugins.module_utils._api.client import Client

OF_NOVA = "/v2.1/"
OF_ECS = "/v1/"


class Ecs:
    """The calls beside those of Nova, at the same address."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    def beside(cls, nova: Client) -> Ecs | None:
        """The ECS at the address of a Nova."""
        return cls(nova.elsewhere(nova.url.replace(OF_NOVA, OF_ECS))) if OF_NOVA in nova.url else None

    def attach(self, server_id: str, volume_id: str) -> None:
        path = f"cloudservers/{urllib.parse.quote(server_id, safe='')}/attachvolume"
        self._client.post(path, {"volumeAttachment": {"volumeId": volume_id}})

    def detach(self, server_id: str, volume_id: str) -> None:
        """Without delete_flag, which would tear the disk out of a guest that uses it."""
        server, volume = (urllib.parse.quote(value, safe="") for value in (server_id, volume_id))
        self._client.delete(f"cloudservers/{server}/detachvolume/{volume}")
