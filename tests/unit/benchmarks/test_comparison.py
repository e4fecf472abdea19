# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of benchmarks beside an earlier one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.comparison import compared, machine, numbered, sheets, value

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "benchmarks.md"

PAGE = """2 processors (x86_64), Linux, Python 3.11.7. Times are seconds.

## Ours

| latency | disks | requests | ours | floor |
|---|---|---|---|---|
| 20 ms | 5 | 26 | 2.00 (1.90 to 2.10) | 0.050 |
| 20 ms | 1,000 | 2,020 | 5.66 | 3.074 |

## Gone

| disks | ours |
|---|---|
| 1 | 1 |
"""


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("5.66", 5.66),
        ("2.04 (1.99 to 2.09)", 2.04),
        ("2,020", 2020.0),
        ("1,234,567.5", 1234567.5),
        ("2996", 2996.0),
        ("330, calculated", 330.0),
        ("11: 0.85 (0.83 to 0.87)", 0.85),
        ("-", None),
        ("", None),
        ("held", None),
    ],
)
def test_the_figure_of_a_cell(cell: str, number: float | None) -> None:
    assert value(cell) == number


def test_columns_of_one_name_are_told_apart() -> None:
    assert numbered(["ours", "ratio", "floor", "ratio"]) == ["ours", "ratio", "floor", "ratio, 3"]


def test_tables_are_found_by_heading_and_rows_by_label() -> None:
    found = sheets(PAGE)
    assert list(found) == ["## Ours", "## Gone"]
    assert list(found["## Ours"].rows) == [("20 ms", "5"), ("20 ms", "1,000")]


def test_what_both_have_is_compared() -> None:
    now = """2 processors (x86_64), Linux, Python 3.11.7. Times are seconds.

## Ours

| latency | disks | new | ours | requests |
|---|---|---|---|---|
| 20 ms | 1,000 | 7 | 2.83 (2 to 3) | - |
| 20 ms | 9 | 7 | 1 | 1 |

## New

| disks | ours |
|---|---|
| 1 | 1 |

## Limits

| what | limit |
|---|---|
| a | 1 |
"""
    assert compared(PAGE, now).splitlines()[2:] == [
        "published -> now: now / published",
        "",
        "## Ours",
        "",
        "| latency | disks | ours | requests |",
        "|---|---|---|---|",
        "| 20 ms | 1,000 | 5.66 -> 2.83: 0.50 | - |",
    ]


@pytest.mark.parametrize(
    "header", ["| disks | ours |\n|---|---|\n| 5 | 1 |", "| latency | disks | new |\n|---|---|---|\n| 20 ms | 5 | 1 |"]
)
def test_tables_of_another_kind_are_left_out(header: str) -> None:
    assert "## Ours" not in compared(PAGE, f"## Ours\n\n{header}\n")


def test_nothing_is_divided_by_zero() -> None:
    page = "## Ours\n\n| disks | ours |\n|---|---|\n| 1 | {} |\n"
    assert "| 1 | 0 -> 2 |" in compared(page.format("0"), page.format("2"))


def test_another_machine_is_said() -> None:
    assert machine(PAGE) == "2 processors (x86_64), Linux, Python 3.11.7"
    assert "only ratios can be compared" not in compared(PAGE, PAGE)
    assert "only ratios can be compared" in compared(PAGE, PAGE.replace("2 processors", "4 processors"))


def test_the_published_page_is_read_whole() -> None:
    text = PUBLISHED.read_text(encoding="utf-8")
    found = sheets(text)
    assert machine(text)
    assert len(found) == text.count("\n|---|")
    assert sum(len(sheet.rows) + 2 for sheet in found.values()) == text.count("\n|")
    itself = compared(text, text)
    assert {heading for heading in found if heading not in itself} <= {"## Limits"}
    for heading, sheet in found.items():
        assert sheet.labels or heading == "## Limits"
