# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create Nova's databases and its two cells, with the commands of nova-manage in one process.

Argument: the state directory.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Create them, or end with an error."""
    state = Path(sys.argv[1])
    os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "true"
    # First, because it has to choose the kind of threads.
    from nova.cmd import manage

    sys.exit(1 if failed(manage, state) else 0)


def failed(manage: Any, state: Path) -> bool:
    """Create them; returns whether that failed."""
    import nova.conf
    from nova import objects, rpc
    from nova.db.api import api as api_db
    from nova.db.main import api as main_db

    nova.conf.CONF(["--config-file", str(state / "nova.conf")], project="nova")
    api_db.configure(nova.conf.CONF)
    main_db.configure(nova.conf.CONF)
    rpc.init(nova.conf.CONF)
    objects.register_all()
    cells = manage.CellV2Commands()
    return bool(
        manage.ApiDbCommands().sync()
        or cells.map_cell0(f"sqlite:///{state}/nova_cell0.db")
        or manage.DbCommands().sync()
        or cells.create_cell("cell1", f"sqlite:///{state}/nova_cell1.db", "fake:/")
    )


if __name__ == "__main__":
    main()
