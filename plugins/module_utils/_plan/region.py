# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Whether two projects are in one region of one cloud: pure.

A disk stays in its block storage: a transfer can be accepted only where it was made.
"""

from __future__ import annotations

from ansible_collections.otc.evs.plugins.module_utils._model.projects import Place


def apart(source: Place, target: Place) -> str:
    """Why no disk can go from the one place to the other, as far as it is known; empty if nothing says so."""
    if source.region and target.region and source.region != target.region:
        return (
            f"The source is in region {source.region} and the target in region {target.region}. "
            "A disk stays in its region: give both the same region_name."
        )
    if source.url == target.url:
        return ""
    listed = _common(source, target)
    if listed and not source.services & target.services:
        return (
            f"Source and target are in two clouds: the catalogue of the source lists block storage ({listed}) at "
            f"{source.url}, that of the target is another catalogue and lists another block storage, at {target.url}. "
            "A disk stays in its cloud: give both the credentials of one cloud."
        )
    return ""


def doubt(source: Place, target: Place) -> str:
    """Why it is not known whether both places are one; empty if it is. They are not known to be apart."""
    one_cloud = source.services & target.services or source.keystone == target.keystone
    if source.url == target.url or (one_cloud and source.region and target.region):
        return ""
    return (
        "whether a transfer of the one can be accepted in the other could not be read: block storage of the source is "
        f"at {source.url}, that of the target at {target.url}, and {_unknown(source, target)}"
    )


def _common(source: Place, target: Place) -> str:
    """The types under which both catalogues list block storage."""
    types = {kind for kind, dummy in source.services} & {kind for kind, dummy in target.services}
    return ", ".join(sorted(types))


def _unknown(source: Place, target: Place) -> str:
    if not source.region or not target.region:
        return "the region of both is not known: give region_name for both"
    return "they are not endpoints of one catalogue"
