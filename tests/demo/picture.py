# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw what the demo showed as a picture of a terminal, docs/demo.svg: `make picture`."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

STEPS = re.compile(r"=== 3/5.*?(?=\n=== 5/5)", re.DOTALL)
"""What is done, and who has the disks then."""
STYLES = {
    r"^(===|TASK|PLAY).*": "bold",
    r"^\$ .*": "bold cyan",
    r"^ok: .*": "green",
    r"^changed: .*": "yellow",
    r"blocked \(\w+\)": "magenta",
}
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""No picture of ours is to load anything from elsewhere."""


def draw(output: str, picture: Path) -> None:
    """Write a picture of some steps of an output."""
    found = STEPS.search(output)
    if found is None:
        sys.exit("This is no output of the demo.")
    console = Console(record=True, width=118, file=io.StringIO())
    for line in found[0].rstrip().splitlines():
        text = Text(line)
        for pattern, style in STYLES.items():
            text.highlight_regex(pattern, style)
        console.print(text)
    drawn = console.export_svg(title="make demo", unique_id="demo")
    picture.write_text(FONTS.sub("", drawn) + "\n", encoding="utf-8")


draw(Path(sys.argv[1]).read_text(encoding="utf-8"), Path(sys.argv[2]))
