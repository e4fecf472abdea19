# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own environment, and the clean state that every lab begins with.

Both are made once and kept in a cache directory: `.dev/cinder` in the repository, or where the
environment variable OTC_EVS_CINDER_DIR says.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cinder.config import REPOSITORY
from tests.cinder.errors import LabError
from tests.cinder.template import build_template

HERE = Path(__file__).resolve().parent
REQUIREMENTS = ("keystone==30.0.0", "cinder==29.0.0", "waitress")
CONSTRAINTS = HERE / "constraints.txt"
OLDEST_PYTHON = (3, 11)
CANDIDATES = ("python3.11", "python3.12", "python3.13", "python3")


@dataclass(frozen=True)
class Installation:
    """An environment with Keystone and Cinder, and a clean state for them."""

    venv: Path
    template: Path


def cache_directory() -> Path:
    """Where the installation is kept."""
    chosen = os.environ.get("OTC_EVS_CINDER_DIR")
    return Path(chosen).resolve() if chosen else REPOSITORY / ".dev" / "cinder"


def install(directory: Path | None = None) -> Installation:
    """Make what is missing of the installation; quick when nothing is."""
    directory = directory or cache_directory()
    directory.mkdir(parents=True, exist_ok=True)
    with locked(directory / "lock"):
        venv = directory / "venv"
        install_environment(venv, REQUIREMENTS, CONSTRAINTS)
        template = directory / f"template-{digest_of(_shapers_of_the_template())}"
        if not template.exists():
            for outdated in directory.glob("template-*"):
                shutil.rmtree(outdated)
            build_template(venv, template)
        return Installation(venv, template)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let only one at a time install."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install_environment(venv: Path, requirements: Sequence[str], constraints: Path) -> None:
    """Make an environment anew if it is not what is wanted."""
    stamp = venv / "installed-constraints"
    wanted = digest_of([constraints]) + " " + " ".join(requirements)
    if stamp.exists() and stamp.read_text() == wanted and (venv / "bin" / "python").exists():
        return
    shutil.rmtree(venv, ignore_errors=True)
    python = venv / "bin" / "python"
    # nox names it, and says to it what pip is configured with.
    if uv := os.environ.get("UV"):
        _run(uv, "venv", "--quiet", "--python", _lab_python(), venv)
        _run(uv, "pip", "install", "--quiet", "--python", python, "--constraint", constraints, *requirements)
    else:
        _run(_lab_python(), "-m", "venv", venv)
        # Python compiles what it needs when it needs it, which is a third.
        quick = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-compile")
        _run(python, "-m", "pip", "install", *quick, "--constraint", constraints, *requirements)
    stamp.write_text(wanted)


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")


def _lab_python() -> str:
    """A Python that Cinder runs on: this one, or one on the PATH."""
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for candidate in CANDIDATES:
        if _version(candidate) >= OLDEST_PYTHON:
            return candidate
    oldest = ".".join(map(str, OLDEST_PYTHON))
    raise LabError(f"Cinder needs Python {oldest} or newer, and none is on the PATH")


def _version(python: str) -> tuple[int, ...]:
    """The version of that interpreter, () if it is none: a shim may exist and not run."""
    script = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False)
    except OSError:
        return ()
    return tuple(int(part) for part in done.stdout.split()) if done.returncode == 0 else ()


def _shapers_of_the_template() -> list[Path]:
    names = ("config.py", "seed.py", "template.py", "constraints.txt")
    return [HERE / name for name in names]


def digest_of(files: Iterable[Path]) -> str:
    """What changes when one of the files does."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
