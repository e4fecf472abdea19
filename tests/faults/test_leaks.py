# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No key, token or password of a run is anywhere but where it belongs.

Every run has everything switched on that shows, logs or keeps what happens, and is watched while it
lasts. The secrets have a mark at both ends and odd characters in between (S3): whoever escapes them,
or shows a part, shows a mark. The last tests show that each of these channels is seen, and what
Ansible itself cannot hide.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.otc.evs.plugins.plugin_utils._handoff import seal, unseal
from tests.emulator.server import EmulatorServer
from tests.support.playbooks import BIN, Run, Running, environment
from tests.support.samples import sample
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import evs_of
from tests.support.watch import Watch

SUPPORT = Path(__file__).parents[1] / "support"
ODD = "\\'\"\r\n\t\x1b[31m\x7f\u200b\u202e\u2028{{ x }}{% y %}{# z %s%(x)s$HOME~<&>%2F: #\xe4\u4f60"
MARKS = ("Zx9Mark", "kraM7wQ")


def odd(about: str) -> str:
    """A secret with all of these, and with a mark of its own at both ends."""
    return f" {MARKS[0]}{about}{ODD}{about}{MARKS[1]} "


# The first ones look like numbers: they are the most easily lost or changed on the way.
KEYS = ["1234567890123456", "12345678901234e5", odd("key"), "00000000000000ff", "5d01ab3fc9e2a774"]
NAMES = ["disk-0", "disk-1", "disk-2"]
PASSWORDS = {SOURCE: odd("alice"), TARGET: odd("bob") * 40}
HANDOFF_PASSWORD = odd("handoff")
WRONG_PASSWORD = odd("wrong")
WRONG_KEY = odd("wrongkey")
ALWAYS = {"output", "argv", "environ", "log", "syslog", "results", "tree", "junit"}


@pytest.fixture(scope="module")
def running_emulator() -> Iterator[EmulatorServer]:
    with EmulatorServer() as server:
        yield server


@pytest.fixture
def emulator(running_emulator: EmulatorServer) -> EmulatorServer:
    """Only keys and tokens of the test that begins are known to it."""
    running_emulator.reset()
    running_emulator.expire_tokens()
    running_emulator.set_auth_keys(*KEYS)
    return running_emulator


