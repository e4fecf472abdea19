# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS's own calls to attach and detach disks: jobs, and a rehearsal of the attach (OTC).

The documents list codes of errors and no bodies. Chosen here: the checks and words of nova.py in the
envelope of EVS, with the documented codes of a lock, a missing right, full slots and the mode of a disk, and else
Ecs.0005.
"""

from __future__ import annotations

from typing import Any

from tests.emulator import compute, errors, nova
from tests.emulator.access import authorize
from tests.emulator.calls import Call, Handler, Reply, Route
from tests.emulator.compute import Job, Server, Work

CODES = {403: "Ecs.0110", 404: "Ecs.0114"}
BY_WORDS = {
    "is locked": "Ecs.0605",
    "maximum allowed number": "Ecs.0104",
    nova.ONLY_SCSI: "Ecs.0053",
    nova.NO_SCSI: "Ecs.0037",
}
KINDS = {"attach": "attachVolume", "detach": "detachVolume"}


def worded(handler: Handler) -> Handler:
    """Put a refusal into the words of ECS."""

    def call_it(call: Call) -> Reply:
        try:
            return handler(call)
        except errors.Refused as refused:
            message = next(iter(refused.body.values()))["message"]
            code = next((code for words, code in BY_WORDS.items() if words in message), None)
            code = code or CODES.get(refused.status, "Ecs.0005")
            raise errors.evs(refused.status, code, message) from None

    return call_it


def attach(call: Call) -> Reply:
    """Begin to attach a disk, or with `dry_run` only check whether that can be done."""
    server = nova.own_server(call)
    body = call.body("volumeAttachment")
    authorize(call, "ecs:cloudServers:attach")
    volume = nova.check_attach(call, server, str(body.get("volumeId")), body.get("device"))
    if call.json().get("dry_run"):
        return Reply(202, {"job_id": ""})
    return job(call, server, compute.begin(call.state, "attach", server, volume, nova.request_id()))


def detach(call: Call) -> Reply:
    """Begin to detach a disk; `delete_flag=1` tears it out, whatever the guest says."""
    server = nova.own_server(call)
    authorize(call, "ecs:cloudServers:detachVolume")
    volume = nova.check_detach(call, server, call.params["volume"])
    work = compute.begin(call.state, "detach", server, volume, nova.request_id())
    if call.query.get("delete_flag") == "1":
        work.succeeds = True
    return job(call, server, work)


def job(call: Call, server: Server, work: Work) -> Reply:
    """Answer with the job."""
    made = Job(call.state.new_id(), server.project_id, KINDS[work.kind], work.volume_id, call.state.stamp())
    work.job_id = made.id
    call.state.compute.jobs[made.id] = made
    return Reply(200, {"job_id": made.id})


def show_job(call: Call) -> Reply:
    """Show how far a job is."""
    made = call.state.compute.jobs.get(call.params["job"])
    if made is None or made.project_id != call.project_id:
        raise errors.cinder(404, "The job does not exist.")
    return Reply(200, view(made))


def view(made: Job) -> dict[str, Any]:
    """Show a job."""
    failed = made.status == "FAIL"
    return {
        "job_id": made.id,
        "job_type": made.kind,
        "status": made.status,
        "begin_time": made.begin_time,
        "end_time": made.end_time,
        "entities": {"volume_id": made.volume_id},
        "error_code": made.error_code if failed else None,
        "fail_reason": "The guest refused." if failed else None,
    }


ROUTES: list[Route] = [
    (method, path, worded(handler))
    for method, path, handler in (
        ("POST", "/cloudservers/{server}/attachvolume", attach),
        ("DELETE", "/cloudservers/{server}/detachvolume/{volume}", detach),
        ("GET", "/jobs/{job}", show_job),
    )
]
