# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password of a handoff file, whatever YAML makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.plugin_utils._handoff import HandoffError, merge, seal, unseal

CONTENT = merge(None, [], {"name": "n"})


def test_a_password_of_digits_may_be_a_number() -> None:
    number: Any = 4815162342
    assert unseal(seal(CONTENT, number), "4815162342") == CONTENT


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_password_seals_nothing(nothing: Any) -> None:
    with pytest.raises(HandoffError, match="its password is empty"):
        seal(CONTENT, nothing)
