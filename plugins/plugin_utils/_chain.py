# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""Disks on their way from a server to a server, put together from what the modules told: pure, no rules.

A disk is detached, moved or offered, and attached, each by a task of its own.  What a row says of it
is made here of what the rows of these tasks say.
"""

from __future__ import annotations

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
    OFFERED,
    UNKNOWN,
    WITHDRAWN,
)
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Seat
from ansible_collections.otc.evs.plugins.module_utils._text import safe
from ansible_collections.otc.evs.plugins.plugin_utils._notes import batch_of
from ansible_collections.otc.evs.plugins.plugin_utils._telling import called, label, merged

OUT = (DETACHED, ALREADY_DETACHED, GONE)
"""What lets a disk go on after it was to be detached."""
IN = (ATTACHED, ALREADY_ATTACHED)
ARRIVED = (MOVED, ACCEPTED, ALREADY_THERE)
GOES = (*ARRIVED, OFFERED, ALREADY_OFFERED)

Pair = Mapping[str, str]
"""The IDs of a disk and of a server, or their names."""


def wanted(volumes: Iterable[Any], servers: Iterable[Told] = (), rows: Sequence[Told] = ()) -> dict[str, Any]:
    """The disks and servers of a user, and which disk is to be in which server.

    `rows` are what is known of the disks, with the server that each is in, or was in.
    """
    rows = [_plain(row) for row in rows]
    given = [item if isinstance(item, Mapping) else {"volume": item} for item in volumes]
    named = {item["volume"]: item["attach_to"] for item in given if item.get("attach_to")}
    whole = {item["name"]: item["target"] for item in servers if item.get("target")}
    pairs = [pair for pair in (_pair(row, named, whole) for row in _in_order(rows)) if pair]
    known = {ref for row in rows for ref in (row["id"], row["name"], *_before(row).values())}
    return {
        "volumes": [item["volume"] for item in given],
        "servers": [item["name"] for item in servers],
        "refs": list(dict.fromkeys(ref for row in rows if (ref := row.get("id") or row.get("name")))),
        "attachments": pairs,
        "unmatched": [ref for ref in [*named, *whole] if ref not in known],
    }


def _plain(row: Told) -> Told:
    """What is looked at of a row, read once: from ansible-core 2.19 on each look at a variable makes it anew."""
    device = row.get("device") or {}
    return {
        **_refs(row),
        "server": {"before": _refs(_before(row))},
        "device": {"before": device.get("before")},
    }


def _refs(told: Told) -> dict[str, Any]:
    return {key: told.get(key) for key in ("id", "name")}


def _pair(row: Told, named: Pair, whole: Pair) -> dict[str, str] | None:
    before = _before(row)
    refs = [named.get(row.get(key) or "") for key in ("id", "name")]
    refs += [whole.get(before.get(key) or "") for key in ("id", "name")]
    server = next((ref for ref in refs if ref), None)
    volume = row.get("id") or row.get("name")
    return {"volume": str(volume), "server": server} if volume and server else None


def _before(row: Told) -> Told:
    return (row.get("server") or {}).get("before") or {}


def _in_order(rows: Sequence[Told]) -> list[Told]:
    """Rows in the order of the servers that their disks come from, and of the devices there."""
    places: dict[str, int] = {}
    keys = []
    for row in rows:
        server = _before(row).get("id") or _before(row).get("name") or f"none {len(places)}"
        device = (row.get("device") or {}).get("before") or ""
        keys.append((places.setdefault(server, len(places)), Seat("", device).order))
    return [row for dummy, row in sorted(zip(keys, rows), key=lambda pair: pair[0])]


def rehearsed(told: Told, leaving: Told, entering: Told | None = None) -> dict[str, Any]:
    """What a run would do, of the rehearsals of its parts; a problem of one keeps all from beginning."""
    problems = [*leaving.get("problems", ()), *told["problems"], *(entering or {}).get("problems", ())]
    told = told if entering is None or "to_attach" in told else _with_seats(told, entering)
    pairs = {kind: {pair["volume"] for pair in told.get(f"to_{kind}", ())} for kind in ("detach", "attach")}
    rows = []
    for row in told["disks"]:
        steps = [DETACHED] if row["id"] in pairs["detach"] else []
        steps += [row["outcome"]] if row["outcome"] in DONE else []
        steps += [ATTACHED] if row["id"] in pairs["attach"] else []
        rows.append({**row, "steps": steps})
    return {
        **told,
        "disks": rows,
        "problems": list(dict.fromkeys(problems)),
        "to_do": [] if problems else told["to_do"],
        "to_detach": [dict(pair) for pair in told.get("to_detach", ())],
        "to_attach": [dict(pair) for pair in told.get("to_attach", ())],
    }


def _with_seats(told: Told, entering: Told) -> dict[str, Any]:
    """What accepts disks, with the servers that they go to."""
    rows = {row["id"]: row for row in entering.get("disks", ())}
    seats = [
        {"volume": row["id"], "server": row["server"]["after"]["id"]}
        for row in rows.values()
        if row["outcome"] == ATTACHED
    ]
    placed = [
        {
            **row,
            **{name: {"before": None, "after": rows[row["id"]][name]["after"]} for name in ("server", "device")},
            "guest_name": rows[row["id"]]["guest_name"],
        }
        if row["id"] in rows and rows[row["id"]]["outcome"] in IN
        else row
        for row in told["disks"]
    ]
    return {**told, "disks": placed, "to_attach": seats}


def state(
    told: Told, detached: Sequence[Told], moved: Sequence[Told] = (), restored: Sequence[Told] = ()
) -> dict[str, Any]:
    """Where the disks are on their way, by the notes of what was done so far.

    Returns the IDs of those that are `free` to go, the pairs of those that have `arrived` and are to be
    attached, and of those that are `left` behind and were detached, and the IDs of those that are `back`.
    """
    if "backs" in told:
        return {"free": [], "arrived": [], "left": _to_go_back(told, moved), "back": _are_back(told, restored)}
    stuck = _not_out(told, detached)
    outcomes = {row["id"]: row["outcome"] for row in merged(told["disks"], [batch_of(note) for note in moved])}
    arrived = [dict(pair) for pair in told.get("to_attach", ()) if outcomes.get(pair["volume"]) in ARRIVED]
    done = {row["id"] for row in _rows(detached) if row["outcome"] == DETACHED}
    before = {pair["volume"] for pair in told.get("to_detach", ())}
    left = [
        {"volume": row["id"], "server": _before(row)["id"]}
        for row in _in_order(told["disks"])
        if _before(row)
        and _is_free_here(row)
        and outcomes.get(row["id"]) not in (*GOES, GONE)
        and (row["id"] in done or row["id"] not in before)
    ]
    free = [key for key in told["to_do"] if key not in stuck]
    return {"free": free, "arrived": arrived, "left": left, "back": _are_back(told, restored)}


def _is_free_here(row: Told) -> bool:
    """Whether a disk that was in a server is in the source, and in no server if it stays, by the rehearsal."""
    return row["outcome"] in DONE or (row["outcome"] == BLOCKED and not (row["server"] or {}).get("after"))


def _rows(notes: Iterable[Told]) -> list[dict[str, Any]]:
    return [row for note in notes for row in batch_of(note)["disks"]]


def _not_out(told: Told, detached: Sequence[Told]) -> dict[str, Told]:
    """Disks that were to be detached and are not known to be free, and why."""
    asked = {pair["volume"] for pair in told.get("to_detach", ())}
    rows: dict[str, list[Told]] = {}
    for row in _rows(detached):
        rows.setdefault(row["id"], []).append(row)
    told = {key: rows.get(key) or [_silence(key, detached)] for key in asked}
    bad = {key: [row for row in found if row["outcome"] not in OUT] for key, found in told.items()}
    return {key: found[0] for key, found in bad.items() if found}


def _silence(key: str, notes: Sequence[Told]) -> dict[str, str]:
    """A disk of which no module has told what became of it, though it may have been one's."""
    batch = next((batch for batch in map(batch_of, notes) if key in batch["ids"]), None)
    if batch is None:
        return {"outcome": FAILED, "message": "it was not attempted. Run again."}
    reason = safe(batch["msg"] or "it gave no reason", 1000).rstrip(".")
    return {"outcome": UNKNOWN, "message": f"the module ended without a result: {reason}. Run again to find out."}


