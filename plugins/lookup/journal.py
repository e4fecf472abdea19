# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: journal
short_description: Remember which server a disk was in before it was detached
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - Reads and writes the journal of the role P(otc.evs.tenant_transfer#role), by which a run that was interrupted goes
    on. Once a disk is detached, no service says which server it was in.
  - The file is replaced as a whole, is on the disk before the lookup returns, and only its owner can read it. Several
    runs may write into it at once.
  - Private to the role; it may change in any release.
options:
  _terms:
    description: The directory, on the controller. It is made if there is something to write.
    type: list
    elements: str
    required: true
  host:
    description: The host of the inventory that the journal is for.
    type: str
    required: true
  rows:
    description: What M(otc.evs.evs_attachment) has rehearsed, of which the O(pairs) are written.
    type: list
    elements: dict
    default: []
  pairs:
    description: The disks and servers that are about to be detached.
    type: list
    elements: dict
    default: []
  project:
    description: The ID of their project.
    type: str
    default: ""
  run:
    description: The run that detaches them.
    type: str
    default: ""
  over:
    description: The IDs of disks that have come to where they belong.
    type: list
    elements: str
    default: []
  back:
    description: The IDs of disks that are in their servers again, and are forgotten.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Read what is remembered
  ansible.builtin.set_fact:
    journal: "{{ lookup('otc.evs.journal', 'reports', host=inventory_hostname) }}"
"""

RETURN = r"""
_raw:
  description: The C(disks), the C(path), and a C(problem), which is empty if there is none.
  type: list
  elements: dict
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible.plugins.lookup import LookupBase

from ansible_collections.otc.evs.plugins.module_utils._text import safe
from ansible_collections.otc.evs.plugins.plugin_utils._files import (
    FileProblem,
    alone,
    read_plain,
    require_own,
    write_whole,
)
from ansible_collections.otc.evs.plugins.plugin_utils._history import suffix
from ansible_collections.otc.evs.plugins.plugin_utils._journal import (
    ADVICE,
    MOST_BYTES,
    Entry,
    JournalError,
    entries,
    merge,
    parse,
    text_of,
)


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: Sequence[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        rows, pairs, project, run, over, back, host = (
            self.get_option(name) for name in ("rows", "pairs", "project", "run", "over", "back", "host")
        )
        new = entries(rows, pairs, str(project), str(run))
        name = f"attachments{suffix(str(host))}.json"
        return [told(Path(term).expanduser() / name, new, over, back) for term in terms]


def told(path: Path, new: Sequence[Entry], over: Sequence[str], back: Sequence[str] = ()) -> dict[str, Any]:
    """Read the journal, and write it if there is something new; a problem is a sentence."""
    disks: list[Entry] = []
    problem = ""
    try:
        disks = _read(path)
        if merge(disks, new, over, back) != disks:
            disks = _added(path, new, over, back)
    except (JournalError, FileProblem) as error:
        problem = f"{error}. {ADVICE}"
    except OSError as error:
        problem = f"{error.strerror}. Set tenant_transfer_report_dir to a directory that you may write to."
    except ValueError as error:
        problem = f"{error}."
    words = safe(f"The journal {path} cannot be used: {problem}", longest=None) if problem else ""
    return {"disks": disks, "path": str(path), "problem": words}


def _read(path: Path) -> list[Entry]:
    try:
        return parse(read_plain(path, MOST_BYTES))
    except FileNotFoundError:
        return []


def _added(path: Path, new: Sequence[Entry], over: Sequence[str], back: Sequence[str]) -> list[Entry]:
    """Write what is new beside what another run may have written meanwhile."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with alone(path):
        disks = merge(_read(path), new, over, back)
        require_own(path)
        write_whole(path, text_of(disks), 0o600)
    return disks
