# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: history
short_description: Add a run of the role to its reports
version_added: 1.0.0
author: otc.evs contributors (@opentelekomcloud)
description:
  - Writes what became of the disks of a run into a file of its own, and derives the reports from the files of all runs.
  - It writes on the controller, in check mode too, since a report is about a run and no part of what the run changes.
  - Nothing is lost if several write into one directory at once, and nothing is written twice if it is called again.
  - Private to the role P(otc.evs.tenant_transfer#role); it may change in any release.
options:
  _terms:
    description: The directory of the reports. It is created if it does not exist.
    type: list
    elements: str
    required: true
  fact:
    description: The variable C(tenant_transfer_result) as JSON.
    type: raw
    required: true
  host:
    description: The inventory host that the run was of.
    type: raw
    required: true
  templates:
    description: The directory with the templates of the page.
    type: raw
    required: true
seealso:
  - plugin: otc.evs.handoff
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Add this run to the reports
  ansible.builtin.set_fact:
    problem: >-
      {{ lookup('otc.evs.history', '/var/lib/transfers', fact=tenant_transfer_result | to_json,
                host=inventory_hostname, templates=role_path ~ '/templates') }}
"""

RETURN = r"""
_raw:
  description: Why the report cannot be written, and what to do; empty if it is written.
  type: list
  elements: str
"""


import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible.plugins.lookup import LookupBase
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.otc.evs.plugins.module_utils._text import safe_message
from ansible_collections.otc.evs.plugins.plugin_utils._files import (
    UNDER_WAY,
    FileProblem,
    read_plain,
    require_no_foreign_link,
    write_whole,
)
from ansible_collections.otc.evs.plugins.plugin_utils._history import (
    Fact,
    Ignored,
    NotAFact,
    as_fact,
    as_page,
    as_report,
    derive,
    parse,
    run_of,
    suffix,
)

LARGEST = 64 * 2**20
"""No run leaves more than that; what is larger is somebody else's."""
OF_ANSIBLE = ("changed", "failed")
"""What Ansible adds to each result."""
MOST_ROUNDS = 100
"""How often the reports are derived again because other runs were added meanwhile."""
ADVICE = "Set tenant_transfer_report_dir to a directory that you may write to, and run again."

Render = Callable[[Mapping[str, Any]], str]


class ReportError(Exception):
    """The report cannot be written; the message says why and what to do."""


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: Sequence[str], variables: Any = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        fact, host, templates = (str(self.get_option(name)) for name in ("fact", "host", "templates"))
        return [problem(Path(term), host, fact, renderer(templates)) for term in terms]


def renderer(templates: str) -> Render:
    """What makes the page. Not Ansible: what others wrote has to be text there, whatever it looks like."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render


def problem(directory: Path, host: str, fact: str, render: Render) -> str:
    """Add a run to the reports; why that cannot be done, as a sentence, or nothing.

    The disks are moved by then, and their summary must not be lost over the report.
    """
    try:
        Reports(directory, host, render).add(fact)
    except ReportError as error:
        why = str(error)
    except OSError as error:
        # Of two names the second is that of the report, and not of the file on its way there.
        why = f"{error.filename2 or error.filename or directory}: {error.strerror}. {ADVICE}"
    except ValueError as error:
        # What can be no path, such as one with a null character.
        why = f"{directory}: {error}. {ADVICE}"
    else:
        return ""
    return safe_message(f"The report cannot be written: {why}")


class Reports:
    """The reports of one host in a directory, and the runs that they are derived from."""

    def __init__(self, directory: Path, host: str, render: Render) -> None:
        self._directory = directory
        self._runs = directory / "runs"
        self._host = host
        self._render = render
        # The file of a run does not change any more: each is read once.
        self._read: dict[str, Fact | Ignored | None] = {}

    def add(self, text: str) -> None:
        """Keep what a run says of itself, and derive the reports again."""
        try:
            data = parse(text)
            fact = as_fact(data)
        except NotAFact as error:
            raise ReportError(f"tenant_transfer_result is not as a run leaves it: {error}. Do not set it.") from error
        for directory in (self._directory, self._runs):
            _make(directory)
        own = self._runs / f"{fact.run}{suffix(self._host)}.json"
        told = {key: value for key, value in data.items() if key not in OF_ANSIBLE}
        self._keep(own, json.dumps(told, indent=2) + "\n")
        self._derive(own.name)

    def _keep(self, path: Path, text: str) -> None:
        if len(text) > LARGEST:
            raise ReportError(f"{path} would be larger than {LARGEST // 2**20} MiB. Move fewer disks in one run.")
        try:
            write_whole(path, text, 0o644, place=_link)
        except FileExistsError as error:
            # The same run may be told twice, but not in two ways.
            if _same(path, text):
                return
            raise ReportError(f"{path} exists and is not of this run. Move it away, and run again.") from error

    def _derive(self, own: str) -> None:
        """Write the reports until no run is missing, though others may write theirs at the same time.

        Each adds its run before it looks what there is, and looks again after it wrote. So whoever writes last has
        seen the runs of all: a lock would do no more, and not on every file system.
        """
        for dummy in range(MOST_ROUNDS):
            names = self._names()
            self._write_reports(names, own)
            if self._names() == names:
                return
        raise ReportError(f"other runs are added to {self._runs} all the time. Run again when they have ended.")

    def _names(self) -> list[str]:
        begin, end = UNDER_WAY
        names = (path.name for path in self._runs.iterdir())
        return sorted(name for name in names if not (name.startswith(begin) and name.endswith(end)))

    def _write_reports(self, names: Sequence[str], own: str) -> None:
        told = {name: self._told(name) for name in names}
        if not isinstance(told.get(own), Fact):
            raise ReportError(f"{self._runs / own} was changed or removed by somebody else. Run again.")
        derived = derive(each for each in told.values() if isinstance(each, Fact))
        ignored = [each for each in told.values() if isinstance(each, Ignored)]
        path = self._directory / f"report{suffix(self._host)}"
        write_whole(Path(f"{path}.json"), json.dumps(as_report(derived, ignored), indent=1) + "\n", 0o644)
        write_whole(Path(f"{path}.html"), self._render(as_page(derived, ignored, self._host)), 0o644)

    def _told(self, name: str) -> Fact | Ignored | None:
        if name not in self._read:
            try:
                run = run_of(name, self._host)
                self._read[name] = as_fact(parse(_content(self._runs / name)), run) if run else None
            except NotAFact as error:
                self._read[name] = Ignored(name, str(error))
        return self._read[name]


def _content(path: Path) -> str:
    """The text of a file; raises NotAFact."""
    try:
        return read_plain(path, LARGEST)
    except FileNotFoundError as error:
        raise NotAFact(f"it cannot be read ({error.strerror})") from error
    except FileProblem as problem:
        raise NotAFact(str(problem)) from problem


def _same(path: Path, text: str) -> bool:
    try:
        return _content(path) == text
    except NotAFact:
        return False


def _make(directory: Path) -> None:
    # The mode of one that is there is its owner's affair.
    if not directory.is_dir():
        directory.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):
            directory.chmod(0o755)
    try:
        # Afterwards: somebody may have put one there in between.
        require_no_foreign_link(directory)
    except FileProblem as problem:
        raise ReportError(f"{directory}: {problem}. {ADVICE}") from problem


def _link(temporary: Path, path: Path) -> None:
    """Give a file its name, but never that of another."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems have no hard links. Nobody else writes a file of this name.
        if os.path.lexists(path):
            raise FileExistsError(f"{path} exists") from None
        temporary.rename(path)
