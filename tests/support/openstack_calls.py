# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run calls of the openstack CLI one after another in one process a cloud, for it takes long to start.

It keeps its clients for as long as it runs, whatever cloud the next call names; hence several processes.

From standard input comes a list of calls, each a list of words that begins with --os-cloud; to
standard output goes a list of [exit status, output, errors]. A word "$N.field" stands for a field of
what call N has answered.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import sys
from multiprocessing.pool import Pool
from typing import Any

from openstackclient.shell import OpenStackShell


def run(words: list[str]) -> tuple[int, str, str]:
    """Run one call."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        shell = OpenStackShell()
        try:
            status = shell.run(words)
        except SystemExit as ended:
            status = 2 if ended.code is None else int(ended.code)
    return status, output.getvalue(), errors.getvalue()


def filled_in(word: str, done: list[tuple[int, str, str]]) -> str:
    """Put in what an earlier call has answered."""
    if not word.startswith("$"):
        return word
    number, dummy, field = word[1:].partition(".")
    answer: Any = json.loads(done[int(number)][1] or "{}")
    return str(answer.get(field, word))


def main() -> None:
    """Run them all."""
    done: list[tuple[int, str, str]] = []
    with contextlib.ExitStack() as stack:
        processes: dict[str, Pool] = {}
        for call in json.load(sys.stdin):
            cloud = call[1]
            if cloud not in processes:
                processes[cloud] = stack.enter_context(multiprocessing.get_context("spawn").Pool(1))
            done.append(processes[cloud].apply(run, ([filled_in(word, done) for word in call],)))
    json.dump(done, sys.stdout)


if __name__ == "__main__":
    main()
