# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Composes the services and serves them. The only module that knows the web framework."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler as WebHandler
from aiohttp.typedefs import Middleware

from tests.emulator import (
    backups,
    cbr,
    control,
    errors,
    identity,
    quotas,
    sdrs,
    snapshots,
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
from tests.emulator.state import State

HOST = "127.0.0.1"
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
        *vendor_volumes.ROUTES,
        *volume_types.ROUTES,
        *quotas.ROUTES,
        *snapshots.ROUTES,
        *backups.ROUTES,
        *vendor_replications.ROUTES,
    ]
    return [*tenant_routes("evs", ("v2", "v3"), tenant), *versions.ROUTES]


def services(refill: Callable[[State], None]) -> list[Service]:
    """Return the services of the cloud; another one is another line."""
    return [
        Service("identity", [*identity.ROUTES, *control.routes(refill)]),
        Service("evs", evs_routes()),
        Service("cbr", tenant_routes("cbr", ("v3",), cbr.ROUTES)),
        Service("vbs", tenant_routes("vbs", ("v2", "v3"), [*backups.ROUTES, *vbs.ROUTES])),
        Service("sdrs", tenant_routes("sdrs", ("v1",), sdrs.ROUTES)),
    ]


def application(service: Service, state: State) -> web.Application:
    """Return the web application of a service."""
    app = web.Application(middlewares=[observer(state, service.name)], client_max_size=MAX_BODY)
    for method, path, handler in service.routes:
        app.router.add_route(method, path, endpoint(handler, service.name, state))
    return app


def endpoint(handler: Handler, service: str, state: State) -> WebHandler:
    """Make a web handler of a service's function.

    The functions do not wait for anything, so each call is atomic: of two accepts at once, one
    finds the transfer gone.
    """

    async def serve(request: web.Request) -> web.StreamResponse:
        call = Call(
            state=state,
            method=request.method,
            path=request.path,
            params=request.match_info,
            query=request.query,
            headers=request.headers,
            raw=await request.read(),
            base=state.endpoints[service],
            pairs=list(request.query.items()),
        )
        try:
            reply = handler(call)
        except errors.Fault as fault:
            reply = Reply(fault.status, fault.body, fault.headers)
        return respond(reply, call.microversion)

    return serve


def respond(reply: Reply, microversion: str | None = None) -> web.Response:
    """Make the answer that goes over the wire."""
    request_id = f"req-{uuid.uuid4()}"
    headers = {
        "x-compute-request-id": request_id,
        "x-openstack-request-id": request_id,
        **reply.headers,
    }
    if microversion:
        headers["OpenStack-API-Version"] = f"volume {microversion}"
        headers["Vary"] = "OpenStack-API-Version"
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    headers["Content-Type"] = "application/json"
    return web.Response(status=reply.status, headers=headers, body=json.dumps(reply.body).encode())


def observer(state: State, service: str) -> Middleware:
    """Return the middleware that delays and logs every request but those of the control API."""

    @web.middleware
    async def observe(request: web.Request, handler: WebHandler) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            return await handler(request)
        entry = state.log.begin(request.method, request.raw_path, project_in(request.path, state))
        status = 0
        try:
            if state.config.latency:
                await asyncio.sleep(state.config.latency)
            response = await answered(request, handler, service)
            status = response.status
        finally:
            state.log.end(entry, status)
        return response

    return observe


async def answered(request: web.Request, handler: WebHandler, service: str) -> web.StreamResponse:
    """Return the handler's answer, or the service's to a URL that does not exist and to a crash."""
    try:
        return await handler(request)
    except web.HTTPException as unrouted:
        known = unrouted.status != 404
        message = unrouted.reason if known else "The resource could not be found."
        fault = errors.unrouted(service, unrouted.status, message)
    except Exception:
        # A bug of the emulator: its log has the reason.
        traceback.print_exc()
        fault = errors.unrouted(service, 500, "The server has either erred or is incapable of performing")
    return respond(Reply(fault.status, fault.body))


def project_in(path: str, state: State) -> str | None:
    """Return the project that a path names, routed or not."""
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[2] in state.projects else None


async def serve(
    state: State,
    refill: Callable[[State], None],
    port: int,
    tls: ssl.SSLContext | None,
    ready: Callable[[], None],
    stopped: asyncio.Event,
) -> None:
    """Serve every service until `stopped`; port 0 lets the system choose."""
    runners = []
    scheme = "https" if tls else "http"
    for number, service in enumerate(services(refill)):
        listener = socket.create_server((HOST, port + number if port else 0), backlog=1024)
        state.endpoints[service.name] = f"{scheme}://{HOST}:{listener.getsockname()[1]}"
        runner = web.AppRunner(application(service, state), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, listener, ssl_context=tls).start()
        runners.append(runner)
    refill(state)
    ready()
    await stopped.wait()
    for runner in runners:
        await runner.cleanup()
