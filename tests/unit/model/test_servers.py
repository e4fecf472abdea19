# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and their disks, as different versions of Nova tell them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer
from ansible_collections.otc.evs.plugins.module_utils._model.servers import (
    Action,
    Seat,
    Server,
    guest_name,
    scsi_guest_name,
)

VOLUME = "8af79d32-a09f-48ef-af25-25829b6a568f"
BODY = {"id": "s", "name": "app01", "status": "ACTIVE", "OS-EXT-STS:task_state": None}


def server(**fields: Any) -> Server:
    return Server.from_api({**BODY, **fields})


def test_what_an_old_version_does_not_tell_is_not_known() -> None:
    old = server(**{"os-extended-volumes:volumes_attached": [{"id": VOLUME}]})
    assert (old.locked, old.task_state, old.seats) == (None, None, (Seat(VOLUME),))
    assert (old.availability_zone, old.project_id, old.root_device, old.metadata) == (None, None, None, ())
    flags = [{"id": VOLUME, "delete_on_termination": True}]
    new = server(
        locked=True,
        **{
            "os-extended-volumes:volumes_attached": flags,
            "OS-EXT-STS:task_state": "rebooting",
            "OS-EXT-AZ:availability_zone": "eu-de-01",
        },
    )
    assert (new.locked, new.task_state, new.availability_zone) == (True, "rebooting", "eu-de-01")
    assert new.seats == (Seat(VOLUME, "", True),)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"status": ""},
        {"locked": "perhaps"},
        {"os-extended-volumes:volumes_attached": [{}]},
        {"os-extended-volumes:volumes_attached": "none"},
        {"metadata": [1]},
    ],
)
def test_what_is_not_understood_is_an_error(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer):
        server(**fields)


@pytest.mark.parametrize(
    ("root", "device", "is_root"),
    [
        (None, "/dev/vda", True),
        (None, "/dev/sda", True),
        (None, "/dev/xvda", True),
        (None, "vda", True),
        (None, "/dev/vdb", False),
        (None, "/dev/vdaa", False),
        (None, "", False),
        ("/dev/vdb", "/dev/vda", False),
        ("/dev/vdb", "/dev/vdb", True),
    ],
)
def test_which_disk_a_server_boots_from(root: str | None, device: str, is_root: bool) -> None:
    assert server(**{"OS-EXT-SRV-ATTR:root_device_name": root}).is_root(device) is is_root


def test_disks_come_in_the_order_of_their_devices() -> None:
    devices = ["/dev/vdaa", "/dev/vdz", "/dev/vda", "/dev/vdb"]
    seats = tuple(Seat.from_api({"volumeId": f"v{device}", "device": device}) for device in devices)
    ordered = server().with_seats(seats)
    assert [seat.device for seat in ordered.seats] == ["/dev/vda", "/dev/vdb", "/dev/vdz", "/dev/vdaa"]
    assert ordered.has("v/dev/vdz")
    assert not ordered.has("v/dev/vdq")


def test_a_flag_that_only_the_server_tells_is_kept() -> None:
    told = server(**{"os-extended-volumes:volumes_attached": [{"id": "v", "delete_on_termination": True}]})
    assert told.with_seats((Seat("v", "/dev/vdb"), Seat("w", "/dev/vdc"))).seats == (
        Seat("v", "/dev/vdb", True),
        Seat("w", "/dev/vdc", None),
    )
    assert told.with_seats((Seat("v", "/dev/vdb", False),)).seats == (Seat("v", "/dev/vdb", False),)


@pytest.mark.parametrize(("message", "failed"), [(None, False), ("Error", True), ("error", True), ("fine", False)])
def test_an_action_says_whether_it_failed(message: str | None, failed: bool) -> None:
    body = {"action": "detach_volume", "request_id": "req-1", "message": message}
    assert Action.from_api(body) == Action("detach_volume", "req-1", failed)


def test_the_guests_name_of_a_disk() -> None:
    assert guest_name(VOLUME) == "virtio-8af79d32-a09f-48ef-a"
    assert len(guest_name(VOLUME).removeprefix("virtio-")) == 20


def test_how_messages_call_a_server() -> None:
    assert server().label == "app01 (s)"
    assert server(name="").label == "s"
    assert server(name="a\x1b").label == "a\\x1b (s)"


@pytest.mark.parametrize(
    ("wwn", "name"),
    [
        ("688860300000D136FA16F48F05992360", "wwn-0x688860300000d136fa16f48f05992360"),
        ("50000f0b1e2d3c4b", "wwn-0x50000f0b1e2d3c4b"),
        ("688860300000d136fa16f48f0599236", None),
        ("688860300000d136fa16f48f0599236g", None),
        ("688860300000d136fa16f48f05992360\n", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_guest_calls_a_scsi_disk(wwn: str | None, name: str | None) -> None:
    assert scsi_guest_name(wwn) == name
