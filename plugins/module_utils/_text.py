# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""What is safe to show of what others wrote.

Control characters move the cursor and ring the bell, format characters turn the direction of writing
around, and both hide what stands there (Unicode categories Cc and Cf, and the separators of lines and
paragraphs).  They are shown by their number.  Data stay as they are; this is for messages.
"""

from __future__ import annotations

import unicodedata

HIDDEN = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
LONGEST = 250


def safe(text: str, longest: int | None = LONGEST) -> str:
    """The text on one line, with nothing in it that acts on a terminal, and not all of it if it is longer than that."""
    if longest is not None and len(text) > longest:
        text = text[:longest] + "..."
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN:
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
