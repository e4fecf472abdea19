# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is promised in more than one place is the same in all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.otc.evs.plugins.doc_fragments.auth import ModuleDocFragment
from ansible_collections.otc.evs.plugins.doc_fragments.target import ModuleDocFragment as Target
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._flows.listing import FIELDS, volume_row
from ansible_collections.otc.evs.plugins.module_utils._options import shared_argument_spec
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import CONSTRAINTS
from tests.support.bodies import volume

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
ROLE = ROOT / "roles/tenant_transfer"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_action_group_holds_all_modules() -> None:
    assert load(ROOT / "meta/runtime.yml")["action_groups"]["evs"] == MODULES


def test_the_role_knows_all_shared_options() -> None:
    """Under their other names too: the schema of a role's options has no aliases, so there each name is an option."""
    shared = shared_argument_spec()
    assert set(yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]) == set(shared)
    named = {name: spec for option, spec in shared.items() for name in (option, *spec.get("aliases", []))}
    role = load(ROLE / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    for side in ("source", "target"):
        options = role[f"tenant_transfer_{side}"]["options"]
        assert set(options) == set(named)
        for name, spec in named.items():
            assert options[name]["type"] == spec["type"], name
            assert options[name].get("choices", []) == spec.get("choices", []), name


def test_the_roles_defaults_are_the_documented_ones_at_every_entry_point() -> None:
    defaults = load(ROLE / "defaults/main.yml")
    documented: dict[str, Any] = {}
    for entry_point in load(ROLE / "meta/argument_specs.yml")["argument_specs"].values():
        for name, option in entry_point["options"].items():
            assert option.get("default") == defaults.get(name), name
            documented.update({name: option["default"]} if "default" in option else {})
    assert documented == defaults


def test_every_entry_point_has_a_playbook_and_every_variable_a_row() -> None:
    specs = load(ROLE / "meta/argument_specs.yml")["argument_specs"]
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert {"transfer" if name == "main" else name for name in specs} == playbooks
    readme = (ROLE / "README.md").read_text(encoding="utf-8")
    for entry_point in specs.values():
        for name in entry_point["options"]:
            assert f"| `{name}` |" in readme, name


@pytest.mark.parametrize("place", ["evs_transfer", "tenant_transfer"])
def test_every_constraint_can_be_ignored_by_name(place: str) -> None:
    if place == "tenant_transfer":
        options = load(ROLE / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
        choices = options["tenant_transfer_ignore_constraints"]["choices"]
    else:
        text = (ROOT / "plugins/modules/evs_transfer.py").read_text(encoding="utf-8")
        documentation = yaml.safe_load(text.split('r"""')[1].split('"""')[0])
        choices = documentation["options"]["ignore_constraints"]["choices"]
    assert choices == list(CONSTRAINTS)


def test_a_disk_is_told_by_the_documented_fields_and_no_others() -> None:
    text = (ROOT / "plugins/modules/evs_volume_info.py").read_text(encoding="utf-8")
    documentation, dummy, returned = (yaml.safe_load(part.split('"""')[0]) for part in text.split('r"""')[1:4])
    assert documentation["options"]["fields"]["choices"] == list(FIELDS)
    assert list(returned["volumes"]["contains"]) == list(FIELDS)
    assert list(volume_row(volume(), None, Evidence())) == list(FIELDS)


def test_the_options_of_the_target_are_the_shared_ones() -> None:
    optional, required = (yaml.safe_load(text)["options"]["target"] for text in (Target.DOCUMENTATION, Target.REQUIRED))
    assert set(optional["suboptions"]) == set(shared_argument_spec())
    assert required == {**optional, "required": True}
