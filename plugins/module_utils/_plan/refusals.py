# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What ECS means by its codes when it does not attach or detach a disk: pure.

Source: ECS API reference, "Error Codes".  Of a code that is not here only ECS's own words are told.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.otc.evs.plugins.module_utils._model.rows import Reason

FIXED_MODE = (
    "The mode of a disk cannot be changed: choose another server, or copy the data to a disk of the other mode."
)
ONLY_SCSI = ("scsi", "the server takes disks in SCSI mode only, and this one is in VBD mode", FIXED_MODE)
FEWER_DISKS = "Choose another server, or detach a disk from it."

MEANINGS: Mapping[str, tuple[str, str, str]] = {
    "Ecs.0037": ("scsi", "the flavor of the server takes no disks in SCSI mode", FIXED_MODE),
    "Ecs.0042": ("slots", "the server has as many disks in VBD mode as it takes", FEWER_DISKS),
    "Ecs.0051": ONLY_SCSI,
    "Ecs.0053": ONLY_SCSI,
    "Ecs.0057": ("attached", "it is attached to that server already", "Run again: then that is seen."),
    "Ecs.0100": ("server_status", "the server is neither started nor stopped", "Start it, or shut it down, first."),
    "Ecs.0103": (
        "status",
        "the disk cannot be used, for instance because it is frozen",
        "Look at its status; ask those who run the cloud why it is frozen.",
    ),
    "Ecs.0104": ("slots", "the server has no place for another disk", FEWER_DISKS),
    "Ecs.0110": ("rights", "the user may not do that", "Give the user the right to attach and detach disks."),
    "Ecs.0111": ("attached", "the disk is not attached to that server", "Run again: then that is seen."),
    "Ecs.0114": ("server", "there is no such server (any more)", "Check the spelling, the project and the region."),
    "Ecs.0605": (
        "locked",
        "the server is locked",
        "Ask who has locked it; then unlock it (openstack server unlock).",
    ),
}


def meaning(code: str | None) -> str:
    """A code in words, for the end of a message; "" if it is not known."""
    known = MEANINGS.get(code or "")
    return f"This means: {known[1]}. {known[2]}" if known else ""


def refusal(code: str | None, words: str) -> Reason:
    """Why ECS would not attach a disk, in the words of a constraint."""
    constraint, reason, remedy = MEANINGS.get(code or "", ("refused", "ECS would not attach it", "See its words."))
    return Reason(constraint, f"{reason} ({code}: {words})" if code else f"{reason} ({words})", remedy)
