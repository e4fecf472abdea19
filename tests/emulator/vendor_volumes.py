# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists and details of volumes that only EVS has (EVS_API B.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.emulator import listing, views, volumes
from tests.emulator.calls import Call, Reply, Route
from tests.emulator.state import Volume
from tests.emulator.volumes import own_volume


def list_cloudvolumes(call: Call) -> Reply:
    """List volumes with the filters of the recommended call."""
    return vendor_list(call, listing.CLOUD_FILTERS)


def list_vendor_volumes(call: Call) -> Reply:
    """List volumes with the filters of the deprecated call."""
    return vendor_list(call, listing.VENDOR_FILTERS)


def vendor_list(call: Call, filters: Mapping[str, listing.Filter]) -> Reply:
    """Return a page; unlike Cinder's it counts all that match."""
    found = listing.page(call, filters)
    body: dict[str, Any] = {
        "count": listing.count(call, filters),
        "volumes": [vendor_detail(call, volume) for volume in found.volumes],
    }
    if found.more:
        body["volumes_links"] = views.next_link(call, found.volumes[-1].id)
    return Reply(200, body)


def show_cloudvolume(call: Call) -> Reply:
    """Show a volume."""
    return Reply(200, {"volume": vendor_detail(call, own_volume(call))})


def show_vendor_volume(call: Call) -> Reply:
    """Show a volume; the only place where `encrypted` can be trusted (EVS_API B.3, B.4.1)."""
    volume = own_volume(call)
    marked = volume.metadata.get("__system__encrypted") == "1"
    view = vendor_detail(call, volume)
    view["encrypted"] = volume.encrypted or volume.vendor_encrypted or marked
    return Reply(200, {"volume": view})


def vendor_detail(call: Call, volume: Volume) -> dict[str, Any]:
    """Show a volume with the fields that Cinder's calls lack; `shareable` is a boolean here (EVS_API B.3)."""
    return views.volume_detail(call, volume) | {
        "volume_image_metadata": volume.volume_image_metadata,
        "shareable": volume.multiattach,
        "serial_number": volume.id[:20],
        "service_type": volume.service_type,
        "dedicated_storage_id": volume.dedicated_storage_id,
        "dedicated_storage_name": volume.dedicated_storage_name,
        "tags": volume.tags,
        "wwn": volume.wwn,
        "enterprise_project_id": volume.enterprise_project_id,
    }


def create(call: Call) -> Reply:
    """Create a volume as Cinder's call does; EVS answers with a job (EVS_API I; the fields as a client reads them)."""
    made = volumes.create(call).body["volume"]
    return Reply(202, {"job_id": job_of(made["id"]), "volume_ids": [made["id"]]})


def delete(call: Call) -> Reply:
    """Delete a volume as Cinder's call does; EVS answers with a job."""
    volumes.delete(call)
    return Reply(200, {"job_id": job_of(call.params["volume"])})


def show_job(call: Call) -> Reply:
    """Show a job, which has always succeeded: everything here is done at once."""
    job = call.params["job"]
    return Reply(200, {"job_id": job, "status": "SUCCESS", "entities": {"volume_id": job.removeprefix(JOB)}})


def job_of(volume_id: str) -> str:
    """Return the ID of the job that did something to a volume."""
    return JOB + volume_id


JOB = "job-"
JOBS: list[Route] = [("GET", "/jobs/{job}", show_job)]
CREATES: list[Route] = [("POST", "/cloudvolumes", create)]
ROUTES: list[Route] = [
    *CREATES,
    ("DELETE", "/cloudvolumes/{volume}", delete),
    ("GET", "/cloudvolumes/detail", list_cloudvolumes),
    ("GET", "/cloudvolumes/{volume}", show_cloudvolume),
    ("GET", "/os-vendor-volumes/detail", list_vendor_volumes),
    ("GET", "/os-vendor-volumes/{volume}", show_vendor_volume),
]
