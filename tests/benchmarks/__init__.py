# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast the collection is, beside its floor and its peers: `make bench`.

subjects.py runs what is compared, playbooks.py, floor.py and sdk_script.py are what it runs,
memory.py looks on, page.py writes the page of results.
"""

from __future__ import annotations
