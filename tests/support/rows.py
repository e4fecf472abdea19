# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects and rows, for tests of what is pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Reason, Row

HERE = Project("0a" * 16, "tenant-a", "eu-de")
THERE = Project("0b" * 16, "tenant-b", "eu-de")


def told(volume_id: str, outcome: str, *constraints: str, **fields: Any) -> dict[str, Any]:
    """A row as a module returns it, with a reason for each of the constraints."""
    reasons = tuple(Reason(constraint, f"because of {constraint}", "Fix it.") for constraint in constraints)
    known = {"name": f"name-{volume_id}", "size": 10, "volume_type": "SSD", "owner": HERE.id, **fields}
    return Row(volume_id, outcome, reasons=reasons, **known).as_result()
