# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs any module of the collection, and tells it in which directory the user is; meta/runtime.yml names it for all.

Ansible runs a module in the folder of the playbook.  People expect their clouds.yaml, and what else
openstacksdk reads, where they are themselves.  On another machine that directory means nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.otc.evs.plugins.module_utils._options import DIRECTORY


class ActionModule(NormalAction):
    """What Ansible does with every module, with one more variable in its environment."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if self._connection.transport in ("local", "ansible.builtin.local"):
            given = self._task.environment or []
            # What the user sets himself comes later and wins.
            self._task.environment = [{DIRECTORY: str(Path.cwd())}, *given]
        normal: Any = super()
        result: dict[str, Any] = normal.run(tmp, task_vars)
        return result
