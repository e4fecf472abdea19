# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command and example of the pages in `docs` is written, run or compared, in the order of its page."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.emulator.server import EmulatorServer
from tests.integration.test_examples import for_the_emulator
from tests.support.guides import DOCS, EXAMPLES, NOT_RUN, PAGES, ROOT, Reader, all_blocks, blocks_of
from tests.support.playbooks import BIN, environment
from tests.support.server import SOURCE, TARGET

EXECUTED = "documentation"
CI = DOCS / "examples" / "ci"
TWO = {"app01-data", "db01-data"}

Prepare = Callable[[EmulatorServer, Path], object]


def disks(*names: str, **traits: Any) -> Prepare:
    """The source has these disks."""
    return lambda emulator, dummy: [emulator.create_volume(SOURCE, name, **traits) for name in names]


def server(status: str) -> Prepare:
    """The source has a server with two disks, and the target one that is to get them."""

    def prepare(emulator: EmulatorServer, dummy: Path) -> None:
        emulator.reset()
        emulator.create_server(SOURCE, "app01", {"name": "app01-data"}, {"name": "app01-logs"}, status=status)
        emulator.create_server(TARGET, "app01-new", status="SHUTOFF")

    return prepare


def pairs(emulator: EmulatorServer, home: Path) -> None:
    """The clouds, the disks and the files of the example with many pairs; two of them, since test_pairs has all."""
    emulator.reset()
    told = yaml.safe_load((DOCS / "examples/pairs/pairs.yml").read_text(encoding="utf-8"))
    told["pairs"]["hosts"] = hosts = dict(list(told["pairs"]["hosts"].items())[:2])
    (home / "pairs.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    emulator.create_volumes(SOURCE, [{"name": disk} for pair in hosts.values() for disk in disks_of(pair)])
    entries = {pair["tenant_transfer_source"]["cloud"]: emulator.cloud(SOURCE) for pair in hosts.values()}
    entries |= {pair["tenant_transfer_target"]["cloud"]: emulator.cloud(TARGET) for pair in hosts.values()}
    (home / "clouds.yaml").write_text(yaml.safe_dump({"clouds": entries}), encoding="utf-8")


def disks_of(pair: Mapping[str, Any]) -> list[str]:
    names: list[str] = pair["tenant_transfer_volumes"]
    return names


def clone(dummy: EmulatorServer, home: Path) -> None:
    """What `make demo` leaves in a clone: its environment and the collection that it has built."""
    (home / ".nox").mkdir()
    (home / ".nox/demo").symlink_to(BIN.parent)
    (home / ".dev/demo").mkdir(parents=True)
    (home / ".dev/demo/copy").symlink_to(os.environ["ANSIBLE_COLLECTIONS_PATH"])
    (home / "tests").symlink_to(ROOT / "tests")


def reports(emulator: EmulatorServer, home: Path) -> None:
    """A report about disks that were moved and one that was not."""
    disks("db-01")(emulator, home)
    move = {
        "tenant_transfer_source": {"cloud": SOURCE},
        "tenant_transfer_target": {"cloud": TARGET},
        "tenant_transfer_volumes": ["db-01"],
        "tenant_transfer_report_dir": ".",
    }
    (home / "move.yml").write_text(yaml.safe_dump(move), encoding="utf-8")
    Reader(home, environ_of(emulator, home)).run("ansible-playbook otc.evs.transfer -e @move.yml")


def offered(emulator: EmulatorServer, home: Path) -> None:
    """A disk that somebody has moved, and that is in the report."""
    reports(emulator, home)
    (home / "reports").mkdir()
    (home / "report.json").rename(home / "reports/report.json")


BEGIN: Mapping[str, Mapping[str, Prepare]] = {
    "attachments.md": {"": server("SHUTOFF"), "With the role: stop, move, start": server("ACTIVE")},
    "examples/pairs/README.md": {"": pairs, "Automation controller and AWX": pairs},
    "faq.md": {"": offered},
    "guides/one-pair.md": {
        "": lambda emulator, home: [
            disks(*TWO)(emulator, home),
            disks("web01", metadata={"tier": "gold"})(emulator, home),
        ]
    },
    "guides/two-teams.md": {"": disks("app01-data", "app02-data")},
    "reports.md": {"": reports},
    "runbook.md": {"": server("ACTIVE")},
    "tutorial.md": {"": clone},
}
"""What there is when a page begins, and again at a heading, by page."""
USUAL: Mapping[str, Prepare] = {"": disks("app01-data", "db01-data", "app02-data")}
"""What there is on any other page."""
MOVED: Mapping[str, set[str]] = {
    "attachments.md": {"app01-data", "app01-logs"},
    "guides/one-pair.md": TWO,
    "guides/two-teams.md": {"app01-data", "app02-data"},
    "runbook.md": set(),
}
"""Which data disks the target has at the end; there and back again, none."""
OWN_CLOUDS = ("examples/pairs/README.md", "guides/one-pair.md", "logins.md", "tutorial.md")
"""The pages after which a clouds.yaml lies where the reader stands."""


def environ_of(emulator: EmulatorServer | None, home: Path) -> dict[str, str]:
    environ = environment(emulator, home)
    path = os.pathsep.join([str(BIN), str(ROOT / "tests" / "support" / "bin"), environ["PATH"]])
    return {**environ, "PATH": path}


def moved(emulator: EmulatorServer) -> set[str]:
    """The data disks of the target; none may be locked."""
    assert emulator.transfers() == []
    return {disk["name"] for disk in emulator.volumes(TARGET) if not disk["bootable"]}


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if blocks_of(page) and name != "logins.md"])
def test_a_page(
    emulator: EmulatorServer, tmp_path: Path, name: str, record_property: Callable[[str, object], None]
) -> None:
    begin, blocks = BEGIN.get(name, USUAL), blocks_of(PAGES[name])
    # Those of another language have a test of their own.
    mine = [block for block in blocks if block.language != "{literalinclude}"]
    with Reader(tmp_path, environ_of(None if name in OWN_CLOUDS else emulator, tmp_path)) as reader:
        begin[""](emulator, tmp_path)
        for before, block in zip([None, *mine], mine, strict=False):
            if before and before.heading != block.heading and block.heading in begin:
                begin[block.heading](emulator, tmp_path)
            elif before and begin is USUAL:
                # Each example for itself.
                emulator.reset()
                begin[""](emulator, tmp_path)
            reader.do(block, lambda file, text: for_the_emulator(text, emulator) if file == "clouds.yaml" else text)
    if name in MOVED:
        assert moved(emulator) == MOVED[name]
    record_property(EXECUTED, len(mine))


