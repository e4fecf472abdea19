# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever several people, faults and crashes do in whatever order: nothing lost, nothing stuck, nothing leaked.

OTC_EVS_SEQUENCES sets how many sequences are tried, OTC_EVS_SEED which.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from ansible_collections.otc.evs.plugins.module_utils._api import pace as _backoff
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError
from ansible_collections.otc.evs.plugins.module_utils._flows import find as _lookup
from ansible_collections.otc.evs.plugins.module_utils._flows import offer as _offer
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import OfferOptions
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Result
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret, Transfer, Volume
from tests.emulator.server import EmulatorServer
from tests.faults.conftest import FIGURES
from tests.faults.interleavings import STEPS, WRONG_KEY, Figures, Interleavings
from tests.faults.judge import KEYS
from tests.faults.test_sweep import SEED

SEQUENCES = int(os.environ.get("OTC_EVS_SEQUENCES", "500"))


class FastClock:
    """A second of waiting for a disk is over in 25 ms."""

    factor = 40

    def monotonic(self) -> float:
        return time.monotonic() * self.factor

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self.factor)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_backoff, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(_lookup, "FIRST_PAUSE", 0.04)
    monkeypatch.setattr(_lookup, "time", FastClock())


def interleave(server: EmulatorServer, figures: Figures, sequences: int, *phases: Phase) -> None:
    """Try sequences; raises at the first that goes wrong."""

    @seed(SEED)
    class Machine(Interleavings):
        def __init__(self) -> None:
            super().__init__(server, figures)

    chosen = settings(
        max_examples=sequences,
        stateful_step_count=STEPS,
        phases=phases or (Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=chosen)


def test_interleavings(emulator: EmulatorServer, record_property: Callable[[str, object], None]) -> None:
    figures = Figures()
    try:
        interleave(emulator, figures, SEQUENCES)
    finally:
        record_property(FIGURES, f"interleavings, seed {SEED}:")
        for line in figures.lines:
            record_property(FIGURES, line)
    assert figures.counted["sequences"] >= SEQUENCES


# What broken clients do, and what they are found out by.


def replace_whatever_is_there(transfer: Transfer | None, options: OfferOptions) -> str:
    return "replaced" if transfer else "created"


def forget_the_change(result: Result, label: str, before: object, after: object) -> None:
    """Do not note it."""


def tell_the_key(doing: str, error: EvsError, remedies: object) -> str:
    return f"{doing}: {error.message} {KEYS[0]}"


def keep_what_was_lost(evs: Evs, volume: Volume, name: str, timeout: float) -> None:
    """Do not look what became of a create whose answer was lost."""


def give_a_wrong_key(evs: Evs, volume_id: str, name: str) -> Transfer:
    transfer = CREATE(evs, volume_id, name)
    return replace(transfer, auth_key=Secret(WRONG_KEY))


CREATE = Evs.create_transfer


@pytest.mark.parametrize(
    ("place", "name", "broken", "problem"),
    [
        (_offer, "_action", replace_whatever_is_there, "withdrawn without permission"),
        (Result, "change", forget_the_change, "'changed': False"),
        (_offer, "explained", tell_the_key, r"said \['5ecre7'\]"),
        (_offer, "_withdraw_lost", keep_what_was_lost, "keys were lost|disks stay locked|nobody says so"),
        (Evs, "create_transfer", give_a_wrong_key, "the key does not open|a key that was told|not moved by"),
    ],
)
def test_a_broken_client(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, broken: Any, problem: str
) -> None:
    """The machine finds it out."""
    monkeypatch.setattr(place, name, broken)
    with pytest.raises(AssertionError) as found:
        interleave(emulator, Figures(), 500, Phase.generate)
    assert re.search(problem, str(found.value))
