# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volume Backup Service: its policies (EVS_API D.2); its backups are in backups.py."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.emulator.calls import Call, Reply, Route
from tests.emulator.protection import VbsPolicy


def list_policies(call: Call) -> Reply:
    """List policies with the number of their disks, and never the disks.

    A policy that only some disk's metadata know is listed as well: the disks and this list do
    not contradict each other.
    """
    state = call.state
    hints = Counter(v.metadata.get("policy", "") for v in state.volumes_by_age(call.project_id, newest_first=True))
    del hints[""]
    listed = [p for p in state.protection.vbs_policies.rows.values() if p.project_id == call.project_id]
    known = {policy.id for policy in listed}
    listed += [VbsPolicy(id=i, project_id=call.project_id, name=i) for i in hints if i not in known]
    return Reply(200, {"backup_policies": [view(policy, hints[policy.id]) for policy in listed]})


def view(policy: VbsPolicy, hints: int) -> dict[str, Any]:
    """Show a policy; the misspelling is the API's (EVS_API M)."""
    return {
        "backup_policy_id": policy.id,
        "backup_policy_name": policy.name,
        "scheduled_policy": {
            "status": policy.status,
            "frequency": 1,
            "start_time": "12:00",
            "rentention_num": 10,
            "remain_first_backup_of_curMonth": "Y",
        },
        "policy_resource_count": hints + len(policy.volumes),
    }


ROUTES: list[Route] = [
    ("GET", "/backuppolicy", list_policies),
]
