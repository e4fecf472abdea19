# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's answers have the fields that the examples of the documents have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.documents import DOCUMENTS
from tests.unit.emulator.conftest import Cloud, login, offer, plain_session

TOLD = [name for name, document in DOCUMENTS.items() if document["status"] < 300]
NOT_SERVED = {"evs_update_volume"}
"""A change of a disk by a call of EVS alone, which nobody here makes."""
OPTIONAL = {"orderID", "policy", "__system__encrypted", "__system__cmkid", "hw:passthrough", "size", "image_name"}
"""Keys of metadata."""


def lacking(documented: Any, answered: Any, path: str = "") -> Iterator[str]:
    """Yield the fields that an answer lacks; of lists, the first entries are held against each other."""
    if isinstance(documented, dict) and isinstance(answered, dict):
        for key in sorted(set(documented) - OPTIONAL):
            if key in answered:
                yield from lacking(documented[key], answered[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(documented, list) and documented:
        if not isinstance(answered, list) or not answered:
            yield f"{path} has no entry"
        else:
            yield from lacking(documented[0], answered[0], f"{path}[0]")


@pytest.fixture
def prepared(cloud: Cloud) -> tuple[Cloud, str]:
    """A disk with all that there is, attached, and another one below it."""
    image = {"image_name": "x"}
    attached = [{"server_id": "c48f7a4c-7a2e-4c5c-8d8d-1f3c1a5e0b11", "device": "/dev/vda"}]
    pair = {"server_group_id": "g", "protected_instance_id": "i"}
    common: dict[str, Any] = {
        "snapshots": [{"made_by": "vbs"}],
        "vbs_policy": "plan",
        "vaults": [{"policies": [{}]}],
        "pairs": [pair],
    }
    cloud.server.create_volume("tenant-a", "plain")
    disk = cloud.server.create_volume(
        "tenant-a", "all", volume_image_metadata=image, attachments=attached, server_backups=1, **common
    )
    cloud.server.configure(vendor_replications=True)
    return cloud, disk


def answered(cloud: Cloud, disk: str, service: str, call: str) -> Any:
    """Make the call of a document."""
    if service == "identity":
        return plain_session().post(
            f"{cloud.server.auth_url}/auth/tokens", json=login(cloud.server.cloud("tenant-a")["auth"])
        )
    method, path = call.split(" ")
    dummy, version, dummy, rest = path.split("/", 3)
    rest = rest.replace("/V", f"/{disk}").replace("os-quota-sets/P", f"os-quota-sets/{cloud.a.project}?usage=True")
    body = None
    if rest.startswith("os-volume-transfer"):
        spare = cloud.server.create_volume("tenant-a", "spare")
        made = {"auth_key": ""} if method == "POST" and rest.endswith("transfer") else cloud.a.offer(spare)
        if rest.endswith("accept"):
            return cloud.b.accept(made)
        rest = rest.replace("/T", f"/{made.get('id')}")
        body = offer(spare) if method == "POST" else None
    url = f"{cloud.server.endpoints[service]}/{version}/{cloud.a.project}/{rest}"
    limit = {"limit": "1"} if rest in ("volumes/detail", "cloudvolumes/detail", "snapshots/detail") else None
    return cloud.a.session.request(method, url, json=body, params=limit)


@pytest.mark.parametrize("name", [name for name in TOLD if name not in NOT_SERVED])
def test_the_fields_of_the_documents_are_there(prepared: tuple[Cloud, str], name: str) -> None:
    cloud, disk = prepared
    document = DOCUMENTS[name]
    answer = answered(cloud, disk, document["service"], document["call"])
    assert answer.status_code == document["status"], answer.text
    assert list(lacking(document["answer"], answer.json())) == []
