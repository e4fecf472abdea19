# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud Backup and Recovery: backups, vaults, policies (EVS_API C.1, D.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.emulator import errors, pages
from tests.emulator.calls import Call, Reply, Route
from tests.emulator.protection import DISK, Backup, Policy, Vault
from tests.emulator.state import Volume

MOST = 1000
PROVIDERS = {True: "d1603440-187d-4516-af25-121250c7cc97", False: "0daac4c5-6707-4851-97ba-169e36266b66"}
"""For disks, and for servers."""
BACKUP_FILTERS = {
    "checkpoint_id": "checkpoint_id",
    "name": "name",
    "parent_id": "parent_id",
    "resource_az": "resource_az",
    "resource_id": "resource_id",
    "resource_name": "resource_name",
    "resource_type": "resource_type",
    "vault_id": "vault_id",
}
VAULT_FILTERS = {
    "id": "id",
    "name": "name",
    "object_type": "object_type",
    "protect_type": "protect_type",
    "status": "status",
}


def refuse(message: str) -> errors.Refused:
    """Refuse a parameter."""
    return errors.of_service("cbr", 400, message)


def page(call: Call, found: list[Any]) -> list[Any]:
    """Return the page that limit and offset ask for."""
    limit = pages.number(call, "limit", MOST, 1, refuse, MOST)
    offset = pages.number(call, "offset", 0, 0, refuse)
    return pages.window(found, offset, min(limit, call.state.config.max_limit))


# Backups


def list_backups(call: Call) -> Reply:
    """List backups; those of servers hold those of their disks in `children`."""
    found = matching_backups(call)
    rest = pages.behind(found, call.query.get("marker"), refuse("The marker is unknown."))
    shown = [backup_view(call, backup) for backup in page(call, rest)]
    return Reply(200, {"backups": shown, "count": len(found)})


def matching_backups(call: Call) -> list[Backup]:
    """Return the backups that the query asks for.

    Whether the filter by resource finds the parts of servers' backups is not documented
    (EVS_API C.1); they are found by parent_id, and by the other only with `children_by_resource`.
    """
    table = call.state.protection.backups
    key = call.query.get("parent_id") or call.query.get("resource_id")
    every: Iterable[Backup] = table.of(key) if key else table.rows.values()
    parts = "parent_id" in call.query or ("resource_id" in call.query and call.state.config.children_by_resource)
    seen = [b for b in every if b.made_by == "cbr" and may_see(call, b) and (parts or b.parent_id is None)]
    kind, statuses = call.query.get("image_type", "backup"), call.every("status")
    seen = [b for b in seen if b.image_type == kind and (not statuses or b.status in statuses)]
    since, until = call.query.get("start_time", ""), call.query.get("end_time", "~")
    return pages.filtered(call, [b for b in seen if since <= b.created_at <= until], BACKUP_FILTERS)


def may_see(call: Call, backup: Backup) -> bool:
    """Tell whether a backup is of the kind of ownership asked for; others' are not by default."""
    own = backup.project_id == call.project_id
    shared = call.project_id in backup.shared_with
    asked = call.query.get("own_type", "private")
    choice = {"private": own, "shared": shared, "all_granted": own or shared}
    if asked not in choice:
        raise refuse("The own_type is private, shared or all_granted.")
    return choice[asked]


def show_backup(call: Call) -> Reply:
    """Show a backup."""
    backup = call.state.protection.backups.rows.get(call.params["backup"])
    if backup is None or backup.made_by != "cbr" or backup.project_id != call.project_id:
        raise errors.of_service("cbr", 404, "The backup does not exist.")
    return Reply(200, {"backup": backup_view(call, backup)})


def backup_view(call: Call, backup: Backup) -> dict[str, Any]:
    """Show a backup with its parts."""
    parts = call.state.protection.parts(backup)
    return {
        "id": backup.id,
        "name": backup.name,
        "description": backup.description,
        "status": backup.status,
        "resource_id": backup.resource_id,
        "resource_type": backup.resource_type,
        "resource_name": backup.resource_name,
        "resource_size": backup.resource_size,
        "resource_az": backup.resource_az,
        "vault_id": backup.vault_id,
        "checkpoint_id": backup.checkpoint_id,
        "parent_id": backup.parent_id,
        "children": [backup_view(call, part) for part in parts],
        "provider_id": PROVIDERS[backup.resource_type == DISK],
        "image_type": backup.image_type,
        "project_id": backup.project_id,
        "created_at": backup.created_at,
        "updated_at": backup.updated_at,
        "protected_at": backup.created_at,
        "expired_at": backup.expired_at,
        "extend_info": extend_info(backup),
    }


def extend_info(backup: Backup) -> dict[str, Any]:
    """Show what CBR knows of the copy."""
    return {
        "auto_trigger": backup.auto_trigger,
        "bootable": backup.bootable,
        "incremental": backup.incremental,
        "snapshot_id": backup.snapshot_id,
        "support_lld": True,
        "supported_restore_mode": "backup",
        "os_images_data": [],
        "contain_system_disk": False,
        "encrypted": backup.encrypted,
        "system_disk": False,
    }


# Vaults


def list_vaults(call: Call) -> Reply:
    """List vaults; resource_ids is a list in one string, and misspelled it filters nothing (EVS_API K.6)."""
    protection = call.state.protection
    found = [v for v in protection.vaults.rows.values() if v.project_id == call.project_id]
    if "resource_ids" in call.query:
        wanted = {part.strip() for part in call.query["resource_ids"].split(",")}
        found = [v for v in found if any(r["id"] in wanted for r in v.resources)]
    if "policy_id" in call.query:
        policy = protection.policies.rows.get(call.query["policy_id"])
        found = [v for v in found if policy is not None and v.id in policy.vaults]
    found = pages.filtered(call, found, VAULT_FILTERS)
    return Reply(200, {"vaults": [vault_view(call, v) for v in page(call, found)], "count": len(found)})


