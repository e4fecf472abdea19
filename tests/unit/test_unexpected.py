# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An exception that nobody foresaw is told of without its text, which may hold a secret."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from ansible_collections.otc.evs.plugins.module_utils._flows import offer as _offer
from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.server import SOURCE

KEY = "1234567890123456"


def crash(*dummy: Any) -> NoReturn:
    raise ValueError(f"Invalid header value {KEY!r}")


def test_a_module_that_crashes(emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.set_auth_keys(KEY)
    emulator.create_volume(SOURCE, "d")
    monkeypatch.setattr(_offer, "watch", crash)
    result = run_module("evs_transfer", auth=emulator.cloud(SOURCE)["auth"], volumes=["d"])
    assert result["failed"]
    assert result["msg"].startswith("Unexpected error, please report it: ValueError at test_unexpected.py:")
    assert KEY not in str(result)
