# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of results and its plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def machine() -> str:
    """The machine in a few words."""
    raise NotImplementedError


def write(folder: Path, results: dict[str, Any]) -> None:
    """Write the page."""
