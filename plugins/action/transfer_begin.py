# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Begins a run of the role, unless a variable cannot be used.

It is the first task of the role that is not Ansible's own, so ansible-playbook loads with it what the others need.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.otc.evs.plugins.action.evs_move import unseen
from ansible_collections.otc.evs.plugins.module_utils._model.rows import ACCEPTED, MOVED, OFFERED, WITHDRAWN
from ansible_collections.otc.evs.plugins.plugin_utils._mistakes import checked

SUCCESS = {"offer": OFFERED, "accept": ACCEPTED, "withdraw": WITHDRAWN}
"""The outcome of a disk with which all went well; elsewhere it is moved."""


class ActionModule(ActionBase):
    """See the documentation of the module of this name, which has no code."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        base: Any = super()
        result = {**base.run(tmp, task_vars), "changed": False}
        entry_point = self._task.args["entry_point"]
        looked = checked(self._task.args["variables"], entry_point)
        if looked["mistakes"]:
            return {**result, "failed": True, "msg": " ".join(["Nothing was changed.", *looked["mistakes"]])}
        now = datetime.now(timezone.utc)
        about = {
            "entry_point": entry_point,
            "success": SUCCESS.get(entry_point, MOVED),
            "run": f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
            "started_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "has_servers": looked["has_servers"],
        }
        return unseen({**result, **about})
