# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Half a character: JSON and YAML can hold it, and nothing can send or show it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._module import _require_unicode

HALF = "\ud800"


@pytest.mark.parametrize("value", [HALF, ["data", HALF], {"username": HALF}, [{"volume_id": HALF}]])
def test_half_a_character_is_refused_with_the_name_of_the_option(value: Any) -> None:
    with pytest.raises(UsageError, match=r"Option wrong contains text that is not valid Unicode\."):
        _require_unicode({"right": "data", "wrong": value})


def test_whole_characters_are_not() -> None:
    _require_unicode({"volumes": ["d\N{LATIN SMALL LETTER A WITH DIAERESIS}ta", "\N{GRINNING FACE}"], "timeout": 1})
