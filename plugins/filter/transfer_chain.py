# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._model.packed import opened, packed
from ansible_collections.otc.evs.plugins.plugin_utils._chain import rehearsed

DOCUMENTATION = r"""
name: transfer_chain
short_description: Put the rehearsals of detaching, moving and attaching together
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - What a run would do with each disk, of what the modules have rehearsed.
  - Private to the role P(otc.evs.tenant_transfer#role); it may change in any release.
options:
  _input:
    description: What the module returned that moves or offers.
    type: dict
    required: true
  leaving:
    description: What M(otc.evs.evs_attachment) returned in the source.
    type: dict
    required: true
  entering:
    description: What M(otc.evs.evs_attachment) returned in the target.
    type: dict
"""

EXAMPLES = r"""
- name: Keep what would be done
  ansible.builtin.set_fact:
    whole: "{{ move | otc.evs.transfer_chain(detach, attach) }}"
"""

RETURN = r"""
_value:
  description: The rehearsal of the whole.
  type: dict
"""


def transfer_chain(
    told: Mapping[str, Any], leaving: Mapping[str, Any], entering: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return packed(rehearsed(opened(told), opened(leaving), opened(entering) if entering else None))


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transfer_chain": transfer_chain}
