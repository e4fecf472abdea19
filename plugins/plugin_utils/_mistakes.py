# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""What is wrong with the variables of the role, beyond what its argument specs find.

These convert what they look at, and the variables stay as they are.  Pure, but for a look whether a path is
of a directory.  What is wrong with one variable does not keep the others from being looked at, and no value
that a user can write makes it fail.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2.filters import do_int

Given = Mapping[str, Any]
"""The variables by their names without tenant_transfer_, as far as the entry point uses them.

What is not given has its default; only volumes are missing then."""
MOVING = ("main", "check", "offer")
HANDING = ("offer", "accept")
MOST_NAME_CHARACTERS = 64
MOST_NAME_BYTES = 255
"""EVS takes no more."""


def checked(given: Given, entry_point: str) -> dict[str, Any]:
    """The mistakes, a sentence each, and whether servers have anything to do with the run."""
    checks: list[Callable[[Given], str]] = [_volumes, _servers, _constraints, _name, _batch_size, _report_dir]
    if entry_point in MOVING:
        checks.insert(0, _choice)
    if entry_point in HANDING:
        checks += [_handoff_file, _handoff_password, _target_project]
    return {
        "mistakes": [told for check in checks if (told := check(given))],
        "has_servers": _has_servers(given, entry_point),
    }


def _has_servers(given: Given, entry_point: str) -> bool:
    if entry_point == "withdraw":
        return False
    if given["servers"] or (entry_point in MOVING and given["detach"] != "never"):
        return True
    return any(isinstance(item, Mapping) and "attach_to" in item for item in _items(given.get("volumes")))


def _choice(given: Given) -> str:
    if "volumes" in given and given["select"]:
        return (
            "Give the disks either in tenant_transfer_volumes or by their properties in tenant_transfer_select, not in "
            "both."
        )
    if "volumes" in given or given["select"] or given["servers"]:
        return ""
    return "Name the disks in tenant_transfer_volumes, or give at least one property of them in tenant_transfer_select."


def _volumes(given: Given) -> str:
    if "volumes" not in given:
        return ""
    if not _is_list(given["volumes"]):
        return "tenant_transfer_volumes has to be a list of names or IDs."
    others = [item for item in given["volumes"] if _text(item) is None]
    if not all(isinstance(item, Mapping) for item in others):
        return "tenant_transfer_volumes contains something that is not a string, such as a number; put it in quotes."
    if not all(_is_pair(item, "volume", "attach_to") for item in others):
        return (
            "tenant_transfer_volumes holds a disk that is not written as {volume: DISK, attach_to: SERVER}, both of "
            "them strings that are not empty."
        )
    return ""


def _servers(given: Given) -> str:
    servers = given["servers"]
    if _is_list(servers) and all(_is_pair(item, "name", "target") for item in servers):
        return ""
    return (
        "tenant_transfer_servers has to be a list of servers, each written as {name: SERVER, target: SERVER} or "
        "{name: SERVER}, with strings that are not empty."
    )


def _constraints(given: Given) -> str:
    return "" if _is_list(given["ignore_constraints"]) else "tenant_transfer_ignore_constraints has to be a list."


def _name(given: Given) -> str:
    name = _text(given["name"])
    if (
        name
        and name == name.strip()
        and len(name) <= MOST_NAME_CHARACTERS
        and len(name.encode(errors="surrogatepass")) <= MOST_NAME_BYTES
    ):
        return ""
    return (
        "tenant_transfer_name has to be a string of 1 to 64 characters and at most 255 bytes, without blanks around it."
    )


def _batch_size(given: Given) -> str:
    # As the filter of the role that makes the batches reads it.
    size = given["batch_size"]
    return "" if do_int(size) >= 1 else f"tenant_transfer_batch_size is {size}; it takes a number of 1 or more."


def _report_dir(given: Given) -> str:
    path = _text(given["report_dir"] or "")
    if path is not None and path.isprintable() and not (path and _is_no_directory(path)):
        return ""
    return "tenant_transfer_report_dir has to be the path of a directory, without characters that cannot be seen."


def _handoff_file(given: Given) -> str:
    path = _text(given["handoff_file"])
    if path and path.strip() and path.isprintable():
        return ""
    return "tenant_transfer_handoff_file has to be the path of a file, without characters that cannot be seen."


def _handoff_password(given: Given) -> str:
    if (_text(given["handoff_password"]) or "").strip():
        return ""
    return "tenant_transfer_handoff_password has to be a string that is not empty; put a number into quotes."


def _target_project(given: Given) -> str:
    if _text(given["target_project"] or "") is not None:
        return ""
    return "tenant_transfer_target_project has to be a string; put a number into quotes."


def _text(value: Any) -> str | None:
    """What is a string; up to ansible-core 2.18 one that is encrypted by itself is an object of another kind."""
    return str(value) if isinstance(value, str) or getattr(value, "__ENCRYPTED__", False) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, bytes) and _text(value) is None


def _items(value: Any) -> Sequence[Any]:
    return value if _is_list(value) else ()


def _is_pair(item: Any, needed: str, other: str) -> bool:
    """Whether it is a dictionary with one key, or with both, and has something in each."""
    return (
        isinstance(item, Mapping)
        and needed in item
        and set(item) <= {needed, other}
        and all((_text(value) or "").strip() for value in item.values())
    )


def _is_no_directory(path: str) -> bool:
    """Whether there is something else; what cannot be found out now is told when the report is written."""
    with contextlib.suppress(OSError, RuntimeError):
        found = Path(path).expanduser()
        return found.exists() and not found.is_dir()
    return False