# What was withdrawn goes back into the servers that it was in


def returning(told: Told, backs: Told) -> dict[str, Any]:
    """What a run would do that withdraws offers and attaches again what was detached for them."""
    rows = {row["id"]: row for row in backs["disks"]}
    mine = {row["id"] for row in told["disks"]}
    placed = [_would_go_back(row, rows.get(row["id"])) for row in told["disks"]]
    others = _others(backs["disks"], mine)
    return {
        **told,
        "disks": [_with_guest_name(row, _guest_names(backs["disks"])) for row in [*placed, *others]],
        "withdrawn": told["disks"],
        "backs": backs["disks"],
        "to_attach": [
            {"volume": row["id"], "server": row["server"]["after"]["id"]}
            for row in backs["disks"]
            if row["outcome"] == ATTACHED
        ],
        "problems": [*told["problems"], *backs["problems"]],
        "remarks": [
            f"Disk {label(row)} cannot be attached again, and will be in no server: {_why(row)}"
            for row in backs["disks"]
            if row["outcome"] == BLOCKED and row["id"] in mine
        ],
    }


def _would_go_back(row: Told, back: Told | None) -> dict[str, Any]:
    if back is None or back["outcome"] not in IN:
        return {**row, "steps": [row["outcome"]]}
    return {**row, "server": back["server"], "device": back["device"], "steps": [row["outcome"], back["outcome"]]}


