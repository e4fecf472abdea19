# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's SDKs for EVS, CBR and SDRS read what the emulator answers.

What a call comes to is "" if it works, or else a piece of the refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import huaweicloudsdkcbr.v1 as cbr
import huaweicloudsdkevs.v2 as evs
import huaweicloudsdksdrs.v1 as sdrs
import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException

from tests.emulator.server import EmulatorServer
from tests.support.conditions import LONG
from tests.support.server import SOURCE, TARGET

NO_PAGE = "404"
"""No page of the documents that we read has the call: it is not served (EVS_API)."""
SNAPSHOT, BACKUP, PAIR, GROUP = (f"5b1f3c0e-6d0b-4a52-9a36-6f2b7f2f6c1{n}" for n in range(4))
DISK: dict[str, Any] = {
    "name": "protected",
    "vaults": [{"name": "vault", "policies": [{"name": "policy"}]}],
    "snapshots": [{"id": SNAPSHOT}],
    "backups": [{"id": BACKUP}],
    "pairs": [{"id": PAIR, "server_group_id": GROUP}],
}


def signing(project_id: str, token: str) -> Any:
    """Credentials that sign as the SDK does; what counts, as long as nobody here checks that, is the token."""
    login = BasicCredentials("an-access-key", "a-secret-key", project_id)
    sign = login.sign_request

    def sign_and_add(request: Any) -> Any:
        signed = sign(request)
        signed.header_params["X-Auth-Token"] = token
        return signed

    login.sign_request = sign_and_add
    return login


class Cloud:
    """The clients of a tenant, the other tenant's client of EVS, and what the calls before have brought."""

    def __init__(self, server: EmulatorServer) -> None:
        self.protected, self.free = server.load(SOURCE, volumes=[DISK, {"name": "free"}])["volumes"]
        self.project = server.project_id(SOURCE)
        self.evs, self.target = (self._client(server, evs.EvsClient, "evs", who) for who in (SOURCE, TARGET))
        self.cbr = self._client(server, cbr.CbrClient, "cbr", SOURCE)
        self.sdrs = self._client(server, sdrs.SdrsClient, "sdrs", SOURCE)
        self.taken: dict[str, Any] = {}

    def _client(self, server: EmulatorServer, kind: Any, service: str, cloud: str) -> Any:
        login = signing(server.project_id(cloud), token_of(server, cloud))
        return kind.new_builder().with_credentials(login).with_endpoints([server.endpoints[service]]).build()

    def offer(self) -> Any:
        """Offer the free disk."""
        option = evs.CreateVolumeTransferOption(name="by the SDK", volume_id=self.free)
        body = evs.CinderCreateVolumeTransferRequestBody(transfer=option)
        return self.evs.cinder_create_volume_transfer(evs.CinderCreateVolumeTransferRequest(body=body))

    def accept(self) -> Any:
        """Accept the last offer in the target."""
        transfer = self.taken["offer again"].transfer
        option = evs.CinderAcceptVolumeTransferOption(auth_key=transfer.auth_key)
        body = evs.CinderAcceptVolumeTransferRequestBody(accept=option)
        request = evs.CinderAcceptVolumeTransferRequest(transfer_id=transfer.id, body=body)
        return self.target.cinder_accept_volume_transfer(request)

    def create(self) -> Any:
        """Create a disk by the call of EVS."""
        option = evs.CreateVolumeOption(availability_zone="eu-de-01", name="made", size=1, volume_type="SSD")
        return self.evs.create_volume(evs.CreateVolumeRequest(body=evs.CreateVolumeRequestBody(volume=option)))

    @property
    def offered(self) -> str:
        """The first offer."""
        return str(self.taken["offer"].transfer.id)

    @property
    def vault(self) -> str:
        """The vault of the protected disk."""
        return str(self.taken["vaults"].vaults[0].id)


def token_of(server: EmulatorServer, cloud: str) -> str:
    """Log in."""
    auth = server.cloud(cloud)["auth"]
    domain = {"name": auth["user_domain_name"]}
    user = {"name": auth["username"], "password": auth["password"], "domain": domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"name": auth["project_name"], "domain": domain}}
    body = {"auth": {"identity": identity, "scope": scope}}
    return requests.post(f"{server.auth_url}/auth/tokens", json=body, timeout=LONG).headers["X-Subject-Token"]


