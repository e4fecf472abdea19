# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the emulator by hand: `python -m tests.emulator --data demo`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.emulator import app, clouds
from tests.emulator.datasets import DATASETS, fill
from tests.emulator.door import HOST
from tests.emulator.state import Config, State


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    p = argparse.ArgumentParser(
        prog="python -m tests.emulator",
        description="Keystone, EVS, CBR, VBS, SDRS and Nova with two tenants in one process.",
    )
    p.add_argument(
        "--port",
        type=int,
        default=0,
        help="port of Keystone; EVS, CBR, VBS, SDRS, Nova and the control API take the next; 0: any",
    )
    p.add_argument("--host", default=HOST, help="address to listen at, such as one of a network namespace")
    p.add_argument("--clouds-file", type=Path, help="write a clouds.yaml there")
    p.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    p.add_argument("--data", choices=sorted(DATASETS), help="volumes to begin with")
    p.add_argument("--disks", type=int, default=0, help="number of plain volumes to begin with")
    p.add_argument("--rng-seed", type=int, help="the same ids and keys in every run")
    p.add_argument("--token-lifetime", type=float, default=86400.0, help="seconds")
    p.add_argument("--max-limit", type=int, default=1000, help="largest page")
    p.add_argument("--volumev3-only", action="store_true", help="list only volumev3 in the catalogue")
    p.add_argument("--tls-cert", type=Path, help="serve https with this certificate (PEM)")
    p.add_argument("--tls-key", type=Path, help="the key of the certificate")
    p.add_argument("--json", action="store_true", help="say where it listens in one line of JSON")
    p.add_argument("--until-eof", action="store_true", help="end when standard input is closed")
    return p


def announce(options: argparse.Namespace, state: State) -> None:
    """Write clouds.yaml and say where the services listen."""
    auth_url = state.endpoints["identity"] + "/v3"
    if options.clouds_file:
        clouds.write(options.clouds_file, auth_url, state.config.region)
    place = {
        "auth_url": auth_url,
        "endpoints": state.endpoints,
        "control": state.endpoints["control"] + app.CONTROL,
        "projects": {p.name: p.id for p in state.projects.values()},
    }
    print(json.dumps(place) if options.json else describe(options, state, place), flush=True)


def describe(options: argparse.Namespace, state: State, place: Mapping[str, object]) -> str:
    """Return what a person wants to know."""
    lines = [
        f"Keystone     {place['auth_url']}",
        f"EVS          {state.endpoints['evs']}/v2 and /v3",
        f"CBR          {state.endpoints['cbr']}/v3",
        f"VBS          {state.endpoints['vbs']}/v2 and /v3",
        f"SDRS         {state.endpoints['sdrs']}/v1",
        f"Nova         {state.endpoints['compute']}/v2.1",
        f"control API  {place['control']}",
        *(f"{p.name}     {p.id}" for p in state.projects.values()),
    ]
    if options.clouds_file:
        lines += ["", f"export OS_CLIENT_CONFIG_FILE={options.clouds_file.resolve()}"]
        lines += [f"clouds: {', '.join(clouds.LOGINS)}"]
    return "\n".join(lines)


def tls_context(options: argparse.Namespace) -> ssl.SSLContext | None:
    """Return the context for https if it is wanted."""
    if not options.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.tls_cert, options.tls_key)
    return context


def die_with_parent() -> None:
    """End the process when standard input closes: whoever started it is gone."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


async def run(options: argparse.Namespace) -> None:
    """Serve until a signal comes."""
    config = Config(
        latency=options.latency,
        token_lifetime=options.token_lifetime,
        max_limit=options.max_limit,
        volumev3_only=options.volumev3_only,
    )
    state = State(config, options.rng_seed)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await app.serve(
        state,
        refill=lambda cloud: fill(cloud, options.data, options.disks),
        host=options.host,
        port=options.port,
        tls=tls_context(options),
        ready=lambda: announce(options, state),
        stopped=stopped,
    )


def main() -> None:
    """Run the emulator."""
    options = parser().parse_args()
    if options.until_eof:
        die_with_parent()
    asyncio.run(run(options))


if __name__ == "__main__":
    main()
