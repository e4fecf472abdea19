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

from ansible_collections.otc.evs.plugins.module_utils._model.parse import (
    flag,
    mapping,
    nested,
    number,
    objects,
    optional_text,
    required_text,
    text,
    texts,
)
from ansible_collections.otc.evs.plugins.module_utils._text import safe

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
class Volume:
    """A disk as its project sees it; `size` is in GiB."""

    id: str
    name: str
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
        fields = mapping(body)
        return cls(
            id=required_text(fields, "id", "disk"),
            name=text(fields, "name", "disk"),
            status=required_text(fields, "status", "disk"),
            size=number(fields, "size", "disk"),
            volume_type=optional_text(fields, "volume_type", "disk"),
            project_id=optional_text(fields, "os-vol-tenant-attr:tenant_id", "disk"),
            availability_zone=optional_text(fields, "availability_zone", "disk"),
            description=optional_text(fields, "description", "disk"),
            bootable=flag(fields, "bootable", "disk"),
            encrypted=flag(fields, "encrypted", "disk"),
            created_at=utc(fields.get("created_at")),
            attachments=tuple(
                Attachment(text(item, "server_id", "attachment"), text(item, "device", "attachment"))
                for item in objects(fields, "attachments", "disk")
            ),
            multiattach=flag(fields, "multiattach", "disk"),
            metadata=texts(fields, "metadata", "disk"),
            group_id=text(fields, "group_id", "disk") or text(fields, "consistencygroup_id", "disk") or None,
            has_data_source=bool(fields.get("snapshot_id") or fields.get("volume_image_metadata")),
        )

    def as_result(self) -> dict[str, Any]:
        """The disk as the modules return it."""
        row = {**vars(self), "attachments": [asdict(item) for item in self.attachments]}
        del row["has_data_source"]
        return row

    @property
    def label(self) -> str:
        """How messages call the disk."""
        return safe(f"{self.name} ({self.id})" if self.name else self.id)

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
        fields = mapping(body)
        key = fields.get("auth_key")
        return cls(
            id=required_text(fields, "id", "transfer"),
            volume_id=required_text(fields, "volume_id", "transfer"),
            name=text(fields, "name", "transfer"),
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
    limits = mapping(body)
    return {
        key: Limit(*(number(limit, part, f"quota of {key}") for part in ("in_use", "limit", "reserved")))
        for key, limit in ((key, nested(limits, key, "quota set")) for key in limits if key != "id")
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
