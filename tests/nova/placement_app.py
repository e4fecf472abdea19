# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that serves Placement, and below /network a stand-in for Neutron, in which nothing is.

Arguments: the descriptor of the listening socket, the state directory.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.cinder.parent import end_with_parent

NETWORK = "/network"


def main() -> None:
    """Serve until the process is ended."""
    descriptor, state = int(sys.argv[1]), Path(sys.argv[2])
    end_with_parent(state)
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(state)
    import waitress
    from placement.wsgi import init_application

    waitress.serve(either(init_application()), sockets=[socket.socket(fileno=descriptor)], threads=4, ident=None)


def either(placement: Callable[..., Any]) -> Callable[..., Any]:
    """Let each path go to its service."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(NETWORK):
            answer: Iterable[bytes] = placement(environ, start_response)
            return answer
        start_response("200 OK", [("Content-Type", "application/json")])
        root = f"http://{environ['HTTP_HOST']}{NETWORK}"
        return [json.dumps(network(environ["REQUEST_METHOD"], environ["PATH_INFO"], root)).encode()]

    return application


def network(method: str, path: str, root: str) -> dict[str, Any]:
    """Answer as a Neutron without networks: every list is empty."""
    parts = [part for part in path[len(NETWORK) :].split("/") if part]
    if not parts:
        return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": f"{root}/v2.0/"}]}]}
    if parts == ["v2.0"]:
        return {"resources": []}
    return {parts[-1].replace("-", "_"): []} if method == "GET" else {}


if __name__ == "__main__":
    main()
