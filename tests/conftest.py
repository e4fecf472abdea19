# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets tests import the collection from the checkout by the name that Ansible gives it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent


def register_namespace(name: str, *path: str) -> None:
    """Make an empty package that looks for what it holds in `path`."""
    package = ModuleType(name)
    package.__path__ = list(path)
    sys.modules[name] = package


register_namespace("ansible_collections")
register_namespace("ansible_collections.otc")
register_namespace("ansible_collections.otc.evs", str(ROOT))
