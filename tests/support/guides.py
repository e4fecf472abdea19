# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a page of the documentation, and does what it says, from top to bottom, as a reader would."""

from __future__ import annotations

import re
import shlex
import subprocess
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.conditions import wait_for

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {str(path.relative_to(DOCS)): path for path in sorted(DOCS.rglob("*.md"))}
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\S+)(?P<argument>.*)\n(?P<text>(?:.*\n)*?)(?P=indent)```$", re.MULTILINE
)
FILE = re.compile(r"# ([\w./-]+\.ya?ml)\b")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
STATUS = re.compile(r"# exit status (\d+)$")
EXAMPLES = ("yaml", "shell", "text", "{literalinclude}")
TIMEOUT = 600

NOT_RUN = {
    "git clone ": "the repository is elsewhere",
    "cd otc.evs": "the tests are in the clone",
    "make demo": "a session of the noxfile, which the tests of the demo look at",
    "ansible-galaxy collection install otc.evs": "the noxfile installs what is built here",
    "ansible-builder build ": "needs a container engine; tests/integration/test_awx.py looks at the file",
    "awx import ": "needs an AWX; tests/integration/test_awx.py looks at the file",
    "pip install ": "the pins of the tests hold what requirements.txt asks for",
}
"""What is not run as it is written, by how it begins, and why."""


@dataclass(frozen=True)
class Block:
    """An example of a page."""

    language: str
    argument: str
    text: str
    heading: str

    @property
    def file(self) -> str | None:
        """The file that a reader writes it into."""
        found = FILE.match(self.text)
        return found[1] if found else None

    @property
    def commands(self) -> list[str]:
        """Its commands; one may go over several lines."""
        found: list[str] = []
        begun = ""
        for line in self.text.splitlines():
            begun += line
            try:
                shlex.split(begun)
            except ValueError:
                begun += "\n"
            else:
                found.append(begun)
                begun = ""
        assert not begun
        return found


def blocks_of(page: Path) -> list[Block]:
    """All blocks of a page that are examples; the language of each block has to be one that is known."""
    text = page.read_text(encoding="utf-8")
    headings = [(found.start(), found[1]) for found in HEADING.finditer(text)]
    found = []
    for fence in FENCE.finditer(text):
        heading = [name for start, name in headings if start < fence.start()][-1]
        block = Block(fence["language"], fence["argument"].strip(), textwrap.dedent(fence["text"]), heading)
        if block.language != "{toctree}":
            found.append(block)
    assert text.count("```") == 2 * len(list(FENCE.finditer(text))), page
    return found


class Reader:
    """Somebody who does what a page says, in one directory and one shell."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self.home = home
        self.environ = dict(environ)
        self.output = ""
        self._servers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Reader:
        """Begin."""
        return self

    def __exit__(self, *dummy: object) -> None:
        """End what runs in a terminal of its own."""
        for process in self._servers:
            process.terminate()
            process.wait(TIMEOUT)

    def do(self, block: Block, translate: Callable[[str, str], str] = lambda dummy, text: text) -> None:
        """Write it, run it, or compare it with what was shown last."""
        if block.language == "text":
            shown = " ".join(self.output.split())
            missing = [line for line in block.text.splitlines() if " ".join(line.split()) not in shown]
            assert not missing, self.output
        elif block.language == "shell":
            for command in block.commands:
                self.run(command)
        elif block.file or not isinstance(yaml.safe_load(block.text), list):
            (self.home / (block.file or "variables.yml")).write_text(
                translate(block.file or "", block.text), encoding="utf-8"
            )
        else:
            self._play(yaml.safe_load(block.text))

    def run(self, command: str) -> None:
        """Run a command, whose exit status has to be the one that its comment says, else 0."""
        if command.startswith(tuple(NOT_RUN)):
            return
        if "tests.emulator" in command:
            self._servers.append(subprocess.Popen(shlex.split(command), cwd=self.home, env=self.environ))
            wait_for((self.home / "clouds.yaml").exists)
            return
        exported = command.startswith("export ")
        done = subprocess.run(
            ["bash", "-c", f"{command}\nenv -0" if exported else command],
            cwd=self.home,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        wanted = STATUS.search(command)
        assert done.returncode == int(wanted[1] if wanted else 0), f"{command}\n{done.stdout}"
        if exported:
            told = (entry.partition("=") for entry in done.stdout.split("\0") if entry)
            self.environ.update({variable: value for variable, dummy, value in told})
        else:
            self.output = done.stdout

    def _play(self, told: Any) -> None:
        """Run a playbook, or tasks of one."""
        assert isinstance(told, list), told
        is_play = any(key == "hosts" or key.endswith("import_playbook") for key in told[0])
        plays = told if is_play else [{"hosts": "localhost", "gather_facts": False, "tasks": told}]
        (self.home / "example.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
        inventory = " -i pairs.yml" if (self.home / "pairs.yml").exists() else ""
        self.run(f"ansible-playbook example.yml{inventory}")


def all_blocks() -> Iterator[tuple[str, Block]]:
    """All examples of all pages."""
    for name, page in PAGES.items():
        for block in blocks_of(page):
            yield name, block
