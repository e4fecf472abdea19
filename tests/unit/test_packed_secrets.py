# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that a module packs hold no secret that Ansible would have cut out of them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._model.packed import value_of
from ansible_collections.otc.evs.plugins.module_utils._module import _packed

ROWS: list[dict[str, Any]] = [{"id": "1", "name": 'of not-a-secret-\u00fc"-16', "size": 1}, {"id": "2", "name": None}]


@pytest.mark.parametrize(
    ("secrets", "name"),
    [
        (set(), ROWS[0]["name"]),
        ({"another-secret-of-16"}, ROWS[0]["name"]),
        ({'not-a-secret-\u00fc"-16'}, "of ********"),
        ({ROWS[0]["name"], "another-secret-of-16"}, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"),
    ],
)
def test_what_ansible_would_cut_is_cut_before(secrets: set[str], name: str) -> None:
    assert value_of(_packed(ROWS, secrets)) == [{**ROWS[0], "name": name}, ROWS[1]]
