# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nova's API as far as disks need it: servers, their disks, what was done with them, stop and lock.

The answers are those of a real Nova 34 that was asked. What only OTC does is marked "OTC": no more disks
than the documents allow, none for a server that is paused or suspended. `Config.plain_nova` ends that.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tests.emulator import compute, errors
from tests.emulator.access import authorize
from tests.emulator.calls import Call, Reply, Route, invalid
from tests.emulator.compute import Seat, Server
from tests.emulator.state import Volume

MOST_VBD, MOST_SCSI, MOST_DISKS = 24, 59, 60
"""OTC: how many disks of a kind a server takes, the system disk included."""
ONLY_SCSI = "Only SCSI data disks can be attached to the ECSs."
NO_SCSI = "The flavor of the ECS does not support SCSI disks."
MOST_SERVERS = 16
"""OTC: how many servers share a disk."""
DETACHING_STATES = ("ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED")
ATTACHING_STATES = ("ACTIVE", "SHUTOFF")
ATTACHING_STATES_OF_NOVA = (*ATTACHING_STATES, "PAUSED", "SUSPENDED")
POLICY = "os_compute_api"


def since(call: Call, minor: int) -> bool:
    """Whether the call speaks that version, or a later one."""
    return int((call.microversion or "2.1").partition(".")[2]) >= minor


def version(call: Call) -> Reply:
    """Show the version; its range is how a client finds out what it may ask for."""
    return Reply(200, {"version": document(call)})


def versions(call: Call) -> Reply:
    """List the versions."""
    return Reply(200, {"versions": [document(call)]})


def document(call: Call) -> dict[str, Any]:
    """Describe v2.1."""
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": call.state.config.compute_version,
        "min_version": "2.1",
        "updated": "2013-07-23T11:33:21Z",
        "links": [{"rel": "self", "href": f"{call.base}/v2.1/"}],
    }


def list_servers(call: Call) -> Reply:
    """List the servers with their names."""
    return page(call, lambda server: {"id": server.id, "name": server.name})


def list_detail(call: Call) -> Reply:
    """List the servers with all that is told of them."""
    return page(call, lambda server: view(call, server))


def page(call: Call, shown: Callable[[Server], dict[str, Any]]) -> Reply:
    """Return a page of the project's servers."""
    most = call.state.config.max_limit
    try:
        limit = min(int(call.query.get("limit", most)), most)
    except ValueError:
        raise errors.cinder(400, "limit param must be an integer") from None
    found = [server for server in call.state.compute.of(call.project_id) if named(call, server)]
    marker = call.query.get("marker")
    if marker:
        places = [number for number, server in enumerate(found) if server.id == marker]
        if not places:
            raise errors.cinder(400, f"marker [{marker}] not found")
        found = found[places[0] + 1 :]
    kept = found[:limit]
    body: dict[str, Any] = {"servers": [shown(server) for server in kept]}
    if kept and len(kept) == limit:
        href = f"{call.base}{call.path}?limit={limit}&marker={kept[-1].id}"
        body["servers_links"] = [{"rel": "next", "href": href}]
    return Reply(200, body)


def named(call: Call, server: Server) -> bool:
    """Apply the filters: the name is a regular expression, as in Nova."""
    pattern, status = call.query.get("name"), call.query.get("status")
    return (pattern is None or bool(re.search(pattern, server.name))) and status in (None, server.status)


def view(call: Call, server: Server) -> dict[str, Any]:
    """Show a server; the version decides what of it."""
    with_flag = since(call, 3)
    disks = [
        {"id": seat.volume_id, **({"delete_on_termination": seat.delete_on_termination} if with_flag else {})}
        for seat in compute.attached(call.state, server)
    ]
    shown = {
        "id": server.id,
        "name": server.name,
        "status": server.status,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "created": server.created_at,
        # In no network.
        "addresses": {},
        "metadata": server.metadata,
        "OS-EXT-AZ:availability_zone": server.availability_zone,
        "OS-EXT-STS:task_state": server.task_state,
        "OS-EXT-STS:vm_state": server.vm_state,
        "OS-EXT-STS:power_state": 1 if server.status == "ACTIVE" else 4,
        "os-extended-volumes:volumes_attached": disks,
    }
    return {**shown, "locked": server.locked} if since(call, 9) else shown


def show(call: Call) -> Reply:
    """Show a server to its owner."""
    return Reply(200, {"server": view(call, own_server(call))})


def own_server(call: Call) -> Server:
    """Return the server in the URL if it is the caller's."""
    server = call.state.compute.servers.get(call.params["server"])
    if server is None or server.project_id != call.project_id:
        raise errors.cinder(404, f"Instance {call.params['server']} could not be found.")
    return server


def delete(call: Call) -> Reply:
    """Delete a server."""
    server = own_server(call)
    authorize(call, f"{POLICY}:servers:delete")
    require_unlocked(server)
    compute.remove(call.state, server)
    return Reply(204)


# Disks


