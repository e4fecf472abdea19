# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sweep can fail: it finds out clients that do what they must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api import session as _session
from ansible_collections.otc.evs.plugins.module_utils._api.answers import outcome_is_open
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError
from ansible_collections.otc.evs.plugins.module_utils._flows import move as _move
from ansible_collections.otc.evs.plugins.module_utils._flows.find import by_id
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AVAILABLE, Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Reading
from tests.emulator.server import EmulatorServer
from tests.faults.test_sweep import sweep

pytestmark = pytest.mark.usefixtures("quick")


def create_blindly(evs: Evs, volume: Volume, name: str, timeout: float, microversion: str | None = None) -> Transfer:
    """Offer again after a lost answer, without a look at what became of the first offer."""
    try:
        return evs.create_transfer(volume.id, name, microversion)
    except EvsError as error:
        if not outcome_is_open(error):
            raise
    return evs.create_transfer(volume.id, name, microversion)


def believe(mover: Any, ids: Sequence[str], troubles: object) -> Reading:
    """Take the 202 for the proof."""
    owner = mover._target.project.id
    here = by_id(mover._source, ids)
    return Reading({key: replace(here[key], project_id=owner, status=AVAILABLE) for key in ids if key in here})


def send_again(failure: Any, method: str, attempt: int) -> bool:
    """Repeat whatever failed, as HTTP libraries can be told to."""
    return attempt < 5


def problems(server: EmulatorServer, fault: str) -> str:
    return "\n".join(sweep(server, fault, times=1).problems)


LOST = ("answer lost", "done, then 504", "done, then HTML")


@pytest.mark.parametrize("name", LOST)
def test_a_create_that_is_repeated_blindly(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(_move, "create_one", create_blindly)
    assert "disks stay locked" in problems(emulator, name)


@pytest.mark.parametrize("name", LOST[:2])
def test_a_session_that_repeats_every_request(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(_session._Failure, "may_pass", send_again)
    assert "disks stay locked" in problems(emulator, name)


def test_an_accept_that_is_not_read_back(emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_move._Mover, "_prove", believe)
    assert "the role says of disks that they moved which did not" in problems(emulator, "only pretended")
