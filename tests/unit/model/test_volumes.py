# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks and transfers as the API answers them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import (
    Attachment,
    Limit,
    Secret,
    Transfer,
    Volume,
    age,
    quota_from_api,
    utc,
)
from tests.support.bodies import PROJECT, volume, volume_body

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.timezone.utc)


def test_a_disk_is_read() -> None:
    body = volume_body(
        id="v",
        size="7",
        bootable="true",
        encrypted=True,
        attachments=[{"server_id": "s", "device": "/dev/vdb"}, {}],
        metadata={"tier": "gold", "number": 7},
        description="about it",
        multiattach=True,
    )
    disk = Volume.from_api(body)
    assert disk == Volume(
        id="v",
        name="data",
        status="available",
        size=7,
        volume_type="SSD",
        project_id=PROJECT,
        availability_zone="eu-de-01",
        description="about it",
        bootable=True,
        encrypted=True,
        created_at="2026-11-21T08:00:00.000000Z",
        attachments=(Attachment("s", "/dev/vdb"), Attachment("", "")),
        multiattach=True,
        metadata={"tier": "gold", "number": "7"},
        group_id=None,
        has_data_source=False,
    )
    row = disk.as_result()
    assert row["attachments"] == [{"server_id": "s", "device": "/dev/vdb"}, {"server_id": "", "device": ""}]
    assert "has_data_source" not in row


@pytest.mark.parametrize(("mode", "scsi"), [("true", True), ("True", True), ("false", False), (None, False)])
def test_how_a_server_sees_a_disk(mode: str | None, scsi: bool) -> None:
    disk = volume(metadata={"hw:passthrough": mode} if mode else {}, attachments=[{"server_id": "s"}])
    assert disk.is_scsi is scsi
    assert (disk.is_in("s"), disk.is_in("t")) == (True, False)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, False),
        ({"snapshot_id": "n"}, True),
        ({"volume_image_metadata": {"image_name": "Debian"}}, True),
        ({"snapshot_id": "", "volume_image_metadata": {}}, False),
    ],
)
def test_what_a_disk_was_made_from(fields: dict[str, Any], expected: bool) -> None:
    assert volume(**fields).has_data_source is expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"group_id": None, "consistencygroup_id": None}, None),
        ({"group_id": "", "consistencygroup_id": ""}, None),
        ({"group_id": "g"}, "g"),
        ({"consistencygroup_id": "c"}, "c"),
        ({"group_id": None, "consistencygroup_id": "c"}, "c"),
    ],
)
def test_in_which_group_a_disk_is(fields: dict[str, Any], expected: str | None) -> None:
    """P1: a generic group, and before microversion 3.13 a consistency group."""
    assert volume(**fields).group_id == expected


def test_what_may_be_missing_of_a_disk() -> None:
    disk = Volume.from_api({"id": "v", "status": "error"})
    assert (disk.name, disk.size, disk.volume_type, disk.project_id, disk.created_at) == ("", 0, None, None, None)
    assert (disk.bootable, disk.encrypted, disk.attachments, disk.metadata) == (False, False, (), {})
    assert disk.label == "v"
    assert volume(id="v", name="da\x07ta").label == "da\\x07ta (v)"


@pytest.mark.parametrize("missing", ["id", "status"])
@pytest.mark.parametrize("value", [None, "", 7])
def test_what_may_not_be_missing_of_a_disk(missing: str, value: Any) -> None:
    with pytest.raises(MalformedAnswer, match=f"has a disk whose '{missing}' is not a string"):
        volume(**{missing: value})


def test_a_body_that_is_no_object() -> None:
    with pytest.raises(MalformedAnswer, match="disk whose 'id'"):
        Volume.from_api(["v"])


@pytest.mark.parametrize(("key", "kept"), [("0123", "0123"), ("", None), (None, None), (123, None)])
def test_a_transfer_is_read(key: Any, kept: str | None) -> None:
    body = {"id": "t", "volume_id": "v", "created_at": "2026-11-21T09:00:00", "auth_key": key}
    offer = Transfer.from_api(body)
    assert (offer.id, offer.volume_id, offer.name, offer.created_at) == ("t", "v", "", "2026-11-21T09:00:00Z")
    assert (offer.auth_key.reveal() if offer.auth_key else None) == kept


def test_a_key_does_not_show_itself() -> None:
    secret = Secret("0000000000000000")
    assert "0000" not in f"{secret!r} {secret}"
    assert secret.reveal() == "0000000000000000"


@pytest.mark.parametrize(
    ("limit", "free"), [(Limit(1, 10, 2), 7), (Limit(9, -1, 9), None), (Limit(5, 3, 0), -2), (Limit(0, 0, 0), 0)]
)
def test_what_is_left_of_a_quota(limit: Limit, free: int | None) -> None:
    assert limit.free == free


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # Each cloud has keys of its own, and "id" is the project: no limit, whatever is in it.
        ({"id": "P", "volumes": {"in_use": 1, "limit": -1, "reserved": 0}}, {"volumes": Limit(1, -1, 0)}),
        ({"id": {"in_use": 1, "limit": 2, "reserved": 0}}, {}),
        (
            {"volumes_SSD": {"in_use": "1", "limit": "9", "reserved": "2"}, "ids": {"limit": 3}},
            {"volumes_SSD": Limit(1, 9, 2), "ids": Limit(0, 3, 0)},
        ),
        ({"volumes": {"in_use": None, "limit": 5}}, {"volumes": Limit(0, 5, 0)}),
        ({"volumes": None, "gigabytes": {}}, {}),
        (None, {}),
    ],
)
def test_a_quota_set_is_read(body: Any, expected: dict[str, Limit]) -> None:
    assert quota_from_api(body) == expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"volumes": {"in_use": 1, "limit": "many"}}, "quota of volumes whose 'limit' is not a number"),
        ({"id": "P", "volumes": 5}, "quota set whose 'volumes' is not an object"),
    ],
)
def test_a_quota_that_is_no_number_is_named(body: Any, words: str) -> None:
    with pytest.raises(MalformedAnswer, match=words):
        quota_from_api(body)


@pytest.mark.parametrize(
    ("value", "stamp"),
    [
        ("2026-11-21T09:00:00", "2026-11-21T09:00:00Z"),
        ("2026-11-21T09:00:00Z", "2026-11-21T09:00:00Z"),
        ("2026-11-21T09:00:00+00:00", "2026-11-21T09:00:00+00:00"),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_a_time_stamp_says_that_it_is_utc(value: Any, stamp: str | None) -> None:
    assert utc(value) == stamp


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("2026-11-21T11:59:00Z", 60),
        ("2026-11-21T12:02:00.000000Z", -120),
        ("2026-11-21T12:00:00+01:00", 3600),
        (None, None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_how_long_ago(stamp: str | None, seconds: int | None) -> None:
    existed = age(stamp, NOW)
    assert (existed.total_seconds() if existed is not None else None) == seconds
