# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.cinder install` and `python -m tests.cinder up`."""

from __future__ import annotations

import argparse
import signal

from tests.cinder.install import install
from tests.cinder.server import CinderServer


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.cinder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="make the environment and the clean state")
    up = commands.add_parser("up", help="run a Keystone and a Cinder until Ctrl-C")
    up.add_argument("--max-limit", type=int, default=1000, help="Cinder's page size")
    up.add_argument("--token-lifetime", type=int, default=14400, help="in seconds")
    arguments = parser.parse_args()
    if arguments.command == "install":
        print(f"installed in {install().venv.parent}")
    else:
        _up(CinderServer(arguments.max_limit, arguments.token_lifetime))


def _up(server: CinderServer) -> None:
    ends = {signal.SIGINT, signal.SIGTERM}
    server.start()
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        print(f"keystone {server.auth_url}")
        print(f"clouds   {server.clouds_file}", flush=True)
        signal.sigwait(ends)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