def list_attachments(call: Call) -> Reply:
    """List a server's disks."""
    server = own_server(call)
    return Reply(200, {"volumeAttachments": [place(call, server, seat) for seat in server.seats]})


def show_attachment(call: Call) -> Reply:
    """Show one of a server's disks."""
    server = own_server(call)
    seat = server.seat_of(call.params["volume"])
    if seat is None:
        raise not_attached(server, call.params["volume"])
    return Reply(200, {"volumeAttachment": place(call, server, seat)})


def place(call: Call, server: Server, seat: Seat) -> dict[str, Any]:
    """Show where a disk is."""
    shown: dict[str, Any] = {
        "id": seat.volume_id,
        "volumeId": seat.volume_id,
        "serverId": server.id,
        "device": seat.device,
    }
    if since(call, 79):
        shown |= {"tag": None, "delete_on_termination": seat.delete_on_termination}
    return shown


def attach(call: Call) -> Reply:
    """Begin to attach a disk: 200, whatever the guest says afterwards."""
    server = own_server(call)
    body = call.body("volumeAttachment")
    volume_id = body.get("volumeId")
    if not isinstance(volume_id, str):
        raise errors.cinder(400, invalid("volumeAttachment", body, "'volumeId' is a required property"))
    authorize(call, f"{POLICY}:os-volumes-attachments:create")
    volume = check_attach(call, server, volume_id, body.get("device"))
    compute.begin(call.state, "attach", server, volume, request_id())
    seat = server.seat_of(volume.id)
    if seat is None:
        raise errors.cinder(500, "unreachable")
    seat.delete_on_termination = bool(body.get("delete_on_termination")) and since(call, 79)
    return Reply(200, {"volumeAttachment": place(call, server, seat)})


def check_attach(call: Call, server: Server, volume_id: str, device: Any = None) -> Volume:
    """Refuse what cannot be attached, in the order and words of Nova."""
    plain = call.state.config.plain_nova
    require_unlocked(server)
    require_state(server, "attach_volume", ATTACHING_STATES_OF_NOVA if plain else ATTACHING_STATES)
    volume = call.state.volume_of(call.project_id, volume_id)
    if volume is None:
        raise errors.volume_not_found(volume_id)
    if server.seat_of(volume.id):
        raise errors.cinder(400, f"Invalid volume: volume {volume.id} is already attached to instances: {server.id}")
    if volume.availability_zone != server.availability_zone:
        raise errors.cinder(
            400,
            f"Invalid volume: Instance {server.id} and volume {volume.id} are not in the same availability_zone. "
            f"Instance is in {server.availability_zone}. Volume is in {volume.availability_zone}",
        )
    check_room(call, server, volume)
    shared = volume.multiattach and volume.status == "in-use"
    if volume.status != "available" and not shared:
        raise errors.cinder(
            400,
            f"Invalid input received: Invalid volume: Volume {volume.id} status must be available or downloading to "
            f"reserve, but the current status is {volume.status}. (HTTP 400) (Request-ID: {request_id()})",
        )
    if device and device in {seat.device for seat in server.seats}:
        raise errors.cinder(409, f"The supplied device path ({device}) is in use.")
    return volume


def check_room(call: Call, server: Server, volume: Volume) -> None:
    """OTC: refuse more disks than a server takes, more servers than share a disk, and a replicated disk."""
    if call.state.config.plain_nova:
        return
    disks = [call.state.volumes[seat.volume_id] for seat in server.seats if seat.volume_id in call.state.volumes]
    scsi = is_scsi(volume)
    if server.mode == "scsi" and not scsi:
        raise errors.cinder(400, ONLY_SCSI)
    if server.mode == "vbd" and scsi:
        raise errors.cinder(400, NO_SCSI)
    same, most = sum(is_scsi(disk) == scsi for disk in disks), MOST_SCSI if scsi else MOST_VBD
    if same >= most or len(disks) >= MOST_DISKS:
        raise errors.cinder(
            403,
            f"The maximum allowed number of disk devices ({most}) to attach to a single instance has been exceeded.",
        )
    if len(call.state.compute.seats_of(volume.id)) >= MOST_SERVERS:
        raise errors.cinder(400, f"Invalid volume: volume {volume.id} is attached to {MOST_SERVERS} servers already")
    if any(call.state.protection.pairs_of(volume)):
        raise errors.cinder(400, f"Invalid volume: volume {volume.id} belongs to a replication pair")


def is_scsi(volume: Volume) -> bool:
    """Tell the mode of a disk: VBD unless its metadata say SCSI (EVS_API B.3)."""
    return str(volume.metadata.get("hw:passthrough")).lower() == "true"


def detach(call: Call) -> Reply:
    """Begin to detach a disk: 202, whatever the guest says afterwards."""
    server = own_server(call)
    authorize(call, f"{POLICY}:os-volumes-attachments:delete")
    volume = check_detach(call, server, call.params["volume"])
    compute.begin(call.state, "detach", server, volume, request_id())
    return Reply(202)


