# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Values of a cloud replaced by others of the same shape: pure.

What is not known to be harmless is replaced: names, IDs, hosts, keys, tokens, and whatever else is
text.  The same value is replaced by the same text each time, so that what belongs together still does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

HARMLESS = frozenset(
    (
        *("availability_zone", "bootable", "charging_mode", "code", "error_code", "frequency", "interface"),
        *("object_type", "operation_type", "protect_status", "protect_type", "region", "region_id"),
        *("rel", "replication_status", "status", "type", "version", "min_version", "expires_at"),
        *("issued_at", "created_at", "updated_at", "updated", "media-type", "base"),
    )
)
"""The keys whose text says nothing of whose cloud it is."""
MESSAGES = frozenset(("message", "error_msg", "title"))
"""The keys whose text is shown, with the values in it replaced that were met elsewhere."""
MAPS = frozenset(("metadata", "volume_image_metadata", "tags", "bind_rules"))
"""Objects whose keys are the user's own."""
OF_A_TYPE = re.compile(r"(volumes|gigabytes|snapshots)_(.+)")
"""The keys of limits that hold the name of a volume type."""
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
HEX = re.compile(r"\b[0-9a-f]{32}\b", re.IGNORECASE)
HOST = re.compile(r"https?://[^/\s\"'?#]+", re.IGNORECASE)
PLAIN = re.compile(r"(?:[0-9]+|true|false|)", re.IGNORECASE)
NEVER_PLAIN = frozenset(("auth_key", "id", "name"))
"""The keys whose text is replaced even if it is a number."""
SHORTEST = 3
"""Of a value that is looked for in messages; a shorter one is part of many words."""


class Pseudonyms:
    """What stands for what; `names` are values that are known to be replaced, wherever they are."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._known: dict[str, str] = {}
        self._given: set[str] = set()
        self._hosts: dict[str, str] = {}
        for name in names:
            self._text(name)

    def of(self, value: object, key: str = "") -> object:
        """The value of a JSON document, replaced; `key` is what it is the value of."""
        if isinstance(value, Mapping):
            return {self._key(str(name), key): self.of(item, str(name)) for name, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, key) for item in value]
        return self._value(value, key) if isinstance(value, str) else value

    def in_text(self, text: str) -> str:
        """A URL or a sentence, with the values in it replaced."""
        text = HOST.sub(lambda found: self._host(found[0]), text)
        text = HEX.sub(lambda found: self._text(found[0]), UUID.sub(lambda found: self._text(found[0]), text))
        names = sorted((name for name in self._known if len(name) >= SHORTEST), key=len, reverse=True)
        for name in names:
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", self._known[name].replace("\\", r"\\"), text)
        return text

    def _key(self, name: str, inside: str) -> str:
        limit = OF_A_TYPE.fullmatch(name) if inside == "quota_set" else None
        if limit:
            return f"{limit[1]}_{self._text(limit[2])}"
        ours = inside in MAPS and not name.startswith("__")
        return self._text(name) if ours or UUID.search(name) or HEX.search(name) else name

    def _value(self, text: str, key: str) -> str:
        if key in HARMLESS or (key not in NEVER_PLAIN and PLAIN.fullmatch(text)):
            return text
        if HOST.match(text) or key in MESSAGES:
            return self.in_text(text)
        return self._text(text)

    def _text(self, text: str) -> str:
        """What stands for a whole value."""
        if not text or text in self._given:
            return text
        if text not in self._known:
            number = len(self._known) + 1
            shape = "00000000-0000-4000-8000-{:012x}" if UUID.fullmatch(text) else "text-{}"
            self._known[text] = f"{number:032x}" if HEX.fullmatch(text) else shape.format(number)
            self._given.add(self._known[text])
        return self._known[text]

    def _host(self, url: str) -> str:
        """What stands for the scheme and the host of a URL."""
        if url.startswith("https://host-") and url.endswith(".invalid"):
            return url
        return self._hosts.setdefault(url, f"https://host-{len(self._hosts) + 1}.invalid")
