# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulator for the tests that need a Keystone, and no waiting for back-offs."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api import pace as _backoff
from ansible_collections.otc.evs.plugins.module_utils._flows import find as _lookup


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same retries and polls with shorter pauses."""
    monkeypatch.setattr(_backoff, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(_lookup, "FIRST_PAUSE", 0.001)
