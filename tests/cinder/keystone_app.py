# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that serves Keystone on a socket it inherits.

Arguments: the descriptor of the listening socket, the state directory.  It runs in the lab's own
environment.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from tests.cinder.journal import Journal, Journaled
from tests.cinder.parent import end_with_parent


def main() -> None:
    """Serve until the process is ended."""
    descriptor, state = int(sys.argv[1]), Path(sys.argv[2])
    end_with_parent(state)
    # Keystone parses the command line when it is imported.
    sys.argv = ["keystone-wsgi"]
    import waitress
    from keystone.wsgi.api import application

    # One thread: Keystone loads its policies at the first request, and a second one that arrives
    # meanwhile is refused with 403.
    waitress.serve(
        Journaled(application, Journal(state / "journal")),
        sockets=[socket.socket(fileno=descriptor)],
        threads=1,
        ident=None,
    )


if __name__ == "__main__":
    main()
