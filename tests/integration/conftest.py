# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks against a running server; the collection is the built and installed one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.support.guides import all_blocks
from tests.support.playbooks import Run, play
from tests.support.samples import WHOLE
from tests.support.server import SOURCE, TARGET, Server


class Play(Protocol):
    """Runs a playbook against the server of the test."""

    def __call__(self, playbook: Any, *arguments: str, **variables: Any) -> Run:
        """Run it with more arguments and variables of the command line."""


class Move(Protocol):
    """Runs otc.evs.transfer between the two tenants of the server of the test."""

    def __call__(self, volumes: list[str] | None, *arguments: str, **variables: Any) -> Run:
        """Move these volumes, with more arguments and variables of the command line."""


BOTH = ["emulator", "cinder"]
ON_CINDER = pytest.mark.parametrize("running", BOTH if WHOLE else ["cinder"], indirect=True)
"""For the tests that run on the real Cinder by day, too; that the emulator answers as it does, tests/contract shows."""


@pytest.fixture(scope="session", params=BOTH if WHOLE else ["emulator"])
def running(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue(f"running_{request.param}")
    return server


@pytest.fixture
def server(running: Server) -> Server:
    """Each server in turn, as new."""
    running.reset()
    running.forget_requests()
    return running


def play_on(server: Server, home: Path) -> Play:
    return partial(play, server, home)


def move_on(server: Server, home: Path) -> Move:
    """Bind the variables of the role that name the tenants."""
    tenants = {"tenant_transfer_source": {"cloud": SOURCE}, "tenant_transfer_target": {"cloud": TARGET}}

    def run(volumes: list[str] | None, *arguments: str, **variables: Any) -> Run:
        named = {} if volumes is None else {"tenant_transfer_volumes": volumes}
        given = {**tenants, **named, **variables}
        return play(server, home, "otc.evs.transfer", *arguments, **given)

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many examples of the documentation were executed, of how many that there are."""
    passed = [dict(report.user_properties) for report in terminalreporter.stats.get("passed", ())]
    executed = sum(int(str(told.get("documentation", 0))) for told in passed)
    if executed:
        terminalreporter.section("documentation")
        terminalreporter.write_line(f"{executed} of {len(list(all_blocks()))} examples of docs executed")
