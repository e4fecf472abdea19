# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects for AWX in docs/examples/awx: that AWX takes them, and that jobs made of them move disks.

AWX itself does not run here. What it asks of credential types and surveys is written down below, and ansible-runner,
which runs its jobs, gets the variables as AWX writes them: each text that a user gave is marked as unsafe.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.emulator.server import EmulatorServer
from tests.support.playbooks import BIN, TIMEOUT, environment
from tests.support.server import SOURCE, TARGET

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "awx"
ASSETS: dict[str, list[dict[str, Any]]] = yaml.safe_load((EXAMPLE / "assets.yml").read_text(encoding="utf-8"))
CREDENTIAL_TYPES = {kind["name"]: kind for kind in ASSETS["credential_types"]}
TEMPLATES = {template["name"]: template for template in ASSETS["job_templates"]}
OPTIONS: dict[str, Any] = yaml.safe_load(
    (ROOT / "roles/tenant_transfer/meta/argument_specs.yml").read_text(encoding="utf-8")
)["argument_specs"]

FIELD = {"id", "label", "type", "format", "help_text", "multiline", "secret", "ask_at_runtime", "default", "choices"}
SURVEY = {"textarea": str, "text": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int}
NATURAL_KEYS = {
    "credential_type": {"name", "kind"},
    "execution_environment": {"name"},
    "inventory": {"name", "organization"},
    "job_template": {"name", "organization"},
    "organization": {"name"},
    "project": {"name", "organization"},
}
PASSWORD = "a {{ pass }}word: 'with' \"all\" that needs quotes # and {% more"


class Unsafe(yaml.SafeDumper):
    """Writes texts as AWX writes those that a user gave."""

    def represent_data(self, data: Any) -> Any:
        if isinstance(data, str):
            return self.represent_scalar("!unsafe", data)
        return super().represent_data(data)


def texts(value: Any) -> Iterator[str]:
    """All texts of nested data but the keys."""
    if isinstance(value, str):
        yield value
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def rendered(value: Any, fields: dict[str, Any]) -> Any:
    """What an injector makes of the fields of a credential."""
    if isinstance(value, dict):
        return {key: rendered(part, fields) for key, part in value.items()}
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(value).render(**fields)


@pytest.mark.parametrize("kind", CREDENTIAL_TYPES.values(), ids=list(CREDENTIAL_TYPES))
def test_the_credential_types_are_as_awx_wants_them(kind: dict[str, Any]) -> None:
    fields = {field["id"]: field for field in kind["inputs"]["fields"]}
    assert kind["kind"] in ("cloud", "net")
    assert set(kind["inputs"]["required"]) == set(fields)
    for field in fields.values():
        assert set(field) <= FIELD
        assert re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", field["id"])
        assert field["type"] == "string"
    assert set(kind["injectors"]) <= {"file", "env", "extra_vars"}
    assert set(kind["injectors"].get("file", {})) <= {"template"}
    for name in kind["injectors"].get("env", {}):
        assert re.fullmatch("[A-Z_]+", name)
        assert not name.startswith("ANSIBLE_"), "AWX refuses these"
    names = dict.fromkeys(fields, "EXAMPLE") | {"tower": {"filename": "EXAMPLE"}}
    assert set(texts(rendered(kind["injectors"], names))) == {"EXAMPLE"}, (
        "a text beside a template would be lost on AWX"
    )


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=list(TEMPLATES))
def test_the_surveys_are_as_awx_wants_them(template: dict[str, Any]) -> None:
    survey = template["related"]["survey_spec"]
    assert {key: type(value) for key, value in survey.items()} == {"name": str, "description": str, "spec": list}
    variables = [question["variable"] for question in survey["spec"]]
    assert len(set(variables)) == len(variables)
    for question in survey["spec"]:
        assert (type(question["question_name"]), type(question["required"])) == (str, bool)
        assert isinstance(question.get("default", ""), SURVEY[question["type"]])
        assert all(isinstance(question.get(limit, 0), int) for limit in ("min", "max"))
        if question["type"] in ("multiplechoice", "multiselect"):
            assert question["default"] in question["choices"]


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=list(TEMPLATES))
def test_the_questions_of_a_survey_are_options_of_the_role_or_used_by_the_playbook(template: dict[str, Any]) -> None:
    playbook = ROOT / template["playbook"]
    imported = str(yaml.safe_load(playbook.read_text(encoding="utf-8"))[0]["ansible.builtin.import_playbook"])
    entry_point = imported.removeprefix("otc.evs.").replace("transfer", "main")
    options = OPTIONS[entry_point]["options"]
    for question in template["related"]["survey_spec"]["spec"]:
        name = question["variable"]
        if name.startswith("tenant_transfer_"):
            assert sorted(question.get("choices", [])) == sorted(options[name].get("choices", []))
        else:
            assert re.search(rf"\b{name}\b", playbook.read_text(encoding="utf-8"))


