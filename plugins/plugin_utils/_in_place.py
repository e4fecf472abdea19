# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible runs instead of a packed module, where the module can be run from where it lies.

Ansible packs a module with all that it imports, and the other side unpacks and compiles it: for a machine that has
neither.  On the controller, with the Python of ansible-playbook, both are there, and compiled.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import context
from ansible.executor import module_common

from ansible_collections.otc.evs.plugins.plugin_utils._hand_over import PROFILE
from ansible_collections.otc.evs.plugins.plugin_utils._ready import HEAD, start

PLUGINS = Path(__file__).parents[1]
"""Not resolved: the collection may be a link to a clone, and its name is that of the link."""
ROOT = PLUGINS.parents[2]
"""The folder of all collections, `ansible_collections`."""
COLLECTION = "otc.evs."

SCRIPT = """\
from ansible_collections.otc.evs.plugins.plugin_utils import _hand_over
_hand_over.run({ready!r}, {name!r}, {params!r})
"""


def _wants_one() -> bool:
    """Whether this is the process that starts all workers, of a command that runs tasks, where modules can run."""
    starts_workers = multiprocessing.parent_process() is None and context.CLIARGS.get("forks")
    return bool(starts_workers) and sys.platform == "linux" and ROOT.name == "ansible_collections"


READY = start(str(ROOT)) if _wants_one() else ""
"""The folder with the door of the process that is ready for modules; empty if there is none.

Workers have it from ansible-playbook, which loads the plugins that it knows of before it starts the first of them."""


def built(module_name: str, arguments: Mapping[str, Any], python: str) -> Any:
    """What `_configure_module` of an action returns; None if Ansible has to pack the module after all.

    That is so if this ansible-core wants something else, or if the collection does not lie as collections do.
    """
    if ROOT.name != "ansible_collections":
        return None
    path = PLUGINS / "modules" / f"{module_name.removeprefix(COLLECTION)}.py"
    name = f"ansible_collections.{COLLECTION}plugins.modules.{path.stem}"
    params = _encoded(arguments)
    script = (HEAD + SCRIPT).format(root=str(ROOT), ready=READY, name=name, params=params).encode()
    made = getattr(module_common, "_BuiltModule", None)
    if made is None:
        return "new", f"#!{python}", script, str(path)
    try:
        bits = made(b_module_data=script, module_style="new", shebang=f"#!{python}", serialization_profile=PROFILE)
    except TypeError:
        return None
    return bits, str(path)


def _encoded(arguments: Mapping[str, Any]) -> bytes:
    params = {"ANSIBLE_MODULE_ARGS": arguments}
    try:
        from ansible.module_utils.common.json import Direction, get_module_encoder
    except ImportError:
        from ansible.module_utils.common.json import AnsibleJSONEncoder

        older: Any = AnsibleJSONEncoder
        return json.dumps(params, cls=older, vault_to_text=True).encode()
    encoder: Any = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
    return json.dumps(params, cls=encoder).encode()
