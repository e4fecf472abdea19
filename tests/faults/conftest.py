# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulator on which things go wrong, short pauses, and a summary of what was tried."""

from __future__ import annotations

from typing import Any

import pytest
from urllib3 import HTTPConnectionPool, HTTPResponse

from ansible_collections.otc.evs.plugins.module_utils._api import pace as _backoff
from ansible_collections.otc.evs.plugins.module_utils._flows import proof as _proof
from tests.faults.liar import Liar

FIGURES = "figures"
"""The name under which a test records a line for the summary."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same retries and polls, but sooner."""
    monkeypatch.setattr(_backoff, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(_proof, "FIRST_PAUSE", 0.001)


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Liar:
    """Stands between the module and the cloud."""
    told = Liar()
    send: Any = HTTPConnectionPool.urlopen

    def pass_on(self: HTTPConnectionPool, method: str, url: str, *args: Any, **options: Any) -> HTTPResponse:
        return told.instead_of(send(self, method, url, *args, **options), method, url)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", pass_on)
    return told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the lines that the tests recorded, whatever became of them."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
    lines = [line for report in reports for name, line in getattr(report, "user_properties", ()) if name == FIGURES]
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)
