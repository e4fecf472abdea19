# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Which disks names and IDs mean: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.otc.evs.plugins.module_utils._errors import MOST_SHOWN, UsageError, listed, quoted
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Volume


@dataclass(frozen=True)
class Found:
    """The disks that each name or ID means in one project; an ID is preferred to a name."""

    refs: Sequence[str]
    matches: dict[str, list[Volume]]

    @classmethod
    def among(cls, refs: Iterable[str], volumes: Iterable[Volume]) -> Found:
        refs = list(dict.fromkeys(refs))
        by_id: dict[str, Volume] = {}
        by_name: dict[str, list[Volume]] = {}
        wanted = set(refs)
        # A disk may come twice: asked for by name and by ID, or on two pages of a list that moves.
        for volume in {volume.id: volume for volume in volumes}.values():
            if volume.id in wanted:
                by_id[volume.id] = volume
            if volume.name in wanted:
                by_name.setdefault(volume.name, []).append(volume)
        return cls(refs, {ref: [by_id[ref]] if ref in by_id else by_name.get(ref, []) for ref in refs})

    @property
    def missing(self) -> list[str]:
        """The names and IDs that fit no disk."""
        return [ref for ref in self.refs if not self.matches[ref]]

    @property
    def ambiguous(self) -> dict[str, list[str]]:
        """The names that fit several disks, with the IDs of those."""
        return {ref: [volume.id for volume in fits] for ref, fits in self.matches.items() if len(fits) > 1}

    @property
    def volumes(self) -> list[Volume]:
        """Every disk once, in the order asked for."""
        return list({volume.id: volume for ref in self.refs for volume in self.matches[ref]}.values())

    def only(self, refs: Iterable[str]) -> Found:
        """What some of the names and IDs mean."""
        refs = list(dict.fromkeys(refs))
        return Found(refs, {ref: self.matches[ref] for ref in refs})

    def replaced(self, newer: dict[str, Volume | None]) -> Found:
        """The same with newer readings of some disks, by their ID; None is a disk that has left the project."""
        matches = {
            ref: [now for now in (newer.get(volume.id, volume) for volume in fits) if now]
            for ref, fits in self.matches.items()
        }
        return Found(self.refs, matches)

    def ambiguity(self, project_label: str) -> str | None:
        """What to say of names that fit several disks."""
        if not self.ambiguous:
            return None
        lines = [f"{quoted(name)} fits {', '.join(ids[:MOST_SHOWN])}" for name, ids in self.ambiguous.items()]
        rest = f"; and {len(lines) - MOST_SHOWN} more names" if len(lines) > MOST_SHOWN else ""
        return f"In project {project_label} {'; '.join(lines[:MOST_SHOWN])}{rest}. Give the ID of the disk."

    def require_unambiguous(self, project_label: str) -> None:
        ambiguity = self.ambiguity(project_label)
        if ambiguity:
            raise UsageError(ambiguity, ambiguous=self.ambiguous)


def is_id(ref: str) -> bool:
    """Whether a reference can be an ID: the API answers 404 to an ID, and to some names an error."""
    digits = ref.replace("-", "")
    return len(ref) in (32, 36) and len(digits) == 32 and all(digit in "0123456789abcdefABCDEF" for digit in digits)


def require_names(refs: Iterable[str]) -> None:
    """Refuse an empty reference: it would mean the disks that have no name."""
    if not all(ref.strip() for ref in refs):
        raise UsageError("Option volumes contains an empty name. Give each disk by its name or ID.")


def require_ids(option: str, values: Iterable[str]) -> None:
    """Refuse what cannot be an ID, before it becomes a part of a path."""
    wrong = [value for value in values if not is_id(value)]
    if wrong:
        raise UsageError(
            f"Option {option} holds {listed(wrong)}; it takes IDs such as 1a7059f5-8ed7-45b7-8d05-2811e5d09f24."
        )
