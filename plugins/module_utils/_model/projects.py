# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""A tenant: a project of a cloud in one region."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.otc.evs.plugins.module_utils._text import safe


@dataclass(frozen=True)
class Place:
    """Where the block storage of a project is, as far as its login and its catalogue tell.

    `services` are the types and IDs under which the catalogue lists block storage: an ID is given once in a
    cloud.  It is empty if the endpoint was given instead.
    """

    url: str
    keystone: str
    region: str | None = None
    services: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Project:
    """A tenant, as its login says."""

    id: str
    name: str
    region_name: str | None

    @property
    def label(self) -> str:
        """How messages call the project."""
        return safe(f"{self.name} ({self.id})")

    def as_result(self) -> dict[str, str | None]:
        """The project as the modules return it."""
        return {"project_id": self.id, "project_name": self.name, "region_name": self.region_name}
