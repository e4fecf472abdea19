# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example answers of the API references, in facts, by the name of their file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Document = Mapping[str, Any]

ANSWERS = Path(__file__).parents[1] / "unit" / "documents" / "answers"
DOCUMENTS: dict[str, Document] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(ANSWERS.glob("*.json"))
}


def with_a(part: str) -> list[str]:
    """The names of the documents that have such a part."""
    return [name for name, document in DOCUMENTS.items() if part in document]
