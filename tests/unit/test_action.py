# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module is run by the action plugin, and from where it lies if that is possible."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.otc.evs.plugins.action import evs_move as action_plugin
from ansible_collections.otc.evs.plugins.action.evs_move import ActionModule
from ansible_collections.otc.evs.plugins.module_utils._flows.progress import PROGRESS, counted
from ansible_collections.otc.evs.plugins.module_utils._model.packed import opened
from ansible_collections.otc.evs.plugins.plugin_utils import _in_place, _watch
from tests.support.conditions import wait_for

ROOT = Path(__file__).resolve().parents[2]


def test_the_action_plugin_runs_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    modules = [path.stem for path in (ROOT / "plugins/modules").glob("evs_*.py")]
    routed = {name: about["action_plugin"] for name, about in runtime["plugin_routing"]["modules"].items()}
    assert routed == dict.fromkeys(modules, "otc.evs.evs_move")


def test_what_is_no_door_to_a_cloud_is_an_action_and_has_no_code_besides() -> None:
    """Ansible wants a module beside each action, for its documentation."""
    others = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")} - {
        path.stem for path in (ROOT / "plugins/modules").glob("evs_*.py")
    }
    assert {path.stem for path in (ROOT / "plugins/action").glob("*.py")} == {"evs_move", *others}
    for name in others:
        tree = ast.parse((ROOT / f"plugins/modules/{name}.py").read_text(encoding="utf-8"))
        assert {type(each) for each in tree.body} == {ast.ImportFrom, ast.Assign}


PACKED = "what Ansible packed"
IN_PLACE = "what lies here"


@pytest.mark.parametrize(
    ("built", "differs"),
    [
        (IN_PLACE, {}),
        (IN_PLACE, {"transport": "ansible.builtin.local"}),
        (PACKED, {"transport": "ssh"}),
        (PACKED, {"become": object()}),
        (PACKED, {"delegate_to": "elsewhere"}),
        (PACKED, {"async_val": 60}),
        (PACKED, {"keep": True}),
        (PACKED, {"name": "evs_move"}),
        (PACKED, {"name": "other.evs.evs_move"}),
        (PACKED, {"python": "/usr/bin/no-such-python"}),
        (PACKED, {"python": None}),
        (PACKED, {"made": None}),
    ],
)
def test_a_module_is_packed_unless_it_can_run_from_where_it_lies(
    monkeypatch: pytest.MonkeyPatch, built: str, differs: dict[str, Any]
) -> None:
    """Another machine, user, Python or time needs what Ansible packs."""
    is_so = {"transport": "local", "become": None, "delegate_to": None, "async_val": 0, "keep": False}
    is_so.update(name="otc.evs.evs_move", python=sys.executable, made=IN_PLACE)
    is_so.update(differs)
    monkeypatch.setattr(NormalAction, "_configure_module", lambda self, **arguments: PACKED)
    monkeypatch.setattr(_in_place, "built", lambda name, arguments, python: is_so["made"])
    monkeypatch.setattr(constants.config, "get_config_value", lambda name: is_so["keep"])
    action: Any = object.__new__(ActionModule)
    action._connection = SimpleNamespace(transport=is_so["transport"], become=is_so["become"])
    action._task = SimpleNamespace(delegate_to=is_so["delegate_to"], async_val=is_so["async_val"])
    action._templar = SimpleNamespace(template=lambda value: value)
    variables = {} if is_so["python"] is None else {"ansible_python_interpreter": is_so["python"]}
    assert action._configure_module(str(is_so["name"]), {}, variables) == built


@pytest.mark.parametrize(
    ("transport", "callback", "line", "apart"),
    [
        ("local", "default", "[shop] 1 of 20 disks tried after ", False),
        ("local", "ansible.posix.json", "[shop] 1 of 20 disks tried after ", True),
        ("ssh", "default", "[shop] still at work after ", False),
    ],
)
def test_lines_say_that_a_module_is_at_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, transport: str, callback: str, line: str, apart: bool
) -> None:
    """What the module tells on this machine, or else only that it runs; apart from what programs read."""
    shown: list[tuple[str, bool]] = []
    action: Any = object.__new__(ActionModule)
    action._connection = SimpleNamespace(transport=transport)
    action._task = SimpleNamespace(environment=[{"OWN": "value"}])

    def run(self: Any, tmp: str | None, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        assert self._task.environment[-1] == {"OWN": "value"}
        for name, value in self._task.environment[0].items():
            monkeypatch.setenv(name, value)
        counted(str, 20)("disk")
        wait_for(lambda: any(text.startswith(line) and stderr is apart for text, stderr in shown))
        return {"changed": True}

    monkeypatch.delenv(PROGRESS, raising=False)
    monkeypatch.setattr(_watch, "EVERY", 0.01)
    monkeypatch.setattr(NormalAction, "run", run)
    monkeypatch.setattr(constants.config, "get_config_value", lambda name: callback)
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path), raising=False)
    display = SimpleNamespace(display=lambda text, stderr: shown.append((text, stderr)))
    monkeypatch.setattr(action_plugin, "display", display)
    assert action.run(None, {"inventory_hostname": "shop"}) == {"changed": True}


@pytest.mark.parametrize(
    ("role", "verbosity", "packs", "hides"),
    [
        ("otc.evs.tenant_transfer", 0, True, True),
        ("otc.evs.tenant_transfer", 2, True, True),
        ("otc.evs.tenant_transfer", 3, True, False),
        ("other.evs.tenant_transfer", 0, False, False),
        (None, 0, False, False),
    ],
)
def test_what_the_role_passes_on_is_packed_and_shown_to_who_looks_for_causes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, role: str | None, verbosity: int, packs: bool, hides: bool
) -> None:
    """Users who call a module get its result as it is documented."""
    rows = [{"id": "1"}]
    result = {"changed": True, "disks": rows, "invocation": {"module_args": {}}}
    action: Any = object.__new__(ActionModule)
    action._connection = SimpleNamespace(transport="local")
    action._task = SimpleNamespace(environment=None, _role=role and SimpleNamespace(get_name=lambda: role))
    monkeypatch.setattr(NormalAction, "run", lambda self, tmp, task_vars: dict(result))
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path), raising=False)
    monkeypatch.setattr(action_plugin, "display", SimpleNamespace(verbosity=verbosity))
    shown = action.run(None, {})
    assert (shown["disks"] != rows) is packs
    assert opened(shown)["disks"] == rows
    assert ("invocation" not in shown) is hides
    assert (shown.pop("_ansible_verbose_override", False)) is hides
