# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What is safe to show of what others wrote.

Control characters move the cursor and ring the bell, format characters turn the direction of writing
around, and both hide what stands there (Unicode categories Cc and Cf, and the separators of lines and
paragraphs).  Other characters have no width, and marks in heaps cover the lines around.  All these are
shown by their number.  Data stay as they are; this is for messages.
"""

from __future__ import annotations

import unicodedata
from typing import Any

HIDDEN = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
BLANK = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
"""Letters, marks and signs that nobody sees: fillers, and selectors of variants."""
MARKS = ("Mn", "Me")
MOST_MARKS = 4
"""On one letter; no language needs more."""
LONGEST = 250
"""Of a name or another piece of text that others chose."""
LONGEST_MESSAGE = 10_000
"""Of a whole message, however many pieces are in it."""


def safe(text: str, longest: int | None = LONGEST) -> str:
    """The text on one line, with nothing in it that acts on a terminal, and not all of it if it is longer than that."""
    if longest is not None and len(text) > longest:
        text = text[:longest] + "..."
    if text.isascii() and text.isprintable():
        return text
    shown = []
    # What stands first has no letter of its own to go on.
    marks = MOST_MARKS
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in MARKS else 0
        if category in HIDDEN or character in BLANK or marks > MOST_MARKS:
            marks = MOST_MARKS
            shown.append(_number(character))
        else:
            shown.append(character)
    return "".join(shown)


def safe_message(text: str) -> str:
    """A whole message, made of sentences of ours and text of others."""
    return safe(text, LONGEST_MESSAGE)


def whole(value: Any) -> Any:
    """What a JSON document holds, with every half of a character shown by its number.

    JSON can write one, but nobody can send it on: Ansible would refuse all of a result that holds one.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {whole(key): whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value


def _number(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
