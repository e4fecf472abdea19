# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: handoff
short_description: Read the handoff between the teams of two tenants
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - Reads a handoff file that the role P(otc.evs.tenant_transfer#role) has written.
  - The result holds keys. Use it in the arguments of a task, and do not keep it in a fact.
options:
  _terms:
    description: The path of the file, on the controller.
    type: list
    elements: str
    required: true
  password:
    description: The password of the file.
    type: str
    required: true
  volume_ids:
    description: Only the transfers of these disks.
    type: list
    elements: str
seealso:
  - plugin: otc.evs.handoff_seal
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Accept what is in a handoff file
  otc.evs.evs_transfer_accept:
    cloud: tenant-b
    transfers: "{{ lookup('otc.evs.handoff', 'handoff.vault', password=handoff_password).transfers }}"
"""

RETURN = r"""
_raw:
  description:
    - The handoff, with C(source), C(name), C(target_project), C(created) and C(transfers).
    - The transfers again in C(known), without keys, as M(otc.evs.evs_transfer) takes them.
    - If it cannot be read, only C(problem), which says why and what to do. If there is no file, nothing at all.
  type: list
  elements: dict
"""


from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible.plugins.lookup import LookupBase

from ansible_collections.otc.evs.plugins.plugin_utils._handoff import MOST_BYTES, HandoffError, known, only, unseal


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: Sequence[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        return [_read(Path(term), self.get_option("password"), self.get_option("volume_ids")) for term in terms]


def _read(path: Path, password: str, volume_ids: Sequence[str] | None) -> dict[str, Any]:
    try:
        if path.expanduser().stat().st_size > MOST_BYTES:
            return {
                "problem": f"it has more than {MOST_BYTES // 2**20} MiB, which no handoff file has. Check the path."
            }
        content = unseal(path.expanduser().read_text(encoding="utf-8"), password)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        return {"problem": f"it cannot be read: {error}."}
    except HandoffError as error:
        return {"problem": str(error)}
    content = content if volume_ids is None else only(content, volume_ids)
    return {**content, "known": known(content)}
