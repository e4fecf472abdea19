# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients ask before they ask for volumes: availability zones, extensions, limits."""

from __future__ import annotations

from tests.emulator.calls import Call, Reply, Route

ZONES = ("eu-de-01", "eu-de-02", "eu-de-03")
EXTENSIONS = {
    "OS-SCH-HNT": "SchedulerHints",
    "backups": "Backups",
    "os-availability-zone": "AvailabilityZones",
    "os-extended-snapshot-attributes": "ExtendedSnapshotAttributes",
    "os-quota-sets": "Quotas",
    "os-vol-tenant-attr": "VolumeTenantAttribute",
    "os-volume-encryption-metadata": "VolumeEncryptionMetadata",
    "os-volume-transfer": "VolumeTransfer",
}
"""Some of those that Cinder of Queens has; of two EVS lists the alias (EVS_API B.4.1, C.2)."""

LIMITS = {
    "volumes": ("maxTotalVolumes", "totalVolumesUsed"),
    "gigabytes": ("maxTotalVolumeGigabytes", "totalGigabytesUsed"),
    "snapshots": ("maxTotalSnapshots", "totalSnapshotsUsed"),
    "backups": ("maxTotalBackups", "totalBackupsUsed"),
    "backup_gigabytes": ("maxTotalBackupGigabytes", "totalBackupGigabytesUsed"),
}
"""What Cinder's limits call the quotas, and what is used of them."""


def list_zones(call: Call) -> Reply:
    """List the availability zones."""
    used = {volume.availability_zone for volume in call.state.volumes.values()}
    zones = [{"zoneName": name, "zoneState": {"available": True}} for name in sorted(used | set(ZONES))]
    return Reply(200, {"availabilityZoneInfo": zones})


def list_extensions(call: Call) -> Reply:
    """List the extensions."""
    rows = [
        {"alias": alias, "name": name, "description": name, "links": [], "updated": "2013-04-18T00:00:00+00:00"}
        for alias, name in EXTENSIONS.items()
    ]
    return Reply(200, {"extensions": rows})


def list_limits(call: Call) -> Reply:
    """Show the quotas in the shape of Cinder's limits."""
    quota, used = call.state.quotas[call.project_id], call.state.usage[call.project_id]
    absolute: dict[str, int | None] = {}
    for name, (most, taken) in LIMITS.items():
        absolute |= {most: quota[name].limit, taken: used[name]}
    return Reply(200, {"limits": {"rate": [], "absolute": absolute}})


ROUTES: list[Route] = [
    ("GET", "/os-availability-zone", list_zones),
    ("GET", "/extensions", list_extensions),
    ("GET", "/limits", list_limits),
]
