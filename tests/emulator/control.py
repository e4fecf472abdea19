# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door for tests: arrange the cloud and look behind its answers.

It has an address of its own, needs no token, has no latency and is not logged. Bodies are JSON;
a mistake is a 400 or 404 with `{"error": "..."}`. `TENANT` is a project's name or id.

    GET    /_emulator                    endpoints, projects, configuration
    POST   /_emulator/reset              no volumes (or the initial ones again), no transfers,
                                         first configuration, default quotas, empty log;
                                         tokens stay valid
    PATCH  /_emulator/config             any of latency (s a request), token_lifetime (s),
                                         max_limit (page), strict_offset, volumev3_only,
                                         link_base (root of links), region, catalogue (list
                                         of services), vendor_replications, children_by_resource,
                                         most_at_once (requests), settle_reads, settle_seconds,
                                         compute_version, plain_nova, and where documents disagree
                                         or are silent name_optional, name_characters,
                                         refuse_own_accept, policies_shown (number of policies in
                                         the list), cinder_fields
    GET    /_emulator/volumes            every volume with all its traits and its tenant
    POST   /_emulator/volumes            {"tenant": TENANT, "volumes": [{trait: value}, ...]}
                                         -> {"ids": [...]}; traits are the fields of
                                         state.Volume, all optional, `id` and `created_at` too,
                                         and what load.py lets stand there
    PATCH  /_emulator/volumes/ID         {trait: value}; {"tenant": TENANT} moves it
    DELETE /_emulator/volumes/ID         delete it, and an offer of it, in whatever status
    GET    /_emulator/transfers          every open transfer with its tenant, no key
    PATCH  /_emulator/transfers/ID       {"created_at": ...} or {"name": ...}
    POST   /_emulator/load               {"tenant": TENANT, "volumes": [...], "vaults": [...], ...}
                                         -> {"volumes": [id, ...], ...}: any number of disks and of
                                         what protects them; load.py says what can be there
    GET    /_emulator/records/KIND       {"records": [...]}: every record of a kind, and all of
                                         its fields; the kinds are snapshots, backups, vaults,
                                         policies, vbs_policies, pairs
    PATCH  /_emulator/records/KIND/ID    {field: value}
    DELETE /_emulator/records/KIND/ID    delete it; a server's backup with its parts
    GET    /_emulator/servers            {"servers": [...]}: every server with its seats and its tenant
    PATCH  /_emulator/servers/ID         {field: value}
    DELETE /_emulator/servers/ID         delete it
    PUT    /_emulator/servers/ID/disks   {"volume": ID}: somebody attaches a disk at once; null: detaches all
    GET    /_emulator/verdicts/TENANT    {"verdicts": {volume id: [constraint, ...]}}: what an
                                         offer of each disk would be refused for
    PUT    /_emulator/outages            {"service": ..., "status": 403 or null} and any of
                                         tenant, user, path ("/snapshots"), method: answer such
                                         calls with that status, in the service's words; null
                                         ends it
    DELETE /_emulator/outages            end all of them
    POST   /_emulator/faults             {"kind": ..., ...}: let requests go wrong; faults.py says
                                         how and which
    GET    /_emulator/faults             {"faults": [...] with their hits, "held": requests held now}
    DELETE /_emulator/faults             let everything go well again
    PUT    /_emulator/auth-keys          {"keys": [...]}: the keys of the next transfers
    PUT    /_emulator/passwords          {USER: password}: instead of those in clouds.yaml
    PUT    /_emulator/quotas/TENANT      {"volumes": 3, "gigabytes": {"limit": 9, "reserved": 2},
                                         "volumes_SAS": null}; null hides the quota
    GET    /_emulator/tokens             {"tokens": [...]}: every token that was issued, but for those
                                         that were ended below
    POST   /_emulator/tokens/expire      {} or {"tenant": TENANT} -> {"expired": number}
    GET    /_emulator/requests           {"requests": [{number, method, path, project, status, fault}],
                                         "peak": most requests in work at once}
    DELETE /_emulator/requests           start a new log
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Protocol

from tests.emulator import compute, constraints
from tests.emulator.calls import Call, Handler, Reply, Route
from tests.emulator.errors import Refused
from tests.emulator.load import load
from tests.emulator.state import SERVICES, Outage, State, Transfer, Volume
from tests.emulator.tables import assign


class Entrance(Protocol):
    """What lets requests in."""

    def close(self, seconds: float) -> None:
        """Refuse connections for so long."""

    def open(self) -> None:
        """Let everybody in again."""


