# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every layer of the tests needs: the collection by the name that Ansible gives it, and the servers under test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.cinder.server import CinderServer
from tests.emulator.server import EmulatorServer

ROOT = Path(__file__).parent.parent


def register_namespace(name: str, *path: str) -> None:
    """Make an empty package that looks for what it holds in `path`."""
    package = ModuleType(name)
    package.__path__ = list(path)
    sys.modules[name] = package


register_namespace("ansible_collections")
register_namespace("ansible_collections.otc")
register_namespace("ansible_collections.otc.evs", str(ROOT))


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[EmulatorServer]:
    with EmulatorServer() as server:
        yield server


@pytest.fixture(scope="session")
def running_cinder() -> Iterator[CinderServer]:
    """The start takes long: whoever needs a Cinder that is as new resets this one."""
    with CinderServer() as server:
        yield server


@pytest.fixture
def emulator(running_emulator: EmulatorServer) -> EmulatorServer:
    """The emulator as new; its log of requests is empty."""
    running_emulator.reset()
    running_emulator.forget_requests()
    return running_emulator
