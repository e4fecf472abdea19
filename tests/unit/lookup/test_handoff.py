# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The handoff file where others have access: written whole, by nobody else's hand, and never waited for (S9)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.lookup import handoff
from ansible_collections.otc.evs.plugins.lookup.handoff_write import problem
from ansible_collections.otc.evs.plugins.plugin_utils._files import FileProblem, read_plain, require_own, write_whole
from ansible_collections.otc.evs.plugins.plugin_utils._handoff import MOST_BYTES
from tests.support.rows import HERE

PASSWORD = "not-a-secret"
ABOUT = {"source": HERE.as_result(), "name": "n", "target_project": None, "created": "2026-11-21T12:00:00Z"}
OFFER = {"id": "1" * 32, "volume_id": "2" * 32, "auth_key": "k", "volume_name": "data", "size": 1}


def write(
    path: Path, offered: Sequence[dict[str, Any]] = (), dead: Sequence[str] = (), password: str = PASSWORD
) -> str:
    """What the lookup says."""
    return problem(path, password, ABOUT, offered, dead)


def read(path: Path, volume_ids: Sequence[str] | None = None) -> dict[str, Any]:
    return handoff.read(path, PASSWORD, volume_ids)


def test_offers_are_added_and_dead_ones_left_out(tmp_path: Path) -> None:
    path = tmp_path / "handoff"
    assert read(path) == {}
    assert write(path, offered=[OFFER]) == ""
    assert [row["auth_key"] for row in read(path)["transfers"]] == ["k"]
    assert read(path)["known"] == [{"transfer_id": "1" * 32, "volume_id": "2" * 32, "volume_name": "data"}]
    assert path.stat().st_mode & 0o777 == 0o600
    assert write(path, offered=[{**OFFER, "id": "3" * 32, "volume_id": "4" * 32}]) == ""
    assert write(path, dead=["1" * 32]) == ""
    assert [row["volume_id"] for row in read(path)["transfers"]] == ["4" * 32]
    assert read(path, volume_ids=["5" * 32])["transfers"] == []
    assert [each.name for each in tmp_path.iterdir()] == ["handoff"], "nothing is left beside it"


def test_a_file_that_others_could_read_is_theirs_no_more(tmp_path: Path) -> None:
    path = tmp_path / "handoff"
    assert write(path) == ""
    path.chmod(0o666)
    with path.open("rb") as before:
        assert write(path, offered=[OFFER]) == ""
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_ino != os.fstat(before.fileno()).st_ino, "who has it open sees nothing new"


def test_nothing_is_written_or_read_through_a_link(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "handoff", tmp_path / "elsewhere"
    path.symlink_to(elsewhere)
    assert "it is a symbolic link" in write(path, offered=[OFFER])
    assert not elsewhere.exists()
    assert read(path) == {"problem": "it is a symbolic link."}
    elsewhere.write_text("theirs", encoding="utf-8")
    assert "it is a symbolic link" in write(path, offered=[OFFER])
    assert elsewhere.read_text(encoding="utf-8") == "theirs"


def test_another_name_of_the_same_file_keeps_the_old_content(tmp_path: Path) -> None:
    """S9: a hard link that others made to a file of one's own, or keep to an old handoff."""
    path, other = tmp_path / "handoff.vault", tmp_path / "other"
    other.write_text("precious", encoding="utf-8")
    os.link(other, path)
    assert "it is not a handoff file" in write(path, offered=[OFFER])
    path.unlink()
    assert write(path, offered=[OFFER]) == ""
    os.link(path, tmp_path / "kept")
    before = path.read_bytes()
    assert write(path, offered=[{**OFFER, "id": "9" * 32, "volume_id": "8" * 32}]) == ""
    assert (tmp_path / "kept").read_bytes() == before != path.read_bytes()
    assert other.read_text(encoding="utf-8") == "precious"


def test_what_is_no_plain_file_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "handoff"
    os.mkfifo(path)
    assert "it is not a plain file. Give a path in a directory" in write(path, offered=[OFFER])
    assert read(path) == {"problem": "it is not a plain file."}
    path.unlink()
    path.mkdir()
    assert "it is a directory" in write(path, offered=[OFFER])
    assert read(path) == {"problem": "it is a directory."}


def test_a_file_of_another_user_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "handoff"
    assert write(path) == ""
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert "it belongs to another user" in write(path, offered=[OFFER])


def test_a_file_of_another_password_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "handoff"
    assert write(path, offered=[OFFER]) == ""
    assert "the password is wrong" in write(path, password="another")
    assert len(read(path)["transfers"]) == 1


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "handoff"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert read(path) == {"problem": f"it is larger than {MOST_BYTES // 2**20} MiB."}
    assert "it is larger than" in write(path)


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert write(tmp_path / "nowhere" / "handoff").startswith("No such file or directory. Give a path")
    assert "null" in write(tmp_path / "a\0b") or "embedded" in write(tmp_path / "a\0b")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "old", 0o600)

    def fail(temporary: Path, target: Path) -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        write_whole(path, "new", 0o600, place=fail)
    assert path.read_text(encoding="utf-8") == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    require_own(tmp_path / "not there")
    (tmp_path / "binary").write_bytes(b"\xff")
    with pytest.raises(FileProblem, match="it is not UTF-8"):
        read_plain(tmp_path / "binary", 10)
