# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module is told in which directory the user is."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_the_action_plugin_runs_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    modules = [path.stem for path in (ROOT / "plugins/modules").glob("*.py")]
    routed = {name: about["action_plugin"] for name, about in runtime["plugin_routing"]["modules"].items()}
    assert routed == dict.fromkeys(modules, "otc.evs.evs_move")
