# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of disks in the words of the role: pure, no rules.

Sentences, tables and counts are made of what the modules told; nothing is decided here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.packed import Told
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    ACCEPTED,
    ALREADY_ATTACHED,
    ALREADY_DETACHED,
    ALREADY_OFFERED,
    ALREADY_THERE,
    AMISS,
    ATTACHED,
    BLOCKED,
    DETACHED,
    DONE,
    FAILED,
    GONE,
    MOVED,
    NOTHING_TO_DO,
    OFFERED,
    UNKNOWN,
    WITHDRAWN,
)
from ansible_collections.otc.evs.plugins.module_utils._text import safe

WORDS = {
    MOVED: "moved",
    OFFERED: "offered",
    ACCEPTED: "accepted",
    WITHDRAWN: "withdrawn",
    DETACHED: "detached",
    ATTACHED: "attached",
    ALREADY_THERE: "already there",
    ALREADY_OFFERED: "already offered",
    ALREADY_ATTACHED: "already attached",
    ALREADY_DETACHED: "already detached",
    GONE: "gone",
    BLOCKED: "blocked",
    FAILED: "failed",
    UNKNOWN: "unknown",
}
VERBS = {
    MOVED: "move",
    OFFERED: "offer",
    ACCEPTED: "accept",
    WITHDRAWN: "withdraw",
    DETACHED: "detach",
    ATTACHED: "attach",
}
ALWAYS_TOLD = {MOVED: (MOVED, ALREADY_THERE), ACCEPTED: (ACCEPTED, ALREADY_THERE)}
"""What a message counts even if it is none."""
MOST_LINES = 40
"""Of a table: with more disks those that would go the usual way are counted only."""
MOST_REASONS = 100
SKIP = "To leave these disks and go on with the others, set tenant_transfer_blocked to skip."
HEADINGS = ("DISK", "SIZE", "TYPE", "PROJECT", "DECISION")
OPTIONS = re.compile(r"\b(?=ignore_constraints\b|unchecked: |detach: )")
"""Of the modules, where a remedy names them: the role has variables for them, which a prefix makes of them."""
TRIAL_HEADINGS = ("HELD", "STEP", "PROJECT", "WHAT WAS READ")


def label(row: Told) -> str:
    """How a line calls a disk."""
    return safe(row.get("name") or row.get("id") or row.get("transfer_id") or "-")


def counts(rows: Sequence[Told]) -> dict[str, int]:
    """How many disks there are, in all and by outcome, and how many were detached and attached."""
    outcomes = Counter(row["outcome"] for row in rows)
    total = sum(outcomes.values())
    # What was done besides: of a disk that was moved, that it was detached before and attached then.
    outcomes.update(step for row in rows for step in row.get("steps", ()) if step in (DETACHED, ATTACHED))
    return {"total": total, **{outcome: outcomes[outcome] for outcome in WORDS if outcomes[outcome]}}


def message(rows: Sequence[Told], sides: Sequence[Told], success: str, rehearsed: bool) -> str:
    """One line: from where to where, how many of what."""
    counted = counts(rows)
    first = ALWAYS_TOLD.get(success, (success,))
    outcomes = [*first, *(outcome for outcome in WORDS if outcome in counted and outcome not in first)]
    told = ", ".join(
        f"{counted.get(outcome, 0)} {'would be ' if rehearsed and outcome in DONE else ''}{WORDS[outcome]}"
        for outcome in outcomes
    )
    return f"{' -> '.join(safe(side['project_name'] or side['project_id']) for side in sides if side)}: {told}."


def reason_lines(rows: Iterable[Told], told: Iterable[str] = ()) -> list[str]:
    """Why disks stay, and what could not be checked: a line for each reason that is not `told` elsewhere."""
    elsewhere = "\n".join(told)
    return [
        f"{label(row)} {'stays' if row['outcome'] == BLOCKED else 'goes, although'} ({reason['constraint']}): "
        f"{safe(reason['reason'], 1000)}. {_for_the_role(safe(reason['remedy'], 1000))}"
        for row in rows
        for reason in row["reasons"]
        if f"{reason['constraint']} {reason['reason'].removeprefix('it ')}" not in elsewhere
    ]


def _for_the_role(remedy: str) -> str:
    return OPTIONS.sub("tenant_transfer_", remedy)


