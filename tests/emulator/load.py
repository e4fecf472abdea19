# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill the cloud from plain data, thousands of disks in one call.

`load` takes lists of specs by kind: volumes, vaults, policies, snapshots, backups, vbs_policies,
pairs, servers. A spec is the fields of the kind's dataclass (state.Volume, protection.py, compute.py), all optional
but for what it is about, and refers to disks, vaults and policies by id or by name. An id of
nothing that exists is taken as it is: a disk may be gone, or far away.

What protects a disk can also stand in the spec of the disk:

    snapshots: 2 or [{...}]       snapshots; "made_by": "vbs" or "csbs" makes a backup's
    backups: 1 or [{...}]         backups; "keeps_snapshot": true adds the snapshot of one
    server_backups: 1 or [{...}]  backups of servers, each with a part for this disk
    vaults: ["name", {...}]       put it into these vaults of CBR; a dict is a new vault
    vbs_policy: "name"            bind it to that policy of VBS, a new one if need be
    pairs: 1 or [{...}]           replication pairs with a disk far away

A spec of a vault may have "policies": names, or specs of new ones; that of a server's backup
"children": disks, or specs of backups; that of a vault "resources": disks.

A spec of a server may have "disks": disks by id or name, or specs of new ones, in the order of their
devices, with the fields of their seat; "volume" names one that is there. It boots from a disk called
as itself and "-system" unless "boots" is false.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeAlias

from tests.emulator import compute
from tests.emulator.compute import Server
from tests.emulator.protection import DISK, SERVER, Backup, Pair, Policy, Snapshot, Vault, VbsPolicy
from tests.emulator.state import State, Volume
from tests.emulator.tables import assign

Spec: TypeAlias = "dict[str, Any]"
SEAT = ("device", "delete_on_termination", "mounted")
NESTED = ("snapshots", "backups", "server_backups", "vaults", "vbs_policy", "pairs")


def load(state: State, tenant: str, specs: dict[str, list[Spec]]) -> dict[str, list[str]]:
    """Create what the specs say for a tenant, and return the ids by kind in the same order."""
    return Loader(state, tenant).load(specs)