class Controller:
    """A controller with a folder `work` that is watched; what the user writes himself is beside it."""

    def __init__(self, server: EmulatorServer, home: Path, passwords: dict[str, str]) -> None:
        self.server = server
        self.passwords = passwords
        self.runner = False
        """Whether plays are run by ansible-runner, which AWX uses, and which keeps every event in a file."""
        self.work = home / "work"
        self._given = home / "given"
        for folder in (self._given, self.work / "tmp", self.work / "results"):
            folder.mkdir(parents=True)
        self.handoff = self.work / "handoff.vault"

    def play(self, playbook: Any, *arguments: str, environ: dict[str, str] | None = None, **variables: Any) -> Watched:
        """Run a playbook, by its name or its plays as data, with everything on."""
        name = playbook if isinstance(playbook, str) else self.write("playbook.json", playbook)
        given = self.write("variables.yml", variables)
        options = ["-e", f"@{given}", "-vvvv", "--diff", *arguments]
        command = [str(BIN / "ansible-playbook"), name, *options]
        if self.runner:
            given_as_one = " ".join(map(shlex.quote, options[:2] + options[3:]))
            command = [
                str(BIN / "ansible-runner"),
                "run",
                str(self.work),
                "-p",
                name,
                "--cmdline",
                given_as_one,
                "-vvvv",
            ]
            command += ["--ident", "runner", "--artifact-dir", str(self.work / "runner")]
        everything = {**environment(self.server, self.work), **self._channels(), **(environ or {})}
        with Watch(self.work) as watch:
            run = Running(command, everything, self.work).result()
        watch.note("output", run.output.encode())
        return Watched(run, watch, self.secrets())

    def role(
        self,
        entry_point: str,
        *arguments: str,
        environ: dict[str, str] | None = None,
        **variables: Any,
    ) -> Watched:
        """Run an entry point of the role, with its variables but for their prefix."""
        given = {"report_dir": str(self.work / "reports"), **variables}
        if entry_point in ("offer", "accept"):
            given.update(handoff_file=str(self.handoff), handoff_password=HANDOFF_PASSWORD)
        named = {f"tenant_transfer_{name}": value for name, value in given.items()}
        return self.play(f"otc.evs.{entry_point}", *arguments, environ=environ, **named)

    def write(self, name: str, content: Any) -> str:
        """Write a file that is the user's own affair, and return its path.

        What is odd is no template, which is for the user to say (S11).
        """
        path = self._given / name
        path.write_text(yaml.dump(content, Dumper=Writer), encoding="utf-8")
        return str(path)

    def opened(self) -> dict[str, Any]:
        """What is in the handoff file."""
        return unseal(self.handoff.read_text(encoding="utf-8"), HANDOFF_PASSWORD)

    def inline(self, cloud: str, **changes: str) -> dict[str, Any]:
        """The credentials themselves, instead of a name in clouds.yaml."""
        entry = self.entry(cloud)
        return {"auth": {**entry["auth"], **changes}, "region_name": entry["region_name"]}

    def entry(self, cloud: str) -> dict[str, Any]:
        """The entry of clouds.yaml, with the password."""
        entry = self.server.cloud(cloud)
        return {**entry, "auth": {**entry["auth"], "password": self.password(cloud)}}

    def password(self, cloud: str) -> str:
        return str(self.passwords.get(cloud, self.server.cloud(cloud)["auth"]["password"]))

    def secrets(self) -> dict[str, str]:
        """All that must not be seen, by what it is."""
        tokens = self.server.tokens()
        return {
            **{f"key {key}": key for key in (*KEYS, WRONG_KEY)},
            **{f"token {number}": token for number, token in enumerate(tokens)},
            **{f"password of {cloud}": self.password(cloud) for cloud in (SOURCE, TARGET)},
            **{f"secret key of {cloud}": self.server.key_login(cloud)["secret_key"] for cloud in (SOURCE, TARGET)},
            "wrong password": WRONG_PASSWORD,
            "password of the handoff": HANDOFF_PASSWORD,
            **{f"a part of what is odd, {mark}": mark for mark in MARKS},
        }

    def _channels(self) -> dict[str, str]:
        return {
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.work / "facts"),
            "ANSIBLE_CALLBACKS_ENABLED": "every_result,ansible.builtin.junit,ansible.builtin.tree",
            "ANSIBLE_CALLBACK_PLUGINS": str(SUPPORT / "callbacks"),
            "ANSIBLE_CALLBACK_TREE_DIR": str(self.work / "tree"),
            "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "ANSIBLE_LOG_PATH": str(self.work / "log"),
            "ANSIBLE_RETRY_FILES_ENABLED": "true",
            "ANSIBLE_RETRY_FILES_SAVE_PATH": str(self.work / "retry"),
            "EVERY_RESULT_FILE": str(self.work / "results" / "lines"),
            "JUNIT_OUTPUT_DIR": str(self.work / "junit"),
            "PYTHONPATH": str(SUPPORT / "hooks"),
            "SYSLOG_FILE": str(self.work / "syslog"),
            "TMPDIR": str(self.work / "tmp"),
        }


class Writer(yaml.SafeDumper):
    """Writes YAML that Ansible takes as it is."""


def as_it_is(writer: Writer, text: str) -> yaml.Node:
    tag = "!unsafe" if MARKS[0] in text else "tag:yaml.org,2002:str"
    return writer.represent_scalar(tag, text, style='"')


Writer.add_representer(str, as_it_is)


class Watched:
    """A run, and the channels in which its secrets were seen, by what they are."""

    def __init__(self, run: Run, watch: Watch, secrets: dict[str, str]) -> None:
        self.run = run
        self.watch = watch
        self.secrets = secrets
        self.leaks = watch.leaks(secrets)

    def must_be_tight(self, words: str, *channels: str) -> None:
        """Demand that the run said so, and wrote into these channels, too, but no secret into any."""
        assert words in self.run.words, self.run.output
        assert {*ALWAYS, *channels} <= self.watch.channels
        assert "token 0" in self.secrets, "the emulator tells what it issued"
        assert self.leaks == {}


@pytest.fixture
def controller(emulator: EmulatorServer, tmp_path: Path) -> Controller:
    emulator.set_passwords(alice=PASSWORDS[SOURCE], bob=PASSWORDS[TARGET])
    return Controller(emulator, tmp_path, PASSWORDS)


@pytest.fixture
def plain(emulator: EmulatorServer, tmp_path: Path) -> Controller:
    """One whose users have the passwords of clouds.yaml."""
    return Controller(emulator, tmp_path, {})


