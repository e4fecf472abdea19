# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run of the role begins."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.otc.evs.plugins.action import evs_move
from ansible_collections.otc.evs.plugins.action.transfer_begin import ActionModule
from tests.unit.plugin_utils.test_mistakes import GOOD, NO_CONSTRAINTS, NO_NAME


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp, task_vars: {})

    def run(entry_point: str, **variables: Any) -> dict[str, Any]:
        action: Any = object.__new__(ActionModule)
        action._task = SimpleNamespace(args={"entry_point": entry_point, "variables": {**GOOD, **variables}})
        result: dict[str, Any] = action.run()
        return result

    return run


@pytest.mark.parametrize(
    ("entry_point", "success"),
    [
        ("main", "moved"),
        ("check", "moved"),
        ("trial", "moved"),
        ("offer", "offered"),
        ("accept", "accepted"),
        ("withdraw", "withdrawn"),
    ],
)
def test_a_run_has_a_name_of_its_own(begun: Any, entry_point: str, success: str) -> None:
    first, second = begun(entry_point), begun(entry_point)
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}", first["run"])
    assert first["run"] != second["run"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["started_at"])
    assert re.sub("[-:]", "", first["started_at"]) == first["run"].rpartition("-")[0]
    assert (first["entry_point"], first["success"], first["changed"]) == (entry_point, success, False)
    assert "failed" not in first


@pytest.mark.parametrize(("detach", "has_servers"), [("never", False), ("stopped", True)])
def test_it_says_whether_there_are_servers(begun: Any, detach: str, has_servers: bool) -> None:
    assert begun("main", detach=detach)["has_servers"] is has_servers


def test_what_cannot_be_used_ends_it_with_all_reasons(begun: Any) -> None:
    assert begun("main", name="", ignore_constraints="all") == {
        "changed": False,
        "failed": True,
        "msg": f"Nothing was changed. {NO_CONSTRAINTS} {NO_NAME}",
    }


@pytest.mark.parametrize(("verbosity", "hidden"), [(0, True), (2, True), (3, False)])
def test_it_is_shown_to_who_looks_for_causes(
    begun: Any, monkeypatch: pytest.MonkeyPatch, verbosity: int, hidden: bool
) -> None:
    monkeypatch.setattr(evs_move, "display", SimpleNamespace(verbosity=verbosity))
    assert begun("main").get("_ansible_verbose_override", False) is hidden
