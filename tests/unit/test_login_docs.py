# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in docs/logins.md are complete, and where they are said to be tried there is a test of that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.otc.evs.plugins.module_utils._api.credentials import credentials
from ansible_collections.otc.evs.plugins.module_utils._errors import LoginError
from ansible_collections.otc.evs.plugins.module_utils._options import LoginOptions
from tests.integration.cinder.test_logins import LOGINS as KEYSTONE
from tests.support.tenants import NOTHING_GIVEN
from tests.unit.api.test_logins import LOGINS as EMULATOR

# Of openstacksdk about its own ways.
pytestmark = pytest.mark.filterwarnings("ignore::Warning")
PAGE = (Path(__file__).resolve().parents[2] / "docs/logins.md").read_text(encoding="utf-8")
ROWS = [re.split(r" ?\| ?", line.strip("| ")) for line in PAGE.splitlines() if re.match(r"\| .*`\{", line)]
TRIED = {
    "password": ("password", "password"),
    "password, user and project in one domain": (None, "password, one domain"),
    "password, by IDs": (None, "password, by ID"),
    "token": ("token", "token, L4"),
    "token, `v3token`": ("v3token", "v3token"),
    "application credential, by ID": ("application credential by ID", None),
    "application credential, by name": ("application credential by name", None),
    "trust": ("trust", None),
    "code of an app (TOTP)": ("totp", None),
    "several factors (MFA)": ("multifactor", None),
    "access key (AK/SK)": (None, "AK/SK, L7"),
    "access key, the project that is called like the region": (None, "AK/SK, the region's project"),
    "temporary access key": (None, "temporary AK/SK"),
}
"""The names of the tests, on a real Keystone and on the emulator."""


@pytest.mark.parametrize(("way", "example", "tried"), ROWS, ids=[row[0] for row in ROWS])
def test_an_example(way: str, example: str, tried: str) -> None:
    entry = yaml.safe_load(example.strip("`"))
    options: dict[str, Any] = {**NOTHING_GIVEN, "endpoints": {}, "timeout": 30}
    for given in ({**options, **entry}, {**options, "cloud": entry}):
        if entry.get("auth_type") == "agency":
            with pytest.raises(LoginError, match="otcextensions"):
                credentials(LoginOptions(**given))
        else:
            assert credentials(LoginOptions(**given)).secrets >= {"SECRET"} or "passcode" in example
    keystone, emulator = TRIED.get(way, (None, None))
    assert keystone in {*KEYSTONE, None}
    assert emulator in {*EMULATOR, None}
    named = [name for name, test in (("Keystone", keystone), ("emulator", emulator)) if test]
    assert tried == ", ".join(named) or (not named and tried.startswith("no"))


def test_every_row_is_looked_at() -> None:
    assert set(TRIED) <= {row[0] for row in ROWS}
    assert len(ROWS) == len(set(TRIED)) + 3
