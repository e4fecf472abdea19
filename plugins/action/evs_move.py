# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs any module of the collection; meta/runtime.yml names it for all.

Ansible runs a module in the folder of the playbook.  People expect their clouds.yaml, and what else
openstacksdk reads, where they are themselves.  On another machine that directory means nothing.

Where Ansible and the module run with the same Python on the same machine, the module is not packed: that takes
longer than to look where a thousand disks are.

While it runs, a line every few seconds says how far it is.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ansible_collections.otc.evs.plugins.module_utils._flows.progress import PROGRESS
from ansible_collections.otc.evs.plugins.module_utils._model.packed import PACKED, packed
from ansible_collections.otc.evs.plugins.module_utils._options import DIRECTORY
from ansible_collections.otc.evs.plugins.plugin_utils import _in_place, _watch

display = Display()

ROLE = "otc.evs.tenant_transfer"
CAUSES = 3
"""From -vvv on people look for what is wrong."""

# Ansible's workers are forks of one process, which loads this plugin before the first of them.  So none of them has to
# load the filters of the role again, which took more time than all else that most of its tasks do.
for _path in sorted((_in_place.PLUGINS / "filter").glob("*.py")):
    importlib.import_module(f"ansible_collections.otc.evs.plugins.filter.{_path.stem}")


def unseen(result: dict[str, Any]) -> dict[str, Any]:
    """What the role keeps for itself: only who looks for its causes sees it."""
    return result if display.verbosity >= CAUSES else {**result, "_ansible_verbose_override": True}


class ActionModule(NormalAction):
    """What Ansible does with every module, with one more variable, and unpacked where that will do."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        normal: Any = super()
        host = (task_vars or {}).get("inventory_hostname", "localhost")
        # Lines for people would spoil what programs read.
        apart = "json" in constants.config.get_config_value("DEFAULT_STDOUT_CALLBACK")

        def say(line: str) -> None:
            display.display(f"[{host}] {line}", stderr=apart)

        with _watch.shown(say, vars(constants)["DEFAULT_LOCAL_TMP"]) as path:
            if self._is_local:
                given = self._task.environment or []
                # What the user sets himself comes later and wins.
                set_here = {DIRECTORY: str(Path.cwd()), PROGRESS: path, **({PACKED: "1"} if self._of_the_role else {})}
                self._task.environment = [set_here, *given]
            result: dict[str, Any] = normal.run(tmp, task_vars)
        return self._for_the_role(result) if self._of_the_role else result

    @property
    def _of_the_role(self) -> bool:
        role = getattr(self._task, "_role", None)
        return role is not None and role.get_name() == ROLE

    def _for_the_role(self, result: dict[str, Any]) -> dict[str, Any]:
        """A result as the role passes it on."""
        if display.verbosity < CAUSES:
            result.pop("invocation", None)
        return packed(unseen(result))

    @property
    def _is_local(self) -> bool:
        return self._connection.transport in ("local", "ansible.builtin.local")

    def _configure_module(self, module_name: str, module_args: dict[str, Any], task_vars: Any, **more: Any) -> Any:
        """The module to be run, with its arguments; `more` is what a later ansible-core may add."""
        given = task_vars.get("ansible_python_interpreter")
        if not more and self._lies_here(module_name) and given and self._templar.template(given) == sys.executable:
            built = _in_place.built(module_name, module_args, sys.executable)
            if built is not None:
                return built
        normal: Any = super()
        return normal._configure_module(module_name=module_name, module_args=module_args, task_vars=task_vars, **more)

    def _lies_here(self, module_name: str) -> bool:
        """Whether the same user runs it on this machine, now, and nobody wants to see what was packed."""
        kept = constants.config.get_config_value("DEFAULT_KEEP_REMOTE_FILES")
        elsewhere = self._task.delegate_to or self._task.async_val or self._connection.become or kept
        return self._is_local and not elsewhere and module_name.startswith(_in_place.COLLECTION)
