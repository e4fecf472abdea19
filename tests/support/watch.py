# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where secrets stand while something runs: in processes, in files, and in what else a test has read."""

from __future__ import annotations

import base64
import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

SHORTEST_ENCODED = 8
"""Less than that in base64 may be found in any archive."""


class Watch:
    """All texts that were seen while a block ran, by channel.

    The channels are each entry of a folder, with all files below it, even those that did not stay,
    and `argv` and `environ` of processes whose environment names the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[str, set[bytes]] = {}
        self._states: dict[Path, tuple[int, int]] = {}
        self._last: dict[Path, bytes] = {}
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=[look]) for look in (self._processes, self._files)]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.look()

    def look(self) -> None:
        """Look once at what is there now."""
        self._processes()
        self._files()

    @property
    def channels(self) -> set[str]:
        """Those in which anything was seen."""
        return set(self._texts)

    def note(self, channel: str, text: bytes) -> None:
        """Count a text as seen in a channel."""
        if text:
            self._texts.setdefault(channel, set()).add(text)

    def where(self, secret: str) -> set[str]:
        """The channels in which a secret was seen, in any form."""
        wanted = list(forms(secret))
        return {
            channel for channel, texts in self._texts.items() if any(form in text for text in texts for form in wanted)
        }

    def leaks(self, secrets: Mapping[str, str]) -> dict[str, set[str]]:
        """The channels in which secrets were seen, by the names of the secrets."""
        found = {name: self.where(secret) for name, secret in secrets.items()}
        return {name: channels for name, channels in found.items() if channels}

    def _repeat(self, look: Callable[[], None]) -> None:
        while not self._stop.wait(0.02):
            look()

    def _processes(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            # Most are not ours, and any may end now.
            with contextlib.suppress(OSError):
                environ = (process / "environ").read_bytes()
                if bytes(self._folder) in environ:
                    self.note("environ", environ)
                    self.note("argv", (process / "cmdline").read_bytes())

    def _files(self) -> None:
        for path in files_below(self._folder):
            # The file and its folder may be gone by now.
            with contextlib.suppress(OSError):
                found = path.stat()
                state = (found.st_size, found.st_mtime_ns)
                if self._states.get(path) != state:
                    self._states[path] = state
                    self._keep(path, path.read_bytes())

    def _keep(self, path: Path, text: bytes) -> None:
        channel = path.relative_to(self._folder).parts[0]
        last, self._last[path] = self._last.get(path), text
        if last and text.startswith(last):
            # A log grows: what is in the new text need not be kept twice.
            self._texts[channel].discard(last)
        self.note(channel, text)


def files_below(folder: Path) -> Iterator[Path]:
    for directory, dummy, names in os.walk(folder):
        yield from (Path(directory, name) for name in names)


def forms(secret: str) -> Iterable[bytes]:
    """A secret as it is, in hexadecimal, and in base64, whatever stands before it."""
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    for offset in range(3):
        first, end = -(-offset * 8 // 6), (offset + len(raw)) * 8 // 6
        encoded = base64.b64encode(bytes(offset) + raw)[first:end]
        if len(encoded) >= SHORTEST_ENCODED:
            yield encoded