def routes(refill: Callable[[State], None], entrance: Entrance) -> list[Route]:
    """Return the routes; `refill` creates the initial volumes after a reset."""

    def reset(call: Call) -> Reply:
        entrance.open()
        call.state.reset()
        refill(call.state)
        return Reply(200, {})

    def order_fault(call: Call) -> Reply:
        state, given = call.state, call.json()
        tenant = given.pop("tenant", None)
        fault = state.faults.order(project_id=state.project_named(tenant).id if tenant else None, **given)
        refuse = state.faults.refusal_before(len(state.log.entries) + 1)
        if refuse is not None:
            entrance.close(refuse.seconds)
        return Reply(200, asdict(fault))

    def end_faults(call: Call) -> Reply:
        call.state.faults.clear()
        entrance.open()
        return Reply(200, {})

    table: list[Route] = [
        ("POST", "/_emulator/reset", reset),
        ("POST", "/_emulator/faults", order_fault),
        ("GET", "/_emulator/faults", show_faults),
        ("DELETE", "/_emulator/faults", end_faults),
        *ROUTES,
    ]
    return [(method, path, guarded(handler)) for method, path, handler in table]


def guarded(handler: Handler) -> Handler:
    """Answer a test's mistake with its reason."""

    def checked(call: Call) -> Reply:
        try:
            return handler(call)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Refused(400, {"error": str(error)}) from None

    return checked


def overview(call: Call) -> Reply:
    """Show what a test needs to know first."""
    state = call.state
    return Reply(
        200,
        {
            "endpoints": state.endpoints,
            "projects": {p.name: p.id for p in state.projects.values()},
            "config": asdict(state.config),
        },
    )


def configure(call: Call) -> Reply:
    """Change the configuration."""
    call.state.config.change(call.json())
    return Reply(200, asdict(call.state.config))


def list_volumes(call: Call) -> Reply:
    """Show every volume, whoever owns it."""
    return Reply(200, {"volumes": [call.state.dump(v) for v in call.state.volumes.values()]})


def create_volumes(call: Call) -> Reply:
    """Create volumes with any traits."""
    body = call.json()
    made = load(call.state, body["tenant"], {"volumes": body["volumes"]})
    return Reply(200, {"ids": made["volumes"]})


def create_all(call: Call) -> Reply:
    """Create volumes and what protects them."""
    specs = call.json()
    return Reply(200, load(call.state, specs.pop("tenant"), specs))


def list_records(call: Call) -> Reply:
    """Show every record of a kind."""
    table = call.state.protection.table(call.params["kind"])
    return Reply(200, {"records": [asdict(row) for row in table.rows.values()]})


def change_record(call: Call) -> Reply:
    """Change fields of a record."""
    row = record_named(call)
    call.state.protection.change(row, call.json())
    return Reply(200, asdict(row))


def delete_record(call: Call) -> Reply:
    """Delete a record."""
    call.state.protection.remove(record_named(call))
    return Reply(200, {})


def record_named(call: Call) -> Any:
    """Return the record in the URL."""
    return call.state.protection.record(call.params["kind"], call.params["record"])


def list_servers(call: Call) -> Reply:
    """Show every server, whoever owns it."""
    state = call.state
    return Reply(200, {"servers": [compute.dump(state, server) for server in state.compute.servers.values()]})


def change_server(call: Call) -> Reply:
    """Change fields of a server."""
    server = server_named(call)
    assign(server, call.json())
    return Reply(200, compute.dump(call.state, server))


def delete_server(call: Call) -> Reply:
    """Delete a server, whatever its state."""
    compute.remove(call.state, server_named(call))
    return Reply(200, {})


def seat_disk(call: Call) -> Reply:
    """Attach a disk to a server as somebody else would, or detach all."""
    state, server = call.state, server_named(call)
    volume_id = call.json()["volume"]
    if volume_id is not None:
        compute.seat(state, server, state.volumes[volume_id], {})
        return Reply(200, {})
    for place in list(server.seats):
        server.seats.remove(place)
        compute.show(state, state.volumes[place.volume_id])
    return Reply(200, {})


def server_named(call: Call) -> compute.Server:
    """Return the server in the URL."""
    server = call.state.compute.servers.get(call.params["server"])
    if server is None:
        raise Refused(404, {"error": "there is no such server"})
    return server


def verdicts(call: Call) -> Reply:
    """Tell what each disk of a tenant would be refused for."""
    state = call.state
    volumes = state.volumes_by_age(state.project_named(call.params["tenant"]).id, newest_first=False)
    return Reply(200, {"verdicts": {v.id: list(constraints.violated(state, v)) for v in volumes}})


def show_faults(call: Call) -> Reply:
    """Show what was ordered and how often it hit."""
    faults = call.state.faults
    return Reply(200, {"faults": [asdict(fault) for fault in faults.ordered], "held": faults.held})


def set_outage(call: Call) -> Reply:
    """Begin or end an outage."""
    given = call.json()
    status, tenant = given.pop("status"), given.pop("tenant", None)
    if given["service"] not in SERVICES:
        raise ValueError(f"there is no service {given['service']}")
    if given.get("user", next(iter(call.state.users))) not in call.state.users:
        raise ValueError(f"there is no user {given['user']}")
    if status is not None:
        HTTPStatus(status)
    project_id = call.state.project_named(tenant).id if tenant else None
    call.state.set_outage(Outage(project_id=project_id, **given), status)
    return Reply(200, {})


