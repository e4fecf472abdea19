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
  - The result contains keys. Use it in the arguments of a task, and do not keep it in a fact.
  - Private to the role; it may change in any release.
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
  - plugin: otc.evs.handoff_write
    plugin_type: lookup
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

from ansible_collections.otc.evs.plugins.module_utils._text import safe_message
from ansible_collections.otc.evs.plugins.plugin_utils._files import FileProblem, read_plain
from ansible_collections.otc.evs.plugins.plugin_utils._handoff import (
    FIELDS,
    MOST_BYTES,
    HandoffError,
    disks,
    known,
    only,
    unseal,
)


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: Sequence[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        return [read(Path(term), self.get_option("password"), self.get_option("volume_ids")) for term in terms]


def read(path: Path, password: str, volume_ids: Sequence[str] | None) -> dict[str, Any]:
    try:
        content = unseal(read_plain(path.expanduser(), MOST_BYTES), password)
    except FileNotFoundError:
        return {}
    except FileProblem as problem:
        return {"problem": safe_message(f"{problem}.")}
    except HandoffError as error:
        return {"problem": safe_message(str(error))}
    content = content if volume_ids is None else only(content, volume_ids)
    # A module knows no more of a transfer than these.
    transfers = [{name: row[name] for name in FIELDS if name in row} for row in content["transfers"]]
    return {**content, "transfers": transfers, "known": known(content), "disks": disks(content)}
