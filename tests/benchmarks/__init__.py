# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast the collection is, beside its floor and its peers: `make bench`.

parts.py says what is measured, and pairs.py and subjects.py run it: playbooks.py, floor.py and
sdk_script.py, at which memory.py looks on. results.py keeps the figures, page.py, limits.py and plot.py
write the page of them, and comparison.py puts it beside the page that was published last.
"""

from __future__ import annotations
