# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of a Python, and what an installation is made of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cinder import install as under_test
from tests.cinder.errors import LabError
from tests.cinder.install import cache_directory, install


def test_a_second_installation_changes_nothing() -> None:
    first = install()
    made = first.template.stat().st_mtime_ns, first.venv.stat().st_mtime_ns
    second = install()
    assert second == first
    assert (second.template.stat().st_mtime_ns, second.venv.stat().st_mtime_ns) == made


def test_the_cache_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OTC_EVS_CINDER_DIR", str(tmp_path))
    assert cache_directory() == tmp_path
    monkeypatch.delenv("OTC_EVS_CINDER_DIR")
    assert cache_directory().parts[-2:] == (".dev", "cinder")


def test_no_python_new_enough_is_said_clearly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match=r"needs Python 3\.11 or newer"):
        under_test._lab_python()
