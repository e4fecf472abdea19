#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: transfer_begin
short_description: Begin a run of the role, unless a variable cannot be used
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - Fails for what the argument specs of the role P(otc.evs.tenant_transfer#role) let pass and the role cannot use, and
    says whether the variables name servers. All disks are looked at once.
  - It runs on the controller, as an action.
  - Private to the role; it may change in any release.
attributes:
  check_mode:
    description: Can run in check mode, and changes nothing in any mode.
    support: full
options:
  entry_point:
    description: The entry point that is to use the variables.
    type: str
    required: true
  variables:
    description:
      - The variables by their names without C(tenant_transfer_), as far as the entry point uses them. C(volumes) is
        left out if it is not given.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Begin
  otc.evs.transfer_begin:
    entry_point: main
    variables: "{{ variables }}"
  register: started
"""

RETURN = r"""
entry_point:
  description: The entry point.
  type: str
  returned: success
success:
  description: The outcome of a disk with which all goes well.
  type: str
  returned: success
run:
  description: The name of this run, from its time and a random number.
  type: str
  returned: success
  sample: 20260101T120000Z-1a2b3c
started_at:
  description: When it began, in UTC.
  type: str
  returned: success
  sample: "2026-01-01T12:00:00Z"
has_servers:
  description: Whether servers have anything to do with the run.
  type: bool
  returned: success
"""