def end_outages(call: Call) -> Reply:
    """End all outages."""
    call.state.outages.clear()
    return Reply(200, {})


def change_volume(call: Call) -> Reply:
    """Change traits of a volume, whatever its status."""
    changes = call.json()
    volume = volume_named(call)
    if "tenant" in changes:
        project = call.state.project_named(changes.pop("tenant"))
        changes |= {"project_id": project.id, "user_id": call.state.member_of(project.id).id}
    call.state.change_volume(volume, **changes)
    return Reply(200, call.state.dump(volume))


def delete_volume(call: Call) -> Reply:
    """Delete a volume, whatever its status."""
    call.state.remove_volume(volume_named(call))
    return Reply(200, {})


def list_transfers(call: Call) -> Reply:
    """Show every open transfer."""
    return Reply(200, {"transfers": [view(call, t) for t in call.state.transfers.values()]})


def change_transfer(call: Call) -> Reply:
    """Make a transfer older, or rename it."""
    transfer = call.state.transfers.get(call.params["transfer"])
    if transfer is None:
        raise Refused(404, {"error": "there is no such transfer"})
    changes = call.json()
    if not set(changes) <= {"created_at", "name"}:
        raise ValueError("only created_at and name can be changed")
    for name, value in changes.items():
        setattr(transfer, name, value)
    return Reply(200, view(call, transfer))


def view(call: Call, transfer: Transfer) -> dict[str, Any]:
    """Show a transfer to a test."""
    return {
        "id": transfer.id,
        "name": transfer.name,
        "volume_id": transfer.volume_id,
        "created_at": transfer.created_at,
        "tenant": call.state.projects[transfer.project_id].name,
    }


def next_keys(call: Call) -> Reply:
    """Fix the keys of the next transfers: one that looks like a number, for example."""
    call.state.next_keys = deque(str(key) for key in call.json()["keys"])
    return Reply(200, {})


def set_passwords(call: Call) -> Reply:
    """Give users other passwords."""
    call.state.passwords = {user: str(password) for user, password in call.json().items()}
    return Reply(200, {})


def set_quota(call: Call) -> Reply:
    """Set limits of a tenant."""
    project = call.state.project_named(call.params["tenant"])
    call.state.set_quota(project.id, call.json())
    return Reply(200, {})


def list_tokens(call: Call) -> Reply:
    """Show every token, so that a test can look for them where they must not be."""
    return Reply(200, {"tokens": list(call.state.tokens)})


def expire_tokens(call: Call) -> Reply:
    """End tokens before their time."""
    tenant = call.json().get("tenant") if call.raw else None
    project_id = call.state.project_named(tenant).id if tenant else None
    return Reply(200, {"expired": call.state.expire_tokens(project_id)})


def show_requests(call: Call) -> Reply:
    """Show the log."""
    log = call.state.log
    return Reply(200, {"requests": [asdict(entry) for entry in log.entries], "peak": log.peak})


def forget_requests(call: Call) -> Reply:
    """Start a new log."""
    call.state.log.clear()
    return Reply(200, {})


def volume_named(call: Call) -> Volume:
    """Return the volume in the URL."""
    volume = call.state.volumes.get(call.params["volume"])
    if volume is None:
        raise Refused(404, {"error": "there is no such volume"})
    return volume


ROUTES: list[Route] = [
    ("GET", "/_emulator", overview),
    ("PATCH", "/_emulator/config", configure),
    ("GET", "/_emulator/volumes", list_volumes),
    ("POST", "/_emulator/volumes", create_volumes),
    ("PATCH", "/_emulator/volumes/{volume}", change_volume),
    ("DELETE", "/_emulator/volumes/{volume}", delete_volume),
    ("GET", "/_emulator/transfers", list_transfers),
    ("PATCH", "/_emulator/transfers/{transfer}", change_transfer),
    ("POST", "/_emulator/load", create_all),
    ("GET", "/_emulator/records/{kind}", list_records),
    ("PATCH", "/_emulator/records/{kind}/{record}", change_record),
    ("DELETE", "/_emulator/records/{kind}/{record}", delete_record),
    ("GET", "/_emulator/servers", list_servers),
    ("PATCH", "/_emulator/servers/{server}", change_server),
    ("DELETE", "/_emulator/servers/{server}", delete_server),
    ("PUT", "/_emulator/servers/{server}/disks", seat_disk),
    ("GET", "/_emulator/verdicts/{tenant}", verdicts),
    ("PUT", "/_emulator/outages", set_outage),
    ("DELETE", "/_emulator/outages", end_outages),
    ("PUT", "/_emulator/auth-keys", next_keys),
    ("PUT", "/_emulator/passwords", set_passwords),
    ("PUT", "/_emulator/quotas/{tenant}", set_quota),
    ("GET", "/_emulator/tokens", list_tokens),
    ("POST", "/_emulator/tokens/expire", expire_tokens),
    ("GET", "/_emulator/requests", show_requests),
    ("DELETE", "/_emulator/requests", forget_requests),
]
