# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The calls of one service of one project, by path below its endpoint, and its three ways to page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, MalformedAnswer

PAGE = 1000
"""The most that EVS gives in a page; other clouds may give less."""
MOST_PAGES = 1000
"""Of one list: a million disks, where pages are as long as EVS makes them."""

NO_SUCH_MARKER = (400, 404)
"""How a list is refused whose marker is not there any more: by EVS and by Cinder."""

Json = Mapping[str, Any]


class Sender(Protocol):
    """What sends a request and returns the decoded answer, or raises."""

    def send(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        body: Json | None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """See the session."""

    def hide(self, key: str) -> None:
        """See the session."""

    def newest_microversion(self, url: str) -> tuple[int, int] | None:
        """See the session."""


class Page(NamedTuple):
    """A page of a list, and whether the next one will be asked for."""

    entries: list[Any]
    more: bool


def _id_of(entry: Any) -> str:
    found = entry.get("id") if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) else ""


class Client:
    """One service of one project."""

    def __init__(self, session: Sender, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._session = session
        self._headers = headers
        self._refused: set[str] = set()
        """The microversions that the server turned out not to have."""
        self.url = url

    def elsewhere(self, url: str, headers: Mapping[str, str] | None = None) -> Client:
        """The same service in another version, or told by headers which version is spoken."""
        return Client(self._session, url, headers)

    def get(self, path: str, microversion: str | None = None, /, **params: Any) -> Json:
        """With a `microversion` of block storage where the server has it."""
        if microversion in self._refused:
            microversion = None
        try:
            return self._session.send("GET", f"{self.url}/{path}", params or None, None, self._told(microversion))
        except ApiError as error:
            if error.status != 406 or microversion is None:
                raise
            self._refused.add(microversion)
        return self._session.send("GET", f"{self.url}/{path}", params or None, None, self._headers)

    def post(self, path: str, body: Json, microversion: str | None = None) -> Json:
        return self._session.send("POST", f"{self.url}/{path}", None, body, self._told(microversion))

    def newest_microversion(self) -> tuple[int, int] | None:
        """The newest one of the API at this endpoint, as its service tells; None if it has none."""
        return self._session.newest_microversion(self.url)

    def _told(self, microversion: str | None) -> Mapping[str, str] | None:
        return {"OpenStack-API-Version": f"volume {microversion}"} if microversion else self._headers

    def delete(self, path: str) -> Json:
        """What it answers is mostly nothing."""
        return self._session.send("DELETE", f"{self.url}/{path}", None, None, self._headers)

    def hide(self, key: str) -> None:
        """Let no message show the key of a transfer, even if the server echoes it."""
        self._session.hide(key)

    def linked_pages(
        self,
        path: str,
        key: str,
        filters: Mapping[str, str],
        by_offset: bool = False,
        microversion: str | None = None,
        links: str | None = None,
        limited: bool = True,
    ) -> Iterator[Page]:
        """The pages of a list in the style of Cinder, such as volumes/detail, by marker or by offset.

        The links that the server gives are a sign that there is more, and never followed: EVS puts
        hosts of its own network into them.  If it is not `limited` they alone tell.
        """
        links = links or f"{key}_links"
        asked = {"limit": PAGE, **filters} if limited else filters
        markers: set[str] = set()
        ids: list[str] = []
        known: set[str] = set()
        refusals: list[ApiError] = []
        seen = 0
        watch = _Watch(f"{self.url}/{path}")
        answer = self.get(path, microversion, **asked)
        while True:
            shown = self._entries_of(answer, path, key)
            # What comes a second time stands between a marker that is gone and the one that took its place.
            entries = [entry for entry in shown if _id_of(entry) not in known] if known else shown
            if refusals and not entries and (len(shown) >= PAGE or answer.get(links)):
                # There is more, and no marker that leads to it.
                raise refusals[-1]
            watch.turn(entries)
            seen += len(entries)
            missing = self._missing(answer, path, len(entries), seen)
            if missing and not entries:
                raise missing
            full = limited and len(shown) >= PAGE
            more = bool(entries and (missing or full or answer.get(links)))
            yield Page(entries, more)
            if not more:
                return
            if by_offset:
                answer = self.get(path, microversion, **asked, offset=seen)
                continue
            last = _id_of(entries[-1])
            if not last or last in markers:
                raise watch.endless(f"the page after {last} was read before")
            markers.add(last)
            ids += filter(None, map(_id_of, entries))
            answer, refusals = self._after(ids, path, microversion, asked)
            known = set(ids) if refusals else set()

    def _after(
        self, ids: Sequence[str], path: str, microversion: str | None, asked: Mapping[str, Any]
    ) -> tuple[Json, list[ApiError]]:
        """The page after what was read, and why it is the page after an earlier one, if it is.

        Another run may have moved the last disk to another tenant meanwhile, and many before it: the marker goes back
        in steps that double, and at last to the beginning.
        """
        refusals: list[ApiError] = []
        back = 1
        while back <= len(ids):
            try:
                return self.get(path, microversion, **asked, marker=ids[-back]), refusals
            except ApiError as error:
                if error.status not in NO_SUCH_MARKER:
                    raise
                refusals.append(error)
            back *= 2
        return self.get(path, microversion, **asked), refusals

    def counted_pages(self, path: str, filters: Mapping[str, str]) -> Iterator[list[Any]]:
        """The pages of a list that pages by offset and tells its length, such as those of CBR and SDRS.

        One that does not tell it may give shorter pages than were asked for: it ends with an empty one.
        """
        seen = 0
        watch = _Watch(f"{self.url}/{path}")
        while True:
            after = {"offset": seen} if seen else {}
            answer = self.get(path, limit=PAGE, **filters, **after)
            entries = self._entries_of(answer, path, path)
            watch.turn(entries)
            yield entries
            seen += len(entries)
            missing = self._missing(answer, path, len(entries), seen)
            if missing and not entries:
                raise missing
            if not entries or ("count" in answer and not missing):
                return

    def whole(self, path: str, **filters: str) -> tuple[list[Any], MalformedAnswer | None]:
        """A list that the API does not page, and what is wrong with it if it tells of more entries than it shows."""
        answer = self.get(path, **filters)
        entries = self._entries_of(answer, path, path)
        return entries, self._missing(answer, path, len(entries), len(entries))

    def transfer_pages(self, path: str) -> Iterator[list[Any]]:
        """The pages of a list of transfers.

        Cinder takes limit and offset for filters here and answers an empty list; EVS wants no
        offset of 0. So the first page is asked for plainly, and a second only after a full one.
        """
        offset = 0
        watch = _Watch(f"{self.url}/{path}")
        while True:
            entries = self.entries(path, "transfers", **({"offset": offset} if offset else {}))
            watch.turn(entries)
            yield entries
            offset += len(entries)
            if not entries or len(entries) < PAGE:
                return

    def entries(self, path: str, key: str, **params: Any) -> list[Any]:
        """A list that comes in one answer."""
        return self._entries_of(self.get(path, **params), path, key)

    def _missing(self, answer: Json, path: str, shown: int, seen: int) -> MalformedAnswer | None:
        """What is wrong with a list that tells of more entries than were seen: taken for whole it would hide them."""
        if "count" not in answer:
            return None
        count = answer["count"]
        if isinstance(count, bool) or not isinstance(count, int) or count < shown:
            told = str(count) if isinstance(count, int) else f"a {type(count).__name__} of them"
            raise MalformedAnswer(
                f"The answer of {self.url}/{path} shows {shown} entries and says that there are {told}."
            )
        if seen >= count:
            return None
        return MalformedAnswer(
            f"The list {self.url}/{path} shows {seen} entries and says that there are {count}. "
            "An entry that is missing may be one that blocks a disk."
        )

    def _entries_of(self, answer: Json, path: str, key: str) -> list[Any]:
        entries = answer.get(key)
        if entries is None and key in answer and answer.get("count") == 0:
            return []
        if not isinstance(entries, list):
            raise MalformedAnswer(f"The answer of {self.url}/{path} has no list {key!r}.")
        return entries


class _Watch:
    """Ends the reading of a list that does not end."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._previous: list[Any] = []
        self._pages = 0

    def turn(self, entries: list[Any]) -> None:
        """Look at the next page."""
        self._pages += 1
        if entries and entries == self._previous:
            raise self.endless("a page is followed by the same page")
        if self._pages > MOST_PAGES:
            raise self.endless(f"it has more than {MOST_PAGES} pages, the most that are read")
        self._previous = entries

    def endless(self, how: str) -> MalformedAnswer:
        return MalformedAnswer(
            f"The list {self._where} does not end: {how}. "
            "Check that the endpoint is the one of the service, or report it to those who run the cloud."
        )