def test_the_objects_name_each_other() -> None:
    """By the keys that `awx import` looks for; the organization is there before."""
    own = [made["natural_key"] for several in ASSETS.values() for made in several]
    for several in ASSETS.values():
        for made in several:
            key = made["natural_key"]
            assert made["name"] == key["name"]
            assert set(key) == {*NATURAL_KEYS[key["type"]], "type"}
            named = [made[name] for name in ("inventory", "project", "execution_environment") if name in made]
            assert [other for other in named if other not in own] == []


def job(home: Path, template: str, credentials: dict[str, dict[str, Any]], answers: dict[str, Any]) -> tuple[int, str]:
    """Run a job as AWX does, with credentials by their types and the answers to the survey; how it ended, and what
    its stream and its artifacts hold."""
    (home / "env").mkdir(parents=True)
    survey = TEMPLATES[template]["related"]["survey_spec"]["spec"]
    defaults = {question["variable"]: question["default"] for question in survey if "default" in question}
    assert answers.keys() <= {question["variable"] for question in survey}
    env: dict[str, str] = {}
    files = {"extravars": {**defaults, **answers}}
    for number, (name, fields) in enumerate(credentials.items()):
        injectors = CREDENTIAL_TYPES[name]["injectors"]
        written = home / "env" / f"credential{number}"
        written.write_text(rendered(injectors.get("file", {}), fields).get("template", ""), encoding="utf-8")
        env |= rendered(injectors.get("env", {}), {**fields, "tower": {"filename": str(written)}})
        files[f"variables{number}"] = rendered(injectors.get("extra_vars", {}), fields)
    for name, variables in files.items():
        (home / "env" / name).write_text(yaml.dump(variables, Dumper=Unsafe), encoding="utf-8")
    (home / "env" / "envvars").write_text(yaml.safe_dump(env), encoding="utf-8")
    more = " ".join(f"-e @{home}/env/{name}" for name in files if name != "extravars")
    (home / "env" / "cmdline").write_text(f"-vvv {more}", encoding="utf-8")
    done = subprocess.run(
        [BIN / "ansible-runner", "run", home, "--playbook", ROOT / TEMPLATES[template]["playbook"]],
        env={**environment(None, home), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    artifacts = (path.read_text("utf-8", "replace") for path in (home / "artifacts").rglob("*") if path.is_file())
    return done.returncode, "\n".join([done.stdout, done.stderr, *artifacts])


def names(emulator: EmulatorServer, tenant: str) -> set[str]:
    return {disk["name"] for disk in emulator.volumes(tenant) if disk["status"] == "available"}


def clouds(emulator: EmulatorServer) -> dict[str, str]:
    entries = {"tenant-a": emulator.cloud(SOURCE), "tenant-b": emulator.cloud(TARGET)}
    return {"clouds_yaml": yaml.safe_dump({"clouds": entries})}


def tenant(emulator: EmulatorServer, name: str) -> dict[str, str]:
    cloud = emulator.cloud(name)
    return {**cloud["auth"], "region_name": cloud["region_name"]}


@pytest.mark.parametrize("of_their_own", [False, True], ids=["a clouds.yaml", "a credential for each tenant"])
def test_a_job_moves_the_disks_of_the_survey(emulator: EmulatorServer, tmp_path: Path, of_their_own: bool) -> None:
    """The text is as people paste it: with blank lines, blanks, and line ends of Windows."""
    emulator.create_volumes(SOURCE, [{"name": name} for name in ("app01-data", "db 01 {{ data }}", "other")])
    credentials = (
        {"EVS source tenant": tenant(emulator, SOURCE), "EVS target tenant": tenant(emulator, TARGET)}
        if of_their_own
        else {"EVS clouds": clouds(emulator)}
    )
    answers = {"disks": "app01-data\r\n\n  db 01 {{ data }} \n"}
    status, shown = job(tmp_path / "job", "Move EVS disks", credentials, answers)
    assert status == 0, shown
    assert (names(emulator, SOURCE), names(emulator, TARGET)) == ({"other"}, {"app01-data", "db 01 {{ data }}"})
    for side in (SOURCE, TARGET):
        assert emulator.cloud(side)["auth"]["password"] not in shown


def test_two_teams_hand_over_by_jobs(emulator: EmulatorServer, tmp_path: Path) -> None:
    emulator.create_volumes(SOURCE, [{"name": "app01-data"}])
    emulator.set_auth_keys("0123456789abcdef")
    credentials = {"EVS clouds": clouds(emulator), "EVS handoff password": {"password": PASSWORD}}
    handoff = {"tenant_transfer_handoff_file": str(tmp_path / "handoff.vault")}
    offered = job(tmp_path / "offer", "Offer EVS disks", credentials, {"disks": "app01-data", **handoff})
    assert offered[0] == 0, offered[1]
    withdrawn = job(tmp_path / "withdraw", "Withdraw offers of EVS disks", {"EVS clouds": clouds(emulator)}, {})
    assert withdrawn[0] == 0, withdrawn[1]
    # The offer is younger than the survey proposes.
    accepted = job(tmp_path / "accept", "Accept EVS disks", credentials, handoff)
    assert accepted[0] == 0, accepted[1]
    assert names(emulator, TARGET) == {"app01-data"}
    for secret in (PASSWORD, "0123456789abcdef"):
        assert secret not in offered[1] + withdrawn[1] + accepted[1]
