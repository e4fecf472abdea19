# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the user's own is replaced, the same each time, and what tells how a cloud answers stays."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._plan.pseudonyms import Pseudonyms

DISK = "b104b8db-170d-441b-897a-3c8ba9c5a214"
PROJECT = "dd14c6ac581f40059e27f5320b60bf2f"


def test_a_value_is_replaced_the_same_each_time_and_keeps_its_shape() -> None:
    shown = Pseudonyms()
    first = shown.of({"id": DISK, "name": "db01", "other": DISK})
    assert first == {
        "id": "00000000-0000-4000-8000-000000000001",
        "name": "text-2",
        "other": "00000000-0000-4000-8000-000000000001",
    }
    assert shown.of({"project_id": PROJECT}) == {"project_id": "00000000000000000000000000000003"}
    assert shown.of([{"name": "db01"}]) == [{"name": "text-2"}]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"status": "awaiting-transfer"}, True),
        ({"bootable": "false"}, True),
        ({"size": 7, "encrypted": False, "links": None}, True),
        ({"metadata": {"__system__encrypted": "1"}}, True),
        ({"created_at": "2026-01-01T00:00:00.000000"}, True),
        ({"code": "EVS.5400"}, True),
        ({"metadata": {"owner-of-it": "7"}}, False),
        ({"auth_key": "1234567890123456"}, False),
        ({"id": "12"}, False),
        ({"name": "true"}, False),
        ({"description": "ours"}, False),
        ({"anything": "new"}, False),
    ],
)
def test_only_what_is_known_to_be_harmless_stays(body: dict[str, object], kept: bool) -> None:
    assert (Pseudonyms().of(body) == body) == kept


def test_text_has_the_known_values_replaced() -> None:
    shown = Pseudonyms(["alice", "db"])
    shown.of({"name": "db01-data"})
    message = f"Volume db01-data ({DISK}) of alice cannot be found; malice and db stay."
    assert shown.of({"message": message}) == {
        "message": "Volume text-3 (00000000-0000-4000-8000-000000000004) of text-1 cannot be found; malice and db stay."
    }


def test_a_volume_type_is_a_name_in_limits_too() -> None:
    shown = Pseudonyms()
    assert shown.of({"volume_type": "private"}) == {"volume_type": "text-1"}
    limits: dict[str, object] = {"volumes_private": 1, "gigabytes": 2, "volumes_": 3}
    assert shown.of({"quota_set": limits}) == {"quota_set": {"volumes_text-1": 1, "gigabytes": 2, "volumes_": 3}}
    assert shown.of({"volumes_private": 1}) == {"volumes_private": 1}


def test_longer_names_go_first() -> None:
    assert Pseudonyms(["app", "app.one"]).in_text("app.one and app") == "text-2 and text-1"


def test_hosts_are_replaced_wherever_they_are() -> None:
    shown = Pseudonyms()
    assert shown.in_text(f"http://evs.example:8080/v2/{PROJECT}/volumes") == (
        "https://host-1.invalid/v2/00000000000000000000000000000001/volumes"
    )
    assert shown.of({"href": "http://evs.example:8080"}) == {"href": "https://host-1.invalid"}
    assert shown.of({"url": "https://other.example/v3"}) == {"url": "https://host-2.invalid/v3"}


def test_what_is_replaced_already_stays() -> None:
    shown = Pseudonyms()
    once = shown.of({"url": "http://evs.example/x", "name": "db01", "id": DISK})
    assert shown.of(once) == once
