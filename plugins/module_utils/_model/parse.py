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
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def parts(body: bytes) -> int:
    """At least as many objects, lists and values as a JSON document has, or a piece of one, without parsing it."""
    return sum(map(body.count, (b",", b"{", b"[")))


def mapping(value: Any) -> Mapping[str, Any]:
    """An object; anything else is an empty one, which lacks what is required."""
    return value if isinstance(value, Mapping) else {}


def nested(fields: Mapping[str, Any], key: str, what: str) -> Mapping[str, Any]:
    """An object; null and a missing one are empty."""
    value = fields.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _malformed(value, key, what, "an object")
    return value


def objects(fields: Mapping[str, Any], key: str, what: str) -> list[Mapping[str, Any]]:
    """A list of objects; null and a missing one are empty."""
    value = fields.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise _malformed(value, key, what, "a list of objects")
    return value


def text(fields: Mapping[str, Any], key: str, what: str) -> str:
    """A string, perhaps written as a number; null and a missing one are empty."""
    value = fields.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _malformed(value, key, what, "a string")
    return str(value)


def texts(fields: Mapping[str, Any], key: str, what: str) -> dict[str, str]:
    """An object such as metadata, each value as text: EVS documents that a value may be anything."""
    return {name: _as_text(value) for name, value in nested(fields, key, what).items()}


def _as_text(value: Any) -> str:
    """Anything as text: a string as it is, null as an empty one, the rest as JSON writes it."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def optional_text(fields: Mapping[str, Any], key: str, what: str) -> str | None:
    """A string; null stays what it is, and a missing one is null."""
    return None if fields.get(key) is None else text(fields, key, what)


def required_text(fields: Mapping[str, Any], key: str, what: str) -> str:
    """A string without which nothing can be done, such as an ID."""
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        raise _malformed(value, key, what, "a string")
    return value


def number(fields: Mapping[str, Any], key: str, what: str) -> int:
    """A whole number, perhaps written as a string; null and a missing one are 0."""
    value = fields.get(key)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not WHOLE_NUMBER.fullmatch(str(value)):
        raise _malformed(value, key, what, "a number")
    return int(value)


def flag(fields: Mapping[str, Any], key: str, what: str) -> bool:
    """A boolean that the API sends as one or as the string "true" or "false"; null and a missing one are false."""
    value = fields.get(key)
    if value is None or isinstance(value, bool):
        return bool(value)
    if not isinstance(value, str) or value.lower() not in ("true", "false"):
        raise _malformed(value, key, what, "true or false")
    return value.lower() == "true"


def _malformed(value: Any, key: str, what: str, expected: str) -> MalformedAnswer:
    """What is not understood is an error: taken for nothing it would let a disk pass."""
    found = "null or missing" if value is None else "empty" if value == "" else f"a {type(value).__name__}"
    return MalformedAnswer(
        f"The server's answer has a {what} whose {key!r} is not {expected}: it is {found}. "
        "Check that the endpoint is the one of the service, or report it to those who run the cloud."
    )
