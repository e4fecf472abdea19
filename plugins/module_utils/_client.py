# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The calls of one service of one project, by path below its endpoint, and its three ways to page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer
from ansible_collections.otc.evs.plugins.module_utils._model import Secret

PAGE = 1000
"""The most that EVS gives in a page; other clouds may give less."""

Json = Mapping[str, Any]


class Sender(Protocol):
    """What sends a request and returns the decoded answer, or raises."""

    def send(
        self, method: str, url: str, params: Mapping[str, Any] | None, body: Json | None, secret: Secret | None
    ) -> Json:
        """See the session."""


class Client:
    """One service of one project."""

    def __init__(self, session: Sender, url: str) -> None:
        self._session = session
        self.url = url

    def get(self, path: str, **params: Any) -> Json:
        return self._session.send("GET", f"{self.url}/{path}", params or None, None, None)

    def post(self, path: str, body: Json, secret: Secret | None = None) -> Json:
        """`secret` is what the body holds that no message may show, even if the server echoes it."""
        return self._session.send("POST", f"{self.url}/{path}", None, body, secret)

    def delete(self, path: str) -> None:
        self._session.send("DELETE", f"{self.url}/{path}", None, None, None)

    def linked_pages(
        self, path: str, key: str, filters: Mapping[str, str], by_offset: bool = False
    ) -> Iterator[list[Any]]:
        """The pages of a list in the style of Cinder, such as volumes/detail, by marker or by offset.

        The links that the server gives are a sign that there is more, and never followed: EVS puts
        hosts of its own network into them.
        """
        position: dict[str, Any] = {}
        seen = 0
        while True:
            answer = self.get(path, limit=PAGE, **filters, **position)
            entries = self._entries(answer, path, key)
            yield entries
            seen += len(entries)
            if not entries or (len(entries) < PAGE and not answer.get(f"{key}_links")):
                return
            last = entries[-1].get("id") if isinstance(entries[-1], Mapping) else None
            if not last or last == position.get("marker"):
                raise MalformedAnswer(
                    f"The list {self.url}/{path} does not end: its page after {last} is followed by the same page."
                )
            position = {"offset": seen} if by_offset else {"marker": last}

    def counted_pages(self, path: str, filters: Mapping[str, str]) -> Iterator[list[Any]]:
        """The pages of a list that pages by offset and tells its length, such as those of CBR and SDRS."""
        offset = 0
        while True:
            after = {"offset": offset} if offset else {}
            answer = self.get(path, limit=PAGE, **filters, **after)
            entries = self._entries(answer, path, path)
            yield entries
            offset += len(entries)
            count = answer.get("count")
            if not entries or (offset >= count if isinstance(count, int) else len(entries) < PAGE):
                return

    def transfer_pages(self, path: str) -> Iterator[list[Any]]:
        """The pages of a list of transfers.

        Cinder takes limit and offset for filters here and answers an empty list; EVS wants no
        offset of 0. So the first page is asked for plainly, and a second only after a full one.
        """
        offset = 0
        while True:
            answer = self.get(path, offset=offset) if offset else self.get(path)
            entries = self._entries(answer, path, "transfers")
            yield entries
            offset += len(entries)
            if not entries or len(entries) < PAGE:
                return

    def _entries(self, answer: Json, path: str, key: str) -> list[Any]:
        entries = answer.get(key)
        if not isinstance(entries, list):
            raise MalformedAnswer(f"The answer of {self.url}/{path} has no list {key!r}.")
        return entries
