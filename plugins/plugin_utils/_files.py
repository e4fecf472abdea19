# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""Files of the controller that others may have put something in the place of.

A file is written whole or not at all, and never through a link.  What is no plain file is not even
opened: a pipe would wait for ever.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

UNDER_WAY = (".otc-evs.", ".tmp")
"""How the name of a file begins and ends that is being written, or that a killed run left."""
MOST_LOCK_BYTES = 2**20


class FileProblem(Exception):
    """A file cannot be used; the message says why, as the end of a sentence without a full stop."""


def read_plain(path: Path, most_bytes: int) -> str:
    """The text of a plain file; raises FileProblem, or FileNotFoundError."""
    try:
        _require_plain(os.lstat(path), most_bytes)
        # Somebody may put something else there in between.
        with open(path, "rb", opener=_opener) as file:
            _require_plain(os.fstat(file.fileno()), most_bytes)
            return file.read(most_bytes).decode("utf-8")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FileProblem(f"it cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise FileProblem("it is not UTF-8") from error
    except ValueError as error:
        # What can be no path, such as one with a null character.
        raise FileProblem(f"it cannot be read ({error})") from error


def require_own(path: Path) -> None:
    """Refuse to replace what is there, unless it is a plain file of the user who runs this."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return
    _require_plain(status, status.st_size)
    if status.st_uid != os.geteuid():
        raise FileProblem("it belongs to another user")


def require_no_foreign_link(path: Path) -> None:
    """Refuse a directory that another user has put a link in the place of; root and the user himself may."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode) and status.st_uid not in (0, os.geteuid()):
        raise FileProblem("it is a symbolic link of another user")


def write_whole(path: Path, text: str, mode: int, place: Callable[[Path, Path], object] = Path.replace) -> None:
    """Write a file that is there whole or not at all, with its mode from its birth; raises OSError."""
    handle, name = tempfile.mkstemp(prefix=UNDER_WAY[0], suffix=UNDER_WAY[1], dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_directory(path.parent)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes that ask for the same from reading and writing a file at the same time; raises OSError.

    The lock is a file beside it, since that itself is replaced.  The system lets go of the lock when the
    process ends, however it ends.
    """
    lock = path.with_name(f".{path.name}.lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        _require_plain(os.fstat(handle), MOST_LOCK_BYTES)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync_directory(path: Path) -> None:
    """Let the new name of a file survive a power failure, too."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some file systems know no such thing.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _require_plain(status: os.stat_result, most_bytes: int) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise FileProblem("it is a symbolic link")
    if not stat.S_ISREG(status.st_mode):
        raise FileProblem("it is a directory" if stat.S_ISDIR(status.st_mode) else "it is not a plain file")
    if status.st_size > most_bytes:
        raise FileProblem(f"it is larger than {most_bytes // 2**20} MiB")