@pytest.fixture
def disks(emulator: EmulatorServer) -> list[str]:
    return emulator.create_volumes(SOURCE, [{"name": name} for name in NAMES])


@pytest.mark.usefixtures("disks")
def test_a_move(controller: Controller) -> None:
    controller.runner = True
    done = controller.role(
        "transfer",
        source=controller.inline(SOURCE),
        target={"cloud": controller.entry(TARGET)},
        volumes=NAMES,
        # With the other value ansible-runner writes all arguments of a task into its events; the role's page says so.
        environ={"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml", "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "false"},
    )
    done.must_be_tight("tenant-a -> tenant-b: 3 moved, 0 already there.", "reports", "runner")


@pytest.mark.usefixtures("disks")
def test_a_move_that_crashes(controller: Controller) -> None:
    crashed = controller.role(
        "transfer",
        source=controller.inline(SOURCE),
        target=controller.inline(TARGET),
        volumes=NAMES,
        environ={"CRASH_AFTER": "POST /accept", "ANSIBLE_DISPLAY_FAILED_STDERR": "true"},
    )
    crashed.must_be_tight("please report it: ValueError at sitecustomize.py", "reports", "retry")
    assert "in _prove" in crashed.run.output, "the traceback is there"


@pytest.mark.usefixtures("disks")
def test_a_login_that_is_refused(controller: Controller) -> None:
    """S3: whatever characters a password has, no channel shows any of it, however it is spelt there."""
    refused = controller.role(
        "transfer",
        "--check",
        source=controller.inline(SOURCE),
        target=controller.inline(TARGET, password=WRONG_PASSWORD),
        volumes=NAMES,
        environ={"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.oneline"},
    )
    refused.must_be_tight("refused the credentials of the option auth", "retry")


MISTAKES: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "choice": ("check", "interface", lambda inline: {**inline, "interface": "nowhere"}),
    "type": ("accept", "target", lambda inline: [inline]),
    "unknown": (
        "withdraw",
        "Supported",
        lambda inline: {**inline, **inline["auth"], "auth": inline["auth"]["password"]},
    ),
}


