# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The services of one tenant."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.otc.evs.plugins.module_utils._api.cbr import Cbr
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.sdrs import Sdrs
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._api.vbs import Vbs


@dataclass(frozen=True)
class Services:
    """The services that a tenant's catalogue lists; those that it does not list have nothing to say."""

    evs: Evs
    cbr: Cbr | None
    vbs: Vbs
    sdrs: Sdrs | None

    @classmethod
    def of(cls, session: Session) -> Services:
        evs = session.required_client("evs")
        cbr, vbs, sdrs = (session.client(service) for service in ("cbr", "vbs", "sdrs"))
        return cls(
            evs=Evs(evs, session.project, session.place()),
            cbr=Cbr(cbr) if cbr else None,
            vbs=Vbs(vbs or evs, listed=vbs is not None),
            sdrs=Sdrs(sdrs) if sdrs else None,
        )
