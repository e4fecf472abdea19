# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""What the role notes of its batches: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.packed import Told, opened, text_of, value_of


def noted(done: Told, ids: Sequence[str], lost: str = "", undone: Told | None = None) -> dict[str, Any]:
    """What a batch came to: its outcomes, counted, and all else packed."""
    left = set(done.get("not_started", ()))
    rows = list(opened(done).get("disks", ()))
    batch = {
        "ids": [key for key in ids if key not in left],
        "disks": rows,
        "msg": str(done.get("msg") or ""),
        "alarms": list(done.get("alarms", ())),
        "lost": lost,
        "undone": list(opened(undone or {}).get("disks", ())),
    }
    outcomes = Counter(str(row["outcome"]) for row in rows)
    return {"outcomes": dict(outcomes), "kept": text_of(batch)}


def batch_of(note: Told) -> dict[str, Any]:
    """The batch of a note."""
    batch: dict[str, Any] = value_of(note["kept"])
    return batch