def check_detach(call: Call, server: Server, volume_id: str) -> Volume:
    """Refuse what cannot be detached, in the order and words of Nova."""
    volume = call.state.volume_of(call.project_id, volume_id)
    seat = server.seat_of(volume_id)
    if volume is None:
        raise errors.volume_not_found(volume_id)
    if seat is None:
        raise not_attached(server, volume_id)
    if seat.device in (f"/dev/{server.bus}a",):
        raise errors.cinder(400, "Cannot detach a root device volume")
    require_unlocked(server)
    require_state(server, "detach_volume", DETACHING_STATES)
    if volume.status != "in-use":
        raise errors.cinder(
            400,
            "Invalid volume: Invalid input received: Invalid volume: Unable to detach volume. Volume status must be "
            "'in-use' and attach_status must be 'attached' to detach. (HTTP 400) "
            f"(Request-ID: {request_id()})",
        )
    return volume


def not_attached(server: Server, volume_id: str) -> errors.Refused:
    """Return the answer about a disk that is not in that server."""
    return errors.cinder(404, f"Instance {server.id} is not attached to volume {volume_id}")


def require_unlocked(server: Server) -> None:
    """Refuse to touch a locked server."""
    if server.locked:
        raise errors.cinder(409, f"Instance {server.id} is locked")


def require_state(server: Server, action: str, states: tuple[str, ...]) -> None:
    """Refuse what a server cannot do in its state, or while something else goes on."""
    if server.status not in states:
        raise errors.cinder(409, f"Cannot '{action}' instance {server.id} while it is in vm_state {server.vm_state}")
    if server.task_state:
        raise errors.cinder(
            409, f"Cannot '{action}' instance {server.id} while it is in task_state {server.task_state}"
        )


def request_id() -> str:
    """Return the name of a request."""
    return f"req-{uuid.uuid4()}"


# What was done, and what can be


def list_actions(call: Call) -> Reply:
    """List what was done with a server, the newest first."""
    server = own_server(call)
    return Reply(200, {"instanceActions": [action_view(server, action) for action in server.actions]})


def show_action(call: Call) -> Reply:
    """Show one of these with its events."""
    server = own_server(call)
    for action in server.actions:
        if action.request_id == call.params["request"]:
            return Reply(200, {"instanceAction": {**action_view(server, action), "events": []}})
    raise errors.cinder(404, f"Action for request_id {call.params['request']} on instance {server.id} not found")


def action_view(server: Server, action: compute.Action) -> dict[str, Any]:
    """Show what was done."""
    return {
        "action": action.action,
        "instance_uuid": server.id,
        "request_id": action.request_id,
        "user_id": server.user_id,
        "project_id": server.project_id,
        "start_time": action.start_time,
        "message": action.message,
        "updated_at": action.updated_at,
    }


CHANGES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "os-stop": (("ACTIVE", "ERROR"), "SHUTOFF"),
    "os-start": (("SHUTOFF",), "ACTIVE"),
    "pause": (("ACTIVE",), "PAUSED"),
    "unpause": (("PAUSED",), "ACTIVE"),
    "suspend": (("ACTIVE",), "SUSPENDED"),
    "resume": (("SUSPENDED",), "ACTIVE"),
}


def act(call: Call) -> Reply:
    """Stop, start, pause or lock a server."""
    server = own_server(call)
    whole = call.json()
    name = next(iter(whole), "") if isinstance(whole, dict) else ""
    authorize(call, f"{POLICY}:{name}")
    if name in ("lock", "unlock"):
        server.locked = name == "lock"
        return Reply(202)
    if name not in CHANGES:
        raise errors.cinder(400, f"There is no such action: {name}")
    before, after = CHANGES[name]
    require_unlocked(server)
    require_state(server, name.removeprefix("os-"), before)
    server.status = after
    server.actions.insert(0, compute.Action(name.removeprefix("os-"), request_id(), call.state.stamp()))
    return Reply(202)


def show_limits(call: Call) -> Reply:
    """Show the limits, of which there are none; the openstack CLI asks Nova before it asks Cinder."""
    return Reply(200, {"limits": {"rate": [], "absolute": {"maxTotalInstances": -1}}})


ROUTES: list[Route] = [
    ("GET", "/limits", show_limits),
    ("GET", "/servers/detail", list_detail),
    ("GET", "/servers", list_servers),
    ("GET", "/servers/{server}", show),
    ("DELETE", "/servers/{server}", delete),
    ("POST", "/servers/{server}/action", act),
    ("GET", "/servers/{server}/os-volume_attachments", list_attachments),
    ("POST", "/servers/{server}/os-volume_attachments", attach),
    ("GET", "/servers/{server}/os-volume_attachments/{volume}", show_attachment),
    ("DELETE", "/servers/{server}/os-volume_attachments/{volume}", detach),
    ("GET", "/servers/{server}/os-instance-actions", list_actions),
    ("GET", "/servers/{server}/os-instance-actions/{request}", show_action),
]
VERSIONS: list[Route] = [("GET", "/", versions), ("GET", "/v2.1", version), ("GET", "/v2.1/", version)]
