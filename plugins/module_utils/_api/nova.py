# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The servers of one project and their disks: Nova, and where it refuses to attach or detach, ECS.

An answer to an attach or a detach says only that it has begun.  A 404 for one thing asked for by ID is
None; every other refusal is an ApiError.
"""

from __future__ import annotations

import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator

from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._api.ecs import Ecs
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, MalformedAnswer
from ansible_collections.otc.evs.plugins.module_utils._model.parse import Fields, mapping
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Action, Job, Seat, Server

NEWEST = (2, 79)
"""From here on the disks of a server tell delete_on_termination; nothing later is needed."""
OLDEST = (2, 1)
VERSION = re.compile(r"2\.([0-9]{1,4})")
DISKS = "os-volume_attachments"
NOT_HERE = (403, 404, 410)
"""Answers that may be about the call as such: then ECS may know it."""


class Nova:
    """The calls that a project may make on its servers, as far as disks need them."""

    def __init__(self, client: Client, project: Project) -> None:
        self._plain = client
        self._ecs = Ecs.beside(client)
        self._jobs: dict[tuple[str, str], str] = {}
        self._spoken: Client | None = None
        self._lock = threading.Lock()
        self.project = project

    @classmethod
    def of(cls, session: Session) -> Nova:
        return cls(session.required_client("compute"), session.project)

    def servers(self) -> Iterator[Server]:
        """The project's servers, each with the IDs of its disks; not those of others that an administrator is shown."""
        for page in self._client().linked_pages("servers/detail", "servers", {}):
            for server in map(Server.from_api, page.entries):
                if server.project_id in (None, self.project.id):
                    yield server

    def seats(self, server_id: str) -> tuple[Seat, ...] | None:
        """The disks of a server with their devices; None if there is no such server (any more).

        A disk that is being attached is among them.
        """
        try:
            found = self._client().entries(f"servers/{_segment(server_id)}/{DISKS}", "volumeAttachments")
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return tuple(map(Seat.from_api, found))

    def actions(self, server_id: str) -> list[Action]:
        """What was done with a server, the newest first."""
        found = self._client().entries(f"servers/{_segment(server_id)}/os-instance-actions", "instanceActions")
        return [Action.from_api(body) for body in found]

    def attach(self, server_id: str, volume_id: str) -> None:
        """Begin to attach a disk.  No device is asked for, since Nova does not keep to it."""
        path = f"servers/{_segment(server_id)}/{DISKS}"
        body = {"volumeAttachment": {"volumeId": volume_id}}
        self._jobs.pop((server_id, volume_id), None)
        self._or_by_ecs(
            lambda: _require_volume(self._client().post(path, body), volume_id),
            lambda ecs: self._note(server_id, volume_id, ecs.attach(server_id, volume_id)),
        )

    def would_attach(self, server_id: str, volume_id: str) -> bool:
        """Ask ECS whether it would attach a disk; False if there is no ECS to ask.  A refusal is an ApiError."""
        if self._ecs is None:
            return False
        try:
            self._ecs.would_attach(server_id, volume_id)
        except ApiError as error:
            if _is_of_ecs(error) or error.status >= 500:
                raise
            # A plain Nova has other things there, or nothing.
            return False
        return True

    def job(self, server_id: str, volume_id: str) -> Job | None:
        """The job that ECS attaches or detaches a disk by, if it was asked to."""
        job_id = self._jobs.get((server_id, volume_id))
        return self._ecs.job(job_id) if job_id and self._ecs else None

    def detach(self, server_id: str, volume_id: str) -> None:
        """Begin to detach a disk, never by force."""
        path = f"servers/{_segment(server_id)}/{DISKS}/{_segment(volume_id)}"
        self._jobs.pop((server_id, volume_id), None)
        self._or_by_ecs(
            lambda: self._client().delete(path),
            lambda ecs: self._note(server_id, volume_id, ecs.detach(server_id, volume_id)),
        )

    def _note(self, server_id: str, volume_id: str, job_id: str | None) -> None:
        if job_id:
            self._jobs[server_id, volume_id] = job_id

    def _or_by_ecs(self, by_nova: Callable[[], object], by_ecs: Callable[[Ecs], None]) -> None:
        """What Nova refuses has surely not begun; ECS may have the call where Nova's is switched off."""
        try:
            by_nova()
        except ApiError as refusal:
            if self._ecs is None or not _is_about_the_call(refusal):
                raise
            try:
                by_ecs(self._ecs)
            except ApiError as error:
                # A plain Nova has other things there, or nothing.
                if (_is_of_ecs(error) and not _is_about_the_call(error)) or error.status >= 500:
                    raise
                raise refusal from error

    def _client(self) -> Client:
        """The client in the version that is spoken; the first use asks which there are."""
        with self._lock:
            if self._spoken is None:
                self._spoken = self._plain.elsewhere(self._plain.url, self._headers())
            return self._spoken

    def _headers(self) -> dict[str, str]:
        root = self._plain.url.rpartition("/")[0] if self._plain.url.endswith(self.project.id) else self._plain.url
        try:
            document = Fields(self._plain.elsewhere(root).get("").get("version"), "version")
        except ApiError as error:
            if error.status >= 500:
                raise
            # Without its range the oldest version is the one that is surely there.
            return {}
        version = best(document.text("min_version"), document.text("version"))
        return {"OpenStack-API-Version": f"compute {version}"} if version else {}


def best(least: str, most: str) -> str | None:
    """The newest version that is of use and that a service from the one to the other speaks; None is the oldest."""
    bounds = [VERSION.fullmatch(version) for version in (least, most)]
    first, last = (int(found[1]) if found else OLDEST[1] for found in bounds)
    minor = min(last, NEWEST[1])
    return f"{NEWEST[0]}.{minor}" if OLDEST[1] < minor and first <= minor else None


def _is_about_the_call(error: ApiError) -> bool:
    """Whether a refusal may be about the call as such; Nova names the server or the disk that it does not find."""
    if error.status not in NOT_HERE:
        return False
    about_a_thing = re.match(r"(instance|volume) ", error.reason.lower()) is not None
    too_many = "maximum allowed" in error.reason.lower()
    return not about_a_thing and not too_many


def _is_of_ecs(error: ApiError) -> bool:
    return (error.code or "").startswith("Ecs.")


def _require_volume(answer: object, volume_id: str) -> None:
    found = Fields(mapping(answer).get("volumeAttachment"), "attachment").text("volumeId")
    if found != volume_id:
        raise MalformedAnswer(f"The server answered the attach of disk {volume_id} with one of {found or 'nothing'}.")


def _segment(value: str) -> str:
    """An ID as one segment of a path, whatever is in it."""
    return urllib.parse.quote(value, safe="")
