# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.packed import rows_of
from ansible_collections.otc.evs.plugins.plugin_utils._chain import wanted

DOCUMENTATION = r"""
name: transfer_wanted
short_description: Say which disks and servers are meant, and which disk is to be in which server
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - What the variables of the role say, in the form that the modules take.
  - Private to the role P(otc.evs.tenant_transfer#role); it may change in any release.
options:
  _input:
    description: The disks, by name or ID, or with the server that each is to be attached to.
    type: list
    elements: raw
    required: true
  servers:
    description: The servers whose data disks are meant, each with its C(name) and perhaps a C(target).
    type: list
    elements: dict
    default: []
  rows:
    description: What is known of the disks, as M(otc.evs.evs_attachment) returns it, or as the role passes that on.
    type: raw
    default: []
"""

EXAMPLES = r"""
- name: Name the disks
  ansible.builtin.debug:
    msg: "{{ (volumes | otc.evs.transfer_wanted).volumes }}"
"""

RETURN = r"""
_value:
  description: The C(volumes), the C(servers), and the C(attachments).
  type: dict
"""


def transfer_wanted(
    volumes: Sequence[Any], servers: Sequence[Mapping[str, Any]] = (), rows: Sequence[Mapping[str, Any]] | str = ()
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return wanted(volumes, servers, rows_of(rows))


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_wanted": transfer_wanted}
