# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Composes the services and serves them. The only module that knows the web framework."""

from __future__ import annotations

import asyncio
import json
import ssl
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler as WebHandler
from aiohttp.typedefs import Middleware

from tests.emulator import (
    backups,
    cbr,
    compute,
    control,
    door,
    ecs,
    errors,
    identity,
    metadata,
    nova,
    quotas,
    sdrs,
    snapshots,
    surroundings,
    transfers,
    vbs,
    vendor_replications,
    vendor_volumes,
    versions,
    volume_types,
    volumes,
)
from tests.emulator.access import for_tenant
from tests.emulator.calls import Call, Handler, Reply, Route
from tests.emulator.disturbances import PRETEND, disturbed
from tests.emulator.state import State

CONTROL = "/_emulator"
MAX_BODY = 256 * 1024 * 1024


@dataclass(frozen=True)
class Service:
    """One address of the cloud."""

    name: str
    routes: list[Route]


def tenant_routes(service: str, versions: tuple[str, ...], table: list[Route]) -> list[Route]:
    """Return the routes of a tenant's service, the same ones under each version."""
    return [
        (method, f"/{version}/{{project}}{path}", for_tenant(handler, service))
        for version in versions
        for method, path, handler in table
    ]


def evs_routes() -> list[Route]:
    """Return the routes of EVS."""
    # The transfers come first because routes are tried in order and they are asked most.
    tenant = [
        *transfers.ROUTES,
        *volumes.ROUTES,
        *metadata.ROUTES,
        *vendor_volumes.ROUTES,
        *volume_types.ROUTES,
        *quotas.ROUTES,
        *surroundings.ROUTES,
        *snapshots.ROUTES,
        *backups.ROUTES,
        *vendor_replications.ROUTES,
    ]
    # A client of the vendor creates in a version of its own, and asks for jobs in another.
    vendor = [
        *tenant_routes("evs", ("v1",), vendor_volumes.JOBS),
        *tenant_routes("evs", ("v2.1",), vendor_volumes.CREATES),
    ]
    return [*tenant_routes("evs", ("v2", "v3"), tenant), *vendor, *versions.ROUTES]


def compute_routes() -> list[Route]:
    """Return the routes of ECS: those of Nova, and its own."""
    of_nova = tenant_routes("compute", ("v2.1",), nova.ROUTES)
    return [*of_nova, *tenant_routes("compute", ("v1",), ecs.ROUTES), *nova.VERSIONS]


def services() -> list[Service]:
    """Return the services of the cloud; another one is another line."""
    return [
        Service("identity", identity.ROUTES),
        Service("evs", evs_routes()),
        Service("cbr", tenant_routes("cbr", ("v3",), cbr.ROUTES)),
        Service("vbs", tenant_routes("vbs", ("v2", "v3"), [*backups.ROUTES, *vbs.ROUTES])),
        Service("sdrs", tenant_routes("sdrs", ("v1",), sdrs.ROUTES)),
        Service("compute", compute_routes()),
    ]


def application(service: Service, state: State, *middlewares: Middleware) -> web.Application:
    """Return the web application of a service."""
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    for method, path, handler in service.routes:
        app.router.add_route(method, path, endpoint(handler, service.name, state))
    return app


