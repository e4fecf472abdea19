# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with the lab itself."""

from __future__ import annotations


class LabError(Exception):
    """The lab could not be installed, started or prepared; the message holds the log's end."""