def test_the_page_of_logins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """Its examples are a clouds.yaml and a secure.yaml: together they are a login."""
    blocks = blocks_of(PAGES["logins.md"])
    reader = Reader(tmp_path, {})
    for block in blocks:
        reader.do(block)
    monkeypatch.chdir(tmp_path)
    told = yaml.safe_load((tmp_path / "clouds.yaml").read_text(encoding="utf-8"))["clouds"]["tenant-a"]
    secret = yaml.safe_load((tmp_path / "secure.yaml").read_text(encoding="utf-8"))["clouds"]["tenant-a"]
    assert {**told["auth"], **secret["auth"]}.keys() >= {"username", "password", "project_name", "user_domain_name"}
    record_property(EXECUTED, len(blocks))


def read_ci(name: str) -> Any:
    return yaml.safe_load((CI / name).read_text(encoding="utf-8"))


def gitlab(dummy: Reader) -> list[list[str]]:
    """The commands of the plan and of the apply."""
    told = read_ci("gitlab-ci.yml")
    assert told["variables"]["OS_CLIENT_CONFIG_FILE"] == "$CLOUDS"
    return [told["default"]["before_script"] + told[job]["script"] for job in ("plan", "apply")]


def github(reader: Reader) -> list[list[str]]:
    """The commands of a pull request, and those of a push after them."""
    reader.environ["CLOUDS"] = Path(reader.environ.pop("OS_CLIENT_CONFIG_FILE")).read_text(encoding="utf-8")
    steps = [step for step in read_ci("github.yml")["jobs"]["disks"]["steps"] if "run" in step]
    *plan, apply = [step["run"].strip() for step in steps]
    assert "push" in steps[-1]["if"]
    return [plan[0].splitlines() + plan[1:], [apply]]


def zuul(reader: Reader) -> list[list[str]]:
    """Its playbook, as Zuul calls it for each job, on a node that has Ansible already."""
    clouds = Path(reader.environ.pop("OS_CLIENT_CONFIG_FILE")).read_text(encoding="utf-8")
    (reader.home / "evs/bin").mkdir(parents=True)
    (reader.home / "evs/bin/activate").write_text("", encoding="utf-8")
    given = {
        "zuul": {"project": {"src_dir": str(reader.home)}},
        "evs": {"clouds": clouds},
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
    }
    (reader.home / "zuul.json").write_text(yaml.safe_dump(given), encoding="utf-8")
    jobs = [entry["job"]["vars"]["evs_playbook"] for entry in read_ci("zuul.yaml") if "job" in entry]
    assert jobs == ["otc.evs.check", "otc.evs.transfer"]
    return [[f"ansible-playbook {CI / 'run.yaml'} -i node, -e @zuul.json -e evs_playbook={job}"] for job in jobs]


@pytest.mark.parametrize(("system", "files"), [(gitlab, 1), (github, 1), (zuul, 2)])
def test_a_ci(
    emulator: EmulatorServer,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    system: Callable[[Reader], list[list[str]]],
    files: int,
) -> None:
    """The plan changes nothing, the apply moves the disks, and the report is where the CI looks for it."""
    disks(*TWO)(emulator, tmp_path)
    reader = Reader(tmp_path, environ_of(emulator, tmp_path))
    reader.do(next(block for block in blocks_of(PAGES["guides/ci.md"]) if block.file == "move.yml"))
    plan, apply = system(reader)
    for command in plan:
        reader.run(command)
    assert moved(emulator) == set()
    for command in apply:
        reader.run(command)
    assert moved(emulator) == TWO
    assert (tmp_path / "reports/report.html").exists()
    record_property(EXECUTED, files)


def test_no_example_is_left_out() -> None:
    """Each example is of a kind that is written, run or compared; each entry of the lists is of use."""
    told = list(all_blocks())
    assert {*BEGIN, *MOVED, *OWN_CLOUDS} <= {name for name, dummy in told}
    assert {block.language for dummy, block in told} <= set(EXAMPLES)
    included = [
        (PAGES[name].parent / block.argument).resolve() for name, block in told if block.language == "{literalinclude}"
    ]
    assert sorted(included) == sorted(CI.iterdir())
    commands = [command for dummy, block in told if block.language == "shell" for command in block.commands]
    # No entry of the list outlives its command.
    assert all(any(command.startswith(start) for command in commands) for start in NOT_RUN)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\ndemo:" in makefile
    assert (ROOT / "requirements.txt").exists()
