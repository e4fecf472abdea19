# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""While a module runs, lines say how far it is."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ansible_collections.otc.evs.plugins.module_utils._flows import progress
from ansible_collections.otc.evs.plugins.module_utils._flows.progress import PROGRESS, counted
from ansible_collections.otc.evs.plugins.plugin_utils import _watch
from tests.support.conditions import wait_for


def fails(number: int) -> int:
    return 1 // number


def test_lines_say_what_the_module_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What fails is dealt with, too; the file is nobody else's, and gone at the end."""
    monkeypatch.setattr(_watch, "EVERY", 0.01)
    monkeypatch.setattr(progress, "PAUSE", 0.0)
    lines: list[str] = []

    def seen(text: str) -> bool:
        return any(line.startswith(text) for line in lines)

    with _watch.shown(lines.append, str(tmp_path)) as path:
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
        wait_for(lambda: seen("still at work after "))
        monkeypatch.setenv(PROGRESS, path)
        call = counted(fails, 12345)
        assert call(1) == 1
        wait_for(lambda: seen("1 of 12,345 disks tried after "))
        with pytest.raises(ZeroDivisionError):
            call(0)
        wait_for(lambda: seen("2 of 12,345 disks tried after "))
    count = len(lines)
    assert not list(tmp_path.iterdir())
    assert len(lines) == count


def test_it_is_told_now_and_then_and_at_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """To write each of a thousand costs them time."""
    path = tmp_path / "progress"
    path.touch()
    monkeypatch.setattr(progress, "PAUSE", 3600.0)
    monkeypatch.setenv(PROGRESS, str(path))
    call = counted(str, 3)
    told = []
    for number in range(3):
        call(number)
        told.append(progress.read(path.read_bytes()))
    assert told == [(1, 3), (1, 3), (3, 3)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "still at work after 8 s"),
        (b"           3           4", "3 of 4 disks tried after 8 s"),
        (b"           3", "still at work after 8 s"),
        (b"\xff", "still at work after 8 s"),
    ],
)
def test_a_line(content: bytes, said: str) -> None:
    assert _watch.line(content, 8.0) == said


def test_who_cannot_be_told_keeps_no_disk_from_moving(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file of another user, of another machine, or a link that somebody has put there."""
    assert counted(fails, 2) is fails
    other = tmp_path / "other"
    other.write_text("theirs", encoding="utf-8")
    (tmp_path / "link").symlink_to(other)
    for name in ("link", "none", "no/folder"):
        monkeypatch.setenv(PROGRESS, str(tmp_path / name))
        assert counted(fails, 2)(1) == 1
    assert other.read_text(encoding="utf-8") == "theirs"
    assert not (tmp_path / "none").exists()