def _to_go_back(told: Told, withdrawn: Sequence[Told]) -> list[dict[str, str]]:
    """What is to be attached again: all but what is, or may be, still offered."""
    rows = merged(told["withdrawn"], [batch_of(note) for note in withdrawn])
    offered = {row["id"] for row in rows if row["outcome"] != WITHDRAWN}
    return [dict(pair) for pair in told["to_attach"] if pair["volume"] not in offered]


def _are_back(told: Told, restored: Sequence[Told]) -> list[str]:
    rows = [*told.get("backs", ()), *_rows(restored)]
    done = {row["id"] for row in _rows(restored) if row["outcome"] in IN}
    return list(dict.fromkeys(row["id"] for row in rows if row["id"] in done or row["outcome"] == ALREADY_ATTACHED))


def returned(rows: Sequence[Told], told: Told, restored: Sequence[Told]) -> list[dict[str, Any]]:
    """What became of each disk: the rows of the withdrawal with what was attached again."""
    done = {row["id"]: row for row in _rows(restored)}
    backs = {row["id"]: row for row in told["backs"]}
    mine = {row["id"] for row in rows}
    others = _others(told["backs"], mine)
    went = [_returned(dict(row), backs.get(row["id"]), done.get(row["id"])) for row in rows]
    names = _guest_names(told["backs"], done.values())
    everything = [*went, *(_alone(row, done.get(row["id"])) for row in others)]
    return [_with_guest_name(row, names) for row in everything]


def _returned(row: dict[str, Any], foreseen: Told | None, told: Told | None) -> dict[str, Any]:
    """A disk whose offer was to be withdrawn."""
    row["steps"] = [WITHDRAWN] if row["outcome"] == WITHDRAWN else []
    if row["outcome"] != WITHDRAWN or foreseen is None:
        return row
    told = told or (foreseen if foreseen["outcome"] != ATTACHED else None)
    if told and told["outcome"] in IN:
        row["steps"] += [ATTACHED] if told["outcome"] == ATTACHED else []
        return {**row, "server": told["server"], "device": told["device"], "at": told["at"] or row["at"]}
    outcome = told["outcome"] if told and told["outcome"] in AMISS else FAILED
    words = f"The offer of disk {label(row)} was withdrawn, but the disk is not known to be attached again"
    return {**row, "outcome": outcome, "message": f"{words}: {_why(told)}"}


def _others(rows: Iterable[Told], mine: Collection[str]) -> list[dict[str, Any]]:
    """Disks that an earlier run has detached, and whose offers were withdrawn before, or never made."""
    return [{**row, "steps": []} for row in rows if row["id"] not in mine and row["outcome"] != ALREADY_ATTACHED]


def _alone(row: Told, told: Told | None) -> dict[str, Any]:
    if row["outcome"] != ATTACHED or told is not None:
        return {**row, **(told or {})}
    return {**row, "outcome": FAILED, "message": f"Disk {label(row)} was not attached again: {_why(None)}"}


def chained(
    rows: Sequence[Told], told: Told, detached: Sequence[Told], attached: Sequence[Told], restored: Sequence[Told]
) -> list[dict[str, Any]]:
    """What became of each disk: the rows of the move with what was done before and after."""
    outs = {row["id"]: row for row in _rows(detached)}
    asked = {pair["volume"] for pair in told.get("to_attach", ())}
    ins = {key: _silence(key, attached) for key in asked} | {row["id"]: row for row in _rows(attached)}
    backs = {row["id"]: row for row in _rows(restored)}
    stuck = _not_out(told, detached)
    foreseen = {row["id"]: row for row in told["disks"]}
    names = _guest_names(told["disks"], outs.values(), ins.values(), backs.values())
    went = (_one(dict(row), foreseen.get(row["id"]) or {}, outs, stuck, ins, backs, asked) for row in rows)
    return [_with_guest_name(row, names) for row in went]