def show_vault(call: Call) -> Reply:
    """Show a vault."""
    vault = call.state.protection.vaults.rows.get(call.params["vault"])
    if vault is None or vault.project_id != call.project_id:
        raise errors.of_service("cbr", 404, "The vault does not exist.")
    return Reply(200, {"vault": vault_view(call, vault)})


def vault_view(call: Call, vault: Vault) -> dict[str, Any]:
    """Show a vault; which policy it has it does not tell."""
    return {
        "id": vault.id,
        "name": vault.name,
        "description": "",
        "project_id": vault.project_id,
        "provider_id": PROVIDERS[vault.object_type == "disk"],
        "resources": [resource_view(call, vault, resource) for resource in vault.resources],
        "auto_bind": vault.auto_bind,
        "auto_expand": False,
        "user_id": call.state.member_of(vault.project_id).id,
        "bind_rules": {},
        "locked": vault.locked,
        "enterprise_project_id": "0",
        "billing": {
            "object_type": vault.object_type,
            "protect_type": vault.protect_type,
            "status": vault.status,
            "charging_mode": "post_paid",
            "size": vault.size,
        },
        "tags": vault.tags,
        "created_at": vault.created_at,
    }


def resource_view(call: Call, vault: Vault, resource: dict[str, Any]) -> dict[str, Any]:
    """Show what is in a vault, with what the caller's disk is called."""
    volume = call.state.volume_of(call.project_id, resource["id"])
    backups = [b for b in call.state.protection.backups.of(resource["id"]) if b.vault_id == vault.id]
    return {
        "name": volume.name if volume else "",
        "size": volume.size if volume else 0,
        "protect_status": "available",
        # EVS_API D.1.1: of a server, the disks that are left out.
        "extra_info": {"exclude_volumes": []},
        "backup_size": sum(b.resource_size for b in backups),
        "backup_count": len(backups),
    } | resource


# What could be put into a vault


def list_protectables(call: Call) -> Reply:
    """List the project's disks, or its servers, of which there are none; in the documents' list of actions only."""
    volumes = call.state.volumes_by_age(call.project_id, newest_first=True) if of_disks(call) else ()
    shown = [protectable_view(call, volume) for volume in page(call, list(volumes))]
    return Reply(200, {"instances": shown, "count": len(shown)})


def show_protectable(call: Call) -> Reply:
    """Show whether a disk can be put into a vault, and which one it is in (EVS_API D.1.3)."""
    volume = call.state.volume_of(call.project_id, call.params["instance"]) if of_disks(call) else None
    if volume is None:
        raise errors.of_service("cbr", 404, "The resource does not exist.")
    return Reply(200, {"instance": protectable_view(call, volume)})


def of_disks(call: Call) -> bool:
    """Tell whether the URL asks for disks."""
    kind = call.params["type"]
    if kind not in ("disk", "server"):
        raise refuse("The type is disk or server.")
    return kind == "disk"


def protectable_view(call: Call, volume: Volume) -> dict[str, Any]:
    """Show a disk to be protected; the vault is there if it is in one."""
    vault = next(iter(call.state.protection.vaults.of(volume.id)), None)
    result: dict[str, Any] = {"result": vault is None, "code": None, "reason": None, "message": None}
    if vault is not None:
        result |= {"reason": "The resource is in a vault.", "vault": vault_view(call, vault)}
    return {
        "id": volume.id,
        "name": volume.name,
        "type": DISK,
        "status": volume.status,
        "size": volume.size,
        "detail": {},
        "children": [],
        "protectable": result,
    }


# Policies


def list_policies(call: Call) -> Reply:
    """List policies, all on one page, or as many as are shown; a disabled one keeps its vaults.

    No parameter pages them, and the documents' own example shows one of ten (EVS_API D.1.2, M).
    """
    found = [p for p in call.state.protection.policies.rows.values() if p.project_id == call.project_id]
    if "vault_id" in call.query:
        found = [p for p in found if call.query["vault_id"] in p.vaults]
    found = pages.filtered(call, found, {"operation_type": "operation_type"})
    shown = found[: call.state.config.policies_shown or None]
    return Reply(200, {"policies": [policy_view(policy) for policy in shown], "count": len(found)})


def show_policy(call: Call) -> Reply:
    """Show a policy."""
    policy = call.state.protection.policies.rows.get(call.params["policy"])
    if policy is None or policy.project_id != call.project_id:
        raise errors.of_service("cbr", 404, "The policy does not exist.")
    return Reply(200, {"policy": policy_view(policy)})


def policy_view(policy: Policy) -> dict[str, Any]:
    """Show a policy."""
    return {
        "id": policy.id,
        "name": policy.name,
        "enabled": policy.enabled,
        "operation_type": policy.operation_type,
        "operation_definition": {"retention_duration_days": 7},
        "trigger": {
            "type": "time",
            "name": "default",
            "properties": {"pattern": ["FREQ=DAILY;INTERVAL=1;BYHOUR=14;BYMINUTE=00"]},
        },
        "associated_vaults": [{"vault_id": vault, "destination_vault_id": None} for vault in policy.vaults],
    }


ROUTES: list[Route] = [
    ("GET", "/backups", list_backups),
    ("GET", "/backups/{backup}", show_backup),
    ("GET", "/vaults", list_vaults),
    ("GET", "/vaults/{vault}", show_vault),
    ("GET", "/policies", list_policies),
    ("GET", "/policies/{policy}", show_policy),
    ("GET", "/protectables/{type}/instances", list_protectables),
    ("GET", "/protectables/{type}/instances/{instance}", show_protectable),
]
