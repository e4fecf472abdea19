# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the flows of evs_attachment without the module frame, and look where disks are."""

from __future__ import annotations

from typing import Any, TypeVar

from ansible_collections.otc.evs.plugins.module_utils._api.nova import Nova
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._flows.attach import Options, attach, detach
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import Rules, Wish
from tests.emulator.server import EmulatorServer
from tests.support.flows import PATIENT
from tests.support.server import SOURCE
from tests.support.tenants import evs_of, session_of

AnyNova = TypeVar("AnyNova", bound=Nova)


def nova_of(emulator: EmulatorServer, kind: type[AnyNova], /, **traits: Any) -> AnyNova:
    """A client of a kind of its own."""
    nova = kind.of(session_of(emulator, SOURCE))
    assert isinstance(nova, kind)
    vars(nova).update(traits)
    return nova


def into(
    emulator: EmulatorServer,
    server: str,
    *refs: str,
    nova: Nova | None = None,
    timeout: float = PATIENT,
    rehearsed: bool = False,
    dry_run: bool = False,
    **rules: Any,
) -> Result:
    wishes = [Wish(ref, server) for ref in refs]
    options = Options(Rules(**rules), 4, timeout, dry_run=dry_run)
    return attach(evs_of(emulator, SOURCE), nova or nova_of(emulator, Nova), wishes, options, rehearsed=rehearsed)


def out_of(
    emulator: EmulatorServer,
    server: str | None,
    *refs: str,
    nova: Nova | None = None,
    timeout: float = PATIENT,
    rehearsed: bool = False,
    seconds: float | None = None,
    **rules: Any,
) -> Result:
    wishes = [Wish(ref, server) for ref in refs]
    options = Options(Rules(**rules), 4, timeout, seconds)
    return detach(evs_of(emulator, SOURCE), nova or nova_of(emulator, Nova), wishes, options, rehearsed=rehearsed)


def places(emulator: EmulatorServer) -> dict[str, list[str]]:
    """The names of the data disks in each server, in their order; both sides of the emulator have to agree."""
    names = {volume["id"]: volume for volume in emulator.volumes()}
    found = {}
    for server in emulator.servers():
        ids = [seat["volume_id"] for seat in server["seats"]]
        for volume_id in ids:
            assert server["id"] in {item["server_id"] for item in names[volume_id]["attachments"]}
        found[server["name"]] = [names[volume_id]["name"] for volume_id in ids if not names[volume_id]["bootable"]]
    return found


class Killed(BaseException):
    """The end of a run, which nothing in it can catch."""


class Dying(Session):
    """Ends the run at the request of a number, before or after it was carried out."""

    last = 0
    after = False
    sent = 0

    def send(self, *arguments: Any, **named: Any) -> Any:
        self.sent += 1
        if self.sent == self.last and not self.after:
            raise Killed
        answer = super().send(*arguments, **named)
        if self.sent == self.last:
            raise Killed
        return answer
