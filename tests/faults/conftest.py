# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulator for the tests that need a cloud, and no waiting for back-offs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.otc.evs.plugins.module_utils import _backoff, _lookup
from tests.emulator.server import EmulatorServer


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[EmulatorServer]:
    with EmulatorServer() as server:
        yield server


@pytest.fixture
def emulator(running_emulator: EmulatorServer) -> EmulatorServer:
    """The emulator as new; its log of requests is empty."""
    running_emulator.reset()
    running_emulator.forget_requests()
    return running_emulator


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same retries and polls with shorter pauses."""
    monkeypatch.setattr(_backoff, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(_lookup, "FIRST_PAUSE", 0.001)
