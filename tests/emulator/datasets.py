# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes to begin with, and what protects some of them: a disk for every constraint."""

from __future__ import annotations

from typing import Any

from tests.emulator.load import load
from tests.emulator.state import State, stable_id

KEY = {"__system__encrypted": "1", "__system__cmkid": stable_id("master key")}
IMAGE = {"image_name": "Standard_Debian_12_latest", "min_disk": "10", "disk_format": "zvhd2"}


def server(name: str, device: str) -> dict[str, Any]:
    """Return the traits of a disk attached to a server."""
    attachment = {"server_id": stable_id(f"server {name}"), "device": device}
    return {"status": "in-use", "attachments": [attachment]}


# The ids of a pair, and one that differs from them in its end only.
PAIR = [f"7d3f1c52-9a40-4c1e-b1d7-2f6a90c4e8{end}" for end in ("11", "12")]
NO_PAIR = "7d3f1c52-9a40-4c1e-b1d7-2f6a90c4e813"

TRANSFERABLE: list[dict[str, Any]] = [
    {"name": "app01-data", "size": 100, "volume_type": "SSD", "tags": {"team": "shop"}},
    {"name": "app02-data", "size": 100, "volume_type": "SSD", "tags": {"team": "shop"}},
    {"name": "app03-logs", "size": 40, "volume_type": "SAS", "tags": {"team": "shop"}},
    {"name": "db01-data", "size": 500, "volume_type": "ESSD", "metadata": {"tier": "gold"}},
    {"name": "db01-wal", "size": 60, "volume_type": "ESSD", "metadata": {"tier": "gold"}},
    {"name": "db02-data", "size": 10240, "volume_type": "SAS", "description": "archive"},
    # Near misses: each looks like a disk that cannot be transferred, but can.
    {"name": "ci-cache", "size": 80, "volume_type": "SAS", "snapshot_id": stable_id("snapshot")},
    {"name": "golden-data", "size": 20, "volume_type": "SSD", "volume_image_metadata": IMAGE},
    {"name": "web01-plain", "size": 40, "volume_type": "SSD", "bootable": False,
     "metadata": {"__system__encrypted": "0"}},
    {"name": "web02-in-empty-vault", "size": 40, "volume_type": "SSD", "vaults": ["vault-without-policy"]},
    {"name": "web03-shared", "size": 40, "volume_type": "SAS", "multiattach": True},
    {"name": "erp01-not-replicated", "size": 200, "volume_type": "SSD", "id": NO_PAIR},
]  # fmt: skip

BLOCKED: list[dict[str, Any]] = [
    {"name": "tmp01-in-error", "size": 10, "volume_type": "SATA", "status": "error"},
    {"name": "app01-scratch", "size": 150, "volume_type": "SAS", **server("app01", "/dev/vdb")},
    {"name": "hr-records", "size": 200, "volume_type": "SSD", "metadata": KEY},
    # Only os-vendor-volumes/{id} tells that this one is encrypted (EVS_API B.4.1).
    {"name": "db01-archive-encrypted", "size": 800, "volume_type": "SAS", "vendor_encrypted": True,
     "snapshot_id": stable_id("encrypted snapshot")},
    {"name": "app01-system", "size": 40, "volume_type": "SSD", "bootable": True,
     "volume_image_metadata": IMAGE, **server("app01", "/dev/vda")},
    {"name": "old-app-system", "size": 40, "volume_type": "SSD", "bootable": True,
     "volume_image_metadata": IMAGE},
    {"name": "wiki01-with-snapshots", "size": 50, "volume_type": "SSD",
     "snapshots": [{"name": "before-upgrade"}, {"name": "after-upgrade"}]},
    {"name": "wiki02-with-snapshot-of-backup", "size": 50, "volume_type": "SSD",
     "snapshots": [{"made_by": "vbs"}]},
    {"name": "mail01-with-cbr-backup", "size": 300, "volume_type": "SAS",
     "backups": [{"name": "autobk_mail01", "auto_trigger": True, "keeps_snapshot": True}]},
    {"name": "mail02-with-vbs-backup", "size": 300, "volume_type": "SAS",
     "backups": [{"name": "mail02-2019", "made_by": "vbs"}]},
    {"name": "erp01-in-server-backup", "size": 400, "volume_type": "SSD",
     "server_backups": [{"name": "manualbk_erp01", "resource_name": "erp01"}]},
    {"name": "crm01-with-policy", "size": 100, "volume_type": "SSD", "vaults": ["vault-daily"]},
    {"name": "crm02-with-policy-off", "size": 100, "volume_type": "SSD", "vaults": ["vault-paused"]},
    {"name": "fs01-with-vbs-policy", "size": 900, "volume_type": "SATA", "vbs_policy": "plan-nightly"},
    {"name": "erp02-replicated", "size": 200, "volume_type": "SSD", "id": PAIR[0]},
    {"name": "erp02-replica", "size": 200, "volume_type": "SSD", "id": PAIR[1],
     "availability_zone": "eu-de-02"},
    {"name": "lic01-prepaid", "size": 20, "volume_type": "SAS", "metadata": {"orderID": "CS2401010000ABCDE"}},
    {"name": "ora01-dedicated", "size": 1000, "volume_type": "SSD", "service_type": "DSS",
     "dedicated_storage_id": stable_id("pool"), "dedicated_storage_name": "pool-ora"},
]  # fmt: skip

DEMO: dict[str, list[dict[str, Any]]] = {
    "volumes": [*TRANSFERABLE, *BLOCKED],
    "vaults": [
        {"name": "vault-without-policy"},
        {"name": "vault-daily", "policies": [{"name": "daily"}]},
        {"name": "vault-paused", "policies": [{"name": "paused", "enabled": False}]},
    ],
    "pairs": [{"name": "erp02", "volumes": PAIR, "separator": ", ", "size": 200}],
}

DATASETS = {"demo": DEMO}


def fill(state: State, data: str | None, disks: int) -> None:
    """Give tenant-a what a data set says and a number of plain disks."""
    load(state, "tenant-a", DATASETS[data] if data else {})
    load(state, "tenant-a", {"volumes": [{"name": f"disk-{number:05d}"} for number in range(disks)]})