class Loader:
    """Creates records for one tenant and knows them by name."""

    def __init__(self, state: State, tenant: str) -> None:
        """Create nothing yet."""
        self._state = state
        self._protection = state.protection
        self._project = state.project_named(tenant).id
        self._user = state.member_of(self._project).id
        self._names: dict[str, dict[str, str]] = {}
        self._nested: list[tuple[Volume, Spec]] = []
        self._makers: dict[str, Callable[[Spec], str]] = {
            "volumes": self._volume,
            "vaults": self._vault,
            "policies": self._policy,
            "snapshots": self._snapshot,
            "backups": self._backup,
            "vbs_policies": self._vbs_policy,
            "pairs": self._pair,
            "servers": self._server,
        }

    def load(self, specs: dict[str, list[Spec]]) -> dict[str, list[str]]:
        """Create everything, what others refer to first."""
        unknown = set(specs) - set(self._makers)
        if unknown:
            raise ValueError(f"nothing is called {', '.join(sorted(unknown))}; there are {', '.join(self._makers)}")
        made = {kind: [make(dict(s)) for s in specs[kind]] for kind, make in self._makers.items() if kind in specs}
        for volume, nested in self._nested:
            self._protect(volume, nested)
        return made

    # Disks

    def _volume(self, spec: Spec) -> str:
        nested = {name: spec.pop(name) for name in NESTED if name in spec}
        volume = self._state.add_volume(self._project, self._user, **spec)
        if nested:
            self._nested.append((volume, nested))
        return volume.id

    def _protect(self, volume: Volume, nested: Spec) -> None:
        for spec in several(nested.get("snapshots")):
            self._snapshot({"volume_id": volume.id, **spec})
        for spec in several(nested.get("backups")):
            self._backup({"resource_id": volume.id, **spec})
        for spec in several(nested.get("server_backups")):
            self._backup({"children": [volume.id], **spec})
        for vault in nested.get("vaults", ()):
            self._put_into(vault, volume)
        for spec in several(nested.get("pairs")):
            self._pair({"volumes": [volume.id, self._state.new_id()], **spec})
        if nested.get("vbs_policy"):
            self._bind(volume, nested["vbs_policy"])

    def _put_into(self, vault: str | Spec, volume: Volume) -> None:
        if isinstance(vault, dict):
            self._vault({"resources": [volume.id], **vault})
        else:
            row = self._protection.record("vaults", self._id_of("vaults", vault))
            self._protection.put_into(row, volume.id)

    def _bind(self, volume: Volume, policy: str) -> None:
        known = self._named("vbs_policies").get(policy)
        policy_id = known or self._vbs_policy({"name": policy})
        volume.metadata = {**volume.metadata, "policy": policy_id}

    # Servers

    def _server(self, spec: Spec) -> str:
        disks, boots = list(spec.pop("disks", ())), spec.pop("boots", True)
        server = Server(id="", project_id=self._project, user_id=self._user)
        assign(server, spec)
        server.id = server.id or self._state.new_id()
        server.created_at = server.created_at or self._state.stamp()
        self._state.compute.add(server)
        if boots:
            disks.insert(0, {"name": f"{server.name}-system", "size": 40, "bootable": True})
        for disk in disks:
            self._seat(server, disk)
        return server.id

    def _seat(self, server: Server, disk: str | Spec) -> None:
        spec = {"volume": disk} if isinstance(disk, str) else dict(disk)
        values = {name: spec.pop(name) for name in SEAT if name in spec}
        known = spec.pop("volume", None)
        volume_id = (
            self._id_of("volumes", known)
            if known
            else self._volume({"availability_zone": server.availability_zone, **spec})
        )
        compute.seat(self._state, server, self._state.volumes[volume_id], values)

    # What protects them

    def _snapshot(self, spec: Spec) -> str:
        volume_id = self._id_of("volumes", spec.pop("volume_id"))
        volume = self._state.volumes.get(volume_id)
        if volume is None:
            raise ValueError(f"there is no volume {volume_id} to make a snapshot of")
        maker, auto = spec.pop("made_by", None), spec.pop("auto", True)
        given = {"size": volume.size, "name": f"snapshot-of-{volume.name}"}
        if maker:
            serial = f"{self._state.random.getrandbits(32):08x}"
            given["name"] = f"{'autobk' if auto else 'manualbk'}_snapshot_{maker}_{serial}"
            given["metadata"] = {"__system__enableActive": "true"}
        return self._add(Snapshot(id="", volume_id=volume_id), given | spec)

    def _backup(self, spec: Spec) -> str:
        if "children" in spec:
            return self._server_backup(spec)
        disk = self._id_of("volumes", spec.pop("resource_id"))
        kept = spec.pop("keeps_snapshot", False)
        backup = Backup(id="", project_id=self._project, resource_id=disk)
        volume = self._state.volumes.get(disk)
        given = self._facts_of(volume) if volume else {}
        backup_id = self._add(backup, {"name": f"backup-of-{given.get('resource_name', disk)}", **given, **spec})
        if kept:
            maker = "csbs" if backup.parent_id else "vbs"
            backup.snapshot_id = self._snapshot({"volume_id": disk, "made_by": maker, "auto": backup.auto_trigger})
        return backup_id

    def _facts_of(self, volume: Volume) -> Spec:
        return {
            "resource_name": volume.name or "",
            "resource_size": volume.size,
            "resource_az": volume.availability_zone,
            "bootable": volume.bootable,
        }

    def _server_backup(self, spec: Spec) -> str:
        children = spec.pop("children")
        server = Backup(id="", project_id=self._project, resource_id=self._state.new_id(), resource_type=SERVER)
        server.resource_name = "server"
        self._add(server, {"name": f"backup-of-{spec.get('resource_name', 'server')}", **spec})
        common = {"parent_id": server.id, "status": server.status, "made_by": server.made_by}
        for child in children:
            part = child if isinstance(child, dict) else {"resource_id": child}
            self._backup({**common, "vault_id": server.vault_id, "checkpoint_id": server.checkpoint_id, **part})
        return server.id

    def _vault(self, spec: Spec) -> str:
        spec["resources"] = [self._resource(item) for item in spec.get("resources", ())]
        policies = spec.pop("policies", ())
        vault_id = self._add(Vault(id="", project_id=self._project), spec, "vaults")
        for policy in policies:
            self._apply(policy, vault_id)
        return vault_id

    def _resource(self, item: str | Spec) -> Spec:
        given = {"type": DISK, **(item if isinstance(item, dict) else {"id": item})}
        if given["type"] == DISK:
            given["id"] = self._id_of("volumes", given["id"])
        return given

    def _apply(self, policy: str | Spec, vault_id: str) -> None:
        if isinstance(policy, dict):
            self._policy({"vaults": [vault_id], **policy})
        else:
            row = self._protection.record("policies", self._id_of("policies", policy))
            self._protection.change(row, {"vaults": [*row.vaults, vault_id]})

    def _policy(self, spec: Spec) -> str:
        spec["vaults"] = [self._id_of("vaults", vault) for vault in spec.get("vaults", ())]
        return self._add(Policy(id="", project_id=self._project), spec, "policies")

    def _vbs_policy(self, spec: Spec) -> str:
        spec["volumes"] = [self._id_of("volumes", volume) for volume in spec.get("volumes", ())]
        return self._add(VbsPolicy(id="", project_id=self._project), spec, "vbs_policies")

    def _pair(self, spec: Spec) -> str:
        spec["volumes"] = [self._id_of("volumes", volume) for volume in spec["volumes"]]
        return self._add(Pair(id="", project_id=self._project), spec)

    def _add(self, row: Any, values: Spec, kind: str = "") -> str:
        """Add a record with those values, and remember its name if others may use it."""
        assign(row, values)
        row.id = row.id or self._state.new_id()
        row.created_at = row.created_at or self._state.stamp()
        self._protection.add(row)
        if kind in self._names:
            self._names[kind][row.name] = row.id
        return str(row.id)

    # Names

    def _id_of(self, kind: str, reference: str) -> str:
        """Return the id of a thing, or the reference if it is an id."""
        if reference in self._rows(kind) or is_uuid(reference):
            return reference
        named = self._named(kind).get(reference)
        if named is None:
            raise ValueError(f"nothing in {kind} is called {reference}")
        return named

    def _rows(self, kind: str) -> dict[str, Any]:
        """Return everybody's things of a kind by id."""
        return self._state.volumes if kind == "volumes" else self._protection.table(kind).rows

    def _named(self, kind: str) -> dict[str, str]:
        """Return the ids of the tenant's things of a kind by name, the oldest of each name."""
        if kind not in self._names:
            own = [row for row in self._rows(kind).values() if row.project_id == self._project]
            self._names[kind] = {row.name: row.id for row in reversed(own) if row.name}
        return self._names[kind]


def several(given: Any) -> list[Spec]:
    """Return specs from a number of them or a list."""
    return [{} for dummy in range(given)] if isinstance(given, int) else list(given or ())


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID."""
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False