CALLS: list[tuple[str, Callable[[Cloud], Any], str]] = [
    ("versions", lambda c: c.evs.list_versions(evs.ListVersionsRequest()), ""),
    ("version", lambda c: c.evs.show_version(evs.ShowVersionRequest(version="v3")), ""),
    ("volumes", lambda c: c.evs.list_volumes(evs.ListVolumesRequest()), ""),
    ("by ids", lambda c: c.evs.list_volumes(evs.ListVolumesRequest(ids=f"['{c.protected}']", limit=10)), ""),
    ("by status", lambda c: c.evs.list_volumes(evs.ListVolumesRequest(status="available", multiattach=False)), ""),
    ("limit 0", lambda c: c.evs.list_volumes(evs.ListVolumesRequest(limit=0)), "EVS.5400"),
    ("volume", lambda c: c.evs.show_volume(evs.ShowVolumeRequest(volume_id=c.protected)), ""),
    ("snapshots", lambda c: c.evs.list_snapshots(evs.ListSnapshotsRequest(volume_id=c.protected)), ""),
    ("snapshot", lambda c: c.evs.show_snapshot(evs.ShowSnapshotRequest(snapshot_id=SNAPSHOT)), ""),
    (
        "quota",
        lambda c: c.evs.cinder_list_quotas(
            evs.CinderListQuotasRequest(target_project_id=c.project, usage="True"),
        ),
        "",
    ),
    ("zones", lambda c: c.evs.cinder_list_availability_zones(evs.CinderListAvailabilityZonesRequest()), ""),
    ("types", lambda c: c.evs.cinder_list_volume_types(evs.CinderListVolumeTypesRequest()), ""),
    ("offer", Cloud.offer, ""),
    ("transfers", lambda c: c.evs.cinder_list_volume_transfers(evs.CinderListVolumeTransfersRequest(limit=10)), ""),
    (
        "transfer",
        lambda c: c.evs.cinder_show_volume_transfer(evs.CinderShowVolumeTransferRequest(transfer_id=c.offered)),
        "",
    ),
    (
        "not theirs",
        lambda c: c.target.cinder_show_volume_transfer(evs.CinderShowVolumeTransferRequest(transfer_id=c.offered)),
        "could not be found",
    ),
    (
        "withdraw",
        lambda c: c.evs.cinder_delete_volume_transfer(evs.CinderDeleteVolumeTransferRequest(transfer_id=c.offered)),
        "",
    ),
    ("offer again", Cloud.offer, ""),
    ("accept", Cloud.accept, ""),
    ("arrived", lambda c: c.target.show_volume(evs.ShowVolumeRequest(volume_id=c.free)), ""),
    ("create", Cloud.create, ""),
    ("job", lambda c: c.evs.show_job(evs.ShowJobRequest(job_id=c.taken["create"].job_id)), ""),
    ("delete", lambda c: c.target.delete_volume(evs.DeleteVolumeRequest(volume_id=c.free)), ""),
    ("tags", lambda c: c.evs.show_volume_tags(evs.ShowVolumeTagsRequest(volume_id=c.protected)), NO_PAGE),
    ("vaults", lambda c: c.cbr.list_vault(cbr.ListVaultRequest(resource_ids=c.protected)), ""),
    ("vault", lambda c: c.cbr.show_vault(cbr.ShowVaultRequest(vault_id=c.vault)), ""),
    ("policies", lambda c: c.cbr.list_policies(cbr.ListPoliciesRequest(vault_id=c.vault)), ""),
    (
        "policy",
        lambda c: c.cbr.show_policy(cbr.ShowPolicyRequest(policy_id=c.taken["policies"].policies[0].id)),
        "",
    ),
    ("backups", lambda c: c.cbr.list_backups(cbr.ListBackupsRequest(resource_id=c.protected)), ""),
    ("backup", lambda c: c.cbr.show_backup(cbr.ShowBackupRequest(backup_id=BACKUP)), ""),
    ("protectables", lambda c: c.cbr.list_protectable(cbr.ListProtectableRequest(protectable_type="disk")), ""),
    (
        "protectable",
        lambda c: c.cbr.show_protectable(
            cbr.ShowProtectableRequest(protectable_type="disk", instance_id=c.protected),
        ),
        "",
    ),
    ("summary", lambda c: c.cbr.show_summary(cbr.ShowSummaryRequest()), NO_PAGE),
    ("pairs", lambda c: c.sdrs.list_replications(sdrs.ListReplicationsRequest()), ""),
    ("pair", lambda c: c.sdrs.show_replication(sdrs.ShowReplicationRequest(replication_id=PAIR)), ""),
    ("groups", lambda c: c.sdrs.list_protection_groups(sdrs.ListProtectionGroupsRequest()), ""),
    ("group", lambda c: c.sdrs.show_protection_group(sdrs.ShowProtectionGroupRequest(server_group_id=GROUP)), ""),
    ("quota of pairs", lambda c: c.sdrs.show_quota(sdrs.ShowQuotaRequest()), NO_PAGE),
]


def test_the_sdks_of_the_vendor(emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    cloud = Cloud(emulator)
    for name, call, wanted in CALLS:
        try:
            cloud.taken[name], refusal = call(cloud), ""
        except ServiceResponseException as error:
            refusal = f"{error.status_code} {error.error_code} {error.error_msg}"
        assert bool(refusal) == bool(wanted), f"{name}: {refusal or 'works'}"
        assert wanted in refusal, f"{name}: {refusal}"
    taken = cloud.taken
    assert [volume.id for volume in taken["by ids"].volumes] == [cloud.protected]
    assert [row.id for row in taken["transfers"].transfers] == [cloud.offered]
    assert taken["transfer"].transfer.volume_id == cloud.free
    assert taken["arrived"].volume.status == "available"
    assert [policy.associated_vaults[0].vault_id for policy in taken["policies"].policies] == [cloud.vault]
    assert taken["protectable"].instance.protectable.vault.id == cloud.vault
    assert cloud.protected in taken["pair"].replication.volume_ids
