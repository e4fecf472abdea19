# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What the API answers, as values: disks, transfers and quotas.

The field names are those of the Block Storage API; see the EVS API reference, sections "Querying
Details About a Disk", "Disk Transfer Management" and "Querying Details of Tenant Quotas".
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.parse import Fields, Named, mapping

AVAILABLE = "available"
AWAITING_TRANSFER = "awaiting-transfer"
IN_USE = "in-use"
DETACHING = "detaching"
ON_ITS_WAY_IN = ("reserved", "attaching")
UNLIMITED = -1


class Secret:
    """A string that shows itself only when asked to."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(********)"


@dataclass(frozen=True)
class Attachment:
    """Where a disk is attached: the server's ID and the device it shows there."""

    server_id: str
    device: str


@dataclass(frozen=True)
class Volume(Named):
    """A disk as its project sees it; `size` is in GiB."""

    status: str
    size: int
    volume_type: str | None
    project_id: str | None
    availability_zone: str | None
    description: str | None
    bootable: bool
    encrypted: bool
    created_at: str | None
    attachments: tuple[Attachment, ...]
    multiattach: bool
    metadata: Mapping[str, str]
    group_id: str | None
    """Its generic volume group, or its consistency group."""
    has_data_source: bool
    """Whether it was made from a snapshot or an image."""

    @classmethod
    def from_api(cls, body: Any) -> Volume:
        fields = Fields(body, "disk")
        return cls(
            id=fields.required_text("id"),
            name=fields.text("name"),
            status=fields.required_text("status"),
            size=fields.number("size"),
            volume_type=fields.optional_text("volume_type"),
            project_id=fields.optional_text("os-vol-tenant-attr:tenant_id"),
            availability_zone=fields.optional_text("availability_zone"),
            description=fields.optional_text("description"),
            bootable=fields.flag("bootable"),
            encrypted=fields.flag("encrypted"),
            created_at=utc(fields.get("created_at")),
            attachments=tuple(
                Attachment(item.text("server_id"), item.text("device"))
                for item in fields.objects("attachments", "attachment")
            ),
            multiattach=fields.flag("multiattach"),
            metadata=fields.texts("metadata"),
            group_id=fields.text("group_id") or fields.text("consistencygroup_id") or None,
            has_data_source=bool(fields.get("snapshot_id") or fields.get("volume_image_metadata")),
        )

    def as_result(self) -> dict[str, Any]:
        """The disk as the modules return it."""
        row = {**vars(self), "attachments": [asdict(item) for item in self.attachments]}
        del row["has_data_source"]
        return row

    @property
    def is_scsi(self) -> bool:
        """Whether a server sees it as SCSI, not as a virtio block device (VBD)."""
        return self.metadata.get("hw:passthrough", "").lower() == "true"

    def is_in(self, server_id: str) -> bool:
        """Whether block storage knows it to be attached to that server."""
        return any(item.server_id == server_id for item in self.attachments)


@dataclass(frozen=True)
class Transfer:
    """An offer of a disk; `auth_key` only when this very client just created it."""

    id: str
    volume_id: str
    name: str
    created_at: str | None
    auth_key: Secret | None = None

    @classmethod
    def from_api(cls, body: Any) -> Transfer:
        fields = Fields(body, "transfer")
        key = fields.get("auth_key")
        return cls(
            id=fields.required_text("id"),
            volume_id=fields.required_text("volume_id"),
            name=fields.text("name"),
            created_at=utc(fields.get("created_at")),
            auth_key=Secret(key) if isinstance(key, str) and key else None,
        )


@dataclass(frozen=True)
class Limit:
    """One line of a quota set."""

    in_use: int
    limit: int
    reserved: int

    @property
    def free(self) -> int | None:
        """How much is left; None is no limit."""
        return None if self.limit == UNLIMITED else self.limit - self.in_use - self.reserved


def quota_from_api(body: Any) -> dict[str, Limit]:
    """The limits of a quota set by the API's key; keys the cloud does not have are absent."""
    limits = Fields(body, "quota set")
    return {
        key: Limit(*(Fields(limit, f"quota of {key}").number(part) for part in ("in_use", "limit", "reserved")))
        for key, limit in ((key, limits.nested(key)) for key in mapping(body) if key != "id")
        if limit
    }


def utc(value: Any) -> str | None:
    """The API's time stamps carry no zone and are UTC: say so."""
    if not isinstance(value, str) or not value:
        return None
    return value if value.endswith("Z") or "+" in value else value + "Z"


def age(stamp: str | None, now: datetime.datetime) -> datetime.timedelta | None:
    """How long ago a time stamp of `utc` was; None if it cannot be read."""
    try:
        moment = datetime.datetime.fromisoformat((stamp or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return now - moment
