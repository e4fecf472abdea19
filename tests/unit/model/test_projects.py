# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant, as messages and results tell it."""

from __future__ import annotations

from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project


def test_a_project_is_told() -> None:
    project = Project("0a", "tenant\x07a", None)
    assert project.label == "tenant\\x07a (0a)"
    assert project.as_result() == {"project_id": "0a", "project_name": "tenant\x07a", "region_name": None}
