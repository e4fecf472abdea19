# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same faults through ansible-playbook: the role does what the sweep takes it for."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.emulator.server import EmulatorServer
from tests.faults.cloud import Cloud
from tests.faults.judge import SECRETS, Tally, prepare
from tests.faults.role import LOCKED, Role
from tests.faults.test_sweep import ALL, DISKS
from tests.integration.conftest import move_on
from tests.support.samples import sample
from tests.support.server import SOURCE, TARGET, Request

pytestmark = pytest.mark.usefixtures("quick")
TIMEOUT = 2
ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SAMPLE = {
    "nothing": {},
    "a lost answer to a create": {**ALL["answer lost"], "path": "transfer$", "method": "POST"},
    "creates that are refused": {**ALL["403"], "path": "transfer$", "method": "POST", "times": None},
    "a create that is cut off for good": {**ALL["reset"], "path": "transfer$", "method": "POST", "times": None},
    "accepts that are refused": {**ALL["403"], "path": "accept$", "times": None},
    "an accept that fails, and no withdrawal": {**ALL["500"], "path": "accept$|/[0-9a-f-]{36}$", "times": None},
    "offers that vanish": {**ALL["withdrawn by another"], "path": "accept$"},
    "tokens that end": {**ALL["expired token"], "path": "accept$"},
    "a list in HTML": {**ALL["HTML"], "path": "volumes/detail", "times": None},
}


def calls(requests: list[Request]) -> list[str]:
    """What was asked, without IDs and without the number of times that something was waited for."""
    plain = [ID.sub("ID", f"{request.method} {unquote(request.path)}") for request in requests]
    return [call for call, dummy in itertools.groupby(plain)]


def test_every_sample_is_of_a_fault_of_the_sweep() -> None:
    kinds = {fault["kind"] for fault in ALL.values()}
    assert {fault["kind"] for fault in SAMPLE.values() if fault} <= kinds


@pytest.mark.parametrize("name", sample(list(SAMPLE), 3))
def test_a_playbook_does_the_same_as_the_role_in_process(emulator: EmulatorServer, tmp_path: Path, name: str) -> None:
    fault: dict[str, Any] = SAMPLE[name]

    def begin() -> list[str]:
        ids = prepare(emulator, DISKS)
        if fault:
            emulator.order_fault(**fault)
        return ids

    ids = begin()
    tally = Tally()
    cloud = Cloud.read(emulator, frozenset())
    in_process = Role(emulator, ids, concurrency=1, timeout=TIMEOUT).run()
    expected = calls(emulator.requests())
    tally.judge_first(name, emulator, ids, in_process, may_lock=True, before=cloud)
    assert tally.problems == []
    before = sorted((disk["name"], disk["tenant"], disk["status"]) for disk in emulator.volumes())

    ids = begin()
    sides = {
        side: {"auth": emulator.cloud(cloud)["auth"], "region_name": "eu-de", "concurrency": 1, "timeout": TIMEOUT}
        for side, cloud in (("tenant_transfer_source", SOURCE), ("tenant_transfer_target", TARGET))
    }
    move = move_on(emulator, tmp_path)
    run = move(ids, "-vvv", **sides)
    assert calls(emulator.requests()) == expected
    assert sorted((disk["name"], disk["tenant"], disk["status"]) for disk in emulator.volumes()) == before
    assert (run.exit_status == 0) == (in_process.error is None), run.output
    assert bool(LOCKED.search(run.words)) == bool(in_process.may_be_locked)
    counted = Counter(disk["outcome"] for disk in in_process.disks)
    told = [f"{count} {outcome.replace('_', ' ')}" for outcome, count in counted.items()]
    assert not [words for words in told if words not in run.words], run.output
    assert not [secret for secret in SECRETS if secret in run.output]

    emulator.end_faults()
    again = move(ids, **sides)
    assert again.exit_status == 0, again.output
    assert {(disk["tenant"], disk["status"]) for disk in emulator.volumes()} == {(TARGET, "available")}
    assert emulator.transfers() == []
