# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says what became of each disk of a run of the role."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.otc.evs.plugins.plugin_utils._result import whole


class ActionModule(ActionBase):
    """See the documentation of the module of this name, which has no code."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        base: Any = super()
        return {**base.run(tmp, task_vars), "changed": False, **whole(**self._task.args)}
