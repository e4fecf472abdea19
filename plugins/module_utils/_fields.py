# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Take fields out of what a server answers, whatever it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer


def mapping(value: Any) -> Mapping[str, Any]:
    """An object; anything else is an empty one."""
    return value if isinstance(value, Mapping) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; anything else is no object."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def text(fields: Mapping[str, Any], key: str) -> str:
    """A string; null and a missing one are empty."""
    value = fields.get(key)
    return "" if value is None else str(value)


def required_text(fields: Mapping[str, Any], key: str, what: str) -> str:
    """A string without which nothing can be done, such as an ID."""
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedAnswer(
            f"The server's answer holds a {what} whose {key!r} is not a string: it is a {type(value).__name__}."
        )
    return value


def number(fields: Mapping[str, Any], key: str, what: str) -> int:
    """A whole number, perhaps written as a string; null and a missing one are 0."""
    try:
        return int(fields.get(key) or 0)
    except (TypeError, ValueError) as error:
        raise MalformedAnswer(f"The server's answer holds a {what} whose {key!r} is not a number.") from error


def flag(value: Any) -> bool:
    """A boolean that the API sends as one or as the string "true" or "false"."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
