# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of results beside an earlier one: each figure of a table that both have, and the ratio."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

LABELS = {"what", "latency", "disks", "peer", "disks a batch", "pairs", "way", "disks in the project", "servers"}
"""Columns that say what a row is of."""
LEFT_OUT = {"## Limits"}
FIGURE = re.compile(r"(?:\d+: )?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)")
"""The first figure of a cell, behind the number of what it is of."""
MACHINE = re.compile(r"^\d+ processors .*?(?=\. )", re.MULTILINE)


@dataclass
class Sheet:
    """The table below a heading."""

    columns: list[str]
    rows: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    @property
    def labels(self) -> list[int]:
        return [place for place, name in enumerate(self.columns) if name in LABELS]


def sheets(text: str) -> dict[str, Sheet]:
    """The tables of a page, by heading."""
    found: dict[str, Sheet] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line
        elif line.startswith("|") and not line.startswith("|---"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if heading not in found:
                found[heading] = Sheet(numbered(cells))
            else:
                sheet = found[heading]
                sheet.rows[tuple(cells[place] for place in sheet.labels)] = cells
    return found


def numbered(names: Sequence[str]) -> list[str]:
    """Tell columns of one name apart."""
    return [name if name not in names[:place] else f"{name}, {place}" for place, name in enumerate(names)]


def value(cell: str) -> float | None:
    found = FIGURE.match(cell)
    return float(found[1].replace(",", "")) if found else None


def compared(published: str, now: str) -> str:
    """The tables that both pages have, with `published -> now: ratio` in each cell."""
    old, new = sheets(published), sheets(now)
    parts = ["# Compared with the page that was published last", "", "published -> now: now / published", ""]
    if machine(published) != machine(now):
        parts += ["The machine or its Python is another one: only ratios can be compared.", ""]
    for heading, sheet in new.items():
        if heading in old and heading not in LEFT_OUT:
            lines = list(rows(old[heading], sheet))
            if lines:
                parts += [heading, "", *lines, ""]
    return "\n".join(parts)


def machine(text: str) -> str | None:
    found = MACHINE.search(text)
    return found[0] if found else None


def rows(old: Sheet, new: Sheet) -> Iterator[str]:
    both = [place for place, name in enumerate(new.columns) if name in old.columns and name not in LABELS]
    labels = [new.columns[place] for place in new.labels]
    if labels != [old.columns[place] for place in old.labels] or not both:
        return
    known = [(key, cells) for key, cells in new.rows.items() if key in old.rows]
    if known:
        yield line([*labels, *(new.columns[place] for place in both)])
        yield f"{'|---' * (len(labels) + len(both))}|"
    for key, cells in known:
        before = dict(zip(old.columns, old.rows[key], strict=True))
        yield line([*key, *(change(before[new.columns[place]], cells[place]) for place in both)])


def change(before: str, after: str) -> str:
    old, new = value(before), value(after)
    if old is None or new is None:
        return "-"
    ratio = f": {new / old:.2f}" if old else ""
    return f"{old:,g} -> {new:,g}{ratio}"


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
