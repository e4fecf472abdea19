# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the flows without the module frame, with clients that lose answers or are overtaken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._api.vbs import Vbs
from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerLost
from ansible_collections.otc.evs.plugins.module_utils._flows.accept import Offered, accept
from ansible_collections.otc.evs.plugins.module_utils._flows.move import MoveOptions, move
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import offer
from ansible_collections.otc.evs.plugins.module_utils._flows.withdraw import withdraw
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import MOVED, OFFERED, Row
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret, Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import Rules
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import Wanted
from ansible_collections.otc.evs.plugins.module_utils._plan.withdrawals import Withdrawal
from tests.emulator.server import EmulatorServer
from tests.support.tenants import session_of

Value = TypeVar("Value")
AnyEvs = TypeVar("AnyEvs", bound=Evs)

NAME = "ours"
PATIENT = 60.0
HASTY = 0.05
"""Seconds; for what never comes about."""


def client(kind: type[AnyEvs], emulator: EmulatorServer, cloud: str, /, **traits: Any) -> AnyEvs:
    """A client of a kind of its own."""
    evs = kind.of(session_of(emulator, cloud))
    assert isinstance(evs, kind)
    vars(evs).update(traits)
    return evs


def services_of(evs: Evs) -> Services:
    """Block storage alone: the other services have nothing to say."""
    return Services(evs, cbr=None, vbs=Vbs(evs._client, listed=False), sdrs=None)


def make_offer(evs: Evs, *refs: str, timeout: float = PATIENT, rehearsed: bool = False, **rules: Any) -> Result:
    asked = Rules(success=OFFERED, name=NAME, **rules)
    return offer(services_of(evs), Wanted(list(refs)), asked, 4, timeout, rehearsed=rehearsed)


def take(evs: Evs, offers: list[Offered], *, timeout: float = PATIENT, skip_gone: bool = False) -> Result:
    return accept(evs, offers, 4, timeout, check_quota=True, skip_gone=skip_gone, rehearsed=False)


def take_back(evs: Evs, *refs: str, timeout: float = PATIENT, rehearsed: bool = False) -> Result:
    return withdraw(evs, Withdrawal(list(refs), None, None, None), 4, timeout, rehearsed=rehearsed)


def bring(source: Evs, target: Evs, *refs: str, timeout: float = PATIENT, free: bool = True, **rules: Any) -> Result:
    options = MoveOptions(Rules(success=MOVED, name=NAME, **{"pending": "replace", **rules}), True, free, 4, timeout)
    return move(services_of(source), target, Wanted(list(refs)), options, rehearsed=False)


def offered(result: Result) -> list[Offered]:
    """What an offer hands on."""
    return [Offered.from_params({**row, "transfer_id": row["id"]}) for row in result.transfers or ()]


def rows_of(result: Result) -> list[Row]:
    return result.rows or []


def outcomes(result: Result) -> dict[str | None, str]:
    return {row.id: row.outcome for row in rows_of(result)}


def said(result: Result) -> str:
    """The message about the only disk."""
    (row,) = rows_of(result)
    return row.message or ""


class Forgetful(Evs):
    """Loses the answers of the first calls that change something, after or before they were carried out."""

    lost = 0
    done = True

    def _forget(self, call: Callable[[], Value]) -> Value:
        if self.lost == 0:
            return call()
        self.lost -= 1
        if self.done:
            call()
        raise AnswerLost("the answer was lost")

    def create_transfer(self, volume_id: str, name: str, microversion: str | None = None) -> Transfer:
        return self._forget(lambda: super(Forgetful, self).create_transfer(volume_id, name))

    def accept_transfer(self, transfer_id: str, auth_key: Secret) -> str:
        return self._forget(lambda: super(Forgetful, self).accept_transfer(transfer_id, auth_key))

    def delete_transfer(self, transfer_id: str) -> bool:
        return self._forget(lambda: super(Forgetful, self).delete_transfer(transfer_id))


class Blinded(Forgetful):
    """Cannot read anything once it has changed something, or tried to."""

    tried = False
    words = "the cloud is silent"

    def _forget(self, call: Callable[[], Value]) -> Value:
        self.tried = True
        return super()._forget(call)

    def _look(self) -> None:
        if self.tried:
            raise AnswerLost(self.words)

    def volume(self, volume_id: str) -> Volume | None:
        self._look()
        return super().volume(volume_id)

    def volume_pages(self, name: str | None = None, status: str | None = None) -> Iterator[tuple[list[Volume], bool]]:
        self._look()
        return super().volume_pages(name, status)

    def transfers(self, volume_id: str | None = None) -> list[Transfer]:
        self._look()
        return super().transfers(volume_id)
