# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Which disks a filter means: pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError, listed
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Volume


@dataclass(frozen=True)
class VolumeFilter:
    """Which disks are meant; None lets every disk pass."""

    name: str | None = None
    status: str | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_params(cls, params: Mapping[str, object]) -> VolumeFilter:
        """The filter of the options of that name, or of those in `select`."""
        texts = {
            key: value
            for key in ("name", "status", "volume_type", "availability_zone")
            if isinstance(value := params.get(key), str)
        }
        return cls(**texts, metadata=_texts(params, "metadata"), tags=_texts(params, "tags"))

    @property
    def is_empty(self) -> bool:
        return self == VolumeFilter()

    def matches(self, volume: Volume) -> bool:
        """Whether a disk passes all but the tags, which another call tells."""
        return (
            (self.name is None or fnmatch.fnmatchcase(volume.name, self.name))
            and self.status in (None, volume.status)
            and self.volume_type in (None, volume.volume_type)
            and self.availability_zone in (None, volume.availability_zone)
            and self.metadata.items() <= volume.metadata.items()
        )


@dataclass(frozen=True)
class Wanted:
    """Which disks a user means: names and IDs, or else traits."""

    refs: Sequence[str] | None = None
    chosen: VolumeFilter = VolumeFilter()


def _texts(params: Mapping[str, object], option: str) -> dict[str, str]:
    """The API knows only strings here; what YAML makes of an unquoted true is nobody's guess."""
    given = params.get(option) or {}
    if not isinstance(given, Mapping):
        raise UsageError(f"Option {option} takes a dictionary.")
    wrong = [str(key) for key, value in given.items() if isinstance(value, bool) or not isinstance(value, (str, int))]
    if wrong:
        raise UsageError(f"Option {option} has a value that is not a string for {listed(wrong)}; put it in quotes.")
    return {str(key): str(value) for key, value in given.items()}
