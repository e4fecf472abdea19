# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No waiting for back-offs and polls."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api import pace as _pace
from ansible_collections.otc.evs.plugins.module_utils._flows import proof as _proof


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same retries and polls with shorter pauses."""
    monkeypatch.setattr(_pace, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(_proof, "FIRST_PAUSE", 0.001)