@pytest.mark.usefixtures("disks")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_variables_that_are_refused(controller: Controller, mistake: str) -> None:
    """Before any module begins."""
    entry_point, words, spoil = MISTAKES[mistake]
    given = {"source": controller.inline(SOURCE), "target": controller.inline(TARGET), "volumes": NAMES}
    for side in ("source", "target"):
        given[side] = spoil(given[side])
    refused = controller.role(entry_point, environ={"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}, **given)
    assert words in refused.run.words, refused.run.output
    assert refused.run.exit_status != 0
    assert refused.leaks == {}


@pytest.mark.usefixtures("disks")
def test_access_keys(controller: Controller) -> None:
    """L7: their secrets, and a security token."""
    source, target = ({"auth": controller.server.key_login(cloud)} for cloud in (SOURCE, TARGET))
    done = controller.role("transfer", source={"cloud": source}, target=controller.inline(TARGET), volumes=NAMES[:1])
    done.must_be_tight("tenant-a -> tenant-b: 1 moved, 0 already there.", "reports")
    for part in sample(("secret_key", "security_token"), 2):
        spoilt = {**target["auth"], part: WRONG_PASSWORD}
        refused = controller.role("transfer", source=source, target={"auth": spoilt}, volumes=NAMES)
        refused.must_be_tight(f"The {part} has a character that is not allowed", "retry")
    wrong = {**target["auth"], "security_token": "token".join(MARKS), "secret_key": "secret".join(MARKS)}
    refused = controller.role("transfer", source=source, target={"auth": wrong}, volumes=NAMES)
    refused.must_be_tight("Check access_key, secret_key, a security_token", "retry")


def test_a_handoff(controller: Controller, disks: list[str], tmp_path: Path) -> None:
    """Each side fails for one disk first."""
    other = Controller(controller.server, tmp_path / "other", PASSWORDS)
    offer: dict[str, Any] = {
        "source": controller.inline(SOURCE),
        "volumes": NAMES,
        "ignore_constraints": ["attached", "status"],
    }
    controller.server.update_volume(disks[2], attached=True)
    failed = controller.role("offer", **offer)
    failed.must_be_tight("tenant-a: 2 offered, 1 failed.", "reports", "retry")
    controller.server.update_volume(disks[2], status="available", attachments=[])
    done = controller.role("offer", **offer)
    done.must_be_tight("tenant-a: 1 offered, 2 already offered.", "reports")
    assert controller.handoff.stat().st_mode & 0o777 == 0o600
    content = controller.opened()
    assert {row["auth_key"] for row in content["transfers"]} <= set(KEYS)

    wrong = [{**row, "auth_key": WRONG_KEY} if row["volume_name"] == NAMES[0] else row for row in content["transfers"]]
    other.handoff.write_text(seal({**content, "transfers": wrong}, HANDOFF_PASSWORD), encoding="utf-8")
    failed = other.role("accept", target=other.inline(TARGET))
    failed.must_be_tight("tenant-a -> tenant-b: 2 accepted, 0 already there, 1 failed.", "reports", "retry")
    assert "Check the auth_key" in failed.run.words
    shutil.copy(controller.handoff, other.handoff)
    done = other.role("accept", target=other.inline(TARGET))
    done.must_be_tight("tenant-a -> tenant-b: 1 accepted, 2 already there.", "reports")


def test_a_withdrawal(controller: Controller, disks: list[str]) -> None:
    """The credentials stand in an inventory."""
    for disk in disks:
        evs_of(controller.server, SOURCE, auth=controller.entry(SOURCE)["auth"]).create_transfer(
            disk, "ansible-evs-transfer"
        )
    pair = {"tenant_transfer_source": controller.inline(SOURCE)}
    inventory = controller.write("inventory.yml", {"all": {"hosts": {"pair": pair}}})
    hosts = ["-i", inventory, "-e", "transfer_hosts=pair"]
    controller.server.set_outage("evs", 403, tenant=SOURCE, path="/os-volume-transfer", method="DELETE")
    minimal = {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal"}
    controller.role("withdraw", *hosts, environ=minimal).must_be_tight("evs:transfers:delete", "retry")
    controller.server.end_outages()
    controller.role("withdraw", *hosts).must_be_tight("tenant-a: 3 withdrawn.", "reports")


def test_carelessness_is_seen(plain: Controller, disks: list[str]) -> None:
    """A play that heeds nothing: its secrets are seen in every channel."""
    key = "{{ offered.transfers[0].auth_key }}"
    accept = [str(BIN / "openstack"), "--os-cloud", TARGET, "volume", "transfer", "request", "accept"]
    tasks: list[dict[str, Any]] = [
        {"otc.evs.evs_transfer": {**plain.inline(SOURCE), "volumes": disks[:1]}, "register": "offered"},
        {"ansible.builtin.set_fact": {"kept": key, "cacheable": True}},
        {
            "ansible.builtin.command": {"argv": [*accept, "--auth-key", key, "{{ offered.transfers[0].id }}"]},
            "environment": {"KEY": key},
        },
    ]
    for folder in ("ansible", "reports", "retry", "tmp"):
        (plain.work / folder).mkdir(exist_ok=True)
        written = {"content": key, "dest": str(plain.work / folder / "key"), "mode": "0600"}
        tasks.append({"ansible.builtin.copy": written})
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    done = plain.play(
        [{"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables, "tasks": tasks}]
    )
    assert done.run.exit_status == 0, done.run.output
    assert done.leaks[f"key {KEYS[0]}"] == ALWAYS | {"ansible", "facts", "remote", "reports", "retry", "tmp"}
    # The credentials stand in the task itself, and these show its arguments; what becomes a remote file, whose
    # module then runs and removes it, begins as one of the controller, for a moment.
    assert done.leaks[f"password of {SOURCE}"] - {"ansible"} == {"output", "log", "junit", "remote"}


@pytest.mark.usefixtures("disks")
def test_what_ansible_shows_to_those_who_debug_it(plain: Controller) -> None:
    """The role cannot prevent that; its page and the modules' say so."""
    done = plain.role(
        "transfer",
        source=plain.inline(SOURCE),
        target=plain.inline(TARGET),
        volumes=NAMES,
        environ={"ANSIBLE_DEBUG": "true", "ANSIBLE_KEEP_REMOTE_FILES": "true"},
    )
    assert done.run.exit_status == 0, done.run.output
    assert set(done.leaks) == {f"password of {SOURCE}", f"password of {TARGET}"}, "keys do not even get so far"
    assert set().union(*done.leaks.values()) - {"ansible"} == {"output", "remote"}
