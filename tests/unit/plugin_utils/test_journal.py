# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of the disks that are detached: what it keeps, and what it refuses."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.lookup.journal import told
from ansible_collections.otc.evs.plugins.plugin_utils._files import alone
from ansible_collections.otc.evs.plugins.plugin_utils._journal import entries, merge, text_of


def rows(*ids: str) -> list[dict[str, Any]]:
    servers = {"before": {"id": "s1", "name": "app01"}, "after": None}
    device = {"before": "/dev/vdb", "after": None}
    return [{"id": name, "name": f"name of {name}", "server": servers, "device": device} for name in ids]


def written(*ids: str) -> list[dict[str, Any]]:
    return entries(rows(*ids), [{"volume": name, "server": "s1"} for name in ids], "p1", "run")


def test_only_what_is_about_to_be_detached_is_written(tmp_path: Path) -> None:
    new = entries(rows("a", "b"), [{"volume": "a", "server": "s1"}, {"volume": "b", "server": "s2"}], "p1", "run")
    path = tmp_path / "new" / "attachments.json"
    assert told(path, new, []) == {"disks": new, "path": str(path), "problem": ""}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (item,) = told(path, [], [])["disks"]
    assert (item["server_id"], item["server_name"], item["volume_id"], item["device"], item["project_id"]) == (
        "s1",
        "app01",
        "a",
        "/dev/vdb",
        "p1",
    )
    assert item["is_over"] is False


def test_what_is_back_in_its_server_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "attachments.json"
    told(path, written("a", "b"), [])
    assert [item["volume_id"] for item in told(path, [], [], ["a"])["disks"]] == ["b"]
    assert [item["volume_id"] for item in told(path, [], [])["disks"]] == ["b"]


def keep_apart(path: Path, run: int) -> None:
    """Detach eight disks, each from a server of its own, and bring half of them to where they belong."""
    for number in range(8):
        (entry,) = written(f"{run}-{number}")
        told(path, [{**entry, "server_id": f"s{run}-{number}"}], [])
        told(path, [], [entry["volume_id"]] if number % 2 else [])


def test_runs_at_once_keep_the_entries_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "attachments.json"
    runs = [multiprocessing.get_context("fork").Process(target=keep_apart, args=(path, run)) for run in range(4)]
    for process in runs:
        process.start()
    for process in runs:
        process.join()
    assert [process.exitcode for process in runs] == [0] * 4
    disks = {item["volume_id"]: item["is_over"] for item in told(path, [], [])["disks"]}
    assert disks == {f"{run}-{number}": bool(number % 2) for run in range(4) for number in range(8)}
    assert sorted(file.name for file in tmp_path.iterdir()) == [".attachments.json.lock", "attachments.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def hold(path: Path, ready: Any) -> None:
    with alone(path):
        ready.set()
        signal.pause()


def test_a_run_that_was_killed_keeps_no_other_from_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "attachments.json"
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    holder = context.Process(target=hold, args=(path, ready))
    holder.start()
    ready.wait()
    holder.kill()
    holder.join()
    assert told(path, written("a"), [])["problem"] == ""


@pytest.mark.parametrize("dies_at", ["fsync", "replace"])
def test_a_run_that_dies_while_it_writes_leaves_the_journal_as_it_was(tmp_path: Path, dies_at: str) -> None:
    path = tmp_path / "attachments.json"
    told(path, written("a"), [])
    process = multiprocessing.get_context("fork").Process(target=die_at, args=(path, dies_at))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert [item["volume_id"] for item in told(path, [], [])["disks"]] == ["a"]
    assert [item["volume_id"] for item in told(path, written("b"), [])["disks"]] == ["a", "b"]


def die(*dummy: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(path: Path, call: str) -> None:
    # The pathlib of Python 3.10 keeps its own os.replace; that it renames is seen all the same.
    sys.addaudithook(lambda event, dummy: die() if (event, call) == ("os.rename", "replace") else None)
    if call == "fsync":
        setattr(os, call, die)
    told(path, written("b"), [])


def test_the_journal_and_its_name_are_on_the_disk_before_the_lookup_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def fsync(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))

    monkeypatch.setattr(os, "fsync", fsync)
    told(tmp_path / "attachments.json", written("a"), [])
    file, directory = synced
    assert file.startswith(f"{tmp_path}/.otc-evs.")
    assert directory == str(tmp_path)


def test_a_lock_is_never_taken_through_a_link(tmp_path: Path) -> None:
    path = tmp_path / "attachments.json"
    (tmp_path / ".attachments.json.lock").symlink_to(tmp_path / "other")
    assert "cannot be used" in told(path, written("a"), [])["problem"]
    assert not (tmp_path / "other").exists()
    assert not path.exists()


def test_a_journal_that_nobody_needs_is_not_made(tmp_path: Path) -> None:
    assert told(tmp_path / "x" / "attachments.json", [], ["a"])["problem"] == ""
    assert list(tmp_path.iterdir()) == []


def test_what_is_over_is_forgotten_when_the_server_loses_others() -> None:
    first = merge([], written("a", "b"), [])
    ended = merge(first, [], ["a"])
    assert [item["is_over"] for item in ended] == [True, False]
    assert [item["volume_id"] for item in merge(ended, written("c"), [])] == ["b", "c"]
    assert [item["is_over"] for item in merge(ended, written("a"), [])] == [False, False]


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "[" * 100_000,
        json.dumps({"format": "another", "version": 1, "disks": []}),
        text_of([{"volume_id": "a"}]),
        text_of([{**written("a")[0], "device": 1}]),
        text_of([{**written("a")[0], "device": "x" * 1001}]),
    ],
)
def test_what_is_no_journal_is_refused_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "attachments.json"
    path.write_text(text, encoding="utf-8")
    assert f"The journal {path} cannot be used" in told(path, written("a"), [])["problem"]
    assert path.read_text(encoding="utf-8") == text


def test_a_journal_is_never_written_through_a_link(tmp_path: Path) -> None:
    path = tmp_path / "attachments.json"
    path.symlink_to(tmp_path / "other")
    assert "symbolic link" in told(path, written("a"), [])["problem"]
    assert not (tmp_path / "other").exists()