def of_all(rows: Iterable[Told], problems: Iterable[str]) -> list[str]:
    """The problems but for those of one disk, which the reasons of its row tell as well."""
    told = {f"Disk {_full_label(row)}": row["reasons"][0]["reason"] for row in rows if row["reasons"]}
    found = [(problem, told.get(problem.partition(" cannot be ")[0])) for problem in problems]
    return [problem for problem, reason in found if reason is None or reason not in problem]


def _full_label(row: Told) -> str:
    return safe(f"{row['name']} ({row['id']})" if row["name"] and row["id"] else row["name"] or row["id"] or "-")


def table(rows: Sequence[Told], places: Sequence[Told], problems: Sequence[str]) -> list[str]:
    """What will be done, for people: a line for each disk, or of many for those that do not go the usual way."""
    names = {place["project_id"]: place["project_name"] or place["project_id"] for place in places if place}
    shown = rows if len(rows) <= MOST_LINES else [row for row in rows if row["outcome"] not in DONE][:MOST_LINES]
    lines = _aligned([HEADINGS, *(_cells(row, names) for row in shown)]) if shown else []
    if len(shown) < len(rows):
        lines.append(f"... and {len(rows) - len(shown)} more disks")
    counted = counts(rows)
    total = ", ".join(
        f"{counted[outcome]} {'to ' if outcome in DONE else ''}{decided(outcome)}"
        for outcome in WORDS
        if outcome in counted
    )
    size = sum(row["size"] or 0 for row in rows)
    lines.append(
        f"Total: {len(rows)} {'disk' if len(rows) == 1 else 'disks'}, {size:,} GiB: {total or 'nothing to do'}."
    )
    general = [_for_the_role(problem) for problem in of_all(rows, problems)]
    reasons = [*general, *reason_lines(rows, general)]
    if problems:
        lines.append("Nothing will be done, because:")
    lines += reasons[:MOST_REASONS]
    if len(reasons) > MOST_REASONS:
        lines.append(f"... and {len(reasons) - MOST_REASONS} more reasons, see tenant_transfer_result")
    if problems and not general and set(DONE) & set(counted):
        lines.append(SKIP)
    return lines


def trial_table(steps: Sequence[Told]) -> list[str]:
    """What held in a trial, for people: a line for each step, and one for all left out for the same reason."""
    names = _short_names({step["tenant"] for step in steps})
    tried = [step for step in steps if step["held"] is not None]
    rows = [
        (
            "yes" if step["held"] else "NO",
            step["name"],
            names[step["tenant"]],
            # Why one did not hold is said at the end, of all of them.
            _with_names(step["message"], names) if step["held"] else "see the last lines",
        )
        for step in tried
    ]
    left_out: dict[str, list[str]] = {}
    for step in steps:
        if step["held"] is None:
            left_out.setdefault(step["message"].rstrip("."), []).append(step["name"])
    return [
        *_aligned([TRIAL_HEADINGS, *rows]),
        f"Total: {sum(step['held'] for step in tried)} of {len(tried)} steps held.",
        *(f"{why}: {', '.join(those)}." for why, those in left_out.items()),
    ]


def _short_names(labels: Collection[str]) -> dict[str, str]:
    """Projects by their names alone, if those differ."""
    names = {label: label.rpartition(" (")[0] or label for label in labels}
    return names if len(set(names.values())) == len(names) else {label: label for label in labels}


def _with_names(text: str, names: Mapping[str, str]) -> str:
    for full, name in names.items():
        text = text.replace(full, name)
    return text


def _cells(row: Told, names: Mapping[str, str]) -> tuple[str, ...]:
    constraints = ", ".join(reason["constraint"] for reason in row["reasons"])
    decision = decision_of(row)
    if constraints:
        # Without a colon: as YAML that would put the line into quotes, and its columns out of place.
        decision += f" ({constraints})" if row["outcome"] == BLOCKED else f", unchecked ({constraints})"
    return (
        label(row),
        "-" if row["size"] is None else f"{row['size']} GiB",
        safe(row["volume_type"] or "-"),
        safe(names.get(row["owner"], row["owner"] or "-")),
        decision,
    )


def decided(outcome: str) -> str:
    return VERBS.get(outcome, WORDS[outcome])


def decision_of(row: Told) -> str:
    """What is to be done with a disk, from the server that it is in to the server that it goes to."""
    steps, servers = row.get("steps", ()), row.get("server") or {}
    first = [f"detach from {called(servers['before'])}"] if DETACHED in steps else []
    last = [f"attach to {called(servers['after'])}"] if ATTACHED in steps else []
    return ", ".join([*first, decided(row["outcome"]), *last])


