# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes of ECS in words."""

from __future__ import annotations

import pytest

from ansible_collections.otc.evs.plugins.module_utils._plan.refusals import MEANINGS, meaning, refusal


@pytest.mark.parametrize(
    ("code", "constraint", "words"),
    [
        ("Ecs.0037", "scsi", "takes no disks in SCSI mode"),
        ("Ecs.0042", "slots", "as many disks in VBD mode"),
        ("Ecs.0051", "scsi", "SCSI mode only"),
        ("Ecs.0053", "scsi", "SCSI mode only"),
        ("Ecs.0057", "attached", "attached to that server already"),
        ("Ecs.0100", "server_status", "neither started nor stopped"),
        ("Ecs.0103", "status", "frozen"),
        ("Ecs.0104", "slots", "no place for another disk"),
        ("Ecs.0110", "rights", "may not do that"),
        ("Ecs.0111", "attached", "not attached to that server"),
        ("Ecs.0114", "server", "no such server"),
        ("Ecs.0605", "locked", "is locked"),
    ],
)
def test_what_a_code_means(code: str, constraint: str, words: str) -> None:
    reason = refusal(code, "told")
    assert (reason.constraint, reason.reason) == (constraint, f"{MEANINGS[code][1]} ({code}: told)")
    assert words in reason.reason
    assert reason.remedy
    assert meaning(code) == f"This means: {MEANINGS[code][1]}. {reason.remedy}"


@pytest.mark.parametrize(
    ("code", "told"), [("Ecs.9999", "would not attach it (Ecs.9999: told)"), (None, "would not attach it (told)")]
)
def test_a_code_that_is_not_known_is_told_as_it_is(code: str | None, told: str) -> None:
    assert meaning(code) == ""
    reason = refusal(code, "told")
    assert reason.constraint == "refused"
    assert told in reason.reason
