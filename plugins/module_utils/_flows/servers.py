# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""List servers and their disks: evs_server_info."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.nova import Nova
from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._flows.guests import guest_names
from ansible_collections.otc.evs.plugins.module_utils._flows.pool import both, run_all
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Seat, Server
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import Known


def servers_info(evs: Evs, nova: Nova, refs: Sequence[str] | None, concurrency: int) -> Result:
    """The project's servers: two lists, and a request for the devices of each."""
    if not all(ref.strip() for ref in refs or ()):
        raise UsageError("Option servers contains an empty name. Give each server by its name or ID.")
    servers, volumes = both(lambda: list(nova.servers()), lambda: list(evs.volumes()), concurrency)
    known = Known(servers)
    found = servers if refs is None else [server for ref in refs for server in known.named(ref)]
    chosen = {server.id: server for server in found}
    shown: list[Server] = []
    gone = set()
    for done in run_all(nova.seats, chosen, concurrency):
        if done.error:
            raise done.error
        if done.value is None:
            gone.add(done.item)
        else:
            shown.append(chosen[done.item].with_seats(done.value))
    known_disks = {volume.id: volume for volume in volumes}
    there = [known_disks[seat.volume_id] for server in shown for seat in server.seats if seat.volume_id in known_disks]
    names = guest_names(evs, there)
    rows = [server_row(server, known_disks, names) for server in shown]
    missing = [ref for ref in dict.fromkeys(refs or ()) if not {server.id for server in known.named(ref)} - gone]
    return Result(values={"servers": rows, "missing": missing, **evs.project.as_result()})


def server_row(server: Server, volumes: Mapping[str, Volume], names: Mapping[str, str]) -> dict[str, object]:
    """A server as evs_server_info returns it."""
    return {
        "id": server.id,
        "name": server.name,
        "status": server.status,
        "task_state": server.task_state,
        "locked": server.locked,
        "availability_zone": server.availability_zone,
        "disks": [
            disk_row(number, seat, server, volumes.get(seat.volume_id), names.get(seat.volume_id))
            for number, seat in enumerate(server.seats)
        ],
    }


def disk_row(
    number: int, seat: Seat, server: Server, volume: Volume | None, guest_name: str | None
) -> dict[str, object]:
    """A disk in it, the `number`th by its device."""
    return {
        "id": seat.volume_id,
        "name": volume.name if volume else None,
        "size": volume.size if volume else None,
        "status": volume.status if volume else None,
        "device": seat.device or None,
        "order": number,
        "system": server.is_root(seat.device),
        "delete_on_termination": seat.delete_on_termination,
        "guest_name": guest_name,
    }