def called(server: Told | None) -> str:
    """How a line calls a server."""
    return safe((server or {}).get("name") or (server or {}).get("id") or "-")


def notes(rows: Iterable[Told]) -> list[str]:
    """What is worth knowing of disks that have not failed, such as where those are that are gone."""
    return [str(row["message"]) for row in rows if row["outcome"] in NOTHING_TO_DO and row["message"]]


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows in columns, without those of which nothing is known, such as the project of what is to be accepted."""
    known = [column for column in range(len(rows[0]) - 1) if {row[column] for row in rows[1:]} != {"-"}]
    widths = [max(len(row[column]) for row in rows) for column in known]
    return ["  ".join([*(row[column].ljust(width) for column, width in zip(known, widths)), row[-1]]) for row in rows]


def merged(foreseen: Sequence[Told], batches: Sequence[Told]) -> list[dict[str, Any]]:
    """What became of each disk: of what was to be done, what the batches told, in the order of the rehearsal."""
    told = [dict(row) for batch in batches for row in batch["disks"]]
    by_transfer = {row["transfer_id"]: number for number, row in enumerate(told) if row["transfer_id"]}
    by_disk = {row["id"]: number for number, row in enumerate(told) if row["id"]}
    attempted = {key: batch for batch in batches for key in batch["ids"]}
    used = set()
    rows: list[dict[str, Any]] = []
    for row in foreseen:
        if row["outcome"] not in DONE:
            rows.append(dict(row))
            continue
        number = by_transfer.get(row["transfer_id"], by_disk.get(row["id"]))
        if number is None:
            rows.append(_untold(row, attempted.get(row["transfer_id"]) or attempted.get(row["id"])))
        else:
            used.add(number)
            # A batch is not checked again, so only the rehearsal knows what could not be checked.
            rows.append({**told[number], "reasons": told[number]["reasons"] or row["reasons"]})
    # What came without anybody having asked for it.
    rows += [row for number, row in enumerate(told) if number not in used]
    for batch in batches:
        _undo(rows, batch)
    return rows


def _untold(row: Told, batch: Told | None) -> dict[str, Any]:
    """A disk of which no module has told what became of it."""
    if batch is None:
        why = f"Disk {label(row)} was not attempted, because nothing succeeded in the batch before. Run again."
        return {**row, "outcome": FAILED, "message": why}
    reason = safe(batch.get("msg") or "it gave no reason", 1000).rstrip(".")
    why = (
        f"It is not known what became of disk {label(row)}, because the module ended without a result: {reason}. "
        "Run again to find out."
    )
    return {**row, "outcome": UNKNOWN, "owner": None, "message": why}


def _undo(rows: list[dict[str, Any]], batch: Told) -> None:
    """Tell of offers that were withdrawn again, since their keys could not be kept."""
    why = batch.get("lost")
    if not why:
        return
    freed = {row["id"] for row in batch.get("undone", ()) if row["outcome"] == WITHDRAWN}
    offered = {row["id"] for row in batch["disks"] if row["outcome"] == OFFERED}
    for row in rows:
        if row["id"] not in offered:
            continue
        ending = (
            "The offer was withdrawn again. Run again."
            if row["id"] in freed
            else "Its key is lost and the disk stays locked. Run again to offer it with a new key."
        )
        row.update(outcome=FAILED, message=f"Disk {label(row)} was offered, but {safe(why, 1000)} {ending}")


def since_blocked(foreseen: Iterable[Told], rows: Iterable[Told]) -> list[str]:
    """What has come in the way of disks since the rehearsal."""
    to_do = {row["id"] for row in foreseen if row["outcome"] in DONE}
    return [line for row in rows if row["id"] in to_do and row["outcome"] == BLOCKED for line in reason_lines([row])]


def failures(rows: Iterable[Told], alarms: Iterable[str] = ()) -> list[str]:
    """Why a run has failed: of each disk that failed or is not known, and for what differs from what was asked for."""
    told = [
        str(row["message"] or f"Disk {label(row)}: {WORDS[row['outcome']]}.") for row in rows if row["outcome"] in AMISS
    ]
    return [*told, *(alarm for alarm in dict.fromkeys(alarms) if alarm not in told)]
