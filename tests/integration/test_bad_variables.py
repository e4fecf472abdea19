# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the role that make no sense, and names of disks that look like something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.plugin_utils._handoff import seal
from tests.emulator.server import EmulatorServer
from tests.integration.conftest import move_on
from tests.support.pages import read_page
from tests.support.playbooks import play
from tests.support.server import SOURCE, TARGET

Variables = Mapping[str, Any]
PASSWORD = "not-a-secret"


def attempt(emulator: EmulatorServer, home: Path, cases: Mapping[str, tuple[str, Variables]]) -> dict[str, str]:
    """Run an entry point with each set of variables, all in one play, and return what it failed with, or nothing."""
    tasks = [
        {
            "block": [
                {
                    "ansible.builtin.include_role": {"name": "otc.evs.tenant_transfer", "tasks_from": entry_point},
                    "vars": {
                        f"tenant_transfer_{name}": value for name, value in variables.items() if value is not ABSENT
                    },
                },
                {"ansible.builtin.set_fact": {"told": told_of(case, "''")}},
            ],
            "rescue": [{"ansible.builtin.set_fact": {"told": told_of(case, "ansible_failed_result.msg")}}],
        }
        for case, (entry_point, variables) in cases.items()
    ]
    report = {"content": "{{ told | to_json }}", "dest": str(home / "told.json"), "mode": "0600"}
    plays = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"told": {}},
            "tasks": [*tasks, {"ansible.builtin.copy": report}],
        }
    ]
    run = play(emulator, home, plays)
    assert run.exit_status == 0, run.output
    assert "Traceback" not in run.output
    told: dict[str, str] = json.loads((home / "told.json").read_text(encoding="utf-8"))
    return told


def told_of(case: str, failure: str) -> str:
    return f"{{{{ told | combine({{ {case!r}: {failure} }}) }}}}"


Case = tuple[str, Variables, str]
ABSENT = object()
"""The value of a variable that is not given."""
NO_DISKS = "Name the disks in tenant_transfer_volumes, or give at least one property of them in tenant_transfer_select."
NO_LIST = "tenant_transfer_volumes has to be a list of names or IDs."
NO_BATCH = "tenant_transfer_batch_size is {}; it takes a number of 1 or more."
MUCH: Variables = {
    "volumes": ["data", 5],
    "select": {"name": "*"},
    "servers": [{"name": " "}],
    "ignore_constraints": "status",
    "name": " x",
    "batch_size": -1,
    "report_dir": "x\x1b[2J",
}
"""One mistake in each variable that the argument specs let pass; tests/unit/plugin_utils has the others."""
MUCH_OF_HANDOFF: Variables = {"handoff_file": "", "handoff_password": 5, "target_project": ["x"]}
MUCH_TOLD = (
    "Give the disks either in tenant_transfer_volumes or by their properties in tenant_transfer_select, not in both. "
    "tenant_transfer_volumes contains something that is not a string, such as a number; put it in quotes. "
    "tenant_transfer_servers has to be a list of servers, each written as {name: SERVER, target: SERVER} or "
    "{name: SERVER}, with strings that are not empty. "
    "tenant_transfer_ignore_constraints has to be a list. "
    "tenant_transfer_name has to be a string of 1 to 64 characters and at most 255 bytes, without blanks around it. "
    "tenant_transfer_batch_size is -1; it takes a number of 1 or more. "
    "tenant_transfer_report_dir has to be the path of a directory, without characters that cannot be seen."
)
HANDOFF_TOLD = (
    "tenant_transfer_handoff_file has to be the path of a file, without characters that cannot be seen. "
    "tenant_transfer_handoff_password has to be a string that is not empty; put a number into quotes. "
    "tenant_transfer_target_project has to be a string; put a number into quotes."
)


