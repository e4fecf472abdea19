# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever several people, faults and crashes do in whatever order: nothing lost, nothing stuck, nothing leaked.

OTC_EVS_SEQUENCES sets how many sequences are tried, OTC_EVS_SEED which; they are spread over several
tests, which may run side by side.
"""

from __future__ import annotations

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
from ansible_collections.otc.evs.plugins.module_utils._flows import accept as _accept
from ansible_collections.otc.evs.plugins.module_utils._flows import offer as _offer
from ansible_collections.otc.evs.plugins.module_utils._flows import proof as _proof
from ansible_collections.otc.evs.plugins.module_utils._flows import recovery as _recovery
from ansible_collections.otc.evs.plugins.module_utils._flows import withdraw as _withdraw
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Row
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret, Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import Rules
from ansible_collections.otc.evs.plugins.module_utils._plan.verdicts import Trouble
from tests.emulator.server import EmulatorServer
from tests.faults.claims import FALSE
from tests.faults.conftest import FIGURES
from tests.faults.interleavings import STEPS, WRONG_KEY, Figures, Interleavings
from tests.faults.judge import KEYS
from tests.faults.test_sweep import SEED
from tests.support.samples import number

SEQUENCES = number("OTC_EVS_SEQUENCES", 75)
PARTS = 5


class FastClock:
    """A second of waiting for a disk is over in 25 ms; what the machine does in the meantime takes no time."""

    factor = 40

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds
        time.sleep(seconds / self.factor)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_backoff, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(_proof, "FIRST_PAUSE", 0.04)
    monkeypatch.setattr(_proof, "time", FastClock())


def interleave(server: EmulatorServer, figures: Figures, sequences: int, chosen_by: int, *phases: Phase) -> None:
    """Try sequences; raises at the first that goes wrong."""

    @seed(chosen_by)
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


@pytest.mark.parametrize("part", range(PARTS))
def test_interleavings(emulator: EmulatorServer, part: int, record_property: Callable[[str, object], None]) -> None:
    figures = Figures()
    sequences = SEQUENCES // PARTS
    try:
        interleave(emulator, figures, sequences, SEED + part)
    finally:
        record_property(FIGURES, f"interleavings, seed {SEED + part}:")
        for line in figures.lines:
            record_property(FIGURES, line)
    assert figures.counted["sequences"] >= sequences


# What broken clients do, and what they are found out by.


def replace_whatever_is_there(rules: Rules, transfer: Transfer | None) -> bool:
    return transfer is not None and not rules.keeps(transfer)


def forget_the_change(result: Result, label: str, before: object, after: object) -> None:
    """Do not note it."""


def tell_the_key(error: EvsError, doing: str, remedies: object) -> Trouble:
    return Trouble(f"{doing}: {error.message} {KEYS[0]}", doing)


def keep_what_was_lost(evs: Evs, volume: Volume, name: str, timeout: float, lost: EvsError) -> None:
    """Do not look what became of a create whose answer was lost."""


def give_a_wrong_key(evs: Evs, volume_id: str, name: str, *version: str | None) -> Transfer:
    transfer = CREATE(evs, volume_id, name, *version)
    return replace(transfer, auth_key=Secret(WRONG_KEY))


def believe_the_answer(told: Row, label: str, trouble: Trouble | None, *read: object) -> Row:
    """What was answered with a yes is done, and nothing else, whatever was read."""
    return replace(told, outcome="failed", message=trouble.message) if trouble else told


def is_withdrawn(row: Row, *read: object) -> Row:
    return row


def forget_a_disk(result: Result, *rest: object) -> None:
    TELL(result, *rest)  # type: ignore[arg-type]
    result.rows = (result.rows or [])[1:]


FOUND_SOON_BY = {keep_what_was_lost: 2}
"""The seeds with which few sequences suffice, where it is not the usual one."""
FOUND_BY = 20261121
CREATE = Evs.create_transfer
TELL = _offer._tell


@pytest.mark.parametrize(
    ("place", "name", "broken", "problem"),
    [
        (Rules, "replaces", replace_whatever_is_there, "withdrawn without permission|'changed': True"),
        (Result, "change", forget_the_change, "'changed': False"),
        (_offer, "trouble", tell_the_key, r"said \['5ecre7'\]"),
        (_recovery, "_withdraw_lost", keep_what_was_lost, "keys were lost|disks stay locked|nobody says so"),
        (_accept, "of_accept", believe_the_answer, FALSE),
        (_withdraw, "of_withdrawal", is_withdrawn, FALSE),
        (_offer, "_tell", forget_a_disk, FALSE),
        (Evs, "create_transfer", give_a_wrong_key, "the key does not open|a key that was told|not moved by|otherwise"),
    ],
)
def test_a_broken_client(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, broken: Any, problem: str
) -> None:
    """The machine finds it out."""
    monkeypatch.setattr(place, name, broken)
    with pytest.raises(AssertionError) as found:
        interleave(emulator, Figures(), 500, FOUND_SOON_BY.get(broken, FOUND_BY), Phase.generate)
    assert re.search(problem, str(found.value))