def _one(
    row: dict[str, Any],
    foreseen: Told,
    outs: Mapping[str, Told],
    stuck: Mapping[str, Told],
    ins: Mapping[str, Told],
    backs: Mapping[str, Told],
    asked: Iterable[str],
) -> dict[str, Any]:
    key = row["id"]
    out = outs.get(key)
    steps = [DETACHED] if out and out["outcome"] == DETACHED else []
    # What moves a disk knows nothing of servers.
    server, device = _both("server", row, foreseen), _both("device", row, foreseen)
    if out and (out.get("server") or {}).get("before"):
        server["before"], device["before"] = out["server"]["before"], (out["device"] or {}).get("before")
    if row["outcome"] not in (ALREADY_THERE, BLOCKED) or key in asked:
        # Of a disk that stays, the move has read whether somebody has attached it meanwhile.
        server["after"], device["after"] = server["after"] if row["outcome"] == FAILED else None, None
    if key in stuck and row["outcome"] not in ARRIVED:
        told = stuck[key]
        outcome = told["outcome"] if told["outcome"] in AMISS else FAILED
        how = "is not known to be detached" if outcome == UNKNOWN else "was not detached"
        row.update(outcome=outcome, message=f"Disk {label(row)} {how}, and stays in the source: {_why(told)}")
        server["after"], device["after"] = server.get("before"), device.get("before")
    elif row["outcome"] in DONE:
        steps.append(row["outcome"])
    goes = row["outcome"] in GOES
    if row["outcome"] in ARRIVED and key in asked:
        steps += _enter(row, server, device, ins[key])
    if key in backs:
        _back(row, server, device, backs[key])
    elif DETACHED in steps and not goes and server.get("before"):
        row["message"] = f"{row['message'] or ''} {_hint(server, device)}".strip()
    known = any(server.values())
    return {**row, "server": server if known else None, "device": device if known else None, "steps": steps}


def _both(name: str, row: Told, foreseen: Told) -> dict[str, Any]:
    """Where a disk was, by the rehearsal at least, and where it is by its row."""
    told, before = row.get(name) or {}, foreseen.get(name) or {}
    return {"before": told.get("before") or before.get("before"), "after": told.get("after")}


def _enter(row: dict[str, Any], server: dict[str, Any], device: dict[str, Any], told: Told) -> list[str]:
    """Note what became of a disk that was to be attached in the target; returns the step that was done."""
    if told["outcome"] in IN:
        _seat(server, device, told)
        row["at"] = told["at"] or row["at"]
        return [ATTACHED] if told["outcome"] == ATTACHED else []
    outcome = told["outcome"] if told["outcome"] in AMISS else FAILED
    how = "is not known to be attached" if outcome == UNKNOWN else "was not attached"
    row.update(outcome=outcome, message=f"Disk {label(row)} is in the target, but {how} there: {_why(told)}")
    return []


def _back(row: dict[str, Any], server: dict[str, Any], device: dict[str, Any], told: Told) -> None:
    """Note whether a disk that did not move is in its server again."""
    if told["outcome"] in IN:
        _seat(server, device, told)
        words = f"It was attached again to server {_named(server['after'])} of the source."
    else:
        how = "is not known to be attached" if told["outcome"] == UNKNOWN else "could not be attached"
        words = f"It {how} again in the source: {_why(told)} {_hint(server, device)}"
    row["message"] = f"{row['message'] or ''} {words}".strip()


def _seat(server: dict[str, Any], device: dict[str, Any], told: Told) -> None:
    server["after"], device["after"] = told["server"]["after"], (told["device"] or {}).get("after")


def _why(told: Told | None) -> str:
    """Why a disk is not where it was to be."""
    reasons = " ".join(f"{each['reason']}. {each['remedy']}" for each in (told or {}).get("reasons", ()))
    return (told or {}).get("message") or reasons or "it was not attempted. Run again."


def _hint(server: Told, device: Told) -> str:
    return (
        f"It was in server {_named(server.get('before'))} as {device.get('before') or 'a device that is not known'}; "
        "attach it there with evs_attachment, the disks of a server in the order of their devices."
    )


def _named(server: Told | None) -> str:
    name = called(server)
    return f"{name} ({server['id']})" if server and server.get("name") else name


def _guest_names(*rows: Iterable[Told]) -> dict[str, str]:
    """What guests call the disks, by the rows that tell it."""
    return {row["id"]: row["guest_name"] for group in rows for row in group if row.get("guest_name")}


def _with_guest_name(row: Told, names: Mapping[str, str]) -> dict[str, Any]:
    """What a guest calls the disk, if it was in a server, or is to be."""
    servers = row.get("server") or {}
    told = servers.get("before") or servers.get("after")
    return {**row, "guest_name": names.get(row["id"]) if told else None}


def interrupted(told: Told) -> list[str]:
    """Disks that an earlier run detached and that are in no server now, if this run begins nothing."""
    asked = {pair["volume"] for pair in told.get("to_detach", ())}
    return [
        f"Disk {label(row)} was detached by an earlier run and is in no server. "
        + _hint(row["server"], row["device"] or {})
        for row in told["disks"]
        if _before(row) and row["id"] not in asked and _is_free_here(row)
    ]