def bad_variables(home: Path) -> dict[str, Case]:
    """Entry point, variables that replace good ones, and what is to be told."""
    (home / "directory").mkdir()
    files = {"plain": b"hello", "binary": b"\xff\xfe", "cut": b"$ANSIBLE_VAULT;1.1;AES256\nabcdef\n"}
    files["other"] = seal({"format": "a letter"}, PASSWORD).encode()
    for name, content in files.items():
        (home / name).write_bytes(content)
    missing, beneath, too_long = (str(home / name) for name in ("no/handoff", "plain/handoff", "x" * 300))
    return {
        "an unknown entry of a tenant": ("main", {"source": {"cloud": SOURCE, "colour": "red"}}, "source.colour"),
        "a tenant that is no dictionary": ("main", {"source": SOURCE}, "tenant_transfer_source"),
        "a tenant without credentials": ("main", {"source": {}}, "are not complete"),
        "no disk": ("main", {"volumes": ABSENT}, f"Nothing was changed. {NO_DISKS}"),
        "disks that are null": ("main", {"volumes": None}, f"Nothing was changed. {NO_LIST}"),
        "much at once": ("main", MUCH, f"Nothing was changed. {MUCH_TOLD}"),
        "much at once in an offer": ("offer", {**MUCH, **MUCH_OF_HANDOFF}, f"changed. {MUCH_TOLD} {HANDOFF_TOLD}"),
        "no disk a batch": ("withdraw", {"batch_size": 0}, f"Nothing was changed. {NO_BATCH.format(0)}"),
        "a cloud that is a number": ("main", {"source": {"cloud": 5}}, "Option cloud takes the name of a cloud"),
        "a disk without a name": ("main", {"volumes": ["data", ""]}, "Option volumes contains an empty name."),
        "an unknown property": ("main", {"select": {"colour": "red"}}, "tenant_transfer_select.colour"),
        "no request at once": ("main", {"concurrency": 0}, "Option concurrency is 0; it takes a number from 1 to 64"),
        "too many requests at once": ("main", {"concurrency": 65}, "Option concurrency is 65; it takes"),
        "an age that is none": ("withdraw", {"older_than": "soon"}, "older_than is 'soon'; it takes"),
        "an age beyond reckoning": ("withdraw", {"older_than": "9" * 30 + "d"}, "which is too long a time"),
        "a handoff in a directory": (
            "offer",
            {"handoff_file": str(home / "directory")},
            "cannot be used: it is a directory.",
        ),
        "a handoff that is a text": ("offer", {"handoff_file": str(home / "plain")}, "it is not a handoff file"),
        "a handoff of other bytes": (
            "offer",
            {"handoff_file": str(home / "binary")},
            "cannot be used: it is not UTF-8.",
        ),
        "a handoff that was cut": ("accept", {"handoff_file": str(home / "cut")}, "the file is not complete"),
        "a vault of something else": ("accept", {"handoff_file": str(home / "other")}, "is not a handoff. Check"),
        "a handoff that is nowhere": ("accept", {"handoff_file": missing}, "There is no handoff file"),
        "a handoff to nowhere": (
            "offer",
            {"handoff_file": missing},
            "No such file or directory. Give a path in a directory",
        ),
        "a handoff beneath a file": ("offer", {"handoff_file": beneath}, "Not a directory"),
        "a handoff with too long a name": ("offer", {"handoff_file": too_long}, "File name too long"),
        "servers in one string": ("main", {"servers": "app01"}, "tenant_transfer_servers"),
        "a server that is a string": ("main", {"servers": ["app01"]}, "tenant_transfer_servers"),
        "a server without a name": ("main", {"servers": [{"target": "app01-new"}]}, "tenant_transfer_servers"),
        "a server with a misspelt field": ("accept", {"servers": [{"name": "a", "taget": "b"}]}, "taget"),
        "a detach that is none": ("main", {"detach": "always"}, "tenant_transfer_detach"),
        "a detach that is a list": ("offer", {"detach": ["stopped"]}, "tenant_transfer_detach"),
        "an attach that is none": ("main", {"attach": "perhaps"}, "tenant_transfer_attach"),
        "an attach that is a list": ("accept", {"attach": [True]}, "tenant_transfer_attach"),
        "nothing to do on failure": ("main", {"on_failure": "retry"}, "tenant_transfer_on_failure"),
        "a restore that is true": ("withdraw", {"on_failure": True}, "tenant_transfer_on_failure"),
        "snapshots that are none": ("main", {"snapshots": "delete"}, "tenant_transfer_snapshots"),
        "snapshots that are a list": ("offer", {"snapshots": ["along"]}, "tenant_transfer_snapshots"),
        "encrypted as it is not meant": ("main", {"encrypted": True}, "tenant_transfer_encrypted"),
        "encrypted that is null": ("check", {"encrypted": "none"}, "tenant_transfer_encrypted"),
        "a trial of a string": ("trial", {"trial_disk": "1 GiB"}, "tenant_transfer_trial_disk"),
        "a trial of a size in words": ("trial", {"trial_disk": {"size": "small"}}, "tenant_transfer_trial_disk"),
        "a trial of no size": ("trial", {"trial_disk": {"size": 0}}, "Option size is 0; it takes"),
        "a trial of a misspelt field": ("trial", {"trial_disk": {"sise": 1}}, "sise"),
    }


