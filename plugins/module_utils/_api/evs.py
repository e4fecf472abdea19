# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Block storage of one project: EVS v2, EVS v3 and Cinder v3, one method a call.

Nothing here decides anything.  A 404 for one thing asked for by ID is None; every other refusal is
an ApiError.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, MalformedAnswer
from ansible_collections.otc.evs.plugins.module_utils._model.parse import Fields
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Place, Project
from ansible_collections.otc.evs.plugins.module_utils._model.protection import Pair, Placement, Snapshot
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    Limit,
    Secret,
    Transfer,
    Volume,
    quota_from_api,
)

TRANSFERS = "os-volume-transfer"
TRANSFERS_WITH_SNAPSHOTS = "volume-transfers"
"""What is offered here is shown, accepted and withdrawn there as well."""
WITH_GROUPS = "3.13"
"""The microversion from which on a disk tells its group; before there were none but consistency groups."""
MOST_IDS = 60
"""How many disks the filter `ids` of EVS takes."""


class Evs:
    """The calls that a project may make on its disks and transfers."""

    def __init__(self, client: Client, project: Project, place: Place) -> None:
        self._client = client
        self.project = project
        self.place = place

    @classmethod
    def of(cls, session: Session) -> Evs:
        return cls(session.required_client("evs"), session.project, session.place())

    def newest_microversion(self) -> tuple[int, int] | None:
        """See the session; None for EVS v2, which has none."""
        return self._client.newest_microversion()

    def volumes(self, name: str | None = None, status: str | None = None) -> Iterator[Volume]:
        """The project's disks.  A server may ignore the filters, so they are applied here as well."""
        for page, dummy in self.volume_pages(name, status):
            yield from page

    def volume_pages(self, name: str | None = None, status: str | None = None) -> Iterator[tuple[list[Volume], bool]]:
        """The same by pages, and with each whether there is one more, which is asked for only if it is wanted."""
        filters = {key: value for key, value in (("name", name), ("status", status)) if value is not None}
        pages = self._client.linked_pages("volumes/detail", "volumes", filters, microversion=self._with_groups)
        for page, more in pages:
            volumes = [
                volume
                for volume in map(Volume.from_api, page)
                if self._is_mine(volume) and name in (None, volume.name) and status in (None, volume.status)
            ]
            yield volumes, more

    def volume(self, volume_id: str) -> Volume | None:
        try:
            body = self._client.get(f"volumes/{_segment(volume_id)}", self._with_groups).get("volume")
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        volume = Volume.from_api(body)
        return volume if self._is_mine(volume) else None

    def create_volume(self, name: str, size: int, traits: Mapping[str, str]) -> str:
        """Make an empty disk of so many GiB; returns its ID.  It is not available at once."""
        body = {"volume": {"name": name, "size": size, **traits}}
        return Fields(self._client.post("volumes", body).get("volume"), "disk").required_text("id")

    def delete_volume(self, volume_id: str) -> bool:
        """Delete a disk; False if there was none any more."""
        return self._deleted(f"volumes/{_segment(volume_id)}")

    def transfers(self, volume_id: str | None = None) -> list[Transfer]:
        """The pending transfers of this project's disks, with their time of creation.

        The filter by disk is one of Cinder; where it is ignored it is applied here.
        """
        if volume_id is not None:
            found = map(
                Transfer.from_api, self._client.entries(f"{TRANSFERS}/detail", "transfers", volume_id=volume_id)
            )
            return [transfer for transfer in found if transfer.volume_id == volume_id]
        return [Transfer.from_api(body) for page in self._client.transfer_pages(f"{TRANSFERS}/detail") for body in page]

    def transfer(self, transfer_id: str) -> Transfer | None:
        try:
            return Transfer.from_api(self._client.get(f"{TRANSFERS}/{_segment(transfer_id)}").get("transfer"))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
        """Offer a disk; with a `microversion` of at least 3.55 its snapshots go along."""
        offer: dict[str, object] = {"volume_id": volume_id, "name": name}
        if microversion is None:
            answer = self._client.post(TRANSFERS, {"transfer": offer})
        else:
            whole = {"transfer": {**offer, "no_snapshots": False}}
            answer = self._client.post(TRANSFERS_WITH_SNAPSHOTS, whole, microversion=microversion)
        transfer = Transfer.from_api(answer.get("transfer"))
        if transfer.volume_id != volume_id:
            raise MalformedAnswer(
                f"The server answered the offer of disk {volume_id} with one of {transfer.volume_id}."
            )
        if transfer.auth_key is None:
            raise MalformedAnswer(f"The server created transfer {transfer.id} and gave no auth_key.")
        self._client.hide(transfer.auth_key.reveal())
        return transfer

    def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
        """Take a disk over; returns its ID."""
        self._client.hide(auth_key.reveal())
        body = {"accept": {"auth_key": auth_key.reveal()}}
        answer = self._client.post(f"{TRANSFERS}/{_segment(transfer_id)}/accept", body)
        transfer = Transfer.from_api(answer.get("transfer"))
        if transfer.id != transfer_id:
            raise MalformedAnswer(f"The server answered the accept of transfer {transfer_id} with {transfer.id}.")
        return transfer.volume_id

    def delete_transfer(self, transfer_id: str) -> bool:
        """Withdraw an offer; False if there was none any more."""
        return self._deleted(f"{TRANSFERS}/{_segment(transfer_id)}")

    def quota(self) -> dict[str, Limit]:
        """The limits of this project and what is used of them, by the API's keys."""
        answer = self._client.get(f"os-quota-sets/{self.project.id}", usage="True")
        if not isinstance(answer.get("quota_set"), Mapping):
            raise MalformedAnswer("The answer about the quota has no object 'quota_set'.")
        return quota_from_api(answer["quota_set"])

    def volume_types(self) -> frozenset[str]:
        """The names and IDs of the volume types that the project may use."""
        pages = self._client.linked_pages("types", "volume_types", {}, links="volume_type_links", limited=False)
        types = [Fields(body, "volume type") for page in pages for body in page.entries]
        named = {body.required_text("id") for body in types}
        return frozenset(named.union(body.text("name") for body in types))

    def snapshots(self, volume_id: str | None = None) -> Iterator[list[Snapshot]]:
        """Snapshots, page by page: of one disk, or all of the project."""
        filters = {"volume_id": volume_id} if volume_id else {}
        for page in self._client.linked_pages("snapshots/detail", "snapshots", filters):
            yield [Snapshot.from_api(body) for body in page.entries]

    def replications(self, volume_id: str | None = None) -> Iterator[list[Pair]]:
        """The replication pairs of EVS itself, which has had none since 2019 and may not know the call."""
        filters = {"volume_id": volume_id} if volume_id else {}
        try:
            for page in self._client.linked_pages("os-vendor-replications", "replications", filters):
                yield [Pair.from_api(body) for body in page.entries]
        except ApiError as error:
            if error.status != 404:
                raise

    def placements(self, volume_ids: Sequence[str]) -> list[Placement] | None:
        """Where EVS keeps disks, and their tags; None where block storage is not EVS.

        Of a few disks by a filter, of many all of the project.
        """
        path = "cloudvolumes/detail" if "/v2/" in self._client.url else "os-vendor-volumes/detail"
        quoted = ",".join(f"'{volume_id}'" for volume_id in volume_ids)
        filters = {"ids": f"[{quoted}]"} if len(volume_ids) <= MOST_IDS else {}
        try:
            pages = self._client.linked_pages(path, "volumes", filters)
            return [Placement.from_api(body) for page in pages for body in page.entries]
        except ApiError as error:
            if error.status != 404:
                raise
        return None

    def vendor_encrypted(self, volume_id: str) -> bool | None:
        """Whether EVS itself calls a disk encrypted; None where block storage is not EVS."""
        try:
            body = self._client.get(f"os-vendor-volumes/{_segment(volume_id)}").get("volume")
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        fields = Fields(body, "disk")
        fields.required_text("id")
        return fields.flag("encrypted")

    def _deleted(self, path: str) -> bool:
        try:
            self._client.delete(path)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    @property
    def _with_groups(self) -> str | None:
        """EVS v2 has no microversions, and no groups."""
        return None if "/v2/" in self._client.url else WITH_GROUPS

    def _is_mine(self, volume: Volume) -> bool:
        """An administrator is shown disks of other projects; those are nobody's business here."""
        return volume.project_id in (None, self.project.id)


def _segment(given: str) -> str:
    """An ID as one segment of a path, whatever is in it."""
    return urllib.parse.quote(given, safe="")