def endpoint(handler: Handler, service: str, state: State) -> WebHandler:
    """Make a web handler of a service's function.

    The functions do not wait for anything, so each call is atomic: of two accepts at once, one
    finds the transfer gone.
    """

    async def serve(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        call = Call(
            state=state if service == "control" else state.for_call(request.method, pretend=PRETEND in request),
            method=request.method,
            path=request.path,
            params=request.match_info,
            query=request.query,
            headers=request.headers,
            raw=raw,
            base=state.endpoints[service],
            pairs=list(request.query.items()),
        )
        if service in ("evs", "compute"):
            compute.settle(call.state, reading=request.method == "GET")
        try:
            reply = handler(call)
        except errors.Refused as refused:
            reply = Reply(refused.status, refused.body, refused.headers)
        spoken = "compute" if service == "compute" else "volume"
        return respond(reply, f"{spoken} {call.microversion}" if call.microversion else None)

    return serve


def respond(reply: Reply, version: str | None = None) -> web.Response:
    """Make the answer that goes over the wire; the version is named with its service."""
    request_id = f"req-{uuid.uuid4()}"
    headers = {
        "x-compute-request-id": request_id,
        "x-openstack-request-id": request_id,
        **reply.headers,
    }
    if version:
        headers["OpenStack-API-Version"] = version
        headers["Vary"] = "OpenStack-API-Version"
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    headers["Content-Type"] = "application/json"
    return web.Response(status=reply.status, headers=headers, body=json.dumps(reply.body).encode())


def observer(state: State, service: str, entrance: door.Door) -> Middleware:
    """Return the middleware that delays, disturbs and logs every request."""

    @web.middleware
    async def observe(request: web.Request, handler: WebHandler) -> web.StreamResponse:
        project_id = project_in(request.path, state)
        entry = state.log.begin(request.method, request.raw_path, project_id)
        throttled = 0 < state.config.most_at_once < state.log.in_flight
        fault = state.faults.strike(entry.number, request.method, request.raw_path, route_of(request), project_id)
        entrance.busy.append(request.transport)
        status = 0
        response: web.StreamResponse
        try:
            if state.config.latency and not throttled:
                await asyncio.sleep(state.config.latency)
            if throttled:
                refused = errors.gateway(429, "APIG.0308", "The throttling threshold has been reached")
                response = respond(Reply(refused.status, refused.body))
            elif fault is None:
                response = await answered(request, handler, service)
            else:
                entry.fault = fault.kind
                carry_out = partial(answered, request, handler, service)
                response = await disturbed(fault, request, service, state, carry_out)
            status = response.status
        finally:
            state.log.end(entry, status)
        refuse = state.faults.refusal_before(entry.number + 1)
        if refuse is not None:
            entrance.close(refuse.seconds)
        entrance.busy.remove(request.transport)
        if not entrance.is_open:
            response.force_close()
        return response

    return observe


async def answered(request: web.Request, handler: WebHandler, service: str) -> web.StreamResponse:
    """Return the handler's answer, or the service's to a URL that does not exist and to a crash."""
    try:
        return await handler(request)
    except web.HTTPException as unrouted:
        known = unrouted.status != 404
        message = unrouted.reason if known else "The resource could not be found."
        refused = errors.unrouted(service, unrouted.status, message)
    except Exception:
        # A bug of the emulator: its log has the reason.
        traceback.print_exc()
        refused = errors.unrouted(service, 500, "The server has either erred or is incapable of performing")
    return respond(Reply(refused.status, refused.body))


def route_of(request: web.Request) -> str:
    """Return the path with the names of its variables instead of their values."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else request.path


def project_in(path: str, state: State) -> str | None:
    """Return the project that a path names, routed or not."""
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[2] in state.projects else None


async def serve(
    state: State,
    refill: Callable[[State], None],
    host: str,
    port: int,
    tls: ssl.SSLContext | None,
    ready: Callable[[], None],
    stopped: asyncio.Event,
) -> None:
    """Serve every service until `stopped`; port 0 lets the system choose."""
    scheme = "https" if tls else "http"
    entrance = door.Door()
    # The control API has an address of its own, which answers while the others refuse connections.
    everything = [*services(), Service("control", control.routes(refill, entrance))]
    runners = []
    for number, service in enumerate(everything):
        middlewares = [] if service.name == "control" else [observer(state, service.name, entrance)]
        runner = web.AppRunner(application(service, state, *middlewares), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        place = door.Address(runner, host, port + number if port else 0, tls)
        state.endpoints[service.name] = f"{scheme}://{host}:{place.port}"
        if service.name != "control":
            entrance.add(place)
    refill(state)
    ready()
    await stopped.wait()
    for runner in runners:
        await runner.cleanup()