def test_variables_that_make_no_sense_are_told_before_anything_changes(
    emulator: EmulatorServer, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    emulator.create_volume(SOURCE, "data")
    source, target = {"source": {"cloud": SOURCE}}, {"target": {"cloud": TARGET}}
    file = {"handoff_file": str(tmp_path / "handoff"), "handoff_password": PASSWORD}
    good: Mapping[str, Variables] = {
        "main": {**source, **target, "volumes": ["data"]},
        "check": {**source, **target, "volumes": ["data"]},
        "offer": {**source, **file, "volumes": ["data"]},
        "accept": {**target, **file},
        "withdraw": source,
        "trial": {**source, **target},
    }
    cases = bad_variables(tmp_path)
    told = attempt(
        emulator, tmp_path, {name: (entry, {**good[entry], **bad}) for name, (entry, bad, dummy) in cases.items()}
    )
    for name, (*dummy, message) in cases.items():
        with subtests.test(name):
            assert message in told[name]
    assert [disk["name"] for disk in emulator.volumes(SOURCE)] == ["data"]
    assert [r.path for r in emulator.requests() if r.method != "GET" and not r.path.endswith("/auth/tokens")] == []


STRANGE = [
    "{{ 1/0 }}",
    "{% raw %}",
    "<script>alert(1)</script>",
    "\"quoted\" and 'quoted'",
    "two\nlines",
    "\N{GRINNING FACE}",
    "\N{RIGHT-TO-LEFT OVERRIDE}atad",
    "null",
    "true",
    "007",
    "1e3",
    "0" * 32,
    "!unsafe x",
    "x" * 255,
    "\N{GRINNING FACE}" * 63,
]


def test_disks_move_whatever_they_are_called(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.create_volumes(SOURCE, [{"name": name} for name in STRANGE])
    select = {"tenant_transfer_select": {"name": "*"}}
    run = move_on(emulator, tmp_path)(None, **select, tenant_transfer_report_dir="reports")
    assert run.exit_status == 0, run.output
    assert sorted(disk["name"] for disk in emulator.volumes(TARGET)) == sorted(STRANGE)
    report = json.loads((tmp_path / "reports" / "report.json").read_text(encoding="utf-8"))
    assert sorted(disk["name"] for disk in report["state"]) == sorted(STRANGE)
    page = read_page((tmp_path / "reports" / "report.html").read_text(encoding="utf-8"))
    shown = {cell.one("bdi").text for cell in page.all("th") if cell.all("bdi")}
    assert {name for name in STRANGE if name.isprintable()} <= shown
    assert "\N{RIGHT-TO-LEFT OVERRIDE}atad" not in shown
    assert page.all("script") == []


def test_a_disk_that_is_named_in_two_ways_moves_once(emulator: EmulatorServer, tmp_path: Path) -> None:
    names = ["data", "007", "null", "0" * 32]
    ids = emulator.create_volumes(SOURCE, [{"name": name} for name in names])
    run = move_on(emulator, tmp_path)([*names, *ids, *names])
    assert run.exit_status == 0, run.output
    assert "tenant-a -> tenant-b: 4 moved, 0 already there" in run.words
    assert sorted(disk["id"] for disk in emulator.volumes(TARGET)) == sorted(ids)


def test_what_is_missing_of_ten_thousand_is_told(emulator: EmulatorServer, tmp_path: Path) -> None:
    names = [f"disk-{number:05}" for number in range(10_000)]
    emulator.create_volumes(SOURCE, [{"name": name} for name in names[3:]])
    run = move_on(emulator, tmp_path)(names)
    assert run.exit_status != 0
    assert "Nothing was changed." in run.words
    assert "'disk-00000', 'disk-00001', 'disk-00002': neither in project tenant-a" in run.words
    assert emulator.volumes(TARGET) == []
    assert emulator.transfers() == []


def test_none_of_ten_thousand_is_told_shortly(emulator: EmulatorServer, tmp_path: Path) -> None:
    run = move_on(emulator, tmp_path)([f"disk-{number:05}" for number in range(10_000)])
    assert run.exit_status != 0
    assert "'disk-00019' and 9980 more: neither in project tenant-a" in run.words
    assert "disk-00020" not in run.words
