# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ordered fault does to a request and its connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.emulator import errors
from tests.emulator.faults import InjectedFault
from tests.emulator.state import State

PRETEND = "pretend"
"""Marks requests whose change is not to last."""
ANSWERED = ("expire", "accepted", "withdrawn", "late", "pretend")
"""The kinds after which the call goes on as if nothing had happened."""
NO_ANSWER = 444
"""What the log has for a status of requests that were not answered."""
LONGEST_WAIT = 60.0
PAUSE = 0.002
NO_LINGER = struct.pack("ii", 1, 0)
PAGE = "<!DOCTYPE html><html><head><title>Login</title></head><body>Please log in to the network.</body></html>"

CarryOut = Callable[[], Awaitable[web.StreamResponse]]


async def disturbed(
    fault: InjectedFault, request: web.Request, service: str, state: State, carry_out: CarryOut
) -> web.StreamResponse:
    """Answer a request, or do not, as the fault wants."""
    if fault.kind in ANSWERED:
        interfere(fault, request, state)
        return await carry_out()
    if fault.kind == "truncate":
        return await cut_short(request, await carry_out())
    if fault.after:
        await carry_out()
    if fault.kind == "status":
        return refusal(fault, service)
    if fault.kind == "html":
        return web.Response(text=PAGE, content_type="text/html")
    if fault.kind == "stall":
        await client_gone(request)
    if fault.kind == "hold":
        state.faults.held += 1
        await client_gone(request)
        state.faults.held -= 1
    return reset(request)


def interfere(fault: InjectedFault, request: web.Request, state: State) -> None:
    """Do what others do between two requests, or change what the request will do."""
    target = state.project_named("tenant-b")
    pending = list(state.transfers.values())
    if fault.kind == "expire":
        state.expire_tokens()
    elif fault.kind == "late":
        state.lag(fault.seconds)
    elif fault.kind == "pretend":
        request[PRETEND] = True
    elif fault.kind == "withdrawn":
        for transfer in pending:
            state.remove_transfer(transfer)
    else:
        for transfer in pending:
            if transfer.project_id != target.id:
                state.accept_transfer(transfer, target.id, state.member_of(target.id).id)


def refusal(fault: InjectedFault, service: str) -> web.Response:
    """Answer with the status, in the words of the service."""
    if service == "identity":
        refused = errors.keystone(fault.status, "The service is not what it should be.")
    elif fault.status == 401:
        refused = errors.unauthorized()
    else:
        refused = errors.outage(service, fault.status)
    headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
    return web.json_response(refused.body, status=refused.status, headers=headers)


async def cut_short(request: web.Request, whole: web.StreamResponse) -> web.StreamResponse:
    """Send the first half of an answer and hang up; an empty one claims to have more."""
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else b""
    headers = {name: value for name, value in whole.headers.items() if name != "Content-Length"}
    half = web.StreamResponse(status=whole.status, headers={**headers, "Content-Length": str(max(2, len(body)))})
    await half.prepare(request)
    await half.write(body[: len(body) // 2] or b"{")
    half.force_close()
    if request.transport is not None:
        request.transport.close()
    return half


async def client_gone(request: web.Request) -> None:
    """Wait until the client has hung up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST_WAIT
    while request.transport is not None and not request.transport.is_closing() and loop.time() < end:
        await asyncio.sleep(PAUSE)


def reset(request: web.Request) -> web.Response:
    """Reset the connection; what is returned is for the log."""
    transport = request.transport
    if transport is not None and not transport.is_closing():
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        transport.abort()
    return web.Response(status=NO_ANSWER)
