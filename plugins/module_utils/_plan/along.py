# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What disks may take along, by the user's word and if block storage can: pure.

Cinder transfers a disk with its snapshots since microversion 3.55, and encrypted disks with their key
since 3.70.  EVS has 3.50 at most, and refuses both.
"""

from __future__ import annotations

from dataclasses import dataclass

NEEDS = {"snapshots": (3, 55), "encrypted": (3, 70)}
"""The microversion that it takes, by the name of the constraint."""


@dataclass(frozen=True)
class Along:
    """What the user lets disks take along, and what block storage tells of itself.

    `newest` is its newest microversion, None if it has none; `unread` says why that is not known.
    """

    asked: frozenset[str] = frozenset()
    newest: tuple[int, int] | None = None
    unread: str = ""

    def refusal(self, constraint: str) -> str:
        """Why it cannot be taken along; empty if it can."""
        needed = ".".join(map(str, NEEDS[constraint]))
        if self.unread:
            return f"that takes microversion {needed}, and {self.unread.rstrip('.')}"
        if self.newest is None:
            return f"that takes microversion {needed} of Cinder, and this block storage has none, like EVS v2"
        if self.newest < NEEDS[constraint]:
            return f"that takes microversion {needed}, and the newest of this block storage is {self._newest}"
        return ""

    def takes(self, constraint: str) -> bool:
        """Whether it is to be taken along, and can be."""
        return constraint in self.asked and not self.refusal(constraint)

    @property
    def microversion(self) -> str | None:
        """With which transfers are to be created; None is the plain call."""
        needed = [version for constraint, version in NEEDS.items() if self.takes(constraint)]
        return ".".join(map(str, max(needed))) if needed else None

    @property
    def _newest(self) -> str:
        return ".".join(map(str, self.newest or ()))


NOTHING_ALONG = Along()
