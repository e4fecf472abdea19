# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module runs from where it lies, and takes nothing from where it is run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.executor import module_common

from ansible_collections.otc.evs.plugins.plugin_utils import _in_place


@pytest.fixture(autouse=True)
def _lies_as_collections_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the repository lies, the collection is found by its name, here by a link."""
    namespace = tmp_path / "collections" / "ansible_collections" / "otc"
    namespace.mkdir(parents=True)
    (namespace / "evs").symlink_to(Path(__file__).parents[3])
    monkeypatch.setattr(_in_place, "ROOT", namespace.parent)


def script_of(name: str, arguments: dict[str, Any]) -> bytes:
    built = _in_place.built(name, arguments, sys.executable)
    if hasattr(module_common, "_BuiltModule"):
        bits, dummy = built
        assert (bits.module_style, bits.shebang) == ("new", f"#!{sys.executable}")
        return bytes(bits.b_module_data)
    style, shebang, script, dummy = built
    assert (style, shebang) == ("new", f"#!{sys.executable}")
    return bytes(script)


def test_the_script_runs_the_module_of_this_collection(tmp_path: Path) -> None:
    """It takes nothing from the directory, and hands on what would end a text of Python."""
    (tmp_path / "runpy.py").write_text("raise SystemExit(3)")
    (tmp_path / "ansible_collections").mkdir()
    (tmp_path / "ansible_collections" / "__init__.py").write_text("raise SystemExit(4)")
    odd = "a'b\"c\\d{e}\n\u2028'''"
    arguments = {"auth_url": odd, "_ansible_remote_tmp": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-"],
        input=script_of("otc.evs.evs_volume_info", {**arguments, odd: 1}),
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "nothing")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert result["failed"]
    assert "Unsupported parameters" in result["msg"]


def test_another_ansible_core_gets_the_packed_module(monkeypatch: Any) -> None:
    def made(**fields: Any) -> None:
        raise TypeError

    monkeypatch.setattr(module_common, "_BuiltModule", made, raising=False)
    assert _in_place.built("otc.evs.evs_move", {}, sys.executable) is None


def test_a_collection_that_lies_elsewhere_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_in_place, "ROOT", tmp_path)
    assert _in_place.built("otc.evs.evs_move", {}, sys.executable) is None
