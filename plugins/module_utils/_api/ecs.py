# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""ECS's own calls to attach and detach disks, for clouds where those of Nova are switched off.

Source: ECS API reference, "Attaching a Disk to an ECS", "Detaching a Disk from an ECS" and "Querying Task
Execution Status".  They answer with a job.  None of it was tried on a live Open Telekom Cloud.
"""

from __future__ import annotations

import urllib.parse

from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._model.parse import Fields
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Job

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

    def attach(self, server_id: str, volume_id: str) -> str | None:
        """Begin to attach a disk; returns the ID of the job."""
        return self._job_of(self._client.post(*_attach(server_id, volume_id)))

    def would_attach(self, server_id: str, volume_id: str) -> None:
        """Let ECS check what it would check before it attaches a disk, which by its documents changes nothing."""
        path, body = _attach(server_id, volume_id)
        self._client.post(path, {**body, "dry_run": True})

    def detach(self, server_id: str, volume_id: str) -> str | None:
        """Without delete_flag, which would tear the disk out of a guest that uses it; returns the ID of the job."""
        path = f"cloudservers/{_segment(server_id)}/detachvolume/{_segment(volume_id)}"
        return self._job_of(self._client.delete(path))

    def job(self, job_id: str) -> Job:
        return Job.from_api(self._client.get(f"jobs/{_segment(job_id)}"))

    @staticmethod
    def _job_of(answer: object) -> str | None:
        # What became of a disk both services tell as well, so a job that is not named of is no reason to fail.
        return Fields(answer, "job").text("job_id") or None


def _attach(server_id: str, volume_id: str) -> tuple[str, dict[str, object]]:
    return f"cloudservers/{_segment(server_id)}/attachvolume", {"volumeAttachment": {"volumeId": volume_id}}


def _segment(value: str) -> str:
    """An ID as one segment of a path, whatever is in it."""
    return urllib.parse.quote(value, safe="")
