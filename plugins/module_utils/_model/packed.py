# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Rows as one text, in which they travel between the tasks of the role.

Ansible looks at each value of a variable whenever a task uses it, and at each value that a module returns; a thousand
disks have many.  The text holds nothing that could be taken for a template.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

Told = Mapping[str, Any]
"""What a module returned, or one row of it."""
PACKED = "OTC_EVS_PACKED"
"""The environment variable by which the action plugin asks a module of the role for packed rows."""
ROWS = ("disks", "withdrawn", "backs")
"""What results hold a list of rows in."""


def packed(told: Told) -> dict[str, Any]:
    """A result with each list of rows as a text, if it is none yet."""
    return {key: text_of(value) if key in ROWS and not isinstance(value, str) else value for key, value in told.items()}


def opened(told: Told) -> dict[str, Any]:
    """A result with its rows, whether they were packed or not."""
    return {key: rows_of(value) if key in ROWS else value for key, value in told.items()}


def rows_of(rows: Sequence[Told] | str) -> Sequence[Told]:
    """The rows, whether they were packed or not."""
    return value_of(rows) if isinstance(rows, str) else rows


def text_of(value: Any) -> str:
    """Anything that JSON can hold, as a text."""
    return encoded(json.dumps(value, default=str))


def encoded(words: str) -> str:
    """JSON as such a text."""
    return base64.b64encode(words.encode()).decode()


def value_of(text: str) -> Any:
    """What is in such a text."""
    return json.loads(base64.b64decode(text))
