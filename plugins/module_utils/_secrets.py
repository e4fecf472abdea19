# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What no message may show, and how it is cut out of what servers say.

Ansible cuts secrets out of whole results, as they are spelt: it misses those that a server has
written in another way, and cuts names and IDs to pieces where a password is short.  So the words
of servers are cleaned here, before they become a part of a sentence, and names are left alone.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

HIDDEN = "********"
SHORTEST_CUT = 8
"""A shorter secret is a part of too many words: it is cut where it stands by itself."""
SHORTEST_ENCODED = 8
"""Less than that in base64 is a part of many words."""
SHORTEST_IN_NAMES = 16
"""A shorter one may be a part of a name or an ID, and those are not cut."""


class Secrets:
    """All secrets of a run; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._spellings: list[str] = []
        self._keys: list[str] = []

    def add(self, secrets: Iterable[str]) -> None:
        """Passwords and tokens: few, and with any characters."""
        with self._lock:
            new = {secret for secret in secrets if secret.strip()} - self._known
            if not new:
                return
            self._known |= new
            spellings = {spelling for secret in self._known for spelling in _spellings(secret)}
            # Of two that begin alike the longer one first: nothing of it must be left.
            self._spellings = sorted(spellings, key=len, reverse=True)

    def add_key(self, key: str) -> None:
        """The key of a transfer: there are thousands of them, and they are of letters and digits."""
        self._keys.append(key)

    def in_names(self) -> set[str]:
        """Those that stand in no name by chance."""
        return {secret for secret in self._known if len(secret) >= SHORTEST_IN_NAMES}

    def known(self) -> frozenset[str]:
        """Passwords and tokens as they are, for what replaces whole values."""
        return frozenset(self._known)

    def cut(self, words: str) -> str:
        """What a server says, without any of them."""
        for key in self._keys:
            words = words.replace(key, HIDDEN)
        for spelling in self._spellings:
            if spelling not in words:
                continue
            if len(spelling) >= SHORTEST_CUT:
                words = words.replace(spelling, HIDDEN)
            else:
                words = re.sub(rf"(?<![\w-]){re.escape(spelling)}(?![\w-])", HIDDEN, words)
        return words


def texts_in(value: Any) -> Iterator[str]:
    """The texts and numbers in a value, at whatever depth, and the names of what is below it."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from texts_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_in(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _spellings(secret: str) -> Iterator[str]:
    """How a server may write it: as it is, escaped for JSON, Python, HTML and URLs, and in base64.

    The last of these is a part of what `user:password` is in base64, too.
    """
    for text in (secret, secret.strip()):
        yield text
        for escaped in (json.dumps(text), json.dumps(text, ensure_ascii=False), repr(text), ascii(text)):
            yield escaped[1:-1]
            yield escaped[1:-1].replace("/", "\\/")
        yield html.escape(text)
        yield html.escape(text, quote=False)
        raw = text.encode("utf-8", "surrogatepass")
        for quoted in (urllib.parse.quote(raw, safe=""), urllib.parse.quote(raw), urllib.parse.quote_plus(raw)):
            yield quoted
            yield re.sub("%..", lambda found: found.group().lower(), quoted)
        for offset in range(3):
            first, end = -(-offset * 8 // 6), (offset + len(raw)) * 8 // 6
            encoded = base64.b64encode(bytes(offset) + raw).decode()[first:end]
            if len(encoded) >= SHORTEST_ENCODED:
                yield encoded
                yield encoded.replace("+", "-").replace("/", "_")
