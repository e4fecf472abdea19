# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: handoff_write
short_description: Write the handoff between the teams of two tenants
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - Puts transfers into a handoff file, encrypted with Ansible Vault, as the role P(otc.evs.tenant_transfer#role) does.
  - The file is replaced as a whole, readable only for the user who runs this, and never through a link.
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
  about:
    description: What else the target has to know, C(source), C(name), C(target_project) and C(created).
    type: dict
    required: true
  offered:
    description: The transfers that M(otc.evs.evs_transfer) returned. Those without a key are left out.
    type: list
    elements: dict
    default: []
  dead:
    description: The IDs of transfers in the file that are not there any more, and are left out.
    type: list
    elements: str
    default: []
  leaving:
    description: What M(otc.evs.evs_attachment) has rehearsed in the source, from which the file says where disks were.
    type: dict
    default: {}
seealso:
  - plugin: otc.evs.handoff
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Write a handoff file
  ansible.builtin.set_fact:
    problem: "{{ lookup('otc.evs.handoff_write', 'handoff.vault', password=password, about=about,
                        offered=offered.transfers) }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description: Why the file cannot be written, as a sentence; empty if it was.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.plugins.lookup import LookupBase

from ansible_collections.otc.evs.plugins.module_utils._model.packed import opened
from ansible_collections.otc.evs.plugins.module_utils._text import safe_message
from ansible_collections.otc.evs.plugins.plugin_utils._files import FileProblem, read_plain, require_own, write_whole
from ansible_collections.otc.evs.plugins.plugin_utils._handoff import (
    MOST_BYTES,
    HandoffError,
    merge,
    seal,
    unseal,
    wishes_of,
)

ADVICE = "Give a path in a directory that exists and is yours."


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: Sequence[str], variables: Any = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        password, about, offered, dead = (self.get_option(name) for name in ("password", "about", "offered", "dead"))
        leaving = opened(self.get_option("leaving"))
        wishes = wishes_of(leaving.get("disks", ()), leaving.get("coming", ()))
        return [problem(Path(term).expanduser(), str(password), about, offered, dead, wishes) for term in terms]


def problem(
    path: Path,
    password: str,
    about: Mapping[str, Any],
    offered: Sequence[Mapping[str, Any]],
    dead: Sequence[str],
    wishes: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """Write the file; why that cannot be done, as a sentence, or nothing."""
    try:
        require_own(path)
        write_whole(path, seal(merge(_old(path, password), offered, about, dead, wishes), password), 0o600)
    except HandoffError as error:
        return safe_message(str(error))
    except FileProblem as error:
        return safe_message(f"{error}. {ADVICE}")
    except OSError as error:
        return safe_message(f"{error.strerror}. {ADVICE}")
    except ValueError as error:
        # What can be no path, such as one with a null character.
        return safe_message(f"{error}. {ADVICE}")
    return ""


def _old(path: Path, password: str) -> dict[str, Any] | None:
    try:
        return unseal(read_plain(path, MOST_BYTES), password)
    except FileNotFoundError:
        return None
