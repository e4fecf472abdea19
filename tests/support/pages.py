# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a page of HTML as a browser would, and refuse what is not closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


@dataclass
class Element:
    """An element with all that is in it."""

    tag: str
    attributes: dict[str, str | None]
    content: list[Element | str] = field(default_factory=list)

    def elements(self) -> Iterator[Element]:
        """Every element in it, in order."""
        for item in self.content:
            if isinstance(item, Element):
                yield item
                yield from item.elements()

    def all(self, tag: str) -> list[Element]:
        """Every element of this kind in it."""
        return [element for element in self.elements() if element.tag == tag]

    def one(self, tag: str) -> Element:
        """The only element of this kind in it."""
        (found,) = self.all(tag)
        return found

    def of_class(self, name: str) -> list[Element]:
        """Every element of this class in it."""
        return [element for element in self.elements() if name in (element.attributes.get("class") or "").split()]

    @property
    def text(self) -> str:
        return "".join(item if isinstance(item, str) else item.text for item in self.content)

    @property
    def words(self) -> str:
        """Its text with the white space that a browser shows."""
        return " ".join(self.text.split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        assert len(element.attributes) == len(attrs), f"an attribute of {tag} twice"
        self.open[-1].content.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert closed.tag == tag, f"{closed.tag} is closed by {tag} at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


def read_page(html: str) -> Element:
    """The page as an element that holds all others."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    (page,) = reader.open
    return page
