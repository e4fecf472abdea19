# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""What became of each disk of a run, from its rehearsal and the notes of its batches: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.packed import opened
from ansible_collections.otc.evs.plugins.module_utils._model.rows import ACCEPTED, ALREADY_THERE, GONE
from ansible_collections.otc.evs.plugins.plugin_utils._chain import chained, interrupted, returned
from ansible_collections.otc.evs.plugins.plugin_utils._notes import batch_of
from ansible_collections.otc.evs.plugins.plugin_utils._telling import (
    counts,
    failures,
    merged,
    message,
    notes,
    since_blocked,
)

NOTHING_ALIVE = "Nothing in the handoff file can be accepted any more. Let the source offer the disks again."


def whole(
    rehearsal: Mapping[str, Any],
    about: Mapping[str, Any],
    batches: Sequence[Mapping[str, Any]] = (),
    success: str = "moved",
    source: Mapping[str, Any] | None = None,
    blocked: str = "skip",
    detached: Sequence[Mapping[str, Any]] = (),
    attached: Sequence[Mapping[str, Any]] = (),
    restored: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The result of the role, as the page on reports describes."""
    told = opened(rehearsal)
    rehearsed = bool(about["rehearsed"] or told["problems"])
    done = [batch_of(note) for note in batches]
    rows = [dict(row) for row in told["disks"]] if rehearsed else merged(told.get("withdrawn", told["disks"]), done)
    if "to_detach" in told and not rehearsed:
        rows = chained(rows, told, detached, attached, restored)
    if "backs" in told and not rehearsed:
        rows = returned(rows, told, restored)
    origin, target = told.get("source") or source or {}, told.get("target") or {}
    outcomes = {row["outcome"] for row in rows}
    wrong = failures(rows, [alarm for batch in done for alarm in batch["alarms"]])
    if blocked == "fail" and not rehearsed:
        wrong += since_blocked(told["disks"], rows)
    if told["problems"]:
        wrong += interrupted(told)
    if GONE in outcomes and success == ACCEPTED and not outcomes & {ACCEPTED, ALREADY_THERE}:
        wrong.append(NOTHING_ALIVE)
    return {
        "version": 2,
        **about,
        "rehearsed": rehearsed,
        "source": origin,
        "target": target,
        "message": message(rows, [origin, target], success, rehearsed),
        "counts": counts(rows),
        "problems": list(told["problems"]),
        "notes": notes(rows),
        "failures": wrong,
        "disks": rows,
    }
