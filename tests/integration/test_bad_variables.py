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
                    "vars": {f"tenant_transfer_{name}": value for name, value in variables.items()},
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
NO_LIST = "tenant_transfer_volumes has to be a list of names or IDs."
NO_STRING = "tenant_transfer_volumes contains something that is not a string, such as a number; put it in quotes."
NO_NAME = "tenant_transfer_name has to be a string of 1 to 64 characters and at most 255 bytes"
NO_PASSWORD = "tenant_transfer_handoff_password has to be a string that is not empty"
NO_SERVERS = "tenant_transfer_servers has to be a list of servers, each written as {name: SERVER, target: SERVER}"
NO_PAIR = "tenant_transfer_volumes holds a disk that is not written as {volume: DISK, attach_to: SERVER}"
NO_DIRECTORY = "tenant_transfer_report_dir has to be the path of a directory, without characters that cannot be seen."


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
        "a cloud that is a number": ("main", {"source": {"cloud": 5}}, "Option cloud takes the name of a cloud"),
        "disks in one string": ("main", {"volumes": "data"}, NO_LIST),
        "disks that are null": ("main", {"volumes": None}, NO_LIST),
        "disks in a list in the list": ("main", {"volumes": [["data"]]}, NO_STRING),
        "a disk that is a number": ("main", {"volumes": [5]}, NO_STRING),
        "a disk that is true": ("main", {"volumes": [True]}, NO_STRING),
        "disks by name and by property": ("main", {"select": {"name": "*"}}, "or by their properties"),
        "a disk without a name": ("main", {"volumes": ["data", ""]}, "Option volumes contains an empty name."),
        "an unknown property": ("main", {"select": {"colour": "red"}}, "tenant_transfer_select.colour"),
        "a name of 256 bytes": ("main", {"name": "\N{GRINNING FACE}" * 64}, NO_NAME),
        "a name of 65 characters": ("check", {"name": "x" * 65}, NO_NAME),
        "a name that is empty": ("withdraw", {"name": ""}, NO_NAME),
        "a name that is a list": ("main", {"name": ["a"]}, NO_NAME),
        "no disk a batch": ("main", {"batch_size": 0}, "tenant_transfer_batch_size is 0; it takes"),
        "less than no disk a batch": ("main", {"batch_size": -1}, "tenant_transfer_batch_size is -1; it takes"),
        "no request at once": ("main", {"concurrency": 0}, "Option concurrency is 0; it takes a number from 1 to 64"),
        "too many requests at once": ("main", {"concurrency": 65}, "Option concurrency is 65; it takes"),
        "constraints in a string": ("main", {"ignore_constraints": "status"}, "ignore_constraints has to be a list"),
        "a report in a file": ("main", {"report_dir": str(home / "plain")}, NO_DIRECTORY),
        "a report in a list": ("main", {"report_dir": ["x"]}, NO_DIRECTORY),
        "a report that acts": ("main", {"report_dir": "x\x1b[2J"}, NO_DIRECTORY),
        "a handoff that acts": ("offer", {"handoff_file": "x\x1b[2J"}, "without characters that cannot be seen"),
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
        "a handoff without a name": ("offer", {"handoff_file": ""}, "handoff_file has to be the path of a file"),
        "an empty password": ("offer", {"handoff_password": ""}, NO_PASSWORD),
        "a blank password": ("accept", {"handoff_password": " "}, NO_PASSWORD),
        "a password that is a number": ("offer", {"handoff_password": 5}, NO_PASSWORD),
        "servers in one string": ("main", {"servers": "app01"}, "tenant_transfer_servers"),
        "a server that is a string": ("main", {"servers": ["app01"]}, "tenant_transfer_servers"),
        "a server without a name": ("main", {"servers": [{"target": "app01-new"}]}, "tenant_transfer_servers"),
        "a server with an empty name": ("main", {"servers": [{"name": " "}]}, NO_SERVERS),
        "a server with an empty target": ("offer", {"servers": [{"name": "app01", "target": ""}]}, NO_SERVERS),
        "a server with a number for a name": ("main", {"servers": [{"name": 5}]}, NO_SERVERS),
        "a server with a misspelt field": ("accept", {"servers": [{"name": "a", "taget": "b"}]}, "taget"),
        "a disk for an empty server": ("main", {"volumes": [{"volume": "data", "attach_to": ""}]}, NO_PAIR),
        "a disk for a server that is a list": ("main", {"volumes": [{"volume": "data", "attach_to": ["a"]}]}, NO_PAIR),
        "a server for no disk": ("check", {"volumes": [{"attach_to": "app01"}]}, NO_PAIR),
        "a disk with a misspelt field": ("main", {"volumes": [{"volume": "data", "attach": "app01"}]}, NO_PAIR),
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
        "a project that is a list": ("offer", {"target_project": ["x"]}, "target_project has to be a string"),
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
