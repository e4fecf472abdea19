# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Read no answer for ever: a body that is longer than any of this API is given up.

So is one with more parts, long before it is parsed: a part of three bytes, such as `{},`, takes 72
bytes of memory and more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerTooLong
from ansible_collections.otc.evs.plugins.module_utils._model.parse import parts

if TYPE_CHECKING:
    import requests

MOST_MEBIBYTES = 64
"""The longest genuine answer is a page of a thousand disks, of some 3 KiB each."""
MOST_PARTS = 1_000_000
"""Of a body.  Such a page has some 80,000."""


def bound(response: requests.Response, **kwargs: Any) -> None:
    """A hook of a session of requests, which calls it before it reads the body."""
    response.raw = Bounded(response.raw, f"{response.request.method} {response.url}")


class Bounded:
    """A response of urllib3 that gives so much of its body and no more, unpacked."""

    def __init__(self, raw: Any, where: str) -> None:
        self._raw = raw
        self._where = where

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        total = number = 0
        for chunk in self._raw.stream(*args, **kwargs):
            total += len(chunk)
            number += parts(chunk)
            if total > MOST_MEBIBYTES * 2**20:
                raise self._given_up(f"{MOST_MEBIBYTES} MiB")
            if number > MOST_PARTS:
                raise self._given_up(f"{MOST_PARTS:,} parts")
            yield chunk

    def _given_up(self, most: str) -> AnswerTooLong:
        self._raw.close()
        return AnswerTooLong(
            f"{self._where.partition('?')[0]}: the answer has more than {most}, "
            "more than any answer of this service has. Check the endpoint, and any proxy on the way."
        )
