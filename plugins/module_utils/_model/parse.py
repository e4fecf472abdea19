# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Take fields out of what a server answers, whatever it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer
from ansible_collections.otc.evs.plugins.module_utils._text import safe

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Named:
    """Something with an ID and perhaps a name."""

    id: str
    name: str

    @property
    def label(self) -> str:
        """How messages call it."""
        return safe(f"{self.name} ({self.id})" if self.name else self.id)


def parts(body: bytes) -> int:
    """At least as many objects, lists and values as a JSON document has, or a piece of one, without parsing it."""
    return sum(map(body.count, (b",", b"{", b"[")))


def mapping(value: Any) -> Mapping[str, Any]:
    """An object; anything else is an empty one, which lacks what is required."""
    return value if isinstance(value, Mapping) else {}


class Fields:
    """The fields of an object; `what` it is, messages say. Anything else has no fields, and lacks what is required."""

    def __init__(self, body: Any, what: str) -> None:
        self._fields = mapping(body)
        self._what = what

    def get(self, key: str) -> Any:
        """Whatever is there."""
        return self._fields.get(key)

    def nested(self, key: str) -> Mapping[str, Any]:
        """An object; null and a missing one are empty."""
        value = self.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self._malformed(value, key, "an object")
        return value

    def objects(self, key: str, what: str) -> list[Fields]:
        """A list of objects, and what each of them is; null and a missing one are empty."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise self._malformed(value, key, "a list of objects")
        return [Fields(item, what) for item in value]

    def text(self, key: str) -> str:
        """A string, perhaps written as a number; null and a missing one are empty."""
        value = self.get(key)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise self._malformed(value, key, "a string")
        return str(value)

    def texts(self, key: str) -> dict[str, str]:
        """An object such as metadata, each value as text: EVS documents that a value may be anything."""
        return {name: _as_text(value) for name, value in self.nested(key).items()}

    def optional_text(self, key: str) -> str | None:
        """A string; null stays what it is, and a missing one is null."""
        return None if self.get(key) is None else self.text(key)

    def required_text(self, key: str) -> str:
        """A string without which nothing can be done, such as an ID."""
        value = self.get(key)
        if not isinstance(value, str) or not value:
            raise self._malformed(value, key, "a string")
        return value

    def number(self, key: str) -> int:
        """A whole number, perhaps written as a string; null and a missing one are 0."""
        value = self.get(key)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, (int, str)) or not WHOLE_NUMBER.fullmatch(str(value)):
            raise self._malformed(value, key, "a number")
        return int(value)

    def flag(self, key: str) -> bool:
        """A boolean that the API sends as one or as the string "true" or "false"; null and a missing one are false."""
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        if not isinstance(value, str) or value.lower() not in ("true", "false"):
            raise self._malformed(value, key, "true or false")
        return value.lower() == "true"

    def optional_flag(self, key: str) -> bool | None:
        """The same; null stays what it is, and a missing one is null."""
        return None if self.get(key) is None else self.flag(key)

    def _malformed(self, value: Any, key: str, expected: str) -> MalformedAnswer:
        """What is not understood is an error: taken for nothing it would let a disk pass."""
        found = "null or missing" if value is None else "empty" if value == "" else f"a {type(value).__name__}"
        return MalformedAnswer(
            f"The server's answer has a {self._what} whose {key!r} is not {expected}: it is {found}. "
            "Check that the endpoint is the one of the service, or report it to those who run the cloud."
        )


def _as_text(value: Any) -> str:
    """Anything as text: a string as it is, null as an empty one, the rest as JSON writes it."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
