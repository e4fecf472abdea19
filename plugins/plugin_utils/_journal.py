# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""The journal: which server a disk was in before a run detached it, which no service tells any more. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

FORMAT = "otc.evs journal"
VERSION = 1
FIELDS = ("project_id", "server_id", "server_name", "volume_id", "volume_name", "device", "run")
MOST_BYTES = 64 * 2**20
LONGEST_TEXT = 1000
ADVICE = "If nothing in it is needed any more, move it away and run again."

Entry = dict[str, Any]


class JournalError(Exception):
    """The file cannot be used; the message says why."""


def parse(text: str) -> list[Entry]:
    """The disks of a journal, checked whole."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JournalError("it is not valid JSON") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("version") != VERSION:
        raise JournalError(f"it is not a journal of version {VERSION}")
    disks = content.get("disks")
    if not isinstance(disks, list) or not all(map(_is_entry, disks)):
        raise JournalError("what it says of its disks is not complete")
    return disks


def _is_entry(item: object) -> bool:
    return (
        isinstance(item, dict)
        and all(isinstance(item.get(name), str) and len(item[name]) <= LONGEST_TEXT for name in FIELDS)
        and isinstance(item.get("is_over"), bool)
    )


def text_of(disks: Sequence[Entry]) -> str:
    return json.dumps({"format": FORMAT, "version": VERSION, "disks": list(disks)}, indent=1) + "\n"


def entries(
    rows: Iterable[Mapping[str, Any]], pairs: Iterable[Mapping[str, str]], project: str, run: str
) -> list[Entry]:
    """What is to be remembered of disks that are about to be detached, in the order of their devices."""
    meant = {(pair["volume"], pair["server"]) for pair in pairs}
    found = []
    for row in rows:
        server = (row.get("server") or {}).get("before") or {}
        if (row.get("id"), server.get("id")) in meant:
            values = (project, server["id"], server.get("name"), row["id"], row.get("name"))
            device = (row.get("device") or {}).get("before")
            texts = [str(value or "")[:LONGEST_TEXT] for value in (*values, device, run)]
            found.append({**dict(zip(FIELDS, texts)), "is_over": False})
    return found


def merge(old: Sequence[Entry], new: Sequence[Entry], over: Collection[str], back: Collection[str] = ()) -> list[Entry]:
    """The journal with disks that are about to be detached, and with those that have come to their end.

    A disk is remembered once.  What came to its end of a server is forgotten when the server loses others,
    and what is `back` in its server needs not to be remembered.
    """
    disks = {(item["project_id"], item["volume_id"], item["server_id"]) for item in new}
    servers = {(item["project_id"], item["server_id"]) for item in new}
    kept = [
        item
        for item in old
        if (item["project_id"], item["volume_id"], item["server_id"]) not in disks
        and not (item["is_over"] and (item["project_id"], item["server_id"]) in servers)
        and item["volume_id"] not in back
    ]
    return [{**item, "is_over": item["is_over"] or item["volume_id"] in over} for item in [*kept, *new]]
