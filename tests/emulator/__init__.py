# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud in one small process for tests and the demo: Keystone, EVS, CBR, VBS, SDRS, Nova, some tenants.

Each service has an address of its own, as in the real cloud, all of them on 127.0.0.1:

    state.py       what the cloud holds; no web code in it
    protection.py  what protects disks: snapshots, backups, vaults, policies, pairs; tables.py
                   keeps such records
    compute.py     servers, the disks in them, and what goes on after an answer
    constraints.py what keeps a disk from being transferred
    rules.py       what EVS and Cinder refuse, and in whose words
    load.py        fills the cloud from plain data; datasets.py has the demo's
    calls.py       one request and one answer as the services see them
    access.py      token, project, microversion and outages of a call to a tenant's service
    views.py, pages.py, listing.py
                   JSON shapes, filters and pages that several calls share
    identity.py, versions.py, volumes.py, metadata.py, vendor_volumes.py, volume_types.py,
    transfers.py, quotas.py, surroundings.py, snapshots.py, backups.py, vendor_replications.py, cbr.py, vbs.py,
    sdrs.py, nova.py, ecs.py
                   the services: a list of routes and one function a call
    faults.py      which requests go wrong, and how
    control.py     the way in for tests, under /_emulator
    app.py         composes them; it, disturbances.py (what a fault does to a request) and door.py
                   (the listening sockets) are the only modules that know the web framework
    server.py      the handle for tests: starts and stops the process

By hand: `python -m tests.emulator --data demo --clouds-file clouds.yaml` in the root of the
repository. In tests: `with EmulatorServer() as server` of server.py.

Where the emulator answers as Cinder does, it answers what a real one answered when it was asked.
What only EVS does is marked "EVS_API" with the section of the project's fact sheet it rests on.
"""

from __future__ import annotations
